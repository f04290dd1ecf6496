//! The signature of the Standard Webhooks specification, version 1 (symmetric): HMAC-SHA256 over id, time and body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

pub const ID_HEADER: &str = "webhook-id";
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
pub const SIGNATURE_HEADER: &str = "webhook-signature";

const SECRET_PREFIX: &str = "whsec_";

/// The specification wants 24 to 64.
pub const SECRET_BYTES: usize = 32;

/// A text is no signing secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a signing secret is not in its form")]
pub struct SecretFormat;

/// The secret as its receiver is given it.
pub fn secret_text(bytes: &[u8; SECRET_BYTES]) -> String {
    format!("{SECRET_PREFIX}{}", STANDARD.encode(bytes))
}

/// One signature for each secret, in the order of the secrets: the header's value.
pub fn sign<'s>(
    secrets: impl IntoIterator<Item = &'s str>,
    id: &str,
    seconds: i64,
    body: &str,
) -> Result<String, SecretFormat> {
    let signatures = secrets.into_iter().map(|secret| sign_once(secret, id, seconds, body));
    Ok(signatures.collect::<Result<Vec<_>, _>>()?.join(" "))
}

fn sign_once(secret: &str, id: &str, seconds: i64, body: &str) -> Result<String, SecretFormat> {
    let encoded = secret.strip_prefix(SECRET_PREFIX).ok_or(SecretFormat)?;
    let key = STANDARD.decode(encoded).map_err(|_| SecretFormat)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| SecretFormat)?;
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}
