//! Proofs by an adversary: what an approver is shown is where the money goes in the end, and every batch that pays the same person for the
//! same, whatever number its file names and however long it has been open.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use journeys::audit::Audit;
use journeys::file::{PayrollFile, one_source};
use journeys::journey::{Journey, OPERATOR, UPLOADER};
use shared::domain::batch::manifest::Overlap;
use shared::domain::batch::{Acknowledgement, Approve, Batch, BatchRefusal, BatchState};
use shared::domain::ids::BatchId;
use shared::domain::payroll_file::Warning;
use shared::operations::upload::upload_object;
use shared::operations::{OperationError, approve, retry, stops};
use shared::ports::objects::Objects;
use shared::ports::table::{Attributes, Change, Condition, Indexing};
use shared::store::{approvals, keys};

use crate::external_account::debited;
use crate::payees_by_bank_account::{Account, paid_into};
use crate::proofs_corrected_ends::{comes_back, correct, later, paid};
use crate::proofs_spelled_and_chained::{in_use, loan, paid_to, take_back};

const NAMED: &str = "1000001";
const CORRECTED: &str = "2000002";
const CORRECTED_AGAIN: &str = "3000003";

/// A file of one row, paid to this loan, so many cents more than the first.
fn file_of(number: &str, cents: i64) -> PayrollFile {
    loan(&PayrollFile::generated(&one_source(1)), number, cents)
}

/// The newest payout's account is corrected.
async fn correct_last_payout(journey: &Journey, number: &str) {
    let payout = journey.bank.payouts().pop().unwrap();
    correct(journey, &payout.id, number).await;
}

/// The first file is paid to the number that it names, and the bank has corrected that number since.
async fn paid_and_corrected() -> (Journey, PayrollFile, BatchId) {
    let file = file_of(NAMED, 0);
    let journey = Journey::start(&file);
    let first = paid(&journey, &file).await;
    correct_last_payout(&journey, CORRECTED).await;
    (journey, file, first)
}

/// How the accounts end from which, and to which, the corrections that are shown lead.
async fn shown(journey: &Journey, batch: &Batch) -> Vec<String> {
    let manifest = journey.manifest(batch).await;
    let to = |number: &Option<String>| number.clone().unwrap_or_default();
    manifest
        .corrections
        .iter()
        .map(|shown| format!("{} to {}", shown.account_last4, to(&shown.corrected_last4)))
        .collect()
}

async fn overlaps(journey: &Journey, batch: &Batch) -> Vec<(BatchId, u64)> {
    rows_of(&journey.manifest(batch).await.overlaps)
}

fn rows_of(overlaps: &[Overlap]) -> Vec<(BatchId, u64)> {
    overlaps.iter().map(|overlap| (overlap.batch_id, overlap.rows)).collect()
}

fn not_shown(outcome: Result<Batch, OperationError>) -> Vec<Acknowledgement> {
    match outcome {
        Err(OperationError::Batch(BatchRefusal::NotShown(unseen))) => unseen,
        other => panic!("refused as not shown, not {other:?}"),
    }
}

fn is_overlap(unseen: &[Acknowledgement], other: BatchId) -> bool {
    matches!(unseen, [Acknowledgement::Overlap { batch_id, rows: 1, .. }] if *batch_id == other)
}

#[tokio::test]
async fn an_approver_accepts_the_last_account_that_a_payees_corrections_lead_to() {
    let (journey, file, first) = paid_and_corrected().await;
    // Names the corrected number itself, so that what is said of its payout is said of that number.
    let second_file = file_of(CORRECTED, 1);
    let second = paid(&journey, &second_file).await;
    let third_file = file_of(NAMED, 2);
    let third = journey.upload(&third_file).await;
    let batch = journey.summarize(third).await;
    assert_eq!(shown(&journey, &batch).await, ["0001 to 0002"]);
    let seen_before = journey.consent(&batch).await;
    correct_last_payout(&journey, CORRECTED_AGAIN).await;

    let obstacles = approve::obstacles(&journey.system, &batch, &*journey.manifest(&batch).await).await.unwrap();
    assert!(matches!(obstacles[..], [BatchRefusal::NotShown(_)]), "not called ready: {obstacles:?}");
    let unseen = not_shown(journey.approve(&seen_before, third).await);
    assert!(matches!(unseen[..], [Acknowledgement::Correction { .. }]), "{unseen:?}");

    let batch = journey.summarize(third).await;
    assert_eq!(shown(&journey, &batch).await, ["0001 to 0003"]);
    journey.approve(&journey.consent(&batch).await, third).await.unwrap();
    journey.finish(third).await;
    assert_eq!(paid_to(&journey, third).await, CORRECTED_AGAIN);
    Audit::of(&journey, &[(first, &file), (second, &second_file), (third, &third_file)]).await.is_clean(&journey);
}

