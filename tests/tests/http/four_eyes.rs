//! Whoever has a hand in what a file holds does not approve it, whatever their roles.

use http::StatusCode;
use serde_json::{Value, json};
use shared::domain::caller::Role;

use crate::office::{APPROVER, OPERATOR, Office, Person, READER, UPLOADER, approval_of, small_file};

const ANOTHER_UPLOADER: Person = ("ulf", &[Role::PayrollUpload]);
const SECOND_APPROVER: Person = ("ada", &[Role::PayrollApprove]);
/// Has both roles, and made none of the batches.
const BOTH: Person = ("sam", &[Role::PayrollUpload, Role::PayrollApprove]);

#[tokio::test]
async fn only_who_made_a_draft_gets_a_link_for_its_file() {
    let office = Office::open();
    let created = office.post(UPLOADER, "/batches", &json!({"length": 10})).await.json();
    let path = format!("/batches/{}/upload-link", created["batch_id"].as_str().unwrap());
    for other in [ANOTHER_UPLOADER, BOTH] {
        let answer = office.post(other, &path, &json!({"length": 10})).await;
        assert_eq!(answer.refusal(), (403, "not_the_creator".to_owned()));
    }
    assert_eq!(office.post(UPLOADER, &path, &json!({"length": 10})).await.status, StatusCode::OK);
}

/// One person with both roles had a colleague's file read anew, and approved what it held by then.
#[tokio::test]
async fn whoever_had_the_file_summarized_cannot_approve_it() {
    let office = Office::open();
    let batch_id = office.upload(small_file(1).0).await;
    office.summarize(&batch_id).await;
    let summary = office.post(BOTH, &format!("/batches/{batch_id}/summary"), &Value::Null).await.json();
    let approval = approval_of(&summary);
    let refused = office.approve(BOTH, &approval, &batch_id).await;
    assert_eq!(refused.refusal(), (403, "approver_is_uploader".to_owned()));
    assert_eq!(office.get(READER, &format!("/batches/{batch_id}")).await.json()["uploaders"], json!(["sam"]));
    assert_eq!(office.approve(APPROVER, &approval, &batch_id).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn reading_a_summary_makes_nobody_an_uploader() {
    let office = Office::open();
    let batch_id = office.upload(small_file(1).0).await;
    office.summarize(&batch_id).await;
    let summary = office.get(BOTH, &format!("/batches/{batch_id}/summary")).await.json();
    assert_eq!(office.approve(BOTH, &approval_of(&summary), &batch_id).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn links_files_and_summaries_are_in_the_audit() {
    let office = Office::open();
    let linked = office.post(UPLOADER, "/batches", &json!({"length": 10})).await.json()["batch_id"].clone();
    let stored = office.upload(small_file(1).0).await;
    office.summarize(&stored).await;
    office.post(BOTH, &format!("/batches/{stored}/summary"), &Value::Null).await;
    let actions = async |batch_id: &str| {
        let entries = office.get(OPERATOR, &format!("/audit?subject={batch_id}")).await.json();
        let entries = entries["items"].as_array().unwrap().clone();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut actions: Vec<String> =
            entries.iter().map(|entry| format!("{} {}", text(&entry["actor"]), text(&entry["action"]))).collect();
        actions.sort();
        actions
    };
    assert_eq!(actions(linked.as_str().unwrap()).await, ["ann create_batch", "ann give_upload_link"]);
    let expected = ["ann create_batch", "ann store_file", "ann summarize_batch", "sam summarize_batch"];
    assert_eq!(actions(&stored).await, expected);
}

/// An approval that is sent again answers its own person the same; nobody else is told that it was theirs.
#[tokio::test]
async fn an_approval_is_answered_again_to_its_own_person_only() {
    let office = Office::open();
    let batch_id = office.upload(small_file(1).0).await;
    let approval = approval_of(&office.summarize(&batch_id).await);
    assert_eq!(office.approve(APPROVER, &approval, &batch_id).await.status, StatusCode::ACCEPTED);
    assert_eq!(office.approve(APPROVER, &approval, &batch_id).await.status, StatusCode::ACCEPTED);

    let by_another = office.approve(SECOND_APPROVER, &approval, &batch_id).await;
    assert_eq!(by_another.refusal(), (409, "approved_before".to_owned()));
    assert_eq!(by_another.json()["approved_by"], "bob");
    let mut of_another = approval.clone();
    of_another["manifest_hash"] = "0".repeat(64).into();
    let answer = office.approve(APPROVER, &of_another, &batch_id).await;
    assert_eq!(answer.refusal(), (409, "approved_before".to_owned()));
}
