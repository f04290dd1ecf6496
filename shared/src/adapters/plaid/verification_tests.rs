use std::collections::VecDeque;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use issuer::LocalIssuer;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::*;
use crate::adapters::api_key::ApiKey;
use crate::adapters::plaid::PlaidSettings;
use crate::adapters::provider_call::CallLimits;
use crate::adapters::scripted::SameByte;
use crate::adapters::simulated::ManualClock;
use crate::domain::plaid::key_turns::LOOK_UPS_A_MINUTE_MAX;
use crate::ports::table::TableError;
use crate::ports::transport::{ProviderRequest, ProviderResponse, Transport, TransportError};

const NOW_SECONDS: i64 = 1_800_000_000;
const BODY: &[u8] = b"{\n  \"webhook_code\": \"DEFAULT_UPDATE\"\n}";

/// Plaid's key endpoint in memory.
#[derive(Debug, Default)]
struct KeyServer {
    keys: Mutex<HashMap<String, Value>>,
    down: Mutex<bool>,
    asked: Mutex<VecDeque<String>>,
}

#[async_trait]
impl Transport for KeyServer {
    async fn exchange(&self, request: ProviderRequest) -> Result<ProviderResponse, TransportError> {
        // Gives the others a chance to ask as well, as a network would.
        tokio::task::yield_now().await;
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let key_id = body["key_id"].as_str().unwrap().to_owned();
        self.asked.lock().unwrap().push_back(key_id.clone());
        if *self.down.lock().unwrap() {
            return Err(TransportError::TimedOut);
        }
        let (status, answer) = match self.keys.lock().unwrap().get(&key_id) {
            Some(key) => (200, json!({"key": key, "request_id": "b7Xk2mQ9pLw4Zsa"})),
            None => (
                400,
                json!({"error_type": "INVALID_INPUT", "error_code": "INVALID_WEBHOOK_VERIFICATION_KEY_ID",
                    "error_message": "text", "request_id": "b7Xk2mQ9pLw4Zsa"}),
            ),
        };
        Ok(ProviderResponse { status, headers: Vec::new(), body: Bytes::from(answer.to_string()) })
    }
}

/// What all processes share.
#[derive(Debug, Default)]
struct SharedKeys {
    kept: Mutex<Vec<ConfirmedKey>>,
    down: Mutex<bool>,
}

#[async_trait]
impl ConfirmedKeys for SharedKeys {
    async fn all(&self) -> Result<Vec<ConfirmedKey>, TableError> {
        if *self.down.lock().unwrap() {
            return Err(TableError::Unavailable("down".to_owned()));
        }
        Ok(self.kept.lock().unwrap().clone())
    }

    async fn keep(&self, confirmed: &ConfirmedKey) -> Result<(), TableError> {
        if *self.down.lock().unwrap() {
            return Err(TableError::Unavailable("down".to_owned()));
        }
        let mut kept = self.kept.lock().unwrap();
        kept.retain(|known| known.key.kid != confirmed.key.kid);
        kept.push(confirmed.clone());
        Ok(())
    }
}

struct Scene {
    shared: Arc<SharedKeys>,
    verifier: WebhookVerifier,
    client: PlaidClient,
    server: Arc<KeyServer>,
    clock: Arc<ManualClock>,
}

