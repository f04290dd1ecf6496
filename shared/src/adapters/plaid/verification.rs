//! Verifies Plaid's webhooks, with the signing keys kept in memory and in the table.
//!
//! Guarantees: a webhook whose key is known costs no call; a key is kept an hour, and a new one that turns up makes every other active
//! key be looked at again, which is how an expiry becomes known. A key that Plaid confirmed once is found by every process, and asking about
//! it again is never refused. One look-up is under way at a time, and whoever waited finds what it found. What is stale or about another
//! body costs none. A key id that Plaid does not know is remembered for a minute, unknown ids take their turns
//! ([`crate::domain::plaid::key_turns`]), the table is asked at most every five seconds and a failing Plaid as well: a flood of forged
//! webhooks costs no more than that, and keeps no genuine one out that comes again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey};

use super::{KeyLookup, PlaidClient, PlaidError};
use crate::domain::deadline::Deadline;
use crate::domain::plaid::key_turns::KeyTurns;
use crate::domain::plaid::signature::{Jws, Rejection, VerificationKey, check_claims, check_key, claimed_key};
use crate::ports::clock::Clock;
use crate::ports::confirmed_keys::{ConfirmedKey, ConfirmedKeys};

const KEPT_SECONDS: i64 = 3600;
const UNKNOWN_KEPT_SECONDS: i64 = 60;
const FAILURE_PAUSE_SECONDS: i64 = 5;
const LISTED_SECONDS: i64 = 5;
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
    confirmed: Arc<dyn ConfirmedKeys>,
    keys: Mutex<Keys>,
    /// Held while looking up: whoever waits for it finds what the one before found.
    looking_up: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Keys {
    by_id: HashMap<String, KeptKey>,
    /// Looked up here, and not proven yet by a signature. A handful: they are Plaid's.
    unshared: HashMap<String, ConfirmedKey>,
    turns: KeyTurns,
    /// When the table was asked for what other processes know.
    listed_at: Option<Timestamp>,
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
    pub fn new(clock: Arc<dyn Clock>, confirmed: Arc<dyn ConfirmedKeys>) -> Self {
        Self { clock, confirmed, keys: Mutex::default(), looking_up: tokio::sync::Mutex::new(()) }
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
        // Plaid's time, like that of all its data, is business time.
        check_claims(&jws, body, self.clock.business_now())?;
        let key = self.key(&key_id, client, deadline).await?;
        // The algorithm is ours; the token's was only compared with it.
        let is_signed = jsonwebtoken::crypto::verify(jws.signature(), jws.signed().as_bytes(), &key, Algorithm::ES256);
        if !is_signed.unwrap_or(false) {
            return Err(Rejection::BadSignature.into());
        }
        self.share_proven(&key_id).await;
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
        if self.known(key_id).is_none() {
            fault!(KeysNotShared, (), self.learn_from_others().await);
        }
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

    /// Takes in what other processes have had confirmed.
    async fn learn_from_others(&self) {
        let now = self.clock.elapsed_now();
        let is_listed = |keys: &Keys| keys.listed_at.is_some_and(|at| age_seconds(at, now) < LISTED_SECONDS);
        if is_listed(&self.keys()) {
            return;
        }
        self.keys().listed_at = Some(now);
        match self.confirmed.all().await {
            Ok(confirmed) => {
                for ConfirmedKey { key, confirmed_at } in confirmed {
                    self.keep_at(&key.kid, usable(&key, &key.kid), confirmed_at);
                }
            }
            Err(error) => tracing::warn!(%error, "the keys of webhooks that are known cannot be read"),
        }
    }

    /// Whether the id was never seen. Refuses a look-up that would be one too many.
    fn begin_look_up(&self, key_id: &str) -> Result<bool, VerificationError> {
        let now = self.clock.elapsed_now();
        let mut keys = self.keys();
        if keys.failed_at.is_some_and(|failed_at| age_seconds(failed_at, now) < FAILURE_PAUSE_SECONDS) {
            return Err(VerificationError::KeyUnavailable("the last look-up has just failed".to_owned()));
        }
        // A key that Plaid once gave is not counted: forged ids must not keep it from being looked at again.
        if keys.by_id.get(key_id).is_some_and(KeptKey::is_confirmed) {
            return Ok(false);
        }
        if !keys.turns.take(key_id, now) {
            return Err(VerificationError::KeyUnavailable("too many unknown keys in a minute".to_owned()));
        }
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
                    KeyLookup::Found(key) => {
                        let found = usable(&key, key_id);
                        let confirmed = self.confirmed_now(key);
                        match found {
                            Ok(_) => {
                                self.keys().unshared.insert(key_id.to_owned(), confirmed);
                            }
                            Err(Rejection::ExpiredKey) => self.share(&confirmed).await,
                            Err(_) => {}
                        }
                        found
                    }
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

    /// Tells other processes of a key once it has verified something: what is forged leaves nothing behind.
    async fn share_proven(&self, key_id: &str) {
        let unshared = self.keys().unshared.remove(key_id);
        if let Some(confirmed) = unshared {
            self.share(&confirmed).await;
        }
    }

    fn confirmed_now(&self, key: VerificationKey) -> ConfirmedKey {
        ConfirmedKey { key, confirmed_at: self.clock.elapsed_now() }
    }

    /// Tells other processes. Where that fails, they ask themselves.
    async fn share(&self, confirmed: &ConfirmedKey) {
        if let Err(error) = self.confirmed.keep(confirmed).await {
            tracing::warn!(%error, "a key of webhooks could not be shared");
        }
    }

    /// Looks at the other active keys again: one of them may have expired in favor of the new one. A failure leaves them until they
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
        self.keys().failed_at = None;
        self.keep_at(key_id, found, self.clock.elapsed_now());
    }

    fn keep_at(&self, key_id: &str, found: Result<DecodingKey, Rejection>, seen_at: Timestamp) {
        let now = self.clock.elapsed_now();
        let mut keys = self.keys();
        if keys.by_id.get(key_id).is_some_and(|kept| kept.is_confirmed() && kept.seen_at > seen_at) {
            return;
        }
        // A known key stays although it is old: it says that the id is no forged one.
        keys.by_id.retain(|_, kept| kept.is_confirmed() || kept.is_fresh(now));
        if keys.by_id.len() >= KEYS_MAX {
            let oldest = keys.by_id.iter().min_by_key(|(_, kept)| kept.seen_at).map(|(id, _)| id.clone());
            oldest.map(|id| keys.by_id.remove(&id));
        }
        keys.by_id.insert(key_id.to_owned(), KeptKey { seen_at, found });
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
    /// Whether it is Plaid's, also where it has expired: then its id is no forged one.
    fn is_confirmed(&self) -> bool {
        matches!(self.found, Ok(_) | Err(Rejection::ExpiredKey))
    }

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
