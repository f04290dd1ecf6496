use super::*;

#[test]
fn a_credit_takes_the_money_at_once_and_moves_by_the_clock() {
    let mut story = Story::funded(100_000);
    let id = story.transfer("CREDIT", 48_250);
    assert_eq!(story.balances(), (51_750, 0));
    let life = [
        ("2026-03-02T19:29:59Z", "INITIATED"),
        ("2026-03-02T19:30:00Z", "PENDING_SUBMISSION"),
        ("2026-03-02T19:31:00Z", "SUBMITTED"),
        ("2026-03-03T13:29:59Z", "SUBMITTED"),
        ("2026-03-03T13:30:00Z", "SETTLED"),
        ("2026-05-02T13:30:00Z", "COMPLETED"),
    ];
    for (time, status) in life {
        story.advance_to(time);
        assert_eq!(story.status(&id), status, "{time}");
    }
    assert_eq!(story.balances(), (51_750, 0));
}

#[test]
fn a_jump_of_the_clock_leaves_the_same_history_as_small_steps() {
    let mut story = Story::funded(100_000);
    let id = story.transfer("CREDIT", 48_250);
    story.advance_to("2026-05-02T13:30:00Z");
    let transfer = story.get(&id);
    assert_eq!(transfer["submitted_at"], "2026-03-02T19:31:00Z");
    assert_eq!(transfer["settled_at"], "2026-03-03T13:30:00Z");
    assert_eq!(transfer["completed_at"], "2026-05-02T13:30:00Z");
}

#[test]
fn a_debit_is_pending_until_two_banking_days_after_its_effective_date() {
    let mut story = Story::new();
    let id = story.transfer("DEBIT", 48_250);
    assert_eq!(story.balances(), (0, 48_250));
    story.advance_to("2026-03-05T13:29:59Z");
    assert_eq!((story.status(&id).as_str(), story.balances()), ("SETTLED", (0, 48_250)));
    story.advance_to("2026-03-05T13:30:00Z");
    assert_eq!(story.balances(), (48_250, 0));
}

#[test]
fn a_credit_beyond_the_available_balance_is_refused_and_leaves_nothing_behind() {
    let mut story = Story::funded(100);
    let before = story.bank.clone();
    let body = story.transfer_body("CREDIT", 101);
    let (status, refusal) = story.call("POST", "/transfers/ach", body);
    assert_eq!((status, refusal["code"].as_str()), (400, Some("transfer_non_sufficient_fund")));
    assert_eq!(story.bank, before);
}

#[test]
fn pending_money_cannot_be_spent() {
    let mut story = Story::new();
    story.transfer("DEBIT", 500);
    let body = story.transfer_body("CREDIT", 1);
    assert_eq!(story.call("POST", "/transfers/ach", body).1["code"], "transfer_non_sufficient_fund");
}

#[test]
fn only_an_initiated_transfer_can_be_canceled() {
    let mut story = Story::funded(1_000);
    let early = story.transfer("CREDIT", 400);
    let late = story.transfer("CREDIT", 600);
    let canceled = story.ok("POST", &format!("/transfers/ach/{early}/cancel"), Value::Null);
    assert_eq!((canceled["status"].as_str(), canceled["cancelled_at"].as_str()), (Some("CANCELED"), Some(MONDAY)));
    story.advance_to("2026-03-02T19:30:00Z");
    let (status, refusal) = story.call("POST", &format!("/transfers/ach/{late}/cancel"), Value::Null);
    assert_eq!((status, refusal["code"].as_str()), (400, Some("cancellation_not_allowed")));
    story.advance_to("2026-03-05T13:30:00Z");
    assert_eq!((story.status(&early).as_str(), story.balances()), ("CANCELED", (400, 0)));
}

fn returned(transfer_id: &str) -> Control {
    Control::Return { transfer_id: transfer_id.to_owned(), return_code: "R03".to_owned(), addenda: String::new() }
}

#[test]
fn a_returned_credit_brings_the_money_back() {
    let mut story = Story::funded(1_000);
    let id = story.transfer("CREDIT", 400);
    story.advance_to("2026-03-04T18:00:00Z");
    let transfer = story.control(returned(&id));
    assert_eq!(transfer["status"], "RETURNED");
    assert_eq!(transfer["return_details"][0]["return_code"], "R03");
    assert_eq!(story.balances(), (1_000, 0));
}

#[test]
fn a_debit_returned_before_it_is_available_only_loses_the_pending_money() {
    let mut story = Story::new();
    let id = story.transfer("DEBIT", 400);
    story.advance_to("2026-03-04T18:00:00Z");
    story.control(returned(&id));
    story.advance_to("2026-03-09T18:00:00Z");
    assert_eq!(story.balances(), (0, 0));
}