#[tokio::test]
async fn an_approver_accepts_the_last_account_that_a_sources_corrections_lead_to() {
    let file = PayrollFile::generated(&one_source(1));
    let journey = Journey::start(&file);
    let first = paid(&journey, &file).await;
    correct(&journey, &journey.bank.debits().remove(0).id, "00000042").await;
    let second_file = later(&file, 1).changed(|rows| "00000042".clone_into(&mut rows[0].source.account_number));
    let second = paid(&journey, &second_file).await;
    let third_file = later(&file, 2);
    let third = journey.upload(&third_file).await;
    let seen_before = journey.consent(&journey.summarize(third).await).await;
    correct(&journey, &journey.bank.debits().pop().unwrap().id, "00000043").await;

    let unseen = not_shown(journey.approve(&seen_before, third).await);
    assert!(matches!(unseen[..], [Acknowledgement::Correction { .. }]), "{unseen:?}");
    let batch = journey.summarize(third).await;
    let [corrected] = &shown(&journey, &batch).await[..] else { panic!("one correction") };
    assert!(corrected.ends_with(" to 0043"), "{corrected}");
    journey.approve(&journey.consent(&batch).await, third).await.unwrap();
    journey.finish(third).await;
    assert_eq!(debited(&journey, third).await, ["00000043"]);
    Audit::of(&journey, &[(first, &file), (second, &second_file), (third, &third_file)]).await.is_clean(&journey);
}

#[tokio::test]
async fn a_chain_whose_last_step_was_taken_back_since_has_to_be_seen_anew() {
    let (journey, _, _) = paid_and_corrected().await;
    paid(&journey, &file_of(CORRECTED, 1)).await;
    correct_last_payout(&journey, CORRECTED_AGAIN).await;
    let third = journey.upload(&file_of(NAMED, 2)).await;
    let batch = journey.summarize(third).await;
    assert_eq!(shown(&journey, &batch).await, ["0001 to 0003"]);
    let of_corrected = in_use(&journey).await.into_iter().find(|known| known.account_last4 == "0002").unwrap();
    take_back(&journey, &of_corrected.account).await;

    not_shown(journey.approve(&journey.consent(&batch).await, third).await);
    let batch = journey.summarize(third).await;
    assert_eq!(shown(&journey, &batch).await, ["0001 to 0002"]);
    journey.approve(&journey.consent(&batch).await, third).await.unwrap();
    journey.finish(third).await;
    assert_eq!(paid_to(&journey, third).await, CORRECTED);
}

/// Whichever of the two numbers the later file names.
#[tokio::test]
async fn the_same_payment_under_a_corrected_number_is_an_overlap() {
    for names_corrected_first in [false, true] {
        let (journey, file, first) = paid_and_corrected().await;
        let (earlier_file, earlier, number) = if names_corrected_first {
            let earlier_file = file_of(CORRECTED, 1);
            let earlier = paid(&journey, &earlier_file).await;
            (earlier_file, earlier, NAMED)
        } else {
            (file.clone(), first, CORRECTED)
        };
        let later_file = loan(&earlier_file, number, 0);
        let second = journey.upload(&later_file).await;
        let batch = journey.summarize(second).await;
        assert_eq!(overlaps(&journey, &batch).await, [(earlier, 1)]);
        let unaware = Approve { accepted: Default::default(), ..journey.consent(&batch).await };
        let refused = journey.approve(&unaware, second).await;
        assert!(matches!(refused, Err(OperationError::Batch(BatchRefusal::NotAcknowledged(_)))), "{refused:?}");
        journey.approve(&journey.consent(&batch).await, second).await.unwrap();
        journey.finish(second).await;
        // Another amount is another payment.
        let other = journey.summarize(journey.upload(&loan(&later_file, number, 7)).await).await;
        assert_eq!(overlaps(&journey, &other).await, []);
    }
}

