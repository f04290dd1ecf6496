use serde_json::{Value, json};

use super::*;

/// A webhook of the Sandbox that was published with the claims of its token (plaid/plaid-node, issue 399).
mod published {
    pub(super) const BODY: &str = "{\n  \"error\": null,\n  \"item_id\": \"xVDbz8kaZRf69Nd18x81I3y83kZaxEF688545\",\n  \
        \"new_transactions\": 0,\n  \"webhook_code\": \"DEFAULT_UPDATE\",\n  \"webhook_type\": \"TRANSACTIONS\"\n}";
    pub(super) const KEY_ID: &str = "6c5516e1-92dc-479e-a8ff-5a51992e0001";
    pub(super) const ISSUED_AT: i64 = 1_612_186_627;
    pub(super) const BODY_SHA256: &str = "c43741964e9b173d7bc1e840a21ce1ad26cfa27c1a379bba8cb5f5715aade40a";
    pub(super) const SIGNATURE: &str =
        "7YVXrBFA9Wr-u7eWoPjRxoWW7M5hiNunZYJXpLuFoA6fTop8RBgybDRtNbtIa6W0X2Gvqg8dtb2uaMcHzHI9WQ";
}

fn token(header: &Value, claims: &Value) -> String {
    let encoded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}.{}", encoded(header), encoded(claims), published::SIGNATURE)
}

fn good_header() -> Value {
    json!({"alg": "ES256", "kid": published::KEY_ID, "typ": "JWT"})
}

fn good_claims() -> Value {
    json!({"iat": published::ISSUED_AT, "request_body_sha256": published::BODY_SHA256})
}

fn key_named_by(header: &Value) -> Result<String, Rejection> {
    claimed_key(&Jws::split(Some(&token(header, &good_claims())))?)
}

fn seconds_after(seconds: i64) -> Timestamp {
    Timestamp::from_second(published::ISSUED_AT + seconds).unwrap()
}

fn checked(claims: &Value, body: &str, now: Timestamp) -> Result<(), Rejection> {
    check_claims(&Jws::split(Some(&token(&good_header(), claims)))?, body.as_bytes(), now)
}

#[test]
fn a_published_webhook_is_taken_apart_and_its_body_is_the_signed_one() {
    let token = token(&good_header(), &good_claims());
    let jws = Jws::split(Some(&token)).unwrap();

    assert_eq!(claimed_key(&jws).as_deref(), Ok(published::KEY_ID));
    assert_eq!(check_claims(&jws, published::BODY.as_bytes(), seconds_after(1)), Ok(()));
    assert_eq!(format!("{}.{}", jws.signed(), jws.signature()), token);
    assert_eq!(jws.signature().len(), 86);
}

#[test]
fn anything_but_three_segments_is_no_token() {
    assert_eq!(Jws::split(None).map(|_| ()), Err(Rejection::Missing));
    for value in ["", ".", "..", "a.b", "a..c", ".b.c", "a.b.", "a.b.c.d", "token"] {
        assert_eq!(Jws::split(Some(value)).map(|_| ()), Err(Rejection::Malformed), "{value}");
    }
    let endless = format!("a.b.{}", "c".repeat(JWS_BYTES_MAX));
    assert_eq!(Jws::split(Some(&endless)).map(|_| ()), Err(Rejection::Malformed));
}

#[test]
fn the_token_does_not_choose_its_algorithm() {
    for algorithm in ["none", "HS256", "RS256", "ES384", "es256", ""] {
        let header = json!({"alg": algorithm, "kid": published::KEY_ID});
        assert_eq!(key_named_by(&header), Err(Rejection::WrongAlgorithm), "{algorithm}");
    }
}

#[test]
fn a_header_without_a_usable_key_id_is_refused_before_any_key_is_looked_up() {
    for (header, rejection) in [
        (json!({"alg": "ES256"}), Rejection::NoKeyId),
        (json!({"alg": "ES256", "kid": null}), Rejection::NoKeyId),
        (json!({"alg": "ES256", "kid": ""}), Rejection::NoKeyId),
        (json!({"alg": "ES256", "kid": 7}), Rejection::Malformed),
        (json!({"alg": "ES256", "kid": "k".repeat(65)}), Rejection::UnknownKey),
        (json!({"alg": "ES256", "kid": "k", "crit": ["b64"]}), Rejection::Malformed),
        (json!({"kid": "k"}), Rejection::Malformed),
        (json!([]), Rejection::Malformed),
    ] {
        assert_eq!(key_named_by(&header), Err(rejection), "{header}");
    }
    let no_base64 = Jws::split(Some("!!.e30.AA")).unwrap();
    assert_eq!(claimed_key(&no_base64), Err(Rejection::Malformed));
}

