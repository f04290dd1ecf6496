//! The sweep of a batch: what it is waiting for, what was lost, and whether it is complete.
//!
//! A batch that is not final has a time at which it is swept: that alone moves it to its end, even if every message was lost.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::approve::{expire, import_tasks, release_claim};
use super::autopay::notices;
use super::system::minutes_from;
use super::upload::load;
use super::{OperationError, System, fund, import, payers, retry, unsettled, webhooks};
#[cfg(feature = "deliberate-faults")]
use crate::deliberate_faults::unconditional;
use crate::domain::autopay::notice::{NoticeKind, Recipient};
use crate::domain::batch::{Batch, BatchState, DRAFT_DAYS, Idempotent, SweepMark};
use crate::domain::funding::{Funding, FundingStatus};
use crate::domain::ids::BatchId;
use crate::domain::leg::{Attention, Claim, Effect, Outcome, State};
use crate::domain::source::Source;
use crate::domain::task::Task;
use crate::domain::webhooks::event::{BatchFacts, EventType};
use crate::ports::table::TableError;
use crate::store::keys;
use crate::store::payments::fold_batch;
use crate::store::stored::replace;

/// Between two sweeps while something can move.
pub const SWEEP_MINUTES: i64 = 10;

/// What the sweep reads of a payment.
#[derive(Deserialize)]
struct Seen {
    leg: SeenLeg,
    payer_id: String,
    round: u32,
}

#[derive(Deserialize)]
struct SeenLeg {
    state: State,
    attempt: u32,
    #[serde(default)]
    claim: Option<Claim>,
    #[serde(default)]
    transfer_id: Option<String>,
    #[serde(default)]
    attention: Option<Attention>,
}

/// Payments of a batch by what they wait for.
#[derive(Clone, Debug, Default)]
struct Count {
    mark: SweepMark,
    /// Unprocessed ones by the funding they rest on.
    unprocessed: BTreeMap<(String, u32), u64>,
    /// Payments that the bank has, had, or may have.
    sent: u64,
    /// Of those being submitted: nothing is sent any more, and what was sent has time to arrive.
    resting: u64,
    /// When the first of those being submitted has had that time, whether or not it is sent again before.
    arrived_by: Option<Timestamp>,
    /// Open ones that wait for an operator.
    attention: u64,
    paid: u64,
    not_paid: u64,
}

/// Looks at a batch and does what its state asks for.
pub async fn sweep(system: &System, batch_id: BatchId) -> Result<(), OperationError> {
    let batch = load(system, batch_id).await?;
    match batch.state {
        BatchState::Draft | BatchState::Ready | BatchState::Rejected => sweep_draft(system, batch).await,
        // Its file never came, or cannot be read whatever is tried: it ends as any draft does.
        BatchState::Summarizing if is_left_alone(&batch, system.clock.business_now()) => {
            expire(system, batch_id).await.map(|_| ())
        }
        BatchState::Summarizing => {
            system.enqueue([Task::Summarize { batch_id }]).await?;
            postpone(system, batch, 2 * SWEEP_MINUTES).await
        }
        BatchState::Importing => sweep_import(system, batch).await,
        BatchState::Paying | BatchState::Canceling => sweep_payments(system, batch).await,
        BatchState::Failed => sweep_failed(system, batch).await,
        BatchState::Completed | BatchState::Canceled | BatchState::Declined | BatchState::Expired => Ok(()),
    }
}

/// Nobody has done anything to it for as long as a draft is kept.
fn is_left_alone(batch: &Batch, now: Timestamp) -> bool {
    let kept_until = batch.updated_at.checked_add(SignedDuration::from_hours(24 * DRAFT_DAYS));
    kept_until.is_ok_and(|until| until <= now)
}

/// Cancels what was recorded of a file that turned out to be another one.
async fn sweep_failed(system: &System, mut batch: Batch) -> Result<(), OperationError> {
    if count(system, batch.id).await?.mark.open() > 0 {
        fund::release_all(system, batch.id).await?;
        return postpone(system, batch, SWEEP_MINUTES).await;
    }
    batch.due_at = None;
    write(system, &mut batch, Vec::new()).await.map(|_| ())
}

async fn sweep_draft(system: &System, batch: Batch) -> Result<(), OperationError> {
    if batch.due_at.is_some_and(|due_at| due_at <= system.clock.business_now()) {
        expire(system, batch.id).await?;
    }
    Ok(())
}

async fn sweep_import(system: &System, batch: Batch) -> Result<(), OperationError> {
    let expected = batch.manifest.as_ref().map_or(0, |head| head.chunks);
    let missing: BTreeSet<u32> = import::missing_chunks(system, batch.id, expected).await?.into_iter().collect();
    let is_missing = |task: &Task| matches!(task, Task::Import { chunk, .. } if missing.contains(chunk));
    let tasks: Vec<Task> = import_tasks(&batch).into_iter().filter(is_missing).collect();
    if tasks.is_empty() {
        return import::finish(system, batch.id).await;
    }
    system.enqueue(tasks).await?;
    postpone(system, batch, SWEEP_MINUTES).await
}

