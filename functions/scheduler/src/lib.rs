//! The one timer: a schedule calls it every minute, and whatever is due becomes tasks.
//!
//! Guarantees: it decides nothing and changes no item. A missed or doubled run does no harm: an item stays due until its task moved it.

use shared::operations::{OperationError, System, due};

/// Queues a task for everything that is due, and answers how many. An error lets the next run do it again.
pub async fn handle(system: &System) -> Result<usize, OperationError> {
    let count = due::run(system).await?;
    tracing::info!(count, "tasks were made of what is due");
    Ok(count)
}

#[cfg(test)]
mod tests;
