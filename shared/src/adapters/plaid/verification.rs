//! Verifies Plaid's webhooks, with the signing keys kept in memory.
//!
//! Guarantees: a webhook whose key is known costs no call; a key is kept an hour, and a new one that turns up makes every other active
//! key be looked at again, which is how an expiry becomes known. One look-up is under way at a time, and whoever waited finds what it
//! found. A key id that Plaid does not know is remembered for a minute, unknown ids cause at most ten look-ups a minute, and a failing
//! Plaid is asked at most every five seconds: a flood of forged webhooks costs no more than that. Limits: keys are kept per process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey};

use super::{KeyLookup, PlaidClient, PlaidError};
use crate::domain::deadline::Deadline;
use crate::domain::plaid::signature::{Jws, Rejection, VerificationKey, check_claims, check_key, claimed_key};
use crate::ports::clock::Clock;

const KEPT_SECONDS: i64 = 3600;
const UNKNOWN_KEPT_SECONDS: i64 = 60;
const LOOK_UPS_A_MINUTE_MAX: usize = 10;
const FAILURE_PAUSE_SECONDS: i64 = 5;
/// Plaid has a handful of active keys; more are forged ids.
const KEYS_MAX: usize = 64;

/// A webhook that was not let in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerificationError {
    /// Not Plaid's. Final for this delivery.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// Its key cannot be had now. Plaid delivers again.
    #[error("the signing key cannot be looked up now: {0}")]
    KeyUnavailable(String),
}

