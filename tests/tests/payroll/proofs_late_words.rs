//! Proofs by an adversary about notifications of change that come late: after a retry, after a newer one, after the account has passed to
//! another source, and about what was taken back in between.

use std::time::Duration;

use journeys::audit::Audit;
use journeys::delivery::{came_back, post_signed};
use journeys::file::{PayrollFile, one_source};
use journeys::journey::{Journey, OPERATOR};
use serde_json::{Value, json};
use shared::domain::bank::request::AccountType;
use shared::domain::batch::BatchState;
use shared::domain::batch::retry_standing::NoRetry;
use shared::domain::ids::{BatchId, ItemId};
use shared::domain::leg::{AttentionReason, Reason, State};
use shared::domain::payment::Payment;
use shared::operations::attention::{self, Clearing};
use shared::operations::{retry, retry_standing};
use shared::store::stored::replace;
use simulators::column::{Control, NotificationOfChange, WebhookFaults};

use crate::external_account::debited;
use crate::proofs_corrected_ends::{Corrected, comes_back, correct, corrected_source, given_back, later, paid};
use crate::proofs_spelled_and_chained::{OTHER_SOURCE, in_use, loan, of_other_source, paid_to, refused_for, take_back};

const SECOND: &str = "22000002";
const THIRD: &str = "33000003";
const NEEDS_CORRECTED_ACCOUNT: &str = "needs_corrected_account";

/// A row that came back from the account that its file names.
struct Returned {
    journey: Journey,
    file: PayrollFile,
    batch_id: BatchId,
    /// The transfer that came back.
    first: String,
}

/// It came back as closed, and the bank says where it is now.
async fn corrected_row() -> Returned {
    let file = PayrollFile::generated(&one_source(1));
    let journey = Journey::start(&file);
    let batch_id = paid(&journey, &file).await;
    comes_back(&journey, batch_id, 0, "R03").await;
    let first = journey.bank.payouts().remove(0).id;
    correct(&journey, &first, SECOND).await;
    Returned { journey, file, batch_id, first }
}

/// The same, and it was paid there.
async fn retried_row() -> Returned {
    let returned = corrected_row().await;
    let Returned { journey, batch_id, .. } = &returned;
    retry::retry(&journey.system, *batch_id, OPERATOR, &Default::default()).await.unwrap();
    journey.finish(*batch_id).await;
    assert_eq!(paid_to(journey, *batch_id).await, SECOND);
    returned
}

/// How the corrected accounts and what is used instead end.
async fn led(journey: &Journey) -> Vec<(String, String)> {
    let in_use = in_use(journey).await.into_iter();
    in_use.map(|known| (known.account_last4, known.corrected_last4.unwrap_or_default())).collect()
}

fn from(file: &PayrollFile, to: &str) -> Vec<(String, String)> {
    let number = &file.rows[0].payee.loan_account_number;
    vec![(number[number.len() - 4..].to_owned(), to[to.len() - 4..].to_owned())]
}

async fn row(journey: &Journey, batch_id: BatchId) -> Payment {
    journey.payments(batch_id).await.remove(0)
}

async fn flag(journey: &Journey, batch_id: BatchId) -> Option<AttentionReason> {
    row(journey, batch_id).await.leg.attention_reason()
}

async fn clear(journey: &Journey, batch_id: BatchId) {
    let clearing = Clearing { by: OPERATOR, note: "asked the bank", apply: Some(false) };
    attention::clear(&journey.system, ItemId::Payment(row(journey, batch_id).await.id), clearing).await.unwrap();
}

/// Somebody else is paid at the account that the retry went to: nothing was said of that.
#[tokio::test]
async fn a_late_correction_of_an_earlier_attempt_is_kept_with_the_account_that_it_went_to() {
    let Returned { journey, file, batch_id, first } = retried_row().await;
    let bob = loan(&file, SECOND, 1);
    let second = paid(&journey, &bob).await;
    assert_eq!(paid_to(&journey, second).await, SECOND);

    correct(&journey, &first, THIRD).await;
    assert_eq!(led(&journey).await, from(&file, THIRD));
    let bob_again = loan(&file, SECOND, 2);
    let third = paid(&journey, &bob_again).await;
    assert_eq!(paid_to(&journey, third).await, SECOND);
    let again = later(&file, 3);
    let fourth = paid(&journey, &again).await;
    assert_eq!(paid_to(&journey, fourth).await, THIRD);
    let batches = [(batch_id, &file), (second, &bob), (third, &bob_again), (fourth, &again)];
    Audit::of(&journey, &batches).await.is_clean(&journey);
}

