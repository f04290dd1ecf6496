//! Calls of receivers that a company names, as a port. They are nobody's provider: nothing of an answer counts but its status.

use async_trait::async_trait;
use bytes::Bytes;

use crate::domain::webhooks::address::AddressRule;
use crate::domain::webhooks::delivery::Tried;

/// One call: a POST of JSON. `Debug` shows neither headers nor body.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookCall {
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
}

impl std::fmt::Debug for WebhookCall {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "WebhookCall({})", self.url)
    }
}

#[async_trait]
pub trait WebhookSender: Send + Sync + std::fmt::Debug {
    /// Which addresses it calls.
    fn addresses(&self) -> AddressRule;

    /// Calls once. No redirect is followed, and the answer's body is not read.
    async fn send(&self, call: WebhookCall) -> Tried;
}
