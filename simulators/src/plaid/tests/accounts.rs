use super::*;

#[test]
fn plaid_shows_what_it_has_seen_and_a_balance_call_what_the_institution_has() {
    let mut story = Story::new();
    let linked = story.link_card();
    let change = json!({"balances": {"current": 2500}});
    story.control("set-account", json!({"user_id": "pat", "account": "card", "change": change, "seen_after_s": 3600}));
    let fields = json!({"access_token": linked.token});
    let current = |body: Value| body["accounts"][0]["balances"]["current"].clone();
    assert_eq!(current(story.ok("/accounts/get", fields.clone())), 879.45);
    assert_eq!(current(story.ok("/accounts/balance/get", fields.clone())), 2500);
    assert_eq!(current(story.ok("/accounts/get", fields.clone())), 2500);
    story.set("card", json!({"balances": {"current": 2600}}));
    assert_eq!(current(story.ok("/accounts/get", fields)), 2600);
}

#[test]
fn every_quirk_of_a_card_can_be_set() {
    let mut story = Story::new();
    let linked = story.link_card();
    let fields = json!({"access_token": linked.token});
    let quirks = [
        (json!({"balances": {"limit": null}}), "/balances/limit", Value::Null),
        (json!({"balances": {"limit": 0}}), "/balances/limit", json!(0)),
        (json!({"balances": {"available": null}}), "/balances/available", Value::Null),
        (json!({"balances": {"current": "-12.50"}}), "/balances/current", json!(-12.5)),
        (json!({"balances": {"current": "23631.9805123"}}), "/balances/current", json!(23631.9805123)),
        (json!({"balances": {"current": 9999.5}}), "/balances/current", json!(9999.5)),
        (json!({"balances": {"iso_currency_code": null}}), "/balances/iso_currency_code", Value::Null),
        (json!({"mask": null}), "/mask", Value::Null),
        (json!({"subtype": "charge card"}), "/subtype", json!("charge card")),
        (json!({"extra": {"color": "blue"}}), "/color", json!("blue")),
        (json!({"persistent_account_id": "p1"}), "/persistent_account_id", json!("p1")),
    ];
    for (change, pointer, expected) in quirks {
        story.set("card", change);
        let body = story.ok("/accounts/get", fields.clone());
        assert_eq!(body["accounts"][0].pointer(pointer), Some(&expected), "{pointer}");
    }
    story.set("card", json!({"hides_current_in_balance_call": true}));
    assert_eq!(story.ok("/accounts/balance/get", fields)["accounts"][0]["balances"]["current"], Value::Null);
}

#[test]
fn two_accounts_may_have_the_same_mask_but_not_the_same_key() {
    let mut story = Story::new();
    let twin = |key: &str| json!({"user_id": "pat", "institution_id": CARD_BANK, "accounts": [{"key": key, "name": "Twin", "mask": "4821", "type": "credit"}]});
    story.control("create-person", twin("twin"));
    let taken = Request::new("POST", "/__control/create-person").with_body(twin("checking").to_string().as_bytes());
    assert_eq!(story.send(&taken).0, 400);
    let linked = story.link_card();
    let accounts = story.ok("/accounts/get", json!({"access_token": linked.token}))["accounts"].clone();
    assert_eq!((&accounts[0]["mask"], accounts[0]["mask"] == accounts[1]["mask"]), (&json!("4821"), true));
}

#[test]
fn only_chosen_accounts_come_back_and_a_closed_one_is_gone() {
    let mut story = Story::new();
    let mut second = card();
    second["key"] = json!("second");
    story.control("create-person", json!({"user_id": "pat", "institution_id": CARD_BANK, "accounts": [second]}));
    let linked = story.link_card();
    let accounts = story.ok("/accounts/get", json!({"access_token": linked.token}))["accounts"].clone();
    let chosen = json!({"access_token": linked.token, "options": {"account_ids": [accounts[1]["account_id"]]}});
    assert_eq!(story.ok("/accounts/get", chosen.clone())["accounts"], json!([accounts[1]]));
    story.set("second", json!({"is_closed": true}));
    assert_eq!(story.ok("/accounts/get", json!({"access_token": linked.token}))["accounts"], json!([accounts[0]]));
    assert_eq!(story.code("/liabilities/get", chosen), "INVALID_ACCOUNT_ID");
}

#[test]
fn numbers_keep_their_leading_zeros_and_cards_have_none() {
    let mut story = Story::new();
    let bank = story.link(BANK, &["auth"]);
    let ach = story.ok("/auth/get", json!({"access_token": bank.token}))["numbers"]["ach"].clone();
    assert_eq!((&ach[0]["account"], &ach[0]["routing"]), (&json!("000123456789"), &json!("021000021")));
    assert_eq!((&ach[0]["wire_routing"], &ach[0]["is_tokenized_account_number"]), (&Value::Null, &json!(false)));
    let card = story.link(CARD_BANK, &["auth"]);
    assert_eq!(story.code("/auth/get", json!({"access_token": card.token})), "NO_AUTH_ACCOUNTS");
}

#[test]
fn changed_numbers_are_told_with_what_changed() {
    let mut story = Story::new();
    let bank = story.link(BANK, &["auth"]);
    story.set("checking", json!({"numbers": {"account": "999", "is_tokenized": true}}));
    let told = story.receive().remove(0);
    assert_eq!((&told["webhook_type"], &told["webhook_code"]), (&json!("AUTH"), &json!("DEFAULT_UPDATE")));
    let changes = told["account_ids_with_updated_auth"].as_object().unwrap();
    assert_eq!(changes.values().collect::<Vec<_>>(), [&json!(["ACCOUNT_NUMBER"])]);
    let ach = story.ok("/auth/get", json!({"access_token": bank.token}))["numbers"]["ach"].clone();
    assert_eq!((&ach[0]["account"], &ach[0]["is_tokenized_account_number"]), (&json!("999"), &json!(true)));
}

#[test]
fn a_product_that_was_not_consented_to_is_refused() {
    let mut story = Story::new();
    let linked = story.link(BANK, &["transactions"]);
    assert_eq!(story.code("/auth/get", json!({"access_token": linked.token})), "ADDITIONAL_CONSENT_REQUIRED");
}
