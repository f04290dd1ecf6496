//! The HTTP shells: thin wrappers that put the cores behind a socket, deliver webhooks and keep a journal. Nothing is decided here.

mod column;
mod deliverer;
mod journal;
mod plaid;
mod server;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use crate::http::{Answer, Request};

pub use column::ColumnServer;
pub use journal::JournalError;
pub use plaid::PlaidServer;
pub use server::{Core, Server};

/// The business clock, shared with whoever moves it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How long an answer that never comes is withheld before the connection is given up; longer than any client waits.
const SILENCE: Duration = Duration::from_secs(120);

/// A router that hands every request to `answer`.
fn router(answer: impl Fn(&Request) -> Answer + Clone + Send + Sync + 'static) -> Router {
    Router::new().fallback(move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
        let answer = answer(&to_request(&method, &uri, &headers, &body));
        respond(answer)
    })
}

async fn respond(answer: Answer) -> Response {
    match answer {
        Answer::Reply(reply) => {
            let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            if reply.body.is_empty() {
                status.into_response()
            } else {
                (status, [(header::CONTENT_TYPE, "application/json")], reply.body).into_response()
            }
        }
        Answer::Silence => {
            let _ = tokio::time::timeout(SILENCE, std::future::pending::<()>()).await;
            StatusCode::GATEWAY_TIMEOUT.into_response()
        }
    }
}

fn to_request(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Request {
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    headers
        .iter()
        .filter_map(|(name, value)| value.to_str().ok().map(|value| (name.as_str(), value)))
        .fold(Request::new(method.as_str(), target), |request, (name, value)| request.with_header(name, value))
        .with_body(body)
}

#[cfg(test)]
mod tests;