/// What two operators took back was paid so meanwhile.
#[tokio::test]
async fn the_number_of_a_correction_that_was_taken_back_is_compared_too() {
    let (journey, _, _) = paid_and_corrected().await;
    let second_file = file_of(NAMED, 1);
    let second = paid(&journey, &second_file).await;
    assert_eq!(paid_to(&journey, second).await, CORRECTED);
    let account = in_use(&journey).await.remove(0).account;
    take_back(&journey, &account).await;
    let third = journey.summarize(journey.upload(&loan(&second_file, CORRECTED, 0)).await).await;
    assert_eq!(overlaps(&journey, &third).await, [(second, 1)]);
}

/// Whichever transfer the later word is about.
#[tokio::test]
async fn the_number_of_a_correction_that_a_later_word_replaced_is_compared_too() {
    for is_about_same in [true, false] {
        let file = file_of(NAMED, 0);
        let journey = Journey::start(&file);
        paid(&journey, &file).await;
        paid(&journey, &file_of(NAMED, 3)).await;
        let vehicles = journey.bank.payouts();
        correct(&journey, &vehicles[0].id, CORRECTED).await;
        let second_file = file_of(NAMED, 1);
        let second = paid(&journey, &second_file).await;
        assert_eq!(paid_to(&journey, second).await, CORRECTED);
        correct(&journey, &vehicles[usize::from(!is_about_same)].id, CORRECTED_AGAIN).await;
        let third = journey.summarize(journey.upload(&loan(&second_file, CORRECTED, 0)).await).await;
        assert_eq!(overlaps(&journey, &third).await, [(second, 1)], "about the same transfer: {is_about_same}");
    }
}

/// It was in use for the other batch alone.
#[tokio::test]
async fn an_overlap_by_a_correction_that_came_and_went_after_the_summary_has_to_be_seen() {
    let file = file_of(NAMED, 0);
    let journey = Journey::start(&file);
    paid(&journey, &file).await;
    let second = journey.upload(&file_of(CORRECTED, 1)).await;
    let seen_before = journey.consent(&journey.summarize(second).await).await;
    correct_last_payout(&journey, CORRECTED).await;
    let third = paid(&journey, &file_of(NAMED, 1)).await;
    assert_eq!(paid_to(&journey, third).await, CORRECTED);
    let account = in_use(&journey).await.remove(0).account;
    take_back(&journey, &account).await;
    let unseen = not_shown(journey.approve(&seen_before, second).await);
    assert!(is_overlap(&unseen, third), "{unseen:?}");
}

#[tokio::test]
async fn an_overlap_by_a_correction_that_was_heard_after_the_summary_has_to_be_seen() {
    let file = file_of(NAMED, 0);
    let journey = Journey::start(&file);
    let first = paid(&journey, &file).await;
    let second_file = file_of(CORRECTED, 0);
    let second = journey.upload(&second_file).await;
    let batch = journey.summarize(second).await;
    assert_eq!(overlaps(&journey, &batch).await, []);
    let seen_before = journey.consent(&batch).await;
    correct_last_payout(&journey, CORRECTED).await;

    let unseen = not_shown(journey.approve(&seen_before, second).await);
    assert!(is_overlap(&unseen, first), "{unseen:?}");
    let batch = journey.summarize(second).await;
    assert_eq!(overlaps(&journey, &batch).await, [(first, 1)]);
    journey.approve(&journey.consent(&batch).await, second).await.unwrap();
    journey.finish(second).await;
    Audit::of(&journey, &[(first, &file), (second, &second_file)]).await.is_clean(&journey);
}

