use super::*;

#[test]
fn an_item_tells_what_it_is_and_what_happened_to_it() {
    let mut story = Story::new();
    let linked = story.link_card();
    let body = story.ok("/item/get", json!({"access_token": linked.token}));
    let item = &body["item"];
    assert_eq!((&item["item_id"], &item["institution_id"]), (&json!(linked.item_id), &json!(CARD_BANK)));
    assert_eq!(item["billed_products"], json!(["liabilities", "transactions"]));
    assert_eq!(item["available_products"], json!(["balance", "auth", "identity"]));
    assert_eq!((&item["error"], &body["status"]["last_webhook"]), (&Value::Null, &Value::Null));
    story.set("card", json!({"balances": {"current": 900}}));
    let body = story.ok("/item/get", json!({"access_token": linked.token}));
    assert_eq!(body["status"]["last_webhook"]["code_sent"], "DEFAULT_UPDATE");
}

#[test]
fn while_a_login_is_required_data_are_refused_and_the_item_says_why() {
    for (cached, expected) in [(false, 400), (true, 200)] {
        let mut story = Story::with(Settings { cached_while_login_required: cached, ..Settings::default() });
        let linked = story.link_card();
        story.control("require-login", json!({"item_id": linked.item_id, "reason": "OAUTH_CONSENT_EXPIRED"}));
        let fields = json!({"access_token": linked.token});
        assert_eq!(story.call("/accounts/get", &fields).0, expected);
        assert_eq!(story.call("/liabilities/get", &fields).0, expected);
        assert_eq!(story.code("/accounts/balance/get", fields.clone()), "ITEM_LOGIN_REQUIRED");
        assert_eq!(story.code("/transactions/sync", fields.clone()), "ITEM_LOGIN_REQUIRED");
        let error = story.ok("/item/get", fields)["item"]["error"].clone();
        assert_eq!(error["error_code_reason"], "OAUTH_CONSENT_EXPIRED");
        let told = story.receive();
        assert_eq!((told.len(), &told[0]["error"]["status"]), (1, &json!(400)));
    }
}

#[test]
fn an_item_repaired_elsewhere_says_so_and_shows_what_changed_meanwhile() {
    let mut story = Story::new();
    let linked = story.link_card();
    story.control("require-login", json!({"item_id": linked.item_id}));
    story.set("card", json!({"balances": {"current": 1000}}));
    assert_eq!(story.told(), ["ITEM ERROR"]);
    story.control("repair-login", json!({"item_id": linked.item_id}));
    assert_eq!(story.told(), ["ITEM LOGIN_REPAIRED", "LIABILITIES DEFAULT_UPDATE"]);
    let accounts = story.ok("/accounts/get", json!({"access_token": linked.token}));
    assert_eq!(accounts["accounts"][0]["balances"]["current"], 1000);
}

#[test]
fn a_removed_item_is_not_found_any_more_and_tells_nothing() {
    let mut story = Story::new();
    let linked = story.link_card();
    let fields = json!({"access_token": linked.token});
    story.ok("/item/remove", fields.clone());
    for path in ["/item/get", "/accounts/get", "/liabilities/get", "/item/remove"] {
        assert_eq!(story.code(path, fields.clone()), "ITEM_NOT_FOUND", "{path}");
    }
    story.set("card", json!({"balances": {"current": 1000}}));
    story.later(3_600);
    assert_eq!(story.told(), Vec::<String>::new());
}

#[test]
fn a_revoked_permission_ends_everything_but_the_removal() {
    let mut story = Story::new();
    let linked = story.link_card();
    story.control("revoke-permission", json!({"item_id": linked.item_id}));
    let fields = json!({"access_token": linked.token});
    for path in ["/accounts/get", "/liabilities/get", "/accounts/balance/get", "/transactions/sync"] {
        assert_eq!(story.code(path, fields.clone()), "USER_PERMISSION_REVOKED", "{path}");
    }
    assert_eq!(story.ok("/item/get", fields.clone())["item"]["error"]["error_code"], "USER_PERMISSION_REVOKED");
    assert_eq!(story.told(), ["ITEM USER_PERMISSION_REVOKED"]);
    story.ok("/item/remove", fields);
}