impl Scene {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_second(NOW_SECONDS).unwrap()));
        let server = Arc::new(KeyServer::default());
        let settings = PlaidSettings {
            base_url: "https://plaid.example".to_owned(),
            client_id: "client-example".to_owned(),
            secret: ApiKey::new("secret-example"),
            limits: CallLimits { tries_max: 1, ..CallLimits::default() },
        };
        let client = PlaidClient::new(server.clone(), clock.clone(), Arc::new(SameByte(0)), settings);
        let shared = Arc::new(SharedKeys::default());
        Self { verifier: WebhookVerifier::new(clock.clone(), shared.clone()), shared, client, server, clock }
    }

    /// Another process, which has seen nothing yet.
    fn restart(&mut self) {
        self.verifier = WebhookVerifier::new(self.clock.clone(), self.shared.clone());
    }

    /// A signer whose key Plaid serves.
    fn signer(&self) -> LocalIssuer {
        let signer = LocalIssuer::new("https://plaid.example");
        self.serve(&signer, |_| {});
        signer
    }

    fn serve(&self, signer: &LocalIssuer, change: impl FnOnce(&mut Value)) {
        let own = signer.keys()["keys"][0].clone();
        let mut key = json!({"alg": "ES256", "created_at": 1, "crv": "P-256", "expired_at": null, "kid": signer.key_id(),
            "kty": "EC", "use": "sig", "x": own["x"], "y": own["y"]});
        change(&mut key);
        self.server.keys.lock().unwrap().insert(signer.key_id().to_owned(), key);
    }

    fn set_down(&self, down: bool) {
        *self.server.down.lock().unwrap() = down;
    }

    fn asked(&self) -> usize {
        self.server.asked.lock().unwrap().len()
    }

    async fn verify(&self, token: &str, body: &[u8]) -> Result<String, VerificationError> {
        let deadline = Deadline::new(self.clock.elapsed_now() + Duration::from_secs(60), Duration::ZERO);
        self.verifier.verify(Some(token), body, &self.client, deadline).await
    }

    /// Verifies a fresh webhook of a signer.
    async fn verify_from(&self, signer: &LocalIssuer) -> Result<String, VerificationError> {
        self.verify(&self.sign(signer), BODY).await
    }

    fn sign(&self, signer: &LocalIssuer) -> String {
        signer.sign(&header(signer.key_id()), &self.claims())
    }

    fn claims(&self) -> Value {
        json!({"iat": self.clock.business_now().as_second(), "request_body_sha256": hex::encode(Sha256::digest(BODY))})
    }
}

fn header(key_id: &str) -> Value {
    json!({"alg": "ES256", "kid": key_id, "typ": "JWT"})
}

fn rejected(rejection: Rejection) -> Result<String, VerificationError> {
    Err(VerificationError::Rejected(rejection))
}

fn is_unavailable(result: &Result<String, VerificationError>) -> bool {
    matches!(result, Err(VerificationError::KeyUnavailable(_)))
}

#[tokio::test]
async fn a_genuine_webhook_verifies_and_its_key_is_asked_for_once_in_an_hour() {
    let scene = Scene::new();
    let signer = scene.signer();
    let token = scene.sign(&signer);
    let verified = tokio::join!(scene.verify(&token, BODY), scene.verify(&token, BODY), scene.verify_from(&signer));
    assert_eq!(verified.0, verified.1);
    assert!(verified.0.is_ok() && verified.2.is_ok());
    scene.clock.advance(Duration::from_secs(3599));
    assert!(scene.verify_from(&signer).await.is_ok());
    assert_eq!(scene.asked(), 1);
    scene.clock.advance(Duration::from_secs(1));
    assert!(scene.verify_from(&signer).await.is_ok());
    assert_eq!(scene.asked(), 2);
}

#[tokio::test]
async fn what_is_wrong_before_the_key_costs_no_look_up() {
    let scene = Scene::new();
    let signer = scene.signer();
    let none = json!({"alg": "none", "kid": signer.key_id()});
    let unsigned = signer.sign(&none, &scene.claims());
    assert_eq!(scene.verify(&unsigned, BODY).await, rejected(Rejection::WrongAlgorithm));
    assert_eq!(scene.verify("a.b", BODY).await, rejected(Rejection::Malformed));
    let deadline = Deadline::new(Timestamp::MAX, Duration::ZERO);
    assert_eq!(scene.verifier.verify(None, BODY, &scene.client, deadline).await, rejected(Rejection::Missing));
    assert_eq!(scene.asked(), 0);
}