#[tokio::test]
async fn an_overlap_by_a_correction_that_was_approved_after_the_summary_has_to_be_seen() {
    let (journey, _, _) = paid_and_corrected().await;
    let second = journey.upload(&file_of(CORRECTED, 1)).await;
    let seen_before = journey.consent(&journey.summarize(second).await).await;
    let third = journey.begin(&file_of(NAMED, 1)).await;
    let unseen = not_shown(journey.approve(&seen_before, second).await);
    assert!(is_overlap(&unseen, third), "{unseen:?}");
}

/// The employee was paid by a second file, which names the number that the bank had corrected the first one's to.
#[tokio::test]
async fn a_retry_of_a_row_that_was_paid_under_a_corrected_number_is_refused_until_that_batch_is_named() {
    let file =
        PayrollFile::generated(&one_source(2)).changed(|rows| NAMED.clone_into(&mut rows[0].payee.loan_account_number));
    let journey = Journey::start(&file);
    let first = paid(&journey, &file).await;
    comes_back(&journey, first, 0, "R03").await;
    let came_back = journey.payments(first).await[0].leg.transfer_id.clone().unwrap();
    correct(&journey, &came_back, CORRECTED).await;
    let second_file = file.changed(|rows| {
        CORRECTED.clone_into(&mut rows[0].payee.loan_account_number);
        rows[1].amount_cents += 1;
    });
    let second = paid(&journey, &second_file).await;
    let payouts = journey.bank.payouts().len();

    let try_again = async |by: &str, named: &[BatchId]| {
        let named: BTreeSet<BatchId> = named.iter().copied().collect();
        retry::retry(&journey.system, first, by, &named).await
    };
    let refused = try_again(OPERATOR, &[]).await;
    let Err(OperationError::Batch(BatchRefusal::OverlapNotAccepted(found))) = refused else { panic!("{refused:?}") };
    assert_eq!(rows_of(&found), [(second, 1)]);
    // Where the uploaded file is kept no longer, its pay is compared.
    journey.objects.put(&upload_object(first), "application/xml", second_file.bytes.clone()).await.unwrap();
    let refused = try_again(OPERATOR, &[]).await;
    let Err(OperationError::Batch(BatchRefusal::OverlapNotAccepted(found))) = refused else { panic!("{refused:?}") };
    assert_eq!(rows_of(&found), [(second, 1)]);
    let refused = try_again(UPLOADER, &[second]).await;
    assert!(matches!(refused, Err(OperationError::Batch(BatchRefusal::ApproverIsUploader))), "{refused:?}");
    journey.settle_now().await;
    assert_eq!(journey.bank.payouts().len(), payouts, "a refused retry sends nothing");

    try_again(OPERATOR, &[second]).await.unwrap();
    assert_eq!(journey.finish(first).await.state, BatchState::Completed);
    Audit::of(&journey, &[(first, &file), (second, &second_file)]).await.is_clean(&journey);
}

const CHECKING: Account = Account { number: NAMED, kind: "checking", holder: "Pat Example" };

/// Two rows, the second of this employee and into this account.
fn two_rows(other_employee: bool, number: &'static str, cents: i64) -> PayrollFile {
    let file = PayrollFile::generated(&one_source(2)).changed(|rows| {
        if !other_employee {
            rows[1].employee = rows[0].employee.clone();
        }
        rows.iter_mut().for_each(|row| row.amount_cents = 10_000 + cents);
    });
    paid_into(&file, &[CHECKING, Account { number, ..CHECKING }])
}

#[tokio::test]
async fn two_numbers_that_a_correction_joins_are_one_account_in_the_warnings() {
    for (other_employee, warning) in [(false, Warning::RepeatedAccount), (true, Warning::SharedAccount)] {
        let first_file = two_rows(true, "5555555", 0);
        let journey = Journey::start(&first_file);
        let warnings = async |file: &PayrollFile| {
            let batch = journey.summarize(journey.upload(file).await).await;
            let warnings = journey.manifest(&batch).await.warnings.clone();
            let of_account = [Warning::RepeatedAccount, Warning::SharedAccount];
            warnings.into_iter().filter(|warning| of_account.contains(&warning.code)).collect::<Vec<_>>()
        };
        let joined = two_rows(other_employee, CORRECTED, 1);
        assert_eq!(warnings(&joined).await, []);
        let first = paid(&journey, &first_file).await;
        let payment = journey.payments(first).await.remove(0);
        correct(&journey, payment.leg.transfer_id.as_deref().unwrap(), CORRECTED).await;

        let found = warnings(&joined).await;
        let [only] = &found[..] else { panic!("{found:?}") };
        assert_eq!((only.code, only.count, only.first_row), (warning, 1, 2));
        assert_eq!(warnings(&two_rows(other_employee, "5555555", 2)).await, []);
    }
}

