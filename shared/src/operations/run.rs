//! Running one task. The worker's only switchboard: a total match, so that a new task cannot be forgotten.

use super::release::Surrounding;
use super::{OperationError, System, follow_up, fund, import, inbox, refund, release, retry, submit, summarize, sweep};
use crate::domain::bank::error::BankError;
use crate::domain::deadline::Deadline;
use crate::domain::ids::PaymentId;
use crate::domain::task::Task;

/// Does what the task asks for. An error that a retry may mend lets the message come again; an outage of the bank does not, because
/// what it concerns is due again anyway and must not fill the dead-letter queue.
pub async fn run(
    system: &System,
    surrounding: &Surrounding,
    task: &Task,
    deadline: Deadline,
) -> Result<(), OperationError> {
    match do_task(system, surrounding, task, deadline).await {
        Err(OperationError::Bank(error @ (BankError::Unavailable { .. } | BankError::AboutUs { .. }))) => {
            tracing::warn!(?task, %error, "left to the sweep: the bank is out of reach or refuses us");
            Ok(())
        }
        other => other,
    }
}

async fn do_task(
    system: &System,
    surrounding: &Surrounding,
    task: &Task,
    deadline: Deadline,
) -> Result<(), OperationError> {
    match task {
        Task::Summarize { batch_id } => summarize::run_at_worker(system, *batch_id, deadline).await,
        Task::Import { batch_id, chunk } => import::chunk(system, *batch_id, *chunk).await,
        Task::FinishImport { batch_id } => import::finish(system, *batch_id).await,
        Task::Fund { batch_id, source_id, round } => fund::fund(system, *batch_id, source_id, *round, deadline).await,
        Task::ReviewFundings { batch_id, funding_ids } => fund::review(system, *batch_id, funding_ids, deadline).await,
        Task::Release { batch_id, shard } => release::shard(system, *batch_id, *shard).await,
        Task::Submit { payment_id: id @ PaymentId::Refund { .. } } => refund::submit(system, *id, deadline).await,
        Task::Submit { payment_id: id @ (PaymentId::Row { .. } | PaymentId::Lone(_)) } => {
            submit::submit(system, surrounding, *id, deadline).await
        }
        Task::FollowUp { item_id } => follow_up::follow_up(system, *item_id, deadline).await,
        Task::Sweep { batch_id } => sweep::sweep(system, *batch_id).await,
        Task::PlanRetry { batch_id } => retry::make_plan(system, *batch_id).await,
        Task::Retry { batch_id, shard } => retry::carry_out(system, *batch_id, *shard).await,
        Task::Inbox { event_id } => inbox::retry(system, event_id, deadline).await,
        Task::Report { batch_id, report, format } => {
            crate::operations::reports::write(system, *batch_id, *report, *format).await
        }
    }
}
