//! What people stop: cancel, decline, let expire, pause and resume.

use std::sync::Arc;
use std::time::Duration;

use journeys::audit::Audit;
use journeys::file::{PayrollFile, one_source};
use journeys::journey::{APPROVER, Journey, OPERATOR, UPLOADER};
use shared::adapters::simulated::SeededRandom;
use shared::domain::batch::{BatchRefusal, BatchState, Idempotent};
use shared::domain::ledger::AccountKind;
use shared::domain::leg::State;
use shared::operations::summarize::Summarized;
use shared::operations::{OperationError, Settings, approve, import, refund, sources, summarize, sweep};
use shared::store::stored::replace;
use simulation::crash::CrashControl;
use simulators::column::{CallFaultKind, Control};

#[tokio::test]
async fn a_declined_batch_pays_nobody_and_its_file_may_come_again() {
    let file = PayrollFile::of(10);
    let journey = Journey::start(&file);
    let batch_id = journey.upload(&file).await;
    let batch = journey.summarize(batch_id).await;
    let consent = journey.consent(&batch).await;
    approve::decline(&journey.system, batch_id, APPROVER).await.unwrap();
    // Declined again, nothing changes; approved afterwards, it is refused.
    assert_eq!(approve::decline(&journey.system, batch_id, APPROVER).await.unwrap().state, BatchState::Declined);
    let refused = journey.approve(&consent, batch_id).await;
    assert!(matches!(refused, Err(OperationError::Batch(BatchRefusal::WrongState { .. }))), "{refused:?}");

    let again = journey.begin(&file).await;
    journey.finish(again).await;
    Audit::of(&journey, &[(again, &file)]).await.is_clean(&journey);
}

#[tokio::test]
async fn a_batch_that_nobody_approves_expires_after_a_week() {
    let file = PayrollFile::of(10);
    let journey = Journey::start(&file);
    let batch_id = journey.upload(&file).await;
    let batch = journey.summarize(batch_id).await;
    let consent = journey.consent(&batch).await;
    journey.let_days_pass(6).await;
    assert_eq!(journey.batch(batch_id).await.state, BatchState::Ready);
    journey.let_days_pass(2).await;
    assert_eq!(journey.batch(batch_id).await.state, BatchState::Expired);
    let refused = journey.approve(&consent, batch_id).await;
    assert!(matches!(refused, Err(OperationError::Batch(BatchRefusal::WrongState { .. }))), "{refused:?}");
    assert_eq!(journey.bank.transfers().len(), 0);
}

/// A file that is too large to be read while its uploader waits is looked after while a worker reads it. Without the week beginning again
/// at its summary, it would be gone twenty minutes later, before anybody could approve it.
#[tokio::test]
async fn a_large_file_has_its_week_from_its_summary_too() {
    let file = PayrollFile::of(10);
    let mut journey = Journey::start(&file);
    let settings = Settings { summary_bytes_in_request_max: 0, ..(*journey.system.settings).clone() };
    journey.system.settings = Arc::new(settings);
    let batch_id = journey.upload(&file).await;
    let asked = summarize::request(&journey.system, batch_id, UPLOADER, journey.deadline()).await.unwrap();
    assert!(matches!(asked, Summarized::Started), "{asked:?}");
    journey.settle_now().await;
    assert_eq!(journey.batch(batch_id).await.state, BatchState::Ready);
    journey.let_days_pass(6).await;
    assert_eq!(journey.batch(batch_id).await.state, BatchState::Ready);
    journey.let_days_pass(2).await;
    assert_eq!(journey.batch(batch_id).await.state, BatchState::Expired);
}

/// A worker's summary that can never be made, since the file is gone, does not keep its batch for ever.
#[tokio::test]
async fn a_large_file_that_cannot_be_read_ends_as_any_draft_does() {
    let file = PayrollFile::of(10);
    let journey = Journey::start(&file);
    let batch_id = journey.upload(&file).await;
    let mut batch = journey.batch(batch_id).await;
    assert_eq!(batch.summarizing(), Ok(Idempotent::Executed));
    batch.due_at = Some(journey.now());
    let waiting = replace(&mut batch).unwrap();
    journey.system.table.write(vec![waiting]).await.unwrap();
    journey.clock.advance(Duration::from_secs(7 * 24 * 60 * 60));
    sweep::sweep(&journey.system, batch_id).await.unwrap();
    assert_eq!(journey.batch(batch_id).await.state, BatchState::Expired);
}

#[tokio::test]
async fn canceled_before_its_funding_is_available_it_pays_nobody_and_the_money_can_go_back() {
    let file = PayrollFile::generated(&one_source(10));
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    journey.until_pulled().await;
    approve::cancel(&journey.system, batch_id, OPERATOR).await.unwrap();
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Canceled);
    while journey.step().await {}
    assert_eq!(journey.bank.payouts().len(), 0);
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    assert_eq!(audit.batch(batch_id).count(State::Canceled), 10);
    assert_eq!(audit.balance_of_all(AccountKind::Cash), file.contents.total_cents);

    refund::refund(&journey.system, batch_id, OPERATOR).await.unwrap();
    while journey.step().await {}
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    for kind in AccountKind::ALL {
        assert_eq!(audit.balance_of_all(kind), 0, "{kind:?}");
    }
}

#[tokio::test]
async fn canceled_before_anything_left_its_payments_may_come_in_another_batch() {
    let file = PayrollFile::of(10);
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    approve::cancel(&journey.system, batch_id, OPERATOR).await.unwrap();
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Canceled);
    let again = journey.begin(&file).await;
    assert_eq!(journey.finish(again).await.state, BatchState::Completed);
    Audit::of(&journey, &[(again, &file)]).await.is_clean(&journey);
}

