//! How a reconciliation runs: once for each request, through crashes and failures of the bank, and every day by itself.

use std::time::Duration;

use jiff::SignedDuration;
use journeys::file::{PayrollFile, one_source};
use journeys::journey::Journey;
use shared::domain::leg::State;
use shared::domain::reconciliation::health::Health;
use shared::domain::reconciliation::{Finding, ReconciliationState, Verdict};
use shared::operations::reconciliation;
use simulation::crash::CrashControl;
use simulators::column::{CallFaultKind, Control, WebhookFaults};

use super::{ask, completed, overwrite, paid, reconcile, source_pause, told, verdicts};

/// Asked for twice under one id, as a repeat of the same request is, it is one reconciliation.
#[tokio::test]
async fn the_same_request_again_begins_no_second_one() {
    let (journey, ..) = paid(2).await;
    let first = ask(&journey, 1, true).await;
    completed(&journey, first).await;
    let found = journey.dump();
    assert_eq!(ask(&journey, 1, true).await, first);
    journey.settle_now().await;
    assert_eq!(journey.dump(), found);
}

/// Whatever differs at once, and however often the process dies: the findings are those of one that lived.
#[tokio::test]
async fn killed_at_any_moment_a_reconciliation_finds_the_same_and_applies_it_once() {
    let begin = async || {
        let (journey, batch_id, file) = paid(4).await;
        journey.bank.webhook_faults(WebhookFaults { drop_next: u64::MAX, ..Default::default() });
        let returned = journey.bank.payouts().remove(0).id;
        journey.bank.return_now(&returned, "R02");
        let payments = journey.payments(batch_id).await;
        let mut other =
            payments.into_iter().find(|payment| payment.leg.transfer_id.as_ref() != Some(&returned)).unwrap();
        other.leg.transfer_id = Some("acht_first".to_owned());
        overwrite(&journey, other).await;
        journey.clock.advance(Duration::from_hours(5));
        (journey, batch_id, file)
    };
    let names = |found: &[Finding]| found.iter().map(|finding| (finding.name(), finding.known)).collect::<Vec<_>>();
    let (journey, ..) = begin().await;
    let before = journey.crash.effects();
    let (_, expected) = reconcile(&journey, 1, false).await;
    let effects = journey.crash.effects() - before;
    assert_eq!(verdicts(&expected), [Verdict::OtherState, Verdict::Duplicate]);

    for cut_before in 1..=effects {
        let (mut journey, batch_id, _) = begin().await;
        let crash = journey.crash.clone();
        crash.cut_before(cut_before);
        tokio::select! {
            biased;
            () = crash.until_cut() => {}
            _ = reconcile(&journey, 1, false) => panic!("there is no crash before effect {cut_before}"),
        }
        journey.restart(CrashControl::unlimited());
        let (_, found) = reconcile(&journey, 1, false).await;
        // A run that died after it had applied the bank's word finds nothing to apply: the finding was not written, the payment is right.
        let duplicate = |found: &[Finding]| {
            found.iter().filter(|finding| finding.verdict == Verdict::Duplicate).cloned().collect::<Vec<_>>()
        };
        assert_eq!(
            names(&duplicate(&found)),
            names(&duplicate(&expected)),
            "cut before effect {cut_before} of {effects}"
        );
        assert_eq!(
            journey.payments(batch_id).await.iter().filter(|payment| payment.leg.state == State::Returned).count(),
            1
        );
        assert!(source_pause(&journey).await.is_some());
        journey.settle_now().await;
        assert_eq!(told(&journey), 1);
    }
}

#[tokio::test]
async fn while_the_bank_is_down_a_reconciliation_waits() {
    let (journey, ..) = paid(3).await;
    journey.bank.fail_calls(CallFaultKind::ErrorBefore, "GET", "/transfers", 1_000_000);
    let id = ask(&journey, 1, true).await;
    for _ in 0..8 {
        journey.settle_now().await;
        journey.clock.advance(Duration::from_hours(1));
    }
    assert_eq!(reconciliation::load(&journey.system, id).await.unwrap().state, ReconciliationState::Running);
    journey.bank.control(Control::ClearFaults);
    let (stands, found) = completed(&journey, id).await;
    assert_eq!((found, stands.counts.matched), (vec![], 4));
}

/// Every day at eight, by the schedule; and what operators read as the health of the books.
#[tokio::test]
async fn the_daily_one_says_whether_the_books_are_sound() {
    let file = PayrollFile::generated(&one_source(4));
    let mut journey = Journey::start(&file);
    assert_eq!(reconciliation::health(&journey.system).await.unwrap().0, Health::NothingYet);
    journey.keeps_rounds = true;
    let batch_id = journey.begin(&file).await;
    journey.finish(batch_id).await;
    journey.keeps_rounds = false;
    let hours = SignedDuration::from_hours;
    for _ in 0..30 {
        journey.go_on_to(journey.now() + hours(1)).await;
    }
    let (health, latest) = reconciliation::health(&journey.system).await.unwrap();
    let latest = latest.unwrap();
    assert_eq!((health, latest.dry_run, latest.by.as_str()), (Health::Sound, false, "schedule"), "{latest:?}");
    assert!(latest.counts.matched > 0, "{latest:?}");

    let mut payment = journey.payments(batch_id).await.remove(0);
    payment.leg.transfer_id = Some("acht_first".to_owned());
    overwrite(&journey, payment).await;
    for _ in 0..24 {
        journey.go_on_to(journey.now() + hours(1)).await;
    }
    let (health, latest) = reconciliation::health(&journey.system).await.unwrap();
    assert_eq!(health, Health::Differences, "{latest:?}");
    journey.clock.advance(Duration::from_hours(48));
    assert_eq!(reconciliation::health(&journey.system).await.unwrap().0, Health::Overdue);
}
