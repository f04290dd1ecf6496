use super::*;

const CREATE: &str = "/transfers/ach";

fn fault(kind: CallFaultKind) -> Control {
    Control::FaultCalls(CallFault {
        fault: kind,
        count: 1,
        method: Some("POST".to_owned()),
        path_prefix: CREATE.to_owned(),
    })
}

fn post(story: &Story) -> Request {
    Story::request("POST", CREATE, &story.transfer_body("CREDIT", 400)).with_header("Idempotency-Key", "run-1")
}

/// Status of the answer, or `None` for none.
fn status(answer: &Answer) -> Option<u16> {
    match answer {
        Answer::Reply(reply) => Some(reply.status),
        Answer::Silence => None,
    }
}

#[test]
fn a_call_can_fail_before_or_after_its_effect_and_the_repeat_pays_once() {
    let cases = [
        (CallFaultKind::RateLimited, Some(429), 1_000),
        (CallFaultKind::ErrorBefore, Some(500), 1_000),
        (CallFaultKind::ErrorAfter, Some(500), 600),
        (CallFaultKind::SilenceBefore, None, 1_000),
        (CallFaultKind::SilenceAfter, None, 600),
        (CallFaultKind::Refuse { code: "limit_exceeded".to_owned() }, Some(400), 1_000),
        (CallFaultKind::Unauthorized, Some(401), 1_000),
    ];
    for (kind, expected, available) in cases {
        let mut story = Story::funded(1_000);
        story.control(fault(kind.clone()));
        let request = post(&story);
        assert_eq!(status(&story.send(&request)), expected, "{kind:?}");
        assert_eq!(story.balances().0, available, "{kind:?}");
        assert_eq!(status(&story.send(&request)), Some(200), "{kind:?}");
        assert_eq!(story.balances().0, 600, "{kind:?}");
    }
}

#[test]
fn a_stray_send_that_arrives_late_pays_once() {
    let mut story = Story::funded(1_000);
    story.control(fault(CallFaultKind::LateSend { delay_s: 60 }));
    let request = post(&story);
    assert_eq!(status(&story.send(&request)), None);
    let repeat = story.send(&request);
    story.advance_to("2026-03-02T18:10:00Z");
    assert_eq!(story.send(&request), repeat);
    assert_eq!((story.balances().0, story.bank.counters().idempotent_replays), (600, 2));
}

#[test]
fn a_late_send_takes_effect_when_it_arrives() {
    let mut story = Story::funded(1_000);
    story.control(fault(CallFaultKind::LateSend { delay_s: 60 }));
    let request = post(&story);
    story.send(&request);
    assert_eq!(story.balances().0, 1_000);
    story.advance_to("2026-03-02T18:05:05Z");
    assert_eq!(story.balances().0, 600);
}

#[test]
fn an_outage_answers_503_until_it_is_over() {
    let mut story = Story::funded(1_000);
    story.control(Control::Outage { until: at("2026-03-02T20:04:05Z") });
    let request = post(&story);
    assert_eq!(status(&story.send(&request)), Some(503));
    story.now = at("2026-03-02T20:04:05Z");
    assert_eq!(status(&story.send(&request)), Some(200));
}

fn with_webhook_faults(webhooks: WebhookFaults) -> Story {
    let mut story = Story::funded(1_000);
    story.endpoint(&["*"]);
    story.control(Control::FaultWebhooks(webhooks));
    story
}

#[test]
fn webhooks_can_come_twice_with_the_same_event_id() {
    let mut story = with_webhook_faults(WebhookFaults { duplicate: true, ..WebhookFaults::default() });
    story.transfer("CREDIT", 1);
    let events = story.receive();
    assert_eq!(events.len(), 2);
    assert_eq!(events[0], events[1]);
}

#[test]
fn a_dropped_webhook_is_still_found_by_polling() {
    let mut story = with_webhook_faults(WebhookFaults { drop_next: 1, ..WebhookFaults::default() });
    story.transfer("CREDIT", 1);
    assert_eq!(story.receive(), Vec::<Value>::new());
    assert_eq!(types(story.ok("GET", "/events/webhook", Value::Null)["events"].as_array().unwrap()), ["initiated"]);
}

#[test]
fn a_delayed_webhook_comes_when_its_time_has_come() {
    let mut story = with_webhook_faults(WebhookFaults { delay_s: 300, ..WebhookFaults::default() });
    story.transfer("CREDIT", 1);
    assert_eq!(story.receive().len(), 0);
    assert_eq!(story.bank.next_due(), Some(at("2026-03-02T18:09:05Z")));
    story.now = at("2026-03-02T18:09:05Z");
    assert_eq!(story.receive().len(), 1);
}

#[test]
fn webhooks_overtake_each_other_within_the_window() {
    let week_s = 7 * 24 * 3_600;
    let mut story = with_webhook_faults(WebhookFaults { reorder_window_s: week_s, ..WebhookFaults::default() });
    (0..20).for_each(|_| drop(story.transfer("CREDIT", 1)));
    story.advance_to("2026-03-20T00:00:00Z");
    let events = story.receive();
    let created: Vec<&str> = events.iter().map(|event| event["created_at"].as_str().unwrap()).collect();
    assert_eq!(created.len(), 80);
    assert!(!created.is_sorted());
}

