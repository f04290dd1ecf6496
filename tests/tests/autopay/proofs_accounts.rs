//! What somebody who meant ill proved of bank accounts: whose they are, what holds them, what a correction leaves behind. Each holds no more.

use ::scenarios::simulation::people::Caller;
use ::scenarios::simulation::standing::Standing;
use http::Method;
use serde_json::{Value, json};
use shared::domain::leg::State;

use super::persons::{ANNS_NUMBER, BANK, ISSUER, Story, card_account, number_ending, number_of};

const ANNS_ACCOUNT: &str = "000123456789";
/// The number that the bank puts in the place of Ann's.
const CORRECTED: &str = "000777770001";
const OTHER_ACCOUNT: &str = "000999990001";
/// An institution that tells no masks.
const STORE: &str = "ins_4";

impl Story {
    fn bank_item_of(&self, person: &str) -> String {
        let id = self.id_of(person);
        let is_theirs = |item: &shared::domain::autopay::item::Item| {
            item.person_id == id && item.institution_id == BANK && !item.state.is_over()
        };
        self.standing().items.into_iter().find(is_theirs).unwrap().id
    }

    async fn withdraw(&self, item_id: &str, account: &str) {
        self.tell_plaid(json!({ "control": "revoke_account", "item_id": item_id, "account": account }));
        self.simulation.settle().await.unwrap();
    }

    /// Ann goes through Link's update mode and shares her checking account, which Plaid gives a new id.
    async fn share_again(&self, item_id: &str) {
        let wanted = json!({ "repair": { "item_id": item_id, "need": "accounts" } });
        let started = self.call("ann", Method::POST, "/link-tokens", wanted).await;
        let link_token = &started["link_token"];
        self.tell_plaid(json!({ "control": "finish_link", "link_token": link_token, "accounts": ["checking"] }));
        self.call("ann", Method::POST, &format!("/items/{item_id}/repaired"), json!({})).await;
        self.simulation.settle().await.unwrap();
    }

    /// Bob links a bank that shows Ann's account under two ids.
    async fn bob_links_one_account_twice(&self) -> String {
        let routing = simulators::plaid::routing_number(BANK);
        let [checking, again] = ["checking", "again"].map(|key| {
            json!({
                "key": key, "name": key, "mask": "6789", "type": "depository", "subtype": "checking",
                "balances": { "available": "2000.00", "current": "2000.00" },
                "numbers": { "account": ANNS_ACCOUNT, "routing": routing },
            })
        });
        self.tell_plaid(json!({
            "control": "create_person", "user_id": "bob", "institution_id": BANK, "accounts": [checking, again],
        }));
        let item_id = self.link("bob", BANK).await;
        assert_eq!(self.bank_accounts_of("bob").len(), 1);
        item_id
    }

    async fn bob_pays_from(&self, account_number: &str) {
        self.bob_links(account_number, ISSUER, card_account("bobs", "5533", "3155.00")).await;
        self.set_up("bob", &self.cards_of("bob")[0], &number_ending("5533")).await;
    }

    async fn code_of(&self, person: &'static str) -> String {
        self.review(person, &self.cards_of(person)[0]).await
    }

    async fn clear_block(&self, operator: &'static str, person: &str) -> Result<(), String> {
        let path = format!("/people/{}/block/clear", self.id_of(person));
        let note = json!({ "note": "They have shown that all is well." });
        let called = self.simulation.call(Caller::Operator(operator), Method::POST, &path, note).await;
        called.map(|_| ()).map_err(|refused| refused.to_string())
    }

    async fn may_not_clear(&self, operator: &'static str, person: &str) {
        let refused = self.clear_block(operator, person).await.unwrap_err();
        assert!(refused.contains("own_block"), "{operator} of {person}: {refused}");
    }

    async fn take_correction_back(&self) {
        let known = self.operate("olga", Method::GET, "/account-corrections", Value::Null).await;
        let path = format!("/account-corrections/{}", known["items"][0]["fingerprint"].as_str().unwrap());
        self.operate("olga", Method::POST, &format!("{path}/withdraw"), json!({ "reason": "not theirs" })).await;
        self.operate("oscar", Method::POST, &format!("{path}/confirm-withdrawal"), Value::Null).await;
    }

    /// Ann's first debit comes back for lack of money, and says that her account has another number: the second goes there.
    async fn second_debit_goes_to_corrected(&self, codes: &[&str]) {
        self.plan_returns(codes);
        self.pass_threshold();
        self.until_debited().await;
        self.bank_corrects_to(CORRECTED).await;
    }
}

fn has_failed(now: &Standing) -> bool {
    now.payment().is_some_and(|payment| payment.leg.state == State::Failed)
}

