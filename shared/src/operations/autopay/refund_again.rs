//! A refund that did not arrive is sent again: where its money was pulled from, or, where two operators say so, to another account of its
//! person's.
//!
//! Guarantees: it goes out again only after the bank has given it back, and while the debit that it gives back still stands, which its
//! write checks; no one person decides that it goes to another account.

use super::refund::money_held;
use super::replace::Replaced;
use super::{own, people};
use crate::domain::autopay::bank_account::BankAccount;
use crate::domain::autopay::ids::BankAccountId;
use crate::domain::autopay::notice::{NoticeKind, Recipient};
use crate::domain::autopay::refusal::AutopayRefusal;
use crate::domain::external_account::account_key;
use crate::domain::funding::Funding;
use crate::domain::ids::PaymentId;
use crate::domain::leg::{State, Transition};
use crate::domain::payment::redirect::{Redirect, SeenAccount, may_be_sent_again};
use crate::domain::payment::replacement::ReplacementRefusal;
use crate::domain::payment::single::is_lost_and_owed;
use crate::domain::payment::{AccountPayee, Payee, Payment};
use crate::domain::task::Task;
use crate::operations::refund::resealed;
use crate::operations::{OperationError, System, audit, payers, save_step, webhooks};
use crate::ports::table::{Change, Condition};
use crate::store::history::HistoryEntry;
use crate::store::keys;
use crate::store::stored::{Stored as _, create, read, replace};

/// Sends a refund once more where it went before, or proposes another account of its person's.
pub async fn again(
    system: &System,
    refund_id: PaymentId,
    to: Option<BankAccountId>,
    caller: &str,
) -> Result<Replaced, OperationError> {
    let (mut refund, money) = that_came_back(system, refund_id, caller).await?;
    let Some(bank_account_id) = to else {
        let moved = refund.leg.retry(refund.kind())?;
        send(system, refund, moved, caller, money).await?;
        return Ok(Replaced::Done);
    };
    let account = account_of(system, &refund, bank_account_id).await?;
    let known: Option<Redirect> = read(&*system.table, &keys::redirect(refund_id)).await?;
    let mut proposal = Redirect {
        payment_id: refund_id,
        version: known.as_ref().map_or(1, |known| known.version),
        attempt: refund.leg.attempt,
        bank_account_id,
        account: known_by(&account),
        account_last4: account.account.account_last4,
        proposed_by: caller.to_owned(),
        proposed_at: system.clock.business_now(),
        confirmed_by: None,
    };
    let put = if known.is_some() { replace(&mut proposal)? } else { create(&proposal)? };
    let detail = bank_account_id.to_string();
    let entry = audit::entry(system, caller, "propose_refund_account", &refund_id.to_string(), Some(&detail))?;
    system.table.write(vec![put, entry]).await?;
    Ok(Replaced::Proposed)
}

/// The second person's word: sends the refund to the account that they looked at.
pub async fn confirm(
    system: &System,
    refund_id: PaymentId,
    seen: &SeenAccount,
    caller: &str,
) -> Result<(), OperationError> {
    let (mut refund, mut held_to) = that_came_back(system, refund_id, caller).await?;
    let proposal: Option<Redirect> = read(&*system.table, &keys::redirect(refund_id)).await?;
    let mut proposal = proposal.ok_or(ReplacementRefusal::NothingProposed)?;
    let mut account = account_of(system, &refund, proposal.bank_account_id).await?;
    proposal.confirm(caller, refund.leg.attempt, seen, &known_by(&account))?;
    let moved = refund.leg.retry(refund.kind())?;
    redirect(system, &mut refund, &account).await?;
    let unchanged = Change::Check { key: account.key(), condition: Condition::VersionIs(*account.version_mut()) };
    held_to.extend([replace(&mut proposal)?, unchanged]);
    send(system, refund, moved, caller, held_to).await
}

