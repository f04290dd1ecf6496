use super::*;

#[tokio::test]
async fn another_person_finds_nothing_of_mine() {
    let scene = Scene::usual();
    let (card_id, item_id) = scene.ready().await;
    let bank_account_id = scene.bank_account_id().await;
    scene.review(&card_id).await;
    let payment_id = scene.payments(&card_id).await[0]["payment_id"].as_str().unwrap().to_owned();
    let agreed = json!({"text_version": 1, "text_sha256": "00", "bank_account_id": bank_account_id, "range": {"least": "1.00", "most": "2.00"}});
    let (none, rule) = (json!({}), json!({"caps": {}}));
    let card = format!("/cards/{card_id}");
    for (method, path, body) in [
        (Method::GET, format!("/items/{item_id}"), None),
        (Method::DELETE, format!("/items/{item_id}"), None),
        (Method::POST, format!("/items/{item_id}/repaired"), None),
        (Method::POST, "/link-tokens".to_owned(), Some(&json!({"repair": {"item_id": item_id}}))),
        (Method::GET, card.clone(), None),
        (Method::PUT, format!("{card}/autopay"), Some(&rule)),
        (Method::GET, format!("/authorization-text?card_id={card_id}&least=1.00&most=2.00"), None),
        (Method::POST, format!("{card}/authorization"), Some(&agreed)),
        (Method::DELETE, format!("{card}/authorization"), None),
        (Method::GET, format!("{card}/reviews"), None),
        (Method::POST, format!("{card}/review"), Some(&none)),
        (Method::GET, format!("{card}/payments"), None),
        (Method::POST, format!("{card}/payments/{payment_id}/posted"), None),
        (Method::POST, format!("{card}/payments/{payment_id}/cancel"), None),
    ] {
        let told = scene.ask_as("mallory", method.clone(), &path, body).await;
        assert_eq!(told.refusal(), (404, "not_found"), "{method} {path}");
    }
    for list in ["/items", "/cards", "/bank-accounts"] {
        assert_eq!(scene.ask_as("mallory", Method::GET, list, None).await.body, json!({"items": []}), "{list}");
    }
}

#[tokio::test]
async fn what_no_link_has_handed_over_is_refused() {
    let scene = Scene::usual();
    for public_token in ["", " ", "two words", "\u{e4}", &"a".repeat(501)] {
        let linked = json!({"public_token": public_token, "holder_name": "Pat Example"});
        let told = scene.ask_as("pat", Method::POST, "/items", Some(&linked)).await;
        assert_eq!(told.refusal(), (422, "public_token_invalid"), "{public_token:?}");
    }
    let linked = json!({"public_token": "public-sandbox-of-nobody", "holder_name": "Pat Example"});
    let told = scene.ask_as("pat", Method::POST, "/items", Some(&linked)).await;
    assert_eq!(told.refusal(), (409, "link_again"));
}

#[tokio::test]
async fn a_card_linked_twice_is_the_same_card_once_its_holder_says_so_and_the_newer_link_reads_it() {
    let scene = Scene::usual();
    let (card_id, first) = scene.ready().await;
    scene.world.clock.advance(Duration::from_secs(60));
    let second = scene.link().await;
    assert_ne!(first, second);
    let cards = scene.get("/cards").await.body["items"].as_array().unwrap().clone();
    let again = cards.iter().find(|card| card["item_id"] == json!(second)).unwrap();
    assert_eq!((&again["looks_like"], missing(again)[0]), (&json!(card_id), "same_or_another"));
    let path = format!("/cards/{}/identity", again["card_id"].as_str().unwrap());
    for _ in 0..2 {
        let said = scene.put(&path, &json!({"card_id": card_id, "is_same": true})).await;
        assert_eq!((said.status, &said.body["card_id"]), (200, &json!(card_id)), "{}", said.body);
    }
    let card = scene.only_card().await;
    assert_eq!((card["card_id"].as_str(), card["item_id"].as_str()), (Some(card_id.as_str()), Some(second.as_str())));
    assert_eq!(missing(&card), Vec::<&str>::new(), "what was set up stands");
    scene.read(&first).await;
    assert_eq!(scene.only_card().await["item_id"], json!(second));
}

