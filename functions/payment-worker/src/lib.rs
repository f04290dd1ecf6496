//! The worker of both queues: each message is a task, and all of a delivery run at once up to a bound.
//!
//! Guarantees: a message that fails, panics or cannot be read is reported by its id and comes again alone, until the queue gives it up
//! as a dead letter; why it failed last is kept for that; its batch-mates are done. Nothing runs on after the handler returns. Limit: a message without an id cannot be
//! reported. SQS always sends one; should it not, an empty id would bring the whole delivery back and do the rest of it twice, so a
//! failure of such a message is only logged, and the sweep finds its work again.

use std::panic::AssertUnwindSafe;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures::FutureExt;
use futures::stream::{self, StreamExt};
use shared::domain::dead_letter::Failure;
use shared::domain::deadline::Deadline;
use shared::domain::task::{Task, TaskFormat};
use shared::operations::release::Surrounding;
use shared::operations::{OperationError, System, dead_letters, run};
use shared::ports::table::TableError;

/// Tasks of one delivery that run at once: as many as SQS delivers by default, so that a delivery takes as long as its slowest task.
const TASKS_AT_ONCE: usize = 10;

/// Runs the tasks of one delivery. Answers the ids of those that must come again.
///
/// What batches, fundings and sources they rest on is read once for all of them.
pub async fn handle(system: &System, event: SqsEvent, deadline: Deadline) -> SqsBatchResponse {
    let surrounding = Surrounding::default();
    let surrounding = &surrounding;
    let failed_ids: Vec<String> = stream::iter(event.records)
        .map(|message| async move {
            let outcome = settle(system, surrounding, &message, deadline).await;
            if let Err(Failed(failure)) = &outcome {
                dead_letters::note_failure(system, message.body.as_deref().unwrap_or_default(), failure).await;
            }
            failed_id(message, outcome)
        })
        .buffer_unordered(TASKS_AT_ONCE)
        .filter_map(std::future::ready)
        .collect()
        .await;
    let mut response = SqsBatchResponse::default();
    response.set_failures(failed_ids);
    response
}

/// A message that has to come again; why is in the log, and kept for whoever looks at its dead letter.
struct Failed(Failure);

fn failed_id(message: SqsMessage, outcome: Result<(), Failed>) -> Option<String> {
    let Err(Failed(_)) = outcome else { return None };
    let id = message.message_id.filter(|id| !id.is_empty());
    if id.is_none() {
        tracing::error!("a message without an id failed: it cannot come again, the sweep has to find its work");
    }
    id
}

async fn settle(
    system: &System,
    surrounding: &Surrounding,
    message: &SqsMessage,
    deadline: Deadline,
) -> Result<(), Failed> {
    let tries = tries(message);
    let task = read_task(message).map_err(|reason| Failed(dead_letters::unreadable(system, &reason, tries)))?;
    // What a panic may leave half done is in the table, where every task decides anew; the shared reads are whole or absent.
    let outcome = AssertUnwindSafe(run_task(system, surrounding, &task, deadline)).catch_unwind().await;
    match outcome {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) if error.is_retryable() => {
            tracing::warn!(?task, %error, "a task comes again");
            Err(Failed(dead_letters::failure_of(system, &error, tries)))
        }
        // It is reported like any other, so that it ends as a dead letter for people to look at.
        Ok(Err(error)) => {
            tracing::error!(?task, %error, "a task failed for good");
            Err(Failed(dead_letters::failure_of(system, &error, tries)))
        }
        Err(_panic) => {
            tracing::error!(?task, "a task panicked");
            Err(Failed(dead_letters::panicked(system, tries)))
        }
    }
}

/// What is not a task of ours is not logged: it may hold anything.
fn read_task(message: &SqsMessage) -> Result<Task, TaskFormat> {
    let message_id = message.message_id.as_deref();
    Task::from_body(message.body.as_deref().unwrap_or_default()).inspect_err(|reason| match reason {
        TaskFormat::Unreadable(_) => tracing::error!(message_id, "a message is not a task"),
        TaskFormat::OtherVersion(version) => tracing::error!(message_id, version, "a task is of another version"),
    })
}

/// Tries of the message, this one included, as SQS counts them.
fn tries(message: &SqsMessage) -> Option<u32> {
    message.attributes.get("ApproximateReceiveCount")?.parse().ok()
}

/// Another write was first: what it left is read and decided on again, once, which is cheaper than another delivery.
async fn run_task(
    system: &System,
    surrounding: &Surrounding,
    task: &Task,
    deadline: Deadline,
) -> Result<(), OperationError> {
    match run::run(system, surrounding, task, deadline).await {
        Err(OperationError::Table(TableError::ConditionFailed { .. })) => {
            run::run(system, surrounding, task, deadline).await
        }
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests;
