//! Pushing the payments of one shard: what can be paid is queued, what lost its funding fails, what was canceled is canceled.
//!
//! Releasing again is harmless: each payment is decided on as it stands.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;

use super::save_step;
use super::upload::load;
use super::{OperationError, System, cover, debts, payers, stops};
use crate::domain::batch::{Batch, BatchState};
use crate::domain::funding::FundingStatus;
use crate::domain::ids::{BatchId, FundingId, ItemId};
use crate::domain::leg::{State, Transition};
use crate::domain::money::Cents;
use crate::domain::payment::Payment;
use crate::domain::payment::release::{ReleaseAction, ReleaseContext};
use crate::domain::source::Source;
use crate::domain::task::Task;
use crate::ports::table::{Query, TableError, decode};
use crate::store::history::HistoryEntry;
use crate::store::keys;
use crate::store::stored::read;

/// Payments failed or canceled at once.
const WRITES_AT_ONCE: usize = 8;

/// What one run has read of batches, fundings and sources. Each is read consistently once a run, before the first claim that rests on
/// it; a run lasts seconds. What changes in between is caught by the next run, as it would be a moment after any read.
#[derive(Debug, Default)]
pub struct ReleaseCache {
    batches: Mutex<HashMap<BatchId, Option<BatchState>>>,
    covers: Mutex<HashMap<FundingId, FundingStatus>>,
    sources: Mutex<HashMap<String, Option<Arc<Source>>>>,
}

/// What surrounds one payment.
#[derive(Clone, Debug)]
pub struct PaymentSurroundings {
    batch: BatchState,
    cover: FundingStatus,
    pub source: Arc<Source>,
    stopped: bool,
}

impl PaymentSurroundings {
    /// Its payments wait, since less is there than they cost.
    fn is_short(&self) -> bool {
        self.batch == BatchState::Paying && self.cover == FundingStatus::Short
    }

    pub fn view(&self, system: &System) -> ReleaseContext<'_> {
        ReleaseContext {
            batch: self.batch,
            cover: self.cover,
            source: &self.source,
            stopped: self.stopped,
            business_now: system.clock.business_now(),
            elapsed_now: system.clock.elapsed_now(),
        }
    }
}

impl ReleaseCache {
    /// `None` where a part of it does not exist yet: then nothing can be done.
    pub async fn of(&self, system: &System, payment: &Payment) -> Result<Option<PaymentSurroundings>, OperationError> {
        let Some(batch_id) = payment.batch_id() else { return Ok(None) };
        let Some(batch) = self.batch(system, batch_id).await? else { return Ok(None) };
        let Some(source) = self.source(system, &payment.payer_id).await? else { return Ok(None) };
        let cover = self.cover(system, payment.funding_id()).await?;
        let stopped = !stops::may_claim(system, &payment.payer_id).await?;
        Ok(Some(PaymentSurroundings { batch, cover, source, stopped }))
    }

    /// A source is made with its first funding: before that nothing can have left, and all there is to do is to cancel.
    async fn push_of_unfunded(&self, system: &System, payment: &Payment) -> Result<ReleaseAction, OperationError> {
        let Some(batch_id) = payment.batch_id() else { return Ok(ReleaseAction::Leave) };
        match self.batch(system, batch_id).await? {
            Some(BatchState::Canceling | BatchState::Canceled | BatchState::Failed) => Ok(ReleaseAction::Cancel),
            Some(_) | None => Ok(ReleaseAction::Leave),
        }
    }

    async fn batch(&self, system: &System, id: BatchId) -> Result<Option<BatchState>, OperationError> {
        if let Some(known) = lock(&self.batches).get(&id) {
            return Ok(*known);
        }
        let state = read::<Batch>(&*system.table, &keys::batch(id)).await?.map(|batch| batch.state);
        lock(&self.batches).insert(id, state);
        Ok(state)
    }

    async fn source(&self, system: &System, id: &str) -> Result<Option<Arc<Source>>, OperationError> {
        if let Some(known) = lock(&self.sources).get(id) {
            return Ok(known.clone());
        }
        let source = read::<Source>(&*system.table, &keys::source(id)).await?.map(Arc::new);
        lock(&self.sources).insert(id.to_owned(), source.clone());
        Ok(source)
    }

