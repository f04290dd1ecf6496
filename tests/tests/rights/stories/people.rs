//! What people do with batches, and what comes of batches that nobody decides on.

use axum::body::Bytes;
use http::{Method, StatusCode};
use journeys::api::{APPROVES, OPERATES, Sent, UPLOADS};
use journeys::file::PayrollFile;
use journeys::recording::Invocation;
use serde_json::{Value, json};
use shared::domain::batch::BatchState;
use shared::operations::Settings;
use shared::operations::upload::upload_object;
use shared::ports::objects::Objects as _;

use super::{Story, id_of};

pub(super) async fn upload_and_approve() -> Vec<Invocation> {
    let file = PayrollFile::of(12);
    let story = Story::of(&file);
    let (api, journey) = (&story.api, &story.journey);
    let (status, created) = api.create("once", file.bytes.len()).await;
    assert_eq!(status, StatusCode::CREATED, "{created}");
    assert_eq!(api.create("once", file.bytes.len()).await, (status, created.clone()));
    let empty = created["batch_id"].as_str().unwrap();
    let summary = format!("/batches/{empty}/summary");
    api.post(UPLOADS, &format!("/batches/{empty}/upload-link"), json!({"length": 10})).await;
    let (missing, _) = api.send(UPLOADS, Method::POST, &summary, Sent::Json(Value::Null)).await;
    assert_eq!(missing, StatusCode::CONFLICT);

    let rejected = api.upload(Bytes::from_static(b"<none/>")).await;
    let summary = format!("/batches/{rejected}/summary");
    for method in [Method::POST, Method::GET] {
        let (status, _) = api.send(UPLOADS, method, &summary, Sent::Nothing).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    let first = api.begin(file.bytes.clone()).await;
    api.get(UPLOADS, &format!("/batches/{first}/summary")).await;
    let same = api.upload(file.respelled().bytes).await;
    let summary = api.post(UPLOADS, &format!("/batches/{same}/summary"), Value::Null).await;
    assert_eq!(api.approve(&same, &summary).await, StatusCode::CONFLICT);
    journey.finish(id_of(&first)).await;
    story.told()
}

pub(super) async fn look() -> Vec<Invocation> {
    let file = PayrollFile::of(12);
    let story = Story::of(&file);
    let (api, journey) = (&story.api, &story.journey);
    let batch_id = story.pay(&file).await;
    let payment =
        journey.payments(id_of(&batch_id)).await.into_iter().find(|payment| payment.leg.transfer_id.is_some());
    let payment = payment.unwrap();
    let (payment_id, funding_id) = (payment.id, payment.funding_id());
    let (employee, source) = (&file.rows[0].employee.employee_id, &payment.payer_id);
    for path in [
        "/batches".to_owned(),
        format!("/batches/{batch_id}"),
        format!("/batches/{batch_id}/reports/payments"),
        format!("/payments?batch={batch_id}"),
        format!("/payments/{payment_id}"),
        format!("/payments/{payment_id}/history"),
        format!("/employees/{employee}/payments"),
        format!("/fundings?batch={batch_id}"),
        "/fundings".to_owned(),
        format!("/fundings/{funding_id}"),
        format!("/fundings/{funding_id}/history"),
        "/ledger/trial-balance".to_owned(),
        format!("/ledger/accounts/cash:{source}/postings"),
    ] {
        api.get(UPLOADS, &path).await;
    }
    api.get(OPERATES, "/audit?day=2026-03-02").await;
    story.told()
}

pub(super) async fn change_their_minds() -> Vec<Invocation> {
    let file = PayrollFile::of(12);
    let story = Story::of(&file);
    let (api, journey) = (&story.api, &story.journey);
    let declined = api.upload(file.bytes.clone()).await;
    api.post(APPROVES, &format!("/batches/{declined}/decline"), Value::Null).await;
    let withdrawn = api.upload(file.bytes.clone()).await;
    api.post(UPLOADS, &format!("/batches/{withdrawn}/withdraw"), Value::Null).await;
    let canceled = api.begin(file.bytes.clone()).await;
    api.post(APPROVES, &format!("/batches/{canceled}/cancel"), Value::Null).await;
    assert_eq!(journey.finish(id_of(&canceled)).await.state, BatchState::Canceled);
    story.told()
}

/// Everything is large: files are read and reports are written by the worker. The second file pays what the first has paid.
pub(super) async fn large_files_and_reports_are_the_workers() -> Vec<Invocation> {
    let file = PayrollFile::of(12);
    let story = Story::with(&file, |settings| Settings {
        summary_bytes_in_request_max: 0,
        report_rows_in_answer_max: 0,
        ..settings
    });
    let (api, journey) = (&story.api, &story.journey);
    let overlapping = file.changed(|rows| rows.truncate(10));
    for (file, format) in [(&file, "text/csv"), (&overlapping, "application/json")] {
        let batch_id = api.upload(file.bytes.clone()).await;
        // As a link takes it: packed.
        let key = upload_object(id_of(&batch_id));
        journey.objects.put(&key, "application/gzip", file.packed()).await.unwrap();
        let path = format!("/batches/{batch_id}/summary");
        api.post(UPLOADS, &path, Value::Null).await;
        journey.work().await;
        let summary = api.get(UPLOADS, &path).await;
        assert_eq!(api.approve(&batch_id, &summary).await, StatusCode::ACCEPTED);
        journey.finish(id_of(&batch_id)).await;
        assert_eq!(api.large_report(&batch_id, format).await["state"], "preparing");
        journey.work().await;
        assert_eq!(api.large_report(&batch_id, format).await["state"], "ready");
    }
    let rejected = api.upload(Bytes::from_static(b"<none/>")).await;
    api.post(UPLOADS, &format!("/batches/{rejected}/summary"), Value::Null).await;
    journey.work().await;
    assert_eq!(journey.batch(id_of(&rejected)).await.state, BatchState::Rejected);
    story.told()
}

pub(super) async fn nobody_decides_and_messages_are_lost() -> Vec<Invocation> {
    let file = PayrollFile::of(12);
    let story = Story::of(&file);
    let (api, journey) = (&story.api, &story.journey);
    let forgotten = api.upload(file.bytes.clone()).await;
    journey.let_days_pass(8).await;
    assert_eq!(journey.batch(id_of(&forgotten)).await.state, BatchState::Expired);

    let mut journey = story.journey;
    let batch_id = story.api.begin(file.bytes.clone()).await;
    journey.delivery.lost = Some(|_| true);
    journey.work().await;
    journey.delivery.lost = None;
    journey.finish(id_of(&batch_id)).await;
    story.records.invocations()
}
