use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use issuer::LocalIssuer;
use serde_json::{Value, json};

use super::testing::{AUDIENCE, ISSUER, IssuerWorld, NOW_SECONDS};
use super::*;
use crate::domain::caller::Role;

impl IssuerWorld {
    async fn verify(&self, authorization: &str) -> Result<Caller, TokenError> {
        self.verifier.verify(Some(authorization)).await
    }

    /// Verifies a token whose header and claims were changed before signing.
    async fn verify_changed(&self, change: impl FnOnce(&mut Value, &mut Value)) -> Result<Caller, TokenError> {
        let mut header = json!({"alg": "ES256", "kid": self.issuer.key_id()});
        let mut claims = json!({"iss": ISSUER, "sub": "ann", "aud": AUDIENCE, "exp": NOW_SECONDS + 60});
        change(&mut header, &mut claims);
        self.verify(&format!("Bearer {}", self.issuer.sign(&header, &claims))).await
    }
}

fn refused(fault: ClaimFault) -> Result<Caller, TokenError> {
    Err(TokenError::Refused(fault))
}

#[tokio::test]
async fn a_good_token_lets_its_caller_in() {
    let world = IssuerWorld::new();
    let caller = world.verify(&world.bearer("ann", &["payroll:approve", "strange"])).await;
    assert_eq!(caller, Ok(Caller::new("ann", [Role::PayrollApprove])));
}

#[tokio::test]
async fn without_a_bearer_token_nobody_is_let_in_and_the_issuer_is_not_asked() {
    let world = IssuerWorld::new();
    assert_eq!(world.verifier.verify(None).await, Err(TokenError::Missing));
    for value in ["", "Bearer", "Basic YTpi", "token"] {
        assert_eq!(world.verify(value).await, Err(TokenError::Missing), "{value}");
    }
    for value in ["Bearer x", "Bearer a.b", "Bearer a.b.c", "Bearer  "] {
        assert_eq!(world.verify(value).await, Err(TokenError::Malformed), "{value}");
    }
    assert_eq!(world.key_fetches(), 0);
}

#[tokio::test]
async fn the_scheme_may_be_written_in_any_case() {
    let world = IssuerWorld::new();
    let bearer = world.bearer("ann", &[]).replace("Bearer", "bearer");
    assert!(world.verify(&bearer).await.is_ok());
}

#[tokio::test]
async fn claims_are_judged_by_the_elapsed_clock() {
    let world = IssuerWorld::new();
    let bearer = world.bearer("ann", &[]);
    world.clock.move_business(Duration::from_secs(100_000));
    assert!(world.verify(&bearer).await.is_ok());
    world.clock.advance(Duration::from_secs(629));
    assert!(world.verify(&bearer).await.is_ok());
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.verify(&bearer).await, refused(ClaimFault::Expired));
}

#[tokio::test]
async fn every_wrong_claim_is_refused() {
    let world = IssuerWorld::new();
    let cases = [
        ("iss", json!("https://other.example"), ClaimFault::WrongIssuer),
        ("aud", json!("other"), ClaimFault::WrongAudience),
        ("exp", json!(NOW_SECONDS - 60), ClaimFault::Expired),
        ("nbf", json!(NOW_SECONDS + 60), ClaimFault::NotYetValid),
        ("sub", json!(""), ClaimFault::NoSubject),
    ];
    for (claim, value, fault) in cases {
        let verified = world.verify_changed(|_, claims| claims[claim] = value).await;
        assert_eq!(verified, refused(fault), "{claim}");
    }
    for claim in ["iss", "aud", "exp", "sub"] {
        let without = |_: &mut Value, claims: &mut Value| claims[claim] = Value::Null;
        assert_eq!(world.verify_changed(without).await, Err(TokenError::Malformed), "{claim}");
    }
}

#[tokio::test]
async fn the_algorithm_follows_from_the_key() {
    let world = IssuerWorld::new();
    for algorithm in ["RS256", "HS256", "ES384"] {
        let verified = world.verify_changed(|header, _| header["alg"] = json!(algorithm)).await;
        assert_eq!(verified, Err(TokenError::WrongAlgorithm), "{algorithm}");
    }
    let unsigned = world.verify_changed(|header, _| header["alg"] = json!("none")).await;
    assert_eq!(unsigned, Err(TokenError::Malformed));
}

#[tokio::test]
async fn a_header_that_asks_for_more_than_we_understand_is_refused() {
    let world = IssuerWorld::new();
    let critical = world.verify_changed(|header, _| header["crit"] = json!(["b64"])).await;
    assert_eq!(critical, Err(TokenError::Malformed));
    let nameless = world.verify_changed(|header, _| header["kid"] = Value::Null).await;
    assert_eq!(nameless, Err(TokenError::UnknownKey));
}

