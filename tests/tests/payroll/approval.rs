//! An approval counts once, and only for what the approver has looked at.

use std::collections::BTreeSet;

use journeys::audit::Audit;
use journeys::file::PayrollFile;
use journeys::journey::{APPROVER, Journey, UPLOADER};
use shared::domain::batch::{Accepted, Acknowledgement, Approve, BatchRefusal, BatchState, FailureCode};
use shared::domain::leg::State;
use shared::domain::money::Cents;
use shared::operations::upload::{self, Announced, upload_object};
use shared::operations::{OperationError, reports};
use shared::ports::objects::Objects as _;

fn refusal(outcome: Result<impl std::fmt::Debug, OperationError>) -> BatchRefusal {
    match outcome {
        Err(OperationError::Batch(refusal)) => refusal,
        other => panic!("refused by the batch's rules, not {other:?}"),
    }
}

/// Race: the approver clicks twice, or two approvers at the same moment. Without the version on the header and the claim in the same
/// write, both would queue an import and the rounds of funding would count twice.
#[tokio::test]
async fn approved_twice_at_once_and_once_more_later_it_is_paid_once() {
    let file = PayrollFile::of(30);
    let journey = Journey::start(&file);
    let batch_id = journey.upload(&file).await;
    let batch = journey.summarize(batch_id).await;
    let first = journey.consent(&batch).await;
    let second = Approve { by: "second-approver@journey.test".to_owned(), ..first.clone() };

    let (one, again, other) = futures::join!(
        journey.approve(&first, batch_id),
        journey.approve(&first, batch_id),
        journey.approve(&second, batch_id)
    );
    assert_eq!((one.unwrap().state, again.unwrap().state), (BatchState::Importing, BatchState::Importing));
    // Only the first was an approval: the second person is told whose it was.
    assert!(matches!(refusal(other), BatchRefusal::ApprovedBefore { by, .. } if by == APPROVER));
    journey.finish(batch_id).await;
    let later = journey.approve(&first, batch_id).await.unwrap();
    assert_eq!((later.state, later.rounds), (BatchState::Completed, 1));
    let another_hash = Approve { manifest_hash: "another".to_owned(), ..first };
    assert!(matches!(refusal(journey.approve(&another_hash, batch_id).await), BatchRefusal::ApprovedBefore { .. }));
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    assert_eq!(audit.batch(batch_id).cents(State::Completed), file.contents.payable.total_cents);
}

#[tokio::test]
async fn another_total_a_stale_manifest_and_the_uploader_are_refused_and_nothing_happens() {
    let file = PayrollFile::of(10);
    let journey = Journey::start(&file);
    let batch_id = journey.upload(&file).await;
    let stale = journey.summarize(batch_id).await;
    let consent = journey.consent(&stale).await;

    let other_total = Approve { total: Cents::new(consent.total.get() + 1), ..consent.clone() };
    assert!(matches!(refusal(journey.approve(&other_total, batch_id).await), BatchRefusal::OtherTotal { .. }));
    let uploader = Approve { by: UPLOADER.to_owned(), ..consent.clone() };
    assert_eq!(refusal(journey.approve(&uploader, batch_id).await), BatchRefusal::ApproverIsUploader);

    let changed = file.changed(|rows| rows[0].amount_cents += 1);
    upload::store(&journey.system, batch_id, changed.bytes.clone(), UPLOADER).await.unwrap();
    journey.summarize(batch_id).await;
    assert_eq!(refusal(journey.approve(&consent, batch_id).await), BatchRefusal::StaleManifest);

    journey.settle_now().await;
    assert_eq!(journey.batch(batch_id).await.state, BatchState::Ready);
    assert_eq!(journey.bank.transfers().len(), 0);
}

#[tokio::test]
async fn a_total_other_than_the_control_total_given_at_upload_is_refused() {
    let file = PayrollFile::of(5);
    let journey = Journey::start(&file);
    let control = Cents::new(file.contents.total_cents + 100);
    let announced = Announced { control_total: Some(control), ..Announced::default() };
    let draft = upload::begin(&journey.system, journey.system.new_uuid(), UPLOADER, announced).await.unwrap();
    upload::store(&journey.system, draft.id, file.bytes.clone(), UPLOADER).await.unwrap();
    let batch = journey.summarize(draft.id).await;
    let consent = journey.consent(&batch).await;
    assert!(matches!(refusal(journey.approve(&consent, draft.id).await), BatchRefusal::ControlTotal { .. }));
}

