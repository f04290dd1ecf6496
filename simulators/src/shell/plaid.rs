//! The simulated Plaid behind a socket, with its webhook deliverer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Notify;

use super::deliverer::{TIMEOUT, deliver};
use super::{Clock, router};
use crate::http::{Answer, Request};
use crate::plaid::{Config, Control, Counters, DeliveryResult, Failure, OutgoingWebhook, Plaid, Settings};

/// One simulated Plaid for many callers.
pub struct PlaidServer {
    plaid: Mutex<Plaid>,
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
        Self { plaid: Mutex::new(Plaid::with_settings(config, settings)), clock, wake: Notify::new() }
    }

    /// Answers one request.
    pub fn call(&self, request: &Request) -> Answer {
        let answer = self.lock().handle((self.clock)(), request);
        self.wake.notify_one();
        answer
    }

    /// Carries out a control call.
    pub fn control(&self, control: Control) -> Result<Value, Failure> {
        let answer = self.lock().control((self.clock)(), control);
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
        self.lock().next_due()
    }

    /// See [`Plaid::next_transition`].
    #[must_use]
    pub fn next_transition(&self) -> Option<Timestamp> {
        self.lock().next_transition()
    }

    /// Whether the clock may be moved without leaving something behind; see [`Plaid::is_quiet`].
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.lock().is_quiet((self.clock)())
    }

    /// The latest time on the shared clock that Plaid has seen.
    #[must_use]
    pub fn latest_time(&self) -> Timestamp {
        self.lock().latest_time()
    }

    #[must_use]
    pub fn counters(&self) -> Counters {
        self.lock().counters()
    }

    /// Takes up to `limit` webhooks that are due, for a caller that delivers them itself and reports with [`PlaidServer::report`].
    pub fn due_deliveries(&self, limit: usize) -> Vec<OutgoingWebhook> {
        self.lock().due_deliveries((self.clock)(), limit)
    }

    /// Takes back how attempts went.
    pub fn report(&self, reports: Vec<(usize, DeliveryResult)>) {
        let now = (self.clock)();
        let mut plaid = self.lock();
        for (delivery, result) in reports {
            plaid.report_delivery(now, delivery, result);
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
    fn lock(&self) -> MutexGuard<'_, Plaid> {
        self.plaid.lock().unwrap_or_else(PoisonError::into_inner)
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
