//! One HTTP exchange with a provider, as a port: the network behind the clients of Column and Plaid.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

/// A request to a provider. `Debug` shows neither headers nor body: they hold keys and account numbers.
#[derive(Clone, PartialEq, Eq)]
pub struct ProviderRequest {
    pub method: http::Method,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    pub timeout: Duration,
}

impl std::fmt::Debug for ProviderRequest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ProviderRequest({} {})", self.method, self.url)
    }
}

/// A provider's answer, whatever its status. `Debug` shows the status alone.
#[derive(Clone, PartialEq, Eq)]
pub struct ProviderResponse {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl std::fmt::Debug for ProviderResponse {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ProviderResponse({})", self.status)
    }
}

/// No answer came. The provider may or may not have acted: the outcome is unknown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    #[error("no answer within the time allowed")]
    TimedOut,
    #[error("the connection failed: {0}")]
    Broken(String),
}

#[async_trait]
pub trait Transport: Send + Sync + std::fmt::Debug {
    async fn exchange(&self, request: ProviderRequest) -> Result<ProviderResponse, TransportError>;
}
