//! People's requests, over the routers of the three functions that serve them, with real tokens.

use std::collections::BTreeSet;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use shared::domain::caller::Role;
use shared::http::conventions;
use tower::ServiceExt as _;
use world::People;

use crate::journey::{APPROVER, Journey, OPERATOR, UPLOADER};
use crate::recording::Function;

/// Who asks, and what they may.
pub type Person = (&'static str, &'static [Role]);

pub const UPLOADS: Person = (UPLOADER, &[Role::PayrollUpload, Role::ReportsRead]);
pub const APPROVES: Person = (APPROVER, &[Role::PayrollApprove]);
pub const OPERATES: Person = (OPERATOR, &[Role::Operate]);
pub const OPERATES_TOO: Person = ("second-operator@journey.test", &[Role::Operate]);

/// The API of one journey.
#[derive(Debug)]
pub struct Api {
    /// Issues the tokens. Its clock stands at the moment this was made, and so they never end.
    people: People,
    router: Router,
}

/// A request's body and its type.
#[derive(Clone, Debug)]
pub enum Sent {
    Nothing,
    Json(Value),
    /// A payroll file of this media type.
    File(&'static str, Bytes),
}

impl Api {
    pub fn of(journey: &Journey) -> Self {
        let people = People::at(journey.now(), BTreeSet::new());
        let verifier = &people.verifier;
        let approve_batch = approve_batch::HTTP.routes(journey.system_of(Function::ApproveBatch), verifier.clone());
        let reports = reports::HTTP.routes(journey.system_of(Function::Reports), verifier.clone());
        let operator = operator::HTTP.routes(journey.system_of(Function::Operator), verifier.clone());
        let router = journey
            .counted(Function::ApproveBatch, approve_batch)
            .merge(journey.counted(Function::Reports, reports))
            .merge(journey.counted(Function::Operator, operator));
        Self { people, router: conventions(router) }
    }

    pub async fn get(&self, person: Person, path: &str) -> Value {
        self.expect(person, Method::GET, path, Sent::Nothing).await
    }

    /// A report, as a worker has written it or is to write it, in the format that is asked for.
    pub async fn large_report(&self, batch_id: &str, accept: &str) -> Value {
        let (subject, roles) = UPLOADS;
        let request = Request::get(format!("/batches/{batch_id}/reports/payments"));
        let request = request.header(AUTHORIZATION, self.people.bearer(subject, roles)).header(ACCEPT, accept);
        self.answer(request.body(Body::empty()).unwrap()).await.1
    }

    pub async fn post(&self, person: Person, path: &str, body: Value) -> Value {
        self.expect(person, Method::POST, path, Sent::Json(body)).await
    }

    /// The same, under a key by which a repeat is known.
    pub async fn post_under(&self, key: &str, person: Person, path: &str, body: Value) -> Value {
        let (subject, roles) = person;
        let request = Request::post(path).header(AUTHORIZATION, self.people.bearer(subject, roles));
        let request = request.header(CONTENT_TYPE, "application/json").header("idempotency-key", key);
        let (status, body) = self.answer(request.body(body.to_string().into()).unwrap()).await;
        assert!(status.is_success(), "POST {path}: {status} {body}");
        body
    }

    /// The answer's body, which has to be one of success: as JSON, or null where it is none.
    pub async fn expect(&self, person: Person, method: Method, path: &str, sent: Sent) -> Value {
        let (status, body) = self.send(person, method.clone(), path, sent).await;
        assert!(status.is_success() || status.is_redirection(), "{method} {path}: {status} {body}");
        body
    }

    pub async fn send(&self, person: Person, method: Method, path: &str, sent: Sent) -> (StatusCode, Value) {
        let (subject, roles) = person;
        let request =
            Request::builder().method(method).uri(path).header(AUTHORIZATION, self.people.bearer(subject, roles));
        let request = match sent {
            Sent::Nothing => request.body(Body::empty()),
            Sent::Json(body) => request.header(CONTENT_TYPE, "application/json").body(body.to_string().into()),
            Sent::File(media_type, body) => request.header(CONTENT_TYPE, media_type).body(body.into()),
        };
        self.answer(request.unwrap()).await
    }

    /// A request for a batch with an upload link, which may be repeated under this key.
    pub async fn create(&self, key: &str, length: usize) -> (StatusCode, Value) {
        let (subject, roles) = UPLOADS;
        let request = Request::post("/batches").header(AUTHORIZATION, self.people.bearer(subject, roles));
        let request = request.header(CONTENT_TYPE, "application/json").header("idempotency-key", key);
        self.answer(request.body(json!({"length": length}).to_string().into()).unwrap()).await
    }

    async fn answer(&self, request: Request<Body>) -> (StatusCode, Value) {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        (parts.status, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// Posts the file; answers the batch's id.
    pub async fn upload(&self, file: Bytes) -> String {
        let created = self.expect(UPLOADS, Method::POST, "/batches", Sent::File("application/xml", file)).await;
        created["batch_id"].as_str().unwrap().to_owned()
    }

    /// Approves everything that a summary shows; answers the status.
    pub async fn approve(&self, batch_id: &str, summary: &Value) -> StatusCode {
        let approval = json!({
            "manifest_hash": summary["manifest_hash"],
            "total": summary["total"],
            "accept_accounts": summary["to_acknowledge"]["accounts"],
            "accept_overlaps": summary["to_acknowledge"]["overlaps"],
        });
        let path = format!("/batches/{batch_id}/approve");
        self.send(APPROVES, Method::POST, &path, Sent::Json(approval)).await.0
    }

    /// Uploads, summarizes and approves a file; answers the batch's id.
    pub async fn begin(&self, file: Bytes) -> String {
        let batch_id = self.upload(file).await;
        let summary = self.post(UPLOADS, &format!("/batches/{batch_id}/summary"), Value::Null).await;
        assert_eq!(self.approve(&batch_id, &summary).await, StatusCode::ACCEPTED);
        batch_id
    }
}
