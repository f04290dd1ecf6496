//! The shells over real sockets and files. Nothing sleeps: the tests wait for what they expect.

use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::routing::post;
use base64::Engine as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::*;
use crate::column::{
    CallFault, CallFaultKind, Config, Control, Direction, MIXED_RETURN_CODES, ReturnMoment, ReturnPlan, WebhookFaults,
};

const KEY: &str = "test_key";

fn config() -> Config {
    Config { api_key: KEY.to_owned(), seed: 1, root_entity_name: "EXAMPLE PAY".to_owned() }
}

/// A clock that stands until it is moved.
fn clock() -> (Clock, Arc<AtomicI64>) {
    let second = Arc::new(AtomicI64::new(1_772_474_645));
    let shared = Arc::clone(&second);
    (Arc::new(move || Timestamp::from_second(shared.load(Ordering::SeqCst)).unwrap()), second)
}

fn request(method: &str, target: &str, body: &Value) -> Request {
    let credentials = base64::engine::general_purpose::STANDARD.encode(format!(":{KEY}"));
    Request::new(method, target)
        .with_header("Authorization", &format!("Basic {credentials}"))
        .with_header("Content-Type", "application/json")
        .with_body(body.to_string().as_bytes())
}

fn ok(server: &ColumnServer, method: &str, target: &str, body: Value) -> Value {
    match server.call(&request(method, target, &body)) {
        Answer::Reply(reply) if reply.status == 200 => serde_json::from_str(&reply.body).unwrap(),
        other @ (Answer::Reply(_) | Answer::Silence) => panic!("{method} {target}: {other:?}"),
    }
}

/// An account with a million dollars; answers its id.
fn open_account(server: &ColumnServer) -> String {
    let entity = ok(server, "GET", "/entities", json!({}))["entities"][0]["id"].clone();
    let account = ok(server, "POST", "/bank-accounts", json!({"entity_id": entity, "description": "Payroll"}));
    let wire = json!({"destination_account_number_id": account["default_account_number_id"], "amount": 100_000_000, "currency_code": "USD"});
    ok(server, "POST", "/simulate/receive-wire", wire);
    account["id"].as_str().unwrap().to_owned()
}

fn pay(server: &ColumnServer, account: &str) -> Value {
    let counterparty = json!({"routing_number": "021000021", "account_number": "000123456", "name": "Pat Example"});
    let body = json!({"type": "CREDIT", "amount": 100, "currency_code": "USD", "bank_account_id": account, "counterparty": counterparty});
    ok(server, "POST", "/transfers/ach", body)
}

/// Everything an observer can see.
fn picture(server: &ColumnServer) -> Vec<Value> {
    let paths = [
        "/transfers?limit=100",
        "/transfers/ach?limit=100",
        "/events?limit=100",
        "/bank-accounts",
        "/counterparties?limit=100",
    ];
    paths.iter().map(|path| ok(server, "GET", path, json!({}))).collect()
}

#[test]
fn a_killed_bank_is_the_same_bank_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("column.jsonl");
    let (clock, second) = clock();
    let before = ColumnServer::open(config(), Arc::clone(&clock), &path).unwrap();
    let account = open_account(&before);
    ok(&before, "POST", "/webhook-endpoints", json!({"url": "https://pay.example.com", "enabled_events": ["*"]}));
    let first = pay(&before, &account);
    second.fetch_add(3 * 24 * 3_600, Ordering::SeqCst);
    before.advance();
    let returned = Control::Return {
        transfer_id: first["id"].as_str().unwrap().to_owned(),
        return_code: "R02".to_owned(),
        addenda: String::new(),
    };
    before.control(returned).unwrap();
    pay(&before, &account);
    before
        .control(Control::PlanReturns(ReturnPlan::new(
            Direction::Credit,
            ReturnMoment::Settled,
            5,
            &MIXED_RETURN_CODES,
        )))
        .unwrap();
    let drop_two = WebhookFaults { drop_next: 2, reorder_window_s: 60, ..WebhookFaults::default() };
    before.control(Control::FaultWebhooks(drop_two)).unwrap();
    let late = CallFault {
        fault: CallFaultKind::LateSend { delay_s: 60 },
        count: 1,
        method: None,
        path_prefix: "/transfers".to_owned(),
    };
    before.control(Control::FaultCalls(late)).unwrap();
    assert_eq!(before.call(&request("GET", "/transfers", &json!({}))), Answer::Silence);
    pay(&before, &account);
    second.fetch_add(24 * 3_600, Ordering::SeqCst);
    before.advance();
    let delivered =
        before.due_deliveries(3).into_iter().map(|webhook| (webhook.delivery, crate::column::DeliveryResult::Accepted));
    before.report(delivered.collect());
    let waiting = before.due_deliveries(usize::MAX).len();

    let after = ColumnServer::open(config(), clock, &path).unwrap();
    assert_eq!(picture(&after), picture(&before));
    assert_eq!(after.counters(), before.counters());
    assert_eq!(after.due_deliveries(usize::MAX).len(), waiting);
    assert!(!fs::read_to_string(&path).unwrap().contains(KEY));
}