#[tokio::test]
async fn a_broken_login_stops_decisions_until_it_is_repaired() {
    let scene = Scene::usual();
    let (card_id, item_id) = scene.ready().await;
    scene.control("require-login", json!({"item_id": item_id}));
    scene.read(&item_id).await;
    assert_eq!(scene.get(&format!("/items/{item_id}")).await.body["state"]["name"], "login_required");
    assert_eq!(scene.review(&card_id).await["code"], "link_broken");
    assert!(scene.notices().await.contains(&"login_required".to_owned()));

    let token = scene.post("/link-tokens", &json!({"repair": {"item_id": item_id}})).await.text("link_token");
    scene.control("finish-link", json!({"link_token": token}));
    let repaired = scene.post(&format!("/items/{item_id}/repaired"), &json!({})).await.body;
    assert_eq!(repaired["state"]["name"], "healthy");
    assert_eq!(scene.review(&card_id).await["action"], "pay");
}

#[tokio::test]
async fn a_removed_link_pays_nothing_more_and_its_token_is_given_back() {
    let scene = Scene::usual();
    let (card_id, item_id) = scene.ready().await;
    let removed = scene.delete(&format!("/items/{item_id}")).await;
    assert_eq!((removed.status, &removed.body["state"]["name"]), (200, &json!("removed")));
    assert_eq!(scene.item(&item_id).await.sealed_access_token, None);
    assert_eq!(scene.calls("/item/remove"), 1);
    assert_eq!(scene.delete(&format!("/items/{item_id}")).await.status, 200);
    assert_eq!(scene.calls("/item/remove"), 1);
    assert_eq!(scene.review(&card_id).await["action"], "skip");
    assert_eq!(scene.get("/bank-accounts").await.body["items"][0]["unusable"], "withdrawn");
}

#[tokio::test]
async fn what_was_paid_and_decided_is_shown_after_the_link_is_removed() {
    let scene = Scene::usual();
    let (card_id, item_id) = scene.ready().await;
    scene.review(&card_id).await;
    let reviews = scene.get(&format!("/cards/{card_id}/reviews")).await.body;
    let payments = scene.payments(&card_id).await;
    scene.delete(&format!("/items/{item_id}")).await;
    assert_eq!(scene.get(&format!("/cards/{card_id}/reviews")).await.body, reviews);
    assert_eq!(scene.payments(&card_id).await, payments);
    assert_eq!((scene.get(&format!("/items/{item_id}")).await.status, payments.len()), (200, 1));
}

