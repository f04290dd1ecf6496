//! Batches: the list, and one with the counts of its payments.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use shared::domain::batch::{Batch, BatchState, Ending, Failure};
use shared::domain::funding::Funding;
use shared::domain::ids::{BatchId, FundingId, PaymentId};
use shared::domain::leg::{self, Attention};
use shared::domain::money::Cents;
use shared::domain::payment::Payment;
use shared::http::body::{PathParameters, QueryParameters};
use shared::http::pages::{PageBody, PageQuery};
use shared::http::problem::{Problem, Refused};
use shared::operations::reports::{self, StateCounts, Tally};
use shared::operations::{OperationError, System, fund, lists, upload};
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BatchFilter {
    /// Only batches in this state.
    state: Option<BatchState>,
}

/// The header of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchHeader {
    #[schema(value_type = String)]
    batch_id: BatchId,
    state: BatchState,
    created_by: String,
    /// Who else had its file summarized: none of them may approve it.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    #[schema(value_type = Vec<String>)]
    uploaders: BTreeSet<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    control_total: Option<Cents>,
    /// The day that stands for the period the file pays for; known once it was given or the file summarized.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pay_period: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<FileView>,
    /// Errors of a rejected file.
    error_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<ApprovalView>,
    /// Why its import failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
    /// How a person ended it: declined, withdrawn or canceled.
    #[serde(skip_serializing_if = "Option::is_none")]
    ending: Option<Ending>,
    /// Rounds of funding so far.
    rounds: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    completed_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attention: Option<Attention>,
}

/// What the summary found the file to hold.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FileView {
    manifest_hash: String,
    file_sha256: String,
    rows: u64,
    #[schema(value_type = String)]
    total: Cents,
    payable_rows: u64,
    #[schema(value_type = String)]
    payable_total: Cents,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApprovalView {
    by: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// A batch with its payments counted and its fundings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchView {
    #[serde(flatten)]
    header: BatchHeader,
    /// Payments by state; all zero before the import is whole.
    payments: StateCounts,
    /// Of its payments; refunds are in none of these.
    totals: Tally,
    fundings: Vec<BatchFunding>,
    /// What went back to its sources.
    refunds: Vec<BatchRefund>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchFunding {
    #[schema(value_type = String)]
    funding_id: FundingId,
    source_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    round: Option<u32>,
    #[schema(value_type = String)]
    amount: Cents,
    state: leg::State,
    /// When its money may be spent; known once it settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    available_at: Option<Timestamp>,
}

/// Money that goes back to a source.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchRefund {
    #[schema(value_type = String)]
    payment_id: PaymentId,
    source_id: String,
    account_last4: String,
    #[schema(value_type = String)]
    amount: Cents,
    state: leg::State,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "returned:R02")]
    reason: Option<leg::Reason>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Batch> for BatchHeader {
    fn from(batch: Batch) -> Self {
        Self {
            batch_id: batch.id,
            state: batch.state,
            pay_period: batch.pay_period(),
            created_by: batch.created_by,
            uploaders: batch.uploaders,
            created_at: batch.created_at,
            updated_at: batch.updated_at,
            control_total: batch.control_total,
            file: batch.manifest.map(|head| FileView {
                manifest_hash: head.hash,
                file_sha256: head.file_sha256,
                rows: head.rows,
                total: head.total,
                payable_rows: head.payable_rows,
                payable_total: head.payable_total,
            }),
            error_count: batch.error_count,
            approval: batch.approval.map(|approval| ApprovalView { by: approval.by, at: approval.at }),
            failure: batch.failure,
            ending: batch.ending,
            rounds: batch.rounds,
            completed_at: batch.completed_at,
            attention: batch.attention,
        }
    }
}

impl From<Funding> for BatchFunding {
    fn from(funding: Funding) -> Self {
        Self {
            funding_id: funding.id,
            round: funding.id.round(),
            source_id: funding.payer_id,
            amount: funding.amount,
            state: funding.leg.state,
            available_at: funding.available_at,
        }
    }
}

impl From<Payment> for BatchRefund {
    fn from(refund: Payment) -> Self {
        Self {
            payment_id: refund.id,
            account_last4: refund.payee.account_last4().to_owned(),
            source_id: refund.payer_id,
            amount: refund.amount,
            state: refund.leg.state,
            reason: refund.leg.reason,
            created_at: refund.created_at,
        }
    }
}

/// Batches, newest first.
#[utoipa::path(get, path = "/batches", tag = "batches",
    params(PageQuery, BatchFilter),
    responses((status = 200, body = PageBody<BatchHeader>), Refused),
    security(("bearer" = ["payroll:upload"]), ("bearer" = ["payroll:approve"]), ("bearer" = ["reports:read"]), ("bearer" = ["operate"])))]
pub(crate) async fn list(
    State(system): State<System>,
    QueryParameters(page): QueryParameters<PageQuery>,
    QueryParameters(filter): QueryParameters<BatchFilter>,
) -> Result<Json<PageBody<BatchHeader>>, Problem> {
    let found = lists::batches(&system, filter.state, page.start_after()?, page.limit()?).await?;
    Ok(Json(PageBody::new(found.items.into_iter().map(BatchHeader::from).collect(), found.next)))
}

/// One batch, with its payments counted now.
#[utoipa::path(get, path = "/batches/{batch_id}", tag = "batches",
    params(("batch_id" = String, Path)),
    responses((status = 200, body = BatchView), Refused),
    security(("bearer" = ["payroll:upload"]), ("bearer" = ["payroll:approve"]), ("bearer" = ["reports:read"]), ("bearer" = ["operate"])))]
pub(crate) async fn read(
    State(system): State<System>,
    PathParameters(batch_id): PathParameters<BatchId>,
) -> Result<Json<BatchView>, Problem> {
    Ok(Json(view(&system, upload::load(&system, batch_id).await?).await?))
}

async fn view(system: &System, batch: Batch) -> Result<BatchView, OperationError> {
    let (mut payments, mut totals) = (StateCounts::default(), Tally::default());
    let (mut fundings, mut refunds) = (Vec::new(), Vec::new());
    if has_payments(batch.state) {
        let tallies = reports::tallies(system, batch.id).await?;
        (payments, totals) = (tallies.states, tallies.total);
        fundings = fund::all_fundings(system, &batch).await?;
        refunds = reports::refunds(system, &batch).await?;
    }
    Ok(BatchView {
        header: batch.into(),
        payments,
        totals,
        fundings: fundings.into_iter().map(BatchFunding::from).collect(),
        refunds: refunds.into_iter().map(BatchRefund::from).collect(),
    })
}

/// Before the import is whole its payments are not counted: all rows are there or none.
pub(crate) const fn has_payments(state: BatchState) -> bool {
    match state {
        BatchState::Paying | BatchState::Completed | BatchState::Canceling | BatchState::Canceled => true,
        BatchState::Draft
        | BatchState::Summarizing
        | BatchState::Ready
        | BatchState::Rejected
        | BatchState::Importing
        | BatchState::Declined
        | BatchState::Expired
        | BatchState::Failed => false,
    }
}
