//! An operator has looked at something that wanted attention, and says that the automatic may go on.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use shared::domain::ids::{BatchId, FundingId, ItemId, PaymentId};
use shared::domain::people::Caller;
use shared::http::body::{JsonBody, PathParameters};
use shared::http::problem::{Problem, Refused};
use shared::http::reason::stated;
use shared::operations::{System, attention};
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Clearing {
    /// What was found, for the audit; 1 to 500 characters.
    note: String,
}

impl Clearing {
    fn note(&self) -> Result<&str, Problem> {
        stated(&self.note, "note_invalid", "what you found")
    }
}

/// Clears the flag of a payment.
#[utoipa::path(post, path = "/payments/{payment_id}/attention/clear", tag = "attention",
    params(("payment_id" = String, Path)),
    request_body = Clearing,
    responses((status = 204), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn clear_payment(
    State(system): State<System>,
    caller: Caller,
    PathParameters(payment_id): PathParameters<PaymentId>,
    body: JsonBody<Clearing>,
) -> Result<StatusCode, Problem> {
    attention::clear(&system, ItemId::Payment(payment_id), &caller.subject, body.value.note()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Clears the flag of a funding.
#[utoipa::path(post, path = "/fundings/{funding_id}/attention/clear", tag = "attention",
    params(("funding_id" = String, Path)),
    request_body = Clearing,
    responses((status = 204), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn clear_funding(
    State(system): State<System>,
    caller: Caller,
    PathParameters(funding_id): PathParameters<FundingId>,
    body: JsonBody<Clearing>,
) -> Result<StatusCode, Problem> {
    attention::clear(&system, ItemId::Funding(funding_id), &caller.subject, body.value.note()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Clears the flag of a batch.
#[utoipa::path(post, path = "/batches/{batch_id}/attention/clear", tag = "attention",
    params(("batch_id" = String, Path)),
    request_body = Clearing,
    responses((status = 204), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn clear_batch(
    State(system): State<System>,
    caller: Caller,
    PathParameters(batch_id): PathParameters<BatchId>,
    body: JsonBody<Clearing>,
) -> Result<StatusCode, Problem> {
    attention::clear_batch(&system, batch_id, &caller.subject, body.value.note()?).await?;
    Ok(StatusCode::NO_CONTENT)
}
