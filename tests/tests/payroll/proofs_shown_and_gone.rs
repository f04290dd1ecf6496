//! Proofs by an adversary: what an approver was shown of another batch and became otherwise since, who decides that rows are paid again, and
//! what may be out when its money turns out to be gone.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use journeys::audit::Audit;
use journeys::file::{PayrollFile, one_source};
use journeys::journey::{Journey, OPERATOR, UPLOADER};
use shared::domain::batch::{Acknowledgement, Batch, BatchRefusal, BatchState};
use shared::domain::ids::{BatchId, ItemId};
use shared::domain::ledger::AccountKind;
use shared::domain::leg::{AttentionReason, Reason, State};
use shared::domain::payment::Payment;
use shared::operations::attention::{self, Clearing};
use shared::operations::summarize;
use shared::operations::system::Settings;
use shared::operations::upload::{self, Announced};
use shared::operations::{OperationError, System, fund, refund, retry, stops};
use shared::store::{keys, stored};
use simulators::column::{CallFaultKind, Control};

const COLLEAGUE: &str = "colleague@journey.test";

/// As often as the client tries in two sends: the first silence is asked about at once.
const TWO_SENDS: u64 = 6;

const UNFUNDED: (State, Option<Reason>) = (State::Failed, Some(Reason::Unfunded));

/// A file of one source with rows of these amounts, in cents.
fn of_cents(cents: &[i64]) -> PayrollFile {
    let file = PayrollFile::generated(&one_source(cents.len() as u64));
    file.changed(|rows| rows.iter_mut().zip(cents).for_each(|(row, cents)| row.amount_cents = *cents))
}

/// The file is paid, and its first payout comes back.
async fn first_came_back(journey: &Journey, file: &PayrollFile, code: &str) -> BatchId {
    let batch_id = journey.begin(file).await;
    journey.finish(batch_id).await;
    comes_back(journey, batch_id, 0, code).await;
    batch_id
}

async fn comes_back(journey: &Journey, batch_id: BatchId, row: usize, code: &str) {
    let transfer_id = journey.payments(batch_id).await[row].leg.transfer_id.clone().unwrap();
    journey.bank.return_now(&transfer_id, code);
    journey.settle_now().await;
}

fn first_row(file: &PayrollFile) -> PayrollFile {
    file.changed(|rows| rows.truncate(1))
}

fn is_not_shown(outcome: &Result<Batch, OperationError>, other: BatchId, decided: u64) {
    let Err(OperationError::Batch(BatchRefusal::NotShown(unseen))) = outcome else {
        panic!("refused as not shown, not {outcome:?}");
    };
    let fits = matches!(&unseen[..], [Acknowledgement::Overlap { batch_id, rounds, .. }]
        if *batch_id == other && *rounds == Some(decided));
    assert!(fits, "{unseen:?}");
}

/// The approver saw that the row had come back and was paid by nobody. Since then the other batch pays it again.
#[tokio::test]
async fn an_overlap_that_was_retried_after_the_summary_is_refused_until_it_was_seen_so() {
    let file = of_cents(&[10_000, 7_000]);
    let journey = Journey::start(&file);
    let first = first_came_back(&journey, &file, "R18").await;
    let second_file = first_row(&file);
    let second = journey.upload(&second_file).await;
    let seen = journey.summarize(second).await;
    assert_eq!(journey.manifest(&seen).await.overlaps[0].rounds, Some(1));
    let consent = journey.consent(&seen).await;
    assert!(consent.accepted.overlaps.contains(&first));
    retry::retry(&journey.system, first, OPERATOR, &BTreeSet::new()).await.unwrap();

    is_not_shown(&journey.approve(&consent, second).await, first, 2);
    journey.finish(first).await;
    is_not_shown(&journey.approve(&consent, second).await, first, 2);
    assert_eq!(journey.bank.payouts().iter().filter(|paid| paid.cents == 10_000 && paid.is_live()).count(), 1);
    let seen_anew = journey.summarize(second).await;
    assert_eq!(journey.manifest(&seen_anew).await.overlaps[0].rounds, Some(2));
    journey.approve(&journey.consent(&seen_anew).await, second).await.unwrap();
    journey.finish(second).await;
    Audit::of(&journey, &[(first, &file), (second, &second_file)]).await.is_clean(&journey);
}

