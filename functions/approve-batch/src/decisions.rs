//! What a second person or an operator decides about a batch.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::batch::{Accepted, Approve, Batch, BatchState};
use shared::domain::caller::Caller;
use shared::domain::ids::{BatchId, PaymentId};
use shared::domain::money::Cents;
use shared::http::body::{JsonBody, PathParameters, RawBody, parse_json};
use shared::http::problem::{Problem, Refused};
use shared::operations::{OperationError, System, approve as operations, refund as refunds, retry as retries};
use utoipa::ToSchema;

use crate::reasons::ReasonBody;

/// The approver has seen this and nothing else.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApprovalBody {
    manifest_hash: String,
    #[schema(value_type = String, example = "1234.50")]
    total: Cents,
    /// Fingerprints of every new or changed account of a source.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    accept_accounts: BTreeSet<String>,
    /// Every other batch that holds some of the same rows.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    accept_overlaps: BTreeSet<BatchId>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetryBody {
    /// Every later batch that may pay some of the same rows.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    overlaps: BTreeSet<BatchId>,
}

/// What was approved: the same however often it is asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApprovedBatch {
    #[schema(value_type = String)]
    batch_id: BatchId,
    manifest_hash: String,
    rows: u64,
    #[schema(value_type = String)]
    total: Cents,
    approved_by: String,
    #[schema(value_type = String, format = DateTime)]
    approved_at: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangedBatch {
    #[schema(value_type = String)]
    batch_id: BatchId,
    state: BatchState,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefundedBatch {
    #[schema(value_type = String)]
    batch_id: BatchId,
    /// Refunds that this request made.
    refunds: Vec<RefundView>,
    /// What is left and stays until its source has repaid what it owes. Ask again then.
    withheld: Vec<WithheldView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WithheldView {
    source_id: String,
    #[schema(value_type = String)]
    amount: Cents,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefundView {
    #[schema(value_type = String)]
    payment_id: PaymentId,
    source_id: String,
    #[schema(value_type = String)]
    amount: Cents,
}

impl ApprovedBatch {
    fn new(batch: Batch) -> Result<Self, OperationError> {
        let (Some(head), Some(approval)) = (batch.manifest, batch.approval) else {
            return Err(OperationError::Inconsistent(format!("{} is approved without an approval", batch.id)));
        };
        Ok(Self {
            batch_id: batch.id,
            manifest_hash: head.hash,
            rows: head.rows,
            total: head.total,
            approved_by: approval.by,
            approved_at: approval.at,
        })
    }
}

fn changed(batch: &Batch) -> Json<ChangedBatch> {
    Json(ChangedBatch { batch_id: batch.id, state: batch.state })
}

/// Approves exactly what the body names, once, if that is still what is true: accounts and overlaps are looked at again, and what the summary
/// did not show is answered 409 `not_shown` with the difference. The same person sending the same again gets the same answer, and nothing
/// more happens; anybody else gets 409 `approved_before`. Whoever made the batch or had its file summarized cannot approve it.
#[utoipa::path(post, path = "/batches/{batch_id}/approve", tag = "batches",
    params(("batch_id" = String, Path)),
    request_body = ApprovalBody,
    responses((status = 202, body = ApprovedBatch), Refused),
    security(("bearer" = ["payroll:approve"])))]
pub(crate) async fn approve(
    State(system): State<System>,
    caller: Caller,
    PathParameters(batch_id): PathParameters<BatchId>,
    body: JsonBody<ApprovalBody>,
) -> Result<(StatusCode, Json<ApprovedBatch>), Problem> {
    let approve = Approve {
        by: caller.subject,
        manifest_hash: body.value.manifest_hash,
        total: body.value.total,
        accepted: Accepted { accounts: body.value.accept_accounts, overlaps: body.value.accept_overlaps },
        uploader_may_approve: system.settings.uploader_may_approve,
    };
    let batch = operations::approve(&system, batch_id, &approve).await?;
    Ok((StatusCode::ACCEPTED, Json(ApprovedBatch::new(batch)?)))
}

/// Ends a batch that nobody has approved.
#[utoipa::path(post, path = "/batches/{batch_id}/decline", tag = "batches",
    params(("batch_id" = String, Path)),
    request_body = Option<ReasonBody>,
    responses((status = 200, body = ChangedBatch), Refused),
    security(("bearer" = ["payroll:approve"])))]
