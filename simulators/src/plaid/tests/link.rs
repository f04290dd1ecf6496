use super::*;

#[test]
fn a_person_links_and_the_public_token_is_exchanged_once_within_thirty_minutes() {
    let mut story = Story::new();
    let link_token = story.link_token(&["liabilities"]);
    assert!(link_token.starts_with("link-sandbox-"));
    let finish = json!({"link_token": link_token, "user_id": "pat", "institution_id": CARD_BANK});
    let finished = story.control("finish-link", finish.clone());
    let public_token = json!({"public_token": finished["public_token"]});
    let exchanged = story.ok("/item/public_token/exchange", public_token.clone());
    assert!(exchanged["access_token"].as_str().unwrap().starts_with("access-sandbox-"));
    assert_eq!(exchanged["item_id"].as_str().unwrap().len(), 37);
    assert_eq!(story.code("/item/public_token/exchange", public_token), "INVALID_PUBLIC_TOKEN");
    let late = story.control("finish-link", finish)["public_token"].clone();
    story.later(1_800);
    assert_eq!(story.code("/item/public_token/exchange", json!({"public_token": late})), "INVALID_PUBLIC_TOKEN");
}

#[test]
fn the_same_person_linked_twice_has_two_items_with_nothing_in_common() {
    let mut story = Story::new();
    let (first, second) = (story.link_card(), story.link_card());
    assert_ne!((&first.token, &first.item_id), (&second.token, &second.item_id));
    let ids: Vec<Value> = [first, second]
        .iter()
        .map(|linked| {
            story.ok("/accounts/get", json!({"access_token": linked.token}))["accounts"][0]["account_id"].clone()
        })
        .collect();
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn a_link_token_ends_after_four_hours_and_serves_once_in_production() {
    let settings = Settings { environment: Environment::Production, ..Settings::default() };
    let mut story = Story::with(settings);
    let link_token = story.link_token(&["auth"]);
    let finish = Control::FinishLink {
        link_token,
        user_id: Some("pat".to_owned()),
        institution_id: Some(BANK.to_owned()),
        accounts: None,
    };
    assert!(story.plaid.control(story.now, finish.clone()).is_ok());
    assert_eq!(story.plaid.control(story.now, finish).unwrap_err().error_code, "INVALID_LINK_TOKEN");
    let link_token = story.link_token(&["auth"]);
    assert!(link_token.starts_with("link-production-"));
    story.later(4 * 3_600);
    let late = Control::FinishLink { link_token, user_id: None, institution_id: None, accounts: None };
    assert_eq!(story.plaid.control(story.now, late).unwrap_err().error_code, "INVALID_LINK_TOKEN");
}

#[test]
fn filters_and_the_persons_choice_decide_which_accounts_are_shared() {
    let mut story = Story::new();
    let mut saving = checking();
    (saving["key"], saving["subtype"]) = (json!("saving"), json!("savings"));
    story.control("create-person", json!({"user_id": "pat", "institution_id": CARD_BANK, "accounts": [saving]}));
    let mut fields = json!({
        "client_name": "Clearway", "language": "en", "country_codes": ["US"], "user": {"client_user_id": "u-1"},
        "products": ["liabilities"], "account_filters": {"credit": {"account_subtypes": ["credit card"]}},
    });
    for (filters, expected) in [(true, json!(["Everyday Card"])), (false, json!(["Everyday Card", "Checking"]))] {
        if !filters {
            fields.as_object_mut().unwrap().remove("account_filters");
        }
        let link_token = story.ok("/link/token/create", fields.clone())["link_token"].clone();
        let finished = story
            .control("finish-link", json!({"link_token": link_token, "user_id": "pat", "institution_id": CARD_BANK}));
        let names: Vec<&Value> =
            finished["accounts"].as_array().unwrap().iter().map(|account| &account["name"]).collect();
        assert_eq!(json!(names), expected);
    }
}

#[test]
fn a_link_token_is_refused_when_something_is_missing() {
    let mut story = Story::new();
    let good = json!({
        "client_name": "Clearway", "language": "en", "country_codes": ["US"], "user": {"client_user_id": "u-1"}, "products": ["auth"],
    });
    let cases = [
        ("user", Value::Null, "MISSING_FIELDS"),
        ("products", Value::Null, "MISSING_FIELDS"),
        ("products", json!(["balance"]), "INVALID_PRODUCT"),
        ("country_codes", json!(["GB"]), "INVALID_FIELD"),
        ("webhook", json!("pay.example.com"), "INVALID_FIELD"),
        ("access_token", json!("access-sandbox-none"), "INVALID_ACCESS_TOKEN"),
        ("clientname", json!("x"), "UNKNOWN_FIELDS"),
    ];
    for (field, value, code) in cases {
        let mut fields = good.clone();
        fields[field] = value;
        assert_eq!(story.code("/link/token/create", fields), code, "{field}");
    }
}

#[test]
fn the_sandbox_links_without_a_person_at_the_screen() {
    let mut story = Story::new();
    let fields =
        json!({"institution_id": "ins_109508", "initial_products": ["liabilities"], "options": {"webhook": HOOK}});
    let public_token = story.ok("/sandbox/public_token/create", fields)["public_token"].clone();
    let token = story.ok("/item/public_token/exchange", json!({"public_token": public_token}))["access_token"].clone();
    let body = story.ok("/liabilities/get", json!({"access_token": token}));
    let names: Vec<&Value> = body["accounts"].as_array().unwrap().iter().map(|account| &account["mask"]).collect();
    assert_eq!(json!(names), json!(["0000", "1111", "3333", "9999"]));
    assert_eq!(body["liabilities"]["credit"].as_array().unwrap().len(), 2);
    let stranger = json!({"institution_id": "ins_109508", "initial_products": ["auth"], "options": {"override_username": "nobody"}});
    assert_eq!(story.code("/sandbox/public_token/create", stranger), "INVALID_CREDENTIALS");
}

#[test]
fn production_has_no_sandbox_endpoints() {
    let mut story = Story::with(Settings { environment: Environment::Production, ..Settings::default() });
    let linked = story.link_card();
    assert_eq!(story.code("/sandbox/item/reset_login", json!({"access_token": linked.token})), "SANDBOX_ONLY");
}

#[test]
fn update_mode_cannot_bring_a_revoked_permission_back() {
    let mut story = Story::new();
    let linked = story.link_card();
    let update = json!({
        "client_name": "Clearway", "language": "en", "country_codes": ["US"], "user": {"client_user_id": "u-1"},
        "access_token": linked.token,
    });
    let link_token = story.ok("/link/token/create", update.clone())["link_token"].as_str().unwrap().to_owned();
    story.control("revoke-permission", json!({"item_id": linked.item_id}));
    assert_eq!(story.code("/link/token/create", update), "USER_PERMISSION_REVOKED");
    let finish = Control::FinishLink { link_token, user_id: None, institution_id: None, accounts: None };
    assert_eq!(story.plaid.control(story.now, finish).unwrap_err().error_code, "USER_PERMISSION_REVOKED");
}
