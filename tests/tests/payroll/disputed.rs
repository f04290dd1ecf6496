//! Signed words of the bank that do not fit: they move nothing until an operator takes the bank's word.

use http::{Method, StatusCode};
use journeys::api::{Api, OPERATES, Sent};
use journeys::audit::Audit;
use journeys::delivery::{came_back, post_signed};
use journeys::file::{PayrollFile, one_source};
use journeys::journey::Journey;
use serde_json::{Value, json};
use shared::domain::batch::BatchState;
use shared::domain::ids::{BatchId, ItemId, PaymentId};
use shared::domain::leg::{AttentionReason, State};
use shared::domain::payment::Payment;
use shared::operations::attention::take_word;
use simulators::column::Control;

async fn paid() -> (Journey, BatchId, Payment) {
    let file = PayrollFile::generated(&one_source(4));
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    let payment = journey.payments(batch_id).await.remove(0);
    (journey, batch_id, payment)
}

async fn tell(journey: &Journey, event: &Value) -> StatusCode {
    post_signed(&journey.system, &journey.receiver(), event).await
}

async fn stands(journey: &Journey, batch_id: BatchId, id: PaymentId) -> (State, Option<AttentionReason>) {
    let payments = journey.payments(batch_id).await;
    let payment = payments.into_iter().find(|payment| payment.id == id).unwrap();
    (payment.leg.state, payment.leg.attention.map(|attention| attention.reason))
}

async fn clear(journey: &Journey, id: PaymentId, body: Value) -> (StatusCode, Value) {
    let path = format!("/payments/{id}/attention/clear");
    Api::of(journey).send(OPERATES, Method::POST, &path, Sent::Json(body)).await
}

#[tokio::test]
async fn a_return_whose_times_are_empty_or_bare_days_is_booked() {
    let (journey, batch_id, payment) = paid().await;
    assert_eq!(tell(&journey, &came_back(&payment, "evnt_return")).await, StatusCode::OK);
    assert_eq!(stands(&journey, batch_id, payment.id).await, (State::Returned, None));
}

/// The bank's event says that the payout came back, and names another amount than it moved.
fn altered(payment: &Payment) -> Value {
    let mut event = came_back(payment, "evnt_return");
    event["data"]["amount"] = json!(payment.amount.get() + 1);
    event
}

#[tokio::test]
async fn a_word_that_does_not_fit_is_applied_when_an_operator_takes_it_and_the_bank_repeats_it() {
    let (journey, batch_id, payment) = paid().await;
    // The bank's own event is on its way, and the other one comes first.
    let transfer_id = payment.leg.transfer_id.clone().unwrap();
    journey.bank.control(Control::Return { transfer_id, return_code: "R03".to_owned(), addenda: String::new() });
    assert_eq!(tell(&journey, &altered(&payment)).await, StatusCode::OK);
    let disputed = (State::Completed, Some(AttentionReason::BankDisagrees));
    assert_eq!(stands(&journey, batch_id, payment.id).await, disputed);

    // Whether it is to be applied has to be said.
    let (status, problem) = clear(&journey, payment.id, json!({"note": "asked the bank"})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("word_undecided")));
    assert_eq!(stands(&journey, batch_id, payment.id).await, disputed);

    let (status, _) = clear(&journey, payment.id, json!({"note": "the bank is right", "apply": true})).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let item = ItemId::Payment(payment.id);
    take_word(&journey.system, item, "evnt_return", journey.deadline()).await.unwrap();
    assert_eq!(stands(&journey, batch_id, payment.id).await, (State::Returned, None));

    // The same word again changes nothing, nor does the bank's own event.
    assert_eq!(tell(&journey, &altered(&payment)).await, StatusCode::OK);
    journey.settle_now().await;
    let (status, problem) = clear(&journey, payment.id, json!({"note": "again", "apply": true})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("nothing_to_apply")));
    assert_eq!(stands(&journey, batch_id, payment.id).await, (State::Returned, None));
}

