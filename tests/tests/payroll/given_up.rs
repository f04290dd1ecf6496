//! What may be out when nobody wants it any more, or for ever: it is looked for and not sent again, and two operators end what even the
//! bank's whole list does not tell.

use std::time::Duration;

use jiff::SignedDuration;
use journeys::audit::Audit;
use journeys::file::{PayrollFile, one_source};
use journeys::journey::{Journey, OPERATOR};
use serde_json::{Value, json};
use shared::domain::bank::unmatched::{UnmatchedEvent, Why};
use shared::domain::batch::BatchState;
use shared::domain::funding::Funding;
use shared::domain::ids::{BatchId, ItemId};
use shared::domain::leg::{AttentionReason, Reason, SettlementFailure, SettlementRefusal, State, ToldOutcome};
use shared::domain::payment::{Payee, Payment};
use shared::operations::{OperationError, approve, fund, lists, refund, retry, settlement, sources};
use simulators::column::{CallFaultKind, Control, WebhookFaults};

use super::unknown::is_not_approved_again;

const OTHER_OPERATOR: &str = "other-operator@journey.test";

/// As often as the client tries in two sends: the first silence is asked about at once.
const TWO_SENDS: u64 = 6;

async fn only_payment(journey: &Journey, batch_id: BatchId) -> Payment {
    journey.payments(batch_id).await.remove(0)
}

async fn only_funding(journey: &Journey, batch_id: BatchId) -> Funding {
    fund::all_fundings(&journey.system, &journey.batch(batch_id).await).await.unwrap().remove(0)
}

/// A batch of one row whose payout was sent, and of which nobody knows whether the bank has it.
async fn submitting(fault: CallFaultKind) -> (Journey, PayrollFile, BatchId) {
    let file = PayrollFile::generated(&one_source(1));
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    journey.until_almost_available().await;
    journey.bank.webhook_faults(WebhookFaults { drop_next: 1_000, ..Default::default() });
    journey.bank.fail_transfers(fault, TWO_SENDS);
    while only_payment(&journey, batch_id).await.leg.state != State::Submitting {
        assert!(journey.step().await);
    }
    (journey, file, batch_id)
}

/// Without the look, the cancel would be followed by a send: money leaves for a batch that was canceled.
#[tokio::test]
async fn a_payout_of_a_canceled_batch_that_never_reached_the_bank_is_not_sent_again() {
    let (journey, file, batch_id) = submitting(CallFaultKind::SilenceBefore).await;
    approve::cancel(&journey.system, batch_id, OPERATOR).await.unwrap();
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Canceled);
    assert_eq!(only_payment(&journey, batch_id).await.leg.state, State::Canceled);
    assert_eq!(journey.bank.payouts().len(), 0);
    Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
}

#[tokio::test]
async fn a_payout_of_a_canceled_batch_that_reached_the_bank_is_found_and_paid() {
    let (journey, _, batch_id) = submitting(CallFaultKind::SilenceAfter).await;
    approve::cancel(&journey.system, batch_id, OPERATOR).await.unwrap();
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Canceled);
    assert_eq!(only_payment(&journey, batch_id).await.leg.state, State::Completed);
    assert_eq!(journey.bank.payouts().len(), 1);
}

#[tokio::test]
async fn a_funding_of_a_canceled_batch_that_never_reached_the_bank_is_not_sent_again() {
    let file = PayrollFile::generated(&one_source(2));
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    journey.bank.fail_transfers(CallFaultKind::SilenceBefore, TWO_SENDS);
    journey.settle_now().await;
    assert_eq!(only_funding(&journey, batch_id).await.leg.state, State::Submitting);
    approve::cancel(&journey.system, batch_id, OPERATOR).await.unwrap();
    journey.finish(batch_id).await;
    journey.let_days_pass(3).await;
    assert_eq!(only_funding(&journey, batch_id).await.leg.state, State::Canceled);
    assert_eq!(journey.bank.debits().len(), 0);
}

