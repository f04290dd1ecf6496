//! Whether a retry would take a payment now. For showing: the retry itself decides anew.

use super::{OperationError, System, upload};
use crate::domain::ach::account_correction::{AccountCorrection, Standing};
use crate::domain::batch::BatchState;
use crate::domain::batch::retry_standing::{NoRetry, standing};
use crate::domain::ids::ItemId;
use crate::domain::payment::{Payee, Payment};
use crate::store::keys;
use crate::store::stored::read;

/// Why a retry would not take the payment, or that it would.
pub async fn of(system: &System, payment: &Payment) -> Result<Result<(), NoRetry>, OperationError> {
    let Some(batch_id) = payment.batch_id() else { return Ok(Err(NoRetry::NoRow)) };
    let may_need_correction = standing(payment, false, BatchState::Completed).is_err();
    let is_corrected = may_need_correction
        && standing(payment, true, BatchState::Completed).is_ok()
        && is_corrected(system, payment).await?;
    let batch = upload::load(system, batch_id).await?;
    Ok(standing(payment, is_corrected, batch.state))
}

/// Whether the bank has corrected the account since the payment went there. No number is opened for it: what was said of this very payment,
/// or of the account that it went to as it was named.
async fn is_corrected(system: &System, payment: &Payment) -> Result<bool, OperationError> {
    let Payee::Account(payee) = &payment.payee else { return Ok(false) };
    let known: Option<AccountCorrection> = read(&*system.table, &keys::account_correction(&payee.fingerprint)).await?;
    Ok(known.is_some_and(|correction| {
        let is_news = payment.leg.corrected.is_none() || correction.said_of == ItemId::Payment(payment.id);
        correction.standing == Standing::InUse && is_news
    }))
}
