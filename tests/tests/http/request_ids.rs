//! Every answer names its request, in its header and its problem, and the log names it in every line.

use std::io::{Read as _, Seek as _};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use shared::http::conventions;
use shared::http::request_id::RequestId;
use tracing::Dispatch;
use tracing_subscriber::filter::{LevelFilter, Targets};

use crate::office::{Answer, OPERATOR, Office, READER, UPLOADER};

fn id_of(answer: &Answer) -> &str {
    answer.headers["x-request-id"].to_str().unwrap()
}

#[tokio::test]
async fn every_answer_has_an_id_of_its_own() {
    let office = Office::open();
    let first = office.get(READER, "/batches").await;
    let second = office.get(READER, "/batches").await;
    assert_eq!(first.status, 200, "{first:?}");
    assert!(id_of(&first).starts_with("req-"), "{first:?}");
    assert_ne!(id_of(&first), id_of(&second));
}

#[tokio::test]
async fn a_problem_names_the_request_as_the_header_does() {
    let office = Office::open();
    let no_token = office.send(Request::get("/batches").body(Body::empty()).unwrap()).await;
    let unknown_path = office.get(READER, "/nowhere").await;
    let wrong_role = office.get(UPLOADER, "/audit").await;
    let wrong_method = office.json(OPERATOR, Method::DELETE, "/batches", &json!({})).await;
    for (answer, status) in [(no_token, 401), (unknown_path, 404), (wrong_role, 403), (wrong_method, 405)] {
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.json()["request_id"], id_of(&answer), "{answer:?}");
    }
}

/// A caller could give many requests one id, or one that breaks the log.
#[tokio::test]
async fn an_id_that_a_caller_sends_is_not_taken() {
    let office = Office::open();
    let request = office.request(READER, Method::GET, "/batches").header("x-request-id", "mine");
    let answer = office.send(request.body(Body::empty()).unwrap()).await;
    assert_ne!(id_of(&answer), "mine");
}

#[tokio::test]
async fn a_request_that_came_with_an_id_keeps_it() {
    let office = Office::open();
    let mut request = office.request(READER, Method::GET, "/batches").body(Body::empty()).unwrap();
    request.extensions_mut().insert(RequestId::new("c6af9ac6-7b61-11e6-9a41-93e8deadbeef").unwrap());
    assert_eq!(id_of(&office.send(request).await), "c6af9ac6-7b61-11e6-9a41-93e8deadbeef");
}

/// What the log holds of one request, and the id of its answer.
async fn logged(router: Router, path: &str) -> (Vec<Value>, String) {
    let mut office = Office::open();
    office.router = router;
    let log = Arc::new(tempfile::tempfile().unwrap());
    let subscriber = wiring::subscriber(Targets::new().with_default(LevelFilter::INFO), log.clone());
    // With one subscriber alone a place in the code that another test reaches first counts as off for good.
    let _second = Dispatch::new(wiring::subscriber(Targets::new().with_default(LevelFilter::INFO), std::io::sink));
    let guard = tracing::subscriber::set_default(subscriber);
    let answer = office.get(READER, path).await;
    drop(guard);

    let mut text = String::new();
    (&*log).rewind().unwrap();
    (&*log).read_to_string(&mut text).unwrap();
    (text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), id_of(&answer).to_owned())
}

fn span_s_id(line: &Value) -> &Value {
    let spans = line["spans"].as_array().unwrap();
    &spans.iter().find(|span| span["name"] == "request").unwrap_or_else(|| panic!("{line}"))["request_id"]
}

async fn panics() -> StatusCode {
    panic!("of this test")
}

#[tokio::test]
async fn every_line_of_a_request_names_it() {
    let router = conventions(Router::new().route("/panics", get(panics)));
    let (lines, id) = logged(router, "/panics").await;
    assert_eq!(lines.len(), 2, "the panic, and the problem that was told: {lines:?}");
    for line in lines {
        assert_eq!(*span_s_id(&line), id, "{line}");
    }
}

#[tokio::test]
async fn a_refusal_is_found_in_the_log_by_its_id_and_code() {
    let router = Office::open().router;
    let (lines, id) = logged(router, "/nowhere").await;
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((&line["code"], &line["status"]), (&json!("path_unknown"), &json!(404)), "{line}");
    assert_eq!(*span_s_id(line), id);
}
