//! Stories about issued checks.

use super::*;

const ISSUE: &str = "/transfers/checks/issue";

/// A check to a card issuer, mailed.
pub(super) fn check_body(story: &Story, cents: i64) -> Value {
    json!({
        "bank_account_id": story.account, "positive_pay_amount": cents, "currency_code": "USD",
        "payee_name": "Example Card Services", "description": "pay_example",
        "mail_check_request": {
            "message": "Payment for account ending 4421", "memo": "Acct 4421",
            "payee_address": {"line_1": "PO Box 100", "city": "Wilmington", "state": "DE", "postal_code": "19886", "country_code": "US"},
            "payor_name": "Pat Example",
            "payor_address": {"line_1": "1 Main St", "city": "Reno", "state": "NV", "postal_code": "89501", "country_code": "US"},
        },
    })
}

/// Issues a check and answers its id.
pub(super) fn issue(story: &mut Story, cents: i64) -> String {
    let body = check_body(story, cents);
    story.ok("POST", ISSUE, body)["id"].as_str().unwrap().to_owned()
}

fn check(story: &mut Story, id: &str) -> Value {
    story.ok("GET", &format!("/transfers/checks/{id}"), Value::Null)
}

fn text(story: &mut Story, id: &str, field: &str) -> String {
    check(story, id)[field].as_str().unwrap_or_default().to_owned()
}

/// Available and locked, in cents.
pub(super) fn money(story: &mut Story) -> (i64, i64) {
    let account = story.ok("GET", &format!("/bank-accounts/{}", story.account), Value::Null);
    let amount = |name: &str| account["balances"][name].as_i64().unwrap();
    (amount("available_amount"), amount("locked_amount"))
}

/// An account with 10.00 and an issued check over 4.00.
fn issued() -> (Story, String) {
    let mut story = Story::funded(1_000);
    let id = issue(&mut story, 400);
    story.advance_to("2026-03-02T19:00:00Z");
    (story, id)
}

fn cash(story: &mut Story, id: &str, amount: Option<i64>) -> Value {
    story.control(Control::CashCheck { transfer_id: id.to_owned(), amount, beats_stop: false })
}

fn stop(story: &mut Story, id: &str) -> (u16, Value) {
    story.call("POST", &format!("/transfers/checks/{id}/stop-payment"), Value::Null)
}

/// Moves the clock through the times and says what the check was at each.
fn lives(story: &mut Story, id: &str, times: &[(&str, &str)]) {
    for (time, status) in times {
        story.advance_to(time);
        assert_eq!(text(story, id, "status"), *status, "{time}");
    }
}

#[test]
fn a_check_locks_its_money_when_it_is_issued_and_spends_it_when_it_is_paid() {
    let mut story = Story::funded(1_000);
    story.endpoint(&["check.*"]);
    let id = issue(&mut story, 400);
    assert_eq!((text(&mut story, &id, "status").as_str(), money(&mut story)), ("initiated", (600, 400)));
    lives(&mut story, &id, &[("2026-03-02T18:05:05Z", "issued"), ("2026-03-09T18:00:00Z", "issued")]);
    assert_eq!(money(&mut story), (600, 400));
    assert_eq!(cash(&mut story, &id, None)["deposited_amount"], 400);
    lives(&mut story, &id, &[("2026-03-10T12:29:59Z", "pending_deposit"), ("2026-03-10T12:30:00Z", "settled")]);
    assert_eq!(money(&mut story), (600, 0));
    let events = story.receive();
    let moved: Vec<&str> = types(&events).into_iter().filter(|name| !MAIL.contains(name)).collect();
    assert_eq!(moved, ["initiated", "issued", "pending_deposit", "settled"]);
}

const MAIL: [&str; 7] =
    ["created", "rendered_pdf", "mailed", "in_transit", "in_local_area", "processed_for_delivery", "delivered"];

#[test]
fn the_letter_goes_its_way_by_the_clock_and_changes_no_status() {
    let mut story = Story::funded(1_000);
    story.endpoint(&["check.incoming_debit.delivery.*"]);
    let id = issue(&mut story, 400);
    for (time, delivery_status) in [
        ("2026-03-02T18:05:05Z", "created"),
        ("2026-03-02T18:15:05Z", "rendered_pdf"),
        ("2026-03-03T13:30:00Z", "mailed"),
        ("2026-03-04T01:30:00Z", "in_transit"),
        ("2026-03-06T01:30:00Z", "in_local_area"),
        ("2026-03-07T07:30:00Z", "processed_for_delivery"),
        ("2026-03-07T13:30:00Z", "delivered"),
    ] {
        story.advance_to(time);
        assert_eq!(text(&mut story, &id, "delivery_status"), delivery_status, "{time}");
    }
    assert_eq!(text(&mut story, &id, "status"), "issued");
    assert_eq!(types(&story.receive()), MAIL);
}

