//! A person's permission to debit their bank account for a card.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use shared::domain::autopay::authorization::{AmountRange, TEXT_VERSION, text_sha256};
use shared::domain::autopay::ids::{BankAccountId, CardId};
use shared::domain::money::Cents;
use shared::http::body::{JsonBody, PathParameters, QueryParameters};
use shared::http::problem::{Problem, Refused};
use shared::operations::System;
use shared::operations::autopay::authorization::{self, Agreement};
use utoipa::{IntoParams, ToSchema};

use crate::cards::{self, CardView};
use crate::{CameFrom, Myself};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextQuery {
    #[param(value_type = String)]
    card_id: CardId,
    /// The range of amounts that need no notice of their own.
    #[param(value_type = String)]
    least: Cents,
    #[param(value_type = String)]
    most: Cents,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AuthorizationText {
    text_version: u32,
    #[schema(value_type = String)]
    bank_account_id: BankAccountId,
    range: AmountRange,
    /// To be shown whole before the person agrees.
    text: String,
    /// Names this text, for the request that agrees to it.
    text_sha256: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Agreed {
    /// As the text that was shown had it.
    text_version: u32,
    /// Of the text that was shown: where it has changed since, nothing is agreed to.
    text_sha256: String,
    #[schema(value_type = String)]
    bank_account_id: BankAccountId,
    range: AmountRange,
}

/// The text to agree to, for a card, the bank account chosen for it, and a range of amounts.
#[utoipa::path(get, path = "/authorization-text", tag = "cards",
    params(TextQuery),
    responses((status = 200, body = AuthorizationText), Refused),
    security(("bearer" = ["person"])))]
pub(crate) async fn text(
    State(system): State<System>,
    myself: Myself,
    QueryParameters(query): QueryParameters<TextQuery>,
) -> Result<Json<AuthorizationText>, Problem> {
    let range = AmountRange { least: query.least, most: query.most };
    let (bank_account_id, text) = authorization::text_for(&system, myself.id, query.card_id, range).await?;
    let text_sha256 = text_sha256(&text);
    Ok(Json(AuthorizationText { text_version: TEXT_VERSION, bank_account_id, range, text, text_sha256 }))
}

/// Turns autopay on: the text that was shown is kept with its version, the time and where the request came from, and a copy is sent to
/// the person. The same again changes nothing.
#[utoipa::path(post, path = "/cards/{card_id}/authorization", tag = "cards",
    params(("card_id" = String, Path)),
    request_body = Agreed,
    responses((status = 200, body = CardView), Refused),
    security(("bearer" = ["person"])))]
pub(crate) async fn agree(
    State(system): State<System>,
    myself: Myself,
    from: CameFrom,
    PathParameters(card_id): PathParameters<CardId>,
    body: JsonBody<Agreed>,
) -> Result<Json<CardView>, Problem> {
    let Agreed { text_version, text_sha256, bank_account_id, range } = body.value;
    let agreement = Agreement { text_version, text_sha256, bank_account_id, range };
    cards::view(&system, authorization::agree(&system, myself.id, card_id, agreement, &from.ip_address).await?).await
}

/// Turns autopay off: no new debit is made from now on.
#[utoipa::path(delete, path = "/cards/{card_id}/authorization", tag = "cards",
    params(("card_id" = String, Path)),
    responses((status = 200, body = CardView), Refused),
    security(("bearer" = ["person"])))]
pub(crate) async fn revoke(
    State(system): State<System>,
    myself: Myself,
    from: CameFrom,
    PathParameters(card_id): PathParameters<CardId>,
) -> Result<Json<CardView>, Problem> {
    cards::view(&system, authorization::revoke(&system, myself.id, card_id, &from.ip_address).await?).await
}
