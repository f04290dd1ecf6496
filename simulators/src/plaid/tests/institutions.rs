use super::*;

fn plaid() -> Plaid {
    Plaid::new(config())
}

fn request(fields: &Value) -> Request {
    super::request("/institutions/get_by_id", fields)
}

fn ask(plaid: &mut Plaid, request: &Request) -> (u16, Value) {
    match plaid.handle(at(START), request) {
        Answer::Reply(reply) => (reply.status, serde_json::from_str(&reply.body).unwrap()),
        Answer::Silence => (0, Value::Null),
    }
}

#[test]
fn an_institution_has_a_routing_number_that_depends_only_on_its_id() {
    let fields = json!({"institution_id": "ins_3", "country_codes": ["US"]});
    let (status, first) = ask(&mut plaid(), &request(&fields));
    let (_, second) = ask(&mut plaid(), &request(&fields));
    assert_eq!((status, &first), (200, &second));
    assert_eq!(first["institution"]["routing_numbers"], json!([routing_number("ins_3")]));
    assert_eq!(first["request_id"].as_str().unwrap().len(), 15);
}

#[test]
fn derived_routing_numbers_are_valid() {
    for number in 0..1_000 {
        let routing = routing_number(&format!("ins_{number}"));
        let digits: Vec<u32> = routing.chars().filter_map(|digit| digit.to_digit(10)).collect();
        let sum: u32 = digits.iter().zip([3, 7, 1].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
        assert_eq!((digits.len(), sum % 10), (9, 0), "{routing}");
        assert!((1..=12).contains(&(digits[0] * 10 + digits[1])), "{routing}");
    }
}

#[test]
fn wrong_requests_are_refused_by_code() {
    let good = json!({"institution_id": "ins_3", "country_codes": ["US"]});
    let cases = [
        (request(&json!({"institution_id": "ins_404", "country_codes": ["US"]})), 400, "INVALID_INSTITUTION"),
        (request(&json!({"institution_id": "bank_3", "country_codes": ["US"]})), 400, "INVALID_INSTITUTION"),
        (request(&json!({"institution_id": "ins_3"})), 400, "MISSING_FIELDS"),
        (request(&json!({"institution_id": "ins_3", "country_codes": ["US"], "more": 1})), 400, "UNKNOWN_FIELDS"),
        (request(&good).with_header("PLAID-SECRET", "other"), 400, "INVALID_API_KEYS"),
        (request(&good).with_header("Content-Type", "text/plain"), 400, "INVALID_HEADERS"),
        (request(&good).with_body(b"["), 400, "INVALID_BODY"),
        (Request::new("GET", "/institutions/get_by_id"), 404, "NOT_FOUND"),
    ];
    for (request, status, code) in cases {
        let (actual, body) = ask(&mut plaid(), &request);
        assert_eq!((actual, body["error_code"].as_str()), (status, Some(code)));
    }
}

#[test]
fn credentials_may_stand_in_the_body() {
    let mut request = request(
        &json!({"institution_id": "ins_9", "country_codes": ["US"], "client_id": "client", "secret": "secret"}),
    );
    request.headers.retain(|name, _| !name.starts_with("plaid-"));
    let (status, body) = ask(&mut plaid(), &request);
    assert_eq!((status, &body["institution"]["routing_numbers"]), (200, &json!([])));
}

#[test]
fn faults_are_used_up_in_turn() {
    let mut plaid = plaid();
    let faults = Request::new("POST", "/__control/faults")
        .with_body(br#"{"rate_limit_next": 1, "error_next": 1, "institution_down_next": 1, "silence_next": 1}"#);
    assert_eq!(ask(&mut plaid, &faults).0, 200);
    let good = request(&json!({"institution_id": "ins_3", "country_codes": ["US"]}));
    let statuses: Vec<u16> = (0..5).map(|_| ask(&mut plaid, &good).0).collect();
    assert_eq!(statuses, [429, 500, 400, 0, 200]);
    plaid.set_faults(Faults { outage_until: Some("2026-03-03T00:00:00Z".parse().unwrap()), ..Faults::default() });
    assert_eq!(ask(&mut plaid, &good).0, 503);
}

#[test]
fn answers_have_the_official_shapes() {
    let Some(folder) = std::env::var_os("CLEARWAY_SCHEMAS") else {
        println!("left out: CLEARWAY_SCHEMAS does not name the folder with the official shapes");
        return;
    };
    let text = std::fs::read_to_string(std::path::Path::new(&folder).join("plaid.schema.json")).unwrap();
    let schemas: Value = serde_json::from_str(&text).unwrap();
    let answers = [("InstitutionsGetByIdResponse", "ins_3"), ("PlaidError", "ins_404")];
    for (definition, id) in answers {
        let (_, body) = ask(&mut plaid(), &request(&json!({"institution_id": id, "country_codes": ["US"]})));
        let schema =
            json!({"$schema": schemas["$schema"], "$ref": format!("#/$defs/{definition}"), "$defs": schemas["$defs"]});
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<String> = validator.iter_errors(&body).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{definition}");
    }
}
