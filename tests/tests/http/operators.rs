use http::{Method, StatusCode};
use serde_json::{Value, json};
use shared::domain::people::Role;

use crate::office::{OPERATOR, Office, READER};

const SECOND_OPERATOR: (&str, &[Role]) = ("eve", &[Role::Operate]);

#[tokio::test]
async fn a_biller_counts_once_a_second_person_confirms_what_they_saw() {
    let office = Office::open();
    let path = "/billers/ins_9";
    let how = json!({"how": "ach", "routing_number": "021000021", "account_type": "loan", "entry_class": "PPD",
        "entry_description": "LOAN PMT"});
    let proposed = office.json(OPERATOR, Method::PUT, path, &how).await;
    assert_eq!(proposed.status, StatusCode::OK, "{proposed:?}");
    assert_eq!((&proposed.json()["decision"], &proposed.json()["proposal"]["by"]), (&Value::Null, &json!("dora")));

    let confirm = format!("{path}/confirm");
    assert_eq!(office.post(OPERATOR, &confirm, &how).await.refusal(), (403, "same_person".to_owned()));
    let other = json!({"how": "unpayable", "reason": "closed"});
    assert_eq!(office.post(SECOND_OPERATOR, &confirm, &other).await.refusal(), (409, "proposal_differs".to_owned()));
    assert_eq!(office.post(SECOND_OPERATOR, &confirm, &how).await.json()["decision"], how);
    assert_eq!(office.get(OPERATOR, path).await.json()["decision"], how);
    assert_eq!(office.post(SECOND_OPERATOR, &confirm, &how).await.refusal(), (409, "nothing_proposed".to_owned()));
}

#[tokio::test]
async fn an_address_for_checks_counts_once_a_second_person_confirms_what_they_saw() {
    let office = Office::open();
    let path = "/billers/ins_9/remittance";
    let address = json!({"line_1": "PO Box 100", "city": "Wilmington", "state": "DE", "postal_code": "19886"});
    let remittance = json!({"name": "Example Card Services", "address": address});
    let abroad = json!({"name": "Example Card Services", "address": {"line_1": "1 Main St", "city": "Toronto", "state": "ON", "postal_code": "19886"}});
    assert_eq!(
        office.json(OPERATOR, Method::PUT, path, &abroad).await.refusal(),
        (422, "remittance_invalid".to_owned())
    );
    let proposed = office.json(OPERATOR, Method::PUT, path, &remittance).await;
    assert_eq!(proposed.status, StatusCode::OK, "{proposed:?}");
    assert_eq!(proposed.json()["remittance"], Value::Null);

    let confirm = format!("{path}/confirm");
    assert_eq!(office.post(OPERATOR, &confirm, &remittance).await.refusal(), (403, "same_person".to_owned()));
    let other = json!({"name": "Another Payee", "address": address});
    assert_eq!(office.post(SECOND_OPERATOR, &confirm, &other).await.refusal(), (409, "proposal_differs".to_owned()));
    assert_eq!(office.post(SECOND_OPERATOR, &confirm, &remittance).await.json()["remittance"], remittance);
}

#[tokio::test]
async fn a_routing_number_must_pass_its_checksum() {
    let office = Office::open();
    let how = json!({"how": "ach", "routing_number": "021000020", "account_type": "loan", "entry_class": "PPD",
        "entry_description": "LOAN PMT"});
    let answer = office.json(OPERATOR, Method::PUT, "/billers/ins_9", &how).await;
    assert_eq!(answer.refusal(), (422, "biller_invalid".to_owned()));
    assert_eq!(answer.json()["errors"][0]["field"], "routing_number");
}

#[tokio::test]
async fn sources_are_paused_and_resumed_one_or_all() {
    let office = Office::open();
    office.paying_batch(1).await;
    let listed = office.get(READER, "/sources").await.json();
    let ids: Vec<&str> = listed["items"].as_array().unwrap().iter().map(|s| s["source_id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 2);

    let paused = office.post(OPERATOR, &format!("/sources/{}/pause", ids[0]), &Value::Null).await.json();
    assert_eq!((&paused["paused"], &paused["pause"]["reason"]), (&json!(true), &json!("operator")));
    let resumed = office.post(OPERATOR, &format!("/sources/{}/resume", ids[0]), &Value::Null).await.json();
    assert_eq!(resumed["paused"], false);

    for (command, paused) in [("pause", true), ("resume", false)] {
        office.post(OPERATOR, &format!("/sources/{command}"), &Value::Null).await;
        for id in &ids {
            assert_eq!(office.get(OPERATOR, &format!("/sources/{id}")).await.json()["paused"], paused);
        }
    }
}

#[tokio::test]
async fn clearing_attention_needs_a_note_and_is_in_the_audit() {
    let office = Office::open();
    let batch_id = office.paying_batch(1).await;
    let path = format!("/batches/{batch_id}/attention/clear");
    let without = office.post(OPERATOR, &path, &json!({"note": " "})).await;
    assert_eq!(without.refusal(), (422, "note_invalid".to_owned()));
    let cleared = office.post(OPERATOR, &path, &json!({"note": "asked the bank"})).await;
    assert_eq!(cleared.status, StatusCode::NO_CONTENT);

    let audit = office.get(OPERATOR, "/audit?day=2026-03-02").await.json();
    let entries = audit["items"].as_array().unwrap();
    let mut actions: Vec<&str> = entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["approve_batch", "create_batch", "summarize_batch"]);
}

#[tokio::test]
async fn what_does_not_exist_cannot_be_cleared_or_paused() {
    let office = Office::open();
    let payment = format!("/payments/pay_{}/attention/clear", "0".repeat(32));
    let answer = office.post(OPERATOR, &payment, &json!({"note": "seen"})).await;
    assert_eq!(answer.refusal(), (404, "not_found".to_owned()));
    assert_eq!(office.post(OPERATOR, "/sources/CORP-9/pause", &Value::Null).await.refusal().0, 404);
}
