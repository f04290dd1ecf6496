//! Doing what a webhook of Plaid asks of us.

use super::plaid_inbox::RETRY_MINUTES;
use super::{OperationError, System};
use crate::domain::plaid::meaning::Meaning;
use crate::ports::table::TableError;
use crate::store::plaid_inbox::{self, ReceivedWebhook};
use crate::store::stored::{read, replace};

/// Heeds one webhook. No step is taken about items yet: what asks for one stays due.
pub async fn heed(system: &System, event_id: &str) -> Result<(), OperationError> {
    let Some(mut received) = read::<ReceivedWebhook>(&*system.table, &plaid_inbox::key(event_id)).await? else {
        return Ok(());
    };
    if received.due_at.is_none() {
        return Ok(());
    }
    received.due_at = match received.webhook.meaning() {
        Meaning::Item { item_id, step } => {
            tracing::info!(event = event_id, item = item_id, ?step, "a webhook waits for its item");
            Some(super::system::minutes_from(system.clock.business_now(), RETRY_MINUTES))
        }
        Meaning::Nothing => None,
    };
    match system.table.write(vec![replace(&mut received)?]).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}
