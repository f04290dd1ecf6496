//! Pushing the payments of one shard: what can be paid is queued, what lost its funding fails, what was canceled is canceled.
//!
//! Releasing again is harmless: each payment is decided on as it stands.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;

use super::step;
use super::upload::load;
use super::{OperationError, System, payers, stops};
use crate::domain::batch::{Batch, BatchState};
use crate::domain::funding::{Cover, Funding};
use crate::domain::ids::{BatchId, FundingId, ItemId};
use crate::domain::leg::Moved;
use crate::domain::payment::Payment;
use crate::domain::payment::release::{Push, Surroundings};
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
pub struct Surrounding {
    batches: Mutex<HashMap<BatchId, Option<BatchState>>>,
    covers: Mutex<HashMap<FundingId, Cover>>,
    sources: Mutex<HashMap<String, Option<Arc<Source>>>>,
}

/// What surrounds one payment.
#[derive(Clone, Debug)]
pub struct Around {
    batch: BatchState,
    cover: Cover,
    pub source: Arc<Source>,
    stopped: bool,
}

impl Around {
    pub fn view(&self, system: &System) -> Surroundings<'_> {
        Surroundings {
            batch: self.batch,
            cover: self.cover,
            source: &self.source,
            stopped: self.stopped,
            business_now: system.clock.business_now(),
            elapsed_now: system.clock.elapsed_now(),
        }
    }
}

impl Surrounding {
    /// `None` where a part of it does not exist yet: then nothing can be done.
    pub async fn of(&self, system: &System, payment: &Payment) -> Result<Option<Around>, OperationError> {
        let Some(batch_id) = payment.batch_id() else { return Ok(None) };
        let Some(batch) = self.batch(system, batch_id).await? else { return Ok(None) };
        let Some(source) = self.source(system, &payment.payer_id).await? else { return Ok(None) };
        let cover = self.cover(system, payment.funding_id()).await?;
        let stopped = !stops::may_claim(system, &payment.payer_id).await?;
        Ok(Some(Around { batch, cover, source, stopped }))
    }

    /// A source is made with its first funding: before that nothing can have left, and all there is to do is to cancel.
    async fn push_of_unfunded(&self, system: &System, payment: &Payment) -> Result<Push, OperationError> {
        let Some(batch_id) = payment.batch_id() else { return Ok(Push::Leave) };
        match self.batch(system, batch_id).await? {
            Some(BatchState::Canceling | BatchState::Canceled | BatchState::Failed) => Ok(Push::Cancel),
            Some(_) | None => Ok(Push::Leave),
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

    /// A retry that needed no new money has no funding of its round: then the money left of the earlier rounds pays.
    async fn cover(&self, system: &System, id: FundingId) -> Result<Cover, OperationError> {
        if let Some(known) = lock(&self.covers).get(&id) {
            return Ok(*known);
        }
        let cover = match read::<Funding>(&*system.table, &keys::funding(id)).await? {
            Some(funding) => funding.cover(),
            None if id.round().is_some_and(|round| round > 1) && !super::retry::needs_funding(system, id).await? => {
                fault!(LeftoversNeverGone, Cover::Available, cover_of_leftovers(system, id).await?)
            }
            None => Cover::Awaited,
        };
        lock(&self.covers).insert(id, cover);
        Ok(cover)
    }
}

/// Whether there is a funding left of those before a round, or one that was lost and repaid.
async fn cover_of_leftovers(system: &System, id: FundingId) -> Result<Cover, OperationError> {
    let FundingId::Round { batch, source, round } = id else { return Ok(Cover::Awaited) };
    let mut cover = Cover::Awaited;
    for round in 1..round {
        let id = FundingId::Round { batch, source, round };
        let Some(funding) = read::<Funding>(&*system.table, &keys::funding(id)).await? else { continue };
        if funding.paid_in().is_positive() {
            return Ok(Cover::Available);
        }
        match funding.cover() {
            gone @ Cover::Gone { after_available: true } => cover = gone,
            Cover::Available | Cover::Gone { after_available: false } | Cover::Awaited => {}
        }
    }
    Ok(cover)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Pushes every payment of a shard that can move.
pub async fn shard(system: &System, batch_id: BatchId, shard: u8) -> Result<(), OperationError> {
    load(system, batch_id).await?;
    let surrounding = Surrounding::default();
    let mut failed_unfunded = std::collections::BTreeSet::new();
    let mut query = Query::primary(keys::payment_shard(batch_id, shard));
    loop {
        let page = system.table.query(&query).await?;
        let mut tasks = Vec::new();
        let mut writes = Vec::new();
        for attributes in page.items {
            let payment: Payment = decode(attributes)?;
            if !payment.leg.state.is_open() {
                continue;
            }
            let push = match surrounding.of(system, &payment).await? {
                Some(around) => payment.push(around.view(system)),
                None => surrounding.push_of_unfunded(system, &payment).await?,
            };
            match push {
                Push::Leave => {}
                Push::Submit | Push::LookUp => tasks.push(Task::Submit { payment_id: payment.id }),
                Push::FollowUp => tasks.push(Task::FollowUp { item_id: ItemId::Payment(payment.id) }),
                push @ (Push::Cancel | Push::FailUnfunded { .. }) => {
                    if let Push::FailUnfunded { after_available: true } = push {
                        failed_unfunded.insert(payment.payer_id.clone());
                    }
                    writes.push((payment, push));
                }
            }
        }
        stream::iter(writes.into_iter().map(|(payment, push)| end(system, payment, push)))
            .buffer_unordered(WRITES_AT_ONCE)
            .try_for_each(|()| std::future::ready(Ok(())))
            .await?;
        system.enqueue(tasks).await?;
        match page.next {
            Some(next) => query.start_after = Some(next),
            None => break,
        }
    }
    for source_id in failed_unfunded {
        payers::settle_receivable::<Source>(system, &keys::source(&source_id)).await?;
    }
    Ok(())
}

/// Ends a payment that was never sent, in its own write.
async fn end(system: &System, mut payment: Payment, push: Push) -> Result<(), OperationError> {
    let now: Timestamp = system.clock.business_now();
    let mut more = Vec::new();
    let (what, moved): (_, Moved) = match push {
        Push::Cancel => ("canceled", payment.leg.cancel(payment.kind())?),
        Push::FailUnfunded { after_available } => {
            let mut takes_off = after_available;
            // The first round's funding is the sum of its payments; a later one may be less than what its payments are paid with.
            if after_available && fault!(MoreTakenOffThanOwed, false, payment.round > 1) {
                let source = keys::source(&payment.payer_id);
                let (owes, change) = payers::owes::<Source>(system, &source, payment.amount).await?;
                takes_off = owes;
                more.push(change);
            }
            ("unfunded", payment.leg.fail_unfunded(payment.kind(), takes_off)?)
        }
        Push::Leave | Push::Submit | Push::LookUp | Push::FollowUp => return Ok(()),
    };
    let entry = HistoryEntry::new(what, &payment.leg, now).moved(&moved);
    more.extend(step::changes(&mut payment, &entry, &moved.effects, now)?);
    match system.table.write(more).await {
        // Claimed in between: then it is on its way, and stays so.
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}
