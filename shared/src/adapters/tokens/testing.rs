//! An issuer in memory, behind the transport port: for tests of tokens and of the HTTP conventions.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use issuer::{Grant, LocalIssuer};
use jiff::Timestamp;
use serde_json::Value;

use crate::adapters::simulated::ManualClock;
use crate::adapters::tokens::TokenVerifier;
use crate::domain::caller::ExpectedToken;
use crate::ports::clock::Clock;
use crate::ports::transport::{ProviderRequest, ProviderResponse, Transport, TransportError};

pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const AUDIENCE: &str = "clearway";
pub(crate) const NOW_SECONDS: i64 = 1_800_000_000;

/// What the issuer serves now, and how often its key list was fetched.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) discovery: Value,
    pub(crate) keys: Value,
    pub(crate) status: u16,
    pub(crate) key_fetches: usize,
    pub(crate) requests: usize,
}

/// A verifier, its issuer and its clock.
#[derive(Debug)]
pub(crate) struct IssuerWorld {
    pub(crate) issuer: LocalIssuer,
    pub(crate) served: Arc<Mutex<Served>>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) verifier: Arc<TokenVerifier>,
}

#[derive(Debug)]
struct IssuerTransport(Arc<Mutex<Served>>);

#[async_trait]
impl Transport for IssuerTransport {
    async fn exchange(&self, request: ProviderRequest) -> Result<ProviderResponse, TransportError> {
        // Gives the others a chance to ask as well, as a network would.
        tokio::task::yield_now().await;
        let mut served = self.0.lock().unwrap();
        served.requests += 1;
        let document = if request.url.ends_with("/.well-known/openid-configuration") {
            &served.discovery
        } else if request.url.ends_with("/.well-known/jwks.json") {
            &served.keys
        } else {
            return Err(TransportError::Broken(format!("nobody listens at {}", request.url)));
        };
        let body = Bytes::from(document.to_string());
        let is_keys = request.url.ends_with("jwks.json");
        served.key_fetches += usize::from(is_keys);
        Ok(ProviderResponse { status: served.status, headers: Vec::new(), body })
    }
}

impl IssuerWorld {
    pub(crate) fn new() -> Self {
        let issuer = LocalIssuer::new(ISSUER);
        let (discovery, keys) = (issuer.discovery(), issuer.keys());
        let served = Arc::new(Mutex::new(Served { discovery, keys, status: 200, key_fetches: 0, requests: 0 }));
        let clock = Arc::new(ManualClock::at(Timestamp::from_second(NOW_SECONDS).unwrap()));
        let expected = ExpectedToken { issuer: ISSUER.to_owned(), audience: AUDIENCE.to_owned() };
        let transport = Arc::new(IssuerTransport(served.clone()));
        let verifier = Arc::new(TokenVerifier::new(expected, transport, clock.clone()));
        Self { issuer, served, clock, verifier }
    }

    /// The value of an `Authorization` header for a token of ten minutes, minted now.
    pub(crate) fn bearer(&self, subject: &str, roles: &[&str]) -> String {
        let issued_at = self.clock.elapsed_now().as_second();
        let grant = Grant { subject, roles, audience: AUDIENCE, issued_at, lifetime_seconds: 600 };
        format!("Bearer {}", self.issuer.mint(&grant))
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Served)) {
        change(&mut self.served.lock().unwrap());
    }

    pub(crate) fn key_fetches(&self) -> usize {
        self.served.lock().unwrap().key_fetches
    }
}
