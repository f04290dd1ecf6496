//! The signature of Plaid's webhooks: a JWT in the header `Plaid-Verification`, signed with ES256 over the hash of the raw body.
//!
//! Guarantees: the token never chooses its algorithm; nothing but the key id is believed before the signature holds; the body's hash is
//! compared in constant time, and a claim of another length is merely wrong. [`check_claims`] refuses what is stale or about another body
//! before a key is looked for, and its yes counts for nothing until whoever has the key has checked the signature. Limit: within five minutes the same webhook verifies again; a replay is recognized by
//! [`Jws::fingerprint`].

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

const ALGORITHM: &str = "ES256";
const AGE_SECONDS_MAX: i64 = 300;
/// Plaid says nothing about clocks that run ahead.
const AHEAD_SECONDS_MAX: i64 = 60;
/// Plaid's key ids are UUIDs; a longer one is not looked up.
const KEY_ID_BYTES_MAX: usize = 64;
/// Three segments of at most a few hundred characters each.
const JWS_BYTES_MAX: usize = 4096;

/// Why a webhook is not Plaid's. All are final for this delivery and leave no trace but a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Rejection {
    #[error("no Plaid-Verification header")]
    Missing,
    #[error("the token is not three segments with a header that can be read")]
    Malformed,
    #[error("the token does not say ES256")]
    WrongAlgorithm,
    #[error("the token names no key")]
    NoKeyId,
    #[error("the key is none of Plaid's")]
    UnknownKey,
    #[error("the key does not sign webhooks")]
    WrongKey,
    #[error("the key has expired")]
    ExpiredKey,
    #[error("the signature is wrong")]
    BadSignature,
    #[error("the claims cannot be read")]
    BadClaims,
    #[error("the token is older than five minutes")]
    Stale,
    #[error("the token is from the future")]
    FromTheFuture,
    #[error("the body is not the one that was signed")]
    WrongBody,
}

/// A key as `/webhook_verification_key/get` answers it (RFC 7517).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerificationKey {
    pub kid: String,
    pub alg: String,
    pub kty: String,
    pub crv: String,
    #[serde(rename = "use")]
    pub key_use: String,
    /// Coordinates in base64url without padding.
    pub x: String,
    pub y: String,
    /// Unix seconds. Plaid refuses the key from the moment this is set, whatever it says.
    #[serde(default)]
    pub expired_at: Option<i64>,
}

/// A compact JWS in its three parts. Nothing in it is believed yet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Jws<'a> {
    whole: &'a str,
    signature_at: usize,
    claims_at: usize,
}

impl std::fmt::Debug for Jws<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Jws(***)")
    }
}

/// A member that is not asked for is ignored; one that is there twice makes the header unreadable.
#[derive(Deserialize)]
struct WireHeader {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct WireClaims {
    iat: i64,
    request_body_sha256: String,
}

impl<'a> Jws<'a> {
    /// Splits the header's value.
    pub fn split(header: Option<&'a str>) -> Result<Self, Rejection> {
        let whole = header.ok_or(Rejection::Missing)?;
        let points: Vec<usize> = whole.match_indices('.').map(|(at, _)| at).take(3).collect();
        let [first, second] = points[..] else { return Err(Rejection::Malformed) };
        if whole.len() > JWS_BYTES_MAX || first == 0 || second == first + 1 || second + 1 == whole.len() {
            return Err(Rejection::Malformed);
        }
        Ok(Self { whole, claims_at: first + 1, signature_at: second + 1 })
    }

    /// What is signed: header and claims as they came.
    pub fn signed(&self) -> &'a str {
        &self.whole[..self.signature_at - 1]
    }

    /// 64 bytes in base64url, if it is one at all.
    pub fn signature(&self) -> &'a str {
        &self.whole[self.signature_at..]
    }

    /// The SHA-256 of what is signed, in hexadecimal digits: the same for every token that says the same, however its signature is written.
    /// An ECDSA signature has a second form that verifies as well, with `n - s` in place of `s`.
    pub fn fingerprint(&self) -> String {
        hex::encode(Sha256::digest(fault!(TokenWithSignatureHashed, self.whole, self.signed())))
    }

    fn header(&self) -> &'a str {
        &self.whole[..self.claims_at - 1]
    }

    fn claims(&self) -> &'a str {
        &self.whole[self.claims_at..self.signature_at - 1]
    }
}

/// The id of the key that the token claims to be signed with, if everything else about its header is right.
pub fn claimed_key(jws: &Jws<'_>) -> Result<String, Rejection> {
    let header: WireHeader = decoded(jws.header()).ok_or(Rejection::Malformed)?;
    if header.alg != ALGORITHM {
        return Err(Rejection::WrongAlgorithm);
    }
    // RFC 7515 section 4.1.11: an extension that must be understood and is not refuses the token. We understand none.
    if header.crit.is_some() {
        return Err(Rejection::Malformed);
    }
    let key_id = header.kid.filter(|id| !id.is_empty()).ok_or(Rejection::NoKeyId)?;
    // It becomes part of a key of the table.
    let is_plain = key_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if key_id.len() > KEY_ID_BYTES_MAX || !is_plain {
        return Err(Rejection::UnknownKey);
    }
    Ok(key_id)
}

/// Whether a key may verify what names it.
pub fn check_key(key: &VerificationKey, key_id: &str) -> Result<(), Rejection> {
    let signs_webhooks = key.kty == "EC" && key.crv == "P-256" && key.key_use == "sig" && key.alg == ALGORITHM;
    if !signs_webhooks || key.kid != key_id {
        return Err(Rejection::WrongKey);
    }
    match key.expired_at {
        Some(_) => Err(Rejection::ExpiredKey),
        None => Ok(()),
    }
}

/// Whether the claims are about this body and recent.
pub fn check_claims(jws: &Jws<'_>, body: &[u8], now: Timestamp) -> Result<(), Rejection> {
    let claims: WireClaims = decoded(jws.claims()).ok_or(Rejection::BadClaims)?;
    let age = now.as_second().saturating_sub(claims.iat);
    if age > AGE_SECONDS_MAX {
        return Err(Rejection::Stale);
    }
    if age < -AHEAD_SECONDS_MAX {
        return Err(Rejection::FromTheFuture);
    }
    let found = hex::encode(Sha256::digest(body));
    // Texts of different lengths are compared as unequal, without a look at them.
    let is_same: bool = found.as_bytes().ct_eq(claims.request_body_sha256.as_bytes()).into();
    if is_same { Ok(()) } else { Err(Rejection::WrongBody) }
}

fn decoded<T: for<'de> Deserialize<'de>>(segment: &str) -> Option<T> {
    let bytes = URL_SAFE_NO_PAD.decode(segment).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
