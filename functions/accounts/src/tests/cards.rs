use shared::domain::autopay::card::Card;

use super::*;

#[tokio::test]
async fn a_linked_card_says_what_is_missing_step_by_step() {
    let scene = Scene::usual();
    scene.link().await;
    let card = scene.only_card().await;
    assert_eq!(card["reading"]["balance"], "3155.00");
    assert_eq!(missing(&card), ["bank_account", "rule", "card_number", "remittance_address", "authorization"]);

    let path = format!("/cards/{}/autopay", card["card_id"].as_str().unwrap());
    scene.put(&path, &json!({"bank_account_id": scene.bank_account_id().await})).await;
    scene.know_the_issuer().await;
    assert_eq!(missing(&scene.only_card().await), ["rule", "card_number", "authorization"]);
    let slip = scene.put(&path, &json!({"card_number": "4111111111111112"})).await;
    assert_eq!(slip.refusal(), (422, "card_number_invalid"));
}

#[tokio::test]
async fn a_number_of_another_card_than_the_linked_one_is_refused() {
    let scene = Scene::usual();
    scene.link().await;
    let card = scene.only_card().await;
    let path = format!("/cards/{}/autopay", card["card_id"].as_str().unwrap());
    let other = scene.put(&path, &json!({"card_number": card_number("9999")})).await;
    assert_eq!(other.refusal(), (422, "card_number_of_another_card"));
    assert!(missing(&scene.only_card().await).contains(&"card_number"));
    assert_eq!(scene.put(&path, &json!({"card_number": card_number("4821")})).await.status, 200);
}

