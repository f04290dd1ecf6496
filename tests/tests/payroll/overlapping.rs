//! Rows that two files hold, and payrolls that come again: what an approver was not shown is refused, what they accept is paid.

use std::sync::Arc;

use jiff::SignedDuration;
use journeys::audit::Audit;
use journeys::file::PayrollFile;
use journeys::journey::{Journey, UPLOADER};
use shared::adapters::simulated::SeededRandom;
use shared::domain::batch::{Acknowledgement, Approve, Batch, BatchRefusal, BatchState};
use shared::domain::ids::BatchId;
use shared::operations::upload::{self, Announced};
use shared::operations::{OperationError, approve};
use simulation::power::Power;

/// Twenty rows that both files hold, and five that only the first does.
fn two_files() -> (PayrollFile, PayrollFile) {
    let first = PayrollFile::of(25);
    let second = first.changed(|rows| rows.truncate(20));
    (first, second)
}

fn not_shown(outcome: Result<Batch, OperationError>) -> Vec<Acknowledgement> {
    match outcome {
        Err(OperationError::Batch(BatchRefusal::NotShown(unseen))) => unseen,
        other => panic!("refused as not shown, not {other:?}"),
    }
}

/// Two files with rows in common are both summarized, then both approved. Without another look at the approval the second would pay twenty
/// people twice, and nobody would have been shown it.
#[tokio::test]
async fn what_was_approved_after_the_summary_is_refused_until_it_was_seen() {
    let (first_file, second_file) = two_files();
    let journey = Journey::start(&first_file);
    let first = journey.upload(&first_file).await;
    let seen_before = journey.summarize(first).await;
    let stale = journey.consent(&seen_before).await;
    assert!(stale.accepted.overlaps.is_empty());
    let second = journey.begin(&second_file).await;

    let unseen = not_shown(journey.approve(&stale, first).await);
    assert!(
        matches!(&unseen[..], [Acknowledgement::Overlap { batch_id, rows: 20, .. }] if *batch_id == second),
        "{unseen:?}"
    );
    // Naming the other batch is no acceptance of what the summary did not show.
    let mut naming = stale;
    naming.accepted.overlaps.insert(second);
    assert_eq!(not_shown(journey.approve(&naming, first).await), unseen);
    let manifest = journey.manifest(&seen_before).await;
    let obstacles = approve::obstacles(&journey.system, &seen_before, &manifest).await.unwrap();
    assert!(matches!(obstacles[..], [BatchRefusal::NotShown(_)]), "not called ready: {obstacles:?}");

    let seen = journey.summarize(first).await;
    let consent = journey.consent(&seen).await;
    assert!(consent.accepted.overlaps.contains(&second));
    journey.approve(&consent, first).await.unwrap();
    journey.finish(second).await;
    journey.finish(first).await;
    Audit::of(&journey, &[(first, &first_file), (second, &second_file)]).await.is_clean(&journey);
}

#[tokio::test]
async fn a_draft_with_the_same_rows_is_shown_before_anybody_approved_it() {
    let (first_file, second_file) = two_files();
    let journey = Journey::start(&first_file);
    let first = journey.upload(&first_file).await;
    journey.summarize(first).await;
    let second = journey.upload(&second_file).await;
    let batch = journey.summarize(second).await;
    let manifest = journey.manifest(&batch).await;
    let [overlap] = &manifest.overlaps[..] else { panic!("{:?}", manifest.overlaps) };
    assert_eq!((overlap.batch_id, overlap.rows, overlap.approved_at), (first, 20, None));
    assert!(overlap.pay_period.is_some());
}

