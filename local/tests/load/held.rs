//! Takes the providers' webhooks in the stack's place and holds them. What is told of fundings goes on to the stack at once: without it
//! no payment would be sent.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What proves where a webhook comes from, at the bank and at Plaid.
const PROOFS: [&str; 2] = ["column-signature", "plaid-verification"];

/// A webhook as it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    /// `column` or `plaid`.
    pub(crate) provider: String,
    pub(crate) proof: Option<String>,
    pub(crate) body: Bytes,
}

impl Webhook {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn proof_header(&self) -> &'static str {
        if self.provider == "column" { PROOFS[0] } else { PROOFS[1] }
    }

    /// The request that delivers it.
    pub(crate) fn request(&self, http: &reqwest::Client, base_url: &str) -> reqwest::RequestBuilder {
        let request = http.post(format!("{base_url}/webhooks/{}", self.provider)).body(self.body.clone());
        let request = request.header("content-type", "application/json");
        match &self.proof {
            Some(proof) => request.header(self.proof_header(), proof),
            None => request,
        }
    }
}

struct Post {
    http: reqwest::Client,
    /// Where the stack is.
    base_url: String,
    held: Mutex<Vec<Webhook>>,
}

/// The receiver. It ends with this value.
pub(crate) struct Held {
    pub(crate) url: String,
    post: Arc<Post>,
    _server: JoinSet<()>,
}

impl Held {
    pub(crate) async fn before(base_url: &str) -> Self {
        let post_office =
            Arc::new(Post { http: reqwest::Client::new(), base_url: base_url.to_owned(), held: Mutex::default() });
        let router = Router::new().route("/webhooks/{provider}", post(take)).with_state(post_office.clone());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, post: post_office, _server: server }
    }

    pub(crate) fn of(&self, provider: &str) -> Vec<Webhook> {
        let held = self.post.held.lock().unwrap();
        held.iter().filter(|webhook| webhook.provider == provider).cloned().collect()
    }
}

async fn take(
    State(post): State<Arc<Post>>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let proof = PROOFS.iter().find_map(|name| headers.get(*name)).map(|value| value.to_str().unwrap().to_owned());
    let webhook = Webhook { provider, proof, body };
    if webhook.json()["data"]["type"] == "DEBIT" {
        return webhook.request(&post.http, &post.base_url).send().await.unwrap().status();
    }
    post.held.lock().unwrap().push(webhook);
    StatusCode::OK
}