/// The issuer has sent a new card: its number is another by now, and nothing is paid to the old one.
#[tokio::test]
async fn a_card_that_was_replaced_is_paid_only_once_its_new_number_is_entered() {
    let scene = Scene::usual();
    let (card_id, _) = scene.ready().await;
    let table = &*scene.world.system.table;
    let key = keys::card(card_id.parse().unwrap());
    let mut card: Card = read(table, &key).await.unwrap().unwrap();
    card.mask = Some("7711".to_owned());
    table.write(vec![replace(&mut card).unwrap()]).await.unwrap();

    assert_eq!(missing(&scene.only_card().await), ["card_number"]);
    assert_eq!(scene.review(&card_id).await["code"], "setup_incomplete");
    assert_eq!(scene.payments(&card_id).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_card_above_its_threshold_opens_one_payment_with_its_reason() {
    let scene = Scene::usual();
    let (card_id, _) = scene.ready().await;
    let reviewed = scene.review(&card_id).await;
    assert_eq!((&reviewed["action"], &reviewed["amount"]), (&json!("pay"), &json!("1655.00")), "{reviewed}");
    assert!(reviewed["reason"].as_str().unwrap().contains("63.1 %"), "{reviewed}");

    let payments = scene.payments(&card_id).await;
    assert_eq!(payments.len(), 1);
    assert_eq!((&payments[0]["amount"], &payments[0]["state"]), (&json!("1655.00"), &json!("unprocessed")));
    let PaymentId::Single(uuid) = payments[0]["payment_id"].as_str().unwrap().parse().unwrap() else {
        panic!("single")
    };
    let table = &*scene.world.system.table;
    let payment: Payment = read(table, &keys::payment(PaymentId::Single(uuid))).await.unwrap().unwrap();
    let funding: Funding = read(table, &keys::funding(payment.funding_id())).await.unwrap().unwrap();
    assert_eq!(funding.account.unwrap().account.account_last4, "6789");
    assert!(scene.tasks().contains(&Task::Advance { payment_id: payment.id }));
    assert!(scene.notices().await.contains(&"payment_started".to_owned()));

    assert_eq!(scene.review(&card_id).await["code"], "payment_open");
    assert_eq!(scene.payments(&card_id).await.len(), 1);
    let codes: Vec<Value> = scene.get(&format!("/cards/{card_id}/reviews")).await.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|review| review["action"].clone())
        .collect();
    assert!(codes.contains(&json!("pay")), "{codes:?}");
}

#[tokio::test]
async fn a_payment_that_is_canceled_before_anything_left_is_over_at_once() {
    let scene = Scene::usual();
    let (card_id, _) = scene.ready().await;
    scene.review(&card_id).await;
    let payment_id = scene.payments(&card_id).await[0]["payment_id"].as_str().unwrap().to_owned();
    let path = format!("/cards/{card_id}/payments/{payment_id}/cancel");
    for _ in 0..2 {
        assert_eq!(scene.post(&path, &json!({})).await.body["state"], "canceled");
    }
    let table = &*scene.world.system.table;
    let payment: Payment = read(table, &keys::payment(payment_id.parse().unwrap())).await.unwrap().unwrap();
    let funding: Funding = read(table, &keys::funding(payment.funding_id())).await.unwrap().unwrap();
    assert_eq!(funding.leg.state, shared::domain::leg::State::Canceled);
    assert_eq!(scene.network.column.counters().transfers, 0, "the bank never heard of it");
    assert_eq!(scene.notices().await.iter().filter(|kind| *kind == "payment_canceled").count(), 1);
}

#[tokio::test]
async fn nothing_is_pulled_that_the_bank_account_cannot_bear() {
    let scene = Scene::with(&json!([card("card", "4821"), checking(1_000)]));
    let (card_id, _) = scene.ready().await;
    // What was read at linking is no longer fresh.
    scene.world.clock.advance(Duration::from_secs(2 * 3_600));
    scene.tasks();
    assert_eq!(scene.review(&card_id).await["code"], "bank_balance_stale", "a bank may take longer than a request");
    assert_eq!(scene.tasks(), [Task::Review { card_id: card_id.parse().unwrap() }]);
    let deadline = scene.world.deadline_in(120);
    let reviewed =
        review::review(&scene.world.system, card_id.parse().unwrap(), None, deadline).await.unwrap().unwrap();
    assert_eq!(reviewed.code, "insufficient_bank_balance");
    assert_eq!(scene.payments(&card_id).await, Vec::<Value>::new());
    scene.review(&card_id).await;
    assert_eq!(scene.calls("/accounts/balance/get"), 1, "a fresh balance is not paid for twice");
}

#[tokio::test]
async fn of_two_cards_on_one_bank_account_that_bears_one_only_one_is_paid() {
    let scene = Scene::with(&json!([card("first", "4821"), card("second", "4822"), checking(2_500)]));
    scene.know_the_issuer().await;
    scene.link().await;
    let cards = scene.get("/cards").await.body["items"].clone();
    let ids: Vec<&str> = cards.as_array().unwrap().iter().map(|card| card["card_id"].as_str().unwrap()).collect();
    for id in &ids {
        scene.set_up(id, "2000.00").await;
    }
    let system = &scene.world.system;
    let [first, second] = ids.as_slice() else { panic!("two cards: {cards}") };
    let both =
        [first, second].map(|id| review::review(system, id.parse().unwrap(), None, scene.world.deadline_in(120)));
    let [one, other] = both;
    let (one, other) = (one.await.unwrap().unwrap(), other.await.unwrap().unwrap());
    assert_eq!((one.code.as_str(), other.code.as_str()), ("above_threshold", "insufficient_bank_balance"));
}

#[tokio::test]
async fn two_cards_that_agree_in_everything_are_not_paid() {
    let scene = Scene::with(&json!([card("first", "4821"), card("second", "4821"), checking(2_500)]));
    scene.link().await;
    let cards = scene.get("/cards").await.body["items"].as_array().unwrap().clone();
    assert_eq!(cards.len(), 2, "two accounts of one link are two");
    assert!(cards.iter().all(|card| missing(card)[0] == "cannot_tell_cards_apart"), "{cards:?}");
}

#[tokio::test]
async fn a_debit_outside_the_range_is_announced_and_not_made() {
    let scene = Scene::usual();
    scene.know_the_issuer().await;
    scene.link().await;
    let card_id = scene.only_card().await["card_id"].as_str().unwrap().to_owned();
    scene.set_up(&card_id, "500.00").await;
    assert_eq!(scene.review(&card_id).await["action"], "announce");
    assert_eq!(scene.only_card().await["autopay"]["announced"]["debit_on"], "2026-03-12");
    assert!(scene.notices().await.contains(&"debit_announced".to_owned()));
    assert_eq!(scene.payments(&card_id).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_revoked_authorization_stops_debits_at_once_and_is_kept_with_where_it_came_from() {
    let scene = Scene::usual();
    let (card_id, _) = scene.ready().await;
    let path = format!("/cards/{card_id}/authorization");
    assert_eq!(scene.delete(&path).await.status, 200);
    assert_eq!(scene.delete(&path).await.status, 200);
    assert_eq!(scene.review(&card_id).await["code"], "authorization_revoked");
    let records = keys::authorizations_of(card_id.parse().unwrap());
    let records = scene.world.system.table.query(&Query::primary(records)).await.unwrap().items;
    let steps: Vec<&Value> = records.iter().map(|record| &record["step"]).collect();
    assert_eq!(steps.len(), 2, "{steps:?}");
    assert!(records.iter().all(|record| record["ip_address"] == "192.0.2.7"));
}

#[tokio::test]
async fn the_text_to_agree_to_names_the_bank_and_the_end_of_the_account() {
    let scene = Scene::usual();
    let (card_id, item_id) = scene.ready().await;
    let item = scene.get(&format!("/items/{item_id}")).await.body;
    let bank = item["institution_name"].as_str().unwrap();
    let asked = scene.get(&format!("/authorization-text?card_id={card_id}&least=1.00&most=2.00")).await.body;
    let text = asked["text"].as_str().unwrap();
    assert!(text.contains(&format!("my account ending in 6789 at {bank} by electronic transfer")), "{text}");
}