/// As releases of before stored it.
#[tokio::test]
async fn a_correction_of_an_attempt_of_which_nobody_kept_where_it_went_is_kept_with_nothing() {
    let Returned { journey, file, batch_id, first } = retried_row().await;
    let mut payment = row(&journey, batch_id).await;
    payment.leg.earlier.clear();
    journey.system.table.write(vec![replace(&mut payment).unwrap()]).await.unwrap();

    correct(&journey, &first, THIRD).await;
    assert_eq!(led(&journey).await, from(&file, SECOND));
    assert_eq!(flag(&journey, batch_id).await, Some(AttentionReason::CorrectionUnusable));
}

/// The bank corrects the account of the first attempt of a row, whatever else the word says.
fn of_first_attempt(payment: &Payment, first: &str, event_id: &str) -> Value {
    let mut event = came_back(payment, event_id);
    event["type"] = json!("ach.outgoing_transfer.noc");
    event["data"]["id"] = json!(first);
    event["data"]["status"] = json!("SUBMITTED");
    event["data"]["idempotency_key"] = json!(format!("{}:1", payment.id));
    event["data"]["notification_of_changes"] = json!({"change_code": "C01", "account_number": THIRD});
    event
}

#[tokio::test]
async fn a_word_about_an_earlier_attempt_that_does_not_fit_corrects_nothing() {
    let Returned { journey, file, batch_id, first } = retried_row().await;
    let payment = row(&journey, batch_id).await;
    let misfits = [
        ("id", json!("acht_of_somebody_else")),
        ("amount", json!(999_999)),
        ("type", json!("DEBIT")),
        ("bank_account_id", json!("bacc_of_somebody_else")),
    ];
    for (field, value) in misfits {
        let mut event = of_first_attempt(&payment, &first, &format!("evnt_{field}"));
        event["data"][field] = value;
        assert!(post_signed(&journey.system, &journey.receiver(), &event).await.is_success());
        journey.settle_now().await;
        assert_eq!(flag(&journey, batch_id).await, Some(AttentionReason::BankDisagrees), "{field}");
        assert_eq!(led(&journey).await, from(&file, SECOND), "{field}");
        clear(&journey, batch_id).await;
    }

    let fits = of_first_attempt(&payment, &first, "evnt_fits");
    assert!(post_signed(&journey.system, &journey.receiver(), &fits).await.is_success());
    journey.settle_now().await;
    assert_eq!(flag(&journey, batch_id).await, None);
}

fn pass(journey: &Journey, seconds: u64) {
    journey.clock.advance(Duration::from_secs(seconds));
    journey.bank.column.advance();
}

/// How a word of the bank's comes after the next one.
const LATE: [WebhookFaults; 2] = [
    WebhookFaults { delay_s: 7_200, ..on_time() },
    // The poll finds it.
    WebhookFaults { drop_next: 1, ..on_time() },
];

const fn on_time() -> WebhookFaults {
    WebhookFaults { duplicate: false, drop_next: 0, wrong_signature_next: 0, delay_s: 0, reorder_window_s: 0 }
}

/// The bank corrects the account of a transfer, and that is heard only after what it says next.
fn correct_late(journey: &Journey, transfer_id: &str, account_number: &str, late: &WebhookFaults) {
    pass(journey, 60);
    journey.bank.webhook_faults(late.clone());
    journey.bank.correct_account(transfer_id, account_number);
    journey.bank.webhook_faults(on_time());
    pass(journey, 60);
}

