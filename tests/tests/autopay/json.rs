//! What `clearway autopay --json` prints: one shape for every scenario, whatever became of it.

use std::collections::BTreeSet;

use serde_json::Value;

async fn told(scenario: &str) -> Value {
    serde_json::to_value(::scenarios::find(scenario).unwrap().play().await.unwrap()).unwrap()
}

fn names(of: &Value) -> BTreeSet<&str> {
    of.as_object().unwrap().keys().map(String::as_str).collect()
}

fn has_names<const N: usize>(of: &Value, wanted: [&str; N]) {
    assert_eq!(names(of), BTreeSet::from(wanted), "{of}");
}

#[tokio::test]
async fn a_paid_bill_has_every_part() {
    let told = told("happy-path").await;
    has_names(
        &told,
        ["scenario", "decision", "timeline", "payment", "funding", "check", "notices", "attention", "ledger"],
    );
    assert_eq!(told["scenario"], "happy-path");
    has_names(&told["decision"], ["action", "amount", "reason", "utilization_before"]);
    let decision = &told["decision"];
    assert_eq!((&decision["action"], &decision["amount"]), (&"pay".into(), &"1655.00".into()));
    assert_eq!(decision["utilization_before"], "63.1");
    let reason = decision["reason"].as_str().unwrap();
    assert!(reason.starts_with("63.1 % of 5,000.00 is above 30 %: pay 1,655.00"), "{reason}");
    assert!(reason.contains("not the full balance"), "{reason}");
    for entry in told["timeline"].as_array().unwrap() {
        has_names(entry, ["at", "what", "id"]);
    }
    has_names(&told["payment"], ["state", "amount", "reason"]);
    has_names(&told["funding"], ["state", "return_code"]);
    has_names(&told["check"], ["status", "delivery_status"]);
    has_names(&told["ledger"], ["debits", "credits", "receivable"]);
    assert_eq!(told["ledger"]["debits"], told["ledger"]["credits"]);
    assert_eq!(told["ledger"]["receivable"], "0.00");
    assert!(!told["notices"].as_array().unwrap().is_empty());
    assert_eq!(told["attention"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn the_timeline_of_a_paid_bill_tells_each_step_in_order() {
    let told = told("happy-path").await;
    let steps: Vec<&str> =
        told["timeline"].as_array().unwrap().iter().map(|entry| entry["what"].as_str().unwrap()).collect();
    let mut rest = steps.iter();
    for step in [
        "linked",
        "webhook",
        "read from Plaid",
        "decision: 63.1 %",
        "debit sent",
        "debit settled",
        "hold until",
        "available",
        "check issued",
        "check mailed",
        "check delivered",
        "check cashed",
        "card balance down",
        "ledger balanced",
    ] {
        assert!(rest.any(|what| what.starts_with(step)), "{step} is missing, or too early: {steps:#?}");
    }
}

#[tokio::test]
async fn where_nothing_was_paid_the_parts_of_a_payment_are_null() {
    let told = told("below-threshold").await;
    for part in ["payment", "funding", "check"] {
        assert_eq!(told[part], Value::Null, "{part}");
    }
    assert_eq!(told["decision"]["action"], "skip");
}