#[tokio::test]
async fn new_accounts_must_be_named_one_by_one() {
    let file = PayrollFile::of(20);
    let journey = Journey::start(&file);
    let batch_id = journey.upload(&file).await;
    let batch = journey.summarize(batch_id).await;
    let mut consent = journey.consent(&batch).await;
    assert_eq!(consent.accepted.accounts.len(), file.contents.by_source.len(), "each source is new");
    let forgotten = consent.accepted.accounts.pop_first().unwrap();

    let needed = refusal(journey.approve(&consent, batch_id).await);
    let BatchRefusal::NotAcknowledged(needed) = needed else { panic!("{needed:?}") };
    assert!(matches!(&needed[..], [Acknowledgement::Account { fingerprint, .. }] if *fingerprint == forgotten));
}

#[tokio::test]
async fn rows_that_last_weeks_batch_paid_must_be_accepted() {
    let last_week = PayrollFile::of(20);
    let this_week = last_week.changed(|rows| rows.truncate(12));
    let journey = Journey::start(&last_week);
    let earlier = journey.begin(&last_week).await;
    journey.finish(earlier).await;
    journey.go_on_to(journey.now() + jiff::SignedDuration::from_hours(48)).await;

    let batch_id = journey.upload(&this_week).await;
    let batch = journey.summarize(batch_id).await;
    let consent = journey.consent(&batch).await;
    assert_eq!(consent.accepted.overlaps, BTreeSet::from([earlier]));
    assert!(consent.accepted.accounts.is_empty(), "the sources are known by now");

    let unaware = Approve { accepted: Accepted::default(), ..consent.clone() };
    let needed = refusal(journey.approve(&unaware, batch_id).await);
    let BatchRefusal::NotAcknowledged(needed) = needed else { panic!("{needed:?}") };
    assert!(matches!(&needed[..], [Acknowledgement::Overlap { batch_id, rows: 12, .. }] if *batch_id == earlier));

    journey.approve(&consent, batch_id).await.unwrap();
    journey.finish(batch_id).await;
    Audit::of(&journey, &[(earlier, &last_week), (batch_id, &this_week)]).await.is_clean(&journey);
}

#[tokio::test]
async fn another_bank_account_of_a_known_source_must_be_accepted_and_is_pulled_from_then() {
    let first_file = PayrollFile::of(20);
    let moved = first_file.rows[0].source.source_id.clone();
    let second_file = first_file.changed(|rows| {
        for row in rows.iter_mut() {
            row.amount_cents += 1;
            if row.source.source_id == moved {
                row.source.account_number = "00000042".to_owned();
            }
        }
    });
    let journey = Journey::start(&first_file);
    let first = journey.begin(&first_file).await;
    journey.finish(first).await;

    let second = journey.upload(&second_file).await;
    let batch = journey.summarize(second).await;
    let consent = journey.consent(&batch).await;
    let unaware = Approve { accepted: Accepted::default(), ..consent.clone() };
    let needed = refusal(journey.approve(&unaware, second).await);
    let BatchRefusal::NotAcknowledged(needed) = needed else { panic!("{needed:?}") };
    assert!(matches!(&needed[..], [Acknowledgement::Account { source_id, .. }] if *source_id == moved));

    journey.approve(&consent, second).await.unwrap();
    journey.finish(second).await;
    let audit = Audit::of(&journey, &[(first, &first_file), (second, &second_file)]).await.is_clean(&journey);
    let transfer_of = |batch_id| {
        let fundings = &audit.batch(batch_id).fundings;
        let funding = fundings.iter().find(|funding| funding.payer_id == moved).unwrap();
        let key = funding.id.to_string();
        journey.bank.debits().into_iter().find(|transfer| transfer.item() == key).unwrap()
    };
    assert_eq!(journey.bank.account_of(&transfer_of(first)), first_file.rows[0].source.account_number);
    assert_eq!(journey.bank.account_of(&transfer_of(second)), "00000042");
}

