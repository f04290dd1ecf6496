//! An operator replaces a check that did not arrive or was not paid: the same money, to its own address again, or to another one that a
//! second operator has confirmed; to the order of whom the biller directory names for that address by now.
//!
//! Guarantees: a replacement is a new attempt, and only of a check whose money the bank has given back and whose funding is still here, which
//! its write checks; two checks of one payment are never out at once; no one person decides that a check goes to another address.

use super::{notices, own};
use crate::domain::autopay::card::Card;
use crate::domain::autopay::held::MailedTo;
use crate::domain::autopay::notice::{NoticeKind, Recipient};
use crate::domain::bank::mailing_address::MailingAddress;
use crate::domain::biller::{Biller, Remittance, RemittanceProposal};
use crate::domain::funding::Funding;
use crate::domain::ids::PaymentId;
use crate::domain::payment::replacement::{Replacement, ReplacementRefusal, is_money_here, may_be_replaced};
use crate::domain::payment::{Payee, Payment};
use crate::domain::task::Task;
use crate::operations::{OperationError, System, audit, save_step, webhooks};
use crate::ports::table::{Change, Condition};
use crate::store::history::HistoryEntry;
use crate::store::keys;
use crate::store::stored::{Stored as _, create, read, replace as put_over};

/// What became of a wish to have a check made anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// It is made anew.
    Done,
    /// It waits for a second person.
    Proposed,
}

/// Has the check made anew where it went before, or proposes another address.
pub async fn replace(
    system: &System,
    payment_id: PaymentId,
    address: MailingAddress,
    caller: &str,
) -> Result<Replaced, OperationError> {
    let (payment, funding) = replaceable(system, payment_id, caller).await?;
    let is_confirmed = address_of(&payment)? == &address || in_directory(system, &payment, &address).await?.is_some();
    if fault!(ReplacedByOne, true, is_confirmed) {
        make_anew(system, (payment, funding), address, caller, Vec::new()).await?;
        return Ok(Replaced::Done);
    }
    let known: Option<Replacement> = read(&*system.table, &keys::replacement(payment_id)).await?;
    let mut proposal = Replacement {
        payment_id,
        version: known.as_ref().map_or(1, |known| known.version),
        attempt: payment.leg.attempt,
        address,
        proposed_by: caller.to_owned(),
        proposed_at: system.clock.business_now(),
        confirmed_by: None,
    };
    let put = if known.is_some() { put_over(&mut proposal)? } else { create(&proposal)? };
    let entry = audit::entry(system, caller, "propose_check_address", &payment_id.to_string(), None)?;
    system.table.write(vec![put, entry]).await?;
    Ok(Replaced::Proposed)
}

/// What was proposed last for a check, confirmed or not.
pub async fn proposed(system: &System, payment_id: PaymentId) -> Result<Replacement, OperationError> {
    let proposal: Option<Replacement> = read(&*system.table, &keys::replacement(payment_id)).await?;
    proposal.ok_or_else(|| OperationError::not_found("replacement of the check of payment", payment_id))
}

/// The second person's word: has the check made anew for the address that they looked at.
pub async fn confirm(
    system: &System,
    payment_id: PaymentId,
    seen: &MailingAddress,
    caller: &str,
) -> Result<(), OperationError> {
    let (payment, funding) = replaceable(system, payment_id, caller).await?;
    let proposal: Option<Replacement> = read(&*system.table, &keys::replacement(payment_id)).await?;
    let mut proposal = proposal.ok_or(ReplacementRefusal::NothingProposed)?;
    proposal.confirm(caller, payment.leg.attempt, seen)?;
    let mut more = vec![put_over(&mut proposal)?];
    more.extend(offer_to_others(system, &payment, &proposal).await?);
    make_anew(system, (payment, funding), proposal.address, caller, more).await
}

/// Where checks for a payment's issuer go, by the biller directory.
async fn biller_of(system: &System, payment: &Payment) -> Result<Option<Biller>, OperationError> {
    let Some(facts) = &payment.autopay else { return Ok(None) };
    let card: Option<Card> = read(&*system.table, &keys::card(facts.card_id)).await?;
    let card = card.ok_or_else(|| OperationError::not_found("card", facts.card_id))?;
    Ok(read(&*system.table, &keys::biller(&card.institution_id)).await?)
}

/// Whose name stands for this address in the biller directory, where two operators confirmed both.
async fn in_directory(
    system: &System,
    payment: &Payment,
    address: &MailingAddress,
) -> Result<Option<Remittance>, OperationError> {
    let remittance = biller_of(system, payment).await?.and_then(|biller| biller.remittance);
    Ok(remittance.filter(|known| known.address == *address))
}

