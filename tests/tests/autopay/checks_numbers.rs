//! What Plaid shows of a card's payments, and which of it is our check.

use serde_json::json;
use shared::domain::leg::State;

use super::story::Story;

#[tokio::test]
async fn a_payment_of_the_same_amount_by_hand_does_not_stand_for_our_check() {
    let story = Story::that_will_pay().await;
    story.until_payment_is(State::Processing).await;
    story.cash_check().await;
    let standing = story.standing();
    let payment = standing.payment().unwrap();
    let (amount, number) = (payment.amount.to_string(), payment.check.as_ref().unwrap().check_number.unwrap());
    let paid = |number: Option<i64>| {
        let number = number.map(|number| number.to_string());
        json!({ "control": "pay_card", "user_id": "ann", "account": "card", "amount": amount, "check_number": number })
    };
    story.tell_plaid(paid(Some(number + 1)));
    story.let_days_pass(2).await;
    assert!(story.standing().cards[0].payments[0].is_in_flight(), "another check was paid");
    story.tell_plaid(paid(Some(number)));
    story.let_days_pass(2).await;
    assert!(story.standing().cards[0].payments[0].is_shown());
}
