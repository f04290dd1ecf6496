//! What somebody who meant ill proved of whose card a number is: each holds no more.

use http::Method;
use serde_json::{Value, json};
use shared::domain::autopay::card::Card;

use super::persons::{ANNS_NUMBER, ISSUER, Story, card_account, number_ending, number_of};

/// An institution that tells no masks.
const STORE: &str = "ins_4";
const BOBS_BANK_ACCOUNT: &str = "000999990001";

fn card_without_mask(key: &str, owed: &str) -> Value {
    let mut card = card_account(key, "0000", owed);
    (card["mask"], card["name"], card["official_name"]) = (Value::Null, json!("Store Card"), json!("Store Card"));
    card
}

fn with_mask<'a>(cards: &'a [Card], mask: Option<&str>) -> &'a Card {
    cards.iter().find(|card| card.mask.as_deref() == mask && card.looks_like.is_none()).unwrap()
}

#[tokio::test]
async fn a_zero_before_a_number_makes_no_other_card() {
    let story = Story::begin().await;
    story.pass_threshold();
    story.until_debited().await;
    story.change("ann", "card", &json!({ "name": "Travel Card", "official_name": "Travel Rewards Card" }));
    story.remove(ISSUER).await;
    story.link("ann", ISSUER).await;
    let [_, renamed] = story.cards_of("ann").try_into().unwrap();
    let refusal = story.number_refused(&renamed, &format!("0{ANNS_NUMBER}")).await;
    assert!(refusal.contains("card_number_invalid"), "{refusal}");
    let refusal = story.number_refused(&renamed, ANNS_NUMBER).await;
    assert!(refusal.contains("card_number_of_other_card"), "{refusal}");
}

#[tokio::test]
async fn whoever_types_the_number_of_another_persons_card_holds_nothing_back_there() {
    let story = Story::begin().await;
    story.address(STORE).await;
    story.bob_links(BOBS_BANK_ACCOUNT, STORE, card_without_mask("card", "3155.00")).await;
    let bobs = story.cards_of("bob").remove(0);
    story.set_up("bob", &bobs, ANNS_NUMBER).await;
    story.until("Bob pays", |now| now.payment().is_some()).await;
    story.pass_threshold();
    story.until("Ann pays as well", |now| now.payments.len() == 2).await;
    let anns = story.cards_of("ann").remove(0);
    assert_eq!(anns.payments.len(), 1);
    assert!(!story.standing().reviews.iter().any(|review| {
        review.card_id == anns.id && ["payment_open", "presentments_used_up"].contains(&review.code.as_str())
    }));
}

#[tokio::test]
async fn what_ended_the_debit_of_another_person_from_another_account_does_not_hold_a_shared_card_back() {
    let story = Story::begin().await;
    story.bob_links(BOBS_BANK_ACCOUNT, ISSUER, card_account("card", "4421", "3155.00")).await;
    story.plan_return("R08");
    story.set_up("bob", &story.cards_of("bob")[0], ANNS_NUMBER).await;
    story.until_debit_comes_back().await;
    story.let_days_pass(1).await;
    story.pass_threshold();
    story.until("Ann pays", |now| now.payments.len() == 2).await;
    assert_eq!(story.cards_of("ann")[0].payments.len(), 1);
}

#[tokio::test]
async fn whoever_shares_a_card_is_not_told_what_the_other_pays() {
    let story = Story::begin().await;
    story.bob_links(BOBS_BANK_ACCOUNT, ISSUER, card_account("card", "4421", "2155.00")).await;
    story.set_up("bob", &story.cards_of("bob")[0], ANNS_NUMBER).await;
    story.until("Bob pays", |now| now.payment().is_some()).await;
    story.pass_threshold();
    story.let_days_pass(1).await;
    let path = format!("/cards/{}/review", story.cards_of("ann")[0].id);
    let review = story.call("ann", Method::POST, &path, Value::Null).await;
    assert_eq!(review["code"], "payment_open");
    let reason = review["reason"].as_str().unwrap();
    assert!(reason.contains("somebody else who has this card") && !reason.contains("655"), "{reason}");
}

#[tokio::test]
async fn a_number_that_was_typed_by_mistake_bars_its_own_card_until_it_is_typed_over() {
    let story = Story::begin().await;
    story.links("ann", STORE, card_without_mask("store", "10.00")).await;
    story.links("ann", ISSUER, card_account("second", "8765", "10.00")).await;
    let cards = story.cards_of("ann");
    let (store, second) = (with_mask(&cards, None), with_mask(&cards, Some("8765")));
    let number = number_ending("8765");
    story.number("ann", store, &number).await;
    let refusal = story.number_refused(second, &number).await;
    assert!(refusal.contains("card_number_of_other_card") && refusal.contains(&store.id.to_string()), "{refusal}");
    for turn in 0..110 {
        story.number("ann", store, &number_of(&format!("6011{turn:07}"), "3333")).await;
    }
    story.number("ann", second, &number).await;
    let cards = story.cards_of("ann");
    assert_eq!(with_mask(&cards, None).real_accounts.len(), 1);
    assert_eq!(with_mask(&cards, Some("8765")).real_accounts.len(), 1);
}

