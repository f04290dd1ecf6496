//! Asking the bank how a transfer or check stands whose events stay away. Its answer is applied as an event of that moment would be.

use super::autopay::notices;
use super::bank_events;
use super::bank_object::{BankObject, ObjectEvent};
use super::save_step::HasLeg;
use super::submit::replace_or_leave;
use super::{OperationError, System, unsettled};
use crate::domain::autopay::notice::NoticeKind;
use crate::domain::deadline::Deadline;
use crate::domain::funding::Funding;
use crate::domain::ids::{ItemId, PaymentId};
use crate::domain::leg::Kind;
use crate::domain::payment::Payment;
use crate::ports::table::TableError;
use crate::store::keys;
use crate::store::stored::read;

pub async fn follow_up(system: &System, item_id: ItemId, deadline: Deadline) -> Result<(), OperationError> {
    match item_id {
        ItemId::Payment(id) => match read::<Payment>(&*system.table, &keys::payment(id)).await? {
            Some(payment) => {
                // A row's batch tells of it.
                if matches!(id, PaymentId::Refund { .. }) {
                    unsettled::tell_of_payment(system, &payment);
                }
                ask(system, payment, deadline).await
            }
            None => Ok(()),
        },
        ItemId::Funding(id) => match read::<Funding>(&*system.table, &keys::funding(id)).await? {
            Some(funding) => ask(system, funding, deadline).await,
            None => Ok(()),
        },
    }
}

pub(crate) async fn ask<T: HasLeg>(system: &System, mut item: T, deadline: Deadline) -> Result<(), OperationError> {
    let Some(transfer_id) = item.leg().transfer_id.clone() else { return Ok(()) };
    let column = system.column().await?;
    let object: BankObject = match item.expected().kind {
        Kind::Payout | Kind::Funding => column.ach_transfer(&transfer_id, deadline).await?.into(),
        Kind::Check => column.check(&transfer_id, deadline).await?.into(),
    };
    tell_of_long_review(system, &item, &object).await?;
    match bank_events::apply(system, &ObjectEvent::asked(object)).await? {
        bank_events::Applied::Transition => Ok(()),
        // Nothing new: look again later.
        bank_events::Applied::Recorded
        | bank_events::Applied::Replayed
        | bank_events::Applied::Waiting
        | bank_events::Applied::NotOurs => {
            item.touch(system.clock.business_now());
            replace_or_leave(system, &mut item).await
        }
    }
}

/// Whoever clears attention hears of a review that lasts, once.
async fn tell_of_long_review<T: HasLeg>(system: &System, item: &T, object: &BankObject) -> Result<(), OperationError> {
    let attempt = item.leg().attempt;
    let (since, meaning) = (object.created_at(), object.report(attempt).meaning);
    if !meaning.is_long_review(since, system.clock.business_now()) {
        return Ok(());
    }
    let kind = NoticeKind::ReviewLasts { item_id: item.item_id(), attempt, amount: item.amount(), since };
    let told = notices::puts(system, notices::who_clears(item.item_id()), [kind]).await?;
    if told.is_empty() {
        return Ok(());
    }
    match system.table.write(told).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}
