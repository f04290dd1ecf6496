//! No token and no body makes the reader of Plaid's webhooks panic; what it keeps of one it can read again.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use shared::domain::plaid::signature::{Jws, check_claims, claimed_key};
use shared::domain::plaid::webhook::Webhook;

// The token, then after a line's end the body.
fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (token, body) = input.split_at(end);
    if let Ok(jws) = Jws::split(str::from_utf8(token).ok()) {
        let _ = claimed_key(&jws);
        let _ = check_claims(&jws, body, Timestamp::UNIX_EPOCH);
        assert_eq!(jws.fingerprint().len(), 64);
    }
    if let Ok(webhook) = Webhook::from_body(body) {
        let _ = webhook.meaning();
        let kept = serde_json::to_string(&webhook).unwrap();
        assert_eq!(serde_json::from_str::<Webhook>(&kept).unwrap(), webhook);
    }
});
