//! No payout before its funding is available; and what a returned funding leaves behind, to the cent.

use journeys::audit::Audit;
use journeys::file::{PayrollFile, one_source};
use journeys::journey::{Journey, OPERATOR};
use shared::domain::batch::BatchState;
use shared::domain::ids::BatchId;
use shared::domain::ledger::AccountKind;
use shared::domain::leg::State;
use shared::operations::{retry, sources};
use simulators::column::{Control, Direction, ReturnMoment, ReturnPlan};

/// Goes on until the bank has this many payouts.
async fn until_payouts(journey: &Journey, count: usize) {
    while journey.bank.payouts().len() < count {
        assert!(journey.step().await, "the payouts never leave");
    }
}

#[tokio::test]
async fn the_first_payout_leaves_when_the_bank_and_our_hold_allow_it() {
    let file = PayrollFile::generated(&one_source(6));
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    journey.finish(batch_id).await;
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    let funding = &audit.batch(batch_id).fundings[0];
    let first = journey.bank.payouts()[0].created_at;
    // Pulled on Monday, effective on Tuesday; two banking days later is Thursday, 05:30 in California.
    assert_eq!(funding.available_at.unwrap().to_string(), "2026-03-05T13:30:00Z");
    assert!(first >= funding.available_at.unwrap());
}

#[tokio::test]
async fn a_funding_returned_before_it_was_available_pays_nobody_and_owes_nothing() {
    let file = PayrollFile::generated(&one_source(10));
    let journey = Journey::start(&file);
    journey.bank.return_funding_pending("R01");
    let batch_id = journey.begin(&file).await;
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);

    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    let unpaid = audit.batch(batch_id);
    assert_eq!(unpaid.with_reason("unfunded").len(), 10, "{unpaid}");
    assert_eq!(journey.bank.payouts().len(), 0);
    for kind in AccountKind::ALL {
        assert_eq!(audit.balance_of_all(kind), 0, "{kind:?}");
    }
    assert!(!audit.sources[0].receivable_open);
}

#[tokio::test]
async fn one_sources_returned_funding_stops_nobody_else() {
    let file = PayrollFile::of(30);
    let journey = Journey::start(&file);
    journey.bank.return_funding_pending("R09");
    let batch_id = journey.begin(&file).await;
    journey.finish(batch_id).await;
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    let batch = audit.batch(batch_id);
    let returned: Vec<_> = batch.fundings.iter().filter(|funding| funding.leg.state == State::Returned).collect();
    assert_eq!(returned.len(), 1);
    let paid: i64 = file.contents.payable.total_cents - returned[0].amount.get();
    assert_eq!(batch.cents(State::Completed), paid);
}

/// A source whose debit comes back while payouts are held: the whole sum is owed, and each payment that has not left takes its amount off.
#[tokio::test]
async fn a_funding_returned_after_release_is_owed_until_the_unpaid_payments_have_failed() {
    let file = PayrollFile::generated(&one_source(10));
    let source_id = file.rows[0].source.source_id.clone();
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    journey.until_pulled().await;
    // Paused, so that the money becomes available and nothing leaves.
    sources::pause(&journey.system, &source_id, OPERATOR).await.unwrap();
    journey.let_days_pass(5).await;
    assert_eq!(journey.bank.payouts().len(), 0);
    let debit = journey.bank.debits().remove(0);
    journey.bank.return_now(&debit.id, "R10");
    journey.settle_now().await;

    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    let batch = audit.batch(batch_id);
    assert_eq!(batch.with_reason("unfunded").len(), 10, "{batch}");
    // Owed in full, and taken off in full: the books are settled, and the source may be paid from again.
    assert_eq!(audit.balance(AccountKind::Receivable, &source_id), 0);
    assert!(!audit.sources[0].receivable_open, "the source is free again once its books are settled");
}

/// Race: the return comes while half of the payouts have left. Those stay; the others must not leave on money that is gone.
#[tokio::test]
async fn what_had_left_before_a_late_return_stays_paid_and_is_owed_to_the_cent() {
    let file = PayrollFile::generated(&one_source(12));
    let source_id = file.rows[0].source.source_id.clone();
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    journey.until_pulled().await;
    // Five payouts leave; the others wait for an operator while the return comes.
    let mut late = ReturnPlan::new(Direction::Debit, ReturnMoment::Available, 1, &["R10"]);
    late.delay_s = Some(1800);
    journey.bank.control(Control::PlanReturns(late));
    journey.hold_back_after(batch_id, 5).await;
    until_payouts(&journey, 5).await;
    journey.let_days_pass(1).await;
    journey.let_go(batch_id).await;

    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    let batch = audit.batch(batch_id);
    assert_eq!(batch.with_reason("unfunded").len(), 7, "{batch}");
    assert_eq!(batch.count(State::Completed), 5);
    let paid = batch.cents(State::Completed);
    assert_eq!(audit.balance(AccountKind::Receivable, &source_id), paid);
    assert_eq!(audit.balance(AccountKind::Cash, &source_id), -paid);
    assert!(audit.sources[0].receivable_open, "the source is blocked while it owes");
}

#[tokio::test]
async fn after_a_returned_funding_a_retry_pulls_the_whole_sum_again() {
    let file = PayrollFile::generated(&one_source(8));
    let journey = Journey::start(&file);
    journey.bank.return_funding_pending("R01");
    let batch_id: BatchId = journey.begin(&file).await;
    journey.finish(batch_id).await;

    retry::retry(&journey.system, batch_id, OPERATOR, &Default::default()).await.unwrap();
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    let batch = audit.batch(batch_id);
    assert_eq!(batch.cents(State::Completed), file.contents.total_cents);
    let rounds: Vec<_> = batch.fundings.iter().map(|funding| (funding.id.round(), funding.leg.state)).collect();
    assert_eq!(rounds, [(Some(1), State::Returned), (Some(2), State::Available)]);
    assert_eq!(batch.fundings[1].amount.get(), file.contents.total_cents);
}

/// What a source owes blocks it: neither a retry nor the next batch pulls or pays anything for it until an operator has looked.
#[tokio::test]
async fn a_source_that_owes_is_neither_pulled_from_nor_paid_for() {
    let file = PayrollFile::generated(&one_source(4));
    let journey = Journey::start(&file);
    let first = journey.begin(&file).await;
    journey.finish(first).await;
    let debit = journey.bank.debits().remove(0);
    journey.bank.return_now(&debit.id, "R10");
    journey.settle_now().await;

    let next_file = file.changed(|rows| rows.iter_mut().for_each(|row| row.amount_cents += 1));
    let second = journey.begin(&next_file).await;
    journey.let_days_pass(5).await;
    let audit = Audit::of(&journey, &[(first, &file), (second, &next_file)]).await.is_clean(&journey);
    assert_eq!(audit.balance_of_all(AccountKind::Receivable), file.contents.total_cents);
    assert_eq!(audit.batch(first).count(State::Completed), 4, "what has left stays paid");
    assert_eq!(audit.batch(second).count(State::Unprocessed), 4);
    assert_eq!(audit.batch(second).batch.state, BatchState::Paying);
}
