//! What makes two links one account, and what does not: numbers, names and links change, two persons share, and no account is debited and
//! no card paid beyond what there is of it.

mod shared_cards;

use std::collections::BTreeSet;

use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::domain::autopay::bank_account::UnusableReason;
use shared::domain::autopay::card::Card;

use super::persons::{ANNS_NUMBER, BANK, ISSUER, Story, card_account, number_ending};

#[tokio::test]
async fn a_bank_account_whose_number_changed_is_the_same_one_when_it_is_linked_again() {
    let story = Story::begin().await;
    let before = story.bank_account();
    story.change("ann", "checking", &json!({ "numbers": { "account": "000777770001" } }));
    story.let_days_pass(1).await;
    assert_eq!(story.bank_account().account.account_last4, "0001");
    story.link("ann", BANK).await;
    assert_eq!(story.bank_account().id, before.id);
}

/// Plaid's word about the number is lost, so that the new link shows an account which nothing joins to the old one.
#[tokio::test]
async fn a_number_that_changed_without_a_word_is_debited_once_by_two_links() {
    let story = Story::begin().await;
    story.tell_plaid(json!({ "control": "fault_webhooks", "drop_next": 1_000_000 }));
    story.change("ann", "checking", &json!({ "numbers": { "account": "000777770001" } }));
    story.set_available("ann", "2000.00");
    story.link("ann", BANK).await;
    story.tell_plaid(json!({
        "control": "create_person", "user_id": "ann", "institution_id": ISSUER,
        "accounts": [card_account("second", "8765", "3155.00")],
    }));
    story.link("ann", ISSUER).await;
    let [first, second] = ["4421", "8765"].map(|mask| {
        let mut cards = story.cards_of("ann").into_iter();
        cards.find(|card| card.mask.as_deref() == Some(mask) && card.looks_like.is_none()).unwrap()
    });
    let [old, new] = story.bank_accounts_of("ann").try_into().unwrap();
    let new = if first.setup.bank_account_id == Some(old.id) { new } else { old };
    story.set_up("ann", &second, &number_ending("8765")).await;
    let path = format!("/cards/{}/autopay", second.id);
    story.call("ann", Method::PUT, &path, json!({ "bank_account_id": new.id })).await;
    story.simulation.let_pass(SignedDuration::from_mins(1)).await.unwrap();
    story.agree("ann", &second).await;
    story.agree("ann", &first).await;
    story.pass_threshold();
    story.until("one of them is paid", |now| now.payment().is_some()).await;
    story.let_days_pass(1).await;
    assert_eq!(story.debited(), ["1655.00"], "the account holds 2,000.00");
}

#[tokio::test]
async fn two_persons_with_one_bank_account_do_not_debit_it_for_more_than_it_holds() {
    let story = Story::begin().await;
    story.bob_shares_the_bank_account(card_account("bobs", "5533", "3155.00")).await;
    story.set_available("ann", "2000.00");
    story.set_up("bob", &story.cards_of("bob")[0], &number_ending("5533")).await;
    story.pass_threshold();
    story.until("one of them pays", |now| now.payment().is_some()).await;
    story.let_days_pass(1).await;
    assert_eq!(story.debited(), ["1655.00"], "the account holds 2,000.00");
    let codes =
        [story.review("ann", &story.cards_of("ann")[0]).await, story.review("bob", &story.cards_of("bob")[0]).await];
    let codes: BTreeSet<&str> = codes.iter().map(String::as_str).collect();
    assert_eq!(codes, BTreeSet::from(["insufficient_bank_balance", "payment_open"]));
}

#[tokio::test]
async fn a_card_of_two_persons_is_paid_once() {
    let story = Story::begin().await;
    story.bob_shares_the_bank_account(card_account("card", "4421", "3155.00")).await;
    story.set_available("ann", "8000.00");
    story.set_available("bob", "8000.00");
    story.set_up("bob", &story.cards_of("bob")[0], ANNS_NUMBER).await;
    story.pass_threshold();
    story.until("one of them pays", |now| now.payment().is_some()).await;
    story.let_days_pass(2).await;
    assert_eq!(story.debited(), ["1655.00"]);
}