async fn postpone(system: &System, mut batch: Batch, minutes: i64) -> Result<(), OperationError> {
    batch.due_at = Some(minutes_from(system.clock.business_now(), minutes));
    write(system, &mut batch, Vec::new()).await.map(|_| ())
}

/// Answers whether the write happened; somebody else's faster write is as good.
async fn write(
    system: &System,
    batch: &mut Batch,
    more: Vec<crate::ports::table::Change>,
) -> Result<bool, OperationError> {
    let put = replace(batch)?;
    let mut changes = vec![fault!(SweepUnconditional, unconditional(put), put)];
    changes.extend(more);
    match system.table.write(changes).await {
        Ok(()) => Ok(true),
        Err(TableError::ConditionFailed { .. }) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

async fn count(system: &System, batch_id: BatchId) -> Result<Count, OperationError> {
    let shards = fold_batch(&*system.table, batch_id, |count: &mut Count, seen: Seen| {
        match seen.leg.state {
            State::Unprocessed => {
                count.mark.unprocessed += 1;
                *count.unprocessed.entry((seen.payer_id, seen.round)).or_default() += 1;
            }
            State::Submitting => count.mark.submitting += 1,
            State::Processing => count.mark.processing += 1,
            State::Completed | State::Available => count.paid += 1,
            State::Failed | State::Returned | State::Canceled => count.not_paid += 1,
        }
        let leg = &seen.leg;
        count.sent += u64::from(leg.transfer_id.is_some() || leg.claim.is_some() || leg.attempt > 1);
        let is_refused = matches!(leg.claim, Some(Claim { outcome: Outcome::Refused(_), .. }));
        if leg.state == State::Submitting {
            count.resting += u64::from(is_refused);
            count.arrived_by = earlier(count.arrived_by, leg.claim.as_ref().map(Claim::arrived_by));
        }
        count.attention += u64::from(seen.leg.state.is_open() && seen.leg.attention.is_some());
        Ok(())
    })
    .await?;
    let mut sum = Count::default();
    for shard in shards {
        sum.mark.unprocessed += shard.mark.unprocessed;
        sum.mark.submitting += shard.mark.submitting;
        sum.mark.processing += shard.mark.processing;
        sum.sent += shard.sent;
        sum.resting += shard.resting;
        sum.arrived_by = earlier(sum.arrived_by, shard.arrived_by);
        sum.attention += shard.attention;
        sum.paid += shard.paid;
        sum.not_paid += shard.not_paid;
        for (key, count) in shard.unprocessed {
            *sum.unprocessed.entry(key).or_default() += count;
        }
    }
    Ok(sum)
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

/// The header's version was read before the count: whoever opens a payment again (a retry) changes the header first.
async fn sweep_payments(system: &System, mut batch: Batch) -> Result<(), OperationError> {
    let now = system.clock.business_now();
    let round_ready = prepare_round(system, &batch).await?;
    if let Some(until) = nothing_funded_until(system, &batch, now).await? {
        batch.due_at = Some(until);
        unsettled::tell_of_batch(system, &batch);
        return write(system, &mut batch, Vec::new()).await.map(|_| ());
    }
    let count = count(system, batch.id).await?;
    if count.mark.open() == 0 && round_ready {
        free_sources(system, &batch).await?;
        return complete(system, batch, &count, now).await;
    }
    unsettled::tell_of_batch(system, &batch);
    let stalled = batch.sweep == Some(count.mark);
    let waits = wait_of(system, &batch, &count, now).await?;
    if stalled || waits.can_move || batch.state == BatchState::Canceling {
        fund::release_all(system, batch.id).await?;
    }
    batch.sweep = Some(count.mark);
    batch.due_at = Some(waits.until);
    write(system, &mut batch, Vec::new()).await.map(|_| ())
}

/// Makes sure that the fundings and the plan of the current round exist. `false` while a part of it is still to be made.
async fn prepare_round(system: &System, batch: &Batch) -> Result<bool, OperationError> {
    if batch.state == BatchState::Canceling {
        return Ok(true);
    }
    let batch_id = batch.id;
    let round = u32::try_from(batch.rounds).unwrap_or(u32::MAX);
    if round > 1 && !retry::is_carried_out(system, batch).await? {
        return Ok(false);
    }
    let needs = fund::needs(system, batch, round).await?;
    let present: BTreeSet<(String, u32)> = fund::all_fundings(system, batch)
        .await?
        .into_iter()
        .filter_map(|funding| funding.id.round().map(|round| (funding.payer_id, round)))
        .collect();
    let missing: Vec<Task> = needs
        .into_keys()
        .filter(|source_id| !present.contains(&(source_id.clone(), round)))
        .map(|source_id| Task::Fund { batch_id, source_id, round })
        .collect();
    let is_ready = missing.is_empty();
    system.enqueue(missing).await?;
    Ok(is_ready)
}

/// While no money of the first round has ever been there, no payment can have moved: reading them all would tell nothing.
async fn nothing_funded_until(
    system: &System,
    batch: &Batch,
    now: Timestamp,
) -> Result<Option<Timestamp>, OperationError> {
    if batch.state != BatchState::Paying || batch.rounds > 1 {
        return Ok(None);
    }
    let fundings = fund::all_fundings(system, batch).await?;
    if fundings.iter().any(|funding| funding.cover() != FundingStatus::Awaited) {
        return Ok(None);
    }
    let next = fundings.iter().filter_map(|funding| funding.due_at).min();
    Ok(next.map(|due| minutes_from(due.max(now), SWEEP_MINUTES)))
}

struct Wait {
    until: Timestamp,
    can_move: bool,
}

/// Until when nothing is to be expected: a funding's next date, the next settlement, or a little while where something can move.
async fn wait_of(system: &System, batch: &Batch, count: &Count, now: Timestamp) -> Result<Wait, OperationError> {
    let mut until = fund::after_settlement(now);
    if count.mark.open() == count.attention {
        return Ok(Wait { until, can_move: false });
    }
    let fundings = fund::all_fundings(system, batch).await?;
    let of = |source_id: &str, round: u32| {
        fundings.iter().find(|funding| funding.payer_id == source_id && funding.id.round() == Some(round))
    };
    let soon = minutes_from(now, SWEEP_MINUTES);
    // Of a batch that is canceled nothing is sent again: what may be out is looked for.
    let resting = if batch.state == BatchState::Canceling { count.mark.submitting } else { count.resting };
    if let Some(arrived_by) = count.arrived_by.filter(|_| resting > 0) {
        until = until.min(minutes_from(arrived_by.max(now), SWEEP_MINUTES));
    }
    let mut can_move = count.mark.submitting > resting;
    for (source_id, round) in count.unprocessed.keys() {
        match of(source_id, *round).filter(|funding| funding.cover() == FundingStatus::Awaited) {
            Some(funding) => {
                let next = funding.due_at.map_or(soon, |due| minutes_from(due.max(now), SWEEP_MINUTES));
                until = until.min(next);
            }
            None => can_move = true,
        }
    }
    if can_move {
        until = until.min(soon);
    }
    Ok(Wait { until, can_move: can_move && batch.sweep.is_none() })
}

/// The last payments of a returned funding may have failed in a run that died before it looked at what their source still owes.
async fn free_sources(system: &System, batch: &Batch) -> Result<(), OperationError> {
    let fundings = fund::all_fundings(system, batch).await?;
    let came_back_late = |funding: &Funding| funding.leg.effects.contains(&Effect::FundingReturnedAvailable);
    let owing: BTreeSet<String> = fundings.into_iter().filter(came_back_late).map(|funding| funding.payer_id).collect();
    for source_id in owing {
        payers::settle_receivable::<Source>(system, &keys::source(&source_id)).await?;
    }
    Ok(())
}

/// Whether the bank has, had or may have a funding of the batch.
async fn is_pulled(system: &System, batch: &Batch) -> Result<bool, OperationError> {
    let fundings = fund::all_fundings(system, batch).await?;
    let is_sent = |funding: &Funding| funding.leg.was_sent();
    Ok(fault!(FundingForgottenByClaim, false, fundings.iter().any(is_sent)))
}

async fn complete(system: &System, mut batch: Batch, count: &Count, now: Timestamp) -> Result<(), OperationError> {
    if batch.complete(now)? == Idempotent::AlreadyApplied {
        return Ok(());
    }
    batch.updated_at = now;
    // Where something left, the file's payments stay claimed: a new file with the same ones must not pay them again unseen.
    let is_unsent = batch.state == BatchState::Canceled && count.sent == 0 && !is_pulled(system, &batch).await?;
    let claim = is_unsent.then(|| release_claim(&batch)).flatten();
    let is_completed = batch.state == BatchState::Completed;
    let notice = is_completed.then_some(NoticeKind::BatchCompleted {
        batch_id: batch.id,
        round: batch.rounds,
        paid: count.paid,
        failed: count.not_paid,
    });
    let mut more = notices::puts(system, Recipient::PayrollAdmins, notice).await?;
    more.extend(claim);
    if let Some(event_type) = EventType::of_batch(batch.state) {
        // The header is still to be put, which counts its version up.
        let facts = BatchFacts { paid: Some(count.paid), not_paid: Some(count.not_paid), ..BatchFacts::of(&batch) };
        more.extend(webhooks::of_batch_as(system, &batch, event_type, facts).await?);
    }
    if write(system, &mut batch, more).await? {
        tracing::info!(batch = %batch.id, state = batch.state.as_str(), "a batch ended");
    }
    Ok(())
}
