//! Fundings: those of a batch or of some days, one, and its history.

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use shared::domain::caller::Caller;
use shared::domain::funding::Funding;
use shared::domain::ids::{BatchId, FundingId, ItemId};
use shared::domain::leg::{self, Attention};
use shared::domain::money::Cents;
use shared::http::body::{PathParameters, QueryParameters};
use shared::http::pages::{PageBody, PageQuery};
use shared::http::problem::{Problem, Refused};
use shared::operations::funding_list::{self, FundingFilter};
use shared::operations::{OperationError, System, upload};
use shared::store::{keys, stored};
use utoipa::{IntoParams, ToSchema};

use crate::payments::{HistoryView, history_of};
use crate::readers::{may_read, readable};

/// Days that are looked through where no first day is named.
const DAYS_USUAL: i32 = 30;

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

/// Which fundings.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FundingsWanted {
    /// Only fundings of this batch.
    #[param(value_type = Option<String>)]
    batch: Option<BatchId>,
    /// Only fundings of this source, or person.
    source: Option<String>,
    /// Only fundings in this state.
    state: Option<leg::State>,
    /// The first day on which they were made, in UTC; 30 days before the last where it is left out. Not beside a batch.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// The last day on which they were made, in UTC; today where it is left out. Not beside a batch.
    #[param(value_type = Option<String>, format = Date)]
    until: Option<Date>,
}

impl FundingsWanted {
    /// The days that are asked for, without a batch.
    fn days(&self, today: Date) -> Result<(Date, Date), Problem> {
        let last = self.until.unwrap_or(today);
        let first = self.from.unwrap_or_else(|| last.saturating_sub(DAYS_USUAL.days()));
        if first > last {
            return Err(days_invalid("The first day is after the last."));
        }
        Ok((first, last))
    }
}

fn days_invalid(detail: &str) -> Problem {
    Problem::bad_request("days_invalid", detail)
}

/// Fundings of a batch, round by round; or those made on some days, the last day first, of the last 30 days where nothing is named. Of
/// persons for operators alone. Without a batch the list lags a moment.
#[utoipa::path(get, path = "/fundings", tag = "fundings",
    params(FundingsWanted, PageQuery),
    responses((status = 200, body = PageBody<FundingView>), Refused),
    security(("bearer" = ["reports:read"]), ("bearer" = ["operate"])))]
pub(crate) async fn list(
    State(system): State<System>,
    caller: Caller,
    QueryParameters(wanted): QueryParameters<FundingsWanted>,
    QueryParameters(page): QueryParameters<PageQuery>,
) -> Result<Json<PageBody<FundingView>>, Problem> {
    let (after, limit) = (page.start_after()?, page.limit()?);
    let is_readable = |payer_id: &str| may_read(&caller, payer_id);
    let filter = FundingFilter { state: wanted.state, source_id: wanted.source.as_deref(), may_read: &is_readable };
    let found = match wanted.batch {
        Some(_) if wanted.from.is_some() || wanted.until.is_some() => {
            return Err(days_invalid("A batch has few fundings: ask for it without days."));
        }
        Some(batch_id) => {
            let batch = upload::load(&system, batch_id).await?;
            funding_list::of_batch(&system, &batch, &filter, after, limit).await?
        }
        None => {
            let days = wanted.days(system.clock.business_now().to_zoned(TimeZone::UTC).date())?;
            funding_list::of_days(&system, days, &filter, after, limit).await?
        }
    };
    Ok(Json(PageBody::new(found.items.into_iter().map(FundingView::from).collect(), found.next)))
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
