//! Answers and webhooks against the official shapes, when the folder with them is named by `CLEARWAY_SCHEMAS`.

use super::*;

/// The schemas of Column, or `None` (said aloud) when they are not there.
fn schemas() -> Option<Value> {
    let Some(folder) = std::env::var_os("CLEARWAY_SCHEMAS") else {
        println!("left out: CLEARWAY_SCHEMAS does not name the folder with the official shapes");
        return None;
    };
    let path = std::path::Path::new(&folder).join("column.schema.json");
    Some(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
}

fn differences(schemas: &Value, definition: &str, instance: &Value) -> Vec<String> {
    let schema =
        json!({"$schema": schemas["$schema"], "$ref": format!("#/$defs/{definition}"), "$defs": schemas["$defs"]});
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    validator
        .iter_errors(instance)
        // Real objects carry null where the file names another type.
        .filter(|error| !error.instance().is_null())
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

fn check(schemas: &Value, definition: &str, instance: &Value) {
    assert_eq!(differences(schemas, definition, instance), Vec::<String>::new(), "{definition}");
}

fn root<'a>(schemas: &'a Value, name: &str) -> &'a str {
    let definition = &schemas["roots"][name];
    definition.as_str().or_else(|| definition["$ref"].as_str()).unwrap().trim_start_matches("#/$defs/")
}

#[test]
fn a_missing_key_a_wrong_type_and_a_wrong_time_are_noticed() {
    let Some(schemas) = schemas() else { return };
    let good = json!({"id": "evnt_1", "created_at": "2026-03-02T18:04:05Z", "type": "a", "data": {}});
    check(&schemas, "Event", &good);
    for (key, value) in [("id", json!(1)), ("created_at", json!("yesterday"))] {
        let mut wrong = good.clone();
        wrong[key] = value;
        assert_eq!(differences(&schemas, "Event", &wrong).len(), 1, "{key}");
    }
    assert_eq!(differences(&schemas, "Event", &json!({"id": "evnt_1", "type": "a", "data": {}})).len(), 1);
}

#[test]
fn answers_have_the_official_shapes() {
    let Some(schemas) = schemas() else { return };
    let mut story = Story::funded(1_000);
    story.endpoint(&["*"]);
    let id = story.transfer("CREDIT", 400);
    let transfer = story.get(&id);
    let (account, number) = (story.account.clone(), story.number.clone());
    let counterparty = transfer["counterparty_id"].as_str().unwrap().to_owned();
    let event = story.receive()[0]["id"].as_str().unwrap().to_owned();
    let entity = story.ok("GET", "/entities", Value::Null)["entities"][0]["id"].as_str().unwrap().to_owned();
    let endpoint =
        story.ok("GET", "/webhook-endpoints", Value::Null)["webhook_endpoints"][0]["id"].as_str().unwrap().to_owned();
    let reads = [
        ("GET /transfers/ach/{ach_transfer_id}", format!("/transfers/ach/{id}")),
        ("GET /transfers/ach", "/transfers/ach".to_owned()),
        ("GET /transfers", "/transfers".to_owned()),
        ("GET /bank-accounts/{bank_account_id}", format!("/bank-accounts/{account}")),
        ("GET /bank-accounts", "/bank-accounts".to_owned()),
        ("GET /bank-accounts/{bank_account_id}/account-numbers", format!("/bank-accounts/{account}/account-numbers")),
        ("GET /account-numbers/{account_number_id}", format!("/account-numbers/{number}")),
        ("GET /counterparties/{counterparty_id}", format!("/counterparties/{counterparty}")),
        ("GET /counterparties", "/counterparties".to_owned()),
        ("GET /entities/{entity_id}", format!("/entities/{entity}")),
        ("GET /entities", "/entities".to_owned()),
        ("GET /institutions/{routing_number}", "/institutions/021000021".to_owned()),
        ("GET /events/{event_id}", format!("/events/{event}")),
        ("GET /webhook-endpoints/{webhook_endpoint_id}", format!("/webhook-endpoints/{endpoint}")),
        ("GET /webhook-endpoints", "/webhook-endpoints".to_owned()),
        ("GET /webhook-deliveries/event/{id}", format!("/webhook-deliveries/event/{event}")),
    ];
    for (name, path) in reads {
        let answer = story.ok("GET", &path, Value::Null);
        check(&schemas, root(&schemas, &format!("{name} response_200")), &answer);
    }
}

#[test]
fn webhooks_carry_objects_of_the_official_shape_through_the_whole_life() {
    let Some(schemas) = schemas() else { return };
    let mut story = Story::new();
    story.endpoint(&["*"]);
    let wire = json!({"destination_account_number_id": story.number, "amount": 1_000, "currency_code": "USD"});
    story.ok("POST", "/simulate/receive-wire", wire);
    let id = story.transfer("CREDIT", 400);
    let pulled = story.transfer("DEBIT", 300);
    let canceled = story.transfer("CREDIT", 100);
    story.ok("POST", &format!("/transfers/ach/{canceled}/cancel"), Value::Null);
    story.advance_to("2026-03-04T18:00:00Z");
    let change = NotificationOfChange { change_code: "C01".to_owned(), ..NotificationOfChange::default() };
    story.control(Control::NotificationOfChange { transfer_id: pulled.clone(), change });
    let reversal = story.ok("POST", &format!("/transfers/ach/{pulled}/reverse"), json!({"reason": "duplicated_entry"}));
    check(&schemas, "ACHTransfer", &reversal);
    story.control(Control::Return { transfer_id: id.clone(), return_code: "R03".to_owned(), addenda: String::new() });
    story.control(Control::DishonorReturn { transfer_id: id });
    for event in story.receive() {
        check(&schemas, "Event", &event);
        let is_wire = event["type"].as_str().unwrap().starts_with("wire.");
        check(&schemas, if is_wire { "WireTransfer" } else { "ACHTransfer" }, &event["data"]);
    }
}

#[test]
fn checks_have_the_official_shape_through_every_life() {
    let Some(schemas) = schemas() else { return };
    let mut story = Story::funded(1_000);
    story.endpoint(&["*"]);
    let [paid, other, stopped] = [1, 2, 3].map(|cents| super::checks::issue(&mut story, cents));
    story.advance_to("2026-03-02T19:00:00Z");
    story.ok("POST", &format!("/transfers/checks/{stopped}/stop-payment"), Value::Null);
    for (transfer_id, amount) in [(&paid, None), (&other, Some(5))] {
        story.control(Control::CashCheck { transfer_id: transfer_id.clone(), amount, beats_stop: false });
    }
    story.advance_to("2026-03-20T18:00:00Z");
    let returned = story.ok("POST", &format!("/transfers/checks/{paid}/return"), json!({"return_reason": "N"}));
    check(&schemas, "CheckReturnResponse", &returned);
    story.advance_to("2026-03-30T18:00:00Z");
    for (name, path) in [
        ("GET /transfers/checks/{check_transfer_id}", format!("/transfers/checks/{paid}")),
        ("GET /transfers/checks", "/transfers/checks".to_owned()),
        ("GET /transfers/checks/{check_transfer_id}/returns", format!("/transfers/checks/{other}/returns")),
        ("GET /transfers", "/transfers".to_owned()),
    ] {
        let answer = story.ok("GET", &path, Value::Null);
        check(&schemas, root(&schemas, &format!("{name} response_200")), &answer);
    }
    let events = story.receive();
    assert!(events.len() > 30, "{}", events.len());
    for event in events.iter().filter(|event| event["type"].as_str().unwrap().starts_with("check.")) {
        check(&schemas, "CheckTransfer", &event["data"]);
    }
}