#[tokio::test]
async fn of_two_corrections_of_one_transfer_the_one_that_was_said_last_stays() {
    for late in LATE {
        let file = PayrollFile::generated(&one_source(1));
        let journey = Journey::start(&file);
        let batch_id = paid(&journey, &file).await;
        let payout = journey.bank.payouts().remove(0).id;
        correct_late(&journey, &payout, SECOND, &late);
        journey.bank.correct_account(&payout, THIRD);
        journey.settle_now().await;
        assert_eq!(led(&journey).await, from(&file, THIRD), "{late:?}");
        journey.let_days_pass(1).await;
        assert_eq!(led(&journey).await, from(&file, THIRD), "{late:?}");

        let again = later(&file, 1);
        let second = paid(&journey, &again).await;
        assert_eq!(paid_to(&journey, second).await, THIRD, "{late:?}");
        Audit::of(&journey, &[(batch_id, &file), (second, &again)]).await.is_clean(&journey);
    }
}

/// What it says a second time counts from then on.
#[tokio::test]
async fn a_correction_that_is_said_again_is_newer_than_what_was_said_in_between() {
    for late in LATE {
        let file = PayrollFile::generated(&one_source(1));
        let journey = Journey::start(&file);
        paid(&journey, &file).await;
        let payout = journey.bank.payouts().remove(0).id;
        journey.bank.correct_account(&payout, THIRD);
        journey.settle_now().await;
        correct_late(&journey, &payout, SECOND, &late);
        correct(&journey, &payout, THIRD).await;
        assert_eq!(led(&journey).await, from(&file, THIRD), "{late:?}");
    }
}

#[tokio::test]
async fn a_usable_correction_counts_after_one_of_the_same_transfer_that_could_not_be_used() {
    let file = PayrollFile::generated(&one_source(1));
    let journey = Journey::start(&file);
    let batch_id = paid(&journey, &file).await;
    let payout = journey.bank.payouts().remove(0).id;
    correct(&journey, &payout, "123456789012345678").await;
    assert_eq!(flag(&journey, batch_id).await, Some(AttentionReason::CorrectionUnusable));
    clear(&journey, batch_id).await;
    correct(&journey, &payout, THIRD).await;
    assert_eq!((led(&journey).await, flag(&journey, batch_id).await), (from(&file, THIRD), None));
}

/// The older word says more than the newer one, which was heard first.
#[tokio::test]
async fn what_a_newer_correction_of_one_transfer_leaves_out_stays_as_an_older_one_said_that_is_heard_late() {
    for late in LATE {
        let file = PayrollFile::generated(&one_source(1));
        let journey = Journey::start(&file);
        paid(&journey, &file).await;
        let payout = journey.bank.payouts().remove(0).id;
        correct_late(&journey, &payout, SECOND, &late);
        let (change_code, account_type) = ("C05".to_owned(), "savings".to_owned());
        let change = NotificationOfChange { change_code, account_type, ..NotificationOfChange::default() };
        journey.bank.control(Control::NotificationOfChange { transfer_id: payout, change });
        journey.settle_now().await;
        assert_eq!(in_use(&journey).await[0].corrected_last4, None);
        journey.let_days_pass(1).await;
        assert_eq!(led(&journey).await, from(&file, SECOND), "{late:?}");
        assert_eq!(in_use(&journey).await[0].account_type, Some(AccountType::Savings), "{late:?}");
        let second = paid(&journey, &later(&file, 1)).await;
        assert_eq!(paid_to(&journey, second).await, SECOND, "{late:?}");
    }
}

fn with_source_account(file: &PayrollFile, account: &str) -> PayrollFile {
    file.changed(|rows| account.clone_into(&mut rows[0].source.account_number))
}