#[test]
fn a_line_that_was_cut_off_is_dropped_and_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("column.jsonl");
    let (clock, _) = clock();
    let server = ColumnServer::open(config(), Arc::clone(&clock), &path).unwrap();
    let account = open_account(&server);
    let whole = picture(&server);
    pay(&server, &account);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 5]).unwrap();

    let cut = ColumnServer::open(config(), Arc::clone(&clock), &path).unwrap();
    assert_eq!(picture(&cut), whole);
    pay(&cut, &account);
    assert_eq!(ColumnServer::open(config(), clock, &path).unwrap().counters(), cut.counters());
}

#[test]
fn a_damaged_line_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("column.jsonl");
    fs::write(&path, "not json\n").unwrap();
    let failure = ColumnServer::open(config(), clock().0, &path).unwrap_err();
    assert!(matches!(failure, JournalError::Damaged { line: 1, .. }));
}

#[tokio::test]
async fn the_api_and_its_webhooks_work_over_http() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (clock, second) = clock();
    let server = Arc::new(ColumnServer::new(config(), clock));
    let received: Arc<Mutex<Vec<(String, Value)>>> = Arc::default();
    let (bank, bank_url) = listen().await;
    let (hooks, hooks_url) = listen().await;
    let account = open_account(&server);
    ok(&server, "POST", "/webhook-endpoints", json!({"url": hooks_url, "enabled_events": ["ach.*"]}));

    let (sink, arrived) = (Arc::clone(&received), Arc::new(Notify::new()));
    let bell = Arc::clone(&arrived);
    let receiver = axum::Router::new().fallback(post(move |headers: HeaderMap, body: Bytes| {
        let signature = headers["column-signature"].to_str().unwrap().to_owned();
        sink.lock().unwrap().push((signature, serde_json::from_slice(&body).unwrap()));
        bell.notify_one();
        std::future::ready(StatusCode::OK)
    }));
    let http = reqwest::Client::new();
    let client = async {
        let body = json!({"type": "CREDIT", "amount": 100, "currency_code": "USD", "bank_account_id": account,
            "counterparty": {"routing_number": "021000021", "account_number": "1"}});
        let created =
            http.post(format!("{bank_url}/transfers/ach")).basic_auth("", Some(KEY)).json(&body).send().await.unwrap();
        assert_eq!(created.status(), 200);
        let refused = http.get(format!("{bank_url}/transfers/ach")).send().await.unwrap();
        assert_eq!((refused.status().as_u16(), refused.text().await.unwrap()), (401, String::new()));
        second.fetch_add(2 * 24 * 3_600, Ordering::SeqCst);
        while received.lock().unwrap().len() < 4 || server.counters().deliveries.pending > 0 {
            let _ = tokio::time::timeout(Duration::from_millis(5), arrived.notified()).await;
        }
    };
    tokio::select! {
        () = client => {}
        () = server.deliver(&http) => panic!("the deliverer stopped"),
        _ = axum::serve(bank, server.router()) => panic!("the bank stopped"),
        _ = axum::serve(hooks, receiver) => panic!("the receiver stopped"),
    }
    let received = received.lock().unwrap();
    assert!(received.iter().all(|(signature, _)| signature.len() == 64));
    let mut kinds: Vec<&str> = received.iter().map(|(_, event)| event["data"]["status"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["INITIATED", "PENDING_SUBMISSION", "SETTLED", "SUBMITTED"]);
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}
