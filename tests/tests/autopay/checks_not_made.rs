//! What a check that is not made yet takes from the biller directory, and who hears of a review at the bank that lasts.

use http::Method;
use serde_json::{Value, json};
use shared::domain::leg::State;
use simulators::column::Control;

use super::bills_held_back::ISSUER;
use super::story::{OLGA, OSCAR, Story, count};

#[tokio::test]
async fn a_debit_that_stays_in_review_is_told_of() {
    let story = Story::that_will_pay().await;
    story.tell_bank(Control::ReviewNext { count: 1 });
    story.until_debit_is(State::Processing).await;
    story.let_days_pass(2).await;
    assert_eq!(count(&story.standing(), "review_lasts"), 0);
    story.let_days_pass(10).await;
    assert_eq!(count(&story.standing(), "review_lasts"), 1, "once");
}

#[tokio::test]
async fn a_corrected_address_reaches_a_check_that_is_not_made_yet() {
    let story = Story::that_will_pay().await;
    story.until_debit_is(State::Completed).await;
    story.correct_issuer_address().await;
    story.until_payment_is(State::Processing).await;
    assert_eq!(story.lines_of_checks(), ["PO Box 200"]);
    story.cash_check().await;
}

#[tokio::test]
async fn an_address_that_two_corrected_for_one_check_is_offered_for_those_not_made_yet() {
    let story = Story::after("check-returned-by-mail").await;
    let address = json!({ "line_1": "PO Box 200", "city": "Wilmington", "state": "DE", "postal_code": "19886" });
    let path = format!("/payments/{}/check/replace", story.payment_id());
    story.call(OLGA, Method::POST, &path, json!({ "address": address })).await;
    story.call(OSCAR, Method::POST, &format!("{path}/confirm"), json!({ "address": address })).await;
    let biller = story.call(OLGA, Method::GET, &format!("/billers/{ISSUER}"), Value::Null).await;
    assert_eq!(biller["remittance_proposal"]["remittance"]["address"]["line_1"], "PO Box 200");
    assert_eq!(count(&story.standing(), "address_offered"), 1);
}
