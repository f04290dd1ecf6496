//! Doing what a webhook of Plaid asks of us. Each is only a hint: whatever it says, the item is read again before anything is decided.

use jiff::{SignedDuration, Timestamp};

use super::autopay::items;
use super::{OperationError, System};
use crate::domain::autopay::bank_account::UnusableReason;
use crate::domain::autopay::item::ItemEvent;
use crate::domain::plaid::webhook_action::{ItemStep, WebhookAction};
use crate::ports::table::TableError;
use crate::store::received_webhooks::{self, ReceivedWebhook};
use crate::store::stored::{read, replace};

/// Plaid tells this long ahead that an item is about to stop, where it names no day.
const NOTICE_DAYS: i64 = 7;

/// Heeds one webhook. It stays due until all that it asks for is written down.
pub async fn apply(system: &System, event_id: &str) -> Result<(), OperationError> {
    let Some(mut received) = read::<ReceivedWebhook>(&*system.table, &received_webhooks::key(event_id)).await? else {
        return Ok(());
    };
    if received.due_at.is_none() {
        return Ok(());
    }
    match received.webhook.meaning() {
        WebhookAction::Item { item_id, step } => {
            tracing::info!(event = event_id, item = item_id, ?step, "a webhook about an item");
            take(system, &item_id, step).await?;
        }
        WebhookAction::Ignore => {}
    }
    received.due_at = None;
    match system.table.write(vec![replace(&mut received)?]).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

async fn take(system: &System, item_id: &str, step: ItemStep) -> Result<(), OperationError> {
    match step {
        ItemStep::Read => items::read_soon(system, item_id).await,
        ItemStep::MarkLoginRequired { .. } | ItemStep::AskForConsent { .. } => {
            items::happened(system, item_id, ItemEvent::LoginRequired).await
        }
        ItemStep::MarkRepaired => items::happened(system, item_id, ItemEvent::Repaired).await,
        ItemStep::MarkRevoked | ItemStep::MarkGone => items::happened(system, item_id, ItemEvent::Revoked).await,
        // Which account it was, the next reading shows where Plaid does not say.
        ItemStep::RevokeAccount { account_id: None } => items::read_soon(system, item_id).await,
        ItemStep::RevokeAccount { account_id: Some(account_id) } => {
            items::stop_using(system, item_id, &[account_id], UnusableReason::Withdrawn).await
        }
        ItemStep::RenewNumbers { account_ids } => {
            items::stop_using(system, item_id, &account_ids, UnusableReason::NumbersChanged).await
        }
        ItemStep::MarkExpiring { at } => {
            let until = at.unwrap_or_else(|| in_days(system.clock.business_now(), NOTICE_DAYS));
            items::happened(system, item_id, ItemEvent::ConsentExpiring { until }).await
        }
        // The person sees it where they manage their links; nothing is read that they have not shared.
        ItemStep::OfferNewAccounts => Ok(()),
    }
}

fn in_days(now: Timestamp, days: i64) -> Timestamp {
    now.checked_add(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MAX)
}