#[test]
fn a_wrong_signature_is_corrected_by_the_retry() {
    let mut story = with_webhook_faults(WebhookFaults { wrong_signature_next: 1, ..WebhookFaults::default() });
    story.transfer("CREDIT", 1);
    let wrong = story.bank.due_deliveries(story.now, 1).remove(0);
    story.bank.report_delivery(story.now, wrong.delivery, DeliveryResult::NotAccepted);
    story.now = at("2026-03-02T18:05:05Z");
    let right = story.bank.due_deliveries(story.now, 1).remove(0);
    assert_eq!(right.body, wrong.body);
    assert_ne!(right.signature, wrong.signature);
}

#[test]
fn planned_returns_take_the_next_settled_payouts_with_the_codes_in_turn() {
    let mut story = Story::funded(1_000);
    story.control(Control::PlanReturns(ReturnPlan::new(Direction::Credit, ReturnMoment::Settled, 3, &["R02", "R03"])));
    let ids: Vec<String> = (0..4).map(|_| story.transfer("CREDIT", 100)).collect();
    story.advance_to("2026-03-03T18:00:00Z");
    assert_eq!(story.balances().0, 600);
    story.advance_to("2026-03-04T13:30:00Z");
    let codes: Vec<Value> = ids.iter().map(|id| story.get(id)["return_details"][0]["return_code"].clone()).collect();
    assert_eq!(codes, [json!("R02"), json!("R03"), json!("R02"), Value::Null]);
    assert_eq!(story.balances().0, 900);
}

#[test]
fn fundings_return_before_or_after_they_are_available() {
    for (moment, expected) in [(ReturnMoment::Settled, (0, 0)), (ReturnMoment::Available, (0, 0))] {
        let mut story = Story::new();
        story.control(Control::PlanReturns(ReturnPlan::new(Direction::Debit, moment, 1, &["R01"])));
        let id = story.transfer("DEBIT", 400);
        story.advance_to("2026-03-09T18:00:00Z");
        assert_eq!((story.status(&id).as_str(), story.balances()), ("RETURNED", expected), "{moment:?}");
        let day = &story.get(&id)["returned_at"].as_str().unwrap()[..10].to_owned();
        assert_eq!(day, if moment == ReturnMoment::Settled { "2026-03-04" } else { "2026-03-05" });
    }
}

#[test]
fn the_clock_tells_in_bank_time_when_something_is_next_and_whether_all_is_delivered() {
    let mut story = Story::funded(1_000);
    story.endpoint(&["ach.outgoing_transfer.settled"]);
    story.control(Control::Advance { seconds: 3_600 });
    story.transfer("CREDIT", 1);
    let clock = |story: &mut Story| -> Value {
        let Answer::Reply(reply) = story.send(&Request::new("GET", "/__control/clock")) else { panic!("no answer") };
        serde_json::from_str(&reply.body).unwrap()
    };
    let before = clock(&mut story);
    assert_eq!((&before["now"], &before["is_quiet"]), (&json!("2026-03-02T19:04:05Z"), &json!(true)));
    let settles_by = json!("2026-03-04T18:00:00Z");
    story.control(Control::SetClock { to: at(settles_by.as_str().unwrap()) });
    let settled = clock(&mut story);
    assert!(before["next_due"].as_str() < settles_by.as_str(), "{before}");
    assert_eq!((&settled["now"], &settled["is_quiet"]), (&settles_by, &json!(false)), "a webhook waits");
    story.receive();
    assert_eq!(clock(&mut story)["is_quiet"], true);
}

#[test]
fn control_calls_work_over_http_and_need_no_key() {
    let mut story = Story::funded(1_000);
    let id = story.transfer("CREDIT", 400);
    let advance = Request::new("POST", "/__control/advance").with_body(br#"{"seconds": 172800}"#);
    assert_eq!(status(&story.send(&advance)), Some(200));
    assert_eq!(story.status(&id), "SETTLED");
    let body = json!({"transfer_id": id, "return_code": "R04"}).to_string();
    let returned = Request::new("POST", "/__control/return").with_body(body.as_bytes());
    assert_eq!(status(&story.send(&returned)), Some(200));
    let Answer::Reply(counters) = story.send(&Request::new("GET", "/__control/counters")) else { panic!("no answer") };
    let counters: Value = serde_json::from_str(&counters.body).unwrap();
    assert_eq!(counters["ach_by_status"], json!({"RETURNED": 1}));
    assert_eq!(counters["balances"]["available_amount"], 1_000);
    for body in ["{", r#"{"count": "x"}"#] {
        let wrong = Request::new("POST", "/__control/plan-returns").with_body(body.as_bytes());
        assert_eq!(status(&story.send(&wrong)), Some(400), "{body}");
    }
}

#[test]
fn a_bank_ahead_of_the_clock_tells_its_due_times_on_the_clock() {
    let mut story = Story::funded(1_000);
    story.transfer("CREDIT", 400);
    story.control(Control::Advance { seconds: 3_600 });
    assert_eq!(story.bank.next_due(), Some(at("2026-03-02T18:30:00Z")));
    story.advance_to("2026-03-02T18:30:00Z");
    assert_eq!(story.bank.counters().ach_by_status.get("PENDING_SUBMISSION"), Some(&1));
}
