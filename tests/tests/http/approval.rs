use http::StatusCode;
use serde_json::{Value, json};
use shared::domain::caller::Role;

use crate::office::{APPROVER, OPERATOR, Office, READER, UPLOADER, approval_of, small_file};

async fn ready(office: &Office, seed: u64) -> (String, Value) {
    let batch_id = office.upload(small_file(seed).0).await;
    let summary = office.summarize(&batch_id).await;
    (batch_id, approval_of(&summary))
}

#[tokio::test]
async fn an_approval_answers_the_same_however_often_it_is_sent() {
    let office = Office::open();
    let (batch_id, approval) = ready(&office, 1).await;
    let first = office.approve(APPROVER, &approval, &batch_id).await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "{first:?}");
    assert_eq!(first.json()["approved_by"], "bob");
    office.work().await;
    let again = office.approve(APPROVER, &approval, &batch_id).await;
    assert_eq!((again.status, again.body), (first.status, first.body));
}

#[tokio::test]
async fn the_uploader_cannot_approve() {
    let office = Office::open();
    let (batch_id, approval) = ready(&office, 1).await;
    let both = ("ann", &[Role::PayrollUpload, Role::PayrollApprove][..]);
    let answer = office.approve(both, &approval, &batch_id).await;
    assert_eq!(answer.refusal(), (403, "approver_is_uploader".to_owned()));
}

#[tokio::test]
async fn new_accounts_must_be_named() {
    let office = Office::open();
    let (batch_id, approval) = ready(&office, 1).await;
    let unnamed = json!({"manifest_hash": approval["manifest_hash"], "total": approval["total"]});
    let answer = office.approve(APPROVER, &unnamed, &batch_id).await;
    assert_eq!(answer.refusal(), (422, "not_acknowledged".to_owned()));
    let listed: Vec<Value> =
        answer.json()["accounts"].as_array().unwrap().iter().map(|account| account["fingerprint"].clone()).collect();
    assert_eq!(json!(listed), approval["accept_accounts"]);
}

#[tokio::test]
async fn another_manifest_or_total_is_not_what_was_seen() {
    let office = Office::open();
    let (batch_id, approval) = ready(&office, 1).await;
    for (field, value, refusal) in [
        ("manifest_hash", "0".repeat(64), (409, "manifest_stale")),
        ("total", "1.00".to_owned(), (422, "total_differs")),
    ] {
        let mut other = approval.clone();
        other[field] = value.into();
        let answer = office.approve(APPROVER, &other, &batch_id).await;
        assert_eq!(answer.refusal(), (refusal.0, refusal.1.to_owned()));
    }
}

#[tokio::test]
async fn the_same_payments_in_another_file_name_the_earlier_batch() {
    let office = Office::open();
    let (earlier, approval) = ready(&office, 1).await;
    let (later, later_approval) = ready(&office, 1).await;
    assert_eq!(office.approve(APPROVER, &approval, &earlier).await.status, StatusCode::ACCEPTED);
    let answer = office.approve(APPROVER, &later_approval, &later).await;
    assert_eq!(answer.refusal(), (409, "same_payments".to_owned()));
    assert_eq!(answer.json()["earlier_batch_id"], earlier);
}

#[tokio::test]
async fn a_declined_batch_cannot_be_approved() {
    let office = Office::open();
    let (batch_id, approval) = ready(&office, 1).await;
    let declined = office.post(APPROVER, &format!("/batches/{batch_id}/decline"), &Value::Null).await;
    assert_eq!((declined.status, &declined.json()["state"]), (StatusCode::OK, &json!("declined")));
    let answer = office.approve(APPROVER, &approval, &batch_id).await;
    assert_eq!(answer.refusal(), (409, "batch_state".to_owned()));
    assert_eq!(answer.json()["state"], "declined");
}

#[tokio::test]
async fn a_canceled_batch_stops_what_has_not_left() {
    let office = Office::open();
    let batch_id = office.paying_batch(1).await;
    let canceled = office.post(APPROVER, &format!("/batches/{batch_id}/cancel"), &Value::Null).await;
    assert_eq!((canceled.status, &canceled.json()["state"]), (StatusCode::ACCEPTED, &json!("canceling")));
    office.work().await;
    let batch = office.get(READER, &format!("/batches/{batch_id}")).await.json();
    assert_eq!(batch["payments"]["unprocessed"], 0, "{batch}");
}

#[tokio::test]
async fn what_is_not_over_is_neither_retried_nor_refunded() {
    let office = Office::open();
    let batch_id = office.paying_batch(1).await;
    for (person, command) in [(APPROVER, "retry"), (OPERATOR, "refund")] {
        let answer = office.post(person, &format!("/batches/{batch_id}/{command}"), &Value::Null).await;
        assert_eq!(answer.refusal(), (409, "batch_state".to_owned()), "{command}");
    }
}

#[tokio::test]
async fn a_batch_that_nobody_made_is_not_found() {
    let office = Office::open();
    let id = format!("bat_{}", "0".repeat(32));
    for path in [format!("/batches/{id}/summary"), "/batches/bat_1/summary".to_owned()] {
        assert_eq!(office.get(UPLOADER, &path).await.refusal(), (404, "not_found".to_owned()));
    }
}