/// Race: the cancel comes while payouts leave. What the bank has goes its way; the rest is canceled.
#[tokio::test]
async fn canceled_midway_what_left_is_paid_and_the_rest_is_canceled() {
    let file = PayrollFile::generated(&one_source(20));
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    journey.until_pulled().await;
    // Eight leave; the others wait for an operator.
    journey.hold_back_after(batch_id, 8).await;
    while journey.bank.payouts().len() < 8 {
        assert!(journey.step().await);
    }
    approve::cancel(&journey.system, batch_id, OPERATOR).await.unwrap();
    approve::cancel(&journey.system, batch_id, OPERATOR).await.unwrap();
    journey.let_go(batch_id).await;
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Canceled);
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    let batch = audit.batch(batch_id);
    assert_eq!((batch.count(State::Completed), batch.count(State::Canceled)), (8, 12), "{batch}");
    assert_eq!(audit.balance_of_all(AccountKind::Cash), batch.cents(State::Canceled));
}

/// A cancel stops what has not left, and a funding that the bank does not have yet has not left. Without looking at the batch before a
/// funding is sent again, the payer's money would be pulled for a batch that was stopped.
#[tokio::test]
async fn a_funding_that_has_not_left_is_stopped_by_a_cancel() {
    let file = PayrollFile::generated(&one_source(6));
    let journey = Journey::start(&file);
    journey.bank.fail_calls(CallFaultKind::Unauthorized, "POST", "/transfers", 1_000);
    let batch_id = journey.begin(&file).await;
    journey.until(batch_id, "paying", |batch| batch.state == BatchState::Paying).await;
    for _ in 0..4 {
        journey.step().await;
    }
    approve::cancel(&journey.system, batch_id, OPERATOR).await.unwrap();
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Canceled);
    journey.bank.control(Control::ClearFaults);
    while journey.step().await {}
    assert_eq!(journey.bank.transfers().len(), 0, "nothing was pulled for a batch that was stopped");
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    assert_eq!(audit.batch(batch_id).fundings[0].leg.state, State::Canceled);
}

#[tokio::test]
async fn a_paused_source_pays_nobody_until_it_is_resumed_and_the_others_go_on() {
    let file = PayrollFile::of(30);
    let paused = file.contents.payable_by_source.keys().next().unwrap().clone();
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    while journey.bank.debits().len() < file.contents.payable_by_source.len() {
        assert!(journey.step().await);
    }
    sources::pause(&journey.system, &paused, OPERATOR).await.unwrap();
    sources::pause(&journey.system, &paused, OPERATOR).await.unwrap();
    journey.let_days_pass(10).await;
    let paid_meanwhile: i64 = journey.bank.payouts().iter().map(|transfer| transfer.cents).sum();
    let held = file.contents.payable_by_source[&paused].total_cents;
    assert_eq!(paid_meanwhile, file.contents.payable.total_cents - held);
    assert_eq!(journey.batch(batch_id).await.state, BatchState::Paying);

    sources::resume(&journey.system, &paused, OPERATOR, None).await.unwrap();
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    assert_eq!(audit.batch(batch_id).cents(State::Completed), file.contents.payable.total_cents);
}

#[tokio::test]
async fn with_every_source_paused_nothing_leaves_and_resumed_all_is_paid() {
    let file = PayrollFile::of(20);
    let journey = Journey::start(&file);
    let first = journey.begin(&file).await;
    journey.finish(first).await;
    for source in file.contents.by_source.keys() {
        sources::pause(&journey.system, source, OPERATOR).await.unwrap();
    }
    let transfers = journey.bank.transfers().len();
    let next_file = file.changed(|rows| rows.iter_mut().for_each(|row| row.amount_cents += 2));
    let batch_id = journey.begin(&next_file).await;
    journey.let_days_pass(3).await;
    assert_eq!(journey.bank.transfers().len(), transfers, "neither pulled nor paid");
    for source in file.contents.by_source.keys() {
        sources::resume(&journey.system, source, OPERATOR, None).await.unwrap();
    }
    journey.finish(batch_id).await;
    Audit::of(&journey, &[(first, &file), (batch_id, &next_file)]).await.is_clean(&journey);
}

/// Race: rows are still being recorded while the cancel counts what is open. Without a look at the batch after the last row, those rows
/// would stay open in a batch that has ended.
#[tokio::test]
async fn canceled_while_its_rows_are_recorded_no_row_stays_open() {
    let file = PayrollFile::of(40);
    for seed in 0..12 {
        let mut journey = Journey::start(&file);
        let batch_id = journey.begin(&file).await;
        journey.restart(CrashControl::scattered(Arc::new(SeededRandom::new(seed))));
        let system = &journey.system;
        let cancel = async {
            approve::cancel(system, batch_id, OPERATOR).await.unwrap();
            sweep::sweep(system, batch_id).await.unwrap();
        };
        let (imported, ()) = futures::join!(import::chunk(system, batch_id, 1), cancel);
        imported.unwrap();
        assert_eq!(journey.finish(batch_id).await.state, BatchState::Canceled);
        journey.settle_now().await;
        let payments = journey.payments(batch_id).await;
        assert!(payments.iter().all(|payment| !payment.leg.state.is_open()), "seed {seed}");
        assert_eq!(journey.bank.transfers().len(), 0);
    }
}