#[test]
fn a_debit_returned_after_it_was_spent_makes_available_negative() {
    let mut story = Story::new();
    let id = story.transfer("DEBIT", 400);
    story.advance_to("2026-03-05T18:00:00Z");
    story.transfer("CREDIT", 300);
    story.control(returned(&id));
    assert_eq!(story.balances(), (-300, 0));
}

#[test]
fn a_transfer_is_returned_once_and_not_before_it_is_submitted() {
    let mut story = Story::funded(1_000);
    let id = story.transfer("CREDIT", 400);
    assert!(story.bank.control(story.now, returned(&id)).is_err());
    story.advance_to("2026-03-02T19:31:00Z");
    story.control(returned(&id));
    assert!(story.bank.control(story.now, returned(&id)).is_err());
    assert_eq!(story.balances(), (1_000, 0));
}

#[test]
fn a_return_is_dishonored_and_contested_without_moving_money() {
    let mut story = Story::funded(1_000);
    let id = story.transfer("CREDIT", 400);
    story.advance_to("2026-03-04T18:00:00Z");
    story.control(returned(&id));
    assert_eq!(story.control(Control::DishonorReturn { transfer_id: id.clone() })["status"], "RETURN_DISHONORED");
    assert_eq!(story.control(Control::ContestDishonor { transfer_id: id })["status"], "RETURN_CONTESTED");
    assert_eq!(story.balances(), (1_000, 0));
}

#[test]
fn a_reversal_is_a_new_transfer_the_other_way_and_both_point_at_each_other() {
    let mut story = Story::funded(1_000);
    let id = story.transfer("CREDIT", 400);
    story.advance_to("2026-03-04T18:00:00Z");
    let reversal = story.ok("POST", &format!("/transfers/ach/{id}/reverse"), json!({"reason": "duplicated_entry"}));
    assert_eq!(
        (reversal["type"].as_str(), reversal["company_entry_description"].as_str()),
        (Some("DEBIT"), Some("REVERSAL"))
    );
    assert_eq!(reversal["reversal_pair_transfer_id"], id.as_str());
    assert_eq!(story.get(&id)["reversal_pair_transfer_id"], reversal["id"]);
    assert_eq!(story.balances(), (600, 400));
    assert_eq!(
        story.call("POST", &format!("/transfers/ach/{id}/reverse"), json!({"reason": "duplicated_entry"})).0,
        400
    );
}

#[test]
fn a_reviewed_transfer_waits_for_the_decision() {
    let mut story = Story::funded(1_000);
    story.control(Control::ReviewNext { count: 2 });
    let approved = story.transfer("CREDIT", 400);
    let rejected = story.transfer("CREDIT", 600);
    story.advance_to("2026-03-09T18:00:00Z");
    assert_eq!(story.status(&approved), "MANUAL_REVIEW");
    story.control(Control::ApproveReview { transfer_id: approved.clone() });
    story.control(Control::RejectReview { transfer_id: rejected.clone() });
    story.advance_to("2026-03-10T18:00:00Z");
    assert_eq!((story.status(&approved).as_str(), story.status(&rejected).as_str()), ("SETTLED", "CANCELED"));
    assert_eq!(story.balances(), (600, 0));
}

#[test]
fn the_sandbox_settles_at_any_hour() {
    let mut story = Story::funded(1_000);
    let id = story.transfer("CREDIT", 400);
    story.ok("POST", "/simulate/transfers/ach/settle", json!({"ach_transfer_id": id}));
    assert_eq!(story.status(&id), "SETTLED");
    story.advance_to("2026-03-03T18:00:00Z");
    assert_eq!(story.status(&id), "SETTLED");
}

#[test]
fn a_form_says_the_same_as_json() {
    let mut story = Story::funded(1_000);
    let form = format!(
        "type=CREDIT&amount=400&currency_code=USD&bank_account_id={}&same_day=true&counterparty[routing_number]=021000021&counterparty[account_number]=123",
        story.account
    );
    let request = Story::request("POST", "/transfers/ach", &Value::Null)
        .with_header("Content-Type", "application/x-www-form-urlencoded")
        .with_body(form.as_bytes());
    let Answer::Reply(reply) = story.send(&request) else { panic!("no answer") };
    let transfer: Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(
        (reply.status, transfer["amount"].as_i64(), transfer["same_day"].as_bool()),
        (200, Some(400), Some(true))
    );
}

#[test]
fn an_inline_counterparty_becomes_one_that_can_be_used_again() {
    let mut story = Story::funded(1_000);
    let id = story.transfer("CREDIT", 400);
    let counterparty = story.get(&id)["counterparty_id"].clone();
    assert_eq!(story.ok("GET", "/counterparties", Value::Null)["counterparties"][0]["id"], counterparty);
    let body = json!({"type": "CREDIT", "amount": 1, "currency_code": "USD", "bank_account_id": story.account, "counterparty_id": counterparty});
    let again = story.ok("POST", "/transfers/ach", body);
    assert_eq!(
        (again["counterparty_id"].clone(), again["receiver_name"].as_str()),
        (counterparty, Some("Pat Example"))
    );
}

