use std::sync::Mutex;

use async_trait::async_trait;
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt;
use issuer::LocalIssuer;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared::domain::task::{QueueName, Task};
use shared::operations::{apply_webhook, due};
use shared::ports::transport::{ProviderRequest, ProviderResponse, Transport, TransportError};
use shared::store::received_webhooks::{self, ReceivedWebhook};
use shared::store::stored::read;
use tower::ServiceExt;
use world::{Fault, World};

use super::*;

const ITEM: &str = "9mWkZpQ3xLbVnRt7yGcJd2sHfEa4uT6oXvPq8";

/// Plaid's key endpoint: one key, or nobody there.
#[derive(Debug)]
struct KeyServer {
    key: Value,
    down: Mutex<bool>,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Transport for KeyServer {
    async fn exchange(&self, request: ProviderRequest) -> Result<ProviderResponse, TransportError> {
        self.asked.lock().unwrap().push(request.url);
        if *self.down.lock().unwrap() {
            return Err(TransportError::TimedOut);
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let (status, answer) = if body["key_id"] == self.key["kid"] {
            (200, json!({"key": self.key}))
        } else {
            (400, json!({"error_type": "INVALID_INPUT", "error_code": "INVALID_WEBHOOK_VERIFICATION_KEY_ID"}))
        };
        Ok(ProviderResponse { status, headers: Vec::new(), body: Bytes::from(answer.to_string()) })
    }
}

struct Scene {
    world: World,
    router: Router,
    server: Arc<KeyServer>,
    signer: LocalIssuer,
}

struct Answer {
    status: u16,
    code: Option<String>,
}

impl Scene {
    fn new() -> Self {
        let signer = LocalIssuer::new("https://plaid.example");
        let own = signer.keys()["keys"][0].clone();
        let key = json!({"alg": "ES256", "created_at": 1, "crv": "P-256", "expired_at": null, "kid": signer.key_id(),
            "kty": "EC", "use": "sig", "x": own["x"], "y": own["y"]});
        let server = Arc::new(KeyServer { key, down: Mutex::new(false), asked: Mutex::default() });
        let world = World::with_network("2026-03-02T18:00:00Z".parse().unwrap(), server.clone());
        let router = router(world.system.clone());
        Self { world, router, server, signer }
    }

    fn sign(&self, signer: &LocalIssuer, body: &[u8]) -> String {
        let header = json!({"alg": "ES256", "kid": signer.key_id(), "typ": "JWT"});
        let issued_at = self.world.system.clock.business_now().as_second();
        signer.sign(&header, &json!({"iat": issued_at, "request_body_sha256": hex::encode(Sha256::digest(body))}))
    }

    async fn deliver(&self, token: Option<&str>, body: &[u8]) -> Answer {
        let mut request = Request::post("/webhooks/plaid");
        if let Some(token) = token {
            // As HTTP/2 and Lambda write it.
            request = request.header("plaid-verification", token);
        }
        let request = request.body(Body::from(body.to_vec())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let code =
            serde_json::from_slice::<Value>(&body).ok().and_then(|problem| problem["code"].as_str().map(str::to_owned));
        Answer { status, code }
    }

    async fn deliver_signed(&self, webhook: &Value) -> (String, Answer) {
        let body = webhook.to_string().into_bytes();
        let token = self.sign(&self.signer, &body);
        let event_id = fingerprint(&token);
        (event_id, self.deliver(Some(&token), &body).await)
    }

    async fn received(&self, event_id: &str) -> Option<ReceivedWebhook> {
        read(&*self.world.system.table, &received_webhooks::key(event_id)).await.unwrap()
    }

    fn tasks(&self) -> Vec<Task> {
        self.world.take_tasks(QueueName::Other).unwrap()
    }

    fn asked(&self) -> usize {
        self.server.asked.lock().unwrap().len()
    }
}

/// Of header and claims: what is signed.
fn fingerprint(token: &str) -> String {
    hex::encode(Sha256::digest(token.rsplit_once('.').unwrap().0))
}

/// The order of P-256 (SEC 2, section 2.4.2).
const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/// The same token with `n - s` in place of `s`.
fn with_other_signature(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let order = hex::decode(ORDER).unwrap();
    let mut borrow = 0_i32;
    for place in (0..32).rev() {
        let difference = i32::from(order[place]) - i32::from(bytes[32 + place]) - borrow;
        borrow = i32::from(difference < 0);
        bytes[32 + place] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(bytes))
}

fn liabilities_changed() -> Value {
    json!({"webhook_type": "LIABILITIES", "webhook_code": "DEFAULT_UPDATE", "item_id": ITEM, "error": null})
}

#[tokio::test]
async fn a_webhook_is_written_down_and_queued_and_costs_no_call_but_the_look_up_of_its_key() {
    let scene = Scene::new();
    let (event_id, answer) = scene.deliver_signed(&liabilities_changed()).await;

    assert_eq!(answer.status, 200);
    let received = scene.received(&event_id).await.unwrap();
    assert_eq!(received.webhook.item_id.as_deref(), Some(ITEM));
    assert!(received.due_at.is_some());
    assert_eq!(scene.tasks(), [Task::ProcessPlaidWebhook { event_id }]);
    let asked = scene.server.asked.lock().unwrap().clone();
    assert!(asked.iter().all(|url| url.ends_with("/webhook_verification_key/get")) && asked.len() == 1, "{asked:?}");
}

#[tokio::test]
async fn an_exact_replay_is_taken_and_changes_nothing() {
    let scene = Scene::new();
    let body = liabilities_changed().to_string().into_bytes();
    let token = scene.sign(&scene.signer, &body);
    assert_eq!(scene.deliver(Some(&token), &body).await.status, 200);
    let (once, _) = (scene.world.table.dump(), scene.tasks());

    assert_eq!(scene.deliver(Some(&token), &body).await.status, 200);
    assert_eq!(scene.world.table.dump(), once);
    assert_eq!(scene.tasks(), []);
}

/// ECDSA: where (r, s) verifies, (r, n - s) does as well.
#[tokio::test]
async fn the_other_form_of_a_signature_makes_no_second_webhook() {
    let scene = Scene::new();
    let body = liabilities_changed().to_string().into_bytes();
    let token = scene.sign(&scene.signer, &body);
    assert_eq!(scene.deliver(Some(&token), &body).await.status, 200);
    let (once, _) = (scene.world.table.dump(), scene.tasks());

    let other = with_other_signature(&token);
    assert_ne!(other, token);
    assert_eq!(scene.deliver(Some(&other), &body).await.status, 200);
    assert_eq!((scene.world.table.dump(), scene.tasks()), (once, vec![]));
}

#[tokio::test]
async fn a_webhook_whose_words_have_no_end_is_answered_and_not_kept() {
    let scene = Scene::new();
    let before = scene.world.table.dump();
    let webhook = json!({"webhook_type": "x".repeat(500_000), "webhook_code": "DEFAULT_UPDATE", "item_id": ITEM});
    let (event_id, answer) = scene.deliver_signed(&webhook).await;
    assert_eq!(answer.status, 200);
    assert_eq!((scene.received(&event_id).await, scene.tasks()), (None, vec![]));
    let new: usize = scene.world.table.dump().len() - before.len();
    assert_eq!(new, 1, "the key of Plaid's, and nothing of the webhook");
}

#[tokio::test]
async fn two_webhooks_of_the_same_words_are_two() {
    let scene = Scene::new();
    let (first, _) = scene.deliver_signed(&liabilities_changed()).await;
    scene.world.clock.advance(Duration::from_secs(1));
    let (second, _) = scene.deliver_signed(&liabilities_changed()).await;
    assert_ne!(first, second);
    assert_eq!(scene.tasks().len(), 2);
}

#[tokio::test]
async fn what_plaid_did_not_sign_leaves_no_trace_and_no_call_but_a_look_up() {
    let body = liabilities_changed().to_string().into_bytes();
    let changed = liabilities_changed().to_string().replace("DEFAULT", "OTHER").into_bytes();
    let forger = LocalIssuer::new("https://plaid.example");
    let scene = Scene::new();
    let good = scene.sign(&scene.signer, &body);
    let foreign = scene.sign(&forger, &body);
    let before = scene.world.table.dump();
    for (case, token, body) in [
        ("no token", None, &body),
        ("no token of three parts", Some("token"), &body),
        ("another key", Some(foreign.as_str()), &body),
        ("another key again", Some(foreign.as_str()), &body),
        ("a changed body", Some(good.as_str()), &changed),
        ("no JSON at all", Some(good.as_str()), &b"{".to_vec()),
    ] {
        let answer = scene.deliver(token, body).await;
        assert_eq!((answer.status, answer.code.as_deref()), (401, Some("signature_invalid")), "{case}");
    }
    assert_eq!(scene.world.table.dump(), before);
    // What is signed over another body is refused before its key is looked for.
    assert_eq!((scene.tasks(), scene.asked()), (vec![], 1));
}

#[tokio::test]
async fn a_stale_webhook_is_refused_and_leaves_no_trace_and_costs_no_call() {
    let scene = Scene::new();
    let body = liabilities_changed().to_string().into_bytes();
    let token = scene.sign(&scene.signer, &body);
    let before = scene.world.table.dump();
    scene.world.clock.advance(Duration::from_secs(301));
    for _ in 0..3 {
        assert_eq!(scene.deliver(Some(&token), &body).await.status, 401);
    }
    assert_eq!(scene.world.table.dump(), before);
    assert_eq!((scene.tasks(), scene.asked()), (vec![], 0));
}

#[tokio::test]
async fn a_webhook_that_nobody_knows_is_written_down_and_not_queued() {
    let scene = Scene::new();
    let webhook = json!({"webhook_type": "TRANSFER", "webhook_code": "TRANSFER_EVENTS_UPDATE"});
    let (event_id, answer) = scene.deliver_signed(&webhook).await;

    assert_eq!(answer.status, 200);
    assert_eq!(scene.received(&event_id).await.unwrap().due_at, None);
    assert_eq!(scene.tasks(), []);
}

#[tokio::test]
async fn a_signed_body_that_is_no_webhook_is_taken_so_that_plaid_goes_on_delivering() {
    let scene = Scene::new();
    scene.deliver_signed(&liabilities_changed()).await;
    let before = scene.world.table.dump();
    let (_, answer) = scene.deliver_signed(&json!([])).await;
    assert_eq!(answer.status, 200);
    assert_eq!(scene.world.table.dump(), before);
}

#[tokio::test]
async fn without_the_key_plaid_delivers_again() {
    let scene = Scene::new();
    *scene.server.down.lock().unwrap() = true;
    let (_, answer) = scene.deliver_signed(&liabilities_changed()).await;
    assert_eq!((answer.status, answer.code.as_deref()), (503, Some("key_unavailable")));

    *scene.server.down.lock().unwrap() = false;
    scene.world.clock.advance(Duration::from_secs(30));
    assert_eq!(scene.deliver_signed(&liabilities_changed()).await.1.status, 200);
}

#[tokio::test]
async fn a_webhook_that_cannot_be_written_is_delivered_again() {
    let scene = Scene::new();
    let body = liabilities_changed().to_string().into_bytes();
    let token = scene.sign(&scene.signer, &body);
    let event_id = fingerprint(&token);
    scene.world.table.fail(received_webhooks::key(&event_id), Fault::Unavailable);
    let answer = scene.deliver(Some(&token), &body).await;
    assert_eq!((answer.status, answer.code.as_deref()), (503, Some("event_not_written")));
    assert_eq!(scene.tasks(), []);

    scene.world.table.heal();
    assert_eq!(scene.deliver(Some(&token), &body).await.status, 200);
    assert_eq!(scene.tasks(), [Task::ProcessPlaidWebhook { event_id }]);
}

#[tokio::test]
async fn a_webhook_whose_task_was_lost_is_found_when_it_is_due_until_it_is_heeded() {
    let scene = Scene::new();
    let (event_id, _) = scene.deliver_signed(&liabilities_changed()).await;
    scene.tasks();
    for _ in 0..2 {
        scene.world.clock.advance(Duration::from_secs(601));
        due::run(&scene.world.system).await.unwrap();
        assert_eq!(scene.tasks(), [Task::ProcessPlaidWebhook { event_id: event_id.clone() }]);
    }
    apply_webhook::apply(&scene.world.system, &event_id).await.unwrap();
    due::run(&scene.world.system).await.unwrap();
    assert_eq!(scene.tasks(), []);
}

#[tokio::test]
async fn a_body_over_one_mebibyte_is_refused() {
    let scene = Scene::new();
    let body = vec![b' '; shared::http::JSON_BYTES_MAX + 1];
    let token = scene.sign(&scene.signer, &body);
    assert_eq!(scene.deliver(Some(&token), &body).await.status, 413);
    assert_eq!(scene.asked(), 0);
}

#[test]
fn the_description_names_the_route() {
    let description = serde_json::to_value(api()).unwrap();
    assert!(description["paths"]["/webhooks/plaid"]["post"].is_object());
}
