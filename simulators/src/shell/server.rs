//! One simulated service behind a socket, with its webhook deliverer and, if wanted, its journal.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Notify;

use super::deliverer::deliver;
use super::journal::{Cause, Journal, JournalError};
use super::{Clock, router};
use crate::http::{Answer, Request};

/// A core as the shell drives it. All of it is the core's own; `now` is the caller's time.
pub trait Core {
    type Control: Clone + Serialize + DeserializeOwned;
    /// What a control call comes to.
    type Controlled;
    type Counters;
    type Webhook;
    /// How an attempt to deliver a webhook went.
    type Report: Clone + Serialize + DeserializeOwned;

    /// As a log names it.
    const NAME: &'static str;

    fn changes_state(&self, request: &Request) -> bool;
    fn handle(&mut self, now: Timestamp, request: &Request) -> Answer;
    fn handle_authorized(&mut self, now: Timestamp, request: &Request) -> Answer;
    fn control(&mut self, now: Timestamp, control: Self::Control) -> Self::Controlled;
    fn advance(&mut self, now: Timestamp);
    fn next_due(&self) -> Option<Timestamp>;
    fn next_transition(&self) -> Option<Timestamp>;
    fn is_quiet(&self, now: Timestamp) -> bool;
    fn latest_time(&self) -> Timestamp;
    fn counters(&self) -> Self::Counters;
    fn due_deliveries(&mut self, now: Timestamp, limit: usize) -> Vec<Self::Webhook>;
    fn report_delivery(&mut self, now: Timestamp, delivery: usize, report: Self::Report);

    /// The request as a journal keeps it: without whatever proves who asks.
    fn without_secrets(request: &Request) -> Request;
    /// What a caller gets where the journal failed.
    fn broken() -> Answer;
    /// The same for a control call.
    fn broken_control() -> Self::Controlled;
    /// Sends a webhook once and tells how that went.
    fn post(http: &reqwest::Client, webhook: Self::Webhook) -> impl Future<Output = (usize, Self::Report)> + Send;
}

/// The methods of [`Core`] that a core has of its own, by the same names.
macro_rules! own_methods {
    ($core:ty) => {
        fn changes_state(&self, request: &Request) -> bool {
            <$core>::changes_state(self, request)
        }

        fn handle(&mut self, now: Timestamp, request: &Request) -> Answer {
            <$core>::handle(self, now, request)
        }

        fn handle_authorized(&mut self, now: Timestamp, request: &Request) -> Answer {
            <$core>::handle_authorized(self, now, request)
        }

        fn control(&mut self, now: Timestamp, control: Self::Control) -> Self::Controlled {
            <$core>::control(self, now, control)
        }

        fn advance(&mut self, now: Timestamp) {
            <$core>::advance(self, now);
        }

        fn next_due(&self) -> Option<Timestamp> {
            <$core>::next_due(self)
        }

        fn next_transition(&self) -> Option<Timestamp> {
            <$core>::next_transition(self)
        }

        fn is_quiet(&self, now: Timestamp) -> bool {
            <$core>::is_quiet(self, now)
        }

        fn latest_time(&self) -> Timestamp {
            <$core>::latest_time(self)
        }

        fn counters(&self) -> Self::Counters {
            <$core>::counters(self)
        }

        fn due_deliveries(&mut self, now: Timestamp, limit: usize) -> Vec<Self::Webhook> {
            <$core>::due_deliveries(self, now, limit)
        }

        fn report_delivery(&mut self, now: Timestamp, delivery: usize, report: Self::Report) {
            <$core>::report_delivery(self, now, delivery, report);
        }
    };
}
pub(super) use own_methods;

struct Kept<C: Core> {
    core: C,
    journal: Option<Journal>,
}

/// One simulated service for many callers.
pub struct Server<C: Core> {
    kept: Mutex<Kept<C>>,
    clock: Clock,
    wake: Notify,
}

impl<C: Core> std::fmt::Debug for Server<C> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Server({})", C::NAME)
    }
}

impl<C: Core> Server<C> {
    /// One that forgets everything with the process.
    pub(super) fn of(core: C, clock: Clock) -> Self {
        Self { kept: Mutex::new(Kept { core, journal: None }), clock, wake: Notify::new() }
    }

    /// One that is kept in the file at `path`: as it was, or as `core` begins when there is none.
    pub(super) fn kept_at(mut core: C, clock: Clock, path: &Path) -> Result<Self, JournalError> {
        let journal = Some(Journal::open(path, &mut core)?);
        Ok(Self { kept: Mutex::new(Kept { core, journal }), clock, wake: Notify::new() })
    }

