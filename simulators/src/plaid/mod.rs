//! The simulated Plaid: a deterministic core that follows plaid.md. So far `/institutions/get_by_id` only.
//!
//! It knows every institution id of the form `ins_` and digits, except those it is told not to know, and derives one routing number from each. Control calls:
//! `POST /__control/faults` with [`Faults`] as JSON, `GET /__control/counters`.

mod error;
mod institutions;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::http::{Answer, Request};
use crate::ids::Ids;
use error::{Failure, failure};

pub use institutions::routing_number;

const CONTROL_PREFIX: &str = "/__control/";
const REQUEST_ID_LENGTH: usize = 15;

/// What a simulated Plaid starts from.
#[derive(Clone, PartialEq, Eq)]
pub struct Config {
    pub client_id: String,
    pub secret: String,
    pub unknown_institutions: BTreeSet<String>,
    /// Known, but with an empty list of routing numbers.
    pub without_routing_numbers: BTreeSet<String>,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Config")
            .field("unknown_institutions", &self.unknown_institutions)
            .finish_non_exhaustive()
    }
}

/// Fault switches, set as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Faults {
    /// The next so many calls answer 429.
    pub rate_limit_next: u64,
    /// The next so many calls answer 500.
    pub error_next: u64,
    /// The next so many calls get no answer.
    pub silence_next: u64,
    /// The next so many calls answer that the institution is down.
    pub institution_down_next: u64,
    /// All calls answer 503 until then.
    pub outage_until: Option<Timestamp>,
}

/// The simulated Plaid.
#[derive(Debug, Clone, PartialEq)]
pub struct Plaid {
    config: Config,
    ids: Ids,
    faults: Faults,
    calls: u64,
}

impl Plaid {
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self { config, ids: Ids::new(0), faults: Faults::default(), calls: 0 }
    }

    pub fn set_faults(&mut self, faults: Faults) {
        self.faults = faults;
    }

    /// Answers one HTTP request at time `now`.
    pub fn handle(&mut self, now: Timestamp, request: &Request) -> Answer {
        if let Some(name) = request.path.strip_prefix(CONTROL_PREFIX) {
            return self.handle_control(name, request);
        }
        self.calls += 1;
        let request_id: String = self.ids.secret().chars().take(REQUEST_ID_LENGTH).collect();
        if let Some(answer) = self.take_fault(now, &request_id) {
            return answer;
        }
        match self.route(request) {
            Ok(mut body) => {
                body["request_id"] = Value::String(request_id);
                Answer::reply(200, body.to_string())
            }
            Err(failure) => failure.into_answer(&request_id),
        }
    }

    fn route(&self, request: &Request) -> Result<Value, Failure> {
        if request.method != "POST" {
            return Err(failure(404, "INVALID_REQUEST", "NOT_FOUND", "there is no such endpoint"));
        }
        if !request.header("content-type").is_some_and(|kind| kind.starts_with("application/json")) {
            return Err(failure(400, "INVALID_REQUEST", "INVALID_HEADERS", "Content-Type must be application/json"));
        }
        let body: Value = serde_json::from_str(&request.body)
            .ok()
            .filter(Value::is_object)
            .ok_or_else(|| failure(400, "INVALID_REQUEST", "INVALID_BODY", "the body is not a JSON object"))?;
        match request.path.as_str() {
            "/institutions/get_by_id" => {
                self.authorize(request, &body)?;
                institutions::get_by_id(&self.config, &body)
            }
            _ => Err(failure(404, "INVALID_REQUEST", "NOT_FOUND", "there is no such endpoint")),
        }
    }

    /// Credentials come in the body or in headers.
    fn authorize(&self, request: &Request, body: &Value) -> Result<(), Failure> {
        let given =
            |field: &str, header: &str| body[field].as_str().or_else(|| request.header(header)).map(str::to_owned);
        match (given("client_id", "plaid-client-id"), given("secret", "plaid-secret")) {
            (Some(client_id), Some(secret)) if client_id == self.config.client_id && secret == self.config.secret => {
                Ok(())
            }
            (Some(_), Some(_)) => {
                Err(failure(400, "INVALID_INPUT", "INVALID_API_KEYS", "invalid client_id or secret provided"))
            }
            (_, _) => Err(failure(400, "INVALID_REQUEST", "MISSING_FIELDS", "client_id and secret must be set")),
        }
    }

    fn take_fault(&mut self, now: Timestamp, request_id: &str) -> Option<Answer> {
        if self.faults.outage_until.is_some_and(|until| now < until) {
            let answer = failure(503, "API_ERROR", "PLANNED_MAINTENANCE", "try again later");
            return Some(answer.into_answer(request_id));
        }
        if take(&mut self.faults.rate_limit_next) {
            let answer = failure(429, "RATE_LIMIT_EXCEEDED", "INSTITUTIONS_GET_BY_ID_LIMIT", "rate limit exceeded");
            return Some(answer.into_answer(request_id));
        }
        if take(&mut self.faults.error_next) {
            let answer = failure(500, "API_ERROR", "INTERNAL_SERVER_ERROR", "an unexpected error occurred");
            return Some(answer.into_answer(request_id));
        }
        if take(&mut self.faults.institution_down_next) {
            let answer = failure(400, "INSTITUTION_ERROR", "INSTITUTION_DOWN", "this institution is not responding");
            return Some(answer.into_answer(request_id));
        }
        take(&mut self.faults.silence_next).then_some(Answer::Silence)
    }

    fn handle_control(&mut self, name: &str, request: &Request) -> Answer {
        match (request.method.as_str(), name) {
            ("GET", "counters") => Answer::reply(200, json!({"calls": self.calls}).to_string()),
            ("POST", "faults") => match serde_json::from_str(&request.body) {
                Ok(faults) => {
                    self.set_faults(faults);
                    Answer::reply(200, "{}".to_owned())
                }
                Err(_) => Answer::reply(400, "{}".to_owned()),
            },
            _ => Answer::reply(404, "{}".to_owned()),
        }
    }
}

fn take(count: &mut u64) -> bool {
    let is_left = *count > 0;
    *count = count.saturating_sub(1);
    is_left
}

#[cfg(test)]
mod tests;
