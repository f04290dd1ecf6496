//! One card under two ids: of two persons, or of one who says so later. Its bill is presented three times over both, and what only one of
//! its holders said holds the other back no longer than it should.

use ::scenarios::simulation::standing::Standing;
use http::Method;
use jiff::SignedDuration;

use serde_json::{Value, json};
use shared::domain::autopay::card::Card;
use shared::domain::leg::State;
use simulators::column::{Control, Direction, ReturnMoment, ReturnPlan};

use crate::persons::{ANNS_NUMBER, ISSUER, Story, card_account};

const ANNS_OTHER_NUMBER: &str = "4111000002094421";

impl Story {
    /// Bob holds Ann's card and bank account too, and is below his threshold; Ann agreed after him.
    async fn of_two() -> Self {
        let story = Self::begin().await;
        story.bob_shares_the_bank_account(card_account("card", "4421", "455.00")).await;
        story.set_available("ann", "8000.00");
        story.set_available("bob", "8000.00");
        story.set_up("bob", &story.cards_of("bob")[0], ANNS_NUMBER).await;
        story.simulation.let_pass(SignedDuration::from_mins(1)).await.unwrap();
        story.revoke("ann").await;
        story.agree("ann", &story.cards_of("ann")[0]).await;
        story.let_days_pass(1).await;
        story
    }

    async fn revoke(&self, person: &'static str) {
        let path = format!("/cards/{}/authorization", self.cards_of(person)[0].id);
        self.call(person, Method::DELETE, &path, Value::Null).await;
    }

    fn every_debit_comes_back(&self, code: &str) {
        let returned = ReturnPlan::new(Direction::Debit, ReturnMoment::Settled, 20, &[code]);
        self.simulation.providers.tell_bank(Control::PlanReturns(returned)).unwrap();
    }

    fn debits_at_bank(&self) -> usize {
        let list = self.simulation.providers.bank_get("/transfers/ach?limit=100").unwrap();
        list["transfers"].as_array().unwrap().iter().filter(|transfer| transfer["type"] == "DEBIT").count()
    }

    /// The debit has come back twice and waits to be presented again; then Ann cancels its payment.
    async fn comes_back_twice_and_is_canceled(&self, card: &Card) {
        let waits = |now: &Standing| {
            now.funding().is_some_and(|funding| funding.leg.state == State::Unprocessed && funding.leg.attempt == 3)
        };
        self.until("it has come back twice", waits).await;
        let payment_id = self.standing().payment().unwrap().id;
        let path = format!("/cards/{}/payments/{payment_id}/cancel", card.id);
        self.call("ann", Method::POST, &path, Value::Null).await;
    }

    async fn next_payment_is_opened(&self) {
        self.until("the next payment is opened", |now| now.payments.len() == 2).await;
    }
}

#[tokio::test]
async fn a_bill_of_a_card_of_two_persons_is_presented_three_times_over_both() {
    let story = Story::of_two().await;
    story.every_debit_comes_back("R01");
    story.pass_threshold();
    story.comes_back_twice_and_is_canceled(&story.cards_of("ann")[0]).await;
    story.buy("bob", "card", "2700.00");
    story.next_payment_is_opened().await;
    story.let_days_pass(14).await;
    assert_eq!(story.debits_at_bank(), 3, "three, ever");
}

#[tokio::test]
async fn a_bill_of_two_cards_that_are_one_is_presented_three_times_over_both() {
    let story = Story::begin().await;
    story.set_available("ann", "8000.00");
    story.change("ann", "card", &json!({ "name": "Travel Card", "official_name": "Travel Rewards Card" }));
    story.remove(ISSUER).await;
    story.link("ann", ISSUER).await;
    let [first, renamed] = story.cards_of("ann").try_into().unwrap();
    story.set_up("ann", &renamed, ANNS_OTHER_NUMBER).await;
    story.every_debit_comes_back("R01");
    story.pass_threshold();
    story.comes_back_twice_and_is_canceled(&renamed).await;
    story.say(&renamed, &first, true).await;
    story.agree("ann", &story.cards_of("ann")[0]).await;
    story.next_payment_is_opened().await;
    story.let_days_pass(14).await;
    assert_eq!(story.debits_at_bank(), 3, "three, ever");
}

#[tokio::test]
async fn a_debit_that_one_holder_of_a_card_stopped_does_not_hold_the_other_back() {
    let story = Story::of_two().await;
    story.plan_return("R08");
    story.pass_threshold();
    story.until_debit_comes_back().await;
    story.simulation.settle().await.unwrap();
    story.buy("bob", "card", "2700.00");
    story.next_payment_is_opened().await;
    let standing = story.standing();
    assert_eq!(standing.payment().unwrap().payer_id, story.id_of("bob").to_string());
}

/// Ann revokes while her debit is at the bank, so that it is not presented again: what ended it is younger than Bob's agreement.
#[tokio::test]
async fn agreeing_again_lifts_what_another_holder_s_debit_left_behind() {
    let story = Story::of_two().await;
    story.plan_return("R01");
    story.pass_threshold();
    story.until_debited().await;
    story.revoke("ann").await;
    story.until_debit_comes_back().await;
    story.simulation.settle().await.unwrap();
    story.buy("bob", "card", "2700.00");
    story.let_days_pass(1).await;
    story.agree("bob", &story.cards_of("bob")[0]).await;
    story.next_payment_is_opened().await;
}
