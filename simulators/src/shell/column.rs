//! The simulated bank behind a socket, with its webhook deliverer and, if wanted, its journal.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use jiff::Timestamp;
use tokio::sync::Notify;

use super::deliverer::{TIMEOUT, deliver};
use super::journal::{Cause, Journal, JournalError, Replay};
use super::{Clock, router};
use crate::column::{ApiError, Column, Config, Control, Counters, DeliveryResult, OutgoingWebhook};
use crate::http::{Answer, Request};

/// All that the bank reads of a request's headers, besides the key.
const KEPT_HEADERS: [&str; 2] = ["content-type", "idempotency-key"];

struct Bank {
    column: Column,
    journal: Option<Journal>,
}

/// One simulated bank for many callers.
pub struct ColumnServer {
    bank: Mutex<Bank>,
    clock: Clock,
    wake: Notify,
}

impl std::fmt::Debug for ColumnServer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ColumnServer").finish_non_exhaustive()
    }
}

impl ColumnServer {
    /// An empty bank that forgets everything with the process.
    #[must_use]
    pub fn new(config: Config, clock: Clock) -> Self {
        Self { bank: Mutex::new(Bank { column: Column::new(config), journal: None }), clock, wake: Notify::new() }
    }

    /// The bank kept in the file at `path`: as it was, or empty when there is none. The configuration must be the one it was created with.
    pub fn open(config: Config, clock: Clock, path: &Path) -> Result<Self, JournalError> {
        let mut column = Column::new(config);
        let journal = Journal::open(path, &mut column)?;
        Ok(Self { bank: Mutex::new(Bank { column, journal: Some(journal) }), clock, wake: Notify::new() })
    }

    /// Answers one request. What changes the bank is in the journal before it happens; when that fails, nothing happens and the caller gets a 500.
    pub fn call(&self, request: &Request) -> Answer {
        let now = (self.clock)();
        let mut bank = self.lock();
        if bank.column.changes_state(request) && bank.record(now, || Cause::Request(without_secrets(request))).is_err()
        {
            return ApiError::server(500).into_answer();
        }
        let answer = bank.column.handle(now, request);
        drop(bank);
        self.wake.notify_one();
        answer
    }

    /// Carries out a control call.
    pub fn control(&self, control: Control) -> Result<String, ApiError> {
        let now = (self.clock)();
        let mut bank = self.lock();
        bank.record(now, || Cause::Control(control.clone())).map_err(|_| ApiError::server(500))?;
        let answer = bank.column.control(now, control);
        drop(bank);
        self.wake.notify_one();
        answer
    }

    /// Brings the bank to the clock's time. Whoever moves the clock calls this; otherwise the deliverer does, a little later.
    pub fn advance(&self) {
        self.lock().advance((self.clock)());
        self.wake.notify_one();
    }

    /// When something happens next at the bank, on the shared clock; see [`Column::next_due`].
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.lock().column.next_due()
    }

    /// Whether the clock may be moved without leaving something behind; see [`Column::is_quiet`].
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        let now = (self.clock)();
        self.lock().column.is_quiet(now)
    }

    /// See [`Column::next_transition`].
    #[must_use]
    pub fn next_transition(&self) -> Option<Timestamp> {
        self.lock().column.next_transition()
    }

    /// The latest time on the shared clock that the bank has seen: after a restart the clock must not be set earlier.
    #[must_use]
    pub fn latest_time(&self) -> Timestamp {
        self.lock().column.latest_time()
    }

    #[must_use]
    pub fn counters(&self) -> Counters {
        self.lock().column.counters()
    }

    /// Takes up to `limit` webhooks that are due, for a caller that delivers them itself and reports with [`ColumnServer::report`].
    pub fn due_deliveries(&self, limit: usize) -> Vec<OutgoingWebhook> {
        let now = (self.clock)();
        let mut bank = self.lock();
        bank.advance(now);
        bank.column.due_deliveries(now, limit)
    }

    /// Takes back how attempts went.
    pub fn report(&self, reports: Vec<(usize, DeliveryResult)>) {
        let now = (self.clock)();
        let mut bank = self.lock();
        // A report that is not kept only means that the webhook is sent once more after a restart.
        let _ = bank.record(now, || Cause::Reports(reports.clone()));
        for (delivery, result) in reports {
            bank.column.report_delivery(now, delivery, result);
        }
    }

    /// The API, control calls included.
    pub fn router(self: &Arc<Self>) -> Router {
        let server = Arc::clone(self);
        router(move |request| server.call(request))
    }

    /// Delivers webhooks, at most 32 at a time, until it is dropped. Column follows no redirects, so `http` should not either.
    pub async fn deliver(&self, http: &reqwest::Client) {
        let take_due = |limit| self.due_deliveries(limit);
        deliver(&self.wake, take_due, |webhook| post(http, webhook), |reports| self.report(reports)).await;
    }

    /// A panic in one call leaves the bank as it was before or after a step, never torn: it goes on.
    fn lock(&self) -> MutexGuard<'_, Bank> {
        self.bank.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bank {
    fn record(
        &mut self,
        now: Timestamp,
        cause: impl FnOnce() -> Cause<Control, DeliveryResult>,
    ) -> Result<(), JournalError> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        journal.append(now, cause()).inspect_err(|error| tracing::error!(%error, "the simulated bank's journal failed"))
    }

    fn advance(&mut self, now: Timestamp) {
        let is_due = self.column.next_transition().is_some_and(|at| at <= now);
        // Without the line the bank catches up at the next call after a restart.
        if is_due {
            let _ = self.record(now, || Cause::Time);
        }
        self.column.advance(now);
    }
}

impl Replay for Column {
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
        Ok(response) if response.status().is_success() => DeliveryResult::Accepted,
        Ok(_) | Err(_) => DeliveryResult::NotAccepted,
    };
    (webhook.delivery, result)
}

fn without_secrets(request: &Request) -> Request {
    let mut kept = request.clone();
    kept.headers.retain(|name, _| KEPT_HEADERS.contains(&name.as_str()));
    kept
}
