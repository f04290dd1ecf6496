use super::*;

#[test]
fn a_cards_bill_is_shown_as_it_is() {
    let mut story = Story::new();
    let linked = story.link_card();
    let body = story.ok("/liabilities/get", json!({"access_token": linked.token}));
    let credit = &body["liabilities"]["credit"][0];
    assert_eq!(credit["account_id"], body["accounts"][0]["account_id"]);
    assert_eq!((&credit["last_statement_balance"], &credit["minimum_payment_amount"]), (&json!(912.1), &json!(35)));
    assert_eq!((&credit["next_payment_due_date"], &credit["is_overdue"]), (&json!("2026-03-14"), &json!(false)));
    assert_eq!(credit["aprs"][0]["apr_percentage"], 21.49);
    assert_eq!((&body["liabilities"]["mortgage"], &body["liabilities"]["student"]), (&Value::Null, &Value::Null));
}

#[test]
fn what_changes_in_a_bill_is_told_by_name_and_what_changes_in_a_balance_without() {
    let mut story = Story::new();
    let linked = story.link(CARD_BANK, &["liabilities"]);
    let id = story.ok("/accounts/get", json!({"access_token": linked.token}))["accounts"][0]["account_id"].clone();
    let id = id.as_str().unwrap();
    story.set("card", json!({"credit": {"is_overdue": true, "minimum_payment_amount": 40}}));
    story.set("card", json!({"balances": {"current": 1200}}));
    story.set("card", json!({"name": "Another name"}));
    let told: Vec<Value> =
        story.receive().iter().map(|body| body["account_ids_with_updated_liabilities"][id].clone()).collect();
    assert_eq!(told, [json!(["is_overdue", "minimum_payment_amount"]), json!([])]);
}

#[test]
fn what_issuers_leave_out_can_be_left_out() {
    let mut story = Story::new();
    let linked = story.link_card();
    let fields = json!({"access_token": linked.token});
    story.set(
        "card",
        json!({"credit": {"is_overdue": null, "aprs": [], "hides_account_id": true, "next_payment_due_date": null}}),
    );
    let credit = story.ok("/liabilities/get", fields.clone())["liabilities"]["credit"][0].clone();
    for field in ["is_overdue", "account_id", "next_payment_due_date"] {
        assert_eq!(credit[field], Value::Null, "{field}");
    }
    assert_eq!(credit["aprs"], json!([]));
    story.set("card", json!({"credit": null}));
    assert_eq!(story.ok("/liabilities/get", fields.clone())["liabilities"]["credit"], json!([]));
    story.control("hide-liabilities", json!({"item_id": linked.item_id, "is_hidden": true}));
    assert_eq!(story.ok("/liabilities/get", fields)["liabilities"]["credit"], Value::Null);
}

#[test]
fn an_item_without_a_card_has_no_liabilities() {
    let mut story = Story::new();
    let linked = story.link(BANK, &["liabilities"]);
    assert_eq!(story.code("/liabilities/get", json!({"access_token": linked.token})), "NO_LIABILITY_ACCOUNTS");
}

#[test]
fn a_cashed_check_lowers_the_balance_when_the_issuer_books_it_and_plaid_sees_it_later() {
    let mut story = Story::new();
    let linked = story.link(CARD_BANK, &["liabilities"]);
    let fields = json!({"access_token": linked.token});
    let paid = json!({"user_id": "pat", "account": "card", "amount": 400, "booked_after_s": 60, "seen_after_s": 60});
    story.control("pay-card", paid);
    let current = |body: Value| body["accounts"][0]["balances"]["current"].clone();
    assert_eq!(current(story.ok("/accounts/balance/get", fields.clone())), 879.45);
    story.later(119);
    assert_eq!((current(story.ok("/accounts/get", fields.clone())), story.told()), (json!(879.45), Vec::new()));
    assert_eq!(
        story.ok("/liabilities/get", fields.clone())["liabilities"]["credit"][0]["last_payment_amount"],
        Value::Null
    );
    story.later(1);
    assert_eq!(story.told(), ["LIABILITIES DEFAULT_UPDATE"]);
    let body = story.ok("/liabilities/get", fields);
    assert_eq!(body["accounts"][0]["balances"]["current"], 479.45);
    assert_eq!(body["accounts"][0]["balances"]["available"], 3520.55);
    assert_eq!(body["liabilities"]["credit"][0]["last_payment_amount"], 400);
}

#[test]
fn a_payment_of_the_minimum_ends_the_delay_and_a_smaller_one_does_not() {
    for (amount, expected) in [("34.99", true), ("35", false)] {
        let mut story = Story::new();
        let linked = story.link_card();
        story.set("card", json!({"credit": {"is_overdue": true}}));
        story.control("pay-card", json!({"user_id": "pat", "account": "card", "amount": amount}));
        let body = story.ok("/liabilities/get", json!({"access_token": linked.token}));
        assert_eq!(body["liabilities"]["credit"][0]["is_overdue"], expected, "{amount}");
    }
}