/// Race: both summaries are made at the same moment, and so are both approvals. Without the fence both would look before either has
/// written, and twenty people would be paid twice.
#[tokio::test]
async fn of_two_overlapping_files_approved_at_once_one_is_refused_unless_it_was_seen() {
    let (first_file, second_file) = two_files();
    let mut neither_was_shown = 0;
    for seed in 0..16 {
        let mut journey = Journey::start(&first_file);
        let (first, second) = (journey.upload(&first_file).await, journey.upload(&second_file).await);
        journey.restart(Power::scattered(Arc::new(SeededRandom::new(seed))));
        let (one, other) = futures::join!(journey.summarize(first), journey.summarize(second));
        let (one, other) = (journey.consent(&one).await, journey.consent(&other).await);
        let shown = one.accepted.overlaps.contains(&second) || other.accepted.overlaps.contains(&first);
        let approvals = futures::join!(journey.approve(&one, first), journey.approve(&other, second));
        let both = approvals.0.is_ok() && approvals.1.is_ok();
        assert!(shown || !both, "seed {seed}: both were approved, and neither approver was shown the other file");
        assert!(approvals.0.is_ok() || approvals.1.is_ok(), "seed {seed}: {approvals:?}");
        neither_was_shown += u32::from(!shown);
    }
    assert!(neither_was_shown > 0, "the race was run");
}

async fn uploaded_for(journey: &Journey, file: &PayrollFile, pay_period: &str) -> (BatchId, Batch, Approve) {
    let announced = Announced { pay_period: Some(pay_period.parse().unwrap()), control_total: None };
    let draft = upload::begin(&journey.system, journey.system.new_uuid(), UPLOADER, announced).await.unwrap();
    upload::store(&journey.system, draft.id, file.bytes.clone(), UPLOADER).await.unwrap();
    let batch = journey.summarize(draft.id).await;
    let consent = journey.consent(&batch).await;
    (draft.id, batch, consent)
}

/// Equal deductions make equal files: the payroll of the next month is not refused for ever, and its approver sees the last one.
#[tokio::test]
async fn the_same_payroll_comes_again_in_the_next_pay_period() {
    let file = PayrollFile::of(20);
    let journey = Journey::start(&file);
    let march = journey.begin(&file).await;
    journey.finish(march).await;
    let paid_on = journey.batch(march).await.pay_period();
    journey.go_on_to(journey.now() + SignedDuration::from_hours(24 * 30)).await;

    let april = journey.upload(&file).await;
    let batch = journey.summarize(april).await;
    assert!(paid_on < batch.pay_period(), "by default the day of the summary");
    let manifest = journey.manifest(&batch).await;
    let [overlap] = &manifest.overlaps[..] else { panic!("{:?}", manifest.overlaps) };
    assert_eq!((overlap.batch_id, overlap.rows, overlap.pay_period), (march, 20, paid_on));
    assert!(approve::obstacles(&journey.system, &batch, &manifest).await.unwrap().is_empty());

    let unaware = Approve { accepted: Default::default(), ..journey.consent(&batch).await };
    let refused = journey.approve(&unaware, april).await;
    assert!(matches!(refused, Err(OperationError::Batch(BatchRefusal::NotAcknowledged(_)))), "{refused:?}");
    journey.approve(&journey.consent(&batch).await, april).await.unwrap();
    assert_eq!(journey.finish(april).await.state, BatchState::Completed);
    Audit::of(&journey, &[(march, &file), (april, &file)]).await.is_clean(&journey);
}

#[tokio::test]
async fn the_same_payroll_of_the_same_pay_period_is_refused_whenever_it_comes() {
    let file = PayrollFile::of(20);
    let journey = Journey::start(&file);
    let (first, _, consent) = uploaded_for(&journey, &file, "2026-03-06").await;
    journey.approve(&consent, first).await.unwrap();
    journey.finish(first).await;
    journey.go_on_to(journey.now() + SignedDuration::from_hours(24 * 30)).await;

    let (second, batch, consent) = uploaded_for(&journey, &file.respelled(), "2026-03-06").await;
    let same = BatchRefusal::SamePayments { earlier: first };
    let manifest = journey.manifest(&batch).await;
    assert_eq!(approve::obstacles(&journey.system, &batch, &manifest).await.unwrap(), vec![same.clone()]);
    let refused = journey.approve(&consent, second).await;
    assert!(matches!(refused, Err(OperationError::Batch(refusal)) if refusal == same));

    let (third, _, consent) = uploaded_for(&journey, &file, "2026-03-20").await;
    journey.approve(&consent, third).await.unwrap();
    journey.finish(third).await;
    Audit::of(&journey, &[(first, &file), (third, &file)]).await.is_clean(&journey);
}
