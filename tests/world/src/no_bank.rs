//! No network: neither the bank nor Plaid answers.

use async_trait::async_trait;
use shared::ports::transport::{ProviderRequest, ProviderResponse, Transport, TransportError};

/// A network on which every connection fails.
#[derive(Clone, Copy, Debug)]
pub struct NoBank;

#[async_trait]
impl Transport for NoBank {
    async fn exchange(&self, _: ProviderRequest) -> Result<ProviderResponse, TransportError> {
        Err(TransportError::Broken("this world has no network".to_owned()))
    }
}
