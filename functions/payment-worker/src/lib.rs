//! The worker of both queues: each message is a task, and all of a delivery run at once up to a bound.
//!
//! Guarantees: those of [`wiring::records`]; a message that fails, panics or cannot be read comes again until the queue gives it up as a
//! dead letter, and why it failed last is kept for that. Work whose message is lost is found by the sweep.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use shared::domain::dead_letter::Failure;
use shared::domain::deadline::Deadline;
use shared::domain::task::{Task, TaskFormat};
use shared::operations::release::ReleaseCache;
use shared::operations::{OperationError, System, dead_letters, run};
use shared::ports::table::TableError;
use wiring::records::{settle_each, unless_it_panics};

/// Runs the tasks of one delivery. Answers the ids of those that must come again.
///
/// What batches, fundings and sources they rest on is read once for all of them.
pub async fn handle(system: &System, event: SqsEvent, deadline: Deadline) -> SqsBatchResponse {
    let surrounding = ReleaseCache::default();
    let surrounding = &surrounding;
    settle_each(event, |message| async move {
        let outcome = settle(system, surrounding, &message, deadline).await;
        if let Err(Failed(failure)) = &outcome {
            dead_letters::note_failure(system, message.body.as_deref().unwrap_or_default(), failure).await;
        }
        outcome.is_ok()
    })
    .await
}

/// A message that has to come again; why is in the log, and kept for whoever looks at its dead letter.
struct Failed(Failure);

async fn settle(
    system: &System,
    surrounding: &ReleaseCache,
    message: &SqsMessage,
    deadline: Deadline,
) -> Result<(), Failed> {
    let tries = tries(message);
    let task = read_task(message).map_err(|reason| Failed(dead_letters::unreadable(system, &reason, tries)))?;
    // The reads that it shares with others are whole or absent.
    match unless_it_panics(run_task(system, surrounding, &task, deadline)).await {
        Some(Ok(())) => Ok(()),
        Some(Err(error)) if error.is_retryable() => {
            tracing::warn!(?task, %error, "a task comes again");
            Err(Failed(dead_letters::failure_of(system, &error, tries)))
        }
        // It is reported like any other, so that it ends as a dead letter for people to look at.
        Some(Err(error)) => {
            tracing::error!(?task, %error, "a task failed for good");
            Err(Failed(dead_letters::failure_of(system, &error, tries)))
        }
        None => {
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
    surrounding: &ReleaseCache,
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