#[tokio::test]
async fn an_account_that_was_shared_again_is_not_debited_once_its_permission_is_gone() {
    let story = Story::begin().await;
    let item_id = story.bank_item_of("ann");
    story.withdraw(&item_id, "checking").await;
    story.share_again(&item_id).await;
    story.agree("ann", &story.cards_of("ann")[0]).await;
    assert_eq!(story.bank_account().unusable, None);
    story.tell_plaid(json!({ "control": "revoke_permission", "item_id": item_id }));
    story.simulation.settle().await.unwrap();
    assert!(story.was_told("ann", "the permission was withdrawn"));
    story.pass_threshold();
    story.let_days_pass(1).await;
    assert!(story.debited().is_empty());
    assert_eq!(story.code_of("ann").await, "bank_account_unusable");
    story.call("ann", Method::DELETE, &format!("/items/{item_id}"), Value::Null).await;
}

#[tokio::test]
async fn a_link_forgets_the_id_under_which_it_no_longer_shows_an_account() {
    let story = Story::begin().await;
    let item_id = story.bank_item_of("ann");
    for _ in 0..2 {
        story.withdraw(&item_id, "checking").await;
        story.share_again(&item_id).await;
    }
    let items = story.standing().items;
    let item = items.iter().find(|item| item.id == item_id).unwrap();
    assert_eq!(item.bank_accounts.len(), 1);
}

#[tokio::test]
async fn a_link_that_shows_one_account_twice_can_be_removed() {
    let story = Story::begin().await;
    let item_id = story.bob_links_one_account_twice().await;
    story.call("bob", Method::DELETE, &format!("/items/{item_id}"), Value::Null).await;
    assert!(story.bank_accounts_of("bob")[0].permission_ended_at.is_some());
}

#[tokio::test]
async fn an_account_that_was_shown_twice_is_withdrawn_without_a_word() {
    let story = Story::begin().await;
    let item_id = story.bob_links_one_account_twice().await;
    story.tell_plaid(json!({ "control": "fault_webhooks", "drop_next": 1_000_000 }));
    story.withdraw(&item_id, "checking").await;
    story.withdraw(&item_id, "again").await;
    story.let_days_pass(2).await;
    assert!(story.bank_accounts_of("bob")[0].permission_ended_at.is_some(), "a reading tells it");
}

#[tokio::test]
async fn an_account_is_held_behind_the_number_that_its_bank_put_in_its_place() {
    let story = Story::begin().await;
    story.plan_return("R10");
    story.pass_threshold();
    story.until_debited().await;
    story.bank_corrects_to(CORRECTED).await;
    story.until_debit_comes_back().await;
    story.bob_pays_from(CORRECTED).await;
    assert_eq!(story.code_of("bob").await, "bank_account_held");
    story.let_days_pass(1).await;
    assert_eq!(story.debited(), ["1655.00"]);
    story.clear_block("olga", "ann").await.unwrap();
    assert_ne!(story.code_of("bob").await, "bank_account_held");
}

#[tokio::test]
async fn an_account_is_held_behind_a_new_number_of_another_holder() {
    let story = Story::begin().await;
    story.plan_return("R10");
    story.pass_threshold();
    story.until_debit_comes_back().await;
    story.change("ann", "checking", &json!({ "numbers": { "account": CORRECTED } }));
    story.let_days_pass(1).await;
    assert_eq!(story.bank_account().account.account_last4, "0001");
    story.bob_pays_from(CORRECTED).await;
    assert_eq!(story.code_of("bob").await, "bank_account_held");
    story.let_days_pass(1).await;
    assert_eq!(story.debited(), ["1655.00"]);
}

#[tokio::test]
async fn an_account_behind_a_correction_is_both_holders_own_money() {
    let story = Story::begin().await;
    story.pass_threshold();
    story.until_debited().await;
    story.bank_corrects_to(CORRECTED).await;
    story.bob_links(CORRECTED, ISSUER, card_account("bobs", "5533", "455.00")).await;
    story.may_not_clear("ann", "bob").await;
    story.may_not_clear("bob", "ann").await;
    story.clear_block("olga", "bob").await.unwrap();
}

#[tokio::test]
async fn whoever_types_another_number_for_a_shared_card_is_no_stranger_to_its_holders() {
    let story = Story::begin().await;
    story.bob_links(OTHER_ACCOUNT, ISSUER, card_account("bobs", "4421", "455.00")).await;
    let (anns, bobs) = (story.cards_of("ann").remove(0), story.cards_of("bob").remove(0));
    story.number("bob", &bobs, ANNS_NUMBER).await;
    story.may_not_clear("ann", "bob").await;
    story.number("ann", &anns, &number_of("42220000010", "4421")).await;
    story.may_not_clear("ann", "bob").await;
    story.may_not_clear("bob", "ann").await;
    story.number("bob", &bobs, &number_of("43330000010", "4421")).await;
    story.may_not_clear("ann", "bob").await;
    story.may_not_clear("bob", "ann").await;
}

