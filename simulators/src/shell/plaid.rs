//! The simulated Plaid behind a socket, with its webhook deliverer and, if wanted, its journal.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Notify;

use super::deliverer::{TIMEOUT, deliver};
use super::journal::{Cause, Journal, JournalError, Replay};
use super::{Clock, router};
use crate::http::{Answer, Request};
use crate::plaid::{Config, Control, Counters, DeliveryResult, Failure, OutgoingWebhook, Plaid, Settings};

/// Fields of a request's body that prove who asks; a journal does not keep them.
const CREDENTIALS: [&str; 2] = ["client_id", "secret"];
/// All that Plaid reads of a request's headers, besides the credentials.
const KEPT_HEADER: &str = "content-type";

struct Service {
    plaid: Plaid,
    journal: Option<Journal>,
}

/// One simulated Plaid for many callers.
pub struct PlaidServer {
    service: Mutex<Service>,
    clock: Clock,
    wake: Notify,
}

impl std::fmt::Debug for PlaidServer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PlaidServer").finish_non_exhaustive()
    }
}

impl PlaidServer {
    /// A Plaid that forgets everything with the process.
    #[must_use]
    pub fn new(config: Config, clock: Clock) -> Self {
        Self::with_settings(config, Settings::default(), clock)
    }

    /// As [`PlaidServer::new`], with a behaviour of its own.
    #[must_use]
    pub fn with_settings(config: Config, settings: Settings, clock: Clock) -> Self {
        let service = Service { plaid: Plaid::with_settings(config, settings), journal: None };
        Self { service: Mutex::new(service), clock, wake: Notify::new() }
    }

    /// The Plaid kept in the file at `path`: as it was, or empty when there is none. Configuration and settings must be those it was created with.
    pub fn open(config: Config, settings: Settings, clock: Clock, path: &Path) -> Result<Self, JournalError> {
        let mut plaid = Plaid::with_settings(config, settings);
        let journal = Some(Journal::open(path, &mut plaid)?);
        Ok(Self { service: Mutex::new(Service { plaid, journal }), clock, wake: Notify::new() })
    }

    /// Answers one request. What changes Plaid is in the journal before it happens; when that fails, nothing happens and the caller gets a 500.
    pub fn call(&self, request: &Request) -> Answer {
        let now = (self.clock)();
        let mut service = self.lock();
        if service.plaid.changes_state(request)
            && service.record(now, || Cause::Request(without_secrets(request))).is_err()
        {
            return Failure::internal().into_answer("");
        }
        let answer = service.plaid.handle(now, request);
        drop(service);
        self.wake.notify_one();
        answer
    }

    /// Carries out a control call.
    pub fn control(&self, control: Control) -> Result<Value, Failure> {
        let now = (self.clock)();
        let mut service = self.lock();
        service.record(now, || Cause::Control(control.clone())).map_err(|_| Failure::internal())?;
        let answer = service.plaid.control(now, control);
        drop(service);
        self.wake.notify_one();
        answer
    }

    /// Brings Plaid to the clock's time. Whoever moves the clock calls this; otherwise the deliverer does, a little later.
    pub fn advance(&self) {
        self.lock().advance((self.clock)());
        self.wake.notify_one();
    }

    /// When something happens next at Plaid, on the shared clock; see [`Plaid::next_due`].
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.lock().plaid.next_due()
    }

    /// See [`Plaid::next_transition`].
    #[must_use]
    pub fn next_transition(&self) -> Option<Timestamp> {
        self.lock().plaid.next_transition()
    }

    /// Whether the clock may be moved without leaving something behind; see [`Plaid::is_quiet`].
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.lock().plaid.is_quiet((self.clock)())
    }

    /// The latest time on the shared clock that Plaid has seen.
    #[must_use]
    pub fn latest_time(&self) -> Timestamp {
        self.lock().plaid.latest_time()
    }

    #[must_use]
    pub fn counters(&self) -> Counters {
        self.lock().plaid.counters()
    }

    /// Takes up to `limit` webhooks that are due, for a caller that delivers them itself and reports with [`PlaidServer::report`].
    pub fn due_deliveries(&self, limit: usize) -> Vec<OutgoingWebhook> {
        let now = (self.clock)();
        let mut service = self.lock();
        service.advance(now);
        service.plaid.due_deliveries(now, limit)
    }

    /// Takes back how attempts went.
    pub fn report(&self, reports: Vec<(usize, DeliveryResult)>) {
        let now = (self.clock)();
        let mut service = self.lock();
        // A report that is not kept only means that the webhook is sent once more after a restart.
        let _ = service.record(now, || Cause::Reports(reports.clone()));
        for (delivery, result) in reports {
            service.plaid.report_delivery(now, delivery, result);
        }
    }

    /// The API, control calls included.
    pub fn router(self: &Arc<Self>) -> Router {
        let server = Arc::clone(self);
        router(move |request| server.call(request))
    }

    /// Delivers webhooks, at most 32 at a time, until it is dropped. A redirect is not 200: `http` should follow none.
    pub async fn deliver(&self, http: &reqwest::Client) {
        let take_due = |limit| self.due_deliveries(limit);
        deliver(&self.wake, take_due, |webhook| post(http, webhook), |reports| self.report(reports)).await;
    }

    /// A panic in one call leaves Plaid as it was before or after a step, never torn: it goes on.
    fn lock(&self) -> MutexGuard<'_, Service> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service {
    fn record(
        &mut self,
        now: Timestamp,
        cause: impl FnOnce() -> Cause<Control, DeliveryResult>,
    ) -> Result<(), JournalError> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        journal
            .append(now, cause())
            .inspect_err(|error| tracing::error!(%error, "the simulated Plaid's journal failed"))
    }

    fn advance(&mut self, now: Timestamp) {
        let is_due = self.plaid.next_transition().is_some_and(|at| at <= now);
        // Without the line Plaid catches up at the next call after a restart.
        if is_due {
            let _ = self.record(now, || Cause::Time);
        }
        self.plaid.advance(now);
    }
}

impl Replay for Plaid {
    type Control = Control;
    type Report = DeliveryResult;

    fn replay(&mut self, at: Timestamp, cause: Cause<Control, DeliveryResult>) {
        match cause {
            Cause::Request(request) => {
                self.handle_authorized(at, &request);
            }
            Cause::Control(control) => {
                // A refused control call was refused then as well.
                let _ = self.control(at, control);
            }
            Cause::Reports(reports) => {
                for (delivery, result) in reports {
                    self.report_delivery(at, delivery, result);
                }
            }
            Cause::Time => self.advance(at),
        }
    }
}

async fn post(http: &reqwest::Client, webhook: OutgoingWebhook) -> (usize, DeliveryResult) {
    let request = webhook
        .headers()
        .into_iter()
        .fold(http.post(&webhook.url), |request, (name, value)| request.header(name, value))
        .timeout(TIMEOUT)
        .body(webhook.body.clone());
    let result = match request.send().await {
        Ok(response) => {
            let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
            DeliveryResult::of_status(response.status().as_u16(), retry_after)
        }
        Err(_) => DeliveryResult::NotAccepted,
    };
    (webhook.delivery, result)
}

fn without_secrets(request: &Request) -> Request {
    let mut kept = request.clone();
    kept.headers.retain(|name, _| name == KEPT_HEADER);
    if let Ok(Value::Object(mut fields)) = serde_json::from_str(&request.body) {
        fields.retain(|name, _| !CREDENTIALS.contains(&name.as_str()));
        kept.body = Value::Object(fields).to_string();
    }
    kept
}

#[cfg(test)]
mod tests;
