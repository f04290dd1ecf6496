//! Payments, books and bank are compared, difference by difference; what cannot be explained stops the payer.

mod closings;
mod corrections;
mod differences;
mod runs;

use std::time::Duration;

use jiff::civil::Date;
use journeys::file::{PayrollFile, one_source};
use journeys::journey::{Journey, OPERATOR};
use shared::domain::batch::BatchState;
use shared::domain::ids::{BatchId, ReconciliationId};
use shared::domain::payment::Payment;
use shared::domain::reconciliation::{Finding, Range, Reconciliation, ReconciliationState, Verdict};
use shared::domain::source::PauseReason;
use shared::operations::{reconciliation, sources};
use shared::ports::table::{Attributes, Key};
use shared::store::ledger::Posting;
use shared::store::stored::replace;
use simulators::column::CallFaultKind;
use uuid::Uuid;

/// Pays the file of one source. The bank's events are heard by webhook alone: its list is not to be had.
async fn paid(rows: u64) -> (Journey, BatchId, PayrollFile) {
    let file = PayrollFile::generated(&one_source(rows));
    let journey = Journey::start(&file);
    journey.bank.fail_calls(CallFaultKind::Unauthorized, "GET", "/events", u64::MAX);
    let batch_id = journey.begin(&file).await;
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    journey.clock.advance(Duration::from_hours(5));
    // What is still to be told is told.
    journey.settle_now().await;
    (journey, batch_id, file)
}

/// Every day of the story, by the schedule's clock at its end.
fn all_days(journey: &Journey) -> Range {
    let from: Date = "2026-03-02".parse().unwrap();
    let to = journey.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    Range::asked(from, to, journey.now()).unwrap()
}

async fn ask(journey: &Journey, number: u128, dry_run: bool) -> ReconciliationId {
    let (id, range) = (Uuid::from_u128(number), all_days(journey));
    reconciliation::request(&journey.system, id, range, None, dry_run, OPERATOR).await.unwrap().id
}

/// Goes on until it is completed.
async fn completed(journey: &Journey, id: ReconciliationId) -> (Reconciliation, Vec<Finding>) {
    for _ in 0..60 {
        journey.settle_now().await;
        let stands = reconciliation::load(&journey.system, id).await.unwrap();
        if stands.state == ReconciliationState::Completed {
            let (found, next) = reconciliation::findings(&journey.system, id, None, 1_000).await.unwrap();
            assert_eq!(next, None);
            return (stands, found);
        }
        journey.clock.advance(Duration::from_mins(16));
    }
    panic!("{id} is never completed");
}

async fn reconcile(journey: &Journey, number: u128, dry_run: bool) -> (Reconciliation, Vec<Finding>) {
    let id = ask(journey, number, dry_run).await;
    completed(journey, id).await
}

fn verdicts(found: &[Finding]) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> = found.iter().map(|finding| finding.verdict).collect();
    verdicts.sort_unstable();
    verdicts
}

/// What is not of a reconciliation itself.
fn dump(journey: &Journey) -> Vec<Attributes> {
    let ours = ["RECONCILIATION#", "AUDIT#", "WATERMARK#", "ACCOUNT#"];
    let is_ours = |item: &Attributes| ours.iter().any(|prefix| item["pk"].as_str().unwrap().starts_with(prefix));
    journey.dump().into_iter().filter(|item| !is_ours(item)).collect()
}

async fn source_pause(journey: &Journey) -> Option<PauseReason> {
    sources::all(&journey.system).await.unwrap().remove(0).pause.map(|pause| pause.reason)
}

/// Notices of differences to operators.
fn told(journey: &Journey) -> usize {
    journey.notices.sent().iter().filter(|notice| notice.kind == "difference_found").count()
}

/// The lines of the books, with their keys.
fn lines(journey: &Journey) -> Vec<(Key, Posting)> {
    let books = journey.dump().into_iter().filter(|item| item["pk"].as_str().unwrap().starts_with("LEDGER#"));
    books
        .map(|item| {
            let text = |name: &str| item[name].as_str().unwrap().to_owned();
            let key = Key::new(text("pk"), text("sk"));
            (key, shared::ports::table::decode(item).unwrap())
        })
        .collect()
}

#[tokio::test]
async fn a_payroll_as_it_should_be_agrees_to_the_last_transfer() {
    let (journey, ..) = paid(12).await;
    let before = dump(&journey);
    let (stands, found) = reconcile(&journey, 1, true).await;
    assert_eq!(found, []);
    assert_eq!((stands.payers, stands.counts.matched), (1, 13), "twelve payouts and a funding: {stands:?}");
    assert_eq!((stands.counts.differences, stands.counts.in_flight), (0, 0));
    assert_eq!(dump(&journey), before, "a dry run changes nothing");
    let (stands, found) = reconcile(&journey, 2, false).await;
    assert_eq!((found, stands.counts.matched), (vec![], 13));
    assert_eq!(source_pause(&journey).await, None);
}

/// Writes a payment past the functions.
async fn overwrite(journey: &Journey, mut payment: Payment) {
    journey.system.table.write(vec![replace(&mut payment).unwrap()]).await.unwrap();
}
