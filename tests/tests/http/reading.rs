use http::StatusCode;
use serde_json::json;

use crate::office::{OPERATOR, Office, READER, UPLOADER, dollars, small_file};

#[tokio::test]
async fn a_batch_shows_its_payments_counted() {
    let office = Office::open();
    let (_, manifest) = small_file(1);
    let batch_id = office.paying_batch(1).await;
    let batch = office.get(UPLOADER, &format!("/batches/{batch_id}")).await.json();
    assert_eq!((&batch["state"], &batch["approval"]["by"]), (&json!("paying"), &json!("bob")));
    assert_eq!(batch["payments"]["unprocessed"], manifest.rows);
    assert_eq!(batch["totals"]["total"], dollars(manifest.total_cents));
    assert_eq!(batch["file"]["manifest_hash"].as_str().unwrap().len(), 64);
}

#[tokio::test]
async fn batches_are_listed_newest_first_page_by_page() {
    let office = Office::open();
    let mut made = Vec::new();
    for seed in 1..=3 {
        made.push(office.upload(small_file(seed).0).await);
        office.people.world.clock.advance(std::time::Duration::from_secs(60));
    }
    made.reverse();
    let (mut seen, mut path) = (Vec::new(), "/batches?limit=2".to_owned());
    loop {
        let page = office.get(READER, &path).await.json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|b| b["batch_id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/batches?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, made);
    let ready = office.get(READER, "/batches?state=ready").await.json();
    assert_eq!(ready["items"], json!([]));
}

#[tokio::test]
async fn the_reports_come_as_csv_or_json() {
    let office = Office::open();
    let batch_id = office.paying_batch(1).await;
    let path = |report: &str| format!("/batches/{batch_id}/reports/{report}");

    let csv = office.get_as(READER, &path("payments"), "text/csv").await;
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(csv.body.lines().count(), 21);
    assert!(
        csv.body.starts_with("row,payment_id,employee_id,branch_id,source_id,institution_id,account_last4,amount,")
    );

    let lines = office.get_as(READER, &path("payments"), "application/json").await.json();
    assert_eq!((lines.as_array().unwrap().len(), &lines[0]["row"]), (20, &json!(1)));
    for (report, count) in [("sources", 2), ("branches", 3)] {
        let lines = office.get_as(READER, &path(report), "application/json").await.json();
        assert_eq!(lines.as_array().unwrap().len(), count, "{report}");
    }
    assert_eq!(office.get_as(READER, &path("sources"), "text/html").await.status, StatusCode::NOT_ACCEPTABLE);
    assert_eq!(office.get(READER, &path("employees")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_payment_is_found_alone_and_among_those_of_its_employee() {
    let office = Office::open();
    let batch_id = office.paying_batch(1).await;
    let report = format!("/batches/{batch_id}/reports/payments");
    let lines = office.get_as(READER, &report, "application/json").await.json();
    let line = &lines[0];
    let payment_id = line["payment_id"].as_str().unwrap();

    let payment = office.get(READER, &format!("/payments/{payment_id}")).await.json();
    assert_eq!((&payment["amount"], &payment["state"]), (&line["amount"], &json!("unprocessed")));
    assert_eq!(payment["batch_id"], batch_id);
    assert!(!payment.to_string().contains("sealed"), "{payment}");
    let history = office.get(READER, &format!("/payments/{payment_id}/history")).await;
    assert_eq!(history.status, StatusCode::OK);

    let employee_id = line["employee_id"].as_str().unwrap();
    let theirs = office.get(READER, &format!("/employees/{employee_id}/payments")).await.json();
    let ids: Vec<_> = theirs["items"].as_array().unwrap().iter().map(|payment| &payment["payment_id"]).collect();
    assert!(ids.contains(&&line["payment_id"]), "{ids:?}");
}

/// Whoever is called looks at what attention names, without a second role: reports and employees are not for them.
#[tokio::test]
async fn an_operator_reads_what_attention_of_payroll_leads_to() {
    let office = Office::open();
    let batch_id = office.paying_batch(1).await;
    let batches = office.get(OPERATOR, "/batches?state=paying").await.json();
    assert_eq!(batches["items"][0]["batch_id"], batch_id);
    let batch = office.get(OPERATOR, &format!("/batches/{batch_id}")).await.json();
    assert_eq!(batch["payments"]["unprocessed"], 20);
    let payments = office.get(OPERATOR, &format!("/payments?batch={batch_id}")).await.json();
    let payment = &payments["items"][0];
    let path = format!("/payments/{}", payment["payment_id"].as_str().unwrap());
    assert_eq!(office.get(OPERATOR, &path).await.json()["amount"], payment["amount"]);
    assert!(!payments.to_string().contains("sealed"), "{payments}");
    let source_id = payment["source_id"].as_str().unwrap();
    for path in [
        format!("{path}/history"),
        format!("/fundings?batch={batch_id}"),
        format!("/ledger/accounts/receivable:{source_id}/postings"),
    ] {
        let read = office.get(OPERATOR, &path).await;
        assert_eq!(read.status, StatusCode::OK, "{path}: {read:?}");
    }
    let employee_id = payment["employee_id"].as_str().unwrap();
    for path in [format!("/batches/{batch_id}/reports/payments"), format!("/employees/{employee_id}/payments")] {
        assert_eq!(office.get(OPERATOR, &path).await.refusal(), (403, "role_missing".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn the_books_of_a_batch_that_has_moved_nothing_are_empty_and_balanced() {
    let office = Office::open();
    office.paying_batch(1).await;
    let balance = office.get(READER, "/ledger/trial-balance").await.json();
    assert_eq!(balance["total"], json!({"debits": "0.00", "credits": "0.00"}));
    assert_eq!(balance["accounts"].as_object().unwrap().len(), 10);
    let account = balance["accounts"].as_object().unwrap().keys().next().unwrap();
    let postings = office.get(READER, &format!("/ledger/accounts/{account}/postings")).await.json();
    assert_eq!(postings, json!({"items": []}));
    assert_eq!(office.get(READER, "/ledger/accounts/gold:CORP-1/postings").await.status, StatusCode::NOT_FOUND);
}

/// A misspelled filter would show everything.
#[tokio::test]
async fn a_query_parameter_that_is_not_described_is_refused_by_name() {
    let office = Office::open();
    let refused = office.get(READER, "/batches?stat=ready&limit=2").await;
    assert_eq!(refused.refusal(), (400, "query_invalid".to_owned()));
    let error = &refused.json()["errors"][0];
    assert_eq!((&error["field"], &error["code"]), (&json!("stat"), &json!("parameter_unknown")), "{refused:?}");
    let message = error["message"].as_str().unwrap();
    assert!(["limit", "cursor", "state"].iter().all(|name| message.contains(name)), "{message}");
    assert_eq!(office.get(READER, "/batches?state=ready&limit=2").await.status, 200);
}

#[tokio::test]
async fn whoever_may_not_use_a_route_does_not_learn_what_it_takes() {
    let office = Office::open();
    assert_eq!(office.get(READER, "/audit?x=1").await.refusal(), (403, "role_missing".to_owned()));
}
