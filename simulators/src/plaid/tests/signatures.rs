use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::{EncodedPoint, FieldBytes};
use sha2::{Digest as _, Sha256};

use super::*;

fn part(text: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

fn key(story: &mut Story, kid: &str) -> Value {
    story.ok("/webhook_verification_key/get", json!({"key_id": kid}))["key"].clone()
}

/// What a receiver that follows every step of Plaid's page makes of a webhook: the claims, or what is wrong.
fn verify(story: &mut Story, webhook: &OutgoingWebhook) -> Result<Value, String> {
    let token = webhook.verification.clone().ok_or("no header")?;
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else { return Err("not three parts".to_owned()) };
    let (header, claims_text) = (part(header), claims);
    if header["alg"] != "ES256" {
        return Err("algorithm".to_owned());
    }
    let (status, body) = story.call("/webhook_verification_key/get", &json!({"key_id": header["kid"]}));
    if status != 200 {
        return Err(body["error_code"].as_str().unwrap().to_owned());
    }
    if !body["key"]["expired_at"].is_null() {
        return Err("expired key".to_owned());
    }
    let coordinate = |name: &str| -> [u8; 32] {
        URL_SAFE_NO_PAD.decode(body["key"][name].as_str().unwrap()).unwrap().try_into().unwrap()
    };
    let (x, y) = (FieldBytes::from(coordinate("x")), FieldBytes::from(coordinate("y")));
    let point = EncodedPoint::from_affine_coordinates(&x, &y, false);
    let verifying = VerifyingKey::from_encoded_point(&point).unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "base64")?;
    let signature = Signature::from_slice(&signature).map_err(|_| "not 64 bytes")?;
    let message = token.rsplit_once('.').unwrap().0;
    verifying.verify(message.as_bytes(), &signature).map_err(|_| "signature")?;
    let claims = part(claims_text);
    if story.now.as_second() - claims["iat"].as_i64().unwrap() > 300 {
        return Err("too old".to_owned());
    }
    if claims["request_body_sha256"] != json!(hex::encode(Sha256::digest(&webhook.body))) {
        return Err("body".to_owned());
    }
    Ok(claims)
}

fn next(story: &mut Story) -> OutgoingWebhook {
    story.plaid.due_deliveries(story.now, 1).remove(0)
}

#[test]
fn a_webhook_is_signed_over_its_bytes_with_two_spaces_and_sorted_keys() {
    let mut story = Story::new();
    story.link_card();
    story.set("card", json!({"credit": {"is_overdue": true}}));
    let webhook = next(&mut story);
    let claims = verify(&mut story, &webhook).unwrap();
    assert_eq!(claims["iat"], story.now.as_second());
    let lines: Vec<&str> = webhook.body.lines().collect();
    assert_eq!(lines[..2], ["{", "  \"account_ids_with_new_liabilities\": [],"]);
    let names = lines.iter().filter(|line| line.starts_with("  \"")).map(|line| line.split('"').nth(1).unwrap());
    assert!(names.clone().is_sorted() && webhook.body.ends_with("\n}"), "{:?}", names.collect::<Vec<_>>());
    assert_eq!(webhook.headers()[1], ("plaid-verification", webhook.verification.as_deref().unwrap()));
}

#[test]
fn every_attempt_is_signed_anew() {
    let mut story = Story::new();
    story.link(CARD_BANK, &["liabilities"]);
    story.set("card", json!({"credit": {"is_overdue": true}}));
    let first = next(&mut story);
    story.plaid.report_delivery(story.now, first.delivery, DeliveryResult::NotAccepted);
    story.later(30);
    let second = next(&mut story);
    assert_eq!(first.body, second.body);
    assert_ne!(first.verification, second.verification);
    assert_eq!(verify(&mut story, &second).unwrap()["iat"], story.now.as_second());
}

#[test]
fn after_a_rotation_a_new_key_signs_and_the_old_one_has_expired() {
    let mut story = Story::new();
    let linked = story.link_card();
    let fire = json!({"access_token": linked.token, "webhook_type": "LIABILITIES", "webhook_code": "DEFAULT_UPDATE"});
    let mut kids = Vec::new();
    for _ in 0..2 {
        story.ok("/sandbox/item/fire_webhook", fire.clone());
        let webhook = next(&mut story);
        verify(&mut story, &webhook).unwrap();
        let token = webhook.verification.unwrap();
        kids.push(part(token.split('.').next().unwrap())["kid"].as_str().unwrap().to_owned());
        story.later(1);
        story.control("rotate-keys", json!({}));
    }
    assert_ne!(kids[0], kids[1]);
    let old = key(&mut story, &kids[0]);
    assert_eq!(old["expired_at"], at(START).as_second() + 1);
    assert_eq!(
        (&old["kty"], &old["crv"], &old["use"], &old["alg"]),
        (&json!("EC"), &json!("P-256"), &json!("sig"), &json!("ES256"))
    );
    assert_eq!(
        story.code("/webhook_verification_key/get", json!({"key_id": "other"})),
        "INVALID_WEBHOOK_VERIFICATION_KEY_ID"
    );
}

#[test]
fn each_forgery_fails_at_its_own_step_and_the_retry_is_good() {
    let cases = [
        ("corrupted_body", "body"),
        ("stale_iat", "too old"),
        ("alg_none", "algorithm"),
        ("hs256", "algorithm"),
        ("unknown_kid", "INVALID_WEBHOOK_VERIFICATION_KEY_ID"),
        ("foreign_key", "signature"),
        ("retired_key", "expired key"),
        ("der_signature", "not 64 bytes"),
        ("no_signature", "no header"),
    ];
    for (forgery, expected) in cases {
        let mut story = Story::new();
        story.link(CARD_BANK, &["liabilities"]);
        story.control("rotate-keys", json!({}));
        story.control("fault-webhooks", json!({"forge_next": [forgery]}));
        story.set("card", json!({"credit": {"is_overdue": true}}));
        let forged = next(&mut story);
        assert_eq!(verify(&mut story, &forged), Err(expected.to_owned()), "{forgery}");
        story.plaid.report_delivery(story.now, forged.delivery, DeliveryResult::NotAccepted);
        story.later(30);
        let retried = next(&mut story);
        assert!(verify(&mut story, &retried).is_ok(), "{forgery}");
    }
}

#[test]
fn a_forged_webhook_can_say_anything() {
    let mut story = Story::new();
    let linked = story.link_card();
    let forged = json!({
        "item_id": linked.item_id, "webhook_type": "LIABILITIES", "webhook_code": "DEFAULT_UPDATE", "forgery": "foreign_key",
        "fields": {"item_id": "somebody else's", "error": null},
    });
    story.control("fire-webhook", forged);
    let webhook = next(&mut story);
    assert_eq!(verify(&mut story, &webhook), Err("signature".to_owned()));
    assert!(webhook.body.contains("somebody else's"));
}

#[test]
fn another_seed_gives_other_keys_and_the_same_seed_the_same_signature() {
    let sign = |seed| {
        let mut story = Story::with(Settings { seed, ..Settings::default() });
        story.link_card();
        story.set("card", json!({"credit": {"is_overdue": true}}));
        next(&mut story).verification
    };
    assert_eq!(sign(1), sign(1));
    assert_ne!(sign(1), sign(2));
}
