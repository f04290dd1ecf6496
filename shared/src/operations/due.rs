//! Running what is due: the one timer. Everything that must happen later is an item in the index `due`; this turns those into tasks.
//!
//! A task that is lost is made again at the next run, because its item stays due until the task has moved it.

use std::collections::{BTreeMap, BTreeSet};

use super::system::BatchIds;
use super::{OperationError, System, lists};
use crate::domain::ids::{BatchId, EventId, FundingId, ItemId, PaymentId};
use crate::domain::task::Task;
use crate::ports::table::{Index, Key, Range};
use crate::store::keys;

/// Fundings named in one task.
const FUNDINGS_PER_TASK: usize = 50;

/// Events named in one task.
const EVENTS_PER_TASK: usize = 25;

/// Events of one run: slow receivers never hold more of the worker than a part, and the rest comes with the next run, a minute later.
const EVENTS_PER_RUN: usize = 100 * EVENTS_PER_TASK;

/// Tasks made for what is due now, each batch and funding once.
#[derive(Debug, Default)]
struct Due {
    batches: BatchIds,
    fundings: BTreeMap<BatchId, Vec<FundingId>>,
    /// Each single payment once, whether it or its funding is due.
    single: BTreeSet<PaymentId>,
    /// Outgoing events, oldest first.
    events: BTreeSet<EventId>,
    tasks: Vec<Task>,
}

/// Queues the tasks of everything that is due. Answers how many there were.
pub async fn run(system: &System) -> Result<usize, OperationError> {
    let now = keys::sortable(system.clock.business_now());
    let mut due = Due::default();
    for shard in 0..keys::DUE_SHARDS {
        let until_now = Range::AtMost(now.clone());
        for key in lists::keys_in(system, Index::Due, keys::due_shard(shard), until_now).await? {
            due.add(&key);
        }
    }
    let tasks = due.into_tasks();
    let count = tasks.len();
    system.enqueue(tasks).await?;
    Ok(count)
}

impl Due {
    fn add(&mut self, key: &Key) {
        let (kind, id) = key.pk.split_once('#').unwrap_or((&key.pk, ""));
        match kind {
            "BATCH" => {
                if let Ok(id) = id.parse() {
                    self.batches.insert(id);
                }
            }
            "NOTICE" => {
                if let Ok(recipient) = id.parse() {
                    self.tasks.push(Task::Notify { recipient, occasion: key.sk.clone() });
                }
            }
            "FUNDING" => match id.parse() {
                Ok(FundingId::Single(uuid)) => {
                    self.single.insert(PaymentId::Single(uuid));
                }
                Ok(id @ FundingId::Round { batch, .. }) => self.fundings.entry(batch).or_default().push(id),
                Err(_) => {}
            },
            "PAYMENT" => match id.parse() {
                Ok(id @ PaymentId::Single(_)) => {
                    self.single.insert(id);
                }
                Ok(id @ (PaymentId::Refund { .. } | PaymentId::Row { .. })) => {
                    self.tasks.push(Task::FollowUp { item_id: ItemId::Payment(id) });
                    self.tasks.push(Task::Submit { payment_id: id });
                }
                Err(_) => {}
            },
            "RECONCILIATION" => {
                if let Ok(reconciliation_id) = id.parse() {
                    let payer_id = key.sk.strip_prefix(keys::PAYER_RUN_PREFIX).map(str::to_owned);
                    self.tasks.push(Task::Reconcile { reconciliation_id, payer_id });
                }
            }
            "ITEM" => self.tasks.push(Task::ReadItem { item_id: id.to_owned() }),
            "CARD" => {
                if let Ok(card_id) = id.parse() {
                    self.tasks.push(Task::Review { card_id });
                }
            }
            "BILLER" => self.tasks.push(Task::LookUpAddress { institution_id: id.to_owned() }),
            "STOP" => self.tasks.push(Task::ConfirmStop { scope: id.to_owned() }),
            "WATERMARK" => match id {
                "column" => self.tasks.push(Task::PollEvents),
                "books" => self.tasks.push(Task::CloseBooks),
                "reconciliation" => self.tasks.push(Task::BeginReconciliation),
                other => tracing::error!(what = other, "a due watermark that nothing moves"),
            },
            "OUTCOME" => {
                if let Ok(item_id) = id.parse() {
                    self.tasks.push(Task::SettleOutcome { item_id });
                }
            }
            "DISPUTED" => {
                if let Ok(item_id) = id.parse() {
                    self.tasks.push(Task::TakeWord { item_id, word_id: key.sk.clone() });
                }
            }
            "INBOX" => {
                let (provider, event_id) = id.split_once('#').unwrap_or((id, ""));
                let event_id = event_id.to_owned();
                match provider {
                    "column" => self.tasks.push(Task::MatchBankEvent { event_id }),
                    "plaid" => self.tasks.push(Task::ProcessPlaidWebhook { event_id }),
                    other => tracing::error!(provider = other, "a due event of a provider that nothing processes"),
                }
            }
            "WEBHOOK_EVENTS" => {
                if let Ok(event_id) = key.sk.parse() {
                    self.events.insert(event_id);
                }
            }
            keys::WEBHOOK_ENDPOINTS => {
                if let Ok(endpoint_id) = key.sk.parse() {
                    self.tasks.push(Task::ReplayEvents { endpoint_id });
                }
            }
            other => tracing::error!(kind = other, "a due item of a kind that nothing runs"),
        }
    }

    fn into_tasks(self) -> Vec<Task> {
        let sweeps = self.batches.into_iter().map(|batch_id| Task::Sweep { batch_id });
        let reviews = self.fundings.into_iter().flat_map(|(batch_id, ids)| {
            let chunks: Vec<Task> = ids
                .chunks(FUNDINGS_PER_TASK)
                .map(|funding_ids| Task::ReviewFundings { batch_id, funding_ids: funding_ids.to_vec() })
                .collect();
            chunks
        });
        let events: Vec<EventId> = self.events.into_iter().take(EVENTS_PER_RUN).collect();
        let deliveries: Vec<Task> =
            events.chunks(EVENTS_PER_TASK).map(|ids| Task::DeliverEvents { event_ids: ids.to_vec() }).collect();
        let single = self.single.into_iter().map(|payment_id| Task::Advance { payment_id });
        self.tasks.into_iter().chain(single).chain(reviews).chain(sweeps).chain(deliveries).collect()
    }
}
