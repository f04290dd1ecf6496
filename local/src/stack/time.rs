//! Moving business time: a payroll that takes four banking days is over in a minute, and no rule is skipped.
//!
//! Time moves only while nothing is under way, to the next moment at which something is due with us, at the bank or at Plaid.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use shared::domain::bank::check::delivery::DeliveryMeaning;
use shared::domain::bank::check::status::{CheckMeaning, CheckStatus};
use shared::domain::batch::{Batch, BatchState};
use shared::domain::leg::{Claim, State};
use shared::domain::payment::Payment;
use shared::domain::task::{QueueName, Task};
use shared::operations::OperationError;
use shared::ports::clock::Clock as _;
use shared::ports::table::{Index, Key, Order, Query, Range, decode};
use shared::store::payments::fold_batch;
use shared::store::{keys, stored};

use super::Stack;

/// How often the bank is asked whether its webhooks are delivered.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What is read of a payment to know whether somebody may still be sending it.
#[derive(Deserialize)]
struct Leased {
    leg: LeasedLeg,
}

#[derive(Deserialize)]
struct LeasedLeg {
    #[serde(default)]
    claim: Option<Claim>,
}

/// Whether there is something to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// Business time went on to the next thing due.
    Forward,
    /// Nothing that is under way will ever be due.
    Nothing,
}

impl Stack {
    /// Returns once no task waits or runs, and the bank and Plaid have delivered everything they have to.
    pub async fn wait_idle(&self) {
        loop {
            self.queue.wait_idle(QueueName::Bulk).await;
            self.queue.wait_idle(QueueName::Other).await;
            let quiet = || {
                let counters = [QueueName::Bulk, QueueName::Other].map(|name| self.queue.counters(name));
                let is_delivered = self.column.is_quiet() && self.plaid.is_quiet();
                is_delivered && counters.iter().all(|queue| queue.waiting == 0 && queue.in_flight == 0)
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
        if let Some(lease_until) = self.leased_until().await? {
            let left = lease_until.duration_since(self.clock.elapsed_now());
            self.clock.pause(Duration::try_from(left).unwrap_or_default()).await;
            return self.sweep_all().await.map(|()| Moved::Forward);
        }
        let now = self.clock.business_now();
        let Some(ours) = self.next_due(now).await? else { return Ok(Moved::Nothing) };
        let next = [self.column.next_due(), self.plaid.next_due()].into_iter().flatten().fold(ours, Timestamp::min);
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
            tracing::debug!(to = %next, "business time goes on");
            // Beyond the very moment, since the index and the bank count in whole seconds.
            self.clock.move_forward(by.saturating_add(Duration::from_secs(1)));
            self.column.advance();
            self.plaid.advance();
        }
    }

    /// The next moment at which something that is under way is due. Drafts do not count: they wait for a person. Nor do rounds, which come
    /// for ever.
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

    /// Until when a payment is claimed by a run that died with an earlier process: nobody may take it before, and business time must not
    /// run away meanwhile, since leases count elapsed time.
    async fn leased_until(&self) -> Result<Option<Timestamp>, OperationError> {
        let now = self.clock.elapsed_now();
        let mut latest = None;
        for batch in self.batches_under_way().await? {
            if batch.sweep.is_none_or(|mark| mark.submitting == 0) {
                continue;
            }
            let shards = fold_batch(&*self.system.table, batch.id, |latest: &mut Option<Timestamp>, seen: Leased| {
                *latest = (*latest).max(seen.leg.claim.map(|claim| claim.lease_until));
                Ok(())
            })
            .await?;
            latest = latest.max(shards.into_iter().max().flatten());
        }
        Ok(latest.filter(|until| now < *until))
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

    /// A draft waits for a person, a link and a card are only looked at again, and a check that has arrived waits for whoever cashes it.
    async fn is_under_way(&self, key: &Key) -> Result<bool, OperationError> {
        let is = |kind: &str| key.pk.starts_with(kind);
        if is("ITEM#") || is("CARD#") {
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
