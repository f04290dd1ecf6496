use proptest::prelude::*;

use super::*;
use crate::adapters::simulated::SeededRandom;

fn key(byte: u8) -> String {
    STANDARD.encode([byte; KEY_BYTES])
}

fn ring(current: &str, keys: &[(&str, u8)]) -> KeyRing {
    let keys: BTreeMap<_, _> = keys.iter().map(|(id, byte)| (*id, key(*byte))).collect();
    let stored = serde_json::json!({"current": current, "keys": keys}).to_string();
    KeyRing::from_secret(&SecretText::new(stored)).unwrap()
}

fn fingerprints(version: u32, byte: u8) -> FingerprintKey {
    let stored = serde_json::json!({"version": version, "key": key(byte)}).to_string();
    FingerprintKey::from_secret(&SecretText::new(stored)).unwrap()
}

#[test]
fn a_sealed_text_opens_under_its_item_only() {
    let ring = ring("a", &[("a", 1)]);
    let sealed = ring.seal("000123456", "PAYMENT#pay_1", &SeededRandom::new(1)).unwrap();
    assert_eq!(ring.open(&sealed, "PAYMENT#pay_1").unwrap().expose(), "000123456");
    let elsewhere = ring.open(&sealed, "PAYMENT#pay_2").unwrap_err();
    assert_eq!(elsewhere, SealingError::DoesNotOpen("PAYMENT#pay_2".to_owned()));
}

#[test]
fn a_new_key_seals_while_the_old_one_still_opens() {
    let random = SeededRandom::new(1);
    let (before, after) = (ring("old", &[("old", 1)]), ring("new", &[("old", 1), ("new", 2)]));
    let old = before.seal("text", "item", &random).unwrap();
    let new = after.seal("text", "item", &random).unwrap();
    assert_eq!(after.open(&old, "item").unwrap().expose(), "text");
    assert_eq!(after.open(&new, "item").unwrap().expose(), "text");
    assert_eq!((after.is_outdated(&old), after.is_outdated(&new)), (true, false));
    assert_eq!(before.open(&new, "item").unwrap_err(), SealingError::UnknownKey("new".to_owned()));
}

#[test]
fn another_key_under_the_same_id_does_not_open() {
    let sealed = ring("a", &[("a", 1)]).seal("text", "item", &SeededRandom::new(1)).unwrap();
    assert!(matches!(ring("a", &[("a", 2)]).open(&sealed, "item"), Err(SealingError::DoesNotOpen(_))));
}

#[test]
fn a_text_cannot_be_passed_off_as_sealed_with_another_key_id() {
    let ring = ring("a", &[("a", 1), ("b", 1)]);
    let sealed = ring.seal("text", "item", &SeededRandom::new(1)).unwrap();
    let renamed = SealedText::from(sealed.as_str().replace("v1.a.", "v1.b."));
    assert!(matches!(ring.open(&renamed, "item"), Err(SealingError::DoesNotOpen(_))));
}

#[test]
fn every_changed_byte_is_noticed() {
    let ring = ring("a", &[("a", 1)]);
    let sealed = ring.seal("text", "item", &SeededRandom::new(1)).unwrap();
    let body = URL_SAFE_NO_PAD.decode(sealed.parts().unwrap().1).unwrap();
    for position in 0..body.len() {
        let mut changed = body.clone();
        changed[position] ^= 1;
        let changed = SealedText::from(format!("v1.a.{}", URL_SAFE_NO_PAD.encode(changed)));
        assert!(matches!(ring.open(&changed, "item"), Err(SealingError::DoesNotOpen(_))), "byte {position}");
    }
}

#[test]
fn what_was_never_sealed_is_malformed() {
    let ring = ring("a", &[("a", 1)]);
    for text in ["", "plain", "v1", "v1.a", "v2.a.AAAA", "v1.a.!", "v1.a.AAAA"] {
        let error = ring.open(&SealedText::from(text.to_owned()), "item").unwrap_err();
        assert_eq!(error, SealingError::Malformed, "{text}");
    }
}

#[test]
fn two_sealings_of_one_text_differ() {
    let (ring, random) = (ring("a", &[("a", 1)]), SeededRandom::new(1));
    assert_ne!(ring.seal("text", "item", &random), ring.seal("text", "item", &random));
}

#[test]
fn a_key_ring_in_another_form_is_refused_without_being_shown() {
    let good = key(1);
    for stored in [
        "{}".to_owned(),
        format!(r#"{{"current":"b","keys":{{"a":"{good}"}}}}"#),
        format!(r#"{{"current":"a.b","keys":{{"a.b":"{good}"}}}}"#),
        r#"{"current":"a","keys":{"a":"AAAA"}}"#.to_owned(),
        format!(r#"{{"current":"a","keys":{{"a":"{good}"}},"more":1}}"#),
    ] {
        let error = KeyRing::from_secret(&SecretText::new(&stored)).unwrap_err();
        assert!(matches!(error, SecretError::Malformed { name: SecretName::SealingKeyRing, .. }), "{stored}");
        assert!(!error.to_string().contains(&good));
    }
}

#[test]
fn nothing_prints_a_key_or_a_text() {
    let ring = ring("a", &[("a", 1)]);
    let sealed = ring.seal("000123456", "item", &SeededRandom::new(1)).unwrap();
    assert_eq!(format!("{ring:?}"), r#"KeyRing(current a, all ["a"])"#);
    assert_eq!(format!("{sealed:?}"), "SealedText(a)");
    assert_eq!(format!("{:?}", fingerprints(3, 1)), "FingerprintKey(version 3)");
}

#[test]
fn fresh_keys_are_in_their_form() {
    let random = SeededRandom::new(1);
    assert!(KeyRing::from_secret(&fresh_key_ring("local", &random)).is_ok());
    assert!(FingerprintKey::from_secret(&fresh_fingerprint_key(&random)).is_ok());
}

#[test]
fn a_fingerprint_names_its_key_version_and_depends_on_its_key() {
    let (first, second) = (fingerprints(1, 1), fingerprints(2, 2));
    let fingerprint = first.fingerprint(&["021000021", "000123456"]);
    assert_eq!(fingerprint, first.fingerprint(&["021000021", "000123456"]));
    assert!(fingerprint.as_str().starts_with("f1_"));
    assert_eq!(fingerprint.as_str().len(), 35);
    assert_ne!(fingerprint.as_str()[3..], second.fingerprint(&["021000021", "000123456"]).as_str()[3..]);
}

proptest! {
    #[test]
    fn opens_what_it_seals(text in ".*", item in ".*") {
        let ring = ring("a", &[("a", 1)]);
        let sealed = ring.seal(&text, &item, &SeededRandom::new(1)).unwrap();
        let opened = ring.open(&sealed, &item).unwrap();
        prop_assert_eq!(opened.expose(), text.as_str());
    }

    #[test]
    fn different_parts_have_different_fingerprints(
        left in prop::collection::vec("[0-9]{0,3}", 0..4),
        right in prop::collection::vec("[0-9]{0,3}", 0..4),
    ) {
        let key = fingerprints(1, 1);
        let of = |parts: &[String]| key.fingerprint(&parts.iter().map(String::as_str).collect::<Vec<_>>());
        prop_assert_eq!(of(&left) == of(&right), left == right);
    }
}
