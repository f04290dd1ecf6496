//! The simulated Plaid behind a socket.

use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use super::Clock;
use super::deliverer::request;
use super::journal::JournalError;
use super::server::{Core, Server, own_methods};
use crate::http::{Answer, Request};
use crate::plaid::{Config, Control, Counters, DeliveryResult, Failure, OutgoingWebhook, Plaid, Settings};

/// Fields of a request's body that prove who asks; a journal does not keep them.
const CREDENTIALS: [&str; 2] = ["client_id", "secret"];
/// All that Plaid reads of a request's headers, besides the credentials.
const KEPT_HEADER: &str = "content-type";

/// One simulated Plaid for many callers.
pub type PlaidServer = Server<Plaid>;

impl PlaidServer {
    /// A Plaid that forgets everything with the process.
    #[must_use]
    pub fn new(config: Config, clock: Clock) -> Self {
        Self::with_settings(config, Settings::default(), clock)
    }

    /// As [`PlaidServer::new`], with a behavior of its own.
    #[must_use]
    pub fn with_settings(config: Config, settings: Settings, clock: Clock) -> Self {
        Self::of(Plaid::with_settings(config, settings), clock)
    }

    /// The Plaid kept in the file at `path`: as it was, or empty when there is none. Configuration and settings must be those it was created with.
    pub fn open(config: Config, settings: Settings, clock: Clock, path: &Path) -> Result<Self, JournalError> {
        Self::kept_at(Plaid::with_settings(config, settings), clock, path)
    }
}

impl Core for Plaid {
    type Control = Control;
    type Controlled = Result<Value, Failure>;
    type Counters = Counters;
    type Webhook = OutgoingWebhook;
    type Report = DeliveryResult;

    const NAME: &'static str = "Plaid";

    own_methods!(Plaid);

    fn without_secrets(request: &Request) -> Request {
        let mut kept = request.clone();
        kept.headers.retain(|name, _| name == KEPT_HEADER);
        if let Ok(Value::Object(mut fields)) = serde_json::from_str(&request.body) {
            fields.retain(|name, _| !CREDENTIALS.contains(&name.as_str()));
            kept.body = Value::Object(fields).to_string();
        }
        kept
    }

    fn broken() -> Answer {
        Failure::internal().into_answer("")
    }

    fn broken_control() -> Self::Controlled {
        Err(Failure::internal())
    }

    async fn post(http: &reqwest::Client, webhook: OutgoingWebhook) -> (usize, DeliveryResult) {
        let result = match request(http, &webhook.url, webhook.headers(), &webhook.body).send().await {
            Ok(response) => {
                let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
                DeliveryResult::of_status(response.status().as_u16(), retry_after)
            }
            Err(_) => DeliveryResult::NotAccepted,
        };
        (webhook.delivery, result)
    }
}

#[cfg(test)]
mod tests;
