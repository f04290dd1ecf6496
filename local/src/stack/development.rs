//! What fresh sample events are signed with. It gives a token for everything to whoever asks, and its tokens are
//! worth nothing elsewhere.

use std::sync::Arc;

use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

pub const CREDENTIALS_PATH: &str = "/development/credentials";

/// Of the running stack. `Debug` shows nothing of it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credentials {
    /// A bearer token of a person who may do everything, good for a day.
    pub token: String,
    /// What the simulated bank signs its webhooks with.
    pub webhook_secret: String,
    /// Where the simulated Plaid is, which signs its own.
    pub plaid_url: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Credentials(***)")
    }
}

pub(super) fn router(make: impl Fn() -> Credentials + Send + Sync + 'static) -> Router {
    let make = Arc::new(make);
    Router::new().route(CREDENTIALS_PATH, get(async move || Json(make())))
}
