//! Giving a person's money back: an ACH credit to the bank account that it was pulled from.
//!
//! Guarantees: a payment's money is given back once, because the payment names its refund in the write that makes it, and never more than
//! operators have left of it. A refund has no
//! funding of its own: it pays out what the funding of the payment brought, so that a return of that funding meets the refund instead.

use jiff::Timestamp;

use super::super::advance::SinglePayment;
use super::{held, notices};
use crate::domain::autopay::facts::AutopayFacts;
use crate::domain::autopay::held::{Ended, EndedBy};
use crate::domain::autopay::notice::{NoticeKind, Recipient};
use crate::domain::autopay::payment_effects::CardStep;
use crate::domain::autopay::person::Person;
use crate::domain::bank::request::EntryClass;
use crate::domain::funding::Funding;
use crate::domain::ids::{ItemId, PaymentId};
use crate::domain::leg::{AttentionReason, Leg, State, Transition};
use crate::domain::money::Cents;
use crate::domain::payment::single::is_lost_and_owed;
use crate::domain::payment::{AccountPayee, Payee, Payment};
use crate::domain::task::Task;
use crate::operations::refund::{came_from, resealed};
use crate::operations::{OperationError, System, payers, save_step};
use crate::ports::table::{Change, Condition, TableError};
use crate::store::history::HistoryEntry;
use crate::store::keys;
use crate::store::stored::{Stored as _, create, replace};

/// What the person's bank shows (NACHA company entry description, 10 characters).
const ENTRY_DESCRIPTION: &str = "REFUND";