#[test]
fn a_letter_that_came_back_leaves_the_check_good_until_it_is_stopped() {
    let (mut story, id) = issued();
    let back = Control::MoveMail { transfer_id: id.clone(), to: MailStatus::ReturnedToSender };
    assert!(story.bank.control(story.now, back.clone()).is_err(), "it has not left yet");
    story.advance_to("2026-03-05T18:00:00Z");
    story.control(back);
    story.advance_to("2026-03-20T18:00:00Z");
    let shown = check(&mut story, &id);
    assert_eq!((&shown["delivery_status"], &shown["status"]), (&json!("returned_to_sender"), &json!("issued")));
}

#[test]
fn a_stopped_check_gives_its_money_back_after_ten_banking_days() {
    let (mut story, id) = issued();
    let (status, answer) = stop(&mut story, &id);
    assert_eq!((status, answer["status"].as_str()), (200, Some("pending_stop")));
    lives(&mut story, &id, &[("2026-03-16T12:29:59Z", "pending_stop")]);
    assert_eq!(money(&mut story), (600, 400));
    lives(&mut story, &id, &[("2026-03-16T12:30:00Z", "stopped")]);
    assert_eq!(money(&mut story), (1_000, 0));
}

#[test]
fn a_stop_before_mailing_keeps_the_letter_here_and_one_after_it_goes_on_silently() {
    let (mut early, id) = issued();
    early.endpoint(&["check.incoming_debit.delivery.*"]);
    stop(&mut early, &id);
    early.advance_to("2026-03-20T18:00:00Z");
    assert_eq!(text(&mut early, &id, "delivery_status"), "rendered_pdf");

    let (mut late, id) = issued();
    late.advance_to("2026-03-03T18:00:00Z");
    late.endpoint(&["check.incoming_debit.delivery.*"]);
    stop(&mut late, &id);
    late.advance_to("2026-03-20T18:00:00Z");
    assert_eq!(text(&mut late, &id, "delivery_status"), "delivered");
    assert_eq!((early.receive(), late.receive()), (Vec::new(), Vec::new()));
}

#[test]
fn a_stop_is_refused_once_the_check_was_presented_or_stopped_already() {
    let (mut story, id) = issued();
    cash(&mut story, &id, None);
    assert_eq!(stop(&mut story, &id).1["code"], "cancellation_not_allowed");
    let (mut story, id) = issued();
    stop(&mut story, &id);
    assert_eq!(stop(&mut story, &id).0, 400);
    assert_eq!(text(&mut story, &id, "status"), "pending_stop");
}

#[test]
fn a_check_presented_while_its_stop_is_pending_is_not_paid_unless_it_beats_the_stop() {
    let (mut story, id) = issued();
    stop(&mut story, &id);
    let shown = cash(&mut story, &id, None);
    assert_eq!((&shown["status"], &shown["returns"][0]["return_reason"]), (&json!("pending_stop"), &json!("C")));
    story.control(Control::CashCheck { transfer_id: id.clone(), amount: None, beats_stop: true });
    lives(&mut story, &id, &[("2026-03-03T13:30:00Z", "settled"), ("2026-03-30T18:00:00Z", "settled")]);
    assert_eq!(money(&mut story), (600, 0));
}

#[test]
fn a_check_cashed_for_another_amount_is_returned_twice_and_the_money_comes_back() {
    let (mut story, id) = issued();
    assert_eq!(cash(&mut story, &id, Some(500))["deposited_amount"], 500);
    lives(
        &mut story,
        &id,
        &[
            ("2026-03-03T13:30:00Z", "pending_first_return"),
            ("2026-03-04T13:30:00Z", "first_return"),
            ("2026-03-06T13:30:00Z", "pending_reclear"),
            ("2026-03-09T12:30:00Z", "pending_second_return"),
        ],
    );
    assert_eq!(money(&mut story), (600, 400));
    lives(&mut story, &id, &[("2026-03-10T12:30:00Z", "second_return")]);
    assert_eq!(money(&mut story), (1_000, 0));
    let returns = story.ok("GET", &format!("/transfers/checks/{id}/returns"), Value::Null);
    assert_eq!(returns["returns"].as_array().unwrap().len(), 2);
}

