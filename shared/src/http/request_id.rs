//! One name for each request: in its answer, in its problem, and in every line that is logged for it.
//!
//! What a caller sends under the name is not looked at: an id that we did not make may be anything, and of several requests.

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::Value;
use tracing::Instrument;

use crate::adapters::system::SystemRandom;
use crate::http::problem::PROBLEM_JSON;
use crate::ports::random::Random;

/// Bears the id in every answer.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const BYTES_MAX: usize = 64;

/// The id of a request. Whatever brings one in puts it among the request's extensions; a request without gets a random one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// Returns the id, or none where the text has other characters than letters, digits and hyphens, or more than 64.
    pub fn new(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (plain && (1..=BYTES_MAX).contains(&text.len())).then(|| Self(text.to_owned()))
    }

    fn random() -> Self {
        let mut bytes = [0; 16];
        SystemRandom.fill(&mut bytes);
        Self(format!("req-{}", hex::encode(bytes)))
    }
}

/// Runs the request under its id.
pub(super) async fn identify(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or_else(RequestId::random);
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    // The level of the span is that of the gravest line, so that no level of the log leaves the id out.
    let span = tracing::error_span!("request", request_id = id.0, method = %request.method(), path);
    async { answered(next.run(request).await, &id).await }.instrument(span).await
}

async fn answered(response: Response, id: &RequestId) -> Response {
    let is_problem = response.headers().get(CONTENT_TYPE).is_some_and(|content_type| content_type == PROBLEM_JSON);
    let mut response = if is_problem { in_problem(response, id).await } else { response };
    if let Ok(value) = HeaderValue::try_from(&id.0) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Adds the id to the problem. One that an idempotent request stored is told anew, under the id of the repeat.
async fn in_problem(response: Response, id: &RequestId) -> Response {
    let (mut parts, body) = response.into_parts();
    // A problem's text is ours and whole in memory already.
    let text = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let Ok(Value::Object(mut members)) = serde_json::from_slice(&text) else {
        return Response::from_parts(parts, Body::from(text));
    };
    note(parts.status, members.get("code"));
    members.insert("request_id".to_owned(), id.0.clone().into());
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(Value::Object(members).to_string()))
}

/// Writes the line by which a refusal is found. Whoever shows no valid token or signature may come in floods and leaves none.
fn note(status: StatusCode, code: Option<&Value>) {
    if status != StatusCode::UNAUTHORIZED {
        let code = code.and_then(Value::as_str);
        tracing::info!(status = status.as_u16(), code, "a request was refused");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_can_stand_in_a_header_and_in_a_log() {
        for (text, is_one) in [
            ("c6af9ac6-7b61-11e6-9a41-93e8deadbeef", true),
            ("a", true),
            ("", false),
            ("a b", false),
            ("a\nb", false),
            ("{\"a\":1}", false),
        ] {
            assert_eq!(RequestId::new(text).is_some(), is_one, "{text}");
        }
        assert!(RequestId::new(&"a".repeat(64)).is_some());
        assert!(RequestId::new(&"a".repeat(65)).is_none());
        assert_ne!(RequestId::random(), RequestId::random());
    }
}