/// Makes the refund of what a payment did not pay out, less what operators have set against what its person owed: where that is all of it,
/// the payment ends without one. One whose check was never sent ends canceled in the same write.
pub(crate) async fn refund(system: &System, single: SinglePayment) -> Result<(), OperationError> {
    let SinglePayment { mut payment, mut funding, person, accounts, stopped: _ } = single;
    let Some(mut accounts) = accounts else { return Ok(()) };
    let Some(facts) = payment.autopay.clone() else { return Ok(()) };
    let now = system.clock.business_now();
    let amount = funding.unused();
    let Some(held_to) = money_held(system, amount, &payment.leg, &mut funding, &person, now).await? else {
        return flag(system, payment, now).await;
    };
    let refund = if amount.is_positive() {
        Some(refund_of(system, (&payment, amount), &funding, &facts, &person.name).await?)
    } else {
        None
    };
    if let Some(facts) = &mut payment.autopay {
        facts.refunded_by = refund.as_ref().map(|refund| refund.id);
        facts.used_up_at = refund.is_none().then_some(now);
    }
    // What the person canceled, or never wanted sent, ended at their request.
    let is_requested = payment.leg.state == State::Unprocessed || payment.is_cancel_asked();
    let ended = (!is_requested).then(|| Ended::of(EndedBy::CheckFailed, &payment, now));
    let moved = match payment.leg.state {
        State::Unprocessed => {
            let kind = payment.kind();
            payment.leg.cancel(kind)?
        }
        state @ (State::Submitting
        | State::Processing
        | State::Completed
        | State::Available
        | State::Failed
        | State::Returned
        | State::Canceled) => Transition { from: state, to: state, effects: Vec::new() },
    };
    let event = if refund.is_some() { "refunded" } else { "used_up" };
    let entry = HistoryEntry::new(event, &payment.leg, now).moved(&moved);
    let mut changes = save_step::changes(system, &mut payment, &entry, &moved.effects, now).await?;
    changes.extend(refund.as_ref().map(create).transpose()?);
    changes.extend(held_to);
    CardStep::Reversed.mark(&mut accounts.card, payment.id, now);
    if let Some(ended) = &ended {
        accounts.card.end(payment.id, ended);
        changes.extend(held::told(system, &accounts.card, payment.id, ended.by).await?);
    }
    changes.push(replace(&mut accounts.card)?);
    let told = told_of(&payment, refund.as_ref(), is_requested.then_some(accounts.card.name));
    changes.extend(notices::puts(system, Recipient::Person(person.id), told).await?);
    match system.table.write(changes).await {
        Ok(()) => {
            system.hint(refund.map(|refund| Task::Advance { payment_id: refund.id })).await;
            Ok(())
        }
        // Something moved in between: what is left is decided anew.
        Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

/// What its person is told: where their money goes, and that their wish was done where they had one.
fn told_of(payment: &Payment, refund: Option<&Payment>, canceled_for: Option<String>) -> Vec<NoticeKind> {
    let payment_id = payment.id;
    let sent = refund.map(|refund| NoticeKind::RefundSent {
        payment_id,
        attempt: 1,
        amount: refund.amount,
        bank_account_last4: refund.payee.account_last4().to_owned(),
    });
    let canceled =
        canceled_for.map(|card_name| NoticeKind::PaymentCanceled { payment_id, card_name, amount: payment.amount });
    sent.into_iter().chain(canceled).collect()
}

/// Notes that its person has repaid the lost funding behind an unsent refund, so that the refund goes out. Answers whether it may.
pub(crate) async fn note_repaid(system: &System, single: SinglePayment) -> Result<bool, OperationError> {
    let SinglePayment { payment, mut funding, person, accounts: _, stopped: _ } = single;
    let now = system.clock.business_now();
    let Some(changes) = money_held(system, payment.amount, &payment.leg, &mut funding, &person, now).await? else {
        return flag(system, payment, now).await.map(|()| false);
    };
    match system.table.write(changes).await {
        Ok(()) => Ok(true),
        // Something moved in between: what is next is decided anew.
        Err(TableError::ConditionFailed { .. }) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

/// What the write of a refund is held to: so much of the money must still be there when it is made, less what operators have set against what
/// its person owed. That of a funding which came back late is there where its person has repaid it otherwise: they owe nothing, and their
/// books hold it. Nothing where that is not so.
pub(crate) async fn money_held(
    system: &System,
    amount: Cents,
    leg: &Leg,
    funding: &mut Funding,
    person: &Person,
    now: Timestamp,
) -> Result<Option<Vec<Change>>, OperationError> {
    if amount > funding.unused() {
        return Ok(None);
    }
    if !is_lost_and_owed(leg, funding) {
        let condition = Condition::VersionIs(*funding.version_mut());
        return Ok(Some(vec![Change::Check { key: funding.key(), condition }]));
    }
    let (holds, unchanged) = payers::holds::<Person>(system, &person.key(), amount).await?;
    (funding.repaid, funding.updated_at) = (Some(funding.amount), now);
    Ok(if holds { Some(vec![unchanged, replace(funding)?]) } else { None })
}

/// The books say neither that the money is its person's nor that they owe it: an operator looks at what was booked.
pub(crate) async fn flag(system: &System, mut payment: Payment, now: Timestamp) -> Result<(), OperationError> {
    payment.leg.raise(AttentionReason::ReceivableOpen, now);
    tracing::error!(payment = %payment.id, "attention: the books do not say whose the money of a payment is");
    let entry = HistoryEntry::new("attention_raised", &payment.leg, now);
    let mut changes = save_step::changes(system, &mut payment, &entry, &[], now).await?;
    changes.extend(notices::of_attention(system, ItemId::Payment(payment.id), &payment.leg).await?);
    match system.table.write(changes).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

async fn refund_of(
    system: &System,
    (payment, amount): (&Payment, Cents),
    funding: &Funding,
    facts: &AutopayFacts,
    name: &str,
) -> Result<Payment, OperationError> {
    let pulled = funding.account.as_ref();
    let pulled = pulled.ok_or_else(|| OperationError::Inconsistent(format!("{} names no account", funding.id)))?;
    let now = system.clock.business_now();
    let id = PaymentId::Single(system.new_uuid());
    let (from, to) = (keys::funding(funding.id).pk, keys::payment(id).pk);
    let sealed_account = resealed(system, &pulled.account.sealed_account, &from, &to).await?;
    let facts = AutopayFacts {
        cancel_asked_at: None,
        stop_asked_at: None,
        mailed_before: Vec::new(),
        refund_of: Some(payment.id),
        refunded_by: None,
        used_up_at: None,
        ..facts.clone()
    };
    Ok(Payment {
        id,
        version: 1,
        amount,
        payer_id: payment.payer_id.clone(),
        round: 1,
        leg: Leg::new(),
        payee: Payee::Account(AccountPayee {
            routing_number: pulled.account.routing_number.clone(),
            sealed_account,
            account_last4: pulled.account.account_last4.clone(),
            account_type: pulled.account_type,
            fingerprint: pulled.key(),
            name: name.to_owned(),
            entry_class: EntryClass::Ppd,
            entry_description: ENTRY_DESCRIPTION.to_owned(),
            came_from: came_from(system, funding, id).await?,
        }),
        check: None,
        autopay: Some(Box::new(facts)),
        row: None,
        due_at: Some(now),
        created_at: now,
        updated_at: now,
    })
}
