//! Plaid's webhooks: verified over the raw bytes, written down, queued, answered.
//!
//! Guarantees: nothing of the body is parsed before the signature holds; a forged or stale webhook costs at most the look-up of its key
//! and leaves nothing but a count; 200 means that the webhook is written down or means nothing. Plaid wants its answer within ten seconds
//! and stops repeating itself where nine of ten webhooks are refused, so a genuine one is answered 200 whatever it says. A 503 lets Plaid
//! deliver again, for up to a day. Limit: what is lost all the same is found by the scheduled reading of the item.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use shared::adapters::plaid::verification::{VerificationError, WebhookVerifier};
use shared::domain::deadline::Deadline;
use shared::domain::plaid::webhook::Webhook;
use shared::http::body::RawBody;
use shared::http::conventions;
use shared::http::problem::{Problem, ProblemDetails};
use shared::operations::received_webhooks::{Received, receive};
use shared::operations::{OperationError, System};
use shared::store::plaid_keys::TableKeys;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const VERIFICATION_HEADER: &str = "Plaid-Verification";
const RETRY_AFTER_SECONDS: u32 = 60;
/// How long looking keys up may take of the ten seconds that Plaid waits.
const KEY_TIME: Duration = Duration::from_secs(7);

/// The system, and the keys that this process knows.
#[derive(Clone)]
struct Receiver {
    system: System,
    verifier: Arc<WebhookVerifier>,
}

/// The routes as Plaid calls them. A body may be 1 MiB.
pub fn router(system: System) -> Router {
    conventions(routes(system))
}

/// The routes without the conventions: for a server that merges several functions' routes into one.
pub fn routes(system: System) -> Router {
    let confirmed = Arc::new(TableKeys(system.table.clone()));
    let verifier = Arc::new(WebhookVerifier::new(system.clock.clone(), confirmed));
    let (router, _) = described().with_state(Receiver { system, verifier }).split_for_parts();
    router
}

/// The description of the routes.
pub fn api() -> OpenApi {
    described().into_openapi()
}

fn described() -> OpenApiRouter<Receiver> {
    OpenApiRouter::new().routes(routes!(receive_plaid_webhook))
}

/// A hint of Plaid that an item changed.
#[utoipa::path(
    post,
    path = "/webhooks/plaid",
    tag = "webhooks",
    params(("Plaid-Verification" = String, Header, description = "A token over the body's hash, signed with ES256")),
    request_body(content_type = "application/json", description = "A webhook as Plaid sends it"),
    responses(
        (status = 200, description = "Written down, or not about anything of ours"),
        (status = 401, description = "Not signed by Plaid, or too old", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 413, description = "Larger than 1 MiB", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "Not verified or not written: deliver again", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
async fn receive_plaid_webhook(
    State(receiver): State<Receiver>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<StatusCode, Problem> {
    let event_id = verify(&receiver, &headers, &body).await?;
    let webhook = match Webhook::from_body(&body) {
        Ok(webhook) => webhook,
        Err(malformed) => {
            tracing::error!(metric = "webhook_malformed", provider = "plaid", %malformed, "a signed webhook cannot be read");
            return Ok(StatusCode::OK);
        }
    };
    let kind = format!("{:?}", webhook.event);
    match receive(&receiver.system, &event_id, webhook).await {
        Ok(received @ (Received::Queued | Received::Replayed)) => {
            tracing::info!(event = event_id, kind, ?received, "a webhook of Plaid");
            Ok(StatusCode::OK)
        }
        Ok(Received::Nothing) => {
            tracing::info!(metric = "webhook_other", event = event_id, kind, "a webhook from which nothing follows");
            Ok(StatusCode::OK)
        }
        Err(error) => Err(not_written(&event_id, &error)),
    }
}

/// The fingerprint of the webhook's token, if Plaid signed it over this body.
async fn verify(receiver: &Receiver, headers: &HeaderMap, body: &[u8]) -> Result<String, Problem> {
    let system = &receiver.system;
    let client = system.plaid().await.map_err(|error| {
        tracing::error!(%error, "webhooks cannot be verified");
        key_unavailable()
    })?;
    let end = system.clock.elapsed_now().checked_add(KEY_TIME).unwrap_or(Timestamp::MAX);
    let header = headers.get(VERIFICATION_HEADER).and_then(|value| value.to_str().ok());
    let verified = receiver.verifier.verify(header, body, &client, Deadline::new(end, Duration::ZERO)).await;
    verified.map_err(|error| match error {
        VerificationError::Rejected(reason) => {
            tracing::warn!(metric = "webhook_rejected", provider = "plaid", %reason, "a webhook was rejected");
            // One answer for every reason: who forges learns nothing from it.
            Problem::unauthorized("signature_invalid", "The webhook is not signed by Plaid.", VERIFICATION_HEADER)
        }
        VerificationError::KeyUnavailable(cause) => {
            tracing::warn!(metric = "webhook_unverified", provider = "plaid", cause, "a webhook could not be verified");
            key_unavailable()
        }
    })
}

fn key_unavailable() -> Problem {
    Problem::unavailable("key_unavailable", "The signature cannot be checked now.", RETRY_AFTER_SECONDS)
}

/// Whether a retry can help or a defect needs repair first: Plaid repeats the webhook either way.
fn not_written(event_id: &str, error: &OperationError) -> Problem {
    if error.is_retryable() {
        tracing::warn!(event = event_id, %error, "a webhook was not written");
    } else {
        tracing::error!(event = event_id, %error, "a webhook cannot be written");
    }
    Problem::unavailable("event_not_written", "The webhook was not recorded. Deliver it again.", RETRY_AFTER_SECONDS)
}

#[cfg(test)]
mod tests;
