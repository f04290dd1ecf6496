//! The bank's webhooks: verified over the raw bytes, then applied to the payment or funding that the event names.
//!
//! Guarantees: nothing is parsed before the signature holds; 200 means that the event is written or needs no writing; one that cannot be
//! read is kept, sealed, and an operator is told. Anything else lets
//! the bank deliver again, up to 25 times in three days (`column.md section 2.4`); a repeat has no further effect.

use axum::Router;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use shared::domain::bank::event::BankEvent;
use shared::domain::bank::signature::{self, WebhookKeys};
use shared::http::body::RawBody;
use shared::http::conventions;
use shared::http::problem::{Problem, ProblemDetails};
use shared::operations::bank_object::ObjectEvent;
use shared::operations::{OperationError, System, bank_events, unmatched_events};
use shared::ports::secrets::{SecretName, SecretText, webhook_secrets};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const SIGNATURE_HEADER: &str = "Column-Signature";
const RETRY_AFTER_SECONDS: u32 = 60;

/// The routes as the bank calls them. A body may be 1 MiB.
pub fn router(system: System) -> Router {
    conventions(routes(system))
}

/// The routes without the conventions: for a server that merges several functions' routes into one.
pub fn routes(system: System) -> Router {
    let (router, _) = described().with_state(system).split_for_parts();
    router
}

/// The description of the routes.
pub fn api() -> OpenApi {
    described().into_openapi()
}

fn described() -> OpenApiRouter<System> {
    OpenApiRouter::new().routes(routes!(receive_column_event))
}

/// An event of the bank about one of its transfers or checks.
#[utoipa::path(
    post,
    path = "/webhooks/column",
    tag = "webhooks",
    params(("Column-Signature" = String, Header, description = "HMAC-SHA256 over the body, in hexadecimal digits")),
    request_body(content_type = "application/json", description = "An event as Column sends it"),
    responses(
        (status = 200, description = "Applied, recorded, kept for later, or not about anything of ours"),
        (status = 401, description = "Not signed by the bank", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 413, description = "Larger than 1 MiB", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "Not written: deliver again", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
async fn receive_column_event(
    State(system): State<System>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<StatusCode, Problem> {
    verify(&system, &headers, &body).await?;
    match BankEvent::from_body(&body) {
        Ok(BankEvent::Transfer(event)) => apply(&system, &event.into()).await,
        Ok(BankEvent::Check(event)) => apply(&system, &event.into()).await,
        Ok(BankEvent::Other { event_id, event_type, .. }) => {
            tracing::info!(
                metric = "webhook_other",
                event = event_id,
                kind = event_type,
                "an event that moves nothing"
            );
            Ok(StatusCode::OK)
        }
        // Another delivery of the same bytes says no more. They are kept for a version that can read them.
        Err(malformed) => match unmatched_events::keep_body(&system, &body, malformed).await {
            Ok(_) => Ok(StatusCode::OK),
            Err(error) => Err(not_written("unreadable", &error)),
        },
    }
}

async fn apply(system: &System, event: &ObjectEvent) -> Result<StatusCode, Problem> {
    match bank_events::apply(system, event).await {
        Ok(applied) => {
            tracing::info!(event = event.event_id, kind = event.event_type, ?applied, "an event of the bank");
            Ok(StatusCode::OK)
        }
        Err(error) => Err(not_written(&event.event_id, &error)),
    }
}

async fn verify(system: &System, headers: &HeaderMap, body: &[u8]) -> Result<(), Problem> {
    let secrets = secrets(system).await.map_err(|error| {
        tracing::error!(%error, "webhooks cannot be verified");
        Problem::unavailable("secrets_unavailable", "The signature cannot be checked now.", RETRY_AFTER_SECONDS)
    })?;
    let keys = WebhookKeys {
        current_secret: secrets.first().map_or("", SecretText::expose),
        previous_secret: secrets.get(1).map(SecretText::expose),
        endpoint_id: None,
    };
    let claimed = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok());
    signature::verify(keys, claimed, None, body).map_err(|rejection| {
        tracing::warn!(metric = "webhook_rejected", provider = "column", reason = %rejection, "a webhook was rejected");
        // One answer for every reason: who forges learns nothing from it.
        Problem::unauthorized("signature_invalid", "The webhook is not signed by the bank.", SIGNATURE_HEADER)
    })
}

async fn secrets(system: &System) -> Result<Vec<SecretText>, OperationError> {
    let stored = system.secrets.get(SecretName::ColumnWebhookSecrets).await?;
    Ok(webhook_secrets(&stored)?)
}

/// Whether a retry can help or a defect needs repair first: the bank keeps the event until we have it.
fn not_written(event_id: &str, error: &OperationError) -> Problem {
    if error.is_retryable() {
        tracing::warn!(event = event_id, %error, "an event was not written");
    } else {
        tracing::error!(event = event_id, %error, "an event cannot be written");
    }
    Problem::unavailable("event_not_written", "The event was not recorded. Deliver it again.", RETRY_AFTER_SECONDS)
}

#[cfg(test)]
mod tests;
