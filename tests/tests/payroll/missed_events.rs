//! Events that no webhook brings: the poll of the bank's list finds them, once, however often and in however many pieces it looks.

use jiff::Timestamp;
use journeys::audit::Audit;
use journeys::file::{PayrollFile, one_source};
use journeys::journey::Journey;
use shared::domain::bank::watermark::Watermark;
use shared::domain::batch::BatchState;
use shared::domain::ids::BatchId;
use shared::domain::leg::State;
use shared::operations::poll;
use shared::store::{keys, stored};
use simulation::crash::CrashControl;
use simulators::column::{CallFaultKind, Control, WebhookFaults};

const DAYS: i64 = 24 * 3600;

/// Pays the file; then the bank's webhooks stay away, as `faults` says, and every payment comes back: which nobody asks the bank about.
async fn paid_and_returned_unheard(file: &PayrollFile, faults: WebhookFaults) -> (Journey, BatchId) {
    let journey = Journey::start(file);
    let batch_id = journey.begin(file).await;
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    // The last poll has seen everything so far.
    journey.let_days_pass(1).await;
    journey.bank.webhook_faults(faults);
    for payout in journey.bank.payouts() {
        journey.bank.return_now(&payout.id, "R02");
    }
    (journey, batch_id)
}

fn dropped() -> WebhookFaults {
    WebhookFaults { drop_next: 1_000_000, ..Default::default() }
}

async fn returned(journey: &Journey, batch_id: BatchId) -> usize {
    journey.payments(batch_id).await.iter().filter(|payment| payment.leg.state == State::Returned).count()
}

async fn recorded_until(journey: &Journey) -> Timestamp {
    let watermark: Option<Watermark> = stored::read(&*journey.system.table, &keys::watermark()).await.unwrap();
    watermark.unwrap().recorded_until
}

/// Without the poll, a return whose webhook the bank gave up on would never be known: a completed payment is asked about by nobody.
#[tokio::test]
async fn returns_whose_webhooks_never_came_are_found_by_the_poll() {
    let file = PayrollFile::generated(&one_source(12));
    let (journey, batch_id) = paid_and_returned_unheard(&file, dropped()).await;
    journey.settle_now().await;
    assert_eq!(returned(&journey, batch_id).await, 0, "nothing has told us");

    journey.let_days_pass(4).await;
    assert_eq!(returned(&journey, batch_id).await, 12);
    Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
}

/// A payroll without a single webhook, and the poll through all of it.
#[tokio::test]
async fn without_a_single_webhook_the_polls_bring_everything_to_the_cent() {
    let file = PayrollFile::of(24);
    let mut journey = Journey::start(&file);
    journey.keeps_rounds = true;
    journey.bank.webhook_faults(dropped());
    journey.bank.return_payouts(&["R03", "R02"]);
    let batch_id = journey.begin(&file).await;
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    journey.let_days_pass(3).await;
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    assert_eq!(audit.batch(batch_id).count(State::Returned), 2, "{}", audit.batch(batch_id));
}

/// Race: the poll and a late webhook bring the same event. The event's id in the history lets one of them apply it.
#[tokio::test]
async fn a_webhook_that_comes_days_after_the_poll_found_its_event_changes_nothing() {
    let file = PayrollFile::generated(&one_source(8));
    let late = WebhookFaults { delay_s: 3 * DAYS, ..Default::default() };
    let (journey, batch_id) = paid_and_returned_unheard(&file, late).await;
    journey.let_days_pass(1).await;
    assert_eq!(returned(&journey, batch_id).await, 8);
    let found = journey.payments(batch_id).await;

    journey.let_days_pass(4).await;
    assert_eq!(journey.bank.column.counters().deliveries.pending, 0);
    assert_eq!(journey.payments(batch_id).await, found);
    Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
}

/// Many more events than one page, and a crash before each effect of the polls.
#[tokio::test]
async fn killed_at_any_moment_the_poll_leaves_no_event_out_and_applies_none_twice() {
    let file = PayrollFile::generated(&one_source(110));
    let begin = async || {
        let (journey, batch_id) = paid_and_returned_unheard(&file, dropped()).await;
        let before = recorded_until(&journey).await;
        journey.clock.advance(std::time::Duration::from_hours(2));
        (journey, batch_id, before)
    };
    let (journey, ..) = begin().await;
    let before = journey.crash.effects();
    journey.settle_now().await;
    let effects = journey.crash.effects() - before;
    assert!(effects > 110, "{effects}");

    for cut_before in (1..=effects).step_by(7) {
        let (mut journey, batch_id, watermark) = begin().await;
        let crash = journey.crash.clone();
        crash.cut_before(cut_before);
        tokio::select! {
            biased;
            () = crash.until_cut() => {}
            () = journey.settle_now() => panic!("there is no crash before effect {cut_before}"),
        }
        journey.restart(CrashControl::unlimited());
        if returned(&journey, batch_id).await < 110 {
            assert_eq!(recorded_until(&journey).await, watermark, "not moved before everything was applied");
        }
        journey.let_days_pass(1).await;
        assert_eq!(returned(&journey, batch_id).await, 110, "cut before effect {cut_before}");
        assert!(recorded_until(&journey).await > watermark);
        Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    }
}

/// An outage is waited for: the watermark stays where it is, nothing becomes a dead letter, and what the list showed before the outage is
/// not asked for again.
#[tokio::test]
async fn while_the_bank_is_down_the_poll_waits_and_then_goes_on() {
    let file = PayrollFile::generated(&one_source(8));
    let (journey, batch_id) = paid_and_returned_unheard(&file, dropped()).await;
    for fault in [CallFaultKind::ErrorBefore, CallFaultKind::SilenceBefore, CallFaultKind::Unauthorized] {
        // The daily reconciliation would find them too.
        journey.bank.fail_calls(fault, "GET", "/", 100_000);
        let before = recorded_until(&journey).await;
        journey.let_days_pass(1).await;
        journey.let_days_pass(1).await;
        assert_eq!(recorded_until(&journey).await, before);
        assert_eq!(returned(&journey, batch_id).await, 0);
        journey.bank.control(Control::ClearFaults);
        journey.bank.webhook_faults(dropped());
    }
    journey.let_days_pass(1).await;
    assert_eq!(returned(&journey, batch_id).await, 8);
    Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
}

/// Two workers get the task at once, and it comes again when nothing is due.
#[tokio::test]
async fn polls_at_once_and_again_change_nothing_more() {
    let file = PayrollFile::generated(&one_source(8));
    let (journey, batch_id) = paid_and_returned_unheard(&file, dropped()).await;
    journey.clock.advance(std::time::Duration::from_hours(2));
    let look = || poll::poll(&journey.system, journey.deadline());
    let (first, second) = futures::join!(look(), look());
    first.unwrap();
    second.unwrap();
    let found = journey.dump();
    look().await.unwrap();
    assert_eq!(journey.dump(), found, "not due again");
    assert_eq!(returned(&journey, batch_id).await, 8);
    Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
}
