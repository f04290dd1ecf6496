//! Giving a source back what is left of its money when a batch has ended: a payout to the account it was pulled from.

use std::sync::Arc;

use super::submit::{pay, replace_or_leave};
use super::upload::load;
use super::{OperationError, System, audit, retry, sources, stops};
use crate::domain::ach::transliteration::transliterated;
use crate::domain::bank::request::{AccountType, EntryClass};
use crate::domain::batch::{Batch, BatchRefusal, BatchState};
use crate::domain::deadline::Deadline;
use crate::domain::ids::{BatchId, PaymentId, SourceTag};
use crate::domain::leg::{Leg, State};
use crate::domain::money::Cents;
use crate::domain::payment::{AccountPayee, Payee, Payment};
use crate::domain::task::Task;
use crate::store::keys;
use crate::store::stored::{create, read, replace};

/// What the source's bank shows (NACHA company entry description, 10 characters).
const ENTRY_DESCRIPTION: &str = "REFUND";

/// Refunds of one batch that are looked for by their numbers.
const REFUNDS_MAX: u64 = 10_000;

/// Refunds what is left of each source's money in an ended batch. Asked for again it refunds only what has become left since.
pub async fn refund(system: &System, batch_id: BatchId, caller: &str) -> Result<Vec<Payment>, OperationError> {
    let mut batch = load(system, batch_id).await?;
    if !matches!(batch.state, BatchState::Completed | BatchState::Canceled) {
        return Err(BatchRefusal::WrongState { state: batch.state, wanted: "refunded" }.into());
    }
    let unspent = unspent(system, &batch).await?;
    let now = system.clock.business_now();
    let mut made = Vec::new();
    for (source_id, amount) in unspent {
        let source = sources::load(system, &source_id).await?;
        if source.receivable_open || batch.refunds >= REFUNDS_MAX {
            continue;
        }
        batch.refunds = batch.refunds.saturating_add(1);
        let number = u32::try_from(batch.refunds).unwrap_or(u32::MAX);
        let mut payment = Payment {
            id: PaymentId::Refund { batch: batch_id, source: SourceTag::of(&source_id), number },
            version: 1,
            amount,
            payer_id: source_id.clone(),
            round: 1,
            leg: Leg::new(),
            payee: Payee::Account(AccountPayee {
                routing_number: source.account.routing_number.clone(),
                sealed_account: source.account.sealed_account.clone(),
                account_last4: source.account.account_last4.clone(),
                account_type: AccountType::Checking,
                fingerprint: source.account.fingerprint.clone(),
                name: transliterated(&source.name).into_owned(),
                entry_class: EntryClass::Ccd,
                entry_description: ENTRY_DESCRIPTION.to_owned(),
            }),
            check: None,
            autopay: None,
            row: None,
            due_at: None,
            created_at: now,
            updated_at: now,
        };
        payment.schedule(now);
        let entry = audit::entry(system, caller, "refund", &payment.id.to_string(), Some(&amount.to_string()))?;
        // The header's version makes two refunds at once impossible: each counts on what the other has not yet taken.
        let changes = vec![replace(&mut batch)?, create(&payment)?, entry];
        system.table.write(changes).await?;
        made.push(payment);
    }
    system.hint(made.iter().map(|payment| Task::Submit { payment_id: payment.id })).await;
    Ok(made)
}

async fn unspent(system: &System, batch: &Batch) -> Result<Vec<(String, Cents)>, OperationError> {
    let mut money = retry::source_money(system, batch).await?;
    for (source_id, spent) in
        fault!(RefundOfSpentMoney, std::collections::BTreeMap::new(), retry::spent_by_source(system, batch.id).await?)
    {
        let total = &mut money.entry(source_id).or_default().spent;
        *total = total.plus(spent)?;
    }
    let mut left = Vec::new();
    for (source_id, money) in money {
        let unspent = money.unspent()?;
        if unspent.is_positive() {
            left.push((source_id, unspent));
        }
    }
    Ok(left)
}

/// Every refund of a batch.
pub(crate) async fn all(system: &System, batch: &Batch) -> Result<Vec<Payment>, OperationError> {
    let Some(head) = &batch.manifest else { return Ok(Vec::new()) };
    let manifest = system.manifest(batch.id, &head.hash).await?;
    let mut refunds = Vec::new();
    for number in 1..=u32::try_from(batch.refunds).unwrap_or(u32::MAX) {
        for source in &manifest.sources {
            let id = PaymentId::Refund { batch: batch.id, source: SourceTag::of(&source.id), number };
            refunds.extend(read::<Payment>(&*system.table, &keys::payment(id)).await?);
        }
    }
    Ok(refunds)
}

/// Sends a refund, or sends it again.
pub async fn submit(system: &System, id: PaymentId, deadline: Deadline) -> Result<(), OperationError> {
    let Some(mut payment) = read::<Payment>(&*system.table, &keys::payment(id)).await? else {
        return Err(OperationError::not_found("payment", id));
    };
    let source = sources::load(system, &payment.payer_id).await?;
    let is_stopped = !stops::may_claim(system, &source.id).await?;
    let is_paused = is_stopped || source.is_paused(system.clock.business_now());
    let may_send = match payment.leg.state {
        State::Unprocessed => !is_paused && !source.receivable_open,
        State::Submitting => !is_paused,
        State::Processing | State::Completed | State::Available | State::Failed | State::Returned | State::Canceled => {
            false
        }
    };
    if payment.leg.attention.is_some() {
        return Ok(());
    }
    if !may_send {
        return wait(system, &mut payment).await;
    }
    pay(system, payment, Arc::new(source), deadline).await
}

/// One that nobody has claimed is looked at again some minutes later; any other is due by what moves it.
async fn wait(system: &System, payment: &mut Payment) -> Result<(), OperationError> {
    if payment.leg.state != State::Unprocessed {
        return Ok(());
    }
    payment.schedule(system.clock.business_now());
    replace_or_leave(system, payment).await
}