#[test]
fn a_check_returned_once_is_presented_again_and_paid() {
    let (mut story, id) = issued();
    cash(&mut story, &id, None);
    story.control(Control::ReturnCheck { transfer_id: id.clone(), reason: "A".to_owned() });
    lives(&mut story, &id, &[("2026-03-03T13:30:00Z", "first_return")]);
    story.control(Control::ReclearCheck { transfer_id: id.clone() });
    lives(&mut story, &id, &[("2026-03-04T13:30:00Z", "settled"), ("2026-03-30T18:00:00Z", "settled")]);
    assert_eq!(money(&mut story), (600, 0));
}

#[test]
fn a_check_that_nobody_cashes_is_void_after_180_days() {
    let (mut story, id) = issued();
    lives(
        &mut story,
        &id,
        &[
            ("2026-08-29T18:04:04Z", "issued"),
            ("2026-08-29T18:04:05Z", "pending_stop"),
            ("2026-09-14T12:30:00Z", "stopped"),
        ],
    );
    assert_eq!(money(&mut story), (1_000, 0));
}

#[test]
fn a_check_in_review_is_approved_rejected_or_stopped() {
    for (control, status, expected) in [("approve", "issued", (600, 400)), ("reject", "rejected", (1_000, 0))] {
        let mut story = Story::funded(1_000);
        story.control(Control::ReviewNext { count: 1 });
        let id = issue(&mut story, 400);
        story.advance_to("2026-03-02T19:00:00Z");
        assert_eq!((text(&mut story, &id, "status").as_str(), money(&mut story)), ("manual_review", (600, 400)));
        let transfer_id = id.clone();
        story.control(match control {
            "approve" => Control::ApproveReview { transfer_id },
            _ => Control::RejectReview { transfer_id },
        });
        assert_eq!((text(&mut story, &id, "status").as_str(), money(&mut story)), (status, expected));
    }
    let mut story = Story::funded(1_000);
    story.control(Control::ReviewNext { count: 1 });
    let id = issue(&mut story, 400);
    assert_eq!(stop(&mut story, &id).1["status"], "pending_stop");
}

#[test]
fn a_paid_check_that_we_return_brings_the_money_back_unless_it_is_dishonored() {
    for is_dishonored in [false, true] {
        let (mut story, id) = issued();
        let back = format!("/transfers/checks/{id}/return");
        assert_eq!(story.call("POST", &back, json!({"return_reason": "Q"})).0, 400, "it is not paid yet");
        cash(&mut story, &id, None);
        story.advance_to("2026-03-03T18:00:00Z");
        assert_eq!(story.call("POST", &back, json!({"return_reason": "X"})).0, 400);
        assert_eq!(story.ok("POST", &back, json!({"return_reason": "Q"}))["return_reason"], "Q");
        lives(&mut story, &id, &[("2026-03-04T13:30:00Z", "user_initiated_return_submitted")]);
        assert_eq!(money(&mut story), (600, 0));
        if is_dishonored {
            story.control(Control::DishonorReturn { transfer_id: id.clone() });
        }
        story.advance_to("2026-03-06T13:30:00Z");
        let expected = if is_dishonored {
            ("user_initiated_return_dishonored", (600, 0))
        } else {
            ("user_initiated_returned", (1_000, 0))
        };
        assert_eq!((text(&mut story, &id, "status").as_str(), money(&mut story)), expected);
    }
}

#[test]
fn a_check_beyond_the_available_balance_is_refused_and_leaves_nothing_behind() {
    let mut story = Story::funded(1_000);
    issue(&mut story, 700);
    let before = story.bank.clone();
    let body = check_body(&story, 301);
    let (status, refusal) = story.call("POST", ISSUE, body);
    assert_eq!((status, refusal["code"].as_str()), (400, Some("transfer_non_sufficient_fund")));
    assert_eq!(story.bank, before);
}