/// Each approver saw the other file as a draft that nobody had approved. Only the first approval is of what is true.
#[tokio::test]
async fn an_overlap_that_was_seen_as_a_draft_and_approved_since_is_refused_until_it_was_seen_so() {
    let file = of_cents(&[10_000, 7_000]);
    let second_file = first_row(&file);
    let journey = Journey::start(&file);
    let (first, second) = (journey.upload(&file).await, journey.upload(&second_file).await);
    journey.summarize(first).await;
    let (of_second, of_first) = (journey.summarize(second).await, journey.summarize(first).await);
    let (by_second, by_first) = (journey.consent(&of_second).await, journey.consent(&of_first).await);
    assert!(by_second.accepted.overlaps.contains(&first) && by_first.accepted.overlaps.contains(&second));

    journey.approve(&by_first, first).await.unwrap();
    is_not_shown(&journey.approve(&by_second, second).await, first, 1);
    journey.finish(first).await;
    Audit::of(&journey, &[(first, &file)]).await.is_clean(&journey);
}

/// A colleague made the second batch, and the uploader the first.
#[tokio::test]
async fn nobody_decides_alone_that_rows_of_their_own_file_are_paid_again() {
    let file = of_cents(&[10_000, 7_000]);
    let journey = Journey::start(&file);
    let first = first_came_back(&journey, &file, "R18").await;
    let second_file = first_row(&file);
    let draft = upload::begin(&journey.system, journey.system.new_uuid(), COLLEAGUE, Announced::default());
    let second = draft.await.unwrap().id;
    upload::store(&journey.system, second, second_file.bytes.clone(), COLLEAGUE).await.unwrap();
    summarize::request(&journey.system, second, COLLEAGUE, journey.deadline()).await.unwrap();
    let consent = journey.consent(&journey.batch(second).await).await;
    journey.approve(&consent, second).await.unwrap();
    journey.finish(second).await;

    let named = BTreeSet::from([second]);
    for by in [UPLOADER, COLLEAGUE] {
        let refused = retry::retry(&journey.system, first, by, &named).await;
        assert!(matches!(refused, Err(OperationError::Batch(BatchRefusal::ApproverIsUploader))), "{by}: {refused:?}");
    }
    assert_eq!(journey.batch(first).await.rounds, 1);
    retry::retry(&journey.system, first, OPERATOR, &named).await.unwrap();
    journey.finish(first).await;
    Audit::of(&journey, &[(first, &file), (second, &second_file)]).await.is_clean(&journey);
}

/// Where a deployment lets one person do both, it lets them do this too; and what no other batch holds is nobody's second payment.
#[tokio::test]
async fn an_uploader_retries_what_no_other_batch_holds_and_more_where_the_deployment_allows() {
    let file = of_cents(&[10_000, 7_000]);
    let journey = Journey::start(&file);
    let first = first_came_back(&journey, &file, "R18").await;
    retry::retry(&journey.system, first, UPLOADER, &BTreeSet::new()).await.unwrap();
    journey.finish(first).await;
    comes_back(&journey, first, 0, "R18").await;
    let second_file = first_row(&file);
    let second = journey.begin(&second_file).await;
    journey.finish(second).await;
    let settings = Arc::new(Settings { uploader_may_approve: true, ..(*journey.system.settings).clone() });
    let system = System { settings, ..journey.system.clone() };
    retry::retry(&system, first, UPLOADER, &BTreeSet::from([second])).await.unwrap();
}

/// The debit of this round is returned long after its money was available.
async fn funding_comes_back(journey: &Journey, batch_id: BatchId) {
    let fundings = fund::all_fundings(&journey.system, &journey.batch(batch_id).await).await.unwrap();
    assert_eq!(fundings[0].leg.state, State::Available);
    journey.bank.return_now(fundings[0].leg.transfer_id.as_deref().unwrap(), "R01");
    journey.settle_now().await;
}

async fn throw(journey: &Journey, source_id: &str, stopped: bool) {
    stops::throw(&journey.system, source_id, stopped, OPERATOR, "somebody looks").await.unwrap();
    // Every process has seen what the switch says.
    journey.clock.advance(Duration::from_secs(1));
}