/// Otherwise a batch's money would go out twice: as paid, and as what is left of it.
#[tokio::test]
async fn a_word_that_the_bank_does_not_repeat_when_it_is_asked_moves_nothing() {
    let (journey, batch_id, payment) = paid().await;
    assert_eq!(tell(&journey, &altered(&payment)).await, StatusCode::OK);
    let (status, _) = clear(&journey, payment.id, json!({"note": "the bank is right", "apply": true})).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    journey.settle_now().await;
    let disputed = (State::Completed, Some(AttentionReason::BankDisagrees));
    assert_eq!(stands(&journey, batch_id, payment.id).await, disputed, "nothing moved, and somebody goes on looking");

    let (status, _) = clear(&journey, payment.id, json!({"note": "the bank takes it back"})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(stands(&journey, batch_id, payment.id).await, (State::Completed, None));
}

/// The bank has what the word's id names, and says the same of it: but that is another payment's transfer. Applied to this one, money that
/// was paid would be the source's again.
#[tokio::test]
async fn a_word_whose_id_names_another_payments_transfer_moves_nothing() {
    let file = PayrollFile::generated(&one_source(2)).changed(|rows| {
        for row in rows.iter_mut() {
            row.amount_cents = 10_000;
        }
    });
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    journey.finish(batch_id).await;
    let [payment, other] = &journey.payments(batch_id).await[..] else { panic!("two payments") };
    journey.bank.return_now(other.leg.transfer_id.as_deref().unwrap(), "R02");
    journey.settle_now().await;
    let mut event = came_back(other, "evnt_mixed_up");
    event["data"]["idempotency_key"] = json!(format!("{}:{}", payment.id, payment.leg.attempt));
    assert_eq!(tell(&journey, &event).await, StatusCode::OK);
    let disputed = (State::Completed, Some(AttentionReason::BankDisagrees));
    assert_eq!(stands(&journey, batch_id, payment.id).await, disputed);

    let (status, _) = clear(&journey, payment.id, json!({"note": "the bank is right", "apply": true})).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    journey.settle_now().await;
    assert_eq!(stands(&journey, batch_id, payment.id).await, disputed, "nothing moved, and somebody goes on looking");
    let leg = journey.payments(batch_id).await.remove(0).leg;
    assert_eq!(leg.transfer_id, payment.leg.transfer_id);
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.agrees();
    assert_eq!(audit.batch(batch_id).cents(State::Returned), 10_000, "the other one alone came back");
}

/// What such a word says of an account is about the other transfer's: believed of this payment's, the next one would go there.
#[tokio::test]
async fn a_correction_in_a_word_that_does_not_fit_is_not_believed() {
    let (journey, batch_id, payment) = paid().await;
    let other = journey.payments(batch_id).await.remove(1);
    let mut event = came_back(&other, "evnt_mixed_up");
    event["data"]["idempotency_key"] = json!(format!("{}:{}", payment.id, payment.leg.attempt));
    event["data"]["notification_of_changes"] = json!({ "change_code": "C01", "account_number": "000777000" });
    assert_eq!(tell(&journey, &event).await, StatusCode::OK);
    let disputed = (State::Completed, Some(AttentionReason::BankDisagrees));
    assert_eq!(stands(&journey, batch_id, payment.id).await, disputed);
    let known = Api::of(&journey).get(OPERATES, "/account-corrections").await;
    assert_eq!(known["items"], json!([]));
}

#[tokio::test]
async fn a_word_that_an_operator_does_not_take_stays_without_effect() {
    let (journey, batch_id, payment) = paid().await;
    let mut event = came_back(&payment, "evnt_return");
    event["data"]["is_incoming"] = json!(true);
    tell(&journey, &event).await;
    let (status, _) = clear(&journey, payment.id, json!({"note": "somebody else's", "apply": false})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    journey.settle_now().await;
    assert_eq!(stands(&journey, batch_id, payment.id).await, (State::Completed, None));
    // Said once, it is decided.
    let (status, _) = clear(&journey, payment.id, json!({"note": "nothing left"})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn an_event_that_fits_nothing_ends_with_an_operator_who_closes_it() {
    let (journey, _, payment) = paid().await;
    let mut event = came_back(&payment, "evnt_lost");
    event["data"]["idempotency_key"] = json!(format!("pay_{}:1", "0".repeat(32)));
    assert_eq!(tell(&journey, &event).await, StatusCode::OK);
    let api = Api::of(&journey);
    let listed = api.get(OPERATES, "/unmatched-events").await;
    assert_eq!(listed["items"][0]["event_id"], "evnt_lost");
    assert!(listed["items"][0].get("attention_since").is_none(), "{listed}");

    journey.let_days_pass(5).await;
    let listed = api.get(OPERATES, "/unmatched-events").await;
    assert!(listed["items"][0]["attention_since"].is_string(), "{listed}");

    let closed = api.post(OPERATES, "/unmatched-events/evnt_lost/close", json!({"reason": "of a test"})).await;
    assert_eq!(closed["closing"]["reason"], "of a test");
    assert_eq!(api.get(OPERATES, "/unmatched-events").await["items"], json!([]));
    // Delivered once more, it stays closed.
    assert_eq!(tell(&journey, &event).await, StatusCode::OK);
    assert_eq!(api.get(OPERATES, "/unmatched-events").await["items"], json!([]));
}
