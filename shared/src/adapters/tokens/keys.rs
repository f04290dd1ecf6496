//! The issuer's verifying keys: fetched through its discovery document, kept for a while, fetched once for all who wait.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::adapters::tokens::TokenError;
use crate::ports::clock::Clock;
use crate::ports::transport::{ProviderRequest, Transport};

const KEPT_SECONDS: i64 = 600;
const UNKNOWN_KEY_PAUSE_SECONDS: i64 = 30;
const FAILURE_PAUSE_SECONDS: i64 = 5;
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// RFC 7518 section 3.3: an RSA key has 2048 bits or more.
const RSA_MODULUS_BYTES_MIN: usize = 256;

#[derive(Clone, Debug)]
pub(super) struct VerifyingKey {
    pub(super) key: DecodingKey,
    pub(super) algorithm: Algorithm,
}

#[derive(Debug)]
pub(super) struct IssuerKeys {
    issuer: String,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    kept: RwLock<Option<Arc<KeptKeys>>>,
    /// Held while fetching: whoever waits for it finds what the one before fetched.
    fetching: Mutex<LastFailure>,
}

#[derive(Debug)]
struct KeptKeys {
    fetched_at: Timestamp,
    by_id: HashMap<String, VerifyingKey>,
}

type LastFailure = Option<(Timestamp, TokenError)>;

enum Lookup {
    Found(VerifyingKey),
    /// Not among keys so fresh that asking again would help nobody but a flood of forged tokens.
    Unknown,
    Fetch,
}

impl IssuerKeys {
    pub(super) fn new(issuer: String, transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Self {
        Self { issuer, transport, clock, kept: RwLock::new(None), fetching: Mutex::new(None) }
    }

    pub(super) async fn find(&self, key_id: &str) -> Result<VerifyingKey, TokenError> {
        match self.look_up(key_id) {
            Lookup::Found(key) => return Ok(key),
            Lookup::Unknown => return Err(TokenError::UnknownKey),
            Lookup::Fetch => {}
        }
        let mut last_failure = self.fetching.lock().await;
        match self.look_up(key_id) {
            Lookup::Found(key) => return Ok(key),
            Lookup::Unknown => return Err(TokenError::UnknownKey),
            Lookup::Fetch => {}
        }
        let now = self.clock.elapsed_now();
        if let Some((failed_at, error)) = &*last_failure
            && age_seconds(*failed_at, now) < FAILURE_PAUSE_SECONDS
        {
            return Err(error.clone());
        }
        match self.fetch().await {
            Ok(by_id) => {
                *last_failure = None;
                let found = by_id.get(key_id).cloned();
                let kept = Arc::new(KeptKeys { fetched_at: now, by_id });
                *self.kept.write().unwrap_or_else(PoisonError::into_inner) = Some(kept);
                found.ok_or(TokenError::UnknownKey)
            }
            Err(error) => {
                *last_failure = Some((now, error.clone()));
                Err(error)
            }
        }
    }

    fn look_up(&self, key_id: &str) -> Lookup {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(kept) = kept else { return Lookup::Fetch };
        let age = age_seconds(kept.fetched_at, self.clock.elapsed_now());
        match kept.by_id.get(key_id) {
            Some(key) if age < KEPT_SECONDS => Lookup::Found(key.clone()),
            None if age < UNKNOWN_KEY_PAUSE_SECONDS => Lookup::Unknown,
            Some(_) | None => Lookup::Fetch,
        }
    }

    pub(super) async fn count(&self) -> Result<usize, TokenError> {
        Ok(self.fetch().await?.len())
    }

    async fn fetch(&self) -> Result<HashMap<String, VerifyingKey>, TokenError> {
        let issuer = self.issuer.trim_end_matches('/');
        let discovery = self.get(format!("{issuer}/.well-known/openid-configuration")).await?;
        let discovery: Discovery = serde_json::from_slice(&discovery).map_err(|_| unreadable("discovery document"))?;
        if discovery.issuer != self.issuer {
            return Err(TokenError::IssuerUnreachable("its discovery document names another issuer".to_owned()));
        }
        // Without this, whoever can change the document on its way could name keys of their own over plain HTTP.
        let beside_issuer = discovery.jwks_uri.strip_prefix(issuer).is_some_and(|path| path.starts_with('/'));
        if !beside_issuer && !discovery.jwks_uri.starts_with("https://") {
            return Err(TokenError::IssuerUnreachable("its keys are not behind HTTPS".to_owned()));
        }
        let keys = self.get(discovery.jwks_uri).await?;
        let keys: KeyList = serde_json::from_slice(&keys).map_err(|_| unreadable("key list"))?;
        Ok(keys.keys.into_iter().filter_map(verifying_key).collect())
    }

    async fn get(&self, url: String) -> Result<Bytes, TokenError> {
        let request = ProviderRequest {
            method: http::Method::GET,
            url,
            headers: vec![("accept".to_owned(), "application/json".to_owned())],
            body: Bytes::new(),
            timeout: FETCH_TIMEOUT,
        };
        let answer = self.transport.exchange(request).await;
        let answer = answer.map_err(|error| TokenError::IssuerUnreachable(error.to_string()))?;
        if answer.status != 200 {
            return Err(TokenError::IssuerUnreachable(format!("it answered {}", answer.status)));
        }
        Ok(answer.body)
    }
}

/// OpenID Connect Discovery 1.0 section 3.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

/// Keys are read one by one, so that one of a kind unknown to the library does not hide the others (RFC 7517 section 5).
#[derive(Deserialize)]
struct KeyList {
    keys: Vec<serde_json::Value>,
}

/// The key by its id, where it is one that signs tokens in an algorithm we accept.
fn verifying_key(value: serde_json::Value) -> Option<(String, VerifyingKey)> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    if !matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    let algorithm = if let AlgorithmParameters::EllipticCurve(curve) = &jwk.algorithm
        && curve.curve == EllipticCurve::P256
    {
        Algorithm::ES256
    } else if let AlgorithmParameters::RSA(rsa) = &jwk.algorithm
        && modulus_bytes(&rsa.n) >= RSA_MODULUS_BYTES_MIN
    {
        Algorithm::RS256
    } else {
        return None;
    };
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    Some((jwk.common.key_id?, VerifyingKey { key, algorithm }))
}

/// Length of a number written in base64url without padding: four characters hold three bytes.
fn modulus_bytes(base64url: &str) -> usize {
    base64url.len() * 3 / 4
}

fn age_seconds(since: Timestamp, now: Timestamp) -> i64 {
    now.as_second().saturating_sub(since.as_second())
}

fn unreadable(document: &str) -> TokenError {
    TokenError::IssuerUnreachable(format!("its {document} cannot be read"))
}