/// Verifies webhooks. One per process: it keeps the keys.
#[derive(Debug)]
pub struct WebhookVerifier {
    clock: Arc<dyn Clock>,
    keys: Mutex<Keys>,
    /// Held while looking up: whoever waits for it finds what the one before found.
    looking_up: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Keys {
    by_id: HashMap<String, KeptKey>,
    /// When ids that were not known caused a look-up, within the last minute.
    unknown_looked_up: Vec<Timestamp>,
    failed_at: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct KeptKey {
    seen_at: Timestamp,
    /// What the key says of a webhook that names it.
    found: Result<DecodingKey, Rejection>,
}

impl WebhookVerifier {
    /// Asks nobody yet: keys are looked up when a webhook names them.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, keys: Mutex::default(), looking_up: tokio::sync::Mutex::new(()) }
    }

    /// Verifies a webhook by the value of its `Plaid-Verification` header and its raw, decoded body, and answers the token's
    /// fingerprint. `client` is asked for a key that is not known.
    pub async fn verify(
        &self,
        header: Option<&str>,
        body: &[u8],
        client: &PlaidClient,
        deadline: Deadline,
    ) -> Result<String, VerificationError> {
        let jws = Jws::split(header)?;
        let key_id = claimed_key(&jws)?;
        let key = self.key(&key_id, client, deadline).await?;
        // The algorithm is ours; the token's was only compared with it.
        let is_signed = jsonwebtoken::crypto::verify(jws.signature(), jws.signed().as_bytes(), &key, Algorithm::ES256);
        if !is_signed.unwrap_or(false) {
            return Err(Rejection::BadSignature.into());
        }
        // Plaid's time, like that of all its data, is business time.
        check_claims(&jws, body, self.clock.business_now())?;
        Ok(jws.fingerprint())
    }

    async fn key(
        &self,
        key_id: &str,
        client: &PlaidClient,
        deadline: Deadline,
    ) -> Result<DecodingKey, VerificationError> {
        if let Some(known) = self.known(key_id) {
            return Ok(known?);
        }
        let _looking_up = self.looking_up.lock().await;
        if let Some(known) = self.known(key_id) {
            return Ok(known?);
        }
        let is_new = self.begin_look_up(key_id)?;
        let found = self.look_up(key_id, client, deadline).await?;
        if is_new && found.is_ok() {
            self.refresh_others(key_id, client, deadline).await;
        }
        Ok(found?)
    }

    /// What is known of a key, if that is fresh.
    fn known(&self, key_id: &str) -> Option<Result<DecodingKey, Rejection>> {
        let now = self.clock.elapsed_now();
        self.keys().by_id.get(key_id).filter(|kept| kept.is_fresh(now)).map(|kept| kept.found.clone())
    }

    /// Whether the id was never seen. Refuses a look-up that would be one too many.
    fn begin_look_up(&self, key_id: &str) -> Result<bool, VerificationError> {
        let now = self.clock.elapsed_now();
        let mut keys = self.keys();
        if keys.failed_at.is_some_and(|failed_at| age_seconds(failed_at, now) < FAILURE_PAUSE_SECONDS) {
            return Err(VerificationError::KeyUnavailable("the last look-up has just failed".to_owned()));
        }
        // A key that Plaid once gave is not counted: forged ids must not keep it from being looked at again.
        if keys.by_id.get(key_id).is_some_and(|kept| kept.found.is_ok()) {
            return Ok(false);
        }
        keys.unknown_looked_up.retain(|at| age_seconds(*at, now) < 60);
        if keys.unknown_looked_up.len() >= LOOK_UPS_A_MINUTE_MAX {
            return Err(VerificationError::KeyUnavailable("too many unknown keys in a minute".to_owned()));
        }
        keys.unknown_looked_up.push(now);
        Ok(true)
    }

    async fn look_up(
        &self,
        key_id: &str,
        client: &PlaidClient,
        deadline: Deadline,
    ) -> Result<Result<DecodingKey, Rejection>, VerificationError> {
        match client.webhook_verification_key(key_id, deadline).await {
            Ok(answer) => {
                let found = match answer {
                    KeyLookup::Found(key) => usable(&key, key_id),
                    KeyLookup::Unknown => Err(Rejection::UnknownKey),
                };
                self.keep(key_id, found.clone());
                Ok(found)
            }
            Err(error) => {
                self.note_failure(&error);
                Err(VerificationError::KeyUnavailable(error.to_string()))
            }
        }
    }

    /// Looks at the other active keys again: one of them may have expired in favour of the new one. A failure leaves them until they
    /// are an hour old.
    async fn refresh_others(&self, new_key_id: &str, client: &PlaidClient, deadline: Deadline) {
        let is_other_active =
            |(id, kept): (&String, &KeptKey)| (id != new_key_id && kept.found.is_ok()).then(|| id.clone());
        let others: Vec<String> = self.keys().by_id.iter().filter_map(is_other_active).collect();
        for key_id in others {
            if self.look_up(&key_id, client, deadline).await.is_err() {
                return;
            }
        }
    }

    fn keep(&self, key_id: &str, found: Result<DecodingKey, Rejection>) {
        let now = self.clock.elapsed_now();
        let mut keys = self.keys();
        keys.failed_at = None;
        // A known key stays although it is old: it says that the id is no forged one.
        keys.by_id.retain(|_, kept| kept.found.is_ok() || kept.is_fresh(now));
        if keys.by_id.len() >= KEYS_MAX {
            let oldest = keys.by_id.iter().min_by_key(|(_, kept)| kept.seen_at).map(|(id, _)| id.clone());
            oldest.map(|id| keys.by_id.remove(&id));
        }
        keys.by_id.insert(key_id.to_owned(), KeptKey { seen_at: now, found });
    }

    fn note_failure(&self, error: &PlaidError) {
        tracing::warn!(%error, "a key of webhooks cannot be looked up");
        self.keys().failed_at = Some(self.clock.elapsed_now());
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeptKey {
    fn is_fresh(&self, now: Timestamp) -> bool {
        let kept_seconds = match self.found {
            Ok(_) | Err(Rejection::ExpiredKey) => KEPT_SECONDS,
            Err(_) => UNKNOWN_KEPT_SECONDS,
        };
        age_seconds(self.seen_at, now) < kept_seconds
    }
}

/// The key ready for use, or why it verifies nothing.
fn usable(key: &VerificationKey, key_id: &str) -> Result<DecodingKey, Rejection> {
    check_key(key, key_id)?;
    DecodingKey::from_ec_components(&key.x, &key.y).map_err(|_| Rejection::WrongKey)
}

fn age_seconds(since: Timestamp, now: Timestamp) -> i64 {
    now.as_second().saturating_sub(since.as_second())
}

#[cfg(test)]
#[path = "verification_tests.rs"]
mod tests;
