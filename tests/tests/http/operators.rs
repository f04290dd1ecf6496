use http::{Method, StatusCode};
use serde_json::{Value, json};
use shared::domain::caller::Role;
use shared::domain::leg::{Attention, AttentionReason};
use shared::domain::source::{Pause, PauseReason};
use shared::operations::{sources, upload};
use shared::ports::clock::Clock as _;
use shared::store::stored::replace;

use crate::office::{OPERATOR, Office, READER, small_file};

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
async fn a_source_is_paused_and_resumed() {
    let office = Office::open();
    office.paying_batch(1).await;
    let listed = office.get(READER, "/sources").await.json();
    let ids: Vec<&str> = listed["items"].as_array().unwrap().iter().map(|s| s["source_id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 2);

    let paused = office.post(OPERATOR, &format!("/sources/{}/pause", ids[0]), &Value::Null).await.json();
    assert_eq!((&paused["paused"], &paused["pause"]["reason"]), (&json!(true), &json!("operator")));
    let resumed = office.post(OPERATOR, &format!("/sources/{}/resume", ids[0]), &json!({"reason": "looked at"})).await;
    let resumed = resumed.json();
    assert_eq!(resumed["paused"], false);
}

/// A batch that bears attention.
async fn flagged(office: &Office) -> String {
    let batch_id = office.paying_batch(1).await;
    let world = &office.people.world;
    let mut batch = upload::load(&world.system, batch_id.parse().unwrap()).await.unwrap();
    batch.attention = Some(Attention { reason: AttentionReason::SourceChanged, since: world.clock.business_now() });
    world.system.table.write(vec![replace(&mut batch).unwrap()]).await.unwrap();
    batch_id
}

async fn audited(office: &Office) -> Vec<String> {
    let audit = office.get(OPERATOR, "/audit?day=2026-03-02").await.json();
    let entries = audit["items"].as_array().unwrap();
    let mut actions: Vec<_> = entries.iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect();
    actions.sort_unstable();
    actions
}

#[tokio::test]
async fn clearing_attention_needs_a_note_and_is_in_the_audit() {
    let office = Office::open();
    let path = format!("/batches/{}/attention/clear", flagged(&office).await);
    let without = office.post(OPERATOR, &path, &json!({"note": " "})).await;
    assert_eq!(without.refusal(), (422, "note_invalid".to_owned()));
    // Who says it twice has said it once.
    for _ in 0..2 {
        let cleared = office.post(OPERATOR, &path, &json!({"note": "asked the bank"})).await;
        assert_eq!(cleared.status, StatusCode::NO_CONTENT);
        let expected = ["approve_batch", "clear_attention", "create_batch", "store_file", "summarize_batch"];
        assert_eq!(audited(&office).await, expected);
    }
}

/// A slip in the id must not look as if something had been seen to.
#[tokio::test]
async fn a_flag_that_is_not_there_is_not_cleared() {
    let office = Office::open();
    let batch_id = flagged(&office).await;
    let path = format!("/batches/{batch_id}/attention/clear");
    let note = json!({"note": "looked at"});
    assert_eq!(office.post(OPERATOR, &path, &note).await.status, StatusCode::NO_CONTENT);
    let nothing = (409, "nothing_flagged".to_owned());
    assert_eq!(office.post(SECOND_OPERATOR, &path, &note).await.refusal(), nothing, "another one cleared it");

    let payments = office.get(READER, &format!("/payments?batch={batch_id}")).await.json();
    let payment_id = payments["items"][0]["payment_id"].as_str().unwrap();
    for path in [
        format!("/batches/{}/attention/clear", office.upload(small_file(2).0).await),
        format!("/payments/{payment_id}/attention/clear"),
    ] {
        let said = audited(&office).await;
        assert_eq!(office.post(OPERATOR, &path, &note).await.refusal(), nothing, "{path}");
        assert_eq!(audited(&office).await, said, "{path}");
    }
}

/// A pause is not ended before anybody has seen what it is for.
#[tokio::test]
async fn attention_leads_to_what_a_reconciliation_found() {
    let office = Office::open();
    office.paying_batch(1).await;
    let world = &office.people.world;
    let mut source = sources::all(&world.system).await.unwrap().remove(0);
    let begun = office.post(OPERATOR, "/reconciliations", &json!({"from": "2026-03-01"})).await.json();
    let reconciliation_id = begun["reconciliation_id"].as_str().unwrap().to_owned();
    let reason = PauseReason::Difference(reconciliation_id.clone());
    source.pause = Some(Pause { reason, since: world.clock.business_now(), until: None });
    world.system.table.write(vec![replace(&mut source).unwrap()]).await.unwrap();

    let waiting = office.get(OPERATOR, "/attention").await.json();
    let actions = waiting["items"][0]["actions"].as_array().unwrap();
    let paths: Vec<&str> = actions.iter().map(|action| action["path"].as_str().unwrap()).collect();
    let items = format!("/reconciliations/{reconciliation_id}/items");
    assert_eq!(paths, [items.as_str(), &format!("/sources/{}/resume", source.id)]);
    assert_eq!((&actions[0]["method"], office.get(OPERATOR, &items).await.status), (&json!("GET"), StatusCode::OK));
}

#[tokio::test]
async fn what_does_not_exist_cannot_be_cleared_or_paused() {
    let office = Office::open();
    let payment = format!("/payments/pay_{}/attention/clear", "0".repeat(32));
    let answer = office.post(OPERATOR, &payment, &json!({"note": "seen"})).await;
    assert_eq!(answer.refusal(), (404, "not_found".to_owned()));
    assert_eq!(office.post(OPERATOR, "/sources/CORP-9/pause", &Value::Null).await.refusal().0, 404);
}

#[tokio::test]
async fn a_reconciliation_is_asked_for_read_and_listed() {
    let office = Office::open();
    assert_eq!(office.get(OPERATOR, "/health").await.json()["health"], "nothing_yet");
    let begun = office.post(OPERATOR, "/reconciliations", &json!({"from": "2026-03-01"})).await;
    assert_eq!(begun.status, StatusCode::ACCEPTED, "{begun:?}");
    let begun = begun.json();
    assert_eq!((&begun["dry_run"], &begun["to"], &begun["by"]), (&json!(true), &json!("2026-03-01"), &json!("dora")));
    office.work().await;
    let path = format!("/reconciliations/{}", begun["reconciliation_id"].as_str().unwrap());
    assert_eq!(office.get(OPERATOR, &path).await.json()["state"], "completed", "nobody has anything at the bank");
    assert_eq!(office.get(OPERATOR, &format!("{path}/items")).await.json()["items"], json!([]));

    office.people.world.clock.advance(std::time::Duration::from_mins(1));
    let second = office.post(OPERATOR, "/reconciliations", &json!({"from": "2026-03-02"})).await.json();
    let first_page = office.get(OPERATOR, "/reconciliations?limit=1").await.json();
    assert_eq!(first_page["items"][0]["reconciliation_id"], second["reconciliation_id"], "the newest first");
    let cursor = first_page["next_cursor"].as_str().unwrap();
    let second_page = office.get(OPERATOR, &format!("/reconciliations?cursor={cursor}")).await.json();
    assert_eq!(second_page["items"], json!([office.get(OPERATOR, &path).await.json()]));

    for (asked, status, code) in [
        (json!({"from": "2026-03-02", "to": "2026-03-01"}), 422, "range_invalid"),
        (json!({"from": "2026-03-03"}), 422, "range_invalid"),
        (json!({"from": "2026-03-01", "payer_id": "CORP-9"}), 404, "not_found"),
        (json!({"from": "yesterday"}), 400, "body_invalid"),
    ] {
        let refused = office.post(OPERATOR, "/reconciliations", &asked).await.refusal();
        assert_eq!(refused, (status, code.to_owned()), "{asked}");
    }
}

#[tokio::test]
async fn a_correction_counts_once_a_second_person_confirms_what_they_saw() {
    let office = Office::open();
    office.paying_batch(1).await;
    let listed = office.get(READER, "/sources").await.json();
    let source_id = listed["items"][0]["source_id"].clone();
    let terms = |amount: &str, credit: &str| {
        json!({"payer_id": source_id, "debit": "cash", "credit": credit, "amount": amount, "reason": "a fee",
            "about": null})
    };
    for (amount, credit) in [("0.00", "funds"), ("1.00", "cash")] {
        let refused = office.post(OPERATOR, "/ledger/corrections", &terms(amount, credit)).await.refusal();
        assert_eq!(refused, (422, "correction_invalid".to_owned()));
    }
    let proposed = office.post(OPERATOR, "/ledger/corrections", &terms("1.50", "funds")).await;
    assert_eq!(proposed.status, StatusCode::CREATED, "{proposed:?}");
    let path = format!("/ledger/corrections/{}", proposed.json()["correction_id"].as_str().unwrap());
    let confirm = format!("{path}/confirm");
    assert_eq!(office.post(OPERATOR, &confirm, &terms("1.50", "funds")).await.refusal().1, "same_person");
    assert_eq!(office.post(SECOND_OPERATOR, &confirm, &terms("1.51", "funds")).await.refusal().1, "correction_differs");
    assert_eq!(office.get(OPERATOR, &path).await.json()["confirmed_by"], Value::Null);
    for _ in 0..2 {
        let booked = office.post(SECOND_OPERATOR, &confirm, &terms("1.50", "funds")).await.json();
        assert_eq!(booked["confirmed_by"], "eve");
    }
    let books = office.get(READER, "/ledger/trial-balance").await.json();
    let account = format!("cash:{}", source_id.as_str().unwrap());
    assert_eq!((&books["accounts"][&account]["balance"], &books["total"]["debits"]), (&json!("1.50"), &json!("1.50")));
    let lines = office.get(READER, &format!("/ledger/accounts/{account}/postings")).await.json();
    let line = &lines["items"][0];
    assert_eq!((&line["effect"], &line["reason"]), (&json!("correction"), &json!("a fee")));
    let audit = office.get(OPERATOR, "/audit?day=2026-03-02").await.json();
    let actions: Vec<&str> = audit["items"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
    assert!(actions.contains(&"propose_correction") && actions.contains(&"confirm_correction"), "{actions:?}");
}

/// Whoever throws the switch in haste is not told that something stopped when nothing did.
#[tokio::test]
async fn a_switch_of_nobody_cannot_be_thrown() {
    let office = Office::open();
    let stop = json!({"stopped": true, "reason": "Everything looks wrong."});
    for scope in ["All", "ALL", "all%20", "per_0", "%20", "CORP%201"] {
        let refused = office.json(OPERATOR, Method::PUT, &format!("/stops/{scope}"), &stop).await;
        assert_eq!(refused.json()["code"], "stop_scope_invalid", "{scope}: {refused:?}");
    }
    for scope in ["all", "CORP-1", "per_0123456789abcdef0123456789abcdef"] {
        let thrown = office.json(OPERATOR, Method::PUT, &format!("/stops/{scope}"), &stop).await;
        assert_eq!(thrown.json()["stopped"], true, "{scope}: {thrown:?}");
    }
}
