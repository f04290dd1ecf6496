//! Columns that go by names of somebody's own: mapped once, under a name, and as they were when a batch was made.

use http::{Method, StatusCode};
use journeys::api::{APPROVES, Api, Person, Sent, UPLOADS};
use journeys::audit::Audit;
use journeys::file::{PayrollFile, one_source};
use journeys::journey::Journey;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared::domain::batch::BatchState;
use shared::domain::caller::Role;
use shared::domain::ids::BatchId;
use shared::domain::leg::State;

/// Holds both roles, which makes nobody two people.
const BOTH: Person = ("both@journey.test", &[Role::PayrollUpload, Role::PayrollApprove]);

/// The file as a table that calls two of its columns otherwise.
fn foreign_table() -> PayrollFile {
    let table = PayrollFile::generated(&one_source(5)).as_table();
    let text = String::from_utf8(table.bytes.to_vec()).unwrap();
    let bytes = text.replacen("Payor/DunkinId", "Company", 1).replacen("Amount", "Net", 1).into_bytes();
    let mut contents = table.contents.clone();
    contents.sha256 = hex::encode(Sha256::digest(&bytes));
    contents.bytes = bytes.len() as u64;
    PayrollFile { bytes: bytes.into(), rows: table.rows.clone(), contents }
}

async fn store(api: &Api, person: Person, columns: Value) -> Value {
    let body = Sent::Json(json!({"columns": columns}));
    api.expect(person, Method::PUT, "/file-mappings/acme", body).await
}

async fn post(api: &Api, file: &PayrollFile) -> String {
    let sent = Sent::File("text/csv", file.bytes.clone());
    let created = api.expect(UPLOADS, Method::POST, "/batches?mapping=acme", sent).await;
    created["batch_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_batch_is_read_by_the_mapping_it_was_made_with_whatever_becomes_of_that() {
    let file = foreign_table();
    let journey = Journey::start(&file);
    let api = Api::of(&journey);
    let stored = store(&api, UPLOADS, json!({"source": "Company", "amount": "Net"})).await;
    assert_eq!(stored["columns"], json!({"source_id": "Company", "amount": "Net"}));
    assert_eq!(api.get(APPROVES, "/file-mappings/acme").await, stored);
    assert_eq!(api.get(APPROVES, "/file-mappings").await["items"], json!([stored]));

    let batch_id = post(&api, &file).await;
    store(&api, UPLOADS, json!({"amount": "Gross"})).await;
    api.expect(UPLOADS, Method::DELETE, "/file-mappings/acme", Sent::Nothing).await;
    let summary = api.post(UPLOADS, &format!("/batches/{batch_id}/summary"), Value::Null).await;
    assert_eq!(summary["mapping"]["columns"], stored["columns"], "{summary}");
    assert_eq!(api.approve(&batch_id, &summary).await, StatusCode::ACCEPTED);
    let id: BatchId = batch_id.parse().unwrap();
    assert_eq!(journey.finish(id).await.state, BatchState::Completed);
    let audit = Audit::of(&journey, &[(id, &file)]).await.is_clean(&journey);
    assert_eq!(audit.batch(id).cents(State::Completed), file.contents.total_cents);
}

#[tokio::test]
async fn whoever_stored_the_mapping_had_a_hand_in_the_file_and_does_not_approve_it() {
    let file = foreign_table();
    let journey = Journey::start(&file);
    let api = Api::of(&journey);
    store(&api, BOTH, json!({"source_id": "Company", "amount": "Net"})).await;
    // The same columns again are nobody else's.
    let again = store(&api, UPLOADS, json!({"payor id": "Company", "amount": "Net"})).await;
    assert_eq!(again["stored_by"], BOTH.0);
    let batch_id = post(&api, &file).await;
    let summary = api.post(UPLOADS, &format!("/batches/{batch_id}/summary"), Value::Null).await;
    let approval = json!({"manifest_hash": summary["manifest_hash"], "total": summary["total"],
        "accept_accounts": summary["to_acknowledge"]["accounts"]});
    let path = format!("/batches/{batch_id}/approve");
    let (status, refused) = api.send(BOTH, Method::POST, &path, Sent::Json(approval)).await;
    assert_eq!((status, &refused["code"]), (StatusCode::FORBIDDEN, &json!("approver_is_uploader")));
    assert_eq!(api.approve(&batch_id, &summary).await, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_mapping_that_is_not_there_makes_no_batch_and_one_of_another_file_no_summary() {
    let file = foreign_table();
    let journey = Journey::start(&file);
    let api = Api::of(&journey);
    for name in ["acme", "no%20name", ""] {
        let path = format!("/batches?mapping={name}");
        let sent = Sent::File("text/csv", file.bytes.clone());
        let (status, refused) = api.send(UPLOADS, Method::POST, &path, sent).await;
        assert_eq!((status.as_u16(), &refused["code"]), (422, &json!("file_mapping_unknown")), "{name}");
    }
    store(&api, UPLOADS, json!({"source_id": "Company", "amount": "Gross"})).await;
    let batch_id = post(&api, &file).await;
    let path = format!("/batches/{batch_id}/summary");
    let (status, refused) = api.send(UPLOADS, Method::POST, &path, Sent::Json(Value::Null)).await;
    assert_eq!((status.as_u16(), &refused["errors"][0]["code"]), (422, &json!("CSV_HEADER")), "{refused}");
    assert!(refused["errors"][0]["message"].as_str().unwrap().contains("\"Gross\""), "{refused}");
}

#[tokio::test]
async fn a_mapping_of_columns_that_no_payment_has_is_refused() {
    let file = foreign_table();
    let journey = Journey::start(&file);
    let api = Api::of(&journey);
    for (name, columns) in [
        ("acme", json!({"sum": "Net"})),
        ("acme", json!({"amount": ""})),
        ("acme", json!({"amount": "Net", "payment amount": "Gross"})),
        ("acme", json!({"amount": "Net", "branch_id": "net"})),
        ("acme", json!({})),
        ("a.b", json!({"amount": "Net"})),
    ] {
        let body = Sent::Json(json!({"columns": columns}));
        let (status, refused) = api.send(UPLOADS, Method::PUT, &format!("/file-mappings/{name}"), body).await;
        assert_eq!((status.as_u16(), &refused["code"]), (422, &json!("file_mapping_invalid")), "{columns}");
    }
    let (missing, _) = api.send(UPLOADS, Method::DELETE, "/file-mappings/acme", Sent::Nothing).await;
    assert_eq!(missing, StatusCode::NOT_FOUND);
}
