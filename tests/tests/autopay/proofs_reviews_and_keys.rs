//! What somebody who meant ill proved of debits that their bank reviewed for weeks, and of bank accounts that had very many numbers. Each holds
//! no more.

use ::scenarios::simulation::standing::Standing;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::domain::leg::State;
use simulators::column::Control;

use super::persons::{BANK, ISSUER, Story, card_account, number_ending};
use super::story;

const OLGA: &str = "olga";

/// More numbers than one write of the table holds keys.
const MANY: usize = 110;

/// Longer than a debit usually takes to settle and through its hold.
const REVIEW_DAYS: i64 = 25;

const ANNS_NUMBER: &str = "000123456789";
/// By which Bob's bank tells the account, where it tells an id as well.
const BOBS_NUMBER: &str = "000999990001";

impl Story {
    /// A person's bank account has one number after the other, each with zeros before it.
    async fn has_many_numbers(&self, person: &str) {
        for number in 0..MANY {
            self.change(person, "checking", &json!({ "numbers": { "account": format!("0007{number:08}") } }));
            self.simulation.let_pass(SignedDuration::from_mins(1)).await.unwrap();
        }
        assert_eq!(self.bank_accounts_of(person)[0].account.account_last4, "0109");
    }

    /// Bob has Ann's bank account, and a card of his own on autopay.
    async fn with_bob(persistent_account_id: Option<&str>) -> Self {
        let story = Self::begin().await;
        let mut checking = json!({
            "key": "checking", "name": "Our Checking", "mask": "6789", "type": "depository", "subtype": "checking",
            "balances": { "available": "8000.00", "current": "8000.00" },
            "numbers": { "account": ANNS_NUMBER, "routing": simulators::plaid::routing_number(BANK) },
        });
        if let Some(id) = persistent_account_id {
            checking["persistent_account_id"] = json!(id);
            checking["numbers"]["account"] = json!(BOBS_NUMBER);
            story.change("ann", "checking", &json!({ "persistent_account_id": id }));
            story.link("ann", BANK).await;
        }
        story.links("bob", BANK, checking).await;
        story.links("bob", ISSUER, card_account("bobs", "5533", "455.00")).await;
        story.set_up("bob", &story.cards_of("bob")[0], &number_ending("5533")).await;
        story
    }

    async fn bobs_number_changes_and_ann_pays(persistent_account_id: Option<&str>) {
        let story = Self::with_bob(persistent_account_id).await;
        story.has_many_numbers("bob").await;
        story.plan_return("R10");
        story.pass_threshold();
        story.until_debit_comes_back().await;
        assert_eq!(story.debited(), ["1655.00"]);
        assert_eq!(story.review("bob", &story.cards_of("bob")[0]).await, "bank_account_held");
    }
}

fn is_paused(now: &Standing) -> bool {
    now.persons[0].pause.is_some() || now.has_notice("difference_found")
}

#[tokio::test]
async fn a_debit_that_was_in_review_for_weeks_is_no_difference_while_it_is_held() {
    let story = story::Story::after("below-threshold").await;
    story.tell_bank(Control::ReviewNext { count: 1 });
    story.buy("card", "2700.00");
    story.until_debit_is(State::Processing).await;
    story.let_days_pass(REVIEW_DAYS).await;
    story.tell_bank(Control::ApproveReview { transfer_id: story.debit_id() });
    story.until_debit_is(State::Completed).await;
    story.until_debit_is(State::Available).await;
    story.until_payment_is(State::Processing).await;
    assert!(!is_paused(&story.standing()));
}

#[tokio::test]
async fn a_return_is_recorded_however_many_numbers_the_account_had() {
    let story = Story::begin().await;
    story.pass_threshold();
    story.until("the check is out", |now| now.payment().is_some_and(|it| it.leg.state == State::Processing)).await;
    let debit = story.standing().funding().unwrap().leg.transfer_id.clone().unwrap();
    story.has_many_numbers("ann").await;
    let returned = Control::Return { transfer_id: debit, return_code: "R10".to_owned(), addenda: String::new() };
    story.simulation.providers.tell_bank(returned).unwrap();
    story.until_debit_comes_back().await;
    let standing = story.standing();
    assert!(standing.persons[0].receivable_open);
    let unread = story.operate(OLGA, Method::GET, "/unmatched-events", Value::Null).await;
    assert_eq!(unread["items"], json!([]));
    assert_ne!(story.review("ann", &story.cards_of("ann")[0]).await, "paid");
}

#[tokio::test]
async fn the_numbers_of_one_holder_hold_no_payment_of_another_back() {
    Story::bobs_number_changes_and_ann_pays(Some("joint")).await;
}

/// Bob lets go of his earlier numbers, but not of the one that joins him with Ann.
#[tokio::test]
async fn a_number_that_joins_two_holders_is_kept_whatever_comes_after_it() {
    Story::bobs_number_changes_and_ann_pays(None).await;
}

/// What a return noted at numbers that the account has no more goes on to those that it has.
#[tokio::test]
async fn an_account_stays_held_behind_any_number_of_new_ones() {
    let story = Story::begin().await;
    story.plan_return("R10");
    story.pass_threshold();
    story.until_debit_comes_back().await;
    story.has_many_numbers("ann").await;
    story.bob_links("000700000109", ISSUER, card_account("bobs", "5533", "3155.00")).await;
    story.set_up("bob", &story.cards_of("bob")[0], &number_ending("5533")).await;
    assert_eq!(story.review("bob", &story.cards_of("bob")[0]).await, "bank_account_held");
}