fn key() -> VerificationKey {
    serde_json::from_value(json!({
        "alg": "ES256", "created_at": 1_767_225_600, "crv": "P-256", "expired_at": null, "kid": "k", "kty": "EC", "use": "sig",
        "x": "x", "y": "y"
    }))
    .unwrap()
}

#[test]
fn only_an_active_key_for_signing_with_es256_verifies() {
    assert_eq!(check_key(&key(), "k"), Ok(()));
    let wrong: [VerificationKey; 5] = [
        VerificationKey { kty: "RSA".to_owned(), ..key() },
        VerificationKey { crv: "P-384".to_owned(), ..key() },
        VerificationKey { key_use: "enc".to_owned(), ..key() },
        VerificationKey { alg: "ES384".to_owned(), ..key() },
        VerificationKey { kid: "other".to_owned(), ..key() },
    ];
    for key in wrong {
        assert_eq!(check_key(&key, "k"), Err(Rejection::WrongKey), "{key:?}");
    }
    // Even one that is said to expire later: Plaid sets this when it stops using the key.
    assert_eq!(check_key(&VerificationKey { expired_at: Some(i64::MAX), ..key() }, "k"), Err(Rejection::ExpiredKey));
}

#[test]
fn a_token_counts_for_five_minutes_and_a_minute_ahead() {
    for (seconds, expected) in
        [(-61, Err(Rejection::FromTheFuture)), (-60, Ok(())), (0, Ok(())), (300, Ok(())), (301, Err(Rejection::Stale))]
    {
        assert_eq!(checked(&good_claims(), published::BODY, seconds_after(seconds)), expected, "{seconds}");
    }
}

#[test]
fn another_body_is_seen_however_long_its_claimed_hash_is() {
    let now = seconds_after(0);
    let changed = published::BODY.replace("0,", "1,");
    assert_eq!(checked(&good_claims(), &changed, now), Err(Rejection::WrongBody));
    assert_eq!(checked(&good_claims(), "", now), Err(Rejection::WrongBody));
    let minified: Value = serde_json::from_str(published::BODY).unwrap();
    assert_eq!(checked(&good_claims(), &minified.to_string(), now), Err(Rejection::WrongBody));
    for hash in ["", "c437", &"0".repeat(64), &"0".repeat(65), &published::BODY_SHA256.to_uppercase()] {
        let claims = json!({"iat": published::ISSUED_AT, "request_body_sha256": hash});
        assert_eq!(checked(&claims, published::BODY, now), Err(Rejection::WrongBody), "{hash}");
    }
}

#[test]
fn claims_without_time_or_hash_are_refused() {
    for claims in [
        json!({"iat": published::ISSUED_AT}),
        json!({"request_body_sha256": published::BODY_SHA256}),
        json!({"iat": "now", "request_body_sha256": published::BODY_SHA256}),
        json!({"iat": published::ISSUED_AT, "request_body_sha256": null}),
        json!(null),
    ] {
        assert_eq!(checked(&claims, published::BODY, seconds_after(0)), Err(Rejection::BadClaims), "{claims}");
    }
}

#[test]
fn what_is_signed_is_one_webhook_however_its_signature_is_written() {
    let first = token(&good_header(), &good_claims());
    let second = first.replace("9WQ", "9WR");
    let later =
        token(&good_header(), &json!({"iat": published::ISSUED_AT + 1, "request_body_sha256": published::BODY_SHA256}));
    let fingerprint = |token: &str| Jws::split(Some(token)).unwrap().fingerprint();
    assert_ne!(first, second);
    assert_eq!(fingerprint(&first), fingerprint(&second));
    assert_ne!(fingerprint(&first), fingerprint(&later));
}