    /// Answers one request. What changes the core is in the journal before it happens; when that fails, nothing happens and the caller gets a 500.
    pub fn call(&self, request: &Request) -> Answer {
        let now = (self.clock)();
        let mut kept = self.lock();
        if kept.core.changes_state(request) && kept.record(now, || Cause::Request(C::without_secrets(request))).is_err()
        {
            return C::broken();
        }
        let answer = kept.core.handle(now, request);
        drop(kept);
        self.wake.notify_one();
        answer
    }

    /// Carries out a control call.
    pub fn control(&self, control: C::Control) -> C::Controlled {
        let now = (self.clock)();
        let mut kept = self.lock();
        if kept.record(now, || Cause::Control(control.clone())).is_err() {
            return C::broken_control();
        }
        let answer = kept.core.control(now, control);
        drop(kept);
        self.wake.notify_one();
        answer
    }

    /// Brings the core to the clock's time. Whoever moves the clock calls this; otherwise the deliverer does, a little later.
    pub fn advance(&self) {
        self.lock().advance((self.clock)());
        self.wake.notify_one();
    }

    /// When something happens next, on the shared clock: by itself, or a webhook is due.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.lock().core.next_due()
    }

    /// When something happens next by itself, on the shared clock. What was overtaken meanwhile may leave a time behind at which nothing happens.
    #[must_use]
    pub fn next_transition(&self) -> Option<Timestamp> {
        self.lock().core.next_transition()
    }

    /// Whether the clock may be moved without leaving something behind: nothing is due, and no webhook is under way.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        let now = (self.clock)();
        self.lock().core.is_quiet(now)
    }

    /// The latest time on the shared clock that the core has seen: after a restart the clock must not be set earlier.
    #[must_use]
    pub fn latest_time(&self) -> Timestamp {
        self.lock().core.latest_time()
    }

    #[must_use]
    pub fn counters(&self) -> C::Counters {
        self.lock().core.counters()
    }

    /// Takes up to `limit` webhooks that are due, for a caller that delivers them itself and reports with [`Server::report`].
    pub fn due_deliveries(&self, limit: usize) -> Vec<C::Webhook> {
        let now = (self.clock)();
        let mut kept = self.lock();
        kept.advance(now);
        kept.core.due_deliveries(now, limit)
    }

    /// Takes back how attempts went.
    pub fn report(&self, reports: Vec<(usize, C::Report)>) {
        let now = (self.clock)();
        let mut kept = self.lock();
        // A report that is not kept only means that the webhook is sent once more after a restart.
        let _ = kept.record(now, || Cause::Reports(reports.clone()));
        for (delivery, report) in reports {
            kept.core.report_delivery(now, delivery, report);
        }
    }

    /// The API, control calls included.
    pub fn router(self: &Arc<Self>) -> Router
    where
        C: Send + 'static,
    {
        let server = Arc::clone(self);
        router(move |request| server.call(request))
    }

    /// Delivers webhooks, at most 32 at a time, until it is dropped. Neither provider follows redirects, so `http` should not either.
    pub async fn deliver(&self, http: &reqwest::Client) {
        let take_due = |limit| self.due_deliveries(limit);
        deliver(&self.wake, take_due, |webhook| C::post(http, webhook), |reports| self.report(reports)).await;
    }

    /// A panic in one call leaves the core as it was before or after a step, never torn: it goes on.
    fn lock(&self) -> MutexGuard<'_, Kept<C>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Core> Kept<C> {
    fn record(
        &mut self,
        now: Timestamp,
        cause: impl FnOnce() -> Cause<C::Control, C::Report>,
    ) -> Result<(), JournalError> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        journal
            .append(now, cause())
            .inspect_err(|error| tracing::error!(%error, service = C::NAME, "a simulated service's journal failed"))
    }

    fn advance(&mut self, now: Timestamp) {
        let is_due = self.core.next_transition().is_some_and(|at| at <= now);
        // Without the line the core catches up at the next call after a restart.
        if is_due {
            let _ = self.record(now, || Cause::Time);
        }
        self.core.advance(now);
    }
}

/// Lets happen again what happened at `at`.
pub(super) fn replay<C: Core>(core: &mut C, at: Timestamp, cause: Cause<C::Control, C::Report>) {
    match cause {
        Cause::Request(request) => {
            core.handle_authorized(at, &request);
        }
        Cause::Control(control) => {
            // A refused control call was refused then as well.
            core.control(at, control);
        }
        Cause::Reports(reports) => {
            for (delivery, report) in reports {
                core.report_delivery(at, delivery, report);
            }
        }
        Cause::Time => core.advance(at),
    }
}