#[test]
fn a_check_that_cannot_be_made_or_mailed_is_refused_by_its_field() {
    let mut story = Story::funded(1_000);
    let address = "/mail_check_request/payee_address";
    for (pointer, wrong, code) in [
        ("/positive_pay_amount".to_owned(), json!(0), "transfer_invalid_amount"),
        ("/positive_pay_amount".to_owned(), Value::Null, "mandatory_parameter_missing"),
        ("/payee_name".to_owned(), json!(""), "mandatory_parameter_missing"),
        ("/currency_code".to_owned(), json!("EUR"), "currency_not_supported"),
        ("/bank_account_id".to_owned(), json!("bacc_other"), "bank_account_not_found"),
        (format!("{address}/line_1"), json!("x".repeat(36)), "invalid_address"),
        (format!("{address}/country_code"), json!("CA"), "invalid_address"),
        (format!("{address}/postal_code"), json!(""), "invalid_address"),
        ("/mail_check_request/message".to_owned(), json!(""), "mandatory_parameter_missing"),
    ] {
        let mut body = check_body(&story, 400);
        *body.pointer_mut(&pointer).unwrap() = wrong;
        let (status, refusal) = story.call("POST", ISSUE, body);
        assert_eq!((status, refusal["code"].as_str()), (400, Some(code)), "{pointer}");
    }
    assert_eq!(money(&mut story), (1_000, 0));
}

#[test]
fn a_repeat_gets_the_first_answer_and_locks_nothing_more() {
    for kind in [None, Some(CallFaultKind::ErrorAfter), Some(CallFaultKind::SilenceAfter)] {
        let mut story = Story::funded(1_000);
        if let Some(fault) = kind.clone() {
            let path_prefix = ISSUE.to_owned();
            story.control(Control::FaultCalls(CallFault { fault, count: 1, method: None, path_prefix }));
        }
        let request = Story::request("POST", ISSUE, &check_body(&story, 400)).with_header("Idempotency-Key", "run-1");
        let first = story.send(&request);
        story.advance_to("2026-03-05T18:00:00Z");
        let second = story.send(&request);
        assert_eq!(first == second, kind.is_none(), "{kind:?}");
        assert!(matches!(second, Answer::Reply(reply) if reply.body.contains("\"status\":\"initiated\"")));
        assert_eq!(money(&mut story), (600, 400), "{kind:?}");
    }
}

#[test]
fn checks_are_listed_and_their_events_are_found_by_the_check() {
    let (mut story, first) = issued();
    let second = issue(&mut story, 100);
    let account = story.account.clone();
    let page = story.ok("GET", &format!("/transfers/checks?bank_account_id={account}&limit=1"), Value::Null);
    assert_eq!((&page["transfers"][0]["id"], &page["has_more"]), (&json!(second), &json!(true)));
    let page = story.ok("GET", &format!("/transfers/checks?starting_after={second}"), Value::Null);
    assert_eq!((&page["transfers"][0]["id"], &page["has_more"]), (&json!(first), &json!(false)));
    let numbers = [&check(&mut story, &first), &check(&mut story, &second)].map(|shown| shown["check_number"].clone());
    assert_eq!(numbers, [json!(1_001), json!(1_002)]);
    let all = story.ok("GET", "/transfers?type=check", Value::Null);
    assert_eq!(all["transfers"][0]["type"], "check_debit");
    let events = story.ok("GET", &format!("/events?object_ids={first}"), Value::Null);
    assert_eq!(types(events["events"].as_array().unwrap()), ["rendered_pdf", "created", "issued", "initiated"]);
    assert_eq!(story.bank.counters().checks_by_status.get("issued"), Some(&1));
}

#[test]
fn the_sandbox_cashes_a_check_by_its_number() {
    let (mut story, id) = issued();
    let body = json!({"account_number_id": story.number, "check_number": 1_001, "deposited_amount": 400});
    assert_eq!(story.ok("POST", "/simulate/deposit-issued-check", body)["status"], "pending_deposit");
    assert_eq!(text(&mut story, &id, "status"), "pending_deposit");
}

#[test]
fn the_next_debits_of_one_account_can_be_made_to_return() {
    let mut story = Story::new();
    let plan = ReturnPlan {
        account_number: Some("000999".to_owned()),
        ..ReturnPlan::new(Direction::Debit, ReturnMoment::Settled, 2, &["R01"])
    };
    story.control(Control::PlanReturns(plan));
    let debit = |story: &mut Story, account_number: &str| {
        let mut body = story.transfer_body("DEBIT", 100);
        body["counterparty"]["account_number"] = json!(account_number);
        story.ok("POST", "/transfers/ach", body)["id"].as_str().unwrap().to_owned()
    };
    let ids = ["000999", "000123", "000999", "000999"].map(|account_number| debit(&mut story, account_number));
    story.advance_to("2026-03-09T18:00:00Z");
    assert_eq!(ids.map(|id| story.status(&id)), ["RETURNED", "SETTLED", "RETURNED", "SETTLED"]);
}