#[tokio::test]
async fn a_number_stays_its_cards_while_a_payment_is_on_its_way_there_and_such_are_few() {
    let story = Story::begin().await;
    story.pass_threshold();
    story.until_debited().await;
    let card = story.cards_of("ann").remove(0);
    let other = |turn: usize| number_of(&format!("6011{turn:07}"), "4421");
    for turn in 0..3 {
        story.number("ann", &card, &other(turn)).await;
    }
    assert_eq!(story.cards_of("ann")[0].real_accounts.len(), 4);
    let refusal = story.number_refused(&card, &other(3)).await;
    assert!(refusal.contains("card_number_changed_too_often"), "{refusal}");
    story.number("ann", &card, ANNS_NUMBER).await;
    let is_over =
        |now: &::scenarios::simulation::standing::Standing| now.cards.iter().all(|card| card.open_payment().is_none());
    let path = format!("/cards/{}/payments/{}/cancel", card.id, story.standing().payments[0].id);
    story.call("ann", Method::POST, &path, Value::Null).await;
    story.until("nothing is on its way", is_over).await;
    story.review("ann", &card).await;
    assert_eq!(story.cards_of("ann")[0].real_accounts.len(), 1, "its own number");
}

#[tokio::test]
async fn two_cards_of_two_institutions_are_never_one() {
    let story = Story::begin().await;
    story.links("ann", STORE, card_without_mask("store", "4000.00")).await;
    let cards = story.cards_of("ann");
    let (store, first) = (with_mask(&cards, None), with_mask(&cards, Some("4421")));
    let path = format!("/cards/{}/identity", store.id);
    for said in [
        json!({ "card_id": first.id, "is_same": true }),
        json!({ "card_id": first.id, "is_same": true, "card_number": ANNS_NUMBER }),
    ] {
        let refusal = story.refusal(Method::PUT, &path, said).await;
        assert!(refusal.contains("unlike_cards"), "{refusal}");
    }
    story.let_days_pass(2).await;
    assert_eq!(story.debited(), Vec::<String>::new());
}

/// The card was replaced: it has another mask, and its person knows the number of before.
#[tokio::test]
async fn a_card_that_ends_otherwise_is_joined_by_its_number_under_no_old_agreement_and_parted_again() {
    let story = Story::begin().await;
    story.links("ann", ISSUER, card_account("other", "8765", "4000.00")).await;
    let cards = story.cards_of("ann");
    let (other, first) = (with_mask(&cards, Some("8765")).clone(), with_mask(&cards, Some("4421")).clone());
    let path = format!("/cards/{}/identity", other.id);
    let refusal = story.refusal(Method::PUT, &path, json!({ "card_id": first.id, "is_same": true })).await;
    assert!(refusal.contains("unlike_cards"), "{refusal}");
    let wrong = json!({ "card_id": first.id, "is_same": true, "card_number": number_ending("8765") });
    assert!(story.refusal(Method::PUT, &path, wrong).await.contains("unlike_cards"));

    let said = json!({ "card_id": first.id, "is_same": true, "card_number": ANNS_NUMBER });
    let joined = story.call("ann", Method::PUT, &path, said).await;
    assert_eq!((&joined["card_id"], &joined["mask"]), (&json!(first.id), &json!("8765")));
    assert_ne!(joined["autopay"]["authorization"]["revoked_at"], Value::Null);
    story.let_days_pass(2).await;
    assert_eq!(story.debited(), Vec::<String>::new(), "nobody agreed to that for this card");

    let parted = story.call("ann", Method::PUT, &path, json!({ "card_id": first.id, "is_same": false })).await;
    assert_eq!((&parted["card_id"], &parted["mask"]), (&json!(other.id), &json!("8765")));
    story.let_days_pass(1).await;
    let cards = story.cards_of("ann");
    let now = |id| cards.iter().find(|card| card.id == id).unwrap();
    assert_eq!((now(first.id).mask.as_deref(), &now(first.id).item_id), (Some("4421"), &first.item_id));
    assert_eq!((now(other.id).mask.as_deref(), &now(other.id).item_id), (Some("8765"), &other.item_id));
    story.agree("ann", now(first.id)).await;
    story.pass_threshold();
    story.until("the first is paid what it owes", |now| now.payment().is_some()).await;
    assert_eq!(story.debited(), ["1655.00"]);
}
