//! Answers and webhooks against the official shapes, when the folder with them is named by `CLEARWAY_SCHEMAS`.

use super::*;

/// The schemas of Plaid, or `None` (said aloud) when they are not there.
fn schemas() -> Option<Value> {
    let Some(folder) = std::env::var_os("CLEARWAY_SCHEMAS") else {
        println!("left out: CLEARWAY_SCHEMAS does not name the folder with the official shapes");
        return None;
    };
    let path = std::path::Path::new(&folder).join("plaid.schema.json");
    Some(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
}

fn differences(schemas: &Value, name: &str, instance: &Value) -> Vec<String> {
    let definition = schemas["roots"][name].as_str().unwrap_or_else(|| panic!("no shape is called {name}"));
    let schema =
        json!({"$schema": schemas["$schema"], "$ref": format!("#/$defs/{definition}"), "$defs": schemas["$defs"]});
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    validator.iter_errors(instance).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn check(schemas: &Value, name: &str, instance: &Value) {
    assert_eq!(differences(schemas, name, instance), Vec::<String>::new(), "{name}");
}

#[test]
fn a_missing_field_a_wrong_type_and_a_wrong_time_are_noticed() {
    let Some(schemas) = schemas() else { return };
    let name = "POST /link/token/create response_200";
    let good = json!({"link_token": "link-sandbox-1", "expiration": "2026-03-02T18:04:05Z", "request_id": "a"});
    check(&schemas, name, &good);
    for (field, value) in [("link_token", Value::Null), ("expiration", json!("soon")), ("request_id", json!(1))] {
        let mut wrong = good.clone();
        wrong[field] = value;
        assert_eq!(differences(&schemas, name, &wrong).len(), 1, "{field}");
    }
}

/// Calls in an order in which each succeeds.
fn calls(story: &mut Story) -> Vec<(&'static str, Value)> {
    let card = story.link(CARD_BANK, &["liabilities", "transactions"]);
    let bank = story.link(BANK, &["auth"]);
    let link_token = story.link_token(&["liabilities"]);
    let finish = json!({"link_token": link_token, "user_id": "pat", "institution_id": CARD_BANK});
    let public_token = story.control("finish-link", finish)["public_token"].clone();
    story.control("purchase", json!({"user_id": "pat", "account": "card", "amount": "12.345", "is_pending": true}));
    story.later(60);
    story.receive();
    story.set("card", json!({"credit": {"is_overdue": true}}));
    let webhook = story.plaid.due_deliveries(story.now, 1).remove(0);
    let header = webhook.verification.unwrap().split('.').next().unwrap().to_owned();
    let header = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, header).unwrap();
    let kid = serde_json::from_slice::<Value>(&header).unwrap()["kid"].clone();
    let of_card = json!({"access_token": card.token});
    vec![
        (
            "/institutions/get_by_id",
            json!({"institution_id": "ins_3", "country_codes": ["US"], "options": {"include_optional_metadata": true}}),
        ),
        ("/webhook_verification_key/get", json!({"key_id": kid})),
        ("/item/public_token/exchange", json!({"public_token": public_token})),
        ("/item/get", of_card.clone()),
        ("/accounts/get", of_card.clone()),
        ("/accounts/balance/get", of_card.clone()),
        ("/liabilities/get", of_card.clone()),
        ("/transactions/sync", of_card.clone()),
        ("/auth/get", json!({"access_token": bank.token})),
        ("/item/webhook/update", json!({"access_token": card.token, "webhook": HOOK})),
        ("/sandbox/item/fire_webhook", json!({"access_token": card.token, "webhook_code": "LOGIN_REPAIRED"})),
        ("/sandbox/item/reset_login", of_card.clone()),
        ("/item/get", of_card.clone()),
        (
            "/sandbox/public_token/create",
            json!({"institution_id": "ins_5", "initial_products": ["auth"], "options": {"webhook": HOOK}}),
        ),
        (
            "/link/token/create",
            json!({
                "client_name": "Clearway", "language": "en", "country_codes": ["US"], "user": {"client_user_id": "u-1"},
                "access_token": card.token, "update": {"account_selection_enabled": true},
            }),
        ),
        ("/item/remove", json!({"access_token": card.token, "reason_code": "OTHER"})),
    ]
}

#[test]
fn answers_have_the_official_shapes() {
    let Some(schemas) = schemas() else { return };
    let mut story = Story::new();
    for (path, fields) in calls(&mut story) {
        check(&schemas, &format!("POST {path} request"), &fields);
        let answer = story.ok(path, fields);
        check(&schemas, &format!("POST {path} response_200"), &answer);
    }
}

#[test]
fn every_field_of_the_official_requests_is_known() {
    let Some(schemas) = schemas() else { return };
    let paths = [
        "/item/get",
        "/item/remove",
        "/item/webhook/update",
        "/webhook_verification_key/get",
        "/sandbox/item/fire_webhook",
        "/sandbox/item/reset_login",
        "/liabilities/get",
        "/accounts/get",
        "/accounts/balance/get",
        "/auth/get",
        "/transactions/sync",
        "/item/public_token/exchange",
    ];
    for path in paths {
        let definition = schemas["roots"][format!("POST {path} request")].as_str().unwrap();
        for field in schemas["$defs"][definition]["properties"].as_object().unwrap().keys() {
            let (_, body) = Story::new().call(path, &json!({field.as_str(): "x"}));
            assert_ne!(body["error_code"], "UNKNOWN_FIELDS", "{path} {field}");
        }
    }
}

#[test]
fn errors_have_the_official_shape_wherever_they_stand() {
    let Some(schemas) = schemas() else { return };
    let mut story = Story::new();
    let linked = story.link_card();
    for code in ["ITEM_LOGIN_REQUIRED", "INSTITUTION_DOWN", "RATE_LIMIT", "INTERNAL_SERVER_ERROR", "A_CODE_OF_TOMORROW"]
    {
        story.control("fault-calls", json!({"fault": {"kind": "refuse", "code": code}, "count": 1}));
        let (_, body) = story.call("/accounts/get", &json!({"access_token": linked.token}));
        check(&schemas, "error", &body);
    }
    story.control("require-login", json!({"item_id": linked.item_id, "reason": "OAUTH_USER_REVOKED"}));
    let answer = story.ok("/item/get", json!({"access_token": linked.token}));
    check(&schemas, "POST /item/get response_200", &answer);
}

#[test]
fn webhooks_have_the_official_shapes() {
    let Some(schemas) = schemas() else { return };
    let mut story = Story::with(Settings { consent_lasts_days: Some(10), ..Settings::default() });
    let linked = story.link(CARD_BANK, &["liabilities", "transactions"]);
    story.link(BANK, &["auth"]);
    story.ok("/transactions/sync", json!({"access_token": linked.token}));
    let number =
        story.control("purchase", json!({"user_id": "pat", "account": "card", "amount": 5}))["transaction"].clone();
    story.later(60);
    story.control("remove-transaction", json!({"transaction": number}));
    story.control("purchase", json!({"user_id": "pat", "account": "card", "amount": 5}));
    story.set("checking", json!({"numbers": {"account": "9", "routing": "011401533"}}));
    story.control("create-person", json!({"user_id": "pat", "institution_id": CARD_BANK, "accounts": [{"key": "new", "name": "New", "type": "credit"}]}));
    story.ok("/item/webhook/update", json!({"access_token": linked.token, "webhook": HOOK}));
    story.ok(
        "/sandbox/item/fire_webhook",
        json!({"access_token": linked.token, "webhook_code": "RECURRING_TRANSACTIONS_UPDATE"}),
    );
    story.later(4 * 86_400);
    story.control("require-login", json!({"item_id": linked.item_id}));
    story.control("repair-login", json!({"item_id": linked.item_id}));
    story.control("revoke-account", json!({"item_id": linked.item_id, "account": "card"}));
    story.control("revoke-permission", json!({"item_id": linked.item_id}));
    let mut seen = BTreeSet::new();
    for body in story.receive() {
        let kind = format!("{} {}", body["webhook_type"].as_str().unwrap(), body["webhook_code"].as_str().unwrap());
        let (_, shape) =
            SHAPES.iter().find(|(known, _)| *known == kind).unwrap_or_else(|| panic!("no shape for {kind}"));
        check(&schemas, &format!("webhook {shape}"), &body);
        seen.insert(kind);
    }
    assert_eq!(seen.len(), SHAPES.len(), "{seen:?}");
}

const SHAPES: [(&str, &str); 15] = [
    ("LIABILITIES DEFAULT_UPDATE", "LiabilitiesDefaultUpdateWebhook"),
    ("AUTH DEFAULT_UPDATE", "AuthDefaultUpdateWebhook"),
    ("TRANSACTIONS SYNC_UPDATES_AVAILABLE", "SyncUpdatesAvailableWebhook"),
    ("TRANSACTIONS INITIAL_UPDATE", "InitialUpdateWebhook"),
    ("TRANSACTIONS HISTORICAL_UPDATE", "HistoricalUpdateWebhook"),
    ("TRANSACTIONS DEFAULT_UPDATE", "DefaultUpdateWebhook"),
    ("TRANSACTIONS TRANSACTIONS_REMOVED", "TransactionsRemovedWebhook"),
    ("TRANSACTIONS RECURRING_TRANSACTIONS_UPDATE", "RecurringTransactionsUpdateWebhook"),
    ("ITEM ERROR", "ItemErrorWebhook"),
    ("ITEM LOGIN_REPAIRED", "ItemLoginRepairedWebhook"),
    ("ITEM PENDING_DISCONNECT", "PendingDisconnectWebhook"),
    ("ITEM NEW_ACCOUNTS_AVAILABLE", "NewAccountsAvailableWebhook"),
    ("ITEM USER_PERMISSION_REVOKED", "UserPermissionRevokedWebhook"),
    ("ITEM USER_ACCOUNT_REVOKED", "UserAccountRevokedWebhook"),
    ("ITEM WEBHOOK_UPDATE_ACKNOWLEDGED", "WebhookUpdateAcknowledgedWebhook"),
];
