//! A person cancels a payment: what was not sent is not sent any more, and what was pulled goes back.
//!
//! Guarantees: the wish is recorded before anything follows from it, and holds against a send at the same moment: one of the two writes
//! sees the other. Asked again, nothing changes. The card keeps it too, so that no review opens the same payment again.

use super::people;
use crate::domain::autopay::ids::{CardId, PersonId};
use crate::domain::autopay::payment_effects::is_check_out;
use crate::domain::calendar::eastern_date;
use crate::domain::ids::{ItemId, PaymentId};
use crate::domain::leg::State;
use crate::domain::payment::Payment;
use crate::domain::task::Task;
use crate::operations::{OperationError, System, advance, audit};
use crate::ports::table::TableError;
use crate::store::history::HistoryEntry;
use crate::store::keys;
use crate::store::stored::{read, replace};

/// Writes of the wish before the caller is asked to try again.
const TRIES_MAX: usize = 8;

/// Cancels a payment of a person's card. Answers it as it stands then: canceled at once where nothing had left; otherwise marked, and
/// its money goes back to the bank account once it is here, after the bank has stopped the check where one is out.
pub async fn cancel(
    system: &System,
    person_id: PersonId,
    card_id: CardId,
    payment_id: PaymentId,
) -> Result<Payment, OperationError> {
    for _ in 0..TRIES_MAX {
        let payment = load(system, person_id, card_id, payment_id).await?;
        if payment.is_cancel_asked() {
            break;
        }
        if mark(system, payment, person_id, card_id).await? {
            advance::cancel_unsent(system, payment_id).await?;
            system.hint([Task::Advance { payment_id }]).await;
            break;
        }
    }
    let payment = load(system, person_id, card_id, payment_id).await?;
    if payment.is_cancel_asked() || !may_cancel(&payment)? {
        return Ok(payment);
    }
    Err(OperationError::Contended(payment_id.to_string()))
}

/// Another person's payment, or another card's, is not there; nor is a refund to be canceled.
async fn load(
    system: &System,
    person_id: PersonId,
    card_id: CardId,
    payment_id: PaymentId,
) -> Result<Payment, OperationError> {
    let payment: Option<Payment> = read(&*system.table, &keys::payment(payment_id)).await?;
    let is_theirs = |payment: &Payment| {
        let facts = payment.autopay.as_ref();
        payment.payer_id == person_id.to_string()
            && facts.is_some_and(|facts| facts.card_id == card_id && facts.refund_of.is_none())
    };
    payment.filter(is_theirs).ok_or_else(|| OperationError::not_found("payment", payment_id))
}

/// Whether there is anything to cancel. A cashed check is too late.
fn may_cancel(payment: &Payment) -> Result<bool, OperationError> {
    match payment.leg.state {
        State::Unprocessed | State::Submitting | State::Processing => Ok(true),
        // Stopped or refused, and an operator was to decide what becomes of it: the person does.
        State::Returned => Ok(payment.owes_refund()),
        state @ (State::Completed | State::Available) => {
            Err(OperationError::PaymentState { payment_id: payment.id, state, wanted: "canceled" })
        }
        State::Failed | State::Canceled => Ok(false),
    }
}

/// Records the wish. Answers `false` where somebody else's write was faster.
async fn mark(
    system: &System,
    mut payment: Payment,
    person_id: PersonId,
    card_id: CardId,
) -> Result<bool, OperationError> {
    if !may_cancel(&payment)? {
        return Ok(true);
    }
    let now = system.clock.business_now();
    let is_out = is_check_out(payment.kind(), payment.leg.state);
    if let Some(facts) = &mut payment.autopay {
        facts.cancel_asked_at = Some(now);
        if is_out {
            facts.stop_asked_at.get_or_insert(now);
        }
    }
    let mut entry = HistoryEntry::new("cancel_asked", &payment.leg, now);
    entry.by = Some(person_id.to_string());
    payment.updated_at = now;
    payment.due_at = payment.leg.attention.is_none().then_some(now);
    let mut card = people::card(system, person_id, card_id).await?;
    card.cancel(payment.id, eastern_date(now));
    card.updated_at = now;
    let puts = [replace(&mut payment)?, replace(&mut card)?];
    let entry = entry.put(ItemId::Payment(payment.id), payment.version)?;
    let audited = audit::entry(system, &person_id.to_string(), "cancel_payment", &payment.id.to_string(), None)?;
    match system.table.write(puts.into_iter().chain([entry, audited]).collect()).await {
        Ok(()) => Ok(true),
        Err(TableError::ConditionFailed { .. }) => Ok(false),
        Err(other) => Err(other.into()),
    }
}
