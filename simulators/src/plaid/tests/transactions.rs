use super::*;

fn sync(story: &mut Story, linked: &Linked, cursor: &str) -> Value {
    story.ok("/transactions/sync", json!({"access_token": linked.token, "cursor": cursor}))
}

fn buy(story: &mut Story, amount: &str) -> Value {
    story.control("purchase", json!({"user_id": "pat", "account": "card", "amount": amount, "name": "Groceries"}))["transaction"].clone()
}

/// A linked card whose first reading of transactions is over.
fn read(story: &mut Story) -> Linked {
    let linked = story.link_card();
    story.later(60);
    story.receive();
    linked
}

#[test]
fn the_first_answer_is_empty_and_arms_the_webhook() {
    let mut story = Story::new();
    buy(&mut story, "12.34");
    let linked = story.link_card();
    let first = sync(&mut story, &linked, "");
    assert_eq!((&first["transactions_update_status"], &first["added"]), (&json!("NOT_READY"), &json!([])));
    assert_eq!((&first["next_cursor"], &first["has_more"]), (&json!(""), &json!(false)));
    story.later(4);
    assert_eq!(story.told(), ["TRANSACTIONS INITIAL_UPDATE", "TRANSACTIONS SYNC_UPDATES_AVAILABLE"]);
    let second = sync(&mut story, &linked, "");
    assert_eq!(second["added"][0]["amount"], 12.34);
    assert_eq!(second["transactions_update_status"], "INITIAL_UPDATE_COMPLETE");
    story.later(56);
    assert_eq!(story.told(), ["TRANSACTIONS HISTORICAL_UPDATE", "TRANSACTIONS SYNC_UPDATES_AVAILABLE"]);
    let third = sync(&mut story, &linked, second["next_cursor"].as_str().unwrap());
    assert_eq!(
        (&third["transactions_update_status"], &third["added"]),
        (&json!("HISTORICAL_UPDATE_COMPLETE"), &json!([]))
    );
}

#[test]
fn nobody_who_never_synced_is_told_of_sync_updates() {
    let mut story = Story::new();
    let linked = read(&mut story);
    buy(&mut story, "5");
    assert_eq!(story.told(), ["LIABILITIES DEFAULT_UPDATE", "TRANSACTIONS DEFAULT_UPDATE"]);
    sync(&mut story, &linked, "");
    buy(&mut story, "5");
    let told = ["LIABILITIES DEFAULT_UPDATE", "TRANSACTIONS SYNC_UPDATES_AVAILABLE", "TRANSACTIONS DEFAULT_UPDATE"];
    assert_eq!(story.told(), told);
}

#[test]
fn a_purchase_is_positive_and_raises_the_cards_balance_a_payment_negative() {
    let mut story = Story::new();
    let linked = read(&mut story);
    buy(&mut story, "20.55");
    story.control("pay-card", json!({"user_id": "pat", "account": "card", "amount": 100, "check_number": "1001"}));
    let page = sync(&mut story, &linked, "");
    let amounts: Vec<&Value> = page["added"].as_array().unwrap().iter().map(|row| &row["amount"]).collect();
    assert_eq!(amounts, [&json!(20.55), &json!(-100)]);
    let payment = &page["added"][1];
    assert_eq!(
        (&payment["check_number"], &payment["personal_finance_category"]["primary"]),
        (&json!("1001"), &json!("LOAN_PAYMENTS"))
    );
    assert_eq!(page["accounts"][0]["balances"]["current"], 800);
}

#[test]
fn a_pending_transaction_is_posted_under_a_new_id() {
    let mut story = Story::new();
    let linked = read(&mut story);
    let pending = json!({"user_id": "pat", "account": "card", "amount": 7, "is_pending": true});
    let number = story.control("purchase", pending)["transaction"].clone();
    let first = sync(&mut story, &linked, "");
    assert_eq!(first["added"][0]["pending"], true);
    story.receive();
    story.control("post-transaction", json!({"transaction": number}));
    let told =
        ["TRANSACTIONS SYNC_UPDATES_AVAILABLE", "TRANSACTIONS DEFAULT_UPDATE", "TRANSACTIONS TRANSACTIONS_REMOVED"];
    assert_eq!(story.told(), told);
    let second = sync(&mut story, &linked, first["next_cursor"].as_str().unwrap());
    let (old, posted) = (&first["added"][0], &second["added"][0]);
    assert_eq!(second["removed"], json!([{"transaction_id": old["transaction_id"], "account_id": old["account_id"]}]));
    assert_eq!((&posted["pending"], &posted["pending_transaction_id"]), (&json!(false), &old["transaction_id"]));
    assert_ne!(posted["transaction_id"], old["transaction_id"]);
}

#[test]
fn a_transaction_can_be_told_again_unchanged_and_can_disappear() {
    let mut story = Story::new();
    let linked = read(&mut story);
    let number = buy(&mut story, "7");
    let first = sync(&mut story, &linked, "");
    story.control("modify-transaction", json!({"transaction": number}));
    story.control("remove-transaction", json!({"transaction": number}));
    let second = sync(&mut story, &linked, first["next_cursor"].as_str().unwrap());
    assert_eq!(second["modified"], first["added"]);
    assert_eq!(second["removed"][0]["transaction_id"], first["added"][0]["transaction_id"]);
    assert_eq!(second["accounts"][0]["balances"]["current"], 879.45);
    let again = Control::RemoveTransaction { transaction: number.as_u64().unwrap(), seen_after_s: 0 };
    assert!(story.plaid.control(story.now, again).is_err());
}

#[test]
fn a_change_between_pages_can_be_injected_and_the_loop_starts_over() {
    let mut story = Story::new();
    let linked = read(&mut story);
    for _ in 0..3 {
        buy(&mut story, "1");
    }
    story.control("mutate-next", json!({"count": 1}));
    let page = |story: &mut Story, cursor: &Value| {
        story.call("/transactions/sync", &json!({"access_token": linked.token, "cursor": cursor, "count": 2}))
    };
    let (status, first) = page(&mut story, &json!(""));
    assert_eq!((status, &first["has_more"]), (200, &json!(true)));
    let (status, error) = page(&mut story, &first["next_cursor"]);
    assert_eq!((status, &error["error_code"]), (400, &json!("TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION")));
    let (_, again) = page(&mut story, &json!(""));
    let (_, last) = page(&mut story, &again["next_cursor"]);
    assert_eq!((last["added"].as_array().unwrap().len(), &last["has_more"]), (1, &json!(false)));
}

#[test]
fn cursors_and_ids_belong_to_one_item() {
    let mut story = Story::new();
    let (first, second) = (read(&mut story), read(&mut story));
    buy(&mut story, "1");
    let (one, other) = (sync(&mut story, &first, ""), sync(&mut story, &second, ""));
    assert_ne!(one["added"][0]["transaction_id"], other["added"][0]["transaction_id"]);
    let foreign = json!({"access_token": second.token, "cursor": one["next_cursor"]});
    assert_eq!(story.code("/transactions/sync", foreign), "INVALID_FIELD");
    for wrong in [json!({"cursor": "nonsense"}), json!({"count": 501}), json!({"count": 0}), json!({"options": null})] {
        let mut fields = wrong;
        fields["access_token"] = json!(first.token);
        assert_eq!(story.code("/transactions/sync", fields), "INVALID_FIELD");
    }
}