#[test]
fn what_is_wrong_with_a_transfer_is_refused_by_code() {
    let cases = [
        ("amount", json!(null), "mandatory_parameter_missing"),
        ("amount", json!(0), "transfer_invalid_amount"),
        ("amount", json!(-5), "transfer_invalid_amount"),
        ("amount", json!(10_000_000_000_i64), "transfer_invalid_amount"),
        ("amount", json!("12.50"), "invalid_field_value"),
        ("type", json!(null), "mandatory_parameter_missing"),
        ("type", json!("credit"), "invalid_field_value"),
        ("currency_code", json!(null), "mandatory_parameter_missing"),
        ("currency_code", json!("EUR"), "currency_not_supported"),
        ("bank_account_id", json!(null), "mandatory_parameter_missing"),
        ("bank_account_id", json!("bacc_unknown"), "bank_account_not_found"),
        ("counterparty", json!(null), "mandatory_parameter_missing"),
        ("counterparty_id", json!("cpty_unknown"), "mutually_exclusive_parameters"),
        ("counterparty", json!({"routing_number": "021000020", "account_number": "1"}), "routing_number_not_found"),
        ("counterparty", json!({"routing_number": "021000021"}), "mandatory_parameter_missing"),
        (
            "counterparty",
            json!({"routing_number": "021000021", "account_number": "1".repeat(18)}),
            "transfer_invalid_destination_account",
        ),
        (
            "counterparty",
            json!({"routing_number": "121145307", "account_number": "1"}),
            "transfer_invalid_destination_account",
        ),
        ("entry_class_code", json!("XYZ"), "invalid_field_value"),
        ("entry_class_code", json!("TEL"), "invalid_field_value"),
        ("effective_date", json!("2026-03-01"), "invalid_date"),
        ("effective_date", json!("tomorrow"), "invalid_date"),
        ("company_name", json!("A".repeat(17)), "invalid_field_value"),
        ("company_entry_description", json!("A".repeat(11)), "invalid_field_value"),
        ("receiver_name", json!("José"), "invalid_field_value"),
        ("receiver_id", json!("1".repeat(16)), "invalid_field_value"),
        ("payment_related_info", json!("1".repeat(81)), "invalid_field_value"),
        ("description", json!("1".repeat(256)), "invalid_field_value"),
        ("allow_overdraft", json!(true), "overdraft_not_allowed"),
    ];
    for (field, value, code) in cases {
        let mut story = Story::funded(1_000);
        let mut body = story.transfer_body("CREDIT", 400);
        body[field] = value.clone();
        let (status, refusal) = story.call("POST", "/transfers/ach", body);
        assert_eq!((status, refusal["code"].as_str()), (400, Some(code)), "{field} = {value}");
    }
}

#[test]
fn a_same_day_entry_has_a_limit_of_a_million_dollars() {
    let mut story = Story::funded(200_000_000);
    let mut body = story.transfer_body("CREDIT", 100_000_001);
    body["same_day"] = json!(true);
    assert_eq!(story.call("POST", "/transfers/ach", body.clone()).1["code"], "transfer_invalid_amount");
    body["amount"] = json!(100_000_000);
    assert_eq!(story.ok("POST", "/transfers/ach", body)["effective_on"], "2026-03-02T08:00:00Z");
}

#[test]
fn an_unknown_credential_gets_401_without_a_body() {
    let mut story = Story::new();
    for header in [None, Some("Basic dGVzdF9rZXk6"), Some("Basic Ondyb25n"), Some("Bearer test_key")] {
        let request = Request::new("GET", "/transfers/ach");
        let request = header.map_or(request.clone(), |value| request.with_header("Authorization", value));
        assert_eq!(story.send(&request), Answer::reply(401, String::new()), "{header:?}");
    }
}

#[test]
fn an_unknown_object_is_a_404_with_an_error_body() {
    let mut story = Story::new();
    for path in [
        "/transfers/ach/acht_x",
        "/bank-accounts/bacc_x",
        "/counterparties/cpty_x",
        "/events/evnt_x",
        "/nothing/here",
        "/institutions/021000020",
    ] {
        let (status, body) = story.call("GET", path, Value::Null);
        assert_eq!((status, body["message"].is_string()), (404, true), "{path}");
    }
}

#[test]
fn an_account_needs_a_verified_entity() {
    let mut story = Story::new();
    let entity = story.ok("POST", "/entities/business", json!({"business_name": "Denied", "ein": "000000000"}));
    assert_eq!(entity["verification_status"], "DENIED");
    let (_, refusal) =
        story.call("POST", "/bank-accounts", json!({"entity_id": entity["id"], "description": "Payroll"}));
    assert_eq!(refusal["code"], "entity_not_verified");
}
