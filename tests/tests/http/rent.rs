//! The schedule of a lease, asked for before there is one.

use http::StatusCode;
use serde_json::{Value, json};

use crate::office::{Office, PERSON, READER};

const PREVIEW: &str = "/leases/preview";
const CASES: &str = include_str!("../../../shared/tests/rent_cases/schedule-cases.json");

fn lease() -> Value {
    json!({
        "start": "2026-03-06",
        "end": "2026-05-31",
        "due_day": 5,
        "rents": [{"from": "2026-03-06", "amount": "1500.00"}],
    })
}

#[tokio::test]
async fn every_computed_schedule_is_the_one_that_is_answered() {
    let office = Office::open();
    let cases: Value = serde_json::from_str(CASES).unwrap();
    for case in cases["schedules"].as_array().unwrap() {
        let terms = ["start", "end", "due_day", "rents", "periods", "proration", "first", "rent_change", "until"];
        let asked: Value = terms.iter().map(|term| ((*term).to_owned(), case[*term].clone())).collect();
        let answer = office.post(PERSON, PREVIEW, &asked).await;
        assert_eq!(answer.status, StatusCode::OK, "{}: {answer:?}", case["id"]);
        let of = |charge: &Value| ["due", "from", "to", "amount"].map(|field| charge[field].clone());
        let right: Vec<_> = case["charges"].as_array().unwrap().iter().map(of).collect();
        let answered: Vec<_> = answer.json()["charges"].as_array().unwrap().iter().map(of).collect();
        assert_eq!(answered, right, "{}", case["id"]);
    }
}

#[tokio::test]
async fn what_is_left_out_has_the_usual_meaning() {
    let answer = Office::open().post(PERSON, PREVIEW, &lease()).await;
    let first = json!({"due": "2026-03-06", "from": "2026-03-06", "to": "2026-03-31", "amount": "1258.06"});
    assert_eq!(answer.json()["charges"][0], first);
}

#[tokio::test]
async fn terms_that_make_no_schedule_are_refused_with_what_to_change() {
    let office = Office::open();
    let one_rent = |from: &str, amount: &str| json!([{"from": from, "amount": amount}]);
    for (field, value, code, said) in [
        ("end", json!("2026-03-05"), "terms_invalid", "before it starts"),
        ("end", Value::Null, "terms_invalid", "\"until\""),
        ("rents", json!([]), "terms_invalid", "no rent is in force"),
        ("rents", one_rent("2026-03-07", "1500.00"), "terms_invalid", "no rent is in force"),
        ("rents", one_rent("2026-03-06", "0.00"), "terms_invalid", "not above zero"),
        ("end", json!("2126-03-05"), "terms_invalid", "600 charges"),
        ("due_day", json!(32), "body_invalid", "due_day"),
        ("start", json!("2026-02-30"), "body_invalid", "start"),
    ] {
        let mut asked = lease();
        asked[field] = value;
        let answer = office.post(PERSON, PREVIEW, &asked).await;
        let problem = answer.json();
        assert_eq!(problem["code"], code, "{asked}: {problem}");
        assert!(problem.to_string().replace("\\\"", "\"").contains(said), "{asked}: {problem}");
    }
}

#[tokio::test]
async fn a_reader_of_payroll_asks_for_no_lease() {
    assert_eq!(Office::open().post(READER, PREVIEW, &lease()).await.status, StatusCode::FORBIDDEN);
}
