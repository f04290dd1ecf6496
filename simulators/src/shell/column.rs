//! The simulated bank behind a socket.

use std::path::Path;

use jiff::Timestamp;

use super::Clock;
use super::deliverer::request;
use super::journal::JournalError;
use super::server::{Core, Server, own_methods};
use crate::column::{ApiError, Column, Config, Control, Counters, DeliveryResult, OutgoingWebhook};
use crate::http::{Answer, Request};

/// All that the bank reads of a request's headers, besides the key.
const KEPT_HEADERS: [&str; 2] = ["content-type", "idempotency-key"];

/// One simulated bank for many callers.
pub type ColumnServer = Server<Column>;

impl ColumnServer {
    /// An empty bank that forgets everything with the process.
    #[must_use]
    pub fn new(config: Config, clock: Clock) -> Self {
        Self::of(Column::new(config), clock)
    }

    /// The bank kept in the file at `path`: as it was, or empty when there is none. The configuration must be the one it was created with.
    pub fn open(config: Config, clock: Clock, path: &Path) -> Result<Self, JournalError> {
        Self::kept_at(Column::new(config), clock, path)
    }
}

impl Core for Column {
    type Control = Control;
    type Controlled = Result<String, ApiError>;
    type Counters = Counters;
    type Webhook = OutgoingWebhook;
    type Report = DeliveryResult;

    const NAME: &'static str = "Column";

    own_methods!(Column);

    fn without_secrets(request: &Request) -> Request {
        let mut kept = request.clone();
        kept.headers.retain(|name, _| KEPT_HEADERS.contains(&name.as_str()));
        kept
    }

    fn broken() -> Answer {
        ApiError::server(500).into_answer()
    }

    fn broken_control() -> Self::Controlled {
        Err(ApiError::server(500))
    }

    async fn post(http: &reqwest::Client, webhook: OutgoingWebhook) -> (usize, DeliveryResult) {
        let result = match request(http, &webhook.url, webhook.headers(), &webhook.body).send().await {
            Ok(response) if response.status().is_success() => DeliveryResult::Accepted,
            Ok(_) | Err(_) => DeliveryResult::NotAccepted,
        };
        (webhook.delivery, result)
    }
}