/// The claim of a file goes only where nothing of it may have been sent, and a debit is something of it.
#[tokio::test]
async fn a_canceled_batch_whose_money_was_pulled_keeps_the_claim_on_its_file() {
    let file = PayrollFile::generated(&one_source(2));
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    journey.until_pulled().await;
    approve::cancel(&journey.system, batch_id, OPERATOR).await.unwrap();
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Canceled);
    assert_eq!(journey.bank.payouts().len(), 0);

    is_not_approved_again(&journey, &file, batch_id).await;
}

/// A refund that the bank refuses has no event and no batch that is looked at: without the notice nobody would hear of it.
#[tokio::test]
async fn a_refund_that_the_bank_refuses_is_told_of() {
    let file = PayrollFile::generated(&one_source(4));
    let journey = Journey::start(&file);
    journey.bank.return_payouts(&["R02"]);
    let batch_id = journey.begin(&file).await;
    journey.finish(batch_id).await;
    journey.let_days_pass(4).await;
    journey.bank.refuse_transfers("invalid_beneficiary_account", 1);
    let refunded = refund::refund(&journey.system, batch_id, OPERATOR).await.unwrap().made.remove(0);
    while journey.step().await {}
    let told = journey.notices.sent();
    let told = told.iter().find(|notice| notice.kind == "refund_returned").unwrap();
    let says = [refunded.id.to_string(), "invalid_beneficiary_account".to_owned(), refunded.amount.to_string()];
    assert!(says.iter().all(|words| told.text.contains(words.as_str())), "{}", told.text);
}

/// A month later, past the 29 days: the bank's whole list was looked through, and it waits for people.
async fn unknown_for_good() -> (Journey, PayrollFile, BatchId) {
    let (journey, file, batch_id) = submitting(CallFaultKind::SilenceBefore).await;
    let early = propose(&journey, batch_id, ToldOutcome::NeverReached, OPERATOR).await;
    assert!(matches!(early, Err(OperationError::Settlement(SettlementRefusal::NotUnknown))), "{early:?}");
    journey.clock.advance(Duration::from_secs(31 * 24 * 3600));
    journey.let_days_pass(2).await;
    let attention = only_payment(&journey, batch_id).await.leg.attention.unwrap();
    assert_eq!(attention.reason, AttentionReason::OutcomeUnknown);
    (journey, file, batch_id)
}

async fn propose(journey: &Journey, batch_id: BatchId, told: ToldOutcome, by: &str) -> Result<(), OperationError> {
    let item = ItemId::Payment(only_payment(journey, batch_id).await.id);
    settlement::propose(&journey.system, item, told, by, "asked the bank's desk").await.map(drop)
}

async fn confirm(journey: &Journey, batch_id: BatchId, told: &ToldOutcome, by: &str) -> Result<(), OperationError> {
    let item = ItemId::Payment(only_payment(journey, batch_id).await.id);
    settlement::confirm(&journey.system, item, told, by).await.map(drop)
}

#[tokio::test]
async fn what_two_operators_say_never_reached_the_bank_has_failed_and_is_paid_by_a_retry() {
    let (journey, file, batch_id) = unknown_for_good().await;
    let never = ToldOutcome::NeverReached;
    propose(&journey, batch_id, never.clone(), OPERATOR).await.unwrap();
    let alone = confirm(&journey, batch_id, &never, OPERATOR).await;
    assert!(matches!(alone, Err(OperationError::Settlement(SettlementRefusal::SamePerson))), "{alone:?}");
    journey.settle_now().await;
    assert_eq!(only_payment(&journey, batch_id).await.leg.state, State::Submitting);

    confirm(&journey, batch_id, &never, OTHER_OPERATOR).await.unwrap();
    journey.settle_now().await;
    let failed = only_payment(&journey, batch_id).await.leg;
    assert_eq!((failed.state, failed.attention), (State::Failed, None));
    assert_eq!(failed.reason, Some(Reason::Refused("never_reached_bank".to_owned())));
    journey.bank.webhook_faults(WebhookFaults::default());
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    retry::retry(&journey.system, batch_id, OPERATOR, &Default::default()).await.unwrap();
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    assert_eq!(only_payment(&journey, batch_id).await.leg.state, State::Completed);
    assert_eq!(journey.bank.payouts().len(), 1);
    Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
}

