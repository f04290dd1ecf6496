use std::io::Write;

use axum::body::Body;
use flate2::Compression;
use flate2::write::GzEncoder;
use generator::{Options, parse_defects};
use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::office::{APPROVER, Office, READER, UPLOADER, approval_of, dollars, small_file};

#[tokio::test]
async fn a_draft_gets_a_link_for_exactly_the_length_it_names() {
    let office = Office::open();
    let created = office.post(UPLOADER, "/batches", &json!({"length": 1_234, "control_total": "12.50"})).await;
    assert_eq!(created.status, StatusCode::CREATED);
    let created = created.json();
    assert_eq!(created["state"], "draft");
    assert_eq!(created["upload"]["method"], "PUT");
    assert_eq!(created["upload"]["headers"], json!({"content-length": "1234"}));

    let path = format!("/batches/{}/upload-link", created["batch_id"].as_str().unwrap());
    let fresh = office.post(UPLOADER, &path, &json!({"length": 99})).await;
    assert_eq!(fresh.json()["headers"], json!({"content-length": "99"}));
}

#[tokio::test]
async fn a_length_that_no_file_has_is_refused() {
    let office = Office::open();
    for length in [0, u64::MAX] {
        let answer = office.post(UPLOADER, "/batches", &json!({"length": length})).await;
        assert_eq!(answer.refusal(), (422, "length_invalid".to_owned()));
    }
}