/// Sent again, it would be paid out of another batch's money: its own went back.
#[tokio::test]
async fn a_payout_that_may_be_out_is_looked_for_and_not_sent_again_when_its_funding_has_come_back() {
    let file = of_cents(&[10_000]);
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    let source_id = file.rows[0].source.source_id.clone();
    journey.until_almost_available().await;
    journey.bank.fail_transfers(CallFaultKind::SilenceBefore, TWO_SENDS);
    while journey.payments(batch_id).await[0].leg.state != State::Submitting {
        assert!(journey.step().await);
    }
    throw(&journey, &source_id, true).await;
    funding_comes_back(&journey, batch_id).await;
    throw(&journey, &source_id, false).await;

    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    let leg = journey.payments(batch_id).await.remove(0).leg;
    assert_eq!((leg.state, leg.reason), UNFUNDED);
    assert_eq!(journey.bank.payouts().len(), 0, "nothing left after the debit was known to be gone");
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    assert_eq!(audit.balance(AccountKind::Receivable, &source_id), 0);
    assert!(!audit.sources[0].receivable_open);
}

/// Sent again, its source would have its money twice: by the bank's return, and out of another batch's money.
#[tokio::test]
async fn a_refund_that_may_be_out_is_looked_for_and_not_sent_again_when_its_funding_has_come_back() {
    let file = of_cents(&[10_000]);
    let journey = Journey::start(&file);
    let batch_id = first_came_back(&journey, &file, "R02").await;
    let source_id = file.rows[0].source.source_id.clone();
    journey.bank.fail_transfers(CallFaultKind::SilenceBefore, TWO_SENDS);
    let made = refund::refund(&journey.system, batch_id, OPERATOR).await.unwrap().made.remove(0);
    journey.settle_now().await;
    let read =
        async || stored::read::<Payment>(&*journey.system.table, &keys::payment(made.id)).await.unwrap().unwrap().leg;
    assert_eq!(read().await.state, State::Submitting);
    throw(&journey, &source_id, true).await;
    funding_comes_back(&journey, batch_id).await;
    journey.bank.control(Control::ClearFaults);
    throw(&journey, &source_id, false).await;
    journey.let_days_pass(3).await;

    let leg = read().await;
    assert_eq!((leg.state, leg.reason), UNFUNDED);
    let sent = journey.bank.payouts().into_iter().filter(|paid| paid.item() == made.id.to_string()).count();
    assert_eq!(sent, 0, "the refund never leaves");
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    assert_eq!(audit.balance(AccountKind::Receivable, &source_id), 0);
    assert!(!audit.sources[0].receivable_open);
}

/// The payee's bank disputes the return, and may take the money back.
#[tokio::test]
async fn money_whose_return_is_disputed_is_not_given_back_to_its_source() {
    let file = of_cents(&[10_000, 7_000]);
    let journey = Journey::start(&file);
    let batch_id = first_came_back(&journey, &file, "R18").await;
    let transfer_id = journey.payments(batch_id).await[0].leg.transfer_id.clone().unwrap();
    journey.bank.control(Control::DishonorReturn { transfer_id });
    journey.settle_now().await;
    let disputed = journey.payments(batch_id).await.remove(0);
    assert_eq!(disputed.leg.attention.unwrap().reason, AttentionReason::ReturnDisputed);
    assert!(refund::refund(&journey.system, batch_id, OPERATOR).await.unwrap().made.is_empty());

    let clearing = Clearing { by: OPERATOR, note: "the dispute is over", apply: None };
    attention::clear(&journey.system, ItemId::Payment(disputed.id), clearing).await.unwrap();
    let made = refund::refund(&journey.system, batch_id, OPERATOR).await.unwrap().made;
    assert_eq!(made.iter().map(|refund| refund.amount.get()).collect::<Vec<_>>(), [10_000]);
}

/// The corrected account came back closed as well: only another correction is new data.
#[tokio::test]
async fn what_came_back_from_the_corrected_account_is_not_sent_there_again() {
    let file = of_cents(&[10_000, 7_000]);
    let journey = Journey::start(&file);
    let batch_id = first_came_back(&journey, &file, "R03").await;
    let last_sent = || journey.bank.payouts().into_iter().rfind(|paid| paid.cents == 10_000).unwrap();
    let try_again = async || retry::retry(&journey.system, batch_id, OPERATOR, &BTreeSet::new()).await;
    for corrected in ["000777000", "000888000"] {
        let refused = try_again().await;
        assert!(matches!(refused, Err(OperationError::Batch(BatchRefusal::NothingToRetry))), "{refused:?}");
        journey.bank.correct_account(&last_sent().id, corrected);
        journey.settle_now().await;
        try_again().await.unwrap();
        journey.finish(batch_id).await;
        assert_eq!(journey.bank.account_of(&last_sent()), corrected);
        comes_back(&journey, batch_id, 0, "R03").await;
    }
}
