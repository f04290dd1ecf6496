//! No body makes the reader of the bank's events panic, and no header opens it that is not the body's signature.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::domain::bank::event::BankEvent;
use shared::domain::bank::signature::{WebhookKeys, verify};

const KEYS: WebhookKeys<'static> =
    WebhookKeys { current_secret: "new-secret", previous_secret: Some("old-secret"), endpoint_id: None };

// The first 64 bytes are the header, the rest is the body.
fuzz_target!(|input: &[u8]| {
    let _ = BankEvent::from_body(input);
    let Some((header, body)) = input.split_at_checked(64) else { return };
    let _ = BankEvent::from_body(body);
    if let Ok(header) = str::from_utf8(header) {
        assert!(verify(KEYS, Some(header), None, body).is_err(), "a signature of nobody's");
    }
});