#[tokio::test]
async fn a_card_that_was_renamed_and_linked_again_is_not_paid_twice_to_one_number() {
    let story = Story::begin().await;
    story.pass_threshold();
    story.until_debited().await;
    let renamed = json!({ "name": "Travel Card", "official_name": "Travel Rewards Card" });
    story.change("ann", "card", &renamed);
    story.remove(ISSUER).await;
    story.link("ann", ISSUER).await;
    let [first, renamed] = story.cards_of("ann").try_into().unwrap();
    let path = format!("/cards/{}/autopay", renamed.id);
    let refusal = story.refusal(Method::PUT, &path, json!({ "card_number": ANNS_NUMBER })).await;
    assert!(refusal.contains("card_number_of_other_card") && refusal.contains(&first.id.to_string()), "{refusal}");
    assert_eq!(story.say(&renamed, &first, true).await["card_id"], json!(first.id));
    assert_eq!(story.say(&renamed, &first, true).await["card_id"], json!(first.id), "said again");
    let [card] = story.cards_of("ann").try_into().unwrap();
    assert_eq!((card.id, card.name.as_str(), card.payments.len()), (first.id, "Travel Card", 1));
    // Removing its link revoked what was agreed to, and stopped nothing that had left.
    story.agree("ann", &card).await;
    assert_eq!(story.review("ann", &card).await, "payment_open");
    assert_eq!(story.debited(), ["1655.00"]);
}

#[tokio::test]
async fn a_card_that_only_looks_like_another_waits_for_its_holders_word() {
    let story = Story::begin().await;
    story.link("ann", ISSUER).await;
    let [first, again] = story.cards_of("ann").try_into().unwrap();
    assert_eq!((first.item_id != again.item_id, again.looks_like), (true, Some(first.id)));
    assert!(again.authorization.is_none() && again.setup.card_number.is_none());
    assert!(story.was_told("ann", "say whether it is that card or another one"));
    let path = format!("/cards/{}/autopay", again.id);
    let bank_account_id = story.bank_account().id;
    story.call("ann", Method::PUT, &path, json!({ "bank_account_id": bank_account_id })).await;
    let refusal = {
        let text = format!("/authorization-text?card_id={}&least=1.00&most=2.00", again.id);
        let text = story.call("ann", Method::GET, &text, Value::Null).await;
        let agreed = json!({
            "text_version": text["text_version"], "text_sha256": text["text_sha256"],
            "bank_account_id": bank_account_id, "range": { "least": "1.00", "most": "2.00" },
        });
        story.refusal(Method::POST, &format!("/cards/{}/authorization", again.id), agreed).await
    };
    assert!(refusal.contains("card_looks_like_another"), "{refusal}");
    assert_eq!(story.review("ann", &again).await, "card_looks_like_another");

    let told = story.say(&again, &first, false).await;
    assert_eq!((&told["card_id"], &told["looks_like"]), (&json!(again.id), &Value::Null));
    // Another card has another number.
    let refusal = story.refusal(Method::PUT, &path, json!({ "card_number": ANNS_NUMBER })).await;
    assert!(refusal.contains("card_number_of_other_card"), "{refusal}");
}

#[tokio::test]
async fn what_is_left_of_two_cards_that_cannot_be_told_apart_takes_nothing_of_the_other() {
    let story = Story::begin().await;
    let twin = json!({
        "control": "create_person", "user_id": "ann", "institution_id": ISSUER,
        "accounts": [card_account("twin", "4421", "3155.00")],
    });
    story.tell_plaid(twin);
    story.change("ann", "twin", &json!({ "name": "Everyday Card 4421" }));
    let item_id = story.link("ann", ISSUER).await;
    story.change("ann", "card", &json!({ "is_closed": true }));
    story.let_days_pass(2).await;
    let of_link = |card: &&Card| card.item_id == item_id;
    let cards = story.cards_of("ann");
    let linked: Vec<&Card> = cards.iter().filter(of_link).collect();
    assert_eq!(linked.len(), 2, "a link that shows two accounts shows two cards");
    let is_set_up = |card: &&&Card| card.authorization.is_some() || card.setup.card_number.is_some();
    assert_eq!(linked.iter().filter(is_set_up).count(), 0);
    assert_eq!(story.debited(), Vec::<String>::new());
}

