//! What the bank corrected about accounts: listed, and taken back by two operators.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::ach::account_correction::{AccountCorrection, Standing, Withdrawal};
use shared::domain::bank::request::AccountType;
use shared::domain::caller::Caller;
use shared::domain::ids::ItemId;
use shared::http::body::{JsonBody, PathParameters, QueryParameters};
use shared::http::pages::{PageBody, PageQuery};
use shared::http::problem::{Problem, Refused};
use shared::operations::{System, account_corrections};
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountCorrectionView {
    /// Stands for the account as files, sources and persons name it.
    fingerprint: String,
    /// The notification of change, C01 to C07.
    change_code: String,
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// A source, or a person: whose transfer it was said of.
    payer_id: String,
    /// The payment (then it is its payee's account) or funding (then it is the payer's own) that it was said of.
    #[schema(value_type = String)]
    said_of: ItemId,
    account_last4: String,
    corrected_last4: Option<String>,
    corrected_routing_number: Option<String>,
    corrected_account_type: Option<AccountType>,
    #[serde(flatten)]
    standing: Standing,
    /// One operator's wish to take it back, which a second one has not confirmed.
    withdrawal: Option<Withdrawal>,
}

/// Why a correction is to be taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WithdrawalBody {
    /// 1 to 500 characters.
    reason: String,
}

impl From<AccountCorrection> for AccountCorrectionView {
    fn from(correction: AccountCorrection) -> Self {
        Self {
            fingerprint: correction.account,
            change_code: correction.change_code,
            since: correction.since,
            payer_id: correction.payer_id,
            said_of: correction.said_of,
            account_last4: correction.account_last4,
            corrected_last4: correction.corrected_last4,
            corrected_routing_number: correction.routing_number,
            corrected_account_type: correction.account_type,
            standing: correction.standing,
            withdrawal: correction.withdrawal,
        }
    }
}

/// Every account that the bank has corrected.
#[utoipa::path(get, path = "/account-corrections", tag = "account-corrections",
    params(PageQuery),
    responses((status = 200, body = PageBody<AccountCorrectionView>), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn list(
    State(system): State<System>,
    QueryParameters(page): QueryParameters<PageQuery>,
) -> Result<Json<PageBody<AccountCorrectionView>>, Problem> {
    let (items, next) = account_corrections::list(&system, page.start_after()?, page.limit()?).await?;
    Ok(Json(PageBody::new(items.into_iter().map(Into::into).collect(), next)))
}

/// Proposes to take a correction back. It counts once a second operator has confirmed it.
#[utoipa::path(post, path = "/account-corrections/{fingerprint}/withdraw", tag = "account-corrections",
    params(("fingerprint" = String, Path)),
    request_body = WithdrawalBody,
    responses((status = 200, body = AccountCorrectionView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn withdraw(
    State(system): State<System>,
    caller: Caller,
    PathParameters(account): PathParameters<String>,
    body: JsonBody<WithdrawalBody>,
) -> Result<Json<AccountCorrectionView>, Problem> {
    let reason = &body.value.reason;
    Ok(Json(account_corrections::propose_withdrawal(&system, &account, reason, &caller.subject).await?.into()))
}

/// Takes a correction back, as another operator proposed: from the next transfer on the account is sent as it was named.
#[utoipa::path(post, path = "/account-corrections/{fingerprint}/confirm-withdrawal", tag = "account-corrections",
    params(("fingerprint" = String, Path)),
    responses((status = 200, body = AccountCorrectionView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn confirm_withdrawal(
    State(system): State<System>,
    caller: Caller,
    PathParameters(account): PathParameters<String>,
) -> Result<Json<AccountCorrectionView>, Problem> {
    Ok(Json(account_corrections::confirm_withdrawal(&system, &account, &caller.subject).await?.into()))
}