/// A refund that the bank has given back or never took, and what the write that sends it again is held to: its money has to be here, brought
/// by the debit that it gives back, or by its person, who repaid that one otherwise. Not the caller's own.
async fn that_came_back(
    system: &System,
    refund_id: PaymentId,
    caller: &str,
) -> Result<(Payment, Vec<Change>), OperationError> {
    let refund: Option<Payment> = read(&*system.table, &keys::payment(refund_id)).await?;
    let refund = refund.filter(|payment| payment.refund_of().is_some());
    let refund = refund.ok_or_else(|| OperationError::not_found("payment", refund_id))?;
    own::refuse(system, caller, &refund.payer_id).await?;
    if !may_be_sent_again(&refund) {
        return Err(OperationError::PaymentState {
            payment_id: refund_id,
            state: refund.leg.state,
            wanted: "sent again",
        });
    }
    let funding_id = refund.funding_id();
    let funding: Option<Funding> = read(&*system.table, &keys::funding(funding_id)).await?;
    let mut funding = funding.ok_or_else(|| OperationError::not_found("funding", funding_id))?;
    let is_repaid = funding.is_repaid() || is_lost_and_owed(&refund.leg, &funding);
    let is_here = funding.leg.state == State::Available || fault!(RepaidRefundStranded, false, is_repaid);
    let gone = OperationError::MoneyGone { payment_id: refund_id, funding: funding.leg.state };
    if !is_here || funding.leg.attention.is_some() {
        return Err(gone);
    }
    let person = payers::load_person(system, refund.payer_id.parse()?).await?;
    let now = system.clock.business_now();
    let held_to = money_held(system, refund.amount, &refund.leg, &mut funding, &person, now).await?;
    Ok((refund, held_to.ok_or(gone)?))
}

/// An account of the person whose money it is, as it is now.
async fn account_of(
    system: &System,
    refund: &Payment,
    bank_account_id: BankAccountId,
) -> Result<BankAccount, OperationError> {
    let account = people::bank_account(system, refund.payer_id.parse()?, bank_account_id).await?;
    if account.unusable.is_some() {
        return Err(AutopayRefusal::AccountUnusable.into());
    }
    Ok(account)
}

fn known_by(account: &BankAccount) -> String {
    account_key(&account.account.fingerprint, account.account_type)
}

/// The refund goes to that account from now on; its number is sealed anew for it.
async fn redirect(system: &System, refund: &mut Payment, account: &BankAccount) -> Result<(), OperationError> {
    let Payee::Account(before) = &refund.payee else {
        return Err(OperationError::Inconsistent(format!("{} is no payment to a bank account", refund.id)));
    };
    let (from, to) = (keys::bank_account(account.id).pk, refund.key().pk);
    let sealed_account = resealed(system, &account.account.sealed_account, &from, &to).await?;
    refund.payee = Payee::Account(AccountPayee {
        routing_number: account.account.routing_number.clone(),
        sealed_account,
        account_last4: account.account.account_last4.clone(),
        account_type: account.account_type,
        fingerprint: known_by(account),
        // Where the money came from was tried before.
        came_from: None,
        ..before.clone()
    });
    refund.leg.redirected();
    Ok(())
}

/// That it came back is thereby looked into. The money must still be here when it goes out.
async fn send(
    system: &System,
    mut refund: Payment,
    moved: Transition,
    caller: &str,
    held_to: Vec<Change>,
) -> Result<(), OperationError> {
    let (refund_id, now) = (refund.id, system.clock.business_now());
    let flag = refund.leg.attention.take();
    let mut entry = HistoryEntry::new("sent_again", &refund.leg, now).moved(&moved);
    entry.by = Some(caller.to_owned());
    let mut changes = save_step::changes(system, &mut refund, &entry, &moved.effects, now).await?;
    changes.extend(webhooks::of_cleared(system, &mut refund, flag).await?);
    changes.extend(held_to);
    let bank_account_last4 = refund.payee.account_last4().to_owned();
    let (payment_id, attempt, amount) = (refund.refund_of().unwrap_or(refund_id), refund.leg.attempt, refund.amount);
    let told = NoticeKind::RefundSent { payment_id, attempt, amount, bank_account_last4 };
    changes.extend(super::notices::puts(system, Recipient::Person(refund.payer_id.parse()?), [told]).await?);
    changes.push(audit::entry(system, caller, "send_refund_again", &refund_id.to_string(), None)?);
    system.table.write(changes).await?;
    system.hint([Task::Advance { payment_id: refund_id }]).await;
    Ok(())
}
