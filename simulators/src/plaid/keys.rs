//! The keys that webhooks are signed with, and `/webhook_verification_key/get` (plaid.md sections 2.1 and 2.2).
//!
//! Keys follow from the seed and signatures from key and text (RFC 6979): the same webhook at the same time is the same, byte for byte.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use jiff::{SignedDuration, Timestamp};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Plaid;
use super::call::Call;
use super::error::{self, Failure};
use super::faults::Forgery;
use crate::ids::Ids;

/// Older than any receiver may accept.
const STALE: SignedDuration = SignedDuration::from_mins(6);

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Key {
    kid: String,
    key: SigningKey,
    created_at: Timestamp,
    expired_at: Option<Timestamp>,
}

/// All keys, the one in use last.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Keys {
    ids: Ids,
    keys: Vec<Key>,
}

impl Keys {
    pub(crate) fn new(seed: u64, now: Timestamp) -> Self {
        // Apart from the ids of everything else, so that neither moves the other.
        let mut keys = Self { ids: Ids::new(!seed), keys: Vec::new() };
        keys.rotate(now);
        keys
    }

    /// A new key signs from now on; the one before expires.
    pub(crate) fn rotate(&mut self, now: Timestamp) {
        if let Some(old) = self.keys.last_mut() {
            old.expired_at = Some(now);
        }
        let (kid, key) = (self.ids.uuid(), new_key(&mut self.ids));
        self.keys.push(Key { kid, key, created_at: now, expired_at: None });
    }

    fn view(&self, kid: &str) -> Option<Value> {
        let key = self.keys.iter().find(|key| key.kid == kid)?;
        let point = key.key.verifying_key().to_encoded_point(false);
        let coordinate = |bytes: Option<&p256::FieldBytes>| bytes.map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        Some(json!({
            "alg": "ES256", "crv": "P-256", "kid": key.kid, "kty": "EC", "use": "sig",
            "x": coordinate(point.x()), "y": coordinate(point.y()),
            "created_at": key.created_at.as_second(), "expired_at": key.expired_at.map(Timestamp::as_second),
        }))
    }

    /// The `Plaid-Verification` of these bytes when they are sent at `now`, true or forged.
    pub(crate) fn sign(&self, now: Timestamp, body: &str, forgery: Option<Forgery>) -> Option<String> {
        let position = match forgery {
            Some(Forgery::RetiredKey) => self.keys.len().checked_sub(2)?,
            Some(_) | None => self.keys.len().checked_sub(1)?,
        };
        let is_foreign = matches!(forgery, Some(Forgery::ForeignKey | Forgery::UnknownKid));
        // A key that this Plaid never had.
        let foreign = is_foreign.then(|| new_key(&mut Ids::new(self.ids.scatter(0))));
        let key = &self.keys[position];
        let (algorithm, kid) = match forgery {
            Some(Forgery::AlgNone) => ("none", key.kid.clone()),
            Some(Forgery::Hs256) => ("HS256", key.kid.clone()),
            Some(Forgery::UnknownKid) => ("ES256", Ids::new(0).uuid()),
            Some(
                Forgery::StaleIat
                | Forgery::ForeignKey
                | Forgery::RetiredKey
                | Forgery::DerSignature
                | Forgery::CorruptedBody
                | Forgery::NoSignature,
            )
            | None => ("ES256", key.kid.clone()),
        };
        let iat = if forgery == Some(Forgery::StaleIat) { now.saturating_sub(STALE).unwrap_or(now) } else { now };
        let header = json!({ "alg": algorithm, "kid": kid, "typ": "JWT" });
        let claims = json!({ "iat": iat.as_second(), "request_body_sha256": hex::encode(Sha256::digest(body)) });
        let encoded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let message = format!("{}.{}", encoded(&header), encoded(&claims));
        let signing = foreign.as_ref().unwrap_or(&key.key);
        let signature = signature(signing, &message, forgery)?;
        Some(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn new_key(ids: &mut Ids) -> SigningKey {
    loop {
        // All but a vanishing part of 32 bytes are a key.
        if let Ok(key) = SigningKey::from_slice(&Sha256::digest(ids.secret())) {
            return key;
        }
    }
}

/// `None` when nothing at all stands in the header.
fn signature(key: &SigningKey, message: &str, forgery: Option<Forgery>) -> Option<Vec<u8>> {
    let true_one = || -> Signature { key.sign(message.as_bytes()) };
    match forgery {
        Some(Forgery::NoSignature) => None,
        Some(Forgery::AlgNone) => Some(Vec::new()),
        Some(Forgery::DerSignature) => Some(true_one().to_der().as_bytes().to_vec()),
        Some(Forgery::Hs256) => {
            // What a verifier that lets the token choose would take for the shared secret.
            let public = key.verifying_key().to_encoded_point(false);
            let mut mac = Hmac::<Sha256>::new_from_slice(public.as_bytes()).ok()?;
            mac.update(message.as_bytes());
            Some(mac.finalize().into_bytes().to_vec())
        }
        Some(
            Forgery::StaleIat
            | Forgery::UnknownKid
            | Forgery::ForeignKey
            | Forgery::RetiredKey
            | Forgery::CorruptedBody,
        )
        | None => Some(true_one().to_bytes().to_vec()),
    }
}

impl Plaid {
    pub(crate) fn get_verification_key(&mut self, call: &Call) -> Result<Value, Failure> {
        let key = self.keys.view(call.text("key_id")?).ok_or(error::INVALID_WEBHOOK_VERIFICATION_KEY_ID)?;
        Ok(json!({ "key": key }))
    }
}
