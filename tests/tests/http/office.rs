//! An office that uploads, approves and reads.

use std::collections::BTreeSet;

use axum::Router;
use axum::body::Body;
use generator::{Manifest, Options, generate};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::domain::caller::Role;
use shared::http::conventions;
use shared::operations::release::ReleaseCache;
use shared::operations::run::run;
use shared::ports::queue::QueueName;
use tower::ServiceExt;
use world::People;

pub(crate) const UPLOADER: (&str, &[Role]) = ("ann", &[Role::PayrollUpload]);
pub(crate) const APPROVER: (&str, &[Role]) = ("bob", &[Role::PayrollApprove]);
pub(crate) const READER: (&str, &[Role]) = ("cleo", &[Role::ReportsRead]);
pub(crate) const OPERATOR: (&str, &[Role]) = ("dora", &[Role::Operate]);
pub(crate) const PERSON: (&str, &[Role]) = ("eve", &[Role::Person]);

pub(crate) type Person = (&'static str, &'static [Role]);

pub(crate) struct Office {
    pub(crate) people: People,
    pub(crate) router: Router,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// The status and the code of a refusal.
    pub(crate) fn refusal(&self) -> (u16, String) {
        (self.status.as_u16(), self.json()["code"].as_str().unwrap_or_default().to_owned())
    }
}

/// A file of 20 rows from two sources, and what is in it.
pub(crate) fn small_file(seed: u64) -> (Vec<u8>, Manifest) {
    let options = Options { rows: 20, employees: 10, sources: 2, branches: 3, seed, ..Options::default() };
    let mut file = Vec::new();
    let manifest = generate(&options, &mut file).unwrap();
    (file, manifest)
}

pub(crate) fn dollars(cents: i64) -> String {
    shared::domain::money::Cents::new(cents).to_string()
}

impl Office {
    pub(crate) fn open() -> Self {
        let (_, manifest) = small_file(1);
        let start: Timestamp = "2026-03-02T18:00:00Z".parse().unwrap();
        let people = People::at(start, BTreeSet::from_iter(manifest.dead_servicers));
        let (system, verifier) = (&people.world.system, &people.verifier);
        let routes = approve_batch::HTTP.routes(system.clone(), verifier.clone());
        let routes = routes.merge(accounts::HTTP.routes(system.clone(), verifier.clone()));
        let routes = routes.merge(reports::HTTP.routes(system.clone(), verifier.clone()));
        let router = conventions(
            routes
                .merge(rent::HTTP.routes(system.clone(), verifier.clone()))
                .merge(operator::HTTP.routes(system.clone(), verifier.clone())),
        );
        Self { people, router }
    }

    pub(crate) fn request(&self, (subject, roles): Person, method: Method, path: &str) -> http::request::Builder {
        Request::builder().method(method).uri(path).header(AUTHORIZATION, self.people.bearer(subject, roles))
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, person: Person, path: &str) -> Answer {
        self.send(self.request(person, Method::GET, path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn get_as(&self, person: Person, path: &str, accept: &str) -> Answer {
        let request = self.request(person, Method::GET, path).header(ACCEPT, accept);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, person: Person, path: &str, body: &Value) -> Answer {
        self.json(person, Method::POST, path, body).await
    }

    pub(crate) async fn json(&self, person: Person, method: Method, path: &str, body: &Value) -> Answer {
        let request = self.request(person, method, path).header(CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    pub(crate) async fn post_file(&self, file: Vec<u8>) -> Answer {
        let request = self.request(UPLOADER, Method::POST, "/batches").header(CONTENT_TYPE, "application/xml");
        self.send(request.body(Body::from(file)).unwrap()).await
    }

    /// Uploads the file and answers the batch's id.
    pub(crate) async fn upload(&self, file: Vec<u8>) -> String {
        let created = self.post_file(file).await;
        assert_eq!(created.status, StatusCode::CREATED, "{created:?}");
        created.json()["batch_id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn summarize(&self, batch_id: &str) -> Value {
        let summary = self.post(UPLOADER, &format!("/batches/{batch_id}/summary"), &Value::Null).await;
        assert_eq!(summary.status, StatusCode::OK, "{summary:?}");
        summary.json()
    }

    pub(crate) async fn approve(&self, person: Person, approval: &Value, batch_id: &str) -> Answer {
        self.post(person, &format!("/batches/{batch_id}/approve"), approval).await
    }

    /// A batch that was uploaded, summarized, approved and imported: its payments wait for their funding.
    pub(crate) async fn paying_batch(&self, seed: u64) -> String {
        let batch_id = self.upload(small_file(seed).0).await;
        let summary = self.summarize(&batch_id).await;
        let approved = self.approve(APPROVER, &approval_of(&summary), &batch_id).await;
        assert_eq!(approved.status, StatusCode::ACCEPTED, "{approved:?}");
        self.work().await;
        batch_id
    }

    /// Runs the queued tasks until there are none. The bank is out of reach.
    pub(crate) async fn work(&self) {
        let world = &self.people.world;
        let surrounding = ReleaseCache::default();
        loop {
            let mut tasks = world.take_tasks(QueueName::Bulk).unwrap();
            tasks.extend(world.take_tasks(QueueName::Other).unwrap());
            if tasks.is_empty() {
                return;
            }
            for task in tasks {
                run(&world.system, &surrounding, &task, world.deadline_in(60)).await.unwrap();
            }
        }
    }
}

/// An approval of everything that the summary shows.
pub(crate) fn approval_of(summary: &Value) -> Value {
    json!({
        "manifest_hash": summary["manifest_hash"],
        "total": summary["total"],
        "accept_accounts": summary["to_acknowledge"]["accounts"],
        "accept_overlaps": summary["to_acknowledge"]["overlaps"],
    })
}
