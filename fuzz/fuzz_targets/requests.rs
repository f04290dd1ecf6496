//! No request makes a function panic or answer 5xx, and every refusal is a problem: all routes of docs/openapi.json and the webhooks.
//!
//! The input's first byte names the route, the second the content type; then lines: path parameter, query, and the body.
#![no_main]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use http::{Method, Request, Uri};
use http_body_util::BodyExt;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use shared::domain::caller::Role;
use shared::http::conventions;
use tower::ServiceExt;
use world::People;

const CONTENT_TYPES: [&str; 4] = ["application/json", "application/xml", "application/gzip", "text/plain"];
/// Then another office opens: what is uploaded stays in memory.
const REQUESTS_PER_OFFICE: u32 = 2_000;

struct Office {
    router: Router,
    bearer: String,
    requests: u32,
}

impl Office {
    fn open() -> Self {
        let people = People::at("2026-03-02T18:00:00Z".parse().unwrap(), BTreeSet::new());
        let (system, verifier) = (&people.world.system, &people.verifier);
        let routes = approve_batch::HTTP.routes(system.clone(), verifier.clone())
            .merge(accounts::HTTP.routes(system.clone(), verifier.clone()))
            .merge(reports::HTTP.routes(system.clone(), verifier.clone()))
            .merge(operator::HTTP.routes(system.clone(), verifier.clone()))
            .merge(rent::HTTP.routes(system.clone(), verifier.clone()))
            .merge(column_webhook::routes(system.clone()))
            .merge(plaid_webhook::routes(system.clone()));
        Self { router: conventions(routes), bearer: people.bearer("ann", &Role::ALL), requests: 0 }
    }
}

static ROUTES: LazyLock<Vec<(Method, String)>> = LazyLock::new(|| {
    let described: Value = serde_json::from_str(include_str!("../../docs/openapi.json")).unwrap();
    let paths = described["paths"].as_object().unwrap().iter();
    let described = paths.flat_map(|(path, operations)| {
        operations.as_object().unwrap().keys().map(|method| (method.to_uppercase().parse().unwrap(), path.clone()))
    });
    let webhooks = ["/webhooks/column", "/webhooks/plaid"].map(|path| (Method::POST, path.to_owned()));
    described.chain(webhooks).collect()
});

thread_local! {
    static OFFICE: RefCell<Office> = RefCell::new(Office::open());
    static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
}

fuzz_target!(|input: &[u8]| {
    let [route, content_type, rest @ ..] = input else { return };
    let (method, path) = &ROUTES[usize::from(*route) % ROUTES.len()];
    let mut parts = rest.splitn(3, |byte| *byte == b'\n');
    let mut line = || str::from_utf8(parts.next().unwrap_or_default()).unwrap_or_default();
    let (parameter, query) = (line(), line());
    let target = path.split('/').map(|part| if part.starts_with('{') { parameter } else { part });
    let target = format!("{}?{query}", target.collect::<Vec<_>>().join("/"));
    // What is no address never becomes a request.
    let Ok(uri) = target.parse::<Uri>() else { return };
    let body = Body::from(parts.next().unwrap_or_default().to_vec());
    let content_type = CONTENT_TYPES[usize::from(*content_type) % CONTENT_TYPES.len()];
    OFFICE.with_borrow_mut(|office| {
        office.requests += 1;
        if office.requests > REQUESTS_PER_OFFICE {
            *office = Office::open();
        }
        let request = Request::builder().method(method).uri(uri).header("content-type", content_type);
        let request = request.header("authorization", &office.bearer).body(body).unwrap();
        RUNTIME.with(|runtime| runtime.block_on(is_answered(office.router.clone(), request)));
    });
});

async fn is_answered(router: Router, request: Request<Body>) {
    let asked = format!("{} {}", request.method(), request.uri());
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    // What is out of reach here, the bank, may be asked again later.
    assert!(!parts.status.is_server_error() || parts.status == 503, "{asked}: {parts:?} {body:?}");
    if !parts.status.is_success() && !parts.status.is_redirection() {
        let problem: Value = serde_json::from_slice(&body).unwrap();
        assert!(problem["code"].is_string(), "{asked}: {problem}");
    }
}