#[tokio::test]
async fn a_stranger_who_types_an_operators_number_bars_them_from_nothing() {
    let story = Story::begin().await;
    story.links("olga", ISSUER, card_account("olgas", "8765", "10.00")).await;
    story.number("olga", &story.cards_of("olga")[0], &number_ending("8765")).await;
    let mut card = card_account("store", "0000", "10.00");
    (card["mask"], card["name"]) = (Value::Null, json!("Store Card"));
    story.links("bob", STORE, card).await;
    story.number("bob", &story.cards_of("bob")[0], &number_ending("8765")).await;
    story.clear_block("olga", "bob").await.unwrap();
    let stop = format!("/stops/{}", story.id_of("bob"));
    for stopped in [true, false] {
        story.operate("olga", Method::PUT, &stop, json!({ "stopped": stopped, "reason": "a look" })).await;
    }
}

#[tokio::test]
async fn a_return_behind_a_wrong_correction_closes_the_account_no_longer_than_that_stands() {
    let story = Story::begin().await;
    story.second_debit_goes_to_corrected(&["R01", "R03"]).await;
    story.until("the second comes back as well", has_failed).await;
    assert_eq!(story.code_of("ann").await, "bank_account_unusable");
    let listed = story.call("ann", Method::GET, "/bank-accounts", Value::Null).await;
    assert_eq!(listed["items"][0]["unusable"], "R03", "{listed}");
    story.take_correction_back().await;
    story.agree("ann", &story.cards_of("ann")[0]).await;
    story.until("her own account is debited", |now| now.payments.len() == 2).await;
}

#[tokio::test]
async fn a_return_behind_a_wrong_correction_bars_nobody_who_has_the_account() {
    let story = Story::begin().await;
    story.second_debit_goes_to_corrected(&["R01", "R03"]).await;
    story.until("the second comes back as well", has_failed).await;
    story.take_correction_back().await;
    let item_id = story.bank_item_of("ann");
    story.call("ann", Method::DELETE, &format!("/items/{item_id}"), Value::Null).await;
    story.bob_pays_from(ANNS_ACCOUNT).await;
    story.until("Bob pays from it", |now| now.payments.len() == 2).await;
}

#[tokio::test]
async fn a_debit_that_followed_a_correction_counts_there_although_that_was_taken_back() {
    let story = Story::begin().await;
    story.second_debit_goes_to_corrected(&["R01"]).await;
    let is_again = |now: &Standing| {
        now.funding().is_some_and(|funding| (funding.leg.attempt, funding.leg.state) == (2, State::Processing))
    };
    story.until("the second debit is at the bank", is_again).await;
    story.take_correction_back().await;
    story.bob_pays_from(CORRECTED).await;
    assert_eq!(story.code_of("bob").await, "insufficient_bank_balance", "2,000.00 less 1,655.00");
    story.may_not_clear("bob", "ann").await;
    let payments = |now: &Standing| now.payments.len() == 2;
    story.until("Bob pays once his balance shows the debit", payments).await;
}

#[tokio::test]
async fn a_frozen_account_is_debited_again_once_its_person_and_an_operator_say_so() {
    for (code, agrees_first) in [("R16", true), ("R20", false)] {
        let story = Story::begin().await;
        story.plan_return(code);
        story.pass_threshold();
        story.until("the debit comes back", has_failed).await;
        assert!(story.was_told("ann", "until your bank has told you that it lets this one be debited"), "{code}");
        let card = story.cards_of("ann").remove(0);
        story.may_not_clear("ann", "ann").await;
        if agrees_first {
            story.agree("ann", &card).await;
            assert_eq!(story.code_of("ann").await, "bank_account_unusable", "{code}");
            story.clear_block("olga", "ann").await.unwrap();
        } else {
            story.clear_block("olga", "ann").await.unwrap();
            assert_ne!(story.code_of("ann").await, "paid", "{code}");
            story.let_days_pass(1).await;
            assert_eq!(story.debited(), ["1655.00"], "{code}: its person has not agreed anew");
            story.agree("ann", &card).await;
        }
        story.until("it is paid", |now| now.payments.len() == 2).await;
    }
}

#[tokio::test]
async fn a_closed_account_stays_closed_whoever_says_what() {
    let story = Story::begin().await;
    story.plan_return("R02");
    story.pass_threshold();
    story.until("the debit comes back", has_failed).await;
    assert!(story.was_told("ann", "Nothing is debited until you choose another bank account."));
    story.clear_block("olga", "ann").await.unwrap();
    story.agree("ann", &story.cards_of("ann")[0]).await;
    assert_eq!(story.code_of("ann").await, "bank_account_unusable");
}
