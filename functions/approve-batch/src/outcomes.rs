//! How a send ended whose outcome the bank's whole list does not tell: one operator says it, another confirms it.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::caller::Caller;
use shared::domain::ids::ItemId;
use shared::domain::leg::{Settlement, SettlementFailure, ToldOutcome};
use shared::http::body::{JsonBody, PathParameters};
use shared::http::problem::{Problem, Refused};
use shared::operations::{System, settlement};
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proposal {
    told: ToldOutcome,
    /// Who at the bank said so, and when, for the audit; 1 to 500 characters.
    reason: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OutcomeView {
    /// A payment's or funding's.
    item_id: String,
    attempt: u32,
    told: ToldOutcome,
    reason: String,
    proposed_by: String,
    #[schema(value_type = String, format = DateTime)]
    proposed_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed_by: Option<String>,
    /// It is confirmed, and carried out in a moment.
    is_pending: bool,
    /// Why it was not carried out: propose another.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<SettlementFailure>,
}

impl From<Settlement> for OutcomeView {
    fn from(settlement: Settlement) -> Self {
        Self {
            item_id: settlement.item_id.to_string(),
            attempt: settlement.attempt,
            told: settlement.told,
            reason: settlement.reason,
            proposed_by: settlement.proposed_by,
            proposed_at: settlement.proposed_at,
            confirmed_by: settlement.confirmed_by,
            is_pending: settlement.due_at.is_some(),
            failure: settlement.failure,
        }
    }
}

/// What was said last of a payment or funding whose outcome is unknown.
#[utoipa::path(get, path = "/unknown-outcomes/{item_id}", tag = "attention",
    params(("item_id" = String, Path, description = "Of a payment or funding")),
    responses((status = 200, body = OutcomeView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn read(
    State(system): State<System>,
    PathParameters(item_id): PathParameters<ItemId>,
) -> Result<Json<OutcomeView>, Problem> {
    Ok(Json(settlement::load(&system, item_id).await?.into()))
}

/// Says how a send ended that bears attention `outcome_unknown`: found at the bank, or never there. It counts once another operator
/// confirms it.
#[utoipa::path(put, path = "/unknown-outcomes/{item_id}", tag = "attention",
    params(("item_id" = String, Path, description = "Of a payment or funding")),
    request_body = Proposal,
    responses((status = 200, body = OutcomeView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn propose(
    State(system): State<System>,
    caller: Caller,
    PathParameters(item_id): PathParameters<ItemId>,
    body: JsonBody<Proposal>,
) -> Result<Json<OutcomeView>, Problem> {
    let Proposal { told, reason } = body.value;
    Ok(Json(settlement::propose(&system, item_id, told, &caller.subject, &reason).await?.into()))
}

/// Confirms what another operator said, by naming the same. What was found is read at the bank and applied; what never reached it has
/// failed, and may be retried or refunded.
#[utoipa::path(post, path = "/unknown-outcomes/{item_id}/confirm", tag = "attention",
    params(("item_id" = String, Path, description = "Of a payment or funding")),
    request_body = ToldOutcome,
    responses((status = 202, body = OutcomeView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn confirm(
    State(system): State<System>,
    caller: Caller,
    PathParameters(item_id): PathParameters<ItemId>,
    body: JsonBody<ToldOutcome>,
) -> Result<(StatusCode, Json<OutcomeView>), Problem> {
    let confirmed = settlement::confirm(&system, item_id, &body.value, &caller.subject).await?;
    Ok((StatusCode::ACCEPTED, Json(confirmed.into())))
}
