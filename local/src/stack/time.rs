//! Moving business time: a payroll that takes four banking days is over in a minute, and no rule is skipped.
//!
//! Time moves only while nothing is under way, to the next moment at which something is due with us or at the bank.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use shared::domain::batch::{Batch, BatchState};
use shared::domain::task::QueueName;
use shared::operations::OperationError;
use shared::ports::clock::Clock as _;
use shared::ports::table::{Index, Key, Order, Query, Range, decode};
use shared::store::{keys, stored};

use super::Stack;

/// How often the bank is asked whether its webhooks are delivered.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Whether there is something to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// Business time went on to the next thing due.
    Forward,
    /// Nothing that is under way will ever be due.
    Nothing,
}

impl Stack {
    /// Returns once no task waits or runs and the bank has delivered everything it has to.
    pub async fn wait_idle(&self) {
        loop {
            self.queue.wait_idle(QueueName::Bulk).await;
            self.queue.wait_idle(QueueName::Other).await;
            let quiet = || {
                let counters = [QueueName::Bulk, QueueName::Other].map(|name| self.queue.counters(name));
                self.column.is_quiet() && counters.iter().all(|queue| queue.waiting == 0 && queue.in_flight == 0)
            };
            if quiet() {
                return;
            }
            self.clock.pause(LOOK_EVERY).await;
        }
    }

    /// Runs what is due now; then, when all is done, goes on to the next moment at which something is due.
    pub async fn step(&self) -> Result<Moved, OperationError> {
        self.wait_idle().await;
        scheduler::handle(&self.system).await?;
        self.wait_idle().await;
        let now = self.clock.business_now();
        let Some(ours) = self.next_due(now).await? else { return Ok(Moved::Nothing) };
        let next = self.column.next_due().map_or(ours, |bank| bank.min(ours));
        self.move_to(next.max(now.saturating_add(SignedDuration::from_secs(1)).unwrap_or(now)));
        Ok(Moved::Forward)
    }

    /// Goes on to the bank's next moment, whatever is due with us.
    pub async fn step_bank(&self) -> Result<Moved, OperationError> {
        self.wait_idle().await;
        scheduler::handle(&self.system).await?;
        self.wait_idle().await;
        let Some(next) = self.column.next_due() else { return Ok(Moved::Nothing) };
        self.move_to(next);
        Ok(Moved::Forward)
    }

    fn move_to(&self, next: Timestamp) {
        let by = next.duration_since(self.clock.business_now());
        if let Ok(by) = Duration::try_from(by) {
            // Beyond the very moment, since the index and the bank count in whole seconds.
            self.clock.move_forward(by.saturating_add(Duration::from_secs(1)));
            self.column.advance();
        }
    }

    /// The next moment at which something that is under way is due. Drafts do not count: they wait for a person.
    async fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, OperationError> {
        let mut next: Option<Timestamp> = None;
        for shard in 0..keys::DUE_SHARDS {
            let mut query = Query {
                index: Index::Due,
                pk: keys::due_shard(shard),
                range: Range::All,
                order: Order::Ascending,
                page_items: None,
                start_after: None,
            };
            loop {
                let page = self.system.table.query(&query).await?;
                for item in page.items {
                    let due = item.get("due_sk").and_then(|text| text.as_str()).and_then(|text| text.parse().ok());
                    let Some(due) = due.map(|due: Timestamp| due.max(now)) else { continue };
                    let key: Key = decode(item)?;
                    if next.is_none_or(|next| due < next) && self.is_under_way(&key).await? {
                        next = Some(due);
                    }
                }
                match page.next {
                    Some(place) => query.start_after = Some(place),
                    None => break,
                }
            }
        }
        Ok(next)
    }

    async fn is_under_way(&self, key: &Key) -> Result<bool, OperationError> {
        if !key.pk.starts_with("BATCH#") {
            return Ok(true);
        }
        let batch: Option<Batch> = stored::read(&*self.system.table, key).await?;
        let open = |state: BatchState| {
            matches!(state, BatchState::Importing | BatchState::Paying | BatchState::Canceling | BatchState::Summarizing)
        };
        Ok(batch.is_some_and(|batch| open(batch.state)))
    }
}