#[tokio::test]
async fn a_return_of_an_old_number_does_not_bar_the_new_one() {
    let story = Story::begin().await;
    story.plan_return("R02");
    story.pass_threshold();
    story.until_debited().await;
    story.change("ann", "checking", &json!({ "numbers": { "account": "000777770001" } }));
    story.until_debit_comes_back().await;
    let account = story.bank_account();
    assert_eq!((account.account.account_last4.as_str(), account.unusable), ("0001", None));
    // What was agreed to was the old number.
    let card = story.cards_of("ann").remove(0);
    story.agree("ann", &card).await;
    story.until("it is paid from the new number", |now| now.payments.len() == 2).await;
}

#[tokio::test]
async fn a_number_that_was_closed_while_nothing_showed_it_stays_closed_when_it_is_linked_again() {
    let story = Story::begin().await;
    story.plan_return("R02");
    story.pass_threshold();
    story.until_debited().await;
    story.remove(BANK).await;
    story.until_debit_comes_back().await;
    story.link("ann", BANK).await;
    let account = story.bank_account();
    assert_eq!(
        account.unusable.map(|unusable| unusable.reason),
        Some(UnusableReason::Returned("R02".parse().unwrap()))
    );
    let card = story.cards_of("ann").remove(0);
    assert!(card.authorization.is_some_and(|authorization| authorization.revoked_at.is_some()));
    story.let_days_pass(3).await;
    assert_eq!(story.debited(), ["1655.00"]);
}

#[tokio::test]
async fn a_closed_number_bars_whoever_else_holds_it() {
    let story = Story::begin().await;
    story.bob_shares_the_bank_account(card_account("bobs", "5533", "455.00")).await;
    story.set_up("bob", &story.cards_of("bob")[0], &number_ending("5533")).await;
    story.plan_return("R02");
    story.pass_threshold();
    story.until_debit_comes_back().await;
    story.buy("bob", "bobs", "2700.00");
    story.let_days_pass(2).await;
    assert_eq!(story.debited(), ["1655.00"]);
    assert_eq!(story.review("bob", &story.cards_of("bob")[0]).await, "bank_account_unusable");
}

#[tokio::test]
async fn removing_the_bank_ends_what_was_agreed_to_for_its_account() {
    let story = Story::begin().await;
    story.remove(BANK).await;
    story.link("ann", BANK).await;
    story.pass_threshold();
    story.let_days_pass(2).await;
    assert_eq!(story.debited(), Vec::<String>::new());
    story.agree("ann", &story.cards_of("ann")[0]).await;
    story.until("it is paid again", |now| now.payment().is_some()).await;
}

#[tokio::test]
async fn a_link_with_more_cards_than_one_write_holds_is_read_to_its_end() {
    let story = Story::begin().await;
    let many: Vec<Value> = (0..120)
        .map(|number| card_account(&format!("card{number}"), &format!("{:04}", 1000 + number), "10.00"))
        .collect();
    story.tell_plaid(json!({
        "control": "create_person", "user_id": "cleo", "institution_id": ISSUER, "accounts": many,
    }));
    story.link("cleo", ISSUER).await;
    assert_eq!(story.cards_of("cleo").len(), 120);
    let items = story.standing().items;
    let item = items.iter().find(|item| item.person_id == story.id_of("cleo")).unwrap();
    assert!(item.read_at.is_some() && item.cards.len() == 120);
}

/// The bank answers each question with a balance of six hours ago.
#[tokio::test]
async fn a_bank_that_gives_only_old_balances_is_not_asked_for_ever_and_its_holder_is_told() {
    let story = Story::begin().await;
    let six_hours_ago = story.simulation.now().saturating_sub(SignedDuration::from_hours(6)).unwrap();
    story.change("ann", "checking", &json!({ "balances": { "last_updated_datetime": six_hours_ago } }));
    let asked = || {
        let counters = story.simulation.providers.plaid.counters();
        counters.calls_by_path.get("/accounts/balance/get").copied().unwrap_or_default()
    };
    story.pass_threshold();
    story
        .until("a review asks the bank", |now| now.reviews.iter().any(|review| review.code == "bank_balance_old"))
        .await;
    let before = asked();
    story.simulation.let_pass(SignedDuration::from_hours(24)).await.unwrap();
    assert!(asked() - before <= 4, "{} calls in a day", asked() - before);
    assert!(story.was_told("ann", "your bank gives the balance"));
    assert_eq!(story.debited(), Vec::<String>::new());
}
