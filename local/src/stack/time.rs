//! Moving business time: a payroll that takes four banking days is over in a minute, and no rule is skipped.
//!
//! Time moves only while nothing is under way, to the next moment at which something is due with us, at the bank or at Plaid.

use std::sync::PoisonError;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use shared::domain::bank::check::delivery::DeliveryMeaning;
use shared::domain::bank::check::status::{CheckMeaning, CheckStatus};
use shared::domain::batch::{Batch, BatchState};
use shared::domain::leg::State;
use shared::domain::payment::Payment;
use shared::domain::task::{QueueName, Task};
use shared::operations::OperationError;
use shared::ports::clock::Clock as _;
use shared::ports::table::{Index, Key, Query, decode};
use shared::store::{keys, stored};

use super::overdue::Overdue;
use super::{Stack, leases};

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
    /// Returns once no task waits or runs, and the bank and Plaid have delivered everything they have to. A task that failed and will
    /// come again neither waits nor runs until then.
    pub async fn wait_idle(&self) {
        loop {
            self.queue.wait_idle(QueueName::Bulk).await;
            self.queue.wait_idle(QueueName::Other).await;
            let quiet = || {
                let is_delivered = self.column.is_quiet() && self.plaid.is_quiet();
                is_delivered && [QueueName::Bulk, QueueName::Other].into_iter().all(|name| self.queue.is_idle(name))
            };
            if quiet() {
                return;
            }
            self.clock.pause(LOOK_EVERY).await;
        }
    }

    /// Runs what is due now; then, when all is done, goes on to the next moment at which something is due.
    pub async fn step(&self) -> Result<Moved, OperationError> {
        self.run_due().await?;
        self.move_on().await
    }

    /// Runs what is due now. Afterwards nobody is at work.
    pub async fn run_due(&self) -> Result<(), OperationError> {
        self.wait_idle().await;
        scheduler::handle(&self.system).await?;
        self.wait_idle().await;
        if self.end_leases().await? > 0 {
            self.sweep_all().await?;
            self.wait_idle().await;
        }
        Ok(())
    }

    /// Goes on to the next moment at which something is due. Only while nobody is at work.
    pub async fn move_on(&self) -> Result<Moved, OperationError> {
        let now = self.clock.business_now();
        let Some(ours) = self.next_due(now).await? else { return Ok(Moved::Nothing) };
        let next = [self.column.next_due(), self.plaid.next_due()].into_iter().flatten().fold(ours, Timestamp::min);
        self.move_to(next.max(now.saturating_add(SignedDuration::from_secs(1)).unwrap_or(now)));
        Ok(Moved::Forward)
    }

    /// Goes on to the bank's next moment, whatever is due with us.
    pub async fn step_bank(&self) -> Result<Moved, OperationError> {
        self.run_due().await?;
        let Some(next) = self.column.next_due() else { return Ok(Moved::Nothing) };
        self.move_to(next);
        Ok(Moved::Forward)
    }

    fn move_to(&self, next: Timestamp) {
        let by = next.duration_since(self.clock.business_now());
        if let Ok(by) = Duration::try_from(by) {
            tracing::debug!(to = %next, "business time goes on");
            // Beyond the very moment, since the index and the bank count in whole seconds.
            self.clock.move_forward(by.saturating_add(Duration::from_secs(1)));
            self.column.advance();
            self.plaid.advance();
        }
    }

    /// The next moment at which something that is under way is due. Drafts do not count: they wait for a person. Nor do rounds, which come
    /// for ever; nor, where anything else is due, what stays due whatever is done.
    async fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, OperationError> {
        self.with_overdue(Overdue::next_step);
        let (mut next, mut stuck): (Option<Timestamp>, Option<Timestamp>) = (None, None);
        for shard in 0..keys::DUE_SHARDS {
            let mut query = Query { index: Index::Due, ..Query::primary(keys::due_shard(shard)) };
            loop {
                let page = self.system.table.query(&query).await?;
                for item in page.items {
                    let due = item.get("due_sk").and_then(|text| text.as_str()).and_then(|text| text.parse().ok());
                    let Some(due) = due else { continue };
                    let key: Key = decode(item)?;
                    let is_stuck = self.with_overdue(|overdue| overdue.is_stuck(&key, due, now));
                    let earliest = if is_stuck { &mut stuck } else { &mut next };
                    if earliest.is_none_or(|earliest| due < earliest) && self.is_under_way(&key).await? {
                        *earliest = Some(due.max(now));
                    }
                }
                match page.next {
                    Some(place) => query.start_after = Some(place),
                    None => break,
                }
            }
        }
        Ok(next.or(stuck))
    }

    fn with_overdue<T>(&self, act: impl FnOnce(&mut Overdue) -> T) -> T {
        act(&mut self.overdue.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends the claims of runs that failed, while nobody is at work: leases count elapsed time, and business time must not run away from
    /// them. Whatever becomes of those payments then, business time goes on: one that fails again and again holds up no other batch.
    async fn end_leases(&self) -> Result<u64, OperationError> {
        let mut ended = 0;
        for batch in self.batches_under_way().await? {
            if batch.sweep.is_some_and(|mark| mark.submitting > 0) {
                ended += leases::end_of_batch(&self.system, batch.id).await?;
            }
        }
        Ok(ended)
    }

    async fn sweep_all(&self) -> Result<(), OperationError> {
        let batches = self.batches_under_way().await?;
        self.system.enqueue(batches.into_iter().map(|batch| Task::Sweep { batch_id: batch.id })).await
    }

    async fn batches_under_way(&self) -> Result<Vec<Batch>, OperationError> {
        let mut batches = Vec::new();
        for shard in 0..keys::DUE_SHARDS {
            let query = Query { index: Index::Due, ..Query::primary(keys::due_shard(shard)) };
            for item in self.system.table.query(&query).await?.items {
                let key: Key = decode(item)?;
                if key.pk.starts_with("BATCH#") && self.is_under_way(&key).await? {
                    batches.extend(stored::read::<Batch>(&*self.system.table, &key).await?);
                }
            }
        }
        Ok(batches)
    }

    /// A draft waits for a person, a link and a card are only looked at again, a check that has arrived waits for whoever cashes it, and an
    /// event whose receiver is down for somebody to start it: for that its waits pass in real time.
    async fn is_under_way(&self, key: &Key) -> Result<bool, OperationError> {
        let is = |kind: &str| key.pk.starts_with(kind);
        if is("ITEM#") || is("CARD#") || is("WEBHOOK_EVENTS#") {
            return Ok(false);
        }
        if is("PAYMENT#") {
            let payment: Option<Payment> = stored::read(&*self.system.table, key).await?;
            return Ok(payment.is_some_and(|payment| !waits_for_the_issuer(&payment)));
        }
        if !is("BATCH#") {
            return Ok(!keys::is_round(key));
        }
        let batch: Option<Batch> = stored::read(&*self.system.table, key).await?;
        let open = |state: BatchState| {
            matches!(
                state,
                BatchState::Importing | BatchState::Paying | BatchState::Canceling | BatchState::Summarizing
            )
        };
        Ok(batch.is_some_and(|batch| open(batch.state)))
    }
}

fn waits_for_the_issuer(payment: &Payment) -> bool {
    let letter = payment.check.as_ref().and_then(|check| check.delivery_status.as_ref());
    let has_arrived = letter.is_some_and(|letter| letter.meaning() == DeliveryMeaning::Delivered);
    let status = payment.leg.bank_status.as_deref().map(CheckStatus::parse);
    let is_out = status.is_some_and(|status| status.meaning() == CheckMeaning::Outstanding);
    has_arrived && is_out && payment.leg.state == State::Processing && !payment.is_stop_asked()
}
