//! The process may die at any point; another one takes the work up where it was, without the messages of the first.
//!
//! Each story is told once to count its effects on the world outside, and then once for every effect, with a crash before it.
//! After a failure people give the same command again.

use journeys::audit::Audit;
use journeys::file::{PayrollFile, one_source};
use journeys::journey::{Journey, OPERATOR};
use shared::domain::batch::BatchState;
use shared::domain::ids::BatchId;
use shared::domain::ledger::AccountKind;
use shared::domain::leg::State;
use shared::operations::{approve, refund, retry, sources};
use simulation::crash::CrashControl;

/// Goes on from `begin` with `go_on` through a crash before each of its effects; after each of them `end` must hold.
async fn through_power_failures(
    begin: impl AsyncFn() -> (Journey, BatchId),
    go_on: impl AsyncFn(&Journey, BatchId),
    end: impl AsyncFn(&Journey, BatchId),
) {
    let (journey, batch_id) = begin().await;
    let before = journey.crash.effects();
    go_on(&journey, batch_id).await;
    let effects = journey.crash.effects() - before;
    assert!(effects > 5, "a story of {effects} effects proves little");
    end(&journey, batch_id).await;

    for cut_before in 1..=effects {
        let (mut journey, batch_id) = begin().await;
        let crash = journey.crash.clone();
        crash.cut_before(cut_before);
        tokio::select! {
            biased;
            () = crash.until_cut() => {}
            () = go_on(&journey, batch_id) => panic!("there is no crash before effect {cut_before}"),
        }
        eprintln!("crashed before effect {cut_before} of {effects}");
        journey.restart(CrashControl::unlimited());
        go_on(&journey, batch_id).await;
        end(&journey, batch_id).await;
    }
}

async fn finish(journey: &Journey, batch_id: BatchId) {
    journey.finish(batch_id).await;
}

/// Race: every pair of two neighboring effects has a moment between them. Without the claim that is written before the call, a kill
/// after the call would send a second transfer under another key; without conditions on every write, a step would be done twice.
#[tokio::test]
async fn killed_at_any_moment_each_row_is_paid_exactly_once() {
    let file = PayrollFile::of(8);
    through_power_failures(
        async || {
            let journey = Journey::start(&file);
            let batch_id = journey.begin(&file).await;
            (journey, batch_id)
        },
        finish,
        async |journey, batch_id| {
            let audit = Audit::of(journey, &[(batch_id, &file)]).await.is_clean(journey);
            let paid = audit.batch(batch_id);
            assert_eq!(paid.batch.state, BatchState::Completed);
            assert_eq!(paid.cents(State::Completed), file.contents.payable.total_cents);
        },
    )
    .await;
}

/// The same before anybody has approved: what the person asked for is done, or asked for again.
#[tokio::test]
async fn killed_while_people_upload_and_approve_the_same_commands_again_lead_to_the_same_end() {
    let file = PayrollFile::of(4);
    let journey = Journey::start(&file);
    journey.begin(&file).await;
    for cut_before in 1..=journey.crash.effects() {
        let mut journey = Journey::start(&file);
        let crash = journey.crash.clone();
        crash.cut_before(cut_before);
        tokio::select! {
            biased;
            () = crash.until_cut() => {}
            _ = journey.begin(&file) => panic!("there is no crash before effect {cut_before}"),
        }
        journey.restart(CrashControl::unlimited());
        let approved = journey.batches().await.into_iter().find(|batch| batch.approval.is_some());
        let batch_id = match approved {
            Some(batch) => batch.id,
            None => journey.begin(&file).await,
        };
        assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
        Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    }
}

