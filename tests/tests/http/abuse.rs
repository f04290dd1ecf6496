//! Lambda events that nobody honest causes, through the runtime's client and each function's own router: refused as a problem, never
//! answered 5xx. Messages and timers that are none come back as failures, and harm nothing beside them.

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use axum::Router;
use base64::Engine as _;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use shared::domain::caller::Role;
use shared::ports::table::Attributes;
use tower::ServiceExt;

use crate::office::Office;

/// As much as API Gateway passes on.
const BYTES_MAX: usize = 6 * 1024 * 1024;
const DEEP: usize = 100_000;

/// Every function that answers HTTP, with a path of its own that takes a body, and one that does not.
fn functions(office: &Office) -> Vec<(&'static str, Router, &'static str, &'static str)> {
    let (system, verifier) = (&office.people.world.system, &office.people.verifier);
    vec![
        ("accounts", accounts::HTTP.router(system.clone(), verifier.clone()), "/items", "/cards"),
        ("approve-batch", approve_batch::HTTP.router(system.clone(), verifier.clone()), "/batches", "/sources"),
        ("reports", reports::HTTP.router(system.clone(), verifier.clone()), "/batches", "/batches"),
        ("operator", operator::HTTP.router(system.clone(), verifier.clone()), "/audit", "/audit"),
        ("rent", rent::HTTP.router(system.clone(), verifier.clone()), "/leases/preview", "/leases/preview"),
        ("column-webhook", column_webhook::router(system.clone()), "/webhooks/column", "/webhooks/column"),
        ("plaid-webhook", plaid_webhook::router(system.clone()), "/webhooks/plaid", "/webhooks/plaid"),
    ]
}

struct Event {
    method: &'static str,
    path: String,
    query: Value,
    headers: Value,
    body: Value,
    is_base64: bool,
}

impl Event {
    fn new(method: &'static str, path: impl Into<String>) -> Self {
        let headers = json!({ "Content-Type": "application/json" });
        Self { method, path: path.into(), query: Value::Null, headers, body: Value::Null, is_base64: false }
    }

    fn text(self, body: impl Into<String>) -> Self {
        Self { body: Value::String(body.into()), ..self }
    }

    fn bytes(self, body: &[u8]) -> Self {
        Self { is_base64: true, ..self.text(base64::engine::general_purpose::STANDARD.encode(body)) }
    }

    fn query(self, query: Value) -> Self {
        Self { query, ..self }
    }

    fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers[name] = Value::String(value.into());
        self
    }

    fn json(&self, bearer: &str) -> String {
        let mut headers = self.headers.clone();
        headers["Authorization"] = json!(bearer);
        let many = |single: &Value| -> Value {
            let fields = single.as_object().into_iter().flatten();
            fields.map(|(name, value)| (name.clone(), json!([value]))).collect()
        };
        json!({
            "resource": "/{proxy+}", "path": self.path, "httpMethod": self.method,
            "headers": headers, "multiValueHeaders": many(&headers),
            "queryStringParameters": self.query, "multiValueQueryStringParameters": many(&self.query),
            "pathParameters": { "proxy": self.path.trim_start_matches('/') },
            "requestContext": {
                "resourcePath": "/{proxy+}", "httpMethod": self.method, "path": format!("/live{}", self.path), "stage": "live",
            },
            "body": self.body, "isBase64Encoded": self.is_base64,
        })
        .to_string()
    }
}

/// Sends the event to every function; each refuses it as a problem.
async fn refused_by_all(event_of: impl Fn(&'static str, &'static str) -> Event) {
    let office = Office::open();
    let bearer = office.people.bearer("eve", &Role::ALL);
    for (name, router, taking, other) in functions(&office) {
        let event = event_of(taking, other);
        let request = wiring::without_stage(lambda_http::request::from_str(&event.json(&bearer)).unwrap());
        let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let shown = String::from_utf8_lossy(&body);
        let place = format!("{name}, {} {:.80}: {} {shown}", event.method, event.path, parts.status);
        assert!(parts.status.is_client_error(), "{place}");
        assert_eq!(parts.headers["content-type"], "application/problem+json", "{place}");
        assert!(serde_json::from_slice::<Value>(&body).unwrap()["code"].is_string(), "{place}");
    }
}

#[tokio::test]
async fn the_largest_bodies_are_refused() {
    refused_by_all(|taking, _| Event::new("POST", taking).text(" ".repeat(BYTES_MAX))).await;
    refused_by_all(|taking, _| Event::new("POST", taking).bytes(&vec![0xff; BYTES_MAX])).await;
}

