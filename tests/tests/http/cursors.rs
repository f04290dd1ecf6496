//! Cursors that no list has answered: whoever makes one up is told so, and does not meet a fault of ours.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::office::{OPERATOR, Office, PERSON, Person, READER};

/// Every list that goes page by page, and who reads it. A person without a card meets none of its payments.
fn lists(
    payment: &Value,
    batch_id: &str,
    reconciliation_id: &str,
    endpoint_id: &str,
) -> Vec<(&'static str, Person, String)> {
    let employee = payment["employee_id"].as_str().unwrap();
    let source = payment["source_id"].as_str().unwrap();
    vec![
        ("/attention", OPERATOR, "/attention?".to_owned()),
        ("/attention", OPERATOR, "/attention?kind=payment".to_owned()),
        ("/audit", OPERATOR, "/audit?day=2026-03-02".to_owned()),
        ("/audit", OPERATOR, format!("/audit?subject={reconciliation_id}")),
        ("/audit", OPERATOR, format!("/audit?subject={reconciliation_id}&day=2026-03-02")),
        ("/batches", READER, "/batches?".to_owned()),
        ("/batches", READER, "/batches?state=paying".to_owned()),
        ("/billers", OPERATOR, "/billers?".to_owned()),
        ("/dead-letters", OPERATOR, "/dead-letters?".to_owned()),
        ("/employees/{employee_id}/payments", READER, format!("/employees/{employee}/payments?")),
        ("/file-mappings", READER, "/file-mappings?".to_owned()),
        ("/fundings", READER, "/fundings?".to_owned()),
        ("/fundings", READER, format!("/fundings?batch={batch_id}")),
        ("/payments", READER, format!("/payments?batch={batch_id}")),
        ("/ledger/accounts/{account}/postings", READER, format!("/ledger/accounts/cash:{source}/postings?")),
        ("/reconciliations", OPERATOR, "/reconciliations?".to_owned()),
        (
            "/reconciliations/{reconciliation_id}/items",
            OPERATOR,
            format!("/reconciliations/{reconciliation_id}/items?"),
        ),
        ("/account-corrections", OPERATOR, "/account-corrections?".to_owned()),
        ("/unmatched-events", OPERATOR, "/unmatched-events?".to_owned()),
        (
            "/webhook-endpoints/{endpoint_id}/deliveries",
            OPERATOR,
            format!("/webhook-endpoints/{endpoint_id}/deliveries?"),
        ),
        ("/cards/{card_id}/payments", PERSON, String::new()),
    ]
}

/// The list whose places are names: any name is one.
const BY_NAME: &str = "/file-mappings";
/// `["a"]`.
const A_NAME: &str = "WyJhIl0";

fn made_up() -> Vec<String> {
    let long = "a".repeat(2_500);
    let places = [
        json!({}),
        json!(["a"]),
        json!(["a", "b"]),
        json!(["", "", ""]),
        json!(["a", "b", 1]),
        json!([long]),
        json!(["a", long, "c"]),
        json!(["~", "~"]),
    ];
    let texts = ["2026-03-02 ~", "2026-03-02 \u{7f}", "2026-03-02 1", "9999-12-31 9999-12-31~", "0:AAAA", "0:!", "x:"];
    let places = places.into_iter().map(|place| place.to_string());
    let encoded = places.chain(texts.map(str::to_owned)).map(|text| URL_SAFE_NO_PAD.encode(text));
    encoded.chain(["AAAA".to_owned(), "~".to_owned(), String::new()]).collect()
}

fn described() -> BTreeSet<String> {
    let apis = [approve_batch::HTTP.api(), accounts::HTTP.api(), reports::HTTP.api(), operator::HTTP.api()];
    let apis = apis.map(|api| serde_json::to_value(api).unwrap());
    let mut paths = BTreeSet::new();
    for (path, methods) in apis.iter().flat_map(|api| api["paths"].as_object().unwrap()) {
        let parameters = methods["get"]["parameters"].as_array();
        if parameters.is_some_and(|parameters| parameters.iter().any(|parameter| parameter["name"] == "cursor")) {
            paths.insert(path.clone());
        }
    }
    paths
}

#[tokio::test]
async fn a_made_up_cursor_is_refused_by_every_list() {
    let office = Office::open();
    let batch_id = office.paying_batch(1).await;
    let payments =
        office.get_as(READER, &format!("/batches/{batch_id}/reports/payments"), "application/json").await.json();
    let begun = office.post(OPERATOR, "/reconciliations", &json!({"from": "2026-03-01"})).await.json();
    let told = json!({"url": "https://payroll.example.com/clearway", "event_types": ["batch.completed"]});
    let made = office.post(OPERATOR, "/webhook-endpoints", &told).await.json();
    let endpoint_id = made["endpoint_id"].as_str().unwrap();
    let lists = lists(&payments[0], &batch_id, begun["reconciliation_id"].as_str().unwrap(), endpoint_id);
    let asked: BTreeSet<String> = lists.iter().map(|(path, ..)| (*path).to_owned()).collect();
    assert_eq!(asked, described());

    for (list, reader, path) in lists.iter().filter(|(.., path)| !path.is_empty()) {
        assert_eq!(office.get(*reader, path).await.status, 200, "{path}");
        for cursor in made_up().into_iter().filter(|cursor| *list != BY_NAME || cursor != A_NAME) {
            let answer = office.get(*reader, &format!("{path}&cursor={cursor}")).await;
            assert_eq!(answer.refusal(), (400, "cursor_invalid".to_owned()), "{path} {cursor}");
        }
    }
}

/// A place in the list, but outside the days that are asked for.
#[tokio::test]
async fn a_cursor_of_another_day_is_refused() {
    let office = Office::open();
    let batch_id = office.paying_batch(1).await;
    let first = office.get(OPERATOR, &format!("/audit?subject={batch_id}&limit=1")).await.json();
    let cursor = first["next_cursor"].as_str().unwrap();
    for (day, status) in [("2026-03-02", 200), ("2026-03-03", 400)] {
        let answer = office.get(OPERATOR, &format!("/audit?subject={batch_id}&day={day}&cursor={cursor}")).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
}