/// An address that two confirmed for one check is proposed for those that are not made yet, unless something else is.
async fn offer_to_others(
    system: &System,
    payment: &Payment,
    confirmed: &Replacement,
) -> Result<Vec<Change>, OperationError> {
    let (Some(mut biller), Payee::Check(payee)) = (biller_of(system, payment).await?, &payment.payee) else {
        return Ok(Vec::new());
    };
    let is_known = biller.remittance.as_ref().is_some_and(|known| known.address == confirmed.address);
    if is_known || biller.remittance_proposal.is_some() {
        return Ok(Vec::new());
    }
    let (name, address) = (payee.name.clone(), confirmed.address.clone());
    biller.remittance_proposal = Some(RemittanceProposal {
        remittance: Remittance { name, address, institution_routing_number: None },
        by: confirmed.proposed_by.clone(),
        at: confirmed.proposed_at,
    });
    biller.updated_at = system.clock.business_now();
    let institution_id = biller.institution_id.clone();
    let kind = NoticeKind::AddressOffered { institution_id, payment_id: payment.id };
    let mut changes = notices::puts(system, Recipient::Operators, [kind]).await?;
    changes.push(put_over(&mut biller)?);
    Ok(changes)
}

/// A payment whose check may be made anew, and its funding: the bank has given the check's money back, nobody wants that to go back to its
/// payer, the debit that paid it in still stands, and it is not the caller's own.
async fn replaceable(
    system: &System,
    payment_id: PaymentId,
    caller: &str,
) -> Result<(Payment, Funding), OperationError> {
    let payment: Option<Payment> = read(&*system.table, &keys::payment(payment_id)).await?;
    let payment = payment.filter(|payment| payment.autopay.is_some());
    let payment = payment.ok_or_else(|| OperationError::not_found("payment", payment_id))?;
    own::refuse(system, caller, &payment.payer_id).await?;
    address_of(&payment)?;
    if !may_be_replaced(&payment) {
        return Err(refused(&payment));
    }
    let funding_id = payment.funding_id();
    let funding: Option<Funding> = read(&*system.table, &keys::funding(funding_id)).await?;
    let funding = funding.ok_or_else(|| OperationError::not_found("funding", funding_id))?;
    if fault!(ReplacedWithoutMoney, false, !is_money_here(&funding) || funding.unused() < payment.amount) {
        return Err(OperationError::MoneyGone { payment_id, funding: funding.leg.state });
    }
    Ok((payment, funding))
}

fn address_of(payment: &Payment) -> Result<&MailingAddress, OperationError> {
    match &payment.payee {
        Payee::Check(payee) => Ok(&payee.address),
        Payee::Account(_) => Err(refused(payment)),
    }
}

fn refused(payment: &Payment) -> OperationError {
    OperationError::PaymentState { payment_id: payment.id, state: payment.leg.state, wanted: "replaced" }
}

/// What stood against the check (attention, an earlier stop) is thereby looked into and ends.
async fn make_anew(
    system: &System,
    (mut payment, mut funding): (Payment, Funding),
    address: MailingAddress,
    caller: &str,
    more: Vec<Change>,
) -> Result<(), OperationError> {
    let (payment_id, kind) = (payment.id, payment.kind());
    let known = in_directory(system, &payment, &address).await?;
    if let Payee::Check(payee) = &mut payment.payee {
        let before = MailedTo::of(payee);
        if let Some(known) = known.filter(|_| fault!(ReplacedUnderOldName, false, true)) {
            payee.name = known.name;
        }
        payee.address = address;
        if let Some(facts) = payment.autopay.as_mut().filter(|facts| !facts.mailed_before.contains(&before)) {
            facts.mailed_before.push(before);
        }
    }
    let now = system.clock.business_now();
    let moved = payment.leg.retry(kind)?;
    let flag = payment.leg.attention.take();
    if let Some(facts) = &mut payment.autopay {
        facts.stop_asked_at = None;
    }
    let mut entry = HistoryEntry::new("replaced", &payment.leg, now).moved(&moved);
    entry.by = Some(caller.to_owned());
    let mut changes = save_step::changes(system, &mut payment, &entry, &moved.effects, now).await?;
    changes.extend(webhooks::of_cleared(system, &mut payment, flag).await?);
    let condition = Condition::VersionIs(*funding.version_mut());
    changes.push(Change::Check { key: funding.key(), condition });
    changes.extend(more);
    changes.push(audit::entry(system, caller, "replace_check", &payment_id.to_string(), None)?);
    system.table.write(changes).await?;
    system.hint([Task::Advance { payment_id }]).await;
    Ok(())
}
