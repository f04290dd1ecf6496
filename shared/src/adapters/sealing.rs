//! Sealed texts (AES-256-GCM) and fingerprints (HMAC-SHA256) of what must not be read from the table.
//!
//! Guarantees: a sealed text opens only under the item it was sealed for and only unchanged; every key of the ring opens, the current
//! one seals, so a key is replaced by adding one. Two sealings of one text differ. Limits: nonces are random, so one key may seal
//! about 4 billion texts (NIST SP 800-38D section 8.3); fingerprints under a replaced key are not found again.

use std::collections::BTreeMap;
use std::fmt;

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::ports::random::Random;
use crate::ports::secrets::{SecretError, SecretName, SecretText};

const NONCE_BYTES: usize = 12;
const KEY_BYTES: usize = 32;

/// A sealed text: `v1.<key id>.<base64url of nonce and ciphertext>`. Safe to store; `Debug` shows the key id alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedText(String);

impl SealedText {
    /// As it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parts(&self) -> Option<(&str, &str)> {
        self.0.strip_prefix("v1.")?.split_once('.')
    }
}

impl From<String> for SealedText {
    fn from(stored: String) -> Self {
        Self(stored)
    }
}

impl fmt::Debug for SealedText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SealedText({})", self.parts().map_or("unreadable", |(key_id, _)| key_id))
    }
}

/// Why a text cannot be sealed or opened. None of these is retryable, and none holds the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealingError {
    #[error("a text of this length cannot be sealed")]
    TooLong,
    #[error("this is not a sealed text of a form that is known here")]
    Malformed,
    #[error("the key {0} is not in the key ring: put it back until everything sealed with it is sealed anew")]
    UnknownKey(String),
    #[error("the sealed text was changed, or belongs to another item than {0}")]
    DoesNotOpen(String),
}

/// The keys that seal and open.
pub struct KeyRing {
    current: String,
    ciphers: BTreeMap<String, Aes256Gcm>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KeyRing(current {}, all {:?})", self.current, self.ciphers.keys())
    }
}

/// `{"current": "2026", "keys": {"2025": "<base64 of 32 bytes>", "2026": "…"}}`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredKeyRing {
    current: String,
    keys: BTreeMap<String, String>,
}

const KEY_RING_FORM: &str = r#"{"current": id, "keys": {id: base64 of 32 bytes}}, ids of up to 32 letters, digits, - and _, the current one among them"#;

impl KeyRing {
    /// Reads the secret [`SecretName::SealingKeyRing`].
    pub fn from_secret(stored: &SecretText) -> Result<Self, SecretError> {
        let malformed = SecretError::Malformed { name: SecretName::SealingKeyRing, expected: KEY_RING_FORM };
        Self::parse(stored.expose()).ok_or(malformed)
    }

    fn parse(stored: &str) -> Option<Self> {
        let stored: StoredKeyRing = serde_json::from_str(stored).ok()?;
        let cipher = |(id, key): (String, String)| Some((sound_key_id(id)?, Aes256Gcm::new(&key_bytes(&key)?.into())));
        let ciphers: BTreeMap<_, _> = stored.keys.into_iter().map(cipher).collect::<Option<_>>()?;
        ciphers.contains_key(&stored.current).then_some(Self { current: stored.current, ciphers })
    }

