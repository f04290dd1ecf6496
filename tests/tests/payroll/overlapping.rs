//! Rows that two files hold, and payrolls that come again: what an approver was not shown is refused, what they accept is paid.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::SignedDuration;
use journeys::audit::Audit;
use journeys::file::{PayrollFile, one_source};
use journeys::journey::{Journey, OPERATOR, UPLOADER};
use shared::adapters::simulated::SeededRandom;
use shared::domain::batch::{Acknowledgement, Approve, Batch, BatchRefusal, BatchState};
use shared::domain::ids::BatchId;
use shared::domain::leg::State;
use shared::operations::upload::{self, Announced};
use shared::operations::{OperationError, approve, retry};
use shared::store::audit;
use simulation::crash::CrashControl;

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
        journey.restart(CrashControl::scattered(Arc::new(SeededRandom::new(seed))));
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
    let announced = Announced { pay_period: Some(pay_period.parse().unwrap()), ..Announced::default() };
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

/// The file is paid, and one of its payouts comes back.
async fn one_came_back(journey: &Journey, file: &PayrollFile) -> BatchId {
    journey.bank.return_payouts(&["R18"]);
    let batch_id = journey.begin(file).await;
    journey.finish(batch_id).await;
    journey.let_days_pass(4).await;
    batch_id
}

/// Files of one row each: of the row that came back, and of one that was paid.
async fn single_rows(journey: &Journey, batch_id: BatchId, file: &PayrollFile) -> (PayrollFile, PayrollFile) {
    let payments = journey.payments(batch_id).await;
    let came_back = payments.iter().position(|payment| payment.leg.state == State::Returned).unwrap();
    let paid = payments.iter().position(|payment| payment.leg.state == State::Completed).unwrap();
    let only = |place: usize| file.changed(|rows| *rows = vec![rows[place].clone()]);
    (only(came_back), only(paid))
}

/// The later batches that a retry names, and how many of its rows they hold.
fn not_accepted(outcome: Result<Batch, OperationError>) -> Vec<(BatchId, u64)> {
    match outcome {
        Err(OperationError::Batch(BatchRefusal::OverlapNotAccepted(overlaps))) => {
            overlaps.iter().map(|overlap| (overlap.batch_id, overlap.rows)).collect()
        }
        other => panic!("refused for its overlaps, not {other:?}"),
    }
}

/// A row came back and was paid by another file. Without the look at the retry it would be paid again, and nobody would have been shown it.
#[tokio::test]
async fn a_retry_of_a_row_that_a_later_batch_has_paid_is_refused_until_that_batch_is_named() {
    let file = PayrollFile::generated(&one_source(6));
    let journey = Journey::start(&file);
    let first = one_came_back(&journey, &file).await;
    let (came_back, paid) = single_rows(&journey, first, &file).await;
    let second = journey.begin(&came_back).await;
    journey.finish(second).await;
    // Holds a row of the first file too, but none that the retry takes.
    let third = journey.begin(&paid).await;
    journey.finish(third).await;
    let payouts = journey.bank.payouts().len();

    let try_again = async |accepted: &[BatchId]| {
        let accepted: BTreeSet<BatchId> = accepted.iter().copied().collect();
        retry::retry(&journey.system, first, OPERATOR, &accepted).await
    };
    assert_eq!(not_accepted(try_again(&[]).await), [(second, 1)]);
    assert_eq!(not_accepted(try_again(&[third]).await), [(second, 1)]);
    journey.settle_now().await;
    assert_eq!(journey.bank.payouts().len(), payouts, "a refused retry sends nothing");

    try_again(&[second]).await.unwrap();
    assert_eq!(journey.finish(first).await.state, BatchState::Completed);
    assert_eq!(journey.bank.payouts().len(), payouts + 1);
    let about = first.to_string();
    let entries = audit::of_subject(&*journey.system.table, &about, None, Some(OPERATOR), None, 20).await.unwrap();
    let retries = entries.entries.into_iter().filter(|entry| entry.action == "retry_batch");
    let details: Vec<_> = retries.map(|entry| entry.detail).collect();
    assert_eq!(details, [Some(format!("accepted overlaps: {second}"))], "a refused retry is none");
    Audit::of(&journey, &[(first, &file), (second, &came_back), (third, &paid)]).await.is_clean(&journey);
}

/// The later batch's own payout came back as well: of two retries the second one pays what the first has paid.
#[tokio::test]
async fn a_retry_of_a_row_that_another_retry_has_paid_since_is_refused_too() {
    let file = PayrollFile::generated(&one_source(6));
    let journey = Journey::start(&file);
    let first = one_came_back(&journey, &file).await;
    let (came_back, _) = single_rows(&journey, first, &file).await;
    let second = one_came_back(&journey, &came_back).await;

    retry::retry(&journey.system, first, OPERATOR, &BTreeSet::from([second])).await.unwrap();
    journey.finish(first).await;
    let refused = retry::retry(&journey.system, second, OPERATOR, &BTreeSet::new()).await;
    assert_eq!(not_accepted(refused), [(first, 1)]);
}

/// What let its payments go before any of it was sent pays nothing: no retry has to name it.
#[tokio::test]
async fn a_retry_need_not_name_a_later_batch_that_was_canceled_unsent() {
    let file = PayrollFile::generated(&one_source(6));
    let journey = Journey::start(&file);
    let first = one_came_back(&journey, &file).await;
    let (came_back, _) = single_rows(&journey, first, &file).await;
    let second = journey.begin(&came_back).await;
    approve::cancel(&journey.system, second, OPERATOR).await.unwrap();
    assert_eq!(journey.finish(second).await.state, BatchState::Canceled);

    retry::retry(&journey.system, first, OPERATOR, &BTreeSet::new()).await.unwrap();
    assert_eq!(journey.finish(first).await.state, BatchState::Completed);
    assert_eq!(journey.bank.payouts().len(), 7, "six, and the one that came back again");
}

/// A later day would make another payroll of it, which a batch of the same payments would not refuse.
#[tokio::test]
async fn a_draft_that_is_summarized_again_on_another_day_is_for_the_same_period() {
    let file = PayrollFile::generated(&one_source(1));
    let journey = Journey::start(&file);
    let batch_id = journey.upload(&file).await;
    let first = journey.summarize(batch_id).await;
    journey.let_days_pass(2).await;
    let again = journey.summarize(batch_id).await;
    assert!(first.pay_period().is_some());
    assert_eq!(again.pay_period(), first.pay_period());
}
