//! A batch that was in flight when this release took over from the one before: from the table, the objects and the messages as that one
//! left them it goes on to its end, and is paid once.

use jiff::SignedDuration;
use journeys::file::PayrollFile;
use journeys::journey::Journey;
use shared::domain::batch::{Acknowledgement, Batch, BatchRefusal, BatchState};
use shared::domain::ids::BatchId;
use shared::domain::leg::State;
use shared::domain::reconciliation::health::Health;
use shared::operations::{OperationError, ledger, reconciliation};
use shared::ports::queue::QueueName;
use shared::ports::table::{Change, Condition, decode};
use shared::store::keys;
use simulation::crash::CrashControl;
use world::Moment;

async fn only_batch(journey: &Journey) -> BatchId {
    let batches = journey.batches().await;
    let [batch] = &batches[..] else { panic!("one batch: {batches:?}") };
    batch.id
}

/// Every row is paid once, or came back; what the bank has moved is what the rows say; and the books balance.
async fn ends_well(journey: &Journey, batch_id: BatchId) {
    let batch: Batch = journey.finish(batch_id).await;
    assert_eq!(batch.state, BatchState::Completed);
    journey.let_days_pass(4).await;
    let payments = journey.payments(batch_id).await;
    let head = batch.manifest.as_ref().unwrap();
    assert_eq!(payments.len() as u64, head.rows);
    let in_state = |state| payments.iter().filter(move |payment| payment.leg.state == state);
    assert_eq!((in_state(State::Completed).count(), in_state(State::Returned).count()), (11, 1));
    assert!(payments.iter().all(|payment| payment.leg.attention.is_none()));

    let mut keys: Vec<String> = journey.bank.payouts().iter().map(|transfer| transfer.key.clone()).collect();
    keys.sort();
    let mut expected: Vec<String> = payments.iter().map(|payment| format!("{}:1", payment.id)).collect();
    expected.sort();
    assert_eq!(keys, expected, "each row is one transfer at the bank");
    let pulled: i64 = journey.bank.debits().iter().map(|transfer| transfer.cents).sum();
    assert_eq!(pulled, head.payable_total.get());

    let books = ledger::trial_balance(&journey.system).await.unwrap();
    assert_eq!(books.total.debits, books.total.credits);
    // Its looks at the balances take some hours.
    let health = async || reconciliation::health(&journey.system).await.unwrap().0;
    while health().await == Health::Running {
        journey.go_on_to(journey.now() + SignedDuration::from_mins(30)).await;
    }
    assert_eq!(health().await, Health::Sound);
    for queue in [QueueName::Bulk, QueueName::Other] {
        assert!(journey.queue.dead_letters(queue).is_empty());
    }
}

/// A journey that goes on from a moment, whose rounds come as the schedule has them.
async fn from(name: &str) -> Journey {
    let mut journey = Journey::from_moment(&Moment::named(name)).await;
    journey.keeps_rounds = true;
    journey
}

async fn goes_on(name: &str) {
    let journey = from(name).await;
    ends_well(&journey, only_batch(&journey).await).await;
}

#[tokio::test]
async fn a_batch_summarized_before_is_approved_and_paid() {
    let journey = from("batch_summarized").await;
    let batch_id = only_batch(&journey).await;
    let batch = journey.batch(batch_id).await;
    journey.approve(&journey.consent(&batch).await, batch_id).await.unwrap();
    ends_well(&journey, batch_id).await;
}

#[tokio::test]
async fn an_import_that_was_begun_before_is_ended() {
    goes_on("batch_importing").await;
}

/// The process of before had claimed a funding, and died before it called the bank.
#[tokio::test]
async fn fundings_that_were_claimed_and_sent_before_settle() {
    goes_on("batch_pulling").await;
}

/// The process of before had sent a payout, and died before it wrote the answer.
#[tokio::test]
async fn payouts_that_were_claimed_and_sent_before_are_paid_once() {
    goes_on("batch_paying").await;
}

#[tokio::test]
async fn payouts_whose_settlements_are_half_heard_complete_the_batch() {
    goes_on("batch_settling").await;
}

/// Messages are only a faster way, those of the release before as well.
#[tokio::test]
async fn without_the_messages_of_before_the_batch_completes_too() {
    for name in ["batch_importing", "batch_pulling", "batch_paying"] {
        let mut journey = from(name).await;
        journey.restart(CrashControl::unlimited());
        ends_well(&journey, only_batch(&journey).await).await;
    }
}

/// The release before approved another file with the same rows after this one's summary, and left no mark of it: there was no fence yet.
/// Without the look at the list, this one would be approved unseen, and each row paid twice.
#[tokio::test]
async fn what_was_approved_after_a_summary_of_before_is_shown_at_the_approval() {
    let journey = from("batch_summarized").await;
    let batch_id = only_batch(&journey).await;
    let bytes = journey.system.objects.get(&format!("uploads/{batch_id}.xml")).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let end = text.find("</row>").unwrap() + "</row>".len();
    let fewer = [&text[..text.find("<row>").unwrap()], &text[end..]].concat();
    let other = PayrollFile { bytes: fewer.into(), rows: Vec::new(), contents: PayrollFile::of(1).contents };
    let second = journey.begin(&other).await;
    for item in journey.dump().into_iter().filter(|item| item["pk"] == "APPROVALS") {
        let key = decode(item).unwrap();
        journey.system.table.write(vec![Change::Delete { key, condition: Condition::Always }]).await.unwrap();
    }

    let consent = journey.consent(&journey.batch(batch_id).await).await;
    assert!(!consent.accepted.overlaps.contains(&second), "its summary knows nothing of it");
    let refused = journey.approve(&consent, batch_id).await;
    let Err(OperationError::Batch(BatchRefusal::NotShown(missing))) = &refused else { panic!("{refused:?}") };
    let is_it =
        |wanted: &Acknowledgement| matches!(wanted, Acknowledgement::Overlap { batch_id, .. } if *batch_id == second);
    assert!(missing.iter().any(is_it), "{missing:?}");
}

/// What was claimed before pay periods were kept is still one file: the same payments of the same day are not approved again.
#[tokio::test]
async fn a_file_that_was_approved_before_is_known_again() {
    let journey = from("batch_paying").await;
    let batch_id = only_batch(&journey).await;
    let batch = journey.batch(batch_id).await;
    let head = batch.manifest.as_ref().unwrap();
    let claim = keys::file_claim_of_no_period(&head.canonical_hash);
    assert!(journey.system.table.get(&claim).await.unwrap().is_some());
    let bytes = journey.system.objects.get(&format!("uploads/{batch_id}.xml")).await.unwrap();
    let again = PayrollFile { bytes, rows: Vec::new(), contents: PayrollFile::of(1).contents };
    let second = journey.upload(&again).await;
    let summarized = journey.summarize(second).await;
    let manifest = journey.manifest(&summarized).await;
    assert!(manifest.overlaps.iter().any(|overlap| overlap.batch_id == batch_id), "{:?}", manifest.overlaps);
    ends_well(&journey, batch_id).await;
}
