//! Writing a verified webhook of Plaid down, so that it can be answered at once and processed later.

use super::{OperationError, System};
use crate::domain::plaid::webhook::Webhook;
use crate::domain::plaid::webhook_action::WebhookAction;
use crate::domain::task::Task;
use crate::ports::table::TableError;
use crate::store::received_webhooks::ReceivedWebhook;
use crate::store::stored::create;

/// When the sweep queues a webhook again whose task did not come through.
pub(crate) const RETRY_MINUTES: i64 = 10;

/// What became of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// Written down and queued.
    Queued,
    /// Written down; nothing follows from it.
    Nothing,
    /// This very delivery is written down already.
    Replayed,
}

/// Writes a webhook down under its token's fingerprint and queues what follows. Lost only before it is written, and then not answered.
pub async fn receive(system: &System, event_id: &str, webhook: Webhook) -> Result<Received, OperationError> {
    let now = system.clock.business_now();
    let due_at = match webhook.meaning() {
        WebhookAction::Item { .. } => Some(super::system::minutes_from(now, RETRY_MINUTES)),
        WebhookAction::Ignore => None,
    };
    let received = ReceivedWebhook { event_id: event_id.to_owned(), version: 1, webhook, received_at: now, due_at };
    match system.table.write(vec![create(&received)?]).await {
        Ok(()) => {}
        Err(TableError::ConditionFailed { .. }) => return Ok(Received::Replayed),
        Err(other) => return Err(other.into()),
    }
    if due_at.is_none() {
        return Ok(Received::Nothing);
    }
    system.hint([Task::ProcessPlaidWebhook { event_id: event_id.to_owned() }]).await;
    Ok(Received::Queued)
}
