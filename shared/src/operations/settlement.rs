//! Ending what may be out for ever: two operators say what the bank told them, and the worker carries it out.

use super::autopay::own;
use super::bank_events::{BankUpdate, changes_of};
use super::bank_object::BankObject;
use super::leg_hooks::LegHooks;
use super::save_step;
use super::{OperationError, System, audit, webhooks};
use crate::domain::bank::error::BankError;
use crate::domain::deadline::Deadline;
use crate::domain::funding::Funding;
use crate::domain::ids::{ItemId, TransferKey};
use crate::domain::leg::{Kind, Leg, ReportOutcome, Settlement, SettlementFailure, ToldOutcome};
use crate::domain::payment::Payment;
use crate::domain::task::Task;
use crate::ports::table::Change;
use crate::store::history::HistoryEntry;
use crate::store::keys;
use crate::store::stored::{create, read, replace};

/// The latest proposal about an item.
pub async fn load(system: &System, item_id: ItemId) -> Result<Settlement, OperationError> {
    let found = read::<Settlement>(&*system.table, &keys::settlement(item_id)).await?;
    found.ok_or_else(|| OperationError::not_found("proposed outcome", item_id))
}

/// One operator says how a send ended. What was proposed before is replaced.
pub async fn propose(
    system: &System,
    item_id: ItemId,
    told: ToldOutcome,
    caller: &str,
    reason: &str,
) -> Result<Settlement, OperationError> {
    let (leg, payer_id) = leg_of(system, item_id).await?;
    own::refuse(system, caller, &payer_id).await?;
    let proposed = Settlement::propose(&leg, item_id, told, caller, reason, system.clock.business_now())?;
    let entry = audit::entry(system, caller, "propose_outcome", &item_id.to_string(), Some(&proposed.reason))?;
    let earlier = read::<Settlement>(&*system.table, &keys::settlement(item_id)).await?;
    let (put, proposed) = match earlier {
        Some(earlier) => {
            let mut proposed = Settlement { version: earlier.version, ..proposed };
            (replace(&mut proposed)?, proposed)
        }
        None => (create(&proposed)?, proposed),
    };
    system.table.write(vec![put, entry]).await?;
    Ok(proposed)
}

/// Another operator says the same. Then it is due, so that it is carried out whatever happens to the task.
pub async fn confirm(
    system: &System,
    item_id: ItemId,
    seen: &ToldOutcome,
    caller: &str,
) -> Result<Settlement, OperationError> {
    let mut settlement = load(system, item_id).await?;
    let (leg, payer_id) = leg_of(system, item_id).await?;
    own::refuse(system, caller, &payer_id).await?;
    settlement.confirm(&leg, seen, caller, system.clock.business_now())?;
    let entry = audit::entry(system, caller, "confirm_outcome", &item_id.to_string(), Some(&settlement.reason))?;
    system.table.write(vec![replace(&mut settlement)?, entry]).await?;
    system.hint([Task::SettleOutcome { item_id }]).await;
    Ok(settlement)
}

/// The leg of an item, and whose money it is.
async fn leg_of(system: &System, item_id: ItemId) -> Result<(Leg, String), OperationError> {
    match item_id {
        ItemId::Payment(id) => {
            let payment = read::<Payment>(&*system.table, &keys::payment(id)).await?;
            payment
                .map(|payment| (payment.leg, payment.payer_id))
                .ok_or_else(|| OperationError::not_found("payment", id))
        }
        ItemId::Funding(id) => {
            let funding = read::<Funding>(&*system.table, &keys::funding(id)).await?;
            funding
                .map(|funding| (funding.leg, funding.payer_id))
                .ok_or_else(|| OperationError::not_found("funding", id))
        }
    }
}

/// Carries out what two operators said.
pub async fn settle(system: &System, item_id: ItemId, deadline: Deadline) -> Result<(), OperationError> {
    let found = read::<Settlement>(&*system.table, &keys::settlement(item_id)).await?;
    let Some(settlement) = found.filter(|settlement| settlement.due_at.is_some()) else { return Ok(()) };
    match item_id {
        ItemId::Payment(id) => match read::<Payment>(&*system.table, &keys::payment(id)).await? {
            Some(payment) => settle_item(system, payment, settlement, deadline).await,
            None => Ok(()),
        },
        ItemId::Funding(id) => match read::<Funding>(&*system.table, &keys::funding(id)).await? {
            Some(funding) => settle_item(system, funding, settlement, deadline).await,
            None => Ok(()),
        },
    }
}