    async fn cover(&self, system: &System, id: FundingId) -> Result<FundingStatus, OperationError> {
        if let Some(known) = lock(&self.covers).get(&id) {
            return Ok(*known);
        }
        let cover = cover::of_round(system, id).await?;
        lock(&self.covers).insert(id, cover);
        Ok(cover)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Pushes every payment of a shard that can move.
pub async fn shard(system: &System, batch_id: BatchId, shard: u8) -> Result<(), OperationError> {
    load(system, batch_id).await?;
    let surrounding = ReleaseCache::default();
    let (mut failed_unfunded, mut short) = (BTreeSet::new(), BTreeSet::new());
    let mut query = Query::primary(keys::payment_shard(batch_id, shard));
    loop {
        let page = system.table.query(&query).await?;
        let mut due = Due::default();
        for attributes in page.items {
            let payment: Payment = decode(attributes)?;
            if payment.leg.state.is_open() {
                due.take(system, &surrounding, payment).await?;
            }
        }
        failed_unfunded.extend(due.lost.keys().map(|(source_id, _)| source_id.clone()));
        short.append(&mut due.short);
        due.carry_out(system, batch_id).await?;
        match page.next {
            Some(next) => query.start_after = Some(next),
            None => break,
        }
    }
    for source_id in failed_unfunded {
        payers::settle_receivable::<Source>(system, &keys::source(&source_id)).await?;
    }
    for id in short {
        cover::tell_short(system, id).await?;
    }
    Ok(())
}

/// What is to be done with some payments.
#[derive(Default)]
struct Due {
    tasks: Vec<Task>,
    canceled: Vec<Payment>,
    /// Their funding was refused, or came back before it was available: nothing is owed.
    never_funded: Vec<Payment>,
    /// By source and round, since those of one have the same fundings behind them.
    lost: BTreeMap<(String, u32), Vec<Payment>>,
    /// Rounds of payments that wait, since less is there than they cost.
    short: BTreeSet<FundingId>,
}

impl Due {
    async fn take(
        &mut self,
        system: &System,
        surrounding: &ReleaseCache,
        payment: Payment,
    ) -> Result<(), OperationError> {
        let around = surrounding.of(system, &payment).await?;
        let push = match &around {
            Some(around) => payment.push(around.view(system)),
            None => surrounding.push_of_unfunded(system, &payment).await?,
        };
        match push {
            ReleaseAction::Leave => {
                let is_short = around.is_some_and(|around| around.is_short());
                if is_short && payment.leg.state == State::Unprocessed {
                    self.short.insert(payment.funding_id());
                }
            }
            ReleaseAction::Submit | ReleaseAction::LookUp => self.tasks.push(Task::Submit { payment_id: payment.id }),
            ReleaseAction::FollowUp => self.tasks.push(Task::FollowUp { item_id: ItemId::Payment(payment.id) }),
            ReleaseAction::Cancel => self.canceled.push(payment),
            ReleaseAction::FailUnfunded { after_available: false } => self.never_funded.push(payment),
            ReleaseAction::FailUnfunded { after_available: true } => {
                let of_round = (payment.payer_id.clone(), payment.round);
                self.lost.entry(of_round).or_default().push(payment);
            }
        }
        Ok(())
    }

    async fn carry_out(self, system: &System, batch_id: BatchId) -> Result<(), OperationError> {
        let alone = self.canceled.into_iter().map(|payment| (payment, true));
        let alone = alone.chain(self.never_funded.into_iter().map(|payment| (payment, false)));
        stream::iter(alone.map(|(payment, is_canceled)| end(system, payment, is_canceled)))
            .buffer_unordered(WRITES_AT_ONCE)
            .try_for_each(|()| std::future::ready(Ok(())))
            .await?;
        for ((_, round), payments) in self.lost {
            for some in payments.chunks(debts::ENDED_AT_ONCE) {
                debts::fail_unfunded(system, batch_id, some.to_vec(), round).await?;
            }
        }
        system.enqueue(self.tasks).await
    }
}

/// Ends a payment that was never sent and owes nothing, in its own write.
async fn end(system: &System, mut payment: Payment, is_canceled: bool) -> Result<(), OperationError> {
    let now: Timestamp = system.clock.business_now();
    let kind = payment.kind();
    let (what, moved): (_, Transition) = if is_canceled {
        ("canceled", payment.leg.cancel(kind)?)
    } else {
        ("unfunded", payment.leg.fail_unfunded_for(kind, Cents::ZERO)?)
    };
    let entry = HistoryEntry::new(what, &payment.leg, now).moved(&moved);
    match save_step::save(system, &mut payment, &entry, &moved.effects, now).await? {
        // Claimed in between: then it is on its way, and stays so.
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}
