use super::*;

#[test]
fn a_wrong_control_call_is_refused_and_says_why() {
    let mut story = Story::new();
    let cases = [
        ("no-such-call", json!({}), 400),
        (
            "create-person",
            json!({"user_id": "x", "institution_id": "ins_3", "accounts": [{"key": "a", "nme": "typo"}]}),
            400,
        ),
        ("create-person", json!({"user_id": "x", "institution_id": "ins_404", "accounts": []}), 400),
        ("set-account", json!({"user_id": "pat", "account": "none", "change": {}}), 400),
        ("set-account", json!({"user_id": "pat", "account": "card", "change": {"balances": {"curent": 1}}}), 400),
        ("set-account", json!({"user_id": "pat", "account": "card", "change": {"key": "other"}}), 400),
        ("require-login", json!({"item_id": "none"}), 400),
    ];
    for (name, fields, status) in cases {
        let request = Request::new("POST", &format!("/__control/{name}")).with_body(fields.to_string().as_bytes());
        let (actual, body) = story.send(&request);
        assert!(actual == status && !body["error_message"].as_str().unwrap().is_empty(), "{name}: {body}");
    }
    assert_eq!(story.send(&Request::new("POST", "/__control/outage").with_body(b"{")).0, 400);
}

#[test]
fn items_and_counters_can_be_looked_at() {
    let mut story = Story::new();
    let linked = story.link_card();
    let items = story.send(&Request::new("GET", "/__control/items")).1["items"].clone();
    assert_eq!((&items[0]["item_id"], &items[0]["user_id"]), (&json!(linked.item_id), &json!("pat")));
    assert_eq!(items[0]["accounts"][0]["account"], "card");
    let counters = story.send(&Request::new("GET", "/__control/counters")).1;
    assert_eq!((&counters["calls"], &counters["items"]), (&json!(2), &json!(1)));
    assert_eq!(counters["calls_by_path"]["/link/token/create"], 1);
}

#[test]
fn a_plaid_ahead_of_the_clock_tells_its_due_times_on_the_clock() {
    let mut story = Story::new();
    story.link_card();
    story.control("advance", json!({"seconds": 3}));
    assert_eq!(story.plaid.next_due(), Some(at("2026-03-02T18:04:06Z")));
    story.later(1);
    assert_eq!(story.told(), ["TRANSACTIONS INITIAL_UPDATE"]);
    assert_eq!(story.plaid.latest_time(), story.now);
}

#[test]
fn the_sandbox_fires_what_it_is_asked_for_and_says_why_not() {
    let mut story = Story::new();
    let linked = story.link(CARD_BANK, &["liabilities"]);
    let fire = |kind: Option<&str>, code: &str| {
        let mut fields = json!({"access_token": linked.token, "webhook_code": code});
        if let Some(kind) = kind {
            fields["webhook_type"] = json!(kind);
        }
        fields
    };
    let path = "/sandbox/item/fire_webhook";
    for (kind, code) in [
        (Some("LIABILITIES"), "DEFAULT_UPDATE"),
        (Some("ITEM"), "LOGIN_REPAIRED"),
        (None, "PENDING_DISCONNECT"),
        (None, "NEW_ACCOUNTS_AVAILABLE"),
        (None, "USER_PERMISSION_REVOKED"),
        (None, "USER_ACCOUNT_REVOKED"),
        (None, "ERROR"),
    ] {
        assert_eq!(story.ok(path, fire(kind, code))["webhook_fired"], true, "{code}");
        assert!(story.told()[0].ends_with(code), "{code}");
    }
    assert_eq!(story.code(path, fire(Some("TRANSACTIONS"), "DEFAULT_UPDATE")), "SANDBOX_PRODUCT_NOT_ENABLED");
    assert_eq!(story.code(path, fire(Some("ASSETS"), "PRODUCT_READY")), "INVALID_FIELD");
    story.ok("/item/webhook/update", json!({"access_token": linked.token}));
    assert_eq!(story.code(path, fire(Some("ITEM"), "LOGIN_REPAIRED")), "SANDBOX_WEBHOOK_INVALID");
}

#[test]
fn a_reset_login_is_told_and_repaired_in_update_mode_without_a_webhook() {
    let mut story = Story::new();
    let linked = story.link(CARD_BANK, &["liabilities"]);
    let fields = json!({"access_token": linked.token});
    assert_eq!(story.ok("/sandbox/item/reset_login", fields.clone())["reset_login"], true);
    assert_eq!(story.told(), ["ITEM ERROR"]);
    assert_eq!(story.code("/accounts/get", fields.clone()), "ITEM_LOGIN_REQUIRED");
    let update = json!({
        "client_name": "Clearway", "language": "en", "country_codes": ["US"], "user": {"client_user_id": "u-1"},
        "access_token": linked.token,
    });
    let created = story.ok("/link/token/create", update);
    assert_eq!(created["expiration"], "2026-03-02T18:34:05Z");
    let finished = story.control("finish-link", json!({"link_token": created["link_token"]}));
    assert_eq!((&finished["item_id"], &finished["public_token"]), (&json!(linked.item_id), &Value::Null));
    assert_eq!((story.call("/accounts/get", &fields).0, story.told()), (200, Vec::new()));
}
