//! Payments: one, its history, those of a batch and those of an employee.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::batch::retry_standing::NoRetry;
use shared::domain::caller::Caller;
use shared::domain::ids::{BatchId, FundingId, ItemId, PaymentId};
use shared::domain::leg::{self, Attention};
use shared::domain::money::Cents;
use shared::domain::payment::Payment;
use shared::http::body::{PathParameters, QueryParameters};
use shared::http::pages::{PageBody, PageQuery};
use shared::http::problem::{Problem, Refused};
use shared::operations::payment_list::{self, PaymentFilter};
use shared::operations::{OperationError, System, lists, retry_standing, upload};
use shared::store::history::{self, HistoryEntry};
use shared::store::{keys, stored};
use utoipa::{IntoParams, ToSchema};

use crate::batches::has_payments;
use crate::readers::readable;

/// A payment. `employee_id` and `branch_id` are there for rows of a batch alone, and so is one of `institution_id` and `payee_name`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentView {
    #[schema(value_type = String)]
    payment_id: PaymentId,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    batch_id: Option<BatchId>,
    /// The funding whose money it is paid with.
    #[schema(value_type = String)]
    funding_id: FundingId,
    #[serde(skip_serializing_if = "Option::is_none")]
    employee_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    branch_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    institution_id: Option<String>,
    /// Where the row names a bank account: whose it is, as the bank has the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    payee_name: Option<String>,
    source_id: String,
    /// As the file names the account.
    account_last4: String,
    /// The bank had corrected that account when the payment was sent: the account that is paid, and the change code.
    #[serde(skip_serializing_if = "Option::is_none")]
    corrected_account_last4: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change_code: Option<String>,
    #[schema(value_type = String)]
    amount: Cents,
    state: leg::State,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "returned:R03")]
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
    #[serde(skip_serializing_if = "Option::is_none")]
    attention: Option<Attention>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Whether a retry of its batch would take it now. Only where one payment is asked for, and not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry: Option<RetryView>,
}

/// Whether a retry would take a payment now. The retry itself decides anew.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RetryView {
    /// Whether a retry would take it.
    possible: bool,
    /// Why not: `not_failed`, `canceled`, `attention`, `unpayable_institution`, `needs_corrected_account`, `return_is_final`, `batch_state`
    /// or `not_a_row`. Absent where it is possible.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "needs_corrected_account")]
    reason: Option<&'static str>,
    /// The same for people, with what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// Which payments of which batch.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PaymentsWanted {
    /// The batch whose payments are listed.
    #[param(value_type = String)]
    batch: BatchId,
    /// Only payments in this state.
    state: Option<leg::State>,
    /// Only payments of this source.
    source: Option<String>,
}

impl From<Result<(), NoRetry>> for RetryView {
    fn from(standing: Result<(), NoRetry>) -> Self {
        let refused = standing.err();
        Self {
            possible: refused.is_none(),
            reason: refused.as_ref().map(NoRetry::code),
            detail: refused.map(|refused| refused.to_string()),
        }
    }
}

/// Our steps and the bank's events, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryView {
    items: Vec<HistoryEntry>,
}

impl From<Payment> for PaymentView {
    fn from(payment: Payment) -> Self {
        let (batch_id, funding_id) = (payment.batch_id(), payment.funding_id());
        let payee_name = payment.payee_name().map(str::to_owned);
        let row = payment.row;
        Self {
            payment_id: payment.id,
            batch_id,
            funding_id,
            employee_id: row.as_ref().map(|row| row.employee_id.clone()),
            branch_id: row.as_ref().map(|row| row.branch_id.clone()),
            institution_id: row.map(|row| row.institution_id).filter(|id| !id.is_empty()),
            payee_name,
            source_id: payment.payer_id,
            account_last4: payment.payee.account_last4().to_owned(),
            corrected_account_last4: payment.leg.corrected.as_ref().map(|sent| sent.account_last4.clone()),
            change_code: payment.leg.corrected.as_ref().map(|sent| sent.change_code.clone()),
            amount: payment.amount,
            state: payment.leg.state,
            reason: payment.leg.reason,
            attempt: payment.leg.attempt,
            transfer_id: payment.leg.transfer_id,
            bank_status: payment.leg.bank_status,
            settled_at: payment.leg.settled_at,
            attention: payment.leg.attention,
            created_at: payment.created_at,
            updated_at: payment.updated_at,
            retry: None,
        }
    }
}

