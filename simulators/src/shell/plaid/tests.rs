//! The shell over real sockets and files. Nothing sleeps: the tests wait for what they expect.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::*;
use crate::plaid::{DeliveryCounts, Forgery, WebhookFaults};

const SECRET: &str = "a secret of the application";

fn config() -> Config {
    Config {
        client_id: "client".to_owned(),
        secret: SECRET.to_owned(),
        unknown_institutions: std::collections::BTreeSet::new(),
        without_routing_numbers: std::collections::BTreeSet::new(),
    }
}

/// A clock that stands until it is moved.
fn clock() -> (Clock, Arc<AtomicI64>) {
    let second = Arc::new(AtomicI64::new(1_772_474_645));
    let shared = Arc::clone(&second);
    (Arc::new(move || Timestamp::from_second(shared.load(Ordering::SeqCst)).unwrap()), second)
}

fn ok(server: &PlaidServer, path: &str, mut fields: Value) -> Value {
    if !path.starts_with("/__control/") {
        (fields["client_id"], fields["secret"]) = (json!("client"), json!(SECRET));
    }
    let request = Request::new("POST", path)
        .with_header("Content-Type", "application/json")
        .with_header("PLAID-SECRET", SECRET)
        .with_body(fields.to_string().as_bytes());
    match server.call(&request) {
        Answer::Reply(reply) if reply.status == 200 => serde_json::from_str(&reply.body).unwrap(),
        other @ (Answer::Reply(_) | Answer::Silence) => panic!("{path}: {other:?}"),
    }
}

/// A linked card; answers its access token.
fn link(server: &PlaidServer, webhook: &str, products: &[&str]) -> String {
    let card = json!({"key": "card", "name": "Card", "type": "credit", "balances": {"current": 10, "limit": 100}, "credit": {}});
    ok(server, "/__control/create-person", json!({"user_id": "pat", "institution_id": "ins_3", "accounts": [card]}));
    let link_token = json!({
        "client_name": "Clearway", "language": "en", "country_codes": ["US"], "user": {"client_user_id": "u-1"},
        "products": products, "webhook": webhook,
    });
    let link_token = ok(server, "/link/token/create", link_token)["link_token"].clone();
    let finish = json!({"link_token": link_token, "user_id": "pat", "institution_id": "ins_3"});
    let public_token = ok(server, "/__control/finish-link", finish)["public_token"].clone();
    let exchanged = ok(server, "/item/public_token/exchange", json!({"public_token": public_token}));
    exchanged["access_token"].as_str().unwrap().to_owned()
}

fn buy(server: &PlaidServer, amount: u32) {
    ok(server, "/__control/purchase", json!({"user_id": "pat", "account": "card", "amount": amount}));
}

/// Everything an application can see, but for the ids of its own calls.
fn picture(server: &PlaidServer, token: &str) -> Vec<Value> {
    let paths = ["/item/get", "/accounts/get", "/liabilities/get", "/transactions/sync"];
    let mut answers: Vec<Value> = paths.iter().map(|path| ok(server, path, json!({"access_token": token}))).collect();
    answers.iter_mut().for_each(|answer| answer["request_id"] = Value::Null);
    answers
}

#[test]
fn a_killed_plaid_is_the_same_plaid_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plaid.jsonl");
    let (clock, second) = clock();
    let before = PlaidServer::open(config(), Settings::default(), Arc::clone(&clock), &path).unwrap();
    let token = link(&before, "https://pay.example.com", &["liabilities", "transactions"]);
    second.fetch_add(60, Ordering::SeqCst);
    before.advance();
    let forge = WebhookFaults { forge_next: [Forgery::ForeignKey].into(), ..WebhookFaults::default() };
    before.control(Control::FaultWebhooks(forge)).unwrap();
    buy(&before, 5);
    let taken = before.due_deliveries(3);
    before.report(taken.into_iter().map(|webhook| (webhook.delivery, DeliveryResult::NotAccepted)).collect());
    before.control(Control::RotateKeys).unwrap();
    buy(&before, 7);
    second.fetch_add(30, Ordering::SeqCst);
    let expected = picture(&before, &token);
    let waiting = before.due_deliveries(usize::MAX);

    let after = PlaidServer::open(config(), Settings::default(), clock, &path).unwrap();
    assert_eq!(picture(&after, &token), expected);
    assert!(after.due_deliveries(usize::MAX) == waiting && !waiting.is_empty());
    assert!(!fs::read_to_string(&path).unwrap().contains(SECRET));
}

#[tokio::test]
async fn webhooks_go_over_http_until_they_are_accepted() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (clock, second) = clock();
    let server = Arc::new(PlaidServer::new(config(), clock));
    let (api, api_url) = listen().await;
    let (hooks, hooks_url) = listen().await;
    link(&server, &hooks_url, &["liabilities"]);

    // The first attempt meets a busy receiver, the second one of the wrong kind, the third is taken.
    let (attempts, arrived) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let (counted, bell) = (Arc::clone(&attempts), Arc::clone(&arrived));
    let receiver = Router::new().fallback(move |headers: HeaderMap, _: Bytes| {
        assert_eq!(headers["plaid-verification"].to_str().unwrap().split('.').count(), 3);
        let status = [StatusCode::TOO_MANY_REQUESTS, StatusCode::ACCEPTED, StatusCode::OK];
        let status = status[counted.fetch_add(1, Ordering::SeqCst).min(2)];
        bell.notify_one();
        std::future::ready((status, [("retry-after", "7")]))
    });
    let http = reqwest::Client::new();
    let client = async {
        let change = json!({"user_id": "pat", "account": "card", "change": {"credit": {"is_overdue": true}}});
        let changed = http.post(format!("{api_url}/__control/set-account")).json(&change).send().await.unwrap();
        assert_eq!(changed.status(), 200);
        // Each attempt is reported before time goes on to the next.
        for (attempt, pause_s) in [(1, 7), (2, 120), (3, 0)] {
            while attempts.load(Ordering::SeqCst) < attempt || !server.is_quiet() {
                let _ = tokio::time::timeout(Duration::from_millis(5), arrived.notified()).await;
            }
            second.fetch_add(pause_s, Ordering::SeqCst);
        }
    };
    tokio::select! {
        () = client => {}
        () = server.deliver(&http) => panic!("the deliverer stopped"),
        _ = axum::serve(api, server.router()) => panic!("the API stopped"),
        _ = axum::serve(hooks, receiver) => panic!("the receiver stopped"),
    }
    assert_eq!(server.counters().deliveries, DeliveryCounts { pending: 0, succeeded: 1, failed: 0 });
    assert_eq!(attempts.load(Ordering::SeqCst), 3);
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}
