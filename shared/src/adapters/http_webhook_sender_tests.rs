use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use bytes::Bytes;
use tokio::net::TcpListener;

use super::*;

async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    #[expect(clippy::disallowed_methods, reason = "the server must run beside the test")]
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn call(url: String) -> WebhookCall {
    WebhookCall { url, headers: vec![("webhook-id", "evt_1".to_owned())], body: Bytes::from_static(b"{}") }
}

#[tokio::test]
async fn a_laptop_s_receiver_is_called_and_its_status_is_what_counts() {
    let router = Router::new().route(
        "/taken",
        post(|headers: HeaderMap, body: Bytes| async move {
            let is_whole =
                headers["webhook-id"] == "evt_1" && headers[header::USER_AGENT] == USER_AGENT && &*body == b"{}";
            if is_whole { StatusCode::NO_CONTENT } else { StatusCode::BAD_REQUEST }
        }),
    );
    let address = serve(router).await;
    let sender = HttpWebhookSender::new(AddressRule::LoopbackToo);
    assert_eq!(sender.send(call(format!("http://{address}/taken"))).await, Ok(204));
    assert_eq!(sender.send(call(format!("http://{address}/elsewhere"))).await, Ok(404));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/taken")]);
    let router = Router::new().route("/moved", post(async move || elsewhere));
    let address = serve(router.route("/taken", post(async || StatusCode::OK))).await;
    let sender = HttpWebhookSender::new(AddressRule::LoopbackToo);
    assert_eq!(sender.send(call(format!("http://{address}/moved"))).await, Ok(307));
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_is_waited_for_no_longer_than_it_may_take() {
    let router = Router::new().route("/slow", post(async || std::future::pending::<StatusCode>().await));
    let address = serve(router).await;
    let patient = HttpWebhookSender::new(AddressRule::LoopbackToo);
    let sender = HttpWebhookSender { answer_time: Duration::from_millis(20), ..patient };
    assert_eq!(sender.send(call(format!("http://{address}/slow"))).await, Err(SendFailure::TimedOut));
}

#[tokio::test]
async fn a_deployment_calls_no_address_of_its_own() {
    let sender = HttpWebhookSender::new(AddressRule::PublicHttps);
    for url in ["https://127.0.0.1:1/x", "https://[::1]:1/x", "https://169.254.169.254/x", "http://example.com/x"] {
        assert_eq!(sender.send(call(url.to_owned())).await, Err(SendFailure::AddressRefused), "{url}");
    }
}

/// `localhost` stands for every name that resolves to an address of the inside.
#[tokio::test]
async fn a_name_is_judged_by_what_it_resolves_to() {
    let name: Name = "localhost".parse().unwrap();
    let Err(refused) = CheckedNames(AddressRule::PublicHttps).resolve(name).await else { panic!("it is resolved") };
    assert!(refused.is::<NameRefused>(), "{refused}");
    let name: Name = "localhost".parse().unwrap();
    assert!(CheckedNames(AddressRule::LoopbackToo).resolve(name).await.is_ok());
}

/// What the client says of a refused name is told from any other failure.
#[tokio::test]
async fn a_refused_name_is_told_from_a_receiver_that_is_down() {
    let address = serve(Router::new()).await;
    let client = |rule| {
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder().no_proxy().dns_resolver(CheckedNames(rule)).build().unwrap()
    };
    let url = format!("http://localhost:{}/", address.port());
    let error = client(AddressRule::PublicHttps).post(&url).send().await.unwrap_err();
    assert_eq!(failure_of(&error), SendFailure::AddressRefused);
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = client(AddressRule::LoopbackToo).post(format!("http://{closed}/")).send().await.unwrap_err();
    assert_eq!(failure_of(&error), SendFailure::Unreachable);
}
