//! Confirming a stop: once nothing can be on its way out any more, what had left before is counted.
//!
//! Guarantees: confirmed by time alone, not by what was counted. The count keeps its place between runs, batch by batch and shard by
//! shard; it holds what the bank has, or may have, and has not settled when it is counted.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::SignedDuration;

use super::super::{OperationError, System, lists};
use super::stored;
use crate::domain::deadline::Deadline;
use crate::domain::funding::Funding;
use crate::domain::ids::{BatchId, FundingId, PAYMENT_SHARDS, PaymentId};
use crate::domain::leg::State;
use crate::domain::money::MoneyOverflow;
use crate::domain::payment::Payment;
use crate::domain::stop::{Place, Stop};
use crate::domain::task::Task;
use crate::ports::table::{Index, Key, Query, Range, TableError, decode};
use crate::store::keys;
use crate::store::stored::{read, replace};

/// Items read at once.
const READS_AT_ONCE: usize = 16;

/// What one shard may take, and the write after it.
const SHARD_TAKES: Duration = Duration::from_secs(10);

/// Goes on with confirming a stop that is due. Run again it does no harm.
pub async fn confirm(system: &System, scope: &str, deadline: Deadline) -> Result<(), OperationError> {
    let Some(mut stop) = stored(system, scope).await? else { return Ok(()) };
    if !stop.stopped || stop.confirmed_at.is_some() {
        return Ok(());
    }
    let (business_now, elapsed_now) = (system.clock.business_now(), system.clock.elapsed_now());
    if !stop.is_over(system.settings.lease, elapsed_now) {
        stop.due_at = business_now.checked_add(SignedDuration::from_secs(1)).ok();
        return save(system, stop).await;
    }
    if stop.place.is_none() {
        stop.place = Some(Place { batches: open_items(system, &mut stop).await?, shard: 0 });
    }
    let mut place = stop.place.take().unwrap_or_default();
    while let Some(batch_id) = place.batches.last().copied() {
        if !deadline.allows(system.clock.elapsed_now(), SHARD_TAKES) {
            stop.place = Some(place);
            save(system, stop).await?;
            system.hint([Task::ConfirmStop { scope: scope.to_owned() }]).await;
            return Ok(());
        }
        shard(system, &mut stop, batch_id, place.shard).await?;
        place.shard = place.shard.saturating_add(1);
        if place.shard >= PAYMENT_SHARDS {
            place.batches.pop();
            place.shard = 0;
        }
    }
    stop.confirmed_at = Some(business_now);
    stop.due_at = None;
    tracing::warn!(
        scope,
        fundings = stop.left.fundings.count,
        payouts = stop.left.payouts.count,
        "a stop is confirmed"
    );
    save(system, stop).await
}

async fn save(system: &System, mut stop: Stop) -> Result<(), OperationError> {
    match system.table.write(vec![replace(&mut stop)?]).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

/// Counts fundings and payments outside batches, and answers the batches whose payments are still to be counted. Whatever is open is due
/// some time, so that the index of what is due names it.
async fn open_items(system: &System, stop: &mut Stop) -> Result<Vec<BatchId>, OperationError> {
    let (mut batches, mut items) = (BTreeSet::new(), BTreeSet::new());
    for number in 0..keys::DUE_SHARDS {
        for key in lists::keys_in(system, Index::Due, keys::due_shard(number), Range::All).await? {
            match key.pk.split_once('#') {
                Some(("BATCH", id)) => batches.extend(id.parse::<BatchId>()),
                Some(("FUNDING" | "PAYMENT", _)) => {
                    items.insert(key);
                }
                Some(_) | None => {}
            }
        }
    }
    // A payment of a person and its funding are due together, or one of them is.
    let items: BTreeSet<Key> = items.into_iter().flat_map(both_of_one).collect();
    let reads: Vec<_> = items.iter().map(|key| read_one(system, key)).collect();
    let found: Vec<Open> = stream::iter(reads).buffered(READS_AT_ONCE).try_collect().await?;
    for open in found {
        match open {
            Open::Funding(funding) => count_funding(stop, &funding)?,
            Open::Payment(payment) => count_payment(stop, &payment)?,
            Open::Gone => {}
        }
    }
    Ok(batches.into_iter().collect())
}

fn both_of_one(key: Key) -> Vec<Key> {
    let id = key.pk.split_once('#').map_or("", |(_, id)| id);
    let uuid = match (id.parse::<FundingId>(), id.parse::<PaymentId>()) {
        (Ok(FundingId::Single(uuid)), _) | (_, Ok(PaymentId::Single(uuid))) => uuid,
        _ => return vec![key],
    };
    vec![keys::funding(FundingId::Single(uuid)), keys::payment(PaymentId::Single(uuid))]
}

enum Open {
    Funding(Box<Funding>),
    Payment(Box<Payment>),
    Gone,
}

async fn read_one(system: &System, key: &Key) -> Result<Open, TableError> {
    if key.pk.starts_with("FUNDING#") {
        return Ok(read(&*system.table, key).await?.map_or(Open::Gone, |funding| Open::Funding(Box::new(funding))));
    }
    Ok(read(&*system.table, key).await?.map_or(Open::Gone, |payment| Open::Payment(Box::new(payment))))
}

async fn shard(system: &System, stop: &mut Stop, batch_id: BatchId, number: u8) -> Result<(), OperationError> {
    let mut query = Query::primary(keys::payment_shard(batch_id, number));
    loop {
        let page = system.table.query(&query).await?;
        for item in page.items {
            count_payment(stop, &decode(item)?)?;
        }
        match page.next {
            Some(next) => query.start_after = Some(next),
            None => return Ok(()),
        }
    }
}

fn count_funding(stop: &mut Stop, funding: &Funding) -> Result<(), MoneyOverflow> {
    if stop.concerns(&funding.payer_id) && is_with_the_bank(funding.leg.state) {
        stop.left.fundings.add(funding.amount)?;
    }
    Ok(())
}

fn count_payment(stop: &mut Stop, payment: &Payment) -> Result<(), MoneyOverflow> {
    if stop.concerns(&payment.payer_id) && is_with_the_bank(payment.leg.state) {
        stop.left.payouts.add(payment.amount)?;
    }
    Ok(())
}

/// The bank has it, or may have it, and has not settled it.
const fn is_with_the_bank(state: State) -> bool {
    match state {
        State::Submitting | State::Processing => true,
        State::Unprocessed
        | State::Completed
        | State::Available
        | State::Failed
        | State::Returned
        | State::Canceled => false,
    }
}
