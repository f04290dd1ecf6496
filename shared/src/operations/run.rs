//! Running one task. The worker's only switchboard: a total match, so that a new task cannot be forgotten.

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::release::ReleaseCache;
use super::{
    OperationError, System, advance, apply_webhook, attention, autopay, billers, closings, follow_up, fund, import,
    poll, reconciliation, refund, release, retry, settlement, stops, submit, summarize, sweep, unmatched_events,
    webhooks,
};
use crate::domain::bank::error::BankError;
use crate::domain::deadline::Deadline;
use crate::domain::ids::PaymentId;
use crate::domain::task::Task;

/// Does what the task asks for. An error that a retry may mend lets the message come again; an outage of the bank does not, because
/// what it concerns is due again anyway and must not fill the dead-letter queue.
///
/// Boxed: the future of all tasks together is large, and its type too deep for callers that run many at once.
pub fn run<'a>(
    system: &'a System,
    surrounding: &'a ReleaseCache,
    task: &'a Task,
    deadline: Deadline,
) -> BoxFuture<'a, Result<(), OperationError>> {
    async move {
        match do_task(system, surrounding, task, deadline).await {
            Err(OperationError::Bank(error @ (BankError::Unavailable { .. } | BankError::AboutUs { .. }))) => {
                tracing::warn!(?task, %error, "left to the sweep: the bank is out of reach or refuses us");
                Ok(())
            }
            Err(OperationError::Plaid(error)) if error.retryable() => {
                tracing::warn!(?task, %error, "left to the sweep: Plaid cannot answer now");
                Ok(())
            }
            other => other,
        }
    }
    .boxed()
}

fn do_task<'a>(
    system: &'a System,
    surrounding: &'a ReleaseCache,
    task: &'a Task,
    deadline: Deadline,
) -> BoxFuture<'a, Result<(), OperationError>> {
    match task {
        Task::Summarize { batch_id } => summarize::run_at_worker(system, *batch_id, deadline).boxed(),
        Task::Import { batch_id, chunk } => import::chunk(system, *batch_id, *chunk).boxed(),
        Task::FinishImport { batch_id } => import::finish(system, *batch_id).boxed(),
        Task::Fund { batch_id, source_id, round } => fund::fund(system, *batch_id, source_id, *round, deadline).boxed(),
        Task::ReviewFundings { batch_id, funding_ids } => {
            fund::review(system, *batch_id, funding_ids, deadline).boxed()
        }
        Task::Release { batch_id, shard } => release::shard(system, *batch_id, *shard).boxed(),
        Task::Submit { payment_id: id @ PaymentId::Refund { .. } } => refund::submit(system, *id, deadline).boxed(),
        Task::Submit { payment_id: id @ PaymentId::Row { .. } } => {
            submit::submit(system, surrounding, *id, deadline).boxed()
        }
        Task::Submit { payment_id: id @ PaymentId::Single(_) } | Task::Advance { payment_id: id } => {
            advance::advance(system, *id, deadline).boxed()
        }
        Task::FollowUp { item_id } => follow_up::follow_up(system, *item_id, deadline).boxed(),
        Task::Sweep { batch_id } => sweep::sweep(system, *batch_id).boxed(),
        Task::PlanRetry { batch_id } => retry::make_plan(system, *batch_id).boxed(),
        Task::Retry { batch_id, shard } => retry::carry_out(system, *batch_id, *shard).boxed(),
        Task::MatchBankEvent { event_id } => unmatched_events::retry(system, event_id, deadline).boxed(),
        Task::SettleOutcome { item_id } => settlement::settle(system, *item_id, deadline).boxed(),
        Task::TakeWord { item_id, word_id } => attention::take_word(system, *item_id, word_id, deadline).boxed(),
        Task::PollEvents => poll::poll(system, deadline).boxed(),
        Task::CloseBooks => closings::close_books(system, deadline).boxed(),
        Task::BeginReconciliation => reconciliation::daily(system).boxed(),
        Task::Reconcile { reconciliation_id, payer_id } => {
            reconciliation::go_on(system, *reconciliation_id, payer_id.as_deref(), deadline).boxed()
        }
        Task::ProcessPlaidWebhook { event_id } => apply_webhook::apply(system, event_id).boxed(),
        Task::ReadItem { item_id } => autopay::sync_item::sync_item(system, item_id, deadline).boxed(),
        Task::Review { card_id } => {
            async move { autopay::review::review(system, *card_id, None, deadline).await.map(|_| ()) }.boxed()
        }
        Task::Notify { recipient, occasion } => autopay::notices::deliver(system, *recipient, occasion).boxed(),
        Task::LookUpAddress { institution_id } => billers::look_up_address(system, institution_id, deadline).boxed(),
        Task::ConfirmStop { scope } => stops::confirm(system, scope, deadline).boxed(),
        Task::DeliverEvents { event_ids } => webhooks::deliver(system, event_ids, deadline).boxed(),
        Task::ReplayEvents { endpoint_id } => webhooks::go_on_with_replay(system, *endpoint_id, deadline).boxed(),
        Task::Report { batch_id, report, format } => {
            crate::operations::reports::write(system, *batch_id, *report, *format).boxed()
        }
    }
}
