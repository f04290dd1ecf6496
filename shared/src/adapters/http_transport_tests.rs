use std::time::Duration;

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};

use super::*;

/// Serves until the test ends and the listener is dropped with its task.
async fn served(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    #[expect(clippy::disallowed_methods, reason = "the server must run beside the test")]
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

fn request(method: http::Method, url: String, body: &'static str) -> ProviderRequest {
    ProviderRequest {
        method,
        url,
        headers: vec![("idempotency-key".to_owned(), "pay_1:1".to_owned())],
        body: Bytes::from_static(body.as_bytes()),
        timeout: Duration::from_secs(10),
    }
}

#[tokio::test]
async fn headers_and_body_arrive_and_the_answer_comes_back() {
    let echo = |headers: http::HeaderMap, body: String| async move {
        format!("{} {body}", headers["idempotency-key"].to_str().unwrap())
    };
    let base = served(Router::new().route("/echo", post(echo))).await;
    let transport = HttpTransport::new();

    let answer = transport.exchange(request(http::Method::POST, format!("{base}/echo"), "hello")).await.unwrap();

    assert_eq!((answer.status, answer.body), (200, Bytes::from_static(b"pay_1:1 hello")));
}

#[tokio::test]
async fn a_redirect_is_answered_not_followed() {
    let base = served(Router::new().route("/", get(|| async { Redirect::temporary("/elsewhere") }))).await;
    let answer = HttpTransport::new().exchange(request(http::Method::GET, base, "")).await.unwrap();
    assert_eq!(answer.status, 307);
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let base = served(Router::new().route("/", get(|| async { vec![0_u8; LARGEST_BODY + 1] }))).await;
    let answer = HttpTransport::new().exchange(request(http::Method::GET, base, "")).await;
    assert!(matches!(answer, Err(TransportError::Broken(_))), "{answer:?}");
}

#[tokio::test]
async fn a_closed_port_is_a_broken_connection() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let answer = HttpTransport::new().exchange(request(http::Method::GET, url, "")).await;
    assert_eq!(answer, Err(TransportError::Broken("while connecting".to_owned())));
}
