//! The one timer: a schedule calls it every minute, and whatever is due becomes tasks; while dead letters wait for an operator it says so,
//! which keeps their alarm on.
//!
//! Guarantees: it decides nothing and changes no item. A missed or doubled run does no harm: an item stays due until its task moved it.

use shared::operations::{OperationError, System, dead_letters, due};

/// Queues a task for everything that is due, and answers how many. An error lets the next run do it again.
pub async fn handle(system: &System) -> Result<usize, OperationError> {
    let count = due::run(system).await?;
    tracing::info!(count, "tasks were made of what is due");
    match dead_letters::count_open(system).await {
        Ok(0) => {}
        // The metric of the alarm is made of this line.
        Ok(open_dead_letters) => tracing::warn!(open_dead_letters, "dead letters wait for an operator"),
        // What is due is queued: that stands.
        Err(error) => tracing::error!(%error, "it is not known whether dead letters wait"),
    }
    Ok(count)
}

#[cfg(test)]
mod tests;
