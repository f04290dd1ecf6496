//! What a payment was decided on changes while its debit waits to be presented again, or while its money is held: neither debit nor check
//! leaves for what is so no more, and a bill that is not told for a while is no other bill.

use http::Method;
use serde_json::{Value, json};
use shared::domain::leg::State;

use super::bills_held_back::ISSUER;
use super::story::{ANN, Story};

impl Story {
    /// Ann's debit has come back for want of money so many times, and waits to be presented again.
    async fn that_waits(times: u32) -> Self {
        let story = Self::after("below-threshold").await;
        story.change_card(&json!({ "credit": { "last_statement_issue_date": "2026-03-06" } }));
        story.let_days_pass(1).await;
        story.buy("card", "2700.00");
        story.debits_come_back(&vec!["R01"; if times == 1 { 1 } else { 20 }]);
        let waits = |funding: &shared::domain::funding::Funding| {
            funding.leg.state == State::Unprocessed && funding.leg.attempt == times + 1
        };
        story.until("it waits to be presented again", |now| now.funding().is_some_and(waits)).await;
        story
    }

    pub(super) fn change_card(&self, change: &Value) {
        self.tell_plaid(json!({ "control": "set_account", "user_id": "ann", "account": "card", "change": change }));
    }

    /// How many debits and checks the bank has.
    pub(super) fn at_bank(&self) -> (usize, usize) {
        let list =
            |path: &str| self.simulation.providers.bank_get(path).unwrap()["transfers"].as_array().unwrap().clone();
        let debits = list("/transfers/ach?limit=100").iter().filter(|transfer| transfer["type"] == "DEBIT").count();
        (debits, list("/transfers/checks?limit=100").len())
    }

    async fn is_given_up(&self) {
        self.let_days_pass(10).await;
        assert_eq!(self.at_bank(), (1, 0), "what was decided is so no more");
        assert_eq!(self.standing().payments[0].leg.state, State::Canceled);
    }

    async fn read_the_issuer_again(&self) {
        let items = self.standing().items;
        let item = items.iter().find(|item| item.institution_id == ISSUER).unwrap();
        self.call(ANN, Method::POST, &format!("/items/{}/repaired", item.id), json!({})).await;
        self.simulation.settle().await.unwrap();
    }
}

fn replaced_card() -> Value {
    json!({ "mask": "8765", "name": "Everyday Card 8765", "balances": { "current": "3156.00" } })
}

#[tokio::test]
async fn a_card_that_its_issuer_replaced_is_not_debited_for_again() {
    let story = Story::that_waits(1).await;
    story.change_card(&replaced_card());
    story.is_given_up().await;
    assert_eq!(story.review().await["code"], "setup_incomplete");
}

#[tokio::test]
async fn a_card_that_is_closed_is_not_debited_for_again() {
    let story = Story::that_waits(1).await;
    story.change_card(&json!({ "is_closed": true }));
    story.read_the_issuer_again().await;
    story.is_given_up().await;
}

#[tokio::test]
async fn what_another_rule_would_not_pay_is_not_debited_again() {
    let story = Story::that_waits(1).await;
    let rule = json!({ "threshold": 9000, "above_threshold": "minimum", "when_due": "minimum" });
    story.call(ANN, Method::PUT, &format!("{}/autopay", story.card_path()), json!({ "rule": rule })).await;
    story.simulation.settle().await.unwrap();
    assert_eq!(story.standing().payment().unwrap().leg.state, State::Canceled, "at once");
    story.is_given_up().await;
    assert_eq!(story.review().await["code"], "below_threshold");
}

#[tokio::test]
async fn what_was_paid_by_hand_is_not_debited_again() {
    let story = Story::that_waits(1).await;
    story.tell_plaid(json!({ "control": "pay_card", "user_id": "ann", "account": "card", "amount": "3155.00" }));
    story.is_given_up().await;
}

#[tokio::test]
async fn a_debit_that_is_still_owed_is_presented_again_and_pays() {
    let story = Story::that_waits(1).await;
    story.until_payment_is(State::Processing).await;
    assert_eq!(story.at_bank(), (2, 1));
    story.cash_check().await;
}

#[tokio::test]
async fn money_that_is_held_for_a_card_that_was_replaced_goes_back_and_no_check_to_the_old_number() {
    let story = Story::that_will_pay().await;
    story.until_debit_is(State::Completed).await;
    story.change_card(&replaced_card());
    let is_back = |refund: &shared::domain::payment::Payment| refund.leg.state == State::Completed;
    story.until("the money is back", |now| now.refunds.iter().any(is_back)).await;
    story.let_days_pass(3).await;
    assert_eq!(story.at_bank(), (1, 0));
    assert_eq!(story.review().await["code"], "setup_incomplete");
    story.is_balanced().await;
}

#[tokio::test]
async fn a_bill_that_is_not_told_for_a_while_is_presented_three_times_as_well() {
    let story = Story::that_waits(2).await;
    let path = format!("{}/payments/{}/cancel", story.card_path(), story.payment_id());
    story.call(ANN, Method::POST, &path, Value::Null).await;
    let untold = json!({
        "balances": { "current": "3160.00" },
        "credit": { "last_statement_issue_date": null, "next_payment_due_date": null },
    });
    story.change_card(&untold);
    story.let_days_pass(1).await;
    story.agree_again().await;
    story.until("the next payment is opened", |now| now.payments.len() == 2).await;
    story.let_days_pass(14).await;
    assert_eq!(story.at_bank(), (3, 0), "three, ever");
    assert_eq!(story.review().await["code"], "presentments_used_up");
}
