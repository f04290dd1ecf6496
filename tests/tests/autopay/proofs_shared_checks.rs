//! What somebody who meant ill proved of checks and numbers that two cards or two persons have in common: each holds no more.

use http::Method;
use serde_json::{Value, json};
use shared::domain::autopay::card::Card;
use shared::domain::leg::State;

use super::persons::{ANNS_NUMBER, ISSUER, Story, card_account, number_of};

const BOBS_BANK_ACCOUNT: &str = "000999990001";

/// A number of another card that ends as Ann's does.
fn other_number() -> String {
    number_of("42220000010", "4421")
}

/// Bob has Ann's card too, on autopay from a bank account of his own; it owes more than his threshold.
async fn bob_has_the_card(story: &Story) {
    story.bob_links(BOBS_BANK_ACCOUNT, ISSUER, card_account("card", "4421", "3155.00")).await;
    story.set_up("bob", &story.cards_of("bob")[0], ANNS_NUMBER).await;
}

/// Ann's card is called otherwise when she links its issuer again: to us it is another one.
async fn links_again(story: &Story, name: &str) -> Vec<Card> {
    story.change("ann", "card", &json!({ "name": name, "official_name": format!("{name} Rewards") }));
    story.remove(ISSUER).await;
    story.link("ann", ISSUER).await;
    story.cards_of("ann")
}

/// An issuer replaces a card: one of its holders types the new number while the other's check goes to the old one.
#[tokio::test]
async fn a_check_on_its_way_counts_for_a_holder_who_types_another_number() {
    let story = Story::begin().await;
    story.pass_threshold();
    story.until_debited().await;
    bob_has_the_card(&story).await;
    let bobs = story.cards_of("bob").remove(0);
    assert_eq!(story.review("bob", &bobs).await, "payment_open");
    story.number("bob", &bobs, &other_number()).await;
    assert_eq!(story.review("bob", &bobs).await, "payment_open");
    story.let_days_pass(2).await;
    assert_eq!(story.debited(), ["1655.00"]);
}

#[tokio::test]
async fn another_number_gives_a_bill_no_more_presentments() {
    let story = Story::begin().await;
    story.plan_returns(&["R01", "R01", "R01"]);
    story.pass_threshold();
    story.until("it is given up", |now| now.payment().is_some_and(|payment| payment.leg.state == State::Failed)).await;
    bob_has_the_card(&story).await;
    let bobs = story.cards_of("bob").remove(0);
    assert_eq!(story.review("bob", &bobs).await, "presentments_used_up");
    story.number("bob", &bobs, &other_number()).await;
    assert_eq!(story.review("bob", &bobs).await, "presentments_used_up");
    story.let_days_pass(3).await;
    assert_eq!(story.debited(), ["1655.00"]);
}

#[tokio::test]
async fn a_check_bears_no_number_that_its_person_has_corrected() {
    let story = Story::begin().await;
    let card = story.cards_of("ann").remove(0);
    story.number("ann", &card, &other_number()).await;
    story.pass_threshold();
    story.until_debited().await;
    story.number("ann", &card, ANNS_NUMBER).await;
    let is_back = |now: &::scenarios::simulation::standing::Standing| {
        now.refunds.iter().any(|refund| refund.leg.state == State::Completed)
    };
    story.until("the money is back", is_back).await;
    let standing = story.standing();
    let first = standing.payments.iter().min_by_key(|payment| payment.autopay.as_ref().unwrap().decided_at).unwrap();
    assert!(first.leg.transfer_id.is_none(), "no check was made");
}

#[tokio::test]
async fn a_number_typed_while_two_cards_were_one_is_one_cards_when_they_are_two_again() {
    let story = Story::begin().await;
    let [first, second] = links_again(&story, "Travel Card").await.try_into().unwrap();
    story.number("ann", &second, &other_number()).await;
    story.say(&second, &first, true).await;
    story.number("ann", &first, &other_number()).await;
    story.say(&second, &first, false).await;
    let cards = story.cards_of("ann");
    let now = |id| cards.iter().find(|card| card.id == id).unwrap();
    let shared: Vec<_> =
        now(first.id).real_accounts.iter().filter(|key| now(second.id).real_accounts.contains(key)).collect();
    assert!(shared.is_empty(), "one number is one card's");
    assert!(now(first.id).numbers.present.as_ref().is_some_and(|number| now(first.id).real_accounts.contains(number)));
    assert!(now(second.id).setup.card_number.is_none(), "its person types its own");
}

#[tokio::test]
async fn a_card_that_went_on_as_another_takes_that_nowhere() {
    let story = Story::begin().await;
    let [first, second] = links_again(&story, "Travel Card").await.try_into().unwrap();
    story.say(&second, &first, true).await;
    let cards = links_again(&story, "Student Card").await;
    let third = cards.into_iter().find(|card| card.id != first.id && card.id != second.id).unwrap();
    let path = format!("/cards/{}/identity", second.id);
    let refusal = story.refusal(Method::PUT, &path, json!({ "card_id": third.id, "is_same": true })).await;
    assert!(refusal.contains("cards_joined"), "{refusal}");
}

/// What she agreed to after the debit and before she stopped it says nothing of her wish since.
#[tokio::test]
async fn a_debit_stopped_at_the_bank_is_made_again_only_after_a_later_agreement() {
    let story = Story::begin().await;
    story.plan_return("R08");
    story.pass_threshold();
    story.until_debited().await;
    let card = story.cards_of("ann").remove(0);
    let path = format!("/cards/{}/authorization", card.id);
    story.call("ann", Method::DELETE, &path, Value::Null).await;
    story.agree("ann", &card).await;
    story.until_debit_comes_back().await;
    story.let_days_pass(2).await;
    assert_eq!(story.debited(), ["1655.00"]);
    story.agree("ann", &card).await;
    story.until("it is paid after all", |now| now.payments.len() == 2).await;
}

#[tokio::test]
async fn an_operators_word_about_a_shared_card_reaches_what_holds_it_back() {
    let story = Story::begin().await;
    story.bob_shares_the_bank_account(card_account("card", "4421", "455.00")).await;
    story.set_available("ann", "8000.00");
    story.set_available("bob", "8000.00");
    story.set_up("bob", &story.cards_of("bob")[0], ANNS_NUMBER).await;
    story.plan_return("R24");
    story.pass_threshold();
    story.until_debit_comes_back().await;
    story.let_days_pass(1).await;
    story.buy("bob", "card", "2700.00");
    story.let_days_pass(1).await;
    let bobs = story.cards_of("bob").remove(0);
    assert_eq!(story.review("bob", &bobs).await, "held_back");
    let path = format!("/cards/{}/hold/clear", bobs.id);
    story.operate("olga", Method::POST, &path, json!({ "note": "Their bank had mistaken it for another." })).await;
    story.until("it is paid", |now| now.payments.len() == 2).await;
}
