//! What people do: they call our API with tokens of their own.

use axum::body::{Body, Bytes};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use issuer::Grant;
use serde_json::{Value, json};
use shared::domain::caller::Role;
use shared::ports::clock::Clock as _;
use shared::ports::random::random_u64;
use tower::ServiceExt as _;

use super::providers::text;
use super::{AUDIENCE, Simulation};
use crate::error::{Played, ScenarioError};

/// The name of every person who links something; made up.
const HOLDER: &str = "Ann Example";
const TOKEN_SECONDS: i64 = 3_600;

/// Who calls, by the subject of their token.
#[derive(Clone, Copy, Debug)]
pub enum Caller {
    Person(&'static str),
    /// Uploads payroll files and reads reports.
    Uploader(&'static str),
    Approver(&'static str),
    Operator(&'static str),
    /// An operator who reads reports as well: sees everything.
    Overseer(&'static str),
}

impl Caller {
    pub const fn subject(self) -> &'static str {
        self.grant().0
    }

    const fn grant(self) -> (&'static str, &'static [Role]) {
        match self {
            Caller::Person(subject) => (subject, &[Role::Person]),
            Caller::Uploader(subject) => (subject, &[Role::PayrollUpload, Role::ReportsRead]),
            Caller::Approver(subject) => (subject, &[Role::PayrollApprove]),
            Caller::Operator(subject) => (subject, &[Role::Operate]),
            Caller::Overseer(subject) => (subject, &[Role::Operate, Role::ReportsRead]),
        }
    }
}

/// What a caller sends.
#[derive(Clone, Debug)]
pub enum Sent {
    Nothing,
    Json(Value),
    Xml(Bytes),
    Csv(Bytes),
}

impl Simulation {
    /// One call of our API that must succeed; answers its body.
    pub async fn call(&self, caller: Caller, method: Method, path: &str, body: Value) -> Played<Value> {
        let what = format!("{method} {path}");
        let (status, answer) = self.ask(caller, method, path, body).await?;
        if status.is_success() {
            return Ok(answer);
        }
        Err(ScenarioError::Refused { what, status: status.as_u16(), body: answer.to_string() })
    }

    /// One call of our API; answers what it answers.
    pub(crate) async fn ask(
        &self,
        caller: Caller,
        method: Method,
        path: &str,
        body: Value,
    ) -> Played<(StatusCode, Value)> {
        let key = format!("{:016x}", random_u64(&*self.system.random));
        self.ask_under(&key, caller, method, path, body).await
    }

    /// One call under an idempotency key of the caller's, who may make it again.
    pub async fn ask_under(
        &self,
        key: &str,
        caller: Caller,
        method: Method,
        path: &str,
        body: Value,
    ) -> Played<(StatusCode, Value)> {
        let sent = if body.is_null() { Sent::Nothing } else { Sent::Json(body) };
        let request = self.request(key, caller, method, path, sent)?;
        let response = match self.api.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let status = response.status();
        let body = response.into_body().collect().await;
        let bytes = body.map_err(|problem| ScenarioError::wrong(format!("{path}: {problem}")))?.to_bytes();
        Ok((status, serde_json::from_slice(&bytes).unwrap_or_default()))
    }

    /// The request as a caller's client makes it.
    pub fn request(&self, key: &str, caller: Caller, method: Method, path: &str, sent: Sent) -> Played<Request<Body>> {
        let (content_type, body) = match sent {
            Sent::Nothing => ("application/json", Body::empty()),
            Sent::Json(body) => ("application/json", Body::from(body.to_string())),
            Sent::Xml(body) => ("application/xml", Body::from(body)),
            Sent::Csv(body) => ("text/csv", Body::from(body)),
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", self.bearer(caller))
            .header("idempotency-key", key)
            .header("x-forwarded-for", "198.51.100.7")
            .header("accept", "application/json")
            .header("content-type", content_type);
        request.body(body).map_err(|problem| ScenarioError::wrong(format!("{path}: {problem}")))
    }

    fn bearer(&self, caller: Caller) -> String {
        let (subject, roles) = caller.grant();
        let issued_at = self.clock.elapsed_now().as_second();
        let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
        let grant = Grant { subject, roles: &roles, audience: AUDIENCE, issued_at, lifetime_seconds: TOKEN_SECONDS };
        format!("Bearer {}", self.providers.issuer.mint(&grant))
    }

    /// A person goes through Link at an institution; answers the item's id.
    pub async fn link(&self, person: &'static str, institution_id: &str) -> Played<String> {
        let caller = Caller::Person(person);
        let started = self.call(caller, Method::POST, "/link-tokens", json!({})).await?;
        let finished = self.providers.tell_plaid(json!({
            "control": "finish_link", "link_token": text(&started["link_token"])?,
            "user_id": person, "institution_id": institution_id,
        }))?;
        let linked = json!({ "public_token": text(&finished["public_token"])?, "holder_name": HOLDER });
        self.call(caller, Method::POST, "/items", linked).await?;
        text(&finished["item_id"])
    }

    /// A person goes through update mode for an item that asked for it, and comes back to us.
    pub(crate) async fn repair(&self, person: &'static str, item_id: &str) -> Played<()> {
        let caller = Caller::Person(person);
        let started =
            self.call(caller, Method::POST, "/link-tokens", json!({ "repair": { "item_id": item_id } })).await?;
        let link_token = text(&started["link_token"])?;
        self.providers.tell_plaid(json!({ "control": "finish_link", "link_token": link_token }))?;
        self.call(caller, Method::POST, &format!("/items/{item_id}/repaired"), Value::Null).await?;
        Ok(())
    }

    /// Two operators enter where an institution takes checks.
    pub(crate) async fn enter_remittance_address(&self, institution_id: &str) -> Played<()> {
        let remittance = json!({
            "name": "Example Card Services",
            "address": { "line_1": "PO Box 100", "city": "Wilmington", "state": "DE", "postal_code": "19886" },
        });
        let path = format!("/billers/{institution_id}/remittance");
        self.call(Caller::Operator("olga"), Method::PUT, &path, remittance.clone()).await?;
        self.call(Caller::Operator("oscar"), Method::POST, &format!("{path}/confirm"), remittance).await?;
        Ok(())
    }
}