/// The account that was debited then is the other source's by now, and so is the one that it leads to.
#[tokio::test]
async fn a_late_correction_of_a_debit_is_about_the_source_that_has_the_account_by_now() {
    let file = PayrollFile::generated(&one_source(1));
    let named = file.rows[0].source.account_number.clone();
    let journey = Journey::start(&file);
    let first = paid(&journey, &file).await;
    let old = journey.bank.debits().remove(0).id;
    let (moved, other) = (with_source_account(&later(&file, 1), "00000055"), of_other_source(&file, &named, 2));
    let (second, third) = (paid(&journey, &moved).await, paid(&journey, &other).await);
    correct(&journey, &old, "00000042").await;
    let known = in_use(&journey).await.remove(0);
    assert_eq!(known.payer_id, OTHER_SOURCE);

    let again = of_other_source(&file, &named, 3);
    let fourth = paid(&journey, &again).await;
    assert_eq!(debited(&journey, fourth).await, ["00000042"]);
    let taken = with_source_account(&later(&file, 4), "00000042");
    assert_eq!(refused_for(&journey, &taken).await, OTHER_SOURCE);
    let batches = [(first, &file), (second, &moved), (third, &other), (fourth, &again)];
    Audit::of(&journey, &batches).await.is_clean(&journey);

    take_back(&journey, &known.account).await;
    let fifth = paid(&journey, &taken).await;
    assert_eq!(debited(&journey, fifth).await, ["00000042"], "what it had claimed is free again");
}

/// What was named then is nobody's by now, and what was debited in its place is the other source's.
#[tokio::test]
async fn a_late_correction_of_a_corrected_debit_is_about_the_source_that_has_what_was_debited() {
    let Corrected { journey, file, .. } = corrected_source(1).await;
    paid(&journey, &later(&file, 1)).await;
    let old = journey.bank.debits().pop().unwrap().id;
    paid(&journey, &with_source_account(&later(&file, 2), "00000055")).await;
    let third = paid(&journey, &of_other_source(&file, "00000042", 3)).await;
    assert_eq!(debited(&journey, third).await, ["00000042"]);
    correct(&journey, &old, "00000043").await;
    let fourth = paid(&journey, &of_other_source(&file, "00000042", 4)).await;
    assert_eq!(debited(&journey, fourth).await, ["00000043"]);
    let taken = with_source_account(&later(&file, 5), "00000043");
    assert_eq!(refused_for(&journey, &taken).await, OTHER_SOURCE);
}

/// The row has failed for want of another account, its money can go back, and nothing was sent where it came back from.
async fn is_given_back(journey: &Journey, file: &PayrollFile, batch_id: BatchId) {
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    let payment = row(journey, batch_id).await;
    assert_eq!(payment.leg.state, State::Failed);
    assert_eq!(payment.leg.reason, Some(Reason::Refused(NEEDS_CORRECTED_ACCOUNT.to_owned())));
    assert_eq!(payment.leg.attention, None);
    let sent = journey.bank.payouts().into_iter().filter(|sent| sent.item() == payment.id.to_string());
    assert_eq!(sent.count(), 1, "it is not sent again");
    let standing = retry_standing::of(&journey.system, &payment).await.unwrap();
    assert!(matches!(standing, Err(NoRetry::NeedsCorrectedAccount(_))), "{standing:?}");
    let (by_account, _) = given_back(journey, batch_id).await;
    assert_eq!(by_account.into_values().collect::<Vec<_>>(), [file.rows[0].amount_cents]);
    Audit::of(journey, &[(batch_id, file)]).await.is_clean(journey);
}

/// While its money is pulled anew, and between the plan of the retry and its beginning.
#[tokio::test]
async fn a_row_is_not_paid_where_it_came_back_from_once_its_correction_is_taken_back() {
    let Returned { journey, file, batch_id, .. } = corrected_row().await;
    given_back(&journey, batch_id).await;
    retry::retry(&journey.system, batch_id, OPERATOR, &Default::default()).await.unwrap();
    while journey.bank.debits().len() < 2 {
        assert!(journey.step().await, "nothing is pulled for the retry");
    }
    assert_eq!(row(&journey, batch_id).await.leg.state, State::Unprocessed);
    let account = in_use(&journey).await.remove(0).account;
    take_back(&journey, &account).await;
    is_given_back(&journey, &file, batch_id).await;

    let Returned { journey, file, batch_id, .. } = corrected_row().await;
    retry::retry(&journey.system, batch_id, OPERATOR, &Default::default()).await.unwrap();
    retry::make_plan(&journey.system, batch_id).await.unwrap();
    let account = in_use(&journey).await.remove(0).account;
    take_back(&journey, &account).await;
    is_given_back(&journey, &file, batch_id).await;
}
