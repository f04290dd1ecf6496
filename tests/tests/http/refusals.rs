//! A refused body says which field is wrong and what to send instead, and does not repeat what was sent.

use serde_json::{Value, json};

use crate::office::{APPROVER, Office, PERSON, UPLOADER};

/// The one error of a body that is not as described.
async fn error_of(office: &Office, path: &str, body: &Value) -> Value {
    let person = if path.ends_with("/approve") { APPROVER } else { UPLOADER };
    let refused = office.post(person, path, body).await;
    assert_eq!(refused.refusal(), (400, "body_invalid".to_owned()), "{refused:?}");
    assert!(!refused.body.contains("1234"), "what was sent is repeated: {refused:?}");
    let errors = refused.json()["errors"].clone();
    assert_eq!(errors.as_array().map(Vec::len), Some(1), "{errors}");
    errors[0].clone()
}

#[tokio::test]
async fn an_amount_that_is_a_number_is_asked_for_as_text() {
    let office = Office::open();
    let message = "expected dollars as text with two decimals, such as \"5909.07\"";
    for amount in [json!(1234.5), json!(1234), json!("1234.5"), json!("$1,234.50"), json!("1234,50")] {
        let error = error_of(&office, "/batches", &json!({"length": 100, "control_total": amount})).await;
        assert_eq!(error, json!({"field": "control_total", "code": "field_invalid", "message": message}), "{amount}");
    }
    // Whoever does as it says is taken at their word.
    let (_, example) = message.trim_end_matches('"').split_once('"').unwrap();
    let taken = office.post(UPLOADER, "/batches", &json!({"length": 100, "control_total": example})).await;
    assert_eq!(taken.status.as_u16(), 201, "{taken:?}");
    let error = error_of(&office, "/batches", &json!({"length": 100.5})).await;
    assert_eq!(error["message"], json!("expected a whole number"));
}

#[tokio::test]
async fn a_field_that_is_missing_is_named() {
    let office = Office::open();
    let path = format!("/batches/bat_{}/approve", "0".repeat(32));
    let error = error_of(&office, &path, &json!({"total": "1.00"})).await;
    assert_eq!(
        (&error["field"], &error["message"]),
        (&json!("manifest_hash"), &json!("missing field `manifest_hash`"))
    );
    let refused = office.post(APPROVER, &path, &json!({"total": 1, "manifest": "x"})).await.json();
    let fields: Vec<_> = refused["errors"].as_array().unwrap().iter().map(|error| error["field"].clone()).collect();
    assert_eq!(fields, [json!("manifest"), json!("total"), json!("manifest_hash")], "{refused}");
}

#[tokio::test]
async fn a_query_parameter_that_is_missing_is_named() {
    let office = Office::open();
    let path = format!("/authorization-text?card_id=card_{}&least=1.00", "0".repeat(32));
    let refused = office.get(PERSON, &path).await;
    assert_eq!(refused.refusal(), (400, "query_invalid".to_owned()), "{refused:?}");
    assert_eq!(refused.json()["errors"][0]["field"], "most");
}