#[tokio::test]
async fn the_same_payments_in_another_file_are_refused_naming_the_earlier_batch() {
    let file = PayrollFile::of(20);
    let respelled = file.respelled();
    assert_ne!(file.contents.sha256, respelled.contents.sha256);
    let journey = Journey::start(&file);
    let first = journey.begin(&file).await;

    let second = journey.upload(&respelled).await;
    let batch = journey.summarize(second).await;
    let consent = journey.consent(&batch).await;
    assert_eq!(refusal(journey.approve(&consent, second).await), BatchRefusal::SamePayments { earlier: first });
    journey.finish(first).await;
    assert_eq!(journey.batch(second).await.state, BatchState::Ready);
    Audit::of(&journey, &[(first, &file)]).await.is_clean(&journey);
}

/// Race: two batches with the same payments are approved at the same moment. Without the claim in the approval's own write, both pass a
/// check made before it, and everybody is paid twice.
#[tokio::test]
async fn of_two_files_with_the_same_payments_approved_at_once_one_is_paid() {
    let file = PayrollFile::of(20);
    let journey = Journey::start(&file);
    let (first, second) = (journey.upload(&file).await, journey.upload(&file.respelled()).await);
    let consents = (journey.summarize(first).await, journey.summarize(second).await);
    let consents = (journey.consent(&consents.0).await, journey.consent(&consents.1).await);

    let (one, other) = futures::join!(journey.approve(&consents.0, first), journey.approve(&consents.1, second));
    let (winner, loser) = match (&one, &other) {
        (Ok(_), Err(OperationError::Batch(BatchRefusal::SamePayments { earlier }))) if *earlier == first => {
            (first, second)
        }
        (Err(OperationError::Batch(BatchRefusal::SamePayments { earlier })), Ok(_)) if *earlier == second => {
            (second, first)
        }
        outcome => panic!("exactly one is approved, not {outcome:?}"),
    };
    journey.finish(winner).await;
    assert_eq!(journey.batch(loser).await.state, BatchState::Ready);
    Audit::of(&journey, &[(winner, &file)]).await.is_clean(&journey);
}

/// Race: the upload is replaced between the summary and the import. Without the hash of every chunk in the manifest, other rows than
/// those that were approved would be paid.
#[tokio::test]
async fn a_file_replaced_after_its_summary_fails_the_batch_and_frees_its_payments() {
    let file = PayrollFile::of(20);
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    let replaced = file.changed(|rows| rows[7].payee.loan_account_number = "66666666".to_owned());
    journey.objects.put(&upload_object(batch_id), "application/xml", replaced.bytes).await.unwrap();

    let failed = journey.finish(batch_id).await;
    assert_eq!(failed.state, BatchState::Failed);
    // The reason stands in the batch, and the admins are told.
    let failure = failed.failure.unwrap();
    assert_eq!(failure.code, FailureCode::FileReplaced);
    journey.settle_now().await;
    let told: Vec<_> = journey.notices.sent().into_iter().filter(|notice| notice.kind == "import_failed").collect();
    assert!(matches!(&told[..], [notice] if notice.text.contains(&failure.text)), "{told:?}");
    assert_eq!(journey.bank.transfers().len(), 0);
    assert_eq!(reports::tallies(&journey.system, batch_id).await.unwrap().states.completed, 0);

    // The claim is given back: the right file can still be paid.
    let again = journey.begin(&file).await;
    journey.finish(again).await;
    let audit = Audit::of(&journey, &[(again, &file)]).await.is_clean(&journey);
    assert_eq!(audit.batch(again).batch.approval.as_ref().unwrap().by, APPROVER);
}

/// All rows or none: the first two chunks are as they were and the third is not. Without the barrier behind the import, the rows of the
/// first two would be paid.
#[tokio::test]
async fn one_chunk_of_three_that_differs_keeps_every_row_from_being_paid() {
    let file = PayrollFile::of(1_200);
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    let replaced = file.changed(|rows| rows[1_150].employee.first_name = "Somebody".to_owned());
    journey.objects.put(&upload_object(batch_id), "application/xml", replaced.bytes).await.unwrap();

    assert_eq!(journey.finish(batch_id).await.state, BatchState::Failed);
    assert_eq!(journey.payments(batch_id).await.len(), 1_000);
    journey.let_days_pass(8).await;
    assert_eq!(journey.bank.transfers().len(), 0);
    // What had been recorded does not stay open.
    let states = reports::tallies(&journey.system, batch_id).await.unwrap().states;
    assert_eq!((states.canceled + states.failed, states.unprocessed), (1_000, 0));
}