#[tokio::test]
async fn a_signature_by_anybody_else_or_over_anything_else_is_wrong() {
    let scene = Scene::new();
    let signer = scene.signer();
    let forged = LocalIssuer::new("https://plaid.example").sign(&header(signer.key_id()), &scene.claims());
    assert_eq!(scene.verify(&forged, BODY).await, rejected(Rejection::BadSignature));

    let genuine = scene.sign(&signer);
    let [head, claims, signature] = genuine.split('.').collect::<Vec<_>>().try_into().unwrap();
    for signature in [&signature[2..], "AAAA", "!"] {
        let changed = format!("{head}.{claims}.{signature}");
        assert_eq!(scene.verify(&changed, BODY).await, rejected(Rejection::BadSignature), "{changed}");
    }
    let changed = format!("{head}.{}.{signature}", &claims[1..]);
    assert_eq!(scene.verify(&changed, BODY).await, rejected(Rejection::BadClaims), "{changed}");
    assert_eq!(scene.verify(&genuine, b"{}").await, rejected(Rejection::WrongBody));
}

#[tokio::test]
async fn a_webhook_counts_for_five_minutes_of_business_time() {
    let scene = Scene::new();
    let signer = scene.signer();
    let token = scene.sign(&signer);
    scene.clock.move_business(Duration::from_secs(300));
    assert!(scene.verify(&token, BODY).await.is_ok());
    scene.clock.move_business(Duration::from_secs(1));
    assert_eq!(scene.verify(&token, BODY).await, rejected(Rejection::Stale));
}

#[tokio::test]
async fn a_new_key_makes_the_old_one_be_looked_at_again() {
    let scene = Scene::new();
    let old = scene.signer();
    assert!(scene.verify_from(&old).await.is_ok());
    scene.serve(&old, |key| key["expired_at"] = json!(NOW_SECONDS));
    // Nothing has told of it yet.
    assert!(scene.verify_from(&old).await.is_ok());
    let new = scene.signer();
    assert!(scene.verify_from(&new).await.is_ok());
    assert_eq!(scene.verify_from(&old).await, rejected(Rejection::ExpiredKey));
    assert_eq!(scene.asked(), 3);
}

#[tokio::test]
async fn keys_that_do_not_sign_webhooks_verify_nothing() {
    for (field, value, rejection) in [
        ("use", json!("enc"), Rejection::WrongKey),
        ("alg", json!("ES384"), Rejection::WrongKey),
        ("expired_at", json!(NOW_SECONDS + 1000), Rejection::ExpiredKey),
        ("x", json!("!"), Rejection::WrongKey),
        ("x", json!("AAAA"), Rejection::BadSignature),
    ] {
        let scene = Scene::new();
        let signer = scene.signer();
        scene.serve(&signer, |key| key[field] = value.clone());
        assert_eq!(scene.verify_from(&signer).await, rejected(rejection), "{field} {value}");
    }
}

#[tokio::test]
async fn a_flood_of_forged_key_ids_asks_plaid_few_times_a_minute_and_never_about_the_genuine_key() {
    let scene = Scene::new();
    let (genuine, forger) = (scene.signer(), LocalIssuer::new("https://plaid.example"));
    assert!(scene.verify_from(&genuine).await.is_ok());
    for number in 0..100 {
        let token = forger.sign(&header(&format!("forged-{number}")), &scene.claims());
        for _ in 0..2 {
            let result = scene.verify(&token, BODY).await;
            assert!(result == rejected(Rejection::UnknownKey) || is_unavailable(&result), "{result:?}");
        }
    }
    assert!(scene.asked() <= LOOK_UPS_A_MINUTE_MAX, "{}", scene.asked());
    assert!(scene.verify_from(&genuine).await.is_ok());
    // The known key is looked at again however many forged ids there were.
    scene.clock.advance(Duration::from_secs(3600));
    assert!(scene.verify_from(&genuine).await.is_ok());
    assert!(scene.verifier.keys().by_id.len() <= KEYS_MAX);
}