/// Without the plan that is pinned before anything of a retry is done, a retry taken up again would count some payments twice.
#[tokio::test]
async fn killed_in_a_retry_the_returned_payment_is_paid_once_more_and_only_once() {
    let file = PayrollFile::generated(&one_source(4));
    through_power_failures(
        async || {
            let journey = Journey::start(&file);
            journey.bank.return_payouts(&["R18"]);
            let batch_id = journey.begin(&file).await;
            journey.finish(batch_id).await;
            journey.let_days_pass(4).await;
            (journey, batch_id)
        },
        async |journey, batch_id| {
            // Where the retry is over, there is nothing to retry any more.
            let _ = retry::retry(&journey.system, batch_id, OPERATOR, &Default::default()).await;
            journey.finish(batch_id).await;
        },
        async |journey, batch_id| {
            let audit = Audit::of(journey, &[(batch_id, &file)]).await.is_clean(journey);
            let batch = audit.batch(batch_id);
            assert_eq!(batch.cents(State::Completed), file.contents.total_cents, "{batch}");
            assert_eq!((batch.batch.rounds, batch.fundings.len()), (2, 1));
            assert_eq!(audit.balance_of_all(AccountKind::Cash), 0);
        },
    )
    .await;
}

/// Race: the last unpaid payment has failed, and the process dies before it looks at what the source owes. Without a second look when the
/// batch ends, the source would stay blocked although its books are settled.
#[tokio::test]
async fn killed_while_a_late_return_is_worked_off_the_source_is_free_in_the_end() {
    let file = PayrollFile::generated(&one_source(4));
    let source_id = file.rows[0].source.source_id.clone();
    through_power_failures(
        async || {
            let journey = Journey::start(&file);
            let batch_id = journey.begin(&file).await;
            journey.until_pulled().await;
            sources::pause(&journey.system, &source_id, OPERATOR).await.unwrap();
            journey.let_days_pass(5).await;
            let debit = journey.bank.debits().remove(0);
            journey.bank.return_now(&debit.id, "R10");
            (journey, batch_id)
        },
        finish,
        async |journey, batch_id| {
            let audit = Audit::of(journey, &[(batch_id, &file)]).await.is_clean(journey);
            assert_eq!(audit.batch(batch_id).with_reason("unfunded").len(), 4);
            assert_eq!(audit.balance(AccountKind::Receivable, &source_id), 0);
            assert!(!audit.sources[0].receivable_open, "the books are settled, so the source is free");
        },
    )
    .await;
}

#[tokio::test]
async fn killed_in_a_cancel_what_left_is_paid_and_the_rest_is_canceled() {
    let file = PayrollFile::generated(&one_source(4));
    through_power_failures(
        async || {
            let journey = Journey::start(&file);
            let batch_id = journey.begin(&file).await;
            journey.until_pulled().await;
            journey.hold_back_after(batch_id, 2).await;
            while journey.bank.payouts().len() < 2 {
                assert!(journey.step().await);
            }
            (journey, batch_id)
        },
        async |journey, batch_id| {
            approve::cancel(&journey.system, batch_id, OPERATOR).await.unwrap();
            journey.let_go(batch_id).await;
            journey.finish(batch_id).await;
        },
        async |journey, batch_id| {
            let audit = Audit::of(journey, &[(batch_id, &file)]).await.is_clean(journey);
            let batch = audit.batch(batch_id);
            assert_eq!(batch.batch.state, BatchState::Canceled);
            assert_eq!((batch.count(State::Completed), batch.count(State::Canceled)), (2, 2), "{batch}");
        },
    )
    .await;
}

/// Without the number of refunds in the header's own write, a refund asked for again would give the same money back twice.
#[tokio::test]
async fn killed_in_a_refund_what_is_left_goes_back_once() {
    let file = PayrollFile::generated(&one_source(4));
    through_power_failures(
        async || {
            let journey = Journey::start(&file);
            journey.bank.return_payouts(&["R02", "R16", "R23"]);
            let batch_id = journey.begin(&file).await;
            journey.finish(batch_id).await;
            journey.let_days_pass(4).await;
            (journey, batch_id)
        },
        async |journey, batch_id| {
            refund::refund(&journey.system, batch_id, OPERATOR).await.unwrap();
            while journey.step().await {}
        },
        async |journey, batch_id| {
            let audit = Audit::of(journey, &[(batch_id, &file)]).await.is_clean(journey);
            let batch = audit.batch(batch_id);
            let refunded: i64 = batch.refunds.iter().map(|payment| payment.amount.get()).sum();
            assert_eq!(refunded, batch.cents(State::Returned));
            assert_eq!(audit.balance_of_all(AccountKind::Cash), 0);
        },
    )
    .await;
}
