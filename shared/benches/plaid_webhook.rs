//! How long one webhook of Plaid takes to verify when its key is known.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use divan::Bencher;
use issuer::LocalIssuer;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared::adapters::api_key::ApiKey;
use shared::adapters::memory_table::MemoryTable;
use shared::adapters::plaid::verification::WebhookVerifier;
use shared::adapters::plaid::{PlaidClient, PlaidSettings};
use shared::adapters::provider_call::CallLimits;
use shared::adapters::simulated::{ManualClock, SeededRandom};
use shared::domain::deadline::Deadline;
use shared::ports::transport::{ProviderRequest, ProviderResponse, Transport, TransportError};
use shared::store::plaid_keys::TableKeys;

const NOW_SECONDS: i64 = 1_800_000_000;
const BODY: &[u8] = br#"{
  "account_ids_with_new_liabilities": [],
  "account_ids_with_updated_liabilities": {
    "r7QvLw2XkZsP9dNbTfHy3mJcEa5GuK8oVxRi4": [
      "past_amount_due"
    ]
  },
  "environment": "sandbox",
  "error": null,
  "item_id": "9mWkZpQ3xLbVnRt7yGcJd2sHfEa4uT6oXvPq8",
  "webhook_code": "DEFAULT_UPDATE",
  "webhook_type": "LIABILITIES"
}"#;

fn main() {
    divan::main();
}

/// Serves one key.
#[derive(Debug)]
struct OneKey(Value);

#[async_trait]
impl Transport for OneKey {
    async fn exchange(&self, _: ProviderRequest) -> Result<ProviderResponse, TransportError> {
        let body = Bytes::from(json!({"key": self.0}).to_string());
        Ok(ProviderResponse { status: 200, headers: Vec::new(), body })
    }
}

#[divan::bench]
fn with_a_known_key(bencher: Bencher<'_, '_>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let clock = Arc::new(ManualClock::at(Timestamp::from_second(NOW_SECONDS).unwrap()));
    let signer = LocalIssuer::new("https://plaid.example");
    let own = signer.keys()["keys"][0].clone();
    let key = json!({"alg": "ES256", "created_at": 1, "crv": "P-256", "expired_at": null, "kid": signer.key_id(),
        "kty": "EC", "use": "sig", "x": own["x"], "y": own["y"]});
    let settings = PlaidSettings {
        base_url: "https://plaid.example".to_owned(),
        client_id: "client-example".to_owned(),
        secret: ApiKey::new("secret-example"),
        limits: CallLimits::default(),
    };
    let client = PlaidClient::new(Arc::new(OneKey(key)), clock.clone(), Arc::new(SeededRandom::new(1)), settings);
    let header = json!({"alg": "ES256", "kid": signer.key_id(), "typ": "JWT"});
    let claims = json!({"iat": NOW_SECONDS, "request_body_sha256": hex::encode(Sha256::digest(BODY))});
    let token = signer.sign(&header, &claims);
    let verifier = WebhookVerifier::new(clock, Arc::new(TableKeys(Arc::new(MemoryTable::new()))));
    let deadline = Deadline::new(Timestamp::MAX, Duration::ZERO);
    bencher.bench_local(|| runtime.block_on(verifier.verify(Some(&token), BODY, &client, deadline)).unwrap());
}