#[tokio::test]
async fn another_key_under_the_same_id_does_not_sign_for_the_issuer() {
    let world = IssuerWorld::new();
    let header = json!({"alg": "ES256", "kid": world.issuer.key_id()});
    let claims = json!({"iss": ISSUER, "sub": "ann", "aud": AUDIENCE, "exp": NOW_SECONDS + 60});
    let forged = LocalIssuer::new(ISSUER).sign(&header, &claims);
    assert_eq!(world.verify(&format!("Bearer {forged}")).await, Err(TokenError::BadSignature));
}

#[tokio::test]
async fn changed_claims_break_the_signature() {
    let world = IssuerWorld::new();
    let bearer = world.bearer("ann", &[]);
    let [header, _, signature] = bearer.split('.').collect::<Vec<_>>().try_into().unwrap();
    let claims = json!({"iss": ISSUER, "sub": "eve", "aud": AUDIENCE, "exp": NOW_SECONDS + 60});
    let changed = format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    assert_eq!(world.verify(&changed).await, Err(TokenError::BadSignature));
}

#[tokio::test]
async fn keys_are_fetched_once_for_all_who_wait_and_kept_ten_minutes() {
    let world = IssuerWorld::new();
    let bearer = world.bearer("ann", &[]);
    let verified = tokio::join!(world.verify(&bearer), world.verify(&bearer), world.verify(&bearer));
    assert!(verified.0.is_ok() && verified.1.is_ok() && verified.2.is_ok());
    world.clock.advance(Duration::from_secs(599));
    assert!(world.verify(&bearer).await.is_ok());
    assert_eq!(world.key_fetches(), 1);
    world.clock.advance(Duration::from_secs(1));
    assert!(world.verify(&bearer).await.is_ok());
    assert_eq!(world.key_fetches(), 2);
}

#[tokio::test]
async fn a_new_key_is_found_but_a_flood_of_unknown_ones_asks_the_issuer_twice_a_minute() {
    let world = IssuerWorld::new();
    assert!(world.verify(&world.bearer("ann", &[])).await.is_ok());
    let successor = LocalIssuer::new(ISSUER);
    world.change(|served| served.keys = successor.keys());
    let header = json!({"alg": "ES256", "kid": successor.key_id()});
    let claims = json!({"iss": ISSUER, "sub": "ann", "aud": AUDIENCE, "exp": NOW_SECONDS + 600});
    let new_bearer = format!("Bearer {}", successor.sign(&header, &claims));

    assert_eq!(world.verify(&new_bearer).await, Err(TokenError::UnknownKey));
    assert_eq!(world.key_fetches(), 1);
    world.clock.advance(Duration::from_secs(30));
    assert!(world.verify(&new_bearer).await.is_ok());
    assert_eq!(world.key_fetches(), 2);
    for _ in 0..10 {
        let unknown = world.verify_changed(|header, _| header["kid"] = json!("strange")).await;
        assert_eq!(unknown, Err(TokenError::UnknownKey));
    }
    assert_eq!(world.key_fetches(), 2);
}

#[tokio::test]
async fn an_issuer_out_of_reach_is_no_fault_of_the_token_and_is_not_hammered() {
    let world = IssuerWorld::new();
    world.change(|served| served.status = 500);
    let bearer = world.bearer("ann", &[]);
    let unreachable = Err(TokenError::IssuerUnreachable("it answered 500".to_owned()));
    assert_eq!(world.verify(&bearer).await, unreachable);
    assert_eq!(world.verify(&bearer).await, unreachable);
    assert_eq!(world.served.lock().unwrap().requests, 1);
    world.change(|served| served.status = 200);
    world.clock.advance(Duration::from_secs(5));
    assert!(world.verify(&bearer).await.is_ok());
}

#[tokio::test]
async fn documents_that_cannot_be_trusted_are_not_used() {
    let cases = [
        ("another issuer", "issuer", json!("https://other.example")),
        ("no key list", "jwks_uri", Value::Null),
        ("plain HTTP", "jwks_uri", json!("http://issuer.example/.well-known/jwks.json")),
    ];
    for (name, member, value) in cases {
        let world = IssuerWorld::new();
        world.change(|served| served.discovery[member] = value);
        let verified = world.verify(&world.bearer("ann", &[])).await;
        assert!(matches!(verified, Err(TokenError::IssuerUnreachable(_))), "{name}");
        assert_eq!(world.key_fetches(), 0, "{name}");
    }
}