#[tokio::test]
async fn an_unknown_key_id_is_asked_for_again_after_a_minute() {
    let scene = Scene::new();
    let signer = LocalIssuer::new("https://plaid.example");
    assert_eq!(scene.verify_from(&signer).await, rejected(Rejection::UnknownKey));
    scene.serve(&signer, |_| {});
    assert_eq!(scene.verify_from(&signer).await, rejected(Rejection::UnknownKey));
    scene.clock.advance(Duration::from_secs(60));
    assert!(scene.verify_from(&signer).await.is_ok());
}

#[tokio::test]
async fn a_plaid_out_of_reach_is_no_fault_of_the_webhook_and_is_not_hammered() {
    let scene = Scene::new();
    let signer = scene.signer();
    scene.set_down(true);
    for _ in 0..3 {
        let result = scene.verify_from(&signer).await;
        assert!(is_unavailable(&result), "{result:?}");
    }
    assert_eq!(scene.asked(), 1);
    scene.set_down(false);
    scene.clock.advance(Duration::from_secs(5));
    assert!(scene.verify_from(&signer).await.is_ok());
}

/// One forged token a second, each with another key id, from before the process has seen anything: the genuine webhook is taken at its
/// first repeat at the latest, and Plaid is asked few times a minute.
#[tokio::test]
async fn forgeries_do_not_keep_a_new_key_out_of_a_fresh_process() {
    for first_delivery in [0, 5, 61, 299] {
        let scene = Scene::new();
        let (genuine, forger) = (scene.signer(), LocalIssuer::new("https://plaid.example"));
        let mut taken_at = None;
        let mut asked_before = VecDeque::new();
        for second in 0..=first_delivery + 150 {
            asked_before.push_back(scene.asked());
            if asked_before.len() > 60 {
                let minute_ago = asked_before.pop_front().unwrap();
                assert!(scene.asked() - minute_ago <= LOOK_UPS_A_MINUTE_MAX, "second {second}");
            }
            let token = forger.sign(&header(&format!("forged-{second}")), &scene.claims());
            assert!(scene.verify(&token, BODY).await.is_err());
            let is_delivered = [0, 30, 150].contains(&(second - first_delivery));
            if taken_at.is_none() && is_delivered && scene.verify_from(&genuine).await.is_ok() {
                taken_at = Some(second - first_delivery);
            }
            scene.clock.advance(Duration::from_secs(1));
        }
        assert!(taken_at.is_some_and(|after| after <= 30), "{first_delivery}: {taken_at:?}");
    }
}

#[tokio::test]
async fn a_key_that_plaid_confirmed_once_is_known_to_every_process() {
    let mut scene = Scene::new();
    let (genuine, forger) = (scene.signer(), LocalIssuer::new("https://plaid.example"));
    assert!(scene.verify_from(&genuine).await.is_ok());
    scene.restart();
    for number in 0..200 {
        let token = forger.sign(&header(&format!("forged-{number}")), &scene.claims());
        assert!(scene.verify(&token, BODY).await.is_err());
    }
    let asked = scene.asked();
    assert!(scene.verify_from(&genuine).await.is_ok());
    assert_eq!(scene.asked(), asked);
    // An hour later Plaid is asked again, by whoever comes first, however many forgeries there are.
    scene.clock.advance(Duration::from_secs(3600));
    scene.serve(&genuine, |key| key["expired_at"] = json!(NOW_SECONDS));
    scene.restart();
    assert_eq!(scene.verify_from(&genuine).await, rejected(Rejection::ExpiredKey));
    assert_eq!(scene.asked(), asked + 1);
    scene.restart();
    assert_eq!(scene.verify_from(&genuine).await, rejected(Rejection::ExpiredKey));
    assert_eq!(scene.asked(), asked + 1);
}

#[tokio::test]
async fn a_table_out_of_reach_costs_a_look_up_and_no_webhook() {
    let scene = Scene::new();
    *scene.shared.down.lock().unwrap() = true;
    let genuine = scene.signer();
    assert!(scene.verify_from(&genuine).await.is_ok());
    assert_eq!(scene.asked(), 1);
}