#[tokio::test]
async fn a_repeated_create_makes_one_batch() {
    let office = Office::open();
    let create = || {
        office
            .request(UPLOADER, Method::POST, "/batches")
            .header("idempotency-key", "march")
            .header(CONTENT_TYPE, "application/json")
            .body(Body::from(r#"{"length": 10}"#))
            .unwrap()
    };
    let first = office.send(create()).await;
    let again = office.send(create()).await;
    assert_eq!((again.status, &again.body), (StatusCode::CREATED, &first.body));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let listed = office.get(READER, "/batches").await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_summary_says_what_the_file_holds() {
    let office = Office::open();
    let (file, manifest) = small_file(1);
    let batch_id = office.upload(file).await;
    let summary = office.summarize(&batch_id).await;

    assert_eq!(summary["state"], "ready");
    assert_eq!(summary["file_sha256"], manifest.sha256);
    assert_eq!(summary["rows"], manifest.rows);
    assert_eq!(summary["total"], dollars(manifest.total_cents));
    assert_eq!(summary["payable_total"], dollars(manifest.payable.total_cents));
    assert_eq!(summary["unpayable"]["rows"], manifest.unpayable.rows);
    assert_eq!(summary["unpayable"]["total"], dollars(manifest.unpayable.total_cents));
    assert_eq!(summary["employees"], manifest.employees);
    assert_eq!(summary["by_source"].as_array().unwrap().len(), manifest.by_source.len());
    for source in summary["by_source"].as_array().unwrap() {
        let expected = &manifest.by_source[source["id"].as_str().unwrap()];
        assert_eq!(source["total"], dollars(expected.total_cents));
        assert_eq!((&source["standing"], source["account_last4"].as_str().unwrap().len()), (&json!("new"), 4));
    }
    assert_eq!(summary["to_acknowledge"]["accounts"].as_array().unwrap().len(), manifest.by_source.len());

    let read_again = office.get(READER, &format!("/batches/{batch_id}/summary")).await;
    assert_eq!(read_again.json(), summary);
}

/// Nothing that an approval would refuse is called ready.
#[tokio::test]
async fn a_summary_says_why_no_approval_of_it_would_be_taken() {
    let office = Office::open();
    let because = |summary: &Value| -> Vec<String> {
        let reasons = summary["not_ready_because"].as_array().unwrap();
        reasons.iter().map(|reason| reason["code"].as_str().unwrap().to_owned()).collect()
    };
    let path = "/batches?pay_period=2026-03-06";
    let (earlier, approval) = posted(&office, path).await;
    assert_eq!((&earlier["ready"], because(&earlier).len()), (&json!(true), 0));
    assert_eq!(earlier["pay_period"], "2026-03-06");
    let earlier_id = earlier["batch_id"].as_str().unwrap();
    assert_eq!(office.approve(APPROVER, &approval, earlier_id).await.status, StatusCode::ACCEPTED);

    let (again, _) = posted(&office, path).await;
    assert_eq!((&again["ready"], because(&again)), (&json!(false), vec!["same_payments".to_owned()]));
    let (next, approval) = posted(&office, "/batches?pay_period=2026-03-20").await;
    assert_eq!((&next["ready"], because(&next).len()), (&json!(true), 0));
    let overlaps = next["overlaps"].as_array().unwrap();
    let shown = overlaps.iter().find(|overlap| overlap["batch_id"] == earlier["batch_id"]).unwrap();
    assert_eq!((&shown["pay_period"], &shown["rows"]), (&json!("2026-03-06"), &next["rows"]));
    let next_id = next["batch_id"].as_str().unwrap();
    assert_eq!(office.approve(APPROVER, &approval, next_id).await.status, StatusCode::ACCEPTED);

    let (other, _) = posted(&office, "/batches?pay_period=2026-04-03&control_total=1.00").await;
    assert_eq!((&other["ready"], because(&other)), (&json!(false), vec!["control_total_differs".to_owned()]));
}

/// By default the day of the summary, in Eastern time.
#[tokio::test]
async fn a_batch_shows_its_pay_period() {
    let office = Office::open();
    let (summary, _) = posted(&office, "/batches").await;
    assert_eq!(summary["pay_period"], "2026-03-02");
    let path = format!("/batches/{}", summary["batch_id"].as_str().unwrap());
    assert_eq!(office.get(READER, &path).await.json()["pay_period"], "2026-03-02");

    let given = office.post(UPLOADER, "/batches", &json!({"pay_period": "2026-03-20"})).await.json();
    let path = format!("/batches/{}", given["batch_id"].as_str().unwrap());
    assert_eq!(office.get(READER, &path).await.json()["pay_period"], "2026-03-20");
    let nonsense = office.post(UPLOADER, "/batches", &json!({"pay_period": "March"})).await;
    assert_eq!(nonsense.status.as_u16() / 100, 4);
    let far_away = office.post(UPLOADER, "/batches", &json!({"pay_period": "2062-03-20"})).await;
    assert_eq!(far_away.refusal(), (422, "pay_period_invalid".to_owned()));
}

/// The small file, posted there and summarized, and an approval of all that the summary shows.
async fn posted(office: &Office, path: &str) -> (Value, Value) {
    let request = office.request(UPLOADER, Method::POST, path).header(CONTENT_TYPE, "application/xml");
    let created = office.send(request.body(Body::from(small_file(1).0)).unwrap()).await.json();
    let summary = office.summarize(created["batch_id"].as_str().unwrap()).await;
    let approval = approval_of(&summary);
    (summary, approval)
}

#[tokio::test]
async fn a_packed_file_gives_the_same_summary() {
    let office = Office::open();
    let (file, manifest) = small_file(1);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&file).unwrap();
    let batch_id = office.upload(packed.finish().unwrap()).await;
    assert_eq!(office.summarize(&batch_id).await["file_sha256"], manifest.sha256);
}

#[tokio::test]
async fn a_summary_without_a_file_asks_for_the_file() {
    let office = Office::open();
    let created = office.post(UPLOADER, "/batches", &json!({"length": 10})).await.json();
    let path = format!("/batches/{}/summary", created["batch_id"].as_str().unwrap());
    assert_eq!(office.post(UPLOADER, &path, &Value::Null).await.refusal(), (409, "file_missing".to_owned()));
    assert_eq!(office.get(UPLOADER, &path).await.refusal(), (409, "summary_missing".to_owned()));
}

#[tokio::test]
async fn a_bad_file_is_rejected_with_its_errors_listed() {
    let office = Office::open();
    let defects = parse_defects("aba").unwrap();
    let options = Options { rows: 20, employees: 10, sources: 2, defects, ..Options::default() };
    let mut file = Vec::new();
    let manifest = generator::generate(&options, &mut file).unwrap();
    let batch_id = office.upload(file).await;
    let path = format!("/batches/{batch_id}/summary");

    let rejected = office.post(UPLOADER, &path, &Value::Null).await;
    assert_eq!(rejected.refusal(), (422, "file_rejected".to_owned()));
    let problem = rejected.json();
    assert_eq!(problem["error_count"], 1);
    let error = &problem["errors"][0];
    assert_eq!((&error["row"], &error["code"]), (&json!(manifest.expected_errors[0].row), &json!("ABA_CHECKSUM")));
    assert!(error["offset"].is_u64() && error["message"].is_string() && error["field"].is_string(), "{error}");
    assert_eq!(office.get(UPLOADER, &path).await.json()["errors"], problem["errors"]);
}

#[tokio::test]
async fn a_body_of_another_kind_or_size_is_refused() {
    let office = Office::open();
    let text = office.request(UPLOADER, Method::POST, "/batches").header(CONTENT_TYPE, "text/plain");
    let answer = office.send(text.body(Body::from("rows")).unwrap()).await;
    assert_eq!(answer.refusal(), (415, "content_type_unsupported".to_owned()));
    assert!(answer.body.contains("text/csv") && answer.body.contains("application/gzip"), "what is taken: {answer:?}");
    let answer = office.post_file(vec![b' '; 4 * 1024 * 1024 + 1]).await;
    assert_eq!(answer.refusal(), (413, "body_too_large".to_owned()));
    assert!(answer.body.contains("4 MB") && answer.body.contains("link"), "what to do: {answer:?}");
}