#[tokio::test]
async fn keys_for_other_uses_and_unreadable_ones_are_passed_over() {
    let world = IssuerWorld::new();
    let own = world.issuer.keys()["keys"][0].clone();
    let mut for_encryption = own.clone();
    for_encryption["use"] = json!("enc");
    for_encryption["kid"] = json!("enc");
    let shared_secret = json!({"kty": "oct", "kid": "oct", "k": "AAAA"});
    let strange = json!({"kty": "EC", "crv": "P-257", "kid": 7});
    world.change(|served| served.keys = json!({"keys": [strange, shared_secret, for_encryption, own]}));
    assert!(world.verify(&world.bearer("ann", &[])).await.is_ok());
    for (key_id, algorithm) in [("enc", "ES256"), ("oct", "HS256")] {
        let verified = world.verify_changed(|header, _| *header = json!({"alg": algorithm, "kid": key_id})).await;
        assert_eq!(verified, Err(TokenError::UnknownKey), "{key_id}");
    }
}

/// Signed once with openssl by keys that were thrown away: header, claims, and for each key its modulus and signature.
mod rsa {
    pub(super) const HEADER: &str = r#"{"alg":"RS256","kid":"rsa"}"#;
    pub(super) const CLAIMS: &str =
        r#"{"iss":"https://issuer.example","sub":"rsa-caller","aud":"clearway","exp":1800000300,"roles":["operate"]}"#;
    pub(super) const MODULUS: &str = concat!(
        "yq1_qqrfR4n792pRE2N-mj4sm6eS3haRkctJMp4VNHzspZIecBIuXrNdH-MIWiKmlw9A1c4Qwx_VjVOd81onormKSaga4mWmSBhHs9oUT7ZXhecJwUEVUQ2jxjoTt95c",
        "i9EB2R7KxVcfz_toycOMnMdpdJgngRP-U9iKtRK-Z3XTusteWAocCcow0_Ri85rnavl7PdOEWXvd6ymXiwe4vV6AaoEgP0QCrtcpZmUUl95XKlNwQ3UHLwYGhWTTkzqf",
        "lCmCgU10THBTAGi1L0ePOZLY5U8XmVWChbLSHrMRirz1sn7LvVrqXU5LQY3sy4TjSSwVarSshH6zJkQF3zjQ2w",
    );
    pub(super) const SIGNATURE: &str = concat!(
        "tBqhOMrJHpkNjGNuJK1XiIcgT8NOugt98yYxdms2Ivoh3KfeJrRbgl-GKANs_VoFNgcL_13QjEExlFK99soas3e8lZBlxHNNyVwR8kZGiIbof5uycrmsLlpu5l-hC3Wy",
        "yVN_8Fe1nbgRObtyz5k1ATyNUvrtL69bDP6b9V-dBqs5Nn5pA-uy3Qy4_iA3RzLv9bOecmo_R2x-BZ7qQrFOU7SJSty1Z4FrfV7zBqKUWSOvMjd06QuEy-8NcWLRu58g",
        "puZYAjh_3N8bW-0OVewRvrzGfP1VqMQfKL7by31b9ruhti9z1iL2Xu2M-1BaG6ddOMA67Yhg5yvZCd_MesLE5Q",
    );
    pub(super) const SHORT_MODULUS: &str = concat!(
        "ylRD9dquZc3cCC_m6iYZRq1_QT8wQGmyqV3-Fb8IzDlKph3qV5i32zpD7XpfBkmLzDLv-x9yYdtIMUD9ChngKD1Bw3MGvCiIAlQhvVr7MufNbflt6VpWSPsWCm4jHxPy",
        "0JZO5auAG_sUDwGasW_dBfuJRwV3chwhXQ1fvfEXOQc",
    );
}

async fn verify_rsa(modulus: &str) -> Result<Caller, TokenError> {
    let world = IssuerWorld::new();
    let key = json!({"kty": "RSA", "kid": "rsa", "n": modulus, "e": "AQAB"});
    world.change(|served| served.keys = json!({"keys": [key]}));
    let encoded = |part: &str| URL_SAFE_NO_PAD.encode(part);
    world.verify(&format!("Bearer {}.{}.{}", encoded(rsa::HEADER), encoded(rsa::CLAIMS), rsa::SIGNATURE)).await
}

#[tokio::test]
async fn rsa_keys_verify_from_2048_bits_on() {
    assert_eq!(verify_rsa(rsa::MODULUS).await, Ok(Caller::new("rsa-caller", [Role::Operate])));
    assert_eq!(verify_rsa(rsa::SHORT_MODULUS).await, Err(TokenError::UnknownKey));
}
