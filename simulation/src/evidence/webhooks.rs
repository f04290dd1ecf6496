//! Which of a receiver's secrets verify what it was sent, by the text of the Standard Webhooks specification.

use auditor::evidence::{Endpoint, Received};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// The same calls, each with the places of the secrets under which one of its signatures holds.
pub(super) fn verified(received: Vec<Received>, endpoints: &[Endpoint]) -> Vec<Received> {
    let verified = received.into_iter().map(|call| {
        let endpoint = endpoints.iter().find(|endpoint| endpoint.url == call.url);
        let secrets = endpoint.into_iter().flat_map(|endpoint| &endpoint.secrets).enumerate();
        let holds = secrets.filter(|(_, secret)| verifies(&call, &secret.secret)).map(|(place, _)| place);
        Received { signed_under: holds.collect(), ..call }
    });
    verified.collect()
}

fn verifies(call: &Received, secret: &str) -> bool {
    let key = secret.strip_prefix("whsec_").and_then(|key| STANDARD.decode(key).ok());
    let mac = key.and_then(|key| Hmac::<Sha256>::new_from_slice(&key).ok());
    let Some(mut mac) = mac else { return false };
    mac.update(format!("{}.{}.{}", call.event_id, call.signed_at, call.body).as_bytes());
    let mut signatures = call.signature.split(' ').filter_map(|signature| signature.strip_prefix("v1,"));
    signatures
        .any(|signature| STANDARD.decode(signature).is_ok_and(|signature| mac.clone().verify_slice(&signature).is_ok()))
}
