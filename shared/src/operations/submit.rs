//! Paying one payment: decide on fresh reads, then claim, call, record.

use std::sync::Arc;

use super::ach;
use super::corrected_ends::ExternalAccountDetails;
use super::{OperationError, System, release::ReleaseCache, send};
use crate::domain::deadline::Deadline;
use crate::domain::ids::PaymentId;
use crate::domain::payment::release::ReleaseAction;
use crate::domain::payment::{Payee, Payment};
use crate::domain::source::Source;
use crate::store::keys;
use crate::store::stored::{read, replace};

/// Pays a payment, if its funding, source and batch let it now. `surrounding` holds what this run has read of those.
pub async fn submit(
    system: &System,
    surrounding: &ReleaseCache,
    payment_id: PaymentId,
    deadline: Deadline,
) -> Result<(), OperationError> {
    let Some(payment) = read::<Payment>(&*system.table, &keys::payment(payment_id)).await? else {
        return Err(OperationError::not_found("payment", payment_id));
    };
    let Some(around) = surrounding.of(system, &payment).await? else { return Ok(()) };
    match payment.push(around.view(system)) {
        ReleaseAction::Submit => pay(system, payment, around.source.clone(), deadline).await,
        // Left to the release task, which looks at the whole shard.
        ReleaseAction::LookUp => send::look(system, payment, deadline).await,
        ReleaseAction::Leave | ReleaseAction::Cancel | ReleaseAction::FailUnfunded { .. } | ReleaseAction::FollowUp => {
            Ok(())
        }
    }
}

pub(crate) async fn pay(
    system: &System,
    mut payment: Payment,
    source: Arc<Source>,
    deadline: Deadline,
) -> Result<(), OperationError> {
    let Payee::Account(payee) = &payment.payee else {
        return Err(OperationError::Inconsistent(format!("{} is no payment to a bank account", payment.id)));
    };
    let external_account = ExternalAccountDetails::of_payee(system, payee, sealed_under(&payment, &source)).await?;
    payment.leg.reason = None;
    ach::send(system, payment, &*source, external_account, deadline).await
}

/// A payment holds its payee sealed under its own key; refunds of before hold it as their source does.
fn sealed_under(payment: &Payment, source: &Source) -> Vec<String> {
    let own = keys::payment(payment.id).pk;
    match payment.id {
        PaymentId::Refund { .. } => vec![own, keys::source(&source.id).pk],
        PaymentId::Row { .. } | PaymentId::Single(_) => vec![own],
    }
}

/// Replaces an item that only its own writer changes; somebody else's faster write is as good.
pub(crate) async fn replace_or_leave<T: crate::store::stored::Stored>(
    system: &System,
    item: &mut T,
) -> Result<(), OperationError> {
    match system.table.write(vec![replace(item)?]).await {
        Ok(()) | Err(crate::ports::table::TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}