async fn load(system: &System, caller: &Caller, payment_id: PaymentId) -> Result<Payment, OperationError> {
    let found: Option<Payment> = stored::read(&*system.table, &keys::payment(payment_id)).await?;
    readable(caller, found, |payment| &payment.payer_id, || OperationError::not_found("payment", payment_id))
}

/// The history of a payment or funding that is known to be there.
pub(crate) async fn history_of(system: &System, item_id: ItemId) -> Result<Json<HistoryView>, Problem> {
    let items = history::read(&*system.table, item_id).await?;
    Ok(Json(HistoryView { items }))
}

/// One payment.
#[utoipa::path(get, path = "/payments/{payment_id}", tag = "payments",
    params(("payment_id" = String, Path)),
    responses((status = 200, body = PaymentView), Refused),
    security(("bearer" = ["reports:read"]), ("bearer" = ["operate"])))]
pub(crate) async fn read(
    State(system): State<System>,
    caller: Caller,
    PathParameters(payment_id): PathParameters<PaymentId>,
) -> Result<Json<PaymentView>, Problem> {
    let payment = load(&system, &caller, payment_id).await?;
    let retry = Some(retry_standing::of(&system, &payment).await?.into());
    Ok(Json(PaymentView { retry, ..payment.into() }))
}

/// The payments of a batch, and what went back to its sources, page by page: in the order of their ids within each of the batch's parts,
/// and so not in the order of rows. Nothing before the import is whole. A page is full unless the list ends, or very much was passed over.
#[utoipa::path(get, path = "/payments", tag = "payments",
    params(PaymentsWanted, PageQuery),
    responses((status = 200, body = PageBody<PaymentView>), Refused),
    security(("bearer" = ["reports:read"]), ("bearer" = ["operate"])))]
pub(crate) async fn list(
    State(system): State<System>,
    QueryParameters(wanted): QueryParameters<PaymentsWanted>,
    QueryParameters(page): QueryParameters<PageQuery>,
) -> Result<Json<PageBody<PaymentView>>, Problem> {
    let (after, limit) = (page.start_after()?, page.limit()?);
    let batch = upload::load(&system, wanted.batch).await?;
    if !has_payments(batch.state) {
        return Ok(Json(PageBody::new(Vec::new(), None)));
    }
    let filter = PaymentFilter { state: wanted.state, source_id: wanted.source };
    let found = payment_list::of_batch(&system, &batch, &filter, after, limit).await?;
    Ok(Json(PageBody::new(found.items.into_iter().map(PaymentView::from).collect(), found.next)))
}

/// Everything that happened to a payment: our steps and the bank's events.
#[utoipa::path(get, path = "/payments/{payment_id}/history", tag = "payments",
    params(("payment_id" = String, Path)),
    responses((status = 200, body = HistoryView), Refused),
    security(("bearer" = ["reports:read"]), ("bearer" = ["operate"])))]
pub(crate) async fn history(
    State(system): State<System>,
    caller: Caller,
    PathParameters(payment_id): PathParameters<PaymentId>,
) -> Result<Json<HistoryView>, Problem> {
    load(&system, &caller, payment_id).await?;
    history_of(&system, ItemId::Payment(payment_id)).await
}

/// Payments for an employee, the newest batch first.
#[utoipa::path(get, path = "/employees/{employee_id}/payments", tag = "payments",
    params(("employee_id" = String, Path), PageQuery),
    responses((status = 200, body = PageBody<PaymentView>), Refused),
    security(("bearer" = ["reports:read"])))]
pub(crate) async fn of_employee(
    State(system): State<System>,
    PathParameters(employee_id): PathParameters<String>,
    QueryParameters(page): QueryParameters<PageQuery>,
) -> Result<Json<PageBody<PaymentView>>, Problem> {
    let found = lists::payments_of_employee(&system, &employee_id, page.start_after()?, page.limit()?).await?;
    Ok(Json(PageBody::new(found.items.into_iter().map(PaymentView::from).collect(), found.next)))
}
