//! A table is paid as its XML is: posted or put behind a link, plain or packed.

use http::{Method, StatusCode};
use journeys::api::{Api, Sent, UPLOADS};
use journeys::audit::Audit;
use journeys::file::PayrollFile;
use journeys::journey::Journey;
use serde_json::{Value, json};
use shared::domain::batch::BatchState;
use shared::domain::ids::BatchId;
use shared::domain::leg::State;
use shared::operations::Settings;
use shared::operations::upload::upload_object;
use shared::ports::objects::Objects as _;

/// Few rows a chunk, so that a small file has several.
fn start(file: &PayrollFile) -> Journey {
    let mut journey = Journey::start(file);
    let settings = Settings { rows_per_chunk: 7, ..(*journey.system.settings).clone() };
    journey.record(settings);
    journey
}

async fn approve_and_finish(journey: &Journey, api: &Api, batch_id: &str, file: &PayrollFile) {
    let summary = api.post(UPLOADS, &format!("/batches/{batch_id}/summary"), Value::Null).await;
    assert_eq!((&summary["file_sha256"], &summary["ready"]), (&json!(file.contents.sha256), &json!(true)));
    assert_eq!(api.approve(batch_id, &summary).await, StatusCode::ACCEPTED);
    let id: BatchId = batch_id.parse().unwrap();
    assert_eq!(journey.finish(id).await.state, BatchState::Completed);
    let audit = Audit::of(journey, &[(id, file)]).await.is_clean(journey);
    let paid = audit.batch(id);
    assert_eq!(paid.cents(State::Completed), file.contents.payable.total_cents, "{paid}");
    assert_eq!(paid.count(State::Completed) as u64, file.contents.payable.rows);
}

#[tokio::test]
async fn a_table_that_is_posted_is_paid_to_the_cent() {
    let table = PayrollFile::of(60).as_table();
    let journey = start(&table);
    let api = Api::of(&journey);
    let created = api.expect(UPLOADS, Method::POST, "/batches", Sent::File("text/csv", table.bytes.clone())).await;
    approve_and_finish(&journey, &api, created["batch_id"].as_str().unwrap(), &table).await;
}

/// Its rows are read again at import from what the summary unpacked.
#[tokio::test]
async fn a_packed_file_behind_a_link_is_paid_to_the_cent() {
    let xml = PayrollFile::of(60);
    for file in [xml.as_table(), xml] {
        let journey = start(&file);
        let api = Api::of(&journey);
        let packed = file.packed();
        let (status, created) = api.create("link", packed.len()).await;
        assert_eq!(status, StatusCode::CREATED);
        let batch_id = created["batch_id"].as_str().unwrap();
        let key = upload_object(batch_id.parse().unwrap());
        journey.objects.put(&key, "application/gzip", packed).await.unwrap();
        approve_and_finish(&journey, &api, batch_id, &file).await;
    }
}

#[tokio::test]
async fn a_packed_file_that_was_damaged_is_refused_by_what_is_wrong() {
    let file = PayrollFile::of(10).as_table();
    let journey = start(&file);
    let api = Api::of(&journey);
    let packed = file.packed().to_vec();
    let mut wrong = packed.clone();
    let at = wrong.len() - 6;
    wrong[at] ^= 1;
    for (bytes, code) in [
        (wrong, "GZIP_CHECKSUM"),
        ([&packed[..], b"garbage"].concat(), "GZIP_TRAILING_BYTES"),
        (packed[..packed.len() - 2].to_vec(), "GZIP_TRUNCATED"),
    ] {
        let sent = Sent::File("application/gzip", bytes.clone().into());
        let (status, posted) = api.send(UPLOADS, Method::POST, "/batches", sent).await;
        assert_eq!((status.as_u16(), &posted["errors"][0]["code"]), (422, &json!(code)), "{posted}");

        let (_, created) = api.create(code, bytes.len()).await;
        let batch_id = created["batch_id"].as_str().unwrap();
        let key = upload_object(batch_id.parse().unwrap());
        journey.objects.put(&key, "application/gzip", bytes.into()).await.unwrap();
        let path = format!("/batches/{batch_id}/summary");
        let (status, refused) = api.send(UPLOADS, Method::POST, &path, Sent::Json(Value::Null)).await;
        assert_eq!((status.as_u16(), &refused["errors"][0]["code"]), (422, &json!(code)), "{refused}");
    }
}

/// The claim is on the payments, not on how they are written.
#[tokio::test]
async fn the_same_payments_as_xml_and_as_a_table_are_paid_once() {
    let file = PayrollFile::of(20);
    let journey = start(&file);
    let api = Api::of(&journey);
    let first = api.begin(file.bytes.clone()).await;
    let table = Sent::File("text/csv", file.as_table().bytes);
    let second = api.expect(UPLOADS, Method::POST, "/batches", table).await;
    let second = second["batch_id"].as_str().unwrap();
    let summary = api.post(UPLOADS, &format!("/batches/{second}/summary"), Value::Null).await;
    assert_eq!(summary["not_ready_because"][0]["code"], "same_payments");
    assert_eq!(api.approve(second, &summary).await, StatusCode::CONFLICT);
    journey.finish(first.parse().unwrap()).await;
    Audit::of(&journey, &[(first.parse().unwrap(), &file)]).await.is_clean(&journey);
}

#[tokio::test]
async fn an_error_in_a_table_names_its_line_and_column() {
    let file = PayrollFile::of(5).changed(|rows| rows[2].source.routing_number = "123456789".to_owned()).as_table();
    let journey = start(&file);
    let api = Api::of(&journey);
    let created = api.expect(UPLOADS, Method::POST, "/batches", Sent::File("text/csv", file.bytes.clone())).await;
    let path = format!("/batches/{}/summary", created["batch_id"].as_str().unwrap());
    let (status, refused) = api.send(UPLOADS, Method::POST, &path, Sent::Json(Value::Null)).await;
    let error = &refused["errors"][0];
    assert_eq!((status.as_u16(), &error["row"], &error["line"]), (422, &json!(3), &json!(4)), "{refused}");
    assert_eq!((&error["column"], &error["code"]), (&json!("Payor/ABARouting"), &json!("ABA_CHECKSUM")));
}
