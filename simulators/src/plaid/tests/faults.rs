use super::*;

const READS: [&str; 4] = ["/accounts/get", "/liabilities/get", "/accounts/balance/get", "/transactions/sync"];

#[test]
fn every_error_comes_with_its_own_status_where_it_is_wanted_and_as_often() {
    let cases = [
        ("ITEM_LOGIN_REQUIRED", "ITEM_ERROR", 400),
        ("USER_PERMISSION_REVOKED", "INVALID_INPUT", 400),
        ("ITEM_NOT_FOUND", "ITEM_ERROR", 400),
        ("INSTITUTION_DOWN", "INSTITUTION_ERROR", 400),
        ("INSTITUTION_NOT_RESPONDING", "INSTITUTION_ERROR", 400),
        ("PRODUCT_NOT_READY", "ITEM_ERROR", 400),
        ("RATE_LIMIT", "RATE_LIMIT_EXCEEDED", 429),
        ("CREDITS_EXHAUSTED", "RATE_LIMIT_EXCEEDED", 429),
        ("INTERNAL_SERVER_ERROR", "API_ERROR", 500),
        ("PLANNED_MAINTENANCE", "API_ERROR", 503),
        ("INVALID_API_KEYS", "INVALID_INPUT", 400),
        ("A_CODE_OF_TOMORROW", "ITEM_ERROR", 400),
    ];
    let mut story = Story::new();
    let linked = story.link_card();
    let fields = json!({"access_token": linked.token});
    for (code, kind, status) in cases {
        let fault = json!({"fault": {"kind": "refuse", "code": code}, "count": 1, "path_prefix": "/liabilities/get"});
        story.control("fault-calls", fault);
        assert_eq!(story.call("/accounts/get", &fields).0, 200, "{code}");
        let (actual, body) = story.call("/liabilities/get", &fields);
        assert_eq!((actual, &body["error_code"], &body["error_type"]), (status, &json!(code), &json!(kind)));
        assert_eq!(story.call("/liabilities/get", &fields).0, 200, "{code}");
    }
}

#[test]
fn a_fault_may_be_about_one_item_or_one_institution_until_a_time() {
    let mut story = Story::new();
    let (first, second) = (story.link_card(), story.link_card());
    let bank = story.link(BANK, &["auth"]);
    let down = |extra: (&str, &str)| json!({"fault": {"kind": "refuse", "code": "INSTITUTION_DOWN"}, "until": "2026-03-03T00:00:00Z", extra.0: extra.1});
    story.control("fault-calls", down(("item_id", &first.item_id)));
    let statuses = |story: &mut Story| -> Vec<u16> {
        let all = [&first, &second, &bank];
        all.iter().map(|linked| story.call("/accounts/get", &json!({"access_token": linked.token})).0).collect()
    };
    assert_eq!(statuses(&mut story), [400, 200, 200]);
    story.control("clear-faults", json!({}));
    story.control("fault-calls", down(("institution_id", CARD_BANK)));
    assert_eq!(statuses(&mut story), [400, 400, 200]);
    story.advance_to("2026-03-03T00:00:00Z");
    assert_eq!(statuses(&mut story), [200, 200, 200]);
}

#[test]
fn plaid_can_be_down_for_a_day_and_webhooks_wait_for_nobody() {
    let mut story = Story::new();
    let linked = story.link_card();
    story.control("outage", json!({"until": "2026-03-03T18:04:05Z"}));
    for path in READS {
        assert_eq!(story.call(path, &json!({"access_token": linked.token})).0, 503, "{path}");
    }
    story.set("card", json!({"credit": {"is_overdue": true}}));
    assert_eq!(story.told(), ["LIABILITIES DEFAULT_UPDATE"]);
    story.advance_to("2026-03-03T18:04:05Z");
    assert_eq!(story.call("/accounts/get", &json!({"access_token": linked.token})).0, 200);
}

#[test]
fn a_call_may_take_effect_without_an_answer() {
    for (kind, status) in [("silence_after", 0), ("error_after", 500)] {
        let mut story = Story::new();
        let linked = story.link_card();
        story.control("fault-calls", json!({"fault": {"kind": kind}, "count": 1, "path_prefix": "/item/remove"}));
        let fields = json!({"access_token": linked.token});
        assert_eq!(story.call("/item/remove", &fields).0, status);
        assert_eq!(story.code("/item/remove", fields), "ITEM_NOT_FOUND");
    }
}

#[test]
fn a_gateways_page_is_not_json() {
    let mut story = Story::new();
    let linked = story.link_card();
    story.control("fault-calls", json!({"fault": {"kind": "gateway", "status": 502}, "count": 1}));
    let answer = story.plaid.handle(story.now, &request("/accounts/get", &json!({"access_token": linked.token})));
    let Answer::Reply(reply) = answer else { panic!("no answer") };
    assert!(reply.status == 502 && serde_json::from_str::<Value>(&reply.body).is_err());
}

#[test]
fn limits_of_items_and_of_the_client_have_codes_of_their_own_and_pass() {
    let mut story = Story::new();
    let (first, second) = (story.link_card(), story.link_card());
    story.plaid.control(story.now, Control::Limits { limits: production_limits() }).unwrap();
    let fields = json!({"access_token": first.token});
    for _ in 0..5 {
        story.ok("/accounts/balance/get", fields.clone());
    }
    let (status, body) = story.call("/accounts/balance/get", &fields);
    assert_eq!((status, &body["error_code"]), (429, &json!("BALANCE_LIMIT")));
    story.ok("/accounts/balance/get", json!({"access_token": second.token}));
    story.later(60);
    story.ok("/accounts/balance/get", fields.clone());
    let of_client =
        json!({"limits": [{"path": "/accounts/balance/get", "is_per_item": false, "calls": 1, "per_s": 60}]});
    story.control("limits", of_client);
    story.later(60);
    story.ok("/accounts/balance/get", json!({"access_token": second.token}));
    assert_eq!(story.code("/accounts/balance/get", fields), "ACCOUNTS_BALANCE_GET_LIMIT");
}

#[test]
fn every_answer_has_a_request_id_of_its_own() {
    let mut story = Story::new();
    let linked = story.link_card();
    let mut ids = BTreeSet::new();
    for path in READS.into_iter().chain(["/nothing", "/item/get"]) {
        let (_, body) = story.call(path, &json!({"access_token": linked.token, "unknown": path.len() % 2}));
        ids.insert(body["request_id"].as_str().unwrap().to_owned());
    }
    assert!(ids.len() == 6 && ids.iter().all(|id| id.len() == 15), "{ids:?}");
}