/// A batch that was approved twelve days ago, two rows of a source that is stopped, and another one of that source.
struct LongOpen {
    journey: Journey,
    first: BatchId,
    /// The first row of the first batch.
    again: PayrollFile,
    unrelated: BatchId,
    source_id: String,
}

async fn long_open() -> LongOpen {
    let file = PayrollFile::generated(&one_source(2));
    let source_id = file.rows[0].source.source_id.clone();
    let journey = Journey::start(&file);
    stops::throw(&journey.system, &source_id, true, OPERATOR, "somebody looks").await.unwrap();
    let first = journey.begin(&file).await;
    // Later decisions about other batches do not push it out.
    let unrelated = journey.begin(&later(&file, 5)).await;
    journey.go_on_to(journey.now() + SignedDuration::from_hours(24 * 12)).await;
    assert_eq!(journey.batch(first).await.state, BatchState::Paying);
    let again = file.changed(|rows| rows.truncate(1));
    LongOpen { journey, first, again, unrelated, source_id }
}

async fn open_by_fence(journey: &Journey) -> Option<BTreeSet<BatchId>> {
    approvals::fence(&*journey.system.table).await.unwrap().open
}

#[tokio::test]
async fn a_batch_that_is_still_open_is_an_overlap_however_old_it_is() {
    let LongOpen { journey, first, again, unrelated, source_id } = long_open().await;
    let second = journey.upload(&again).await;
    let batch = journey.summarize(second).await;
    assert_eq!(overlaps(&journey, &batch).await, [(first, 1)]);
    let unaware = Approve { accepted: Default::default(), ..journey.consent(&batch).await };
    let refused = journey.approve(&unaware, second).await;
    assert!(matches!(refused, Err(OperationError::Batch(BatchRefusal::NotAcknowledged(_)))), "{refused:?}");

    stops::throw(&journey.system, &source_id, false, OPERATOR, "somebody has looked").await.unwrap();
    for batch_id in [first, unrelated] {
        assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    }
    journey.go_on_to(journey.now() + SignedDuration::from_hours(24 * 12)).await;
    let third = journey.upload(&again).await;
    let batch = journey.summarize(third).await;
    assert_eq!(overlaps(&journey, &batch).await, [], "it has ended long ago");
    journey.approve(&journey.consent(&batch).await, third).await.unwrap();
    assert_eq!(open_by_fence(&journey).await, Some(BTreeSet::from([third])));
}

/// The fence of approvals as a release wrote it that did not keep which batches are open.
#[tokio::test]
async fn a_batch_that_a_release_of_before_approved_and_left_open_is_an_overlap_too() {
    let LongOpen { journey, first, again, unrelated, .. } = long_open().await;
    let fence = approvals::fence(&*journey.system.table).await.unwrap();
    let mut attributes = Attributes::new();
    attributes.insert("version".to_owned(), fence.version.into());
    let (key, indexing) = (keys::approval_fence(), Indexing::default());
    let put = Change::Put { key, attributes, indexing, condition: Condition::Always };
    journey.system.table.write(vec![put]).await.unwrap();
    assert_eq!(open_by_fence(&journey).await, None);

    let second = journey.summarize(journey.upload(&again).await).await;
    assert_eq!(overlaps(&journey, &second).await, [(first, 1)]);
    let third = journey.begin(&later(&again, 9)).await;
    assert_eq!(open_by_fence(&journey).await, Some(BTreeSet::from([first, unrelated, third])));
}
