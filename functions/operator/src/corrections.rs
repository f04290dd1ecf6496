//! Corrections of the books: one operator proposes, a second one confirms, and a new entry is booked.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::caller::Caller;
use shared::domain::ids::{CorrectionId, ItemId};
use shared::domain::ledger::AccountKind;
use shared::domain::ledger::correction::{Booked, Correction, CorrectionTerms};
use shared::domain::money::Cents;
use shared::http::body::{JsonBody, PathParameters};
use shared::http::problem::{Problem, Refused};
use shared::operations::{System, corrections};
use utoipa::ToSchema;

use crate::repeats::once;

/// What is to be booked: one amount, from one account of a payer to another.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terms {
    /// A source, or a person.
    payer_id: String,
    debit: AccountKind,
    credit: AccountKind,
    #[schema(value_type = String)]
    amount: Cents,
    /// Why, for whoever reads the books later; 1 to 500 characters.
    reason: String,
    /// The payment or funding that it is about, where there is one. A source repays a funding of a batch, or uses up its money, and names it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    about: Option<ItemId>,
    /// The funding of a batch whose money is set against what its source owes for the one in `about`. Absent where that money is no batch's.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    uses: Option<ItemId>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CorrectionView {
    #[schema(value_type = String)]
    correction_id: CorrectionId,
    payer_id: String,
    debit: AccountKind,
    credit: AccountKind,
    #[schema(value_type = String)]
    amount: Cents,
    reason: String,
    #[schema(value_type = Option<String>)]
    about: Option<ItemId>,
    #[schema(value_type = Option<String>)]
    uses: Option<ItemId>,
    proposed_by: String,
    #[schema(value_type = String, format = DateTime)]
    proposed_at: Timestamp,
    /// Absent until a second person has confirmed it.
    confirmed_by: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    booked_at: Option<Timestamp>,
}

impl From<Terms> for CorrectionTerms {
    fn from(terms: Terms) -> Self {
        let Terms { payer_id, debit, credit, amount, reason, about, uses } = terms;
        Self { payer_id, debit, credit, amount, reason, about, uses }
    }
}

impl From<Correction> for CorrectionView {
    fn from(correction: Correction) -> Self {
        let booked_at = correction.booked.as_ref().map(|booked| booked.at);
        let CorrectionTerms { payer_id, debit, credit, amount, reason, about, uses } = correction.terms;
        Self {
            correction_id: correction.id,
            payer_id,
            debit,
            credit,
            amount,
            reason,
            about,
            uses,
            proposed_by: correction.proposed_by,
            proposed_at: correction.proposed_at,
            confirmed_by: correction.booked.map(|Booked { by, .. }| by),
            booked_at,
        }
    }
}

/// Proposes a new entry that corrects the books. It counts once a second person has confirmed it.
///
/// With the header `Idempotency-Key` the same request may be sent again and proposes no second one.
#[utoipa::path(post, path = "/ledger/corrections", tag = "ledger",
    params(("Idempotency-Key" = Option<String>, Header, description = "A name of yours for this request")),
    request_body = Terms,
    responses((status = 201, body = CorrectionView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn propose(
    State(system): State<System>,
    caller: Caller,
    headers: HeaderMap,
    body: JsonBody<Terms>,
) -> Result<Response, Problem> {
    let JsonBody { value, bytes } = body;
    let act = async |id| match corrections::propose(&system, id, value.into(), &caller.subject).await {
        Ok(proposed) => (StatusCode::CREATED, Json(CorrectionView::from(proposed))).into_response(),
        Err(error) => Problem::from(error).into_response(),
    };
    once(&system, &caller, &headers, "POST /ledger/corrections", &bytes, act).await
}

/// A correction, proposed or booked.
#[utoipa::path(get, path = "/ledger/corrections/{correction_id}", tag = "ledger",
    params(("correction_id" = String, Path)),
    responses((status = 200, body = CorrectionView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn read(
    State(system): State<System>,
    PathParameters(id): PathParameters<CorrectionId>,
) -> Result<Json<CorrectionView>, Problem> {
    Ok(Json(corrections::load(&system, id).await?.into()))
}

/// Books a correction. The body repeats it, so that nobody confirms what they have not seen.
#[utoipa::path(post, path = "/ledger/corrections/{correction_id}/confirm", tag = "ledger",
    params(("correction_id" = String, Path)),
    request_body = Terms,
    responses((status = 200, body = CorrectionView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn confirm(
    State(system): State<System>,
    caller: Caller,
    PathParameters(id): PathParameters<CorrectionId>,
    body: JsonBody<Terms>,
) -> Result<Json<CorrectionView>, Problem> {
    Ok(Json(corrections::confirm(&system, id, &body.value.into(), &caller.subject).await?.into()))
}