#[test]
fn a_revoked_account_disappears_from_its_item_alone() {
    let mut story = Story::new();
    story.control("create-person", json!({"user_id": "pat", "institution_id": CARD_BANK, "accounts": [second_card()]}));
    let (first, second) = (story.link_card(), story.link_card());
    story.control("revoke-account", json!({"item_id": first.item_id, "account": "second"}));
    let count = |body: Value| body["accounts"].as_array().unwrap().len();
    assert_eq!(count(story.ok("/accounts/get", json!({"access_token": first.token}))), 1);
    assert_eq!(count(story.ok("/accounts/get", json!({"access_token": second.token}))), 2);
    assert_eq!(story.told(), ["ITEM USER_ACCOUNT_REVOKED"]);
}

fn second_card() -> Value {
    let mut second = card();
    second["key"] = json!("second");
    second
}

#[test]
fn an_account_opened_later_is_announced_and_shared_only_by_choice() {
    let mut story = Story::new();
    let linked = story.link_card();
    story.control("create-person", json!({"user_id": "pat", "institution_id": CARD_BANK, "accounts": [second_card()]}));
    assert_eq!(story.told(), ["ITEM NEW_ACCOUNTS_AVAILABLE"]);
    let accounts = story.ok("/accounts/get", json!({"access_token": linked.token}))["accounts"].clone();
    assert_eq!(accounts.as_array().unwrap().len(), 1);
    let update = json!({
        "client_name": "Clearway", "language": "en", "country_codes": ["US"], "user": {"client_user_id": "u-1"},
        "access_token": linked.token, "update": {"account_selection_enabled": true},
    });
    let link_token = story.ok("/link/token/create", update)["link_token"].clone();
    story.control("finish-link", json!({"link_token": link_token, "accounts": ["card", "second"]}));
    let after = story.ok("/accounts/get", json!({"access_token": linked.token}))["accounts"].clone();
    assert_eq!((after.as_array().unwrap().len(), &after[0]["account_id"]), (2, &accounts[0]["account_id"]));
}

#[test]
fn a_new_webhook_address_is_acknowledged_there() {
    let mut story = Story::new();
    let linked = story.link_card();
    let url = "https://pay.example.com/other";
    let body = story.ok("/item/webhook/update", json!({"access_token": linked.token, "webhook": url}));
    assert_eq!(body["item"]["webhook"], url);
    let webhook = story.plaid.due_deliveries(story.now, 1).remove(0);
    assert_eq!(webhook.url, url);
    assert!(webhook.body.contains("WEBHOOK_UPDATE_ACKNOWLEDGED"));
    story.ok("/item/webhook/update", json!({"access_token": linked.token, "webhook": null}));
    story.set("card", json!({"balances": {"current": 1000}}));
    assert_eq!(story.told(), Vec::<String>::new());
}

#[test]
fn a_consent_that_ends_is_announced_seven_days_before_and_renewed_in_update_mode() {
    let mut story = Story::with(Settings { consent_lasts_days: Some(10), ..Settings::default() });
    let linked = story.link(CARD_BANK, &["liabilities"]);
    story.advance_to("2026-03-05T18:04:04Z");
    assert_eq!(story.told(), Vec::<String>::new());
    story.advance_to("2026-03-05T18:04:05Z");
    let notice = story.receive().remove(0);
    assert_eq!(
        (&notice["webhook_code"], &notice["disconnect_time"]),
        (&json!("PENDING_DISCONNECT"), &json!("2026-03-12T18:04:05Z"))
    );
    story.advance_to("2026-03-12T18:04:05Z");
    assert_eq!(story.told(), Vec::<String>::new());
    assert_eq!(story.code("/accounts/get", json!({"access_token": linked.token})), "ITEM_LOGIN_REQUIRED");
    let update = json!({
        "client_name": "Clearway", "language": "en", "country_codes": ["US"], "user": {"client_user_id": "u-1"},
        "access_token": linked.token,
    });
    let link_token = story.ok("/link/token/create", update)["link_token"].clone();
    story.control("finish-link", json!({"link_token": link_token}));
    let item = story.ok("/item/get", json!({"access_token": linked.token}))["item"].clone();
    assert_eq!((&item["error"], &item["consent_expiration_time"]), (&Value::Null, &json!("2026-03-22T18:04:05Z")));
}

#[test]
fn a_look_that_finds_nothing_new_dates_the_data_and_is_told_to_nobody() {
    let mut story = Story::with(Settings { looks_every_s: Some(86_400), ..Settings::default() });
    let linked = story.link_card();
    story.later(120);
    story.receive();
    story.advance_to("2026-03-04T18:04:05Z");
    assert_eq!(story.told(), Vec::<String>::new());
    let status = story.ok("/item/get", json!({"access_token": linked.token}))["status"].clone();
    assert_eq!(status["transactions"]["last_successful_update"], "2026-03-04T18:04:05Z");
}