/// A transfer as somebody at the bank makes it by hand, for a payment's amount and payee.
fn by_hand(file: &PayrollFile, payment: &Payment, bank_account_id: &str, kind: &str) -> Value {
    let Payee::Account(payee) = &payment.payee else { panic!("paid by ACH: {:?}", payment.id) };
    json!({
        "type": kind, "amount": payment.amount.get(), "currency_code": "USD", "bank_account_id": bank_account_id,
        "counterparty": {
            "routing_number": payee.routing_number, "account_number": file.rows[0].payee.loan_account_number,
            "account_type": payee.account_type, "name": payee.name,
        },
        "entry_class_code": "CCD", "same_day": false, "description": "by hand",
        "company_entry_description": "PAYROLL", "receiver_name": "PAT EXAMPLE",
    })
}

/// Makes it at the bank, with this key or none. Answers its id.
fn made(journey: &Journey, key: Option<&str>, body: &Value) -> String {
    let made = match key {
        Some(key) => journey.bank.post_under(key, "/transfers/ach", body),
        None => journey.bank.post("/transfers/ach", body),
    };
    made["id"].as_str().unwrap().to_owned()
}

/// Two operators say that the bank has the item under this id, and it is carried out.
async fn say_found(journey: &Journey, item: ItemId, transfer_id: &str) {
    let told = ToldOutcome::Found { transfer_id: transfer_id.to_owned() };
    settlement::propose(&journey.system, item, told.clone(), OPERATOR, "asked the bank's desk").await.unwrap();
    settlement::confirm(&journey.system, item, &told, OTHER_OPERATOR).await.unwrap();
    journey.settle_now().await;
}

#[tokio::test]
async fn what_two_operators_found_at_the_bank_is_applied_where_it_is_what_was_asked_for() {
    let (journey, file, batch_id) = unknown_for_good().await;
    let payment = only_payment(&journey, batch_id).await;
    let account = payment.leg.bank_account_id.clone().unwrap();
    let item = ItemId::Payment(payment.id);
    for (transfer_id, failure) in [
        ("acht_2AbCdEfGhIjKlMnOpQrStUvWxYz".to_owned(), SettlementFailure::NoSuchTransfer),
        (journey.bank.debits()[0].id.clone(), SettlementFailure::OtherTransfer),
    ] {
        say_found(&journey, item, &transfer_id).await;
        let settled = settlement::load(&journey.system, item).await.unwrap();
        assert_eq!((settled.failure, settled.due_at), (Some(failure), None));
        assert_eq!(only_payment(&journey, batch_id).await.leg.state, State::Submitting);
    }

    // What we had sent arrives after all.
    let key = format!("{}:{}", payment.id, payment.leg.attempt);
    let transfer_id = made(&journey, Some(&key), &by_hand(&file, &payment, &account, "CREDIT"));
    say_found(&journey, item, &transfer_id).await;
    let found = only_payment(&journey, batch_id).await.leg;
    assert_eq!((found.transfer_id, found.attention), (Some(transfer_id), None));
    assert_eq!(found.state, State::Processing);
}

