//! An operator replaces a check that did not arrive or was not paid: the same money, to a corrected address.
//!
//! Guarantees: a replacement is a new attempt, and only of a check whose money the bank has given back and whose funding is still here, which
//! its write checks; two checks of one payment are never out at once.

use crate::domain::bank::mailing_address::MailingAddress;
use crate::domain::funding::Funding;
use crate::domain::ids::PaymentId;
use crate::domain::leg::State;
use crate::domain::payment::{Payee, Payment};
use crate::domain::task::Task;
use crate::operations::{OperationError, System, audit, step};
use crate::ports::table::{Change, Condition};
use crate::store::history::HistoryEntry;
use crate::store::keys;
use crate::store::stored::{Stored as _, read};

/// Has the check made anew for `address`. What stood against it (attention, an earlier stop) is thereby looked into and ends.
pub async fn replace(
    system: &System,
    payment_id: PaymentId,
    address: MailingAddress,
    caller: &str,
) -> Result<Payment, OperationError> {
    let payment: Option<Payment> = read(&*system.table, &keys::payment(payment_id)).await?;
    let payment = payment.filter(|payment| payment.autopay.is_some());
    let mut payment = payment.ok_or_else(|| OperationError::not_found("payment", payment_id))?;
    let state = payment.leg.state;
    let refused = OperationError::PaymentState { payment_id, state, wanted: "replaced" };
    if state != State::Returned || !payment.owes_refund() || payment.is_cancel_asked() {
        return Err(refused);
    }
    let funding_id = payment.funding_id();
    let funding: Option<Funding> = read(&*system.table, &keys::funding(funding_id)).await?;
    let mut funding = funding.ok_or_else(|| OperationError::not_found("funding", funding_id))?;
    let is_here = funding.leg.state == State::Available && funding.leg.attention.is_none();
    if fault!(ReplacedWithoutMoney, false, !is_here) {
        return Err(OperationError::MoneyGone { payment_id, funding: funding.leg.state });
    }
    let kind = payment.kind();
    let Payee::Check(payee) = &mut payment.payee else { return Err(refused) };
    payee.address = address;
    let now = system.clock.business_now();
    let moved = payment.leg.retry(kind)?;
    payment.leg.attention = None;
    if let Some(facts) = &mut payment.autopay {
        facts.stop_asked_at = None;
    }
    let mut entry = HistoryEntry::new("replaced", &payment.leg, now).moved(&moved);
    entry.by = Some(caller.to_owned());
    let mut changes = step::changes(&mut payment, &entry, &moved.effects, now)?;
    let condition = Condition::VersionIs(*funding.version_mut());
    changes.push(Change::Check { key: funding.key(), condition });
    changes.push(audit::entry(system, caller, "replace_check", &payment_id.to_string(), None)?);
    system.table.write(changes).await?;
    system.hint([Task::Advance { payment_id }]).await;
    Ok(payment)
}
