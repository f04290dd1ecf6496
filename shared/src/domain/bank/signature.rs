//! The signature of Column's webhooks (`column.md section 2.3`): hexadecimal HMAC-SHA256 over the raw body.
//!
//! Guarantees: the body is not looked at before the signature holds; the comparison takes the same time for every wrong signature;
//! two secrets verify at once, so that a secret can be changed without losing an event. Limit: there is no time in the signature, so a
//! replay is recognized by the event id alone.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// What the receiver knows: its secrets, the current one first, and which endpoint may call.
#[derive(Clone, Copy)]
pub struct WebhookKeys<'a> {
    pub current_secret: &'a str,
    /// The secret before the last change, while it is still good.
    pub previous_secret: Option<&'a str>,
    /// `None` accepts any endpoint: with one endpoint its secret names it already.
    pub endpoint_id: Option<&'a str>,
}

impl std::fmt::Debug for WebhookKeys<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "WebhookKeys({:?})", self.endpoint_id)
    }
}

/// Why a webhook is not from the bank. All are answered 401 and leave no trace but a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureRejection {
    #[error("no Column-Signature header")]
    Missing,
    #[error("the Column-Signature header is not 64 hexadecimal characters")]
    Malformed,
    #[error("the signature does not match the body under any current secret")]
    Mismatch,
    #[error("the webhook comes from another endpoint")]
    OtherEndpoint,
    /// Ours to repair: an empty secret would accept what anybody can sign.
    #[error("no webhook secret is configured")]
    NoSecret,
}

/// Accepts or rejects a webhook by the headers `Column-Signature` and `Webhook-Endpoint-Id` and the raw, decoded body.
pub fn verify(
    keys: WebhookKeys<'_>,
    signature: Option<&str>,
    endpoint_id: Option<&str>,
    body: &[u8],
) -> Result<(), SignatureRejection> {
    if keys.endpoint_id.is_some() && keys.endpoint_id != endpoint_id {
        return Err(SignatureRejection::OtherEndpoint);
    }
    let mut claimed = [0_u8; 32];
    hex::decode_to_slice(signature.ok_or(SignatureRejection::Missing)?, &mut claimed)
        .map_err(|_| SignatureRejection::Malformed)?;
    if keys.current_secret.is_empty() {
        return Err(SignatureRejection::NoSecret);
    }
    let secrets = std::iter::once(keys.current_secret).chain(keys.previous_secret.filter(|secret| !secret.is_empty()));
    let mut matched = subtle::Choice::from(0);
    for secret in secrets {
        matched |= expected(secret, body).ct_eq(&claimed);
    }
    if bool::from(matched) { Ok(()) } else { Err(SignatureRejection::Mismatch) }
}

fn expected(secret: &str, body: &[u8]) -> [u8; 32] {
    // HMAC takes a key of any length, so this always holds; zeros would match no signature made with a secret.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return [0; 32] };
    mac.update(body);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"id":"evnt_1","type":"ach.outgoing_transfer.settled"}"#;
    const KEYS: WebhookKeys<'static> =
        WebhookKeys { current_secret: "new-secret", previous_secret: Some("old-secret"), endpoint_id: Some("whep_1") };

    fn sign(secret: &str, body: &[u8]) -> String {
        hex::encode(expected(secret, body))
    }

    #[test]
    fn the_algorithm_is_hmac_sha256() {
        // RFC 4231, test case 2.
        assert_eq!(
            sign("Jefe", b"what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn the_current_and_the_previous_secret_verify() {
        for secret in ["new-secret", "old-secret"] {
            assert_eq!(verify(KEYS, Some(&sign(secret, BODY)), Some("whep_1"), BODY), Ok(()));
        }
        let only_current = WebhookKeys { previous_secret: None, ..KEYS };
        let old = sign("old-secret", BODY);
        assert_eq!(verify(only_current, Some(&old), Some("whep_1"), BODY), Err(SignatureRejection::Mismatch));
    }

    #[test]
    fn one_changed_byte_of_the_body_is_seen() {
        let signature = sign("new-secret", BODY);
        let mut changed = BODY.to_vec();
        changed[7] ^= 1;
        assert_eq!(verify(KEYS, Some(&signature), Some("whep_1"), &changed), Err(SignatureRejection::Mismatch));
    }

    #[test]
    fn every_other_header_is_rejected_by_its_reason() {
        let good = sign("new-secret", BODY);
        let long = format!("{good}00");
        for (signature, endpoint, rejection) in [
            (None, Some("whep_1"), SignatureRejection::Missing),
            (Some(""), Some("whep_1"), SignatureRejection::Malformed),
            (Some(&good[..62]), Some("whep_1"), SignatureRejection::Malformed),
            (Some(long.as_str()), Some("whep_1"), SignatureRejection::Malformed),
            (Some("zz"), Some("whep_1"), SignatureRejection::Malformed),
            (Some(good.as_str()), Some("whep_2"), SignatureRejection::OtherEndpoint),
            (Some(good.as_str()), None, SignatureRejection::OtherEndpoint),
        ] {
            assert_eq!(verify(KEYS, signature, endpoint, BODY), Err(rejection));
        }
    }

    #[test]
    fn an_empty_secret_verifies_nothing() {
        let keys = WebhookKeys { current_secret: "", previous_secret: Some(""), endpoint_id: None };
        assert_eq!(verify(keys, Some(&sign("", BODY)), None, BODY), Err(SignatureRejection::NoSecret));
        let keys = WebhookKeys { current_secret: "new-secret", ..keys };
        assert_eq!(verify(keys, Some(&sign("", BODY)), None, BODY), Err(SignatureRejection::Mismatch));
    }
}
