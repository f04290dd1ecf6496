//! Fundings: one, and its history.

use crate::readers::readable;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use shared::domain::funding::Funding;
use shared::domain::ids::{BatchId, FundingId, ItemId};
use shared::domain::leg::{self, Attention};
use shared::domain::money::Cents;
use shared::domain::people::Caller;
use shared::http::body::PathParameters;
use shared::http::problem::{Problem, Refused};
use shared::operations::{OperationError, System};
use shared::store::{keys, stored};
use utoipa::ToSchema;

use crate::payments::{HistoryView, history_of};

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FundingView {
    #[schema(value_type = String)]
    funding_id: FundingId,
    /// Absent for the funding of one payment of its own, as its round.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    batch_id: Option<BatchId>,
    source_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    round: Option<u32>,
    /// The account that it pulls from, as it was when the funding was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    account_last4: Option<String>,
    /// The bank had corrected that account when the funding was sent: the account that is debited, and the change code.
    #[serde(skip_serializing_if = "Option::is_none")]
    corrected_account_last4: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change_code: Option<String>,
    #[schema(value_type = String)]
    amount: Cents,
    state: leg::State,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "returned:R01")]
    reason: Option<leg::Reason>,
    attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    transfer_id: Option<String>,
    /// The bank's own word for where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    settled_at: Option<Timestamp>,
    /// When its money may be spent; known once it settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    available_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attention: Option<Attention>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Funding> for FundingView {
    fn from(funding: Funding) -> Self {
        Self {
            funding_id: funding.id,
            batch_id: funding.id.batch(),
            source_id: funding.payer_id,
            round: funding.id.round(),
            account_last4: funding.account.map(|pulled| pulled.account.account_last4),
            corrected_account_last4: funding.leg.corrected.as_ref().map(|sent| sent.account_last4.clone()),
            change_code: funding.leg.corrected.map(|sent| sent.change_code),
            amount: funding.amount,
            state: funding.leg.state,
            reason: funding.leg.reason,
            attempt: funding.leg.attempt,
            transfer_id: funding.leg.transfer_id,
            bank_status: funding.leg.bank_status,
            settled_at: funding.leg.settled_at,
            available_at: funding.available_at,
            attention: funding.leg.attention,
            created_at: funding.created_at,
            updated_at: funding.updated_at,
        }
    }
}

async fn load(system: &System, caller: &Caller, funding_id: FundingId) -> Result<Funding, OperationError> {
    let found: Option<Funding> = stored::read(&*system.table, &keys::funding(funding_id)).await?;
    readable(caller, found, |funding| &funding.payer_id, || OperationError::not_found("funding", funding_id))
}

/// One funding.
#[utoipa::path(get, path = "/fundings/{funding_id}", tag = "fundings",
    params(("funding_id" = String, Path)),
    responses((status = 200, body = FundingView), Refused),
    security(("bearer" = ["reports:read"]), ("bearer" = ["operate"])))]
pub(crate) async fn read(
    State(system): State<System>,
    caller: Caller,
    PathParameters(funding_id): PathParameters<FundingId>,
) -> Result<Json<FundingView>, Problem> {
    Ok(Json(load(&system, &caller, funding_id).await?.into()))
}

/// Everything that happened to a funding: our steps and the bank's events.
#[utoipa::path(get, path = "/fundings/{funding_id}/history", tag = "fundings",
    params(("funding_id" = String, Path)),
    responses((status = 200, body = HistoryView), Refused),
    security(("bearer" = ["reports:read"]), ("bearer" = ["operate"])))]
pub(crate) async fn history(
    State(system): State<System>,
    caller: Caller,
    PathParameters(funding_id): PathParameters<FundingId>,
) -> Result<Json<HistoryView>, Problem> {
    load(&system, &caller, funding_id).await?;
    history_of(&system, ItemId::Funding(funding_id)).await
}
