//! A real account that a debit came back from as not authorized, or whose debit is owed, is held for whoever has it; and one that was
//! withdrawn at its bank is debited again only once that is agreed to anew.

use ::scenarios::simulation::people::Caller;
use ::scenarios::simulation::standing::Standing;
use http::Method;
use serde_json::json;
use shared::domain::leg::State;

use super::joint::ANNS_ACCOUNT;
use super::story::{ANN, OLGA, OSCAR, Story};

/// Ann under another login.
const AGAIN: &str = "ann2";

impl Story {
    async fn clear_anns_block(&self) {
        let path = format!("/people/{}/block/clear", self.person_of("ann"));
        self.call(OLGA, Method::POST, &path, json!({ "note": "The holder had forgotten." })).await;
    }

    /// Two operators book what Ann repaid.
    async fn book_repaid(&self, amount: &str) {
        let repaid = json!({
            "payer_id": self.person_of("ann"), "debit": "cash", "credit": "receivable", "amount": amount,
            "reason": "Repaid by wire.",
        });
        let proposed = self.call(OLGA, Method::POST, "/ledger/corrections", repaid.clone()).await;
        let path = format!("/ledger/corrections/{}/confirm", proposed["correction_id"].as_str().unwrap());
        self.call(OSCAR, Method::POST, &path, repaid).await;
    }

    async fn stop_person(&self, subject: &str, stopped: bool) {
        let set = json!({ "stopped": stopped, "reason": "until it is looked at" });
        self.call(OLGA, Method::PUT, &format!("/stops/{}", self.person_of(subject)), set).await;
    }

    fn bank_item(&self) -> String {
        let items = self.standing().items;
        items.into_iter().find(|item| item.institution_id == "ins_2").unwrap().id
    }

    /// Ann goes through Link's update mode for her bank, and shares her checking account.
    async fn share_again(&self) {
        let item_id = self.bank_item();
        let wanted = json!({ "repair": { "item_id": item_id, "need": "accounts" } });
        let started = self.call(ANN, Method::POST, "/link-tokens", wanted).await;
        self.tell_plaid(json!({
            "control": "finish_link", "link_token": started["link_token"], "accounts": ["checking"],
        }));
        self.call(ANN, Method::POST, &format!("/items/{item_id}/repaired"), json!({})).await;
        self.simulation.settle().await.unwrap();
    }
}

#[tokio::test]
async fn an_account_whose_debit_was_not_authorized_is_held_for_whoever_has_it_until_an_operator_looks() {
    for code in ["R05", "R07", "R10", "R29"] {
        let story = Story::after("below-threshold").await;
        story.next_debits_come_back(&[code]);
        story.buy("card", "2700.00");
        story.until_payment_is(State::Failed).await;
        story.joins(AGAIN, ANNS_ACCOUNT, "3155.00").await;
        story.joins_autopay(AGAIN).await;
        assert_eq!(story.code_for(AGAIN).await, "bank_account_held", "{code}");
        story.let_days_pass(2).await;
        assert_eq!(story.standing().payments.len(), 1, "{code}");
        let path = format!("/people/{}/block/clear", story.person_of("ann"));
        let own = story.refusal(Caller::Operator(AGAIN), Method::POST, &path, json!({ "note": "It was me." })).await;
        assert!(own.contains("own_block"), "{own}");
        story.clear_anns_block().await;
        story.until("it is paid for the other login", |now| now.payments.len() == 2).await;
    }
}

#[tokio::test]
async fn what_one_holder_owes_for_a_debit_of_an_account_holds_the_debits_of_the_others() {
    let story = Story::after("funding-returned-after-mailing-stop-loses").await;
    story.joins(AGAIN, ANNS_ACCOUNT, "3155.00").await;
    story.joins_autopay(AGAIN).await;
    assert_eq!(story.code_for(AGAIN).await, "bank_account_held");
    story.clear_anns_block().await;
    assert_eq!(story.code_for(AGAIN).await, "bank_account_held", "it is owed still");
    let amount = story.standing().payment().unwrap().amount.to_string();
    story.book_repaid(&amount).await;
    assert_ne!(story.code_for(AGAIN).await, "bank_account_held");
}

/// Bob's debit is to be made a second time when Ann's comes back as not authorized.
#[tokio::test]
async fn a_debit_that_waits_is_not_sent_once_its_account_is_held() {
    let story = Story::after("below-threshold").await;
    story.links("bob", ANNS_ACCOUNT, "5533", "455.00").await;
    story.joins_autopay("bob").await;
    story.next_debits_come_back(&["R01", "R10"]);
    story.tell_plaid(json!({
        "control": "purchase", "user_id": "bob", "account": "card", "amount": "2700.00", "name": "Example Shop",
    }));
    let bob = story.person_of("bob").to_string();
    let debit_of = |now: &Standing, payer_id: &str| {
        now.fundings
            .iter()
            .find(|funding| funding.payer_id == payer_id)
            .map(|funding| (funding.leg.attempt, funding.leg.state))
    };
    let waits = |now: &Standing| debit_of(now, &bob) == Some((2, State::Unprocessed));
    story.until("the second presentment waits", waits).await;
    story.stop_person("bob", true).await;
    story.buy("card", "2700.00");
    story.until("Ann pays", |now| now.payments.len() == 2).await;
    story.until("Ann is blocked", |now| now.persons.iter().any(|person| person.debit_block.is_some())).await;
    story.stop_person("bob", false).await;
    story.let_days_pass(3).await;
    assert_eq!(debit_of(&story.standing(), &bob), Some((2, State::Canceled)), "it was never sent");
}

#[tokio::test]
async fn an_account_that_was_withdrawn_at_its_bank_is_debited_again_only_under_a_new_agreement() {
    let story = Story::after("below-threshold").await;
    story.tell_plaid(json!({ "control": "revoke_account", "item_id": story.bank_item(), "account": "checking" }));
    story.simulation.settle().await.unwrap();
    story.buy("card", "2700.00");
    story.simulation.settle().await.unwrap();
    assert_eq!(story.review().await["code"], "bank_account_unusable");
    story.share_again().await;
    assert_eq!(story.standing().bank_accounts[0].unusable, None, "it may be used again");
    assert_eq!(story.review().await["code"], "account_changed");
    story.let_days_pass(1).await;
    assert!(story.standing().payments.is_empty());
    story.agree_again().await;
    story.until("it is paid", |now| now.payment().is_some()).await;
}

/// Plaid's word is lost: the next reading does not show the account any more.
#[tokio::test]
async fn an_account_that_was_withdrawn_without_a_word_needs_a_new_agreement_too() {
    let story = Story::after("below-threshold").await;
    story.tell_plaid(json!({ "control": "fault_webhooks", "drop_next": 1_000_000 }));
    story.tell_plaid(json!({ "control": "revoke_account", "item_id": story.bank_item(), "account": "checking" }));
    story.let_days_pass(2).await;
    assert!(story.standing().bank_accounts[0].permission_ended_at.is_some(), "a reading tells it as well");
    assert_eq!(story.review().await["code"], "bank_account_unusable");
}
