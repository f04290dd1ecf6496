//! What an operator proposed for a check that is to be made anew, for the one who confirms it.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use shared::domain::bank::mailing_address::AddressParts;
use shared::domain::ids::PaymentId;
use shared::domain::payment::replacement::Replacement;
use shared::http::body::PathParameters;
use shared::http::problem::{Problem, Refused};
use shared::operations::System;
use shared::operations::autopay::replace;
use utoipa::ToSchema;

/// The address that was proposed last for a check.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReplacementView {
    #[schema(value_type = String)]
    payment_id: PaymentId,
    /// The attempt whose check it replaces. A proposal for an earlier attempt counts no more.
    attempt: u32,
    /// What the confirmation repeats.
    address: AddressParts,
    proposed_by: String,
    #[schema(value_type = String, format = DateTime)]
    proposed_at: Timestamp,
    /// Who confirmed it. Absent while it waits for a second person.
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed_by: Option<String>,
}

impl From<Replacement> for ReplacementView {
    fn from(proposal: Replacement) -> Self {
        Self {
            payment_id: proposal.payment_id,
            attempt: proposal.attempt,
            address: proposal.address.into(),
            proposed_by: proposal.proposed_by,
            proposed_at: proposal.proposed_at,
            confirmed_by: proposal.confirmed_by,
        }
    }
}

/// The address that was proposed last for the check of a payment. A second person looks at it before they confirm it.
#[utoipa::path(get, path = "/payments/{payment_id}/check/replacement", tag = "attention",
    params(("payment_id" = String, Path)),
    responses((status = 200, body = ReplacementView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn read(
    State(system): State<System>,
    PathParameters(payment_id): PathParameters<PaymentId>,
) -> Result<Json<ReplacementView>, Problem> {
    Ok(Json(replace::proposed(&system, payment_id).await?.into()))
}