    /// Seals under the current key. `bound_to` names the item that will hold the text, for good: its key in the table.
    pub fn seal(&self, plaintext: &str, bound_to: &str, random: &dyn Random) -> Result<SealedText, SealingError> {
        let cipher = self.cipher(&self.current)?;
        let mut nonce = [0; NONCE_BYTES];
        random.fill(&mut nonce);
        let associated = associated_data(&self.current, bound_to);
        let payload = Payload { msg: plaintext.as_bytes(), aad: associated.as_bytes() };
        let ciphertext = cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| SealingError::TooLong)?;
        let body = URL_SAFE_NO_PAD.encode([nonce.as_slice(), &ciphertext].concat());
        Ok(SealedText(format!("v1.{}.{body}", self.current)))
    }

    /// Opens what was sealed for the same `bound_to`, under whichever key of the ring.
    pub fn open(&self, sealed: &SealedText, bound_to: &str) -> Result<SecretText, SealingError> {
        let (key_id, body) = sealed.parts().ok_or(SealingError::Malformed)?;
        let cipher = self.cipher(key_id)?;
        let body = URL_SAFE_NO_PAD.decode(body).map_err(|_| SealingError::Malformed)?;
        let (nonce, ciphertext) = body.split_first_chunk::<NONCE_BYTES>().ok_or(SealingError::Malformed)?;
        let associated = associated_data(key_id, bound_to);
        let payload = Payload { msg: ciphertext, aad: associated.as_bytes() };
        let opened = cipher.decrypt(&Nonce::from(*nonce), payload).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        opened.map(SecretText::new).ok_or_else(|| SealingError::DoesNotOpen(bound_to.to_owned()))
    }

    /// Whether the text should be sealed anew, because its key is on its way out.
    pub fn is_outdated(&self, sealed: &SealedText) -> bool {
        sealed.parts().is_none_or(|(key_id, _)| key_id != self.current)
    }

    fn cipher(&self, key_id: &str) -> Result<&Aes256Gcm, SealingError> {
        self.ciphers.get(key_id).ok_or_else(|| SealingError::UnknownKey(key_id.to_owned()))
    }
}

/// The form and key id are bound too; a key id holds no line break, so nothing can be moved from one part into another.
fn associated_data(key_id: &str, bound_to: &str) -> String {
    format!("clearway v1\n{key_id}\n{bound_to}")
}

fn sound_key_id(id: String) -> Option<String> {
    let sound = (1..=32).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    sound.then_some(id)
}

fn key_bytes(base64: &str) -> Option<[u8; KEY_BYTES]> {
    STANDARD.decode(base64).ok()?.try_into().ok()
}

/// The key of fingerprints: what finds an account again without storing it. Its version stands in every fingerprint.
pub struct FingerprintKey {
    version: u32,
    mac: Hmac<Sha256>,
}

impl fmt::Debug for FingerprintKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FingerprintKey(version {})", self.version)
    }
}

/// `{"version": 1, "key": "<base64 of 32 bytes>"}`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredFingerprintKey {
    version: u32,
    key: String,
}

impl FingerprintKey {
    /// Reads the secret [`SecretName::FingerprintKey`].
    pub fn from_secret(stored: &SecretText) -> Result<Self, SecretError> {
        Self::parse(stored.expose()).ok_or(SecretError::Malformed {
            name: SecretName::FingerprintKey,
            expected: r#"{"version": whole number, "key": base64 of 32 bytes}"#,
        })
    }

    fn parse(stored: &str) -> Option<Self> {
        let stored: StoredFingerprintKey = serde_json::from_str(stored).ok()?;
        let mac = <Hmac<Sha256> as Mac>::new_from_slice(&key_bytes(&stored.key)?).ok()?;
        Some(Self { version: stored.version, mac })
    }

    /// `f<key version>_` and 32 hex digits: the same for the same parts in the same order, and for nothing else.
    pub fn fingerprint(&self, parts: &[&str]) -> Fingerprint {
        let mut mac = self.mac.clone();
        for part in parts {
            // The length before each part keeps ["12", "3"] and ["1", "23"] apart.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        let digest = mac.finalize().into_bytes();
        let half = digest.iter().take(16).copied().collect::<Vec<_>>();
        Fingerprint(format!("f{}_{}", self.version, hex::encode(half)))
    }
}

/// A keyed hash of account details: tells whether two are the same and nothing else. Safe to store and to log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A key ring text with one fresh key, for a laptop and for tests.
pub fn fresh_key_ring(key_id: &str, random: &dyn Random) -> SecretText {
    SecretText::new(format!(r#"{{"current":"{key_id}","keys":{{"{key_id}":"{}"}}}}"#, fresh_key(random)))
}

/// A fingerprint key text of version 1, for a laptop and for tests.
pub fn fresh_fingerprint_key(random: &dyn Random) -> SecretText {
    SecretText::new(format!(r#"{{"version":1,"key":"{}"}}"#, fresh_key(random)))
}

fn fresh_key(random: &dyn Random) -> String {
    let mut bytes = [0; KEY_BYTES];
    random.fill(&mut bytes);
    STANDARD.encode(bytes)
}

#[cfg(test)]
#[path = "sealing_tests.rs"]
mod tests;