#[tokio::test]
async fn deep_and_unreadable_bodies_are_refused() {
    let deep = ["[".repeat(DEEP), "{\"a\":".repeat(DEEP), format!("{}{}", "[".repeat(DEEP), "]".repeat(DEEP))];
    for body in deep {
        refused_by_all(|taking, _| Event::new("POST", taking).text(body.clone())).await;
    }
    for body in [&b"\xff\xfe"[..], b"\xed\xa0\x80", b"\0", b"", b"\x1f\x8b\x08\0"] {
        refused_by_all(|taking, _| Event::new("POST", taking).bytes(body)).await;
    }
    refused_by_all(|taking, _| Event::new("POST", taking)).await;
}

#[tokio::test]
async fn other_methods_and_content_types_are_refused() {
    for method in ["PATCH", "OPTIONS", "TRACE", "BREW"] {
        refused_by_all(|taking, _| Event::new(method, taking).text("{}")).await;
    }
    for content_type in ["text/plain", "application/jsonp", ""] {
        refused_by_all(|taking, _| Event::new("POST", taking).text("{}").header("Content-Type", content_type)).await;
    }
}

#[tokio::test]
async fn odd_paths_lead_nowhere() {
    let odd = ["//", "/..", "/../../etc/passwd", "/%2e%2e", "/%00", "/%ff", "/nowhere/at/all"].map(str::to_owned);
    for path in odd.into_iter().chain([format!("/{}", "a/".repeat(4_000)), "/".repeat(9_000)]) {
        refused_by_all(|_, _| Event::new("GET", path.clone())).await;
    }
}

#[tokio::test]
async fn odd_queries_are_refused() {
    let long = "a".repeat(5_000);
    for query in [
        json!({ "limit": "0", "day": "x" }),
        json!({ "limit": long, "cursor": long }),
        json!({ "cursor": "%ff", "limit": "-1" }),
    ] {
        // Where there are no pages, it is the method that is refused.
        refused_by_all(|_, other| {
            let path = if other == "/cards" { "/cards/card_x/payments" } else { other };
            let is_list = matches!(other, "/batches" | "/cards");
            let method = if is_list { "GET" } else { "DELETE" };
            Event::new(method, path).query(query.clone())
        })
        .await;
    }
}

#[tokio::test]
async fn a_flood_of_headers_is_refused_or_ignored() {
    refused_by_all(|taking, _| {
        let event = Event::new("POST", taking).text("nonsense").header("X-Long", "a".repeat(1024 * 1024));
        (0..5_000).fold(event, |event, number| event.header(&format!("X-{number}"), "1"))
    })
    .await;
}

/// The poisoned messages come again by their ids, the others are done.
#[tokio::test]
async fn messages_that_are_no_tasks_come_back_and_harm_nothing_beside_them() {
    let world = &Office::open().people.world;
    let task = |kind: &str, fields: Value| {
        let mut task = json!({ "version": 1, "task": fields });
        task["task"]["kind"] = json!(kind);
        task.to_string()
    };
    let honest = task("process_plaid_webhook", json!({ "event_id": "0".repeat(64) }));
    let poison = [
        String::new(),
        "\0".to_owned(),
        "null".to_owned(),
        "[".repeat(DEEP),
        "{\"version\":1,\"task\":".repeat(DEEP),
        " ".repeat(256 * 1024),
        json!({ "version": 99 }).to_string(),
        task("nonsense", json!({})),
        task("submit", json!({ "payment_id": "../../etc/passwd" })),
        task("import", json!({ "batch_id": "bat_01985e6d2c4b7a31b2a4d0c9e8f7a6b5", "chunk": -1 })),
    ];
    let mut event = SqsEvent::default();
    event.records = std::iter::once(&honest)
        .chain(&poison)
        .enumerate()
        .map(|(number, body)| {
            let mut message = SqsMessage::default();
            message.message_id = Some(number.to_string());
            message.body = Some(body.clone());
            message
        })
        .collect();
    let response = payment_worker::handle(&world.system, event, world.deadline_in(60)).await;
    let mut failed: Vec<usize> =
        response.batch_item_failures.iter().map(|failure| failure.item_identifier.parse().unwrap()).collect();
    failed.sort_unstable();
    assert_eq!(failed, (1..=poison.len()).collect::<Vec<_>>());
    let is_failure = |item: &Attributes| item["pk"].as_str().is_some_and(|pk| pk.starts_with("FAILURE#"));
    assert!(world.table.dump().iter().all(is_failure), "only what failed is written down");
}
