//! An operator has looked at something that wanted attention, and says that the automatic may go on.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use shared::domain::caller::Caller;
use shared::domain::ids::{BatchId, FundingId, ItemId, PaymentId};
use shared::http::body::{JsonBody, PathParameters};
use shared::http::problem::{Problem, Refused};
use shared::http::reason::stated;
use shared::operations::attention::Cleared;
use shared::operations::{System, attention};
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Clearing {
    /// What was found, for the audit; 1 to 500 characters.
    note: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClearingOfTransfer {
    /// What was found, for the audit; 1 to 500 characters.
    note: String,
    /// Whether the bank's word is applied although it is not what was asked for. It has to be said where there is such a word; the books
    /// keep the amount that was asked for.
    #[serde(default)]
    apply: Option<bool>,
}

impl ClearingOfTransfer {
    fn by<'a>(&'a self, caller: &'a Caller) -> Result<attention::Clearing<'a>, Problem> {
        Ok(attention::Clearing { by: &caller.subject, note: noted(&self.note)?, apply: self.apply })
    }
}

fn noted(note: &str) -> Result<&str, Problem> {
    stated(note, "note_invalid", "what you found")
}

const fn answer(cleared: Cleared) -> StatusCode {
    match cleared {
        Cleared::Now => StatusCode::NO_CONTENT,
        Cleared::WithTheWord => StatusCode::ACCEPTED,
    }
}

/// Clears the flag of a payment. Asked once more by whoever cleared it, that changes nothing; where there is no flag otherwise, 409
/// `nothing_flagged` says so.
#[utoipa::path(post, path = "/payments/{payment_id}/attention/clear", tag = "attention",
    params(("payment_id" = String, Path)),
    request_body = ClearingOfTransfer,
    responses(
        (status = 204, description = "Cleared"),
        (status = 202, description = "The bank's word is applied in a moment, and the flag cleared with it"),
        Refused
    ),
    security(("bearer" = ["operate"])))]
pub(crate) async fn clear_payment(
    State(system): State<System>,
    caller: Caller,
    PathParameters(payment_id): PathParameters<PaymentId>,
    body: JsonBody<ClearingOfTransfer>,
) -> Result<StatusCode, Problem> {
    Ok(answer(attention::clear(&system, ItemId::Payment(payment_id), body.value.by(&caller)?).await?))
}

/// Clears the flag of a funding. Asked once more by whoever cleared it, that changes nothing; where there is no flag otherwise, 409
/// `nothing_flagged` says so.
#[utoipa::path(post, path = "/fundings/{funding_id}/attention/clear", tag = "attention",
    params(("funding_id" = String, Path)),
    request_body = ClearingOfTransfer,
    responses(
        (status = 204, description = "Cleared"),
        (status = 202, description = "The bank's word is applied in a moment, and the flag cleared with it"),
        Refused
    ),
    security(("bearer" = ["operate"])))]
pub(crate) async fn clear_funding(
    State(system): State<System>,
    caller: Caller,
    PathParameters(funding_id): PathParameters<FundingId>,
    body: JsonBody<ClearingOfTransfer>,
) -> Result<StatusCode, Problem> {
    Ok(answer(attention::clear(&system, ItemId::Funding(funding_id), body.value.by(&caller)?).await?))
}

/// Clears the flag of a batch. Asked once more by whoever cleared it, that changes nothing; where there is no flag otherwise, 409
/// `nothing_flagged` says so.
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
    attention::clear_batch(&system, batch_id, &caller.subject, noted(&body.value.note)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
