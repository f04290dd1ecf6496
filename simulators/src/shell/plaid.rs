//! The simulated Plaid behind a socket.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;

use super::{Clock, router};
use crate::http::{Answer, Request};
use crate::plaid::{Config, Plaid};

/// One simulated Plaid for many callers.
pub struct PlaidServer {
    plaid: Mutex<Plaid>,
    clock: Clock,
}

impl std::fmt::Debug for PlaidServer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PlaidServer").finish_non_exhaustive()
    }
}

impl PlaidServer {
    #[must_use]
    pub fn new(config: Config, clock: Clock) -> Self {
        Self { plaid: Mutex::new(Plaid::new(config)), clock }
    }

    /// Answers one request.
    pub fn call(&self, request: &Request) -> Answer {
        let now = (self.clock)();
        self.plaid.lock().unwrap_or_else(PoisonError::into_inner).handle(now, request)
    }

    /// The API, control calls included.
    pub fn router(self: &Arc<Self>) -> Router {
        let server = Arc::clone(self);
        router(move |request| server.call(request))
    }
}