pub(crate) async fn decline(
    State(system): State<System>,
    caller: Caller,
    PathParameters(batch_id): PathParameters<BatchId>,
    RawBody(body): RawBody,
) -> Result<Json<ChangedBatch>, Problem> {
    let said = ReasonBody::read(&body)?;
    Ok(changed(&operations::decline(&system, batch_id, said.by(&caller)?).await?))
}

/// Takes a batch back that nobody has approved. Only who made it may: anybody else gets 403 `not_the_creator`. It is declined then, and
/// `ending` says how.
#[utoipa::path(post, path = "/batches/{batch_id}/withdraw", tag = "batches",
    params(("batch_id" = String, Path)),
    request_body = Option<ReasonBody>,
    responses((status = 200, body = ChangedBatch), Refused),
    security(("bearer" = ["payroll:upload"])))]
pub(crate) async fn withdraw(
    State(system): State<System>,
    caller: Caller,
    PathParameters(batch_id): PathParameters<BatchId>,
    RawBody(body): RawBody,
) -> Result<Json<ChangedBatch>, Problem> {
    let said = ReasonBody::read(&body)?;
    Ok(changed(&operations::withdraw(&system, batch_id, said.by(&caller)?).await?))
}

/// Stops what has not left. What the bank has goes its way.
#[utoipa::path(post, path = "/batches/{batch_id}/cancel", tag = "batches",
    params(("batch_id" = String, Path)),
    request_body = Option<ReasonBody>,
    responses((status = 202, body = ChangedBatch), Refused),
    security(("bearer" = ["payroll:approve"])))]
pub(crate) async fn cancel(
    State(system): State<System>,
    caller: Caller,
    PathParameters(batch_id): PathParameters<BatchId>,
    RawBody(body): RawBody,
) -> Result<(StatusCode, Json<ChangedBatch>), Problem> {
    let said = ReasonBody::read(&body)?;
    Ok((StatusCode::ACCEPTED, changed(&operations::cancel(&system, batch_id, said.by(&caller)?).await?)))
}

/// Tries the failed and returned payments again that the rules allow, funding only what is missing. A batch that was approved or retried since
/// and may pay one of those rows has to be named in `overlaps`; otherwise the answer is 409 `overlap_not_accepted`, with those batches.
/// Nobody who had a hand in the file of either batch may name one: 403 `approver_is_uploader`.
#[utoipa::path(post, path = "/batches/{batch_id}/retry", tag = "batches",
    params(("batch_id" = String, Path)),
    request_body = Option<RetryBody>,
    responses((status = 202, body = ChangedBatch), Refused),
    security(("bearer" = ["payroll:approve"])))]
pub(crate) async fn retry(
    State(system): State<System>,
    caller: Caller,
    PathParameters(batch_id): PathParameters<BatchId>,
    RawBody(body): RawBody,
) -> Result<(StatusCode, Json<ChangedBatch>), Problem> {
    let body = if body.is_empty() { None } else { parse_json::<Option<RetryBody>>(&body)? };
    let accepted = body.map(|body| body.overlaps).unwrap_or_default();
    Ok((StatusCode::ACCEPTED, changed(&retries::retry(&system, batch_id, &caller.subject, &accepted).await?)))
}

/// Gives the sources back what is left of their money when a batch has ended.
#[utoipa::path(post, path = "/batches/{batch_id}/refund", tag = "batches",
    params(("batch_id" = String, Path)),
    responses((status = 202, body = RefundedBatch), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn refund(
    State(system): State<System>,
    caller: Caller,
    PathParameters(batch_id): PathParameters<BatchId>,
) -> Result<(StatusCode, Json<RefundedBatch>), Problem> {
    let refunded = refunds::refund(&system, batch_id, &caller.subject).await?;
    let refunds = refunded.made.into_iter().map(|payment| RefundView {
        payment_id: payment.id,
        source_id: payment.payer_id,
        amount: payment.amount,
    });
    let withheld = refunded.withheld.into_iter().map(|(source_id, amount)| WithheldView { source_id, amount });
    let body = RefundedBatch { batch_id, refunds: refunds.collect(), withheld: withheld.collect() };
    Ok((StatusCode::ACCEPTED, Json(body)))
}
