//! Takes what the two queues gave up from their dead-letter queues, and writes it down for operators.
//!
//! Guarantees: SQS deletes a message only after it is written, and one that is handed over twice is written once. A message that cannot
//! be written comes again until it can, for as long as its queue keeps it; its batch-mates are done. It runs apart from the worker, so
//! that a worker that fails at everything does not fail at this.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use shared::domain::dead_letter::GivenUp;
use shared::operations::{System, dead_letters};
use shared::ports::queue::QueueName;
use wiring::records::settle_each;

/// The queue of which dead letters come from where.
#[derive(Clone, Debug)]
pub struct DeadLetterQueues {
    pub bulk_arn: String,
    pub other_arn: String,
}

impl DeadLetterQueues {
    fn gave_up(&self, arn: &str) -> Option<QueueName> {
        if arn == self.bulk_arn {
            Some(QueueName::Bulk)
        } else if arn == self.other_arn {
            Some(QueueName::Other)
        } else {
            None
        }
    }
}

/// Writes a delivery down. Answers the ids of those that must come again.
pub async fn handle(system: &System, queues: &DeadLetterQueues, event: SqsEvent) -> SqsBatchResponse {
    settle_each(event, |message| async move { record(system, queues, &message).await }).await
}

async fn record(system: &System, queues: &DeadLetterQueues, message: &SqsMessage) -> bool {
    let message_id = message.message_id.as_deref().unwrap_or_default();
    let Some(queue) = message.event_source_arn.as_deref().and_then(|arn| queues.gave_up(arn)) else {
        tracing::error!(message_id, "a message came from a queue that is no dead-letter queue of ours");
        return false;
    };
    let body = message.body.as_deref().unwrap_or_default();
    let sender = message.attributes.get("SenderId").map(String::as_str);
    match dead_letters::record(system, GivenUp { queue, message_id, body, sender }).await {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(message_id, %error, "a dead letter is not recorded; it comes again");
            false
        }
    }
}

#[cfg(test)]
mod tests;