#[tokio::test]
async fn a_bank_without_cards_is_never_asked_for_bills() {
    let scene = Scene::with(&json!([checking(4_000)]));
    let item_id = scene.link().await;
    scene.read(&item_id).await;
    assert_eq!(scene.calls("/liabilities/get"), 0);
    assert_eq!(scene.get("/bank-accounts").await.body["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_link_is_read_again_by_itself_when_it_is_due_and_no_sooner() {
    let scene = Scene::usual();
    let item_id = scene.link().await;
    let readings = scene.calls("/liabilities/get");
    let deadline = scene.world.deadline_in(120);
    reading::sync_item(&scene.world.system, &item_id, deadline).await.unwrap();
    assert_eq!(scene.calls("/liabilities/get"), readings, "nothing is new");
    scene.tasks();
    scene.world.clock.advance(Duration::from_secs(13 * 3_600));
    due::run(&scene.world.system).await.unwrap();
    assert_eq!(scene.tasks(), [Task::ReadItem { item_id: item_id.clone() }]);
    scene.read(&item_id).await;
    assert_eq!(scene.calls("/liabilities/get"), readings + 1);
    assert_eq!(scene.calls("/auth/get"), 1, "numbers are asked for once");
}

#[tokio::test]
async fn while_somebody_reads_a_link_nobody_else_does() {
    let scene = Scene::usual();
    let item_id = scene.link().await;
    let readings = scene.calls("/liabilities/get");
    let mut item = scene.item(&item_id).await;
    let until = scene.world.clock.elapsed_now().checked_add(Duration::from_secs(60)).unwrap();
    item.reading_until = Some(until);
    scene.world.system.table.write(vec![replace(&mut item).unwrap()]).await.unwrap();
    scene.read(&item_id).await;
    assert_eq!(scene.calls("/liabilities/get"), readings);
    // Whoever it was never came back.
    scene.world.clock.advance(Duration::from_secs(61));
    scene.read(&item_id).await;
    assert_eq!(scene.calls("/liabilities/get"), readings + 1);
}

#[tokio::test]
async fn an_institution_that_is_down_is_asked_again_later_and_nothing_is_paid_meanwhile() {
    let scene = Scene::usual();
    let (card_id, item_id) = scene.ready().await;
    let fault =
        json!({"fault": {"kind": "refuse", "code": "INSTITUTION_DOWN"}, "count": 1, "path_prefix": "/liabilities"});
    scene.control("fault-calls", fault);
    scene.read(&item_id).await;
    assert_eq!(scene.get(&format!("/items/{item_id}")).await.body["state"]["name"], "institution_down");
    assert_eq!(scene.review(&card_id).await["code"], "link_broken");
    scene.read(&item_id).await;
    assert_eq!(scene.get(&format!("/items/{item_id}")).await.body["state"]["name"], "healthy");
    assert_eq!(scene.review(&card_id).await["action"], "pay");
}

#[tokio::test]
async fn a_withdrawn_permission_ends_the_link_and_its_bank_account() {
    let scene = Scene::usual();
    let (card_id, item_id) = scene.ready().await;
    scene.control("revoke-permission", json!({"item_id": item_id}));
    scene.read(&item_id).await;
    assert_eq!(scene.get(&format!("/items/{item_id}")).await.body["state"]["name"], "revoked");
    assert!(scene.notices().await.contains(&"link_revoked".to_owned()));
    assert_eq!(scene.review(&card_id).await["action"], "skip");
    assert_eq!(scene.get("/bank-accounts").await.body["items"][0]["unusable"], "withdrawn");
}

#[tokio::test]
async fn a_token_that_plaid_cannot_take_back_now_is_given_back_later() {
    let scene = Scene::usual();
    let item_id = scene.link().await;
    let fault =
        json!({"fault": {"kind": "refuse", "code": "INSTITUTION_DOWN"}, "count": 1, "path_prefix": "/item/remove"});
    scene.control("fault-calls", fault);
    assert_eq!(scene.delete(&format!("/items/{item_id}")).await.body["state"]["name"], "removed");
    assert!(scene.item(&item_id).await.sealed_access_token.is_some());
    scene.tasks();
    scene.world.clock.advance(Duration::from_secs(16 * 60));
    due::run(&scene.world.system).await.unwrap();
    assert_eq!(scene.tasks(), [Task::ReadItem { item_id: item_id.clone() }]);
    let deadline = scene.world.deadline_in(120);
    reading::sync_item(&scene.world.system, &item_id, deadline).await.unwrap();
    assert_eq!(scene.item(&item_id).await.sealed_access_token, None);
}

#[tokio::test]
async fn a_holder_whom_no_check_can_name_is_refused_before_anything_is_linked() {
    let scene = Scene::usual();
    for name in ["", " \u{a0}\u{200b}", "Pat\nExample", "李小龙", "-", &"x".repeat(41), &"é".repeat(100)] {
        let new = json!({"public_token": "public-sandbox-1", "holder_name": name});
        let refused = scene.ask_as("pat", Method::POST, "/items", Some(&new)).await;
        assert_eq!(refused.refusal(), (422, "holder_name_invalid"), "{name:?}");
    }
    assert_eq!(scene.calls("/item/public_token/exchange"), 0);
}