/// Nothing but its key says that a transfer is what we sent: one of the same amount may be a stranger's, or be named for two payments.
#[tokio::test]
async fn a_transfer_that_does_not_bear_a_payments_key_is_not_taken_for_it() {
    let of_another = format!("pay_{}-01-0000001:1", "0".repeat(32));
    for key in [None, Some("made-at-the-desk-1"), Some(of_another.as_str())] {
        let (journey, file, batch_id) = unknown_for_good().await;
        let payment = only_payment(&journey, batch_id).await;
        let account = payment.leg.bank_account_id.clone().unwrap();
        let strange = made(&journey, key, &by_hand(&file, &payment, &account, "CREDIT"));
        say_found(&journey, ItemId::Payment(payment.id), &strange).await;
        journey.let_days_pass(2).await;
        let leg = only_payment(&journey, batch_id).await.leg;
        assert_eq!((leg.state, leg.transfer_id), (State::Submitting, None), "{key:?}");
        assert!(leg.attention.is_some(), "somebody goes on looking: {key:?}");
    }
}

/// Otherwise a batch would be paid with what a stranger's account was debited for.
#[tokio::test]
async fn a_transfer_that_does_not_bear_a_fundings_key_is_not_taken_for_it() {
    for key in [None, Some("made-at-the-desk-1")] {
        let file = PayrollFile::generated(&one_source(1));
        let journey = Journey::start(&file);
        let batch_id = journey.begin(&file).await;
        journey.bank.fail_transfers(CallFaultKind::SilenceBefore, TWO_SENDS);
        journey.settle_now().await;
        assert_eq!(only_funding(&journey, batch_id).await.leg.state, State::Submitting);
        journey.clock.advance(Duration::from_secs(31 * 24 * 3600));
        journey.let_days_pass(2).await;
        let funding = only_funding(&journey, batch_id).await;
        assert_eq!(funding.leg.attention.unwrap().reason, AttentionReason::OutcomeUnknown);

        journey.bank.control(Control::ClearFaults);
        let account = sources::load(&journey.system, &funding.payer_id).await.unwrap().bank_account_id.unwrap();
        let payment = only_payment(&journey, batch_id).await;
        let strange = made(&journey, key, &by_hand(&file, &payment, &account, "DEBIT"));
        say_found(&journey, ItemId::Funding(funding.id), &strange).await;
        journey.let_days_pass(5).await;
        let leg = only_funding(&journey, batch_id).await.leg;
        assert_eq!((leg.state, leg.transfer_id), (State::Submitting, None), "{key:?}");
        assert!(leg.attention.is_some(), "somebody goes on looking: {key:?}");
        assert_eq!(journey.bank.payouts().len(), 0);
    }
}

/// The bank signs an event of a transfer that bears no key of ours. Were it only logged, nobody would know that a payer's money moves.
#[tokio::test]
async fn a_transfer_of_a_payers_account_that_we_did_not_make_wants_an_operator() {
    let file = PayrollFile::generated(&one_source(1));
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    journey.until_pulled().await;
    let payment = only_payment(&journey, batch_id).await;
    let of_payer = journey.bank.debits()[0].bank_account_id.clone();
    let operating = json!({"entity_id": journey.bank.entity_id, "description": "Operating", "currency_code": "USD"});
    let operating = journey.bank.post("/bank-accounts", &operating)["id"].as_str().unwrap().to_owned();
    let strange = made(&journey, None, &by_hand(&file, &payment, &of_payer, "DEBIT"));
    made(&journey, None, &by_hand(&file, &payment, &operating, "DEBIT"));
    journey.go_on_to(journey.now() + SignedDuration::from_hours(2)).await;

    let open: Vec<UnmatchedEvent> = lists::unmatched_events(&journey.system, None, 10).await.unwrap().items;
    let [event] = &open[..] else { panic!("one: {open:?}") };
    assert_eq!((event.why, event.about.as_deref()), (Why::Keyless, Some(strange.as_str())));
    assert!(event.attention_since.is_some());
    journey.settle_now().await;
    assert!(journey.notices.sent().iter().any(|notice| notice.kind == "event_unmatched"));
}
