//! Attention: an operator has looked at it, and says that the automatic may go on.

use super::step::{self, Carrier};
use super::{OperationError, System, audit};
use crate::domain::funding::Funding;
use crate::domain::ids::{BatchId, ItemId};
use crate::domain::payment::Payment;
use crate::store::history::HistoryEntry;
use crate::store::keys;
use crate::store::stored::{read, replace};

/// Clears the flag of a payment or funding. Clearing again changes nothing.
pub async fn clear(system: &System, item_id: ItemId, caller: &str, note: &str) -> Result<(), OperationError> {
    match item_id {
        ItemId::Payment(id) => {
            let payment = read::<Payment>(&*system.table, &keys::payment(id)).await?;
            clear_item(system, payment.ok_or_else(|| OperationError::not_found("payment", id))?, caller, note).await
        }
        ItemId::Funding(id) => {
            let funding = read::<Funding>(&*system.table, &keys::funding(id)).await?;
            clear_item(system, funding.ok_or_else(|| OperationError::not_found("funding", id))?, caller, note).await
        }
    }
}

async fn clear_item<T: Carrier>(system: &System, mut item: T, caller: &str, note: &str) -> Result<(), OperationError> {
    if item.leg_mut().clear_attention().is_none() {
        return Ok(());
    }
    let now = system.clock.business_now();
    let mut entry = HistoryEntry::new("attention_cleared", item.leg(), now);
    entry.by = Some(caller.to_owned());
    let subject = item.item_id().to_string();
    let mut changes = step::changes(&mut item, &entry, &[], now)?;
    changes.push(audit::entry(system, caller, "clear_attention", &subject, Some(note))?);
    Ok(system.table.write(changes).await?)
}

/// Clears the flag of a batch.
pub async fn clear_batch(system: &System, batch_id: BatchId, caller: &str, note: &str) -> Result<(), OperationError> {
    let mut batch = super::upload::load(system, batch_id).await?;
    if batch.attention.take().is_none() {
        return Ok(());
    }
    let entry = audit::entry(system, caller, "clear_attention", &batch_id.to_string(), Some(note))?;
    Ok(system.table.write(vec![replace(&mut batch)?, entry]).await?)
}