async fn settle_item<T: LegHooks>(
    system: &System,
    mut item: T,
    mut settlement: Settlement,
    deadline: Deadline,
) -> Result<(), OperationError> {
    settlement.due_at = None;
    let is_current = settlement.attempt == item.leg().attempt && item.leg().is_unknown_for_good();
    let carried_out = match &settlement.told {
        _ if !is_current => Err(SettlementFailure::NoLongerUnknown),
        ToldOutcome::NeverReached => Ok(never_reached(system, &mut item, &settlement).await?),
        ToldOutcome::Found { transfer_id } => match object_of(system, &item, transfer_id, deadline).await? {
            Ok(object) => Ok(found(system, &mut item, &settlement, &object).await?),
            Err(failure) => Err(failure),
        },
    };
    let mut changes = match carried_out {
        Ok(changes) => changes,
        Err(failure) => {
            tracing::error!(item = %settlement.item_id, ?failure, "attention: an outcome that two operators named is not taken");
            settlement.failure = Some(failure);
            Vec::new()
        }
    };
    changes.push(replace(&mut settlement)?);
    // Where somebody was faster, it is still due, and looked at again.
    system.table.write(changes).await?;
    if settlement.failure.is_none() { item.afterwards(system).await } else { Ok(()) }
}

async fn never_reached<T: LegHooks>(
    system: &System,
    item: &mut T,
    settlement: &Settlement,
) -> Result<Vec<Change>, OperationError> {
    let now = system.clock.business_now();
    let kind = item.expected().kind;
    let flag = item.leg().attention.clone();
    let moved = item.leg_mut().never_reached(kind)?;
    let told = item.refused(system).await?;
    let mut entry = HistoryEntry::new("never_reached_bank", item.leg(), now).moved(&moved);
    entry.by.clone_from(&settlement.confirmed_by);
    let mut changes = save_step::changes(system, item, &entry, &moved.effects, now).await?;
    changes.extend(webhooks::of_cleared(system, item, flag).await?);
    changes.extend(told);
    Ok(changes)
}

/// The bank's transfer is applied as its answer to the send would be. Where it is not what was asked for, that is disputed like any word.
async fn found<T: LegHooks>(
    system: &System,
    item: &mut T,
    settlement: &Settlement,
    object: &BankObject,
) -> Result<Vec<Change>, OperationError> {
    let now = system.clock.business_now();
    let flag = item.leg_mut().clear_attention();
    let by = settlement.confirmed_by.as_deref();
    let (at, attempt) = (object.created_at(), settlement.attempt);
    let heard = BankUpdate { what: "outcome_found", at, event_id: None, attempt, object, by };
    let (mut changes, verdict) = changes_of(system, item, heard, now).await?;
    changes.extend(webhooks::of_cleared(system, item, flag).await?);
    match verdict {
        ReportOutcome::Applied(_) | ReportOutcome::Disputed(_) => Ok(changes),
        ReportOutcome::Recorded => Err(OperationError::Inconsistent(format!(
            "{} was found at the bank, and nothing follows",
            settlement.item_id
        ))),
    }
}

/// What the bank has under the id, if it was made for this attempt of this item: it bears its key.
async fn object_of<T: LegHooks>(
    system: &System,
    item: &T,
    transfer_id: &str,
    deadline: Deadline,
) -> Result<Result<BankObject, SettlementFailure>, OperationError> {
    let column = system.column().await?;
    let read = match item.expected().kind {
        Kind::Payout | Kind::Funding => column.ach_transfer(transfer_id, deadline).await.map(BankObject::from),
        Kind::Check => column.check(transfer_id, deadline).await.map(BankObject::from),
    };
    let object = match read {
        Ok(object) => object,
        Err(BankError::AboutUs { status: 400 | 404, .. } | BankError::Refused { .. }) => {
            return Ok(Err(SettlementFailure::NoSuchTransfer));
        }
        Err(other) => return Err(other.into()),
    };
    let own = TransferKey { item: item.item_id(), attempt: item.leg().attempt };
    match object.idempotency_key().map(str::parse::<TransferKey>) {
        Some(Ok(key)) if key == own => Ok(Ok(object)),
        Some(_) | None => fault!(FoundWithoutKey, Ok(Ok(object)), Ok(Err(SettlementFailure::OtherTransfer))),
    }
}
