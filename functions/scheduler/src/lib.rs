//! The one timer: a schedule calls it every minute, and whatever is due becomes tasks. While dead letters wait for an operator, or the
//! daily reconciliation is overdue, it says so, which keeps their alarms on.
//!
//! Guarantees: it decides nothing and changes no item. A missed or doubled run does no harm: an item stays due until its task moved it.

use shared::domain::reconciliation::health::Health;
use shared::operations::{OperationError, System, attention_list, dead_letters, due, reconciliation, recurring};

/// What the schedule calls: [`handle`], and then what the dashboard alone needs, which a laptop has none of.
pub async fn on_schedule(system: &System) -> Result<usize, OperationError> {
    let count = handle(system).await?;
    if let Err(error) = tell_of_attention(system).await {
        tracing::error!(%error, "it is not known how much waits for an operator");
    }
    Ok(count)
}

/// Queues a task for everything that is due, and answers how many. An error lets the next run do it again.
pub async fn handle(system: &System) -> Result<usize, OperationError> {
    let count = due::run(system).await?;
    tracing::info!(count, "tasks were made of what is due");
    // What is due is queued: that stands, whatever else fails.
    if let Err(error) = watch_dead_letters(system).await {
        tracing::error!(%error, "it is not known whether dead letters wait");
    }
    if let Err(error) = watch_reconciliation(system).await {
        tracing::error!(%error, "it is not known whether the daily reconciliation runs");
    }
    Ok(count)
}

/// Of very many things that wait only the first are counted, as `GET /attention/counts` does.
async fn tell_of_attention(system: &System) -> Result<(), OperationError> {
    let counts = attention_list::counts(system).await?;
    let open_attention: u64 = counts.by_kind.values().sum();
    tracing::info!(open_attention, "what waits for an operator");
    Ok(())
}

// The metrics of the alarms are made of these lines.
async fn watch_dead_letters(system: &System) -> Result<(), OperationError> {
    let open_dead_letters = dead_letters::count_open(system).await?;
    if open_dead_letters > 0 {
        tracing::warn!(open_dead_letters, "dead letters wait for an operator");
    }
    Ok(())
}

async fn watch_reconciliation(system: &System) -> Result<(), OperationError> {
    let (health, latest) = reconciliation::health(system).await?;
    match health {
        Health::NothingYet => recurring::ask_for_missing(system).await?,
        Health::Overdue => {
            let latest = latest.map(|latest| latest.id.to_string());
            tracing::error!(
                metric = "reconciliation_overdue",
                latest,
                "the daily reconciliation did not begin or end within twelve hours"
            );
        }
        Health::Sound | Health::Running | Health::Differences => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests;
