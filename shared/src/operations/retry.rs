//! Retrying a batch: the plan is made once and pinned as an object; carrying it out again does the same again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};
use sha2::{Digest, Sha256};

use super::corrected_ends::ExternalAccountDetails;
use super::save_step;
use super::upload::load;
use super::{OperationError, System, audit, fund, open_batches, retried_rows, webhooks};
use crate::domain::bank::body::RequestProblem;
use crate::domain::batch::manifest::Overlap;
use crate::domain::batch::retry::{RetryPlan, SourceMoney, goes_elsewhere, is_spent, may_retry};
use crate::domain::batch::{Batch, BatchRefusal, BatchState, Idempotent};
use crate::domain::ids::{BatchId, FundingId, PaymentId, SourceTag};
use crate::domain::leg::{Attention, Reason, State};
use crate::domain::money::Cents;
use crate::domain::payment::{Payee, Payment};
use crate::domain::task::Task;
use crate::domain::webhooks::event::{BatchFacts, EventType};
use crate::ports::table::TableError;
use crate::store::history::HistoryEntry;
use crate::store::payments::fold_batch;
use crate::store::stored::{read, replace};
use crate::store::{approvals, keys};

/// Decisions about other batches that may come first before the caller is asked to come again.
const TRIES_MAX: u32 = 4;

/// Payments reopened at once.
const WRITES_AT_ONCE: usize = 8;

fn plan_object(batch_id: BatchId, round: u64, hash: &str) -> String {
    format!("batches/{batch_id}/round-{round}-{hash}.json")
}

/// Asks for a retry of what failed or came back and may be tried again. It decides anew to pay those rows: every later batch that may pay one
/// of them has to be accepted by name. The look is made under the fence of approvals, as an approval's is, and the retry counts there as one,
/// so that neither an approval nor the retry of another batch comes between look and write.
pub async fn retry(
    system: &System,
    batch_id: BatchId,
    caller: &str,
    accepted: &BTreeSet<BatchId>,
) -> Result<Batch, OperationError> {
    for _ in 0..TRIES_MAX {
        let mut batch = load(system, batch_id).await?;
        let now = system.clock.business_now();
        if batch.retry(now)? == Idempotent::AlreadyApplied {
            return Ok(batch);
        }
        // The fence is read before what it stands for.
        let fence = approvals::fence(&*system.table).await?;
        let plan = draft(system, &batch).await?;
        if plan.is_empty() {
            return Err(BatchRefusal::NothingToRetry.into());
        }
        let overlaps = retried_rows::paid_elsewhere(system, &batch, &plan).await?;
        let overlaps: Vec<Overlap> = fault!(RetryDespiteOverlap, Vec::new(), overlaps);
        let named = accept(overlaps, accepted)?;
        fault!(UploaderPaysAgain, Ok(()), decided_by_another(system, &batch, &named, caller).await)?;
        batch.updated_at = now;
        batch.due_at = Some(super::system::minutes_from(now, super::sweep::SWEEP_MINUTES));
        let entry = audit::entry(system, caller, "retry_batch", &batch_id.to_string(), detail_of(&named).as_deref())?;
        let mut changes = vec![replace(&mut batch)?, entry];
        let open = open_batches::with(system, &fence, batch_id).await?;
        changes.extend(approvals::one_more(&fence, open, batch_id, now)?);
        let retried = EventType::BatchRetried;
        changes.extend(webhooks::of_batch_as(system, &batch, retried, BatchFacts::of(&batch)).await?);
        match system.table.write(changes).await {
            Ok(()) => {
                system.hint([Task::PlanRetry { batch_id }]).await;
                return Ok(batch);
            }
            // Somebody else's write was first: the same retry by another request, a refund, or a decision about another batch.
            Err(TableError::ConditionFailed { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(OperationError::Contended(format!("the retry of {batch_id}")))
}

/// Refuses what is not accepted. Answers the rest.
fn accept(overlaps: Vec<Overlap>, accepted: &BTreeSet<BatchId>) -> Result<Vec<Overlap>, BatchRefusal> {
    let (named, open): (Vec<_>, Vec<_>) =
        overlaps.into_iter().partition(|overlap| accepted.contains(&overlap.batch_id));
    if !open.is_empty() {
        return Err(BatchRefusal::OverlapNotAccepted(open));
    }
    Ok(named)
}

/// Refuses whoever had a hand in one of the files whose rows are paid again: like an approval, that takes a second person.
async fn decided_by_another(
    system: &System,
    batch: &Batch,
    named: &[Overlap],
    caller: &str,
) -> Result<(), OperationError> {
    if named.is_empty() {
        return Ok(());
    }
    let uploader_may_approve = system.settings.uploader_may_approve;
    batch.may_decide(caller, uploader_may_approve)?;
    for overlap in named {
        load(system, overlap.batch_id).await?.may_decide(caller, uploader_may_approve)?;
    }
    Ok(())
}

/// What the audit says of the batches that a retry names.
fn detail_of(named: &[Overlap]) -> Option<String> {
    let ids: Vec<String> = named.iter().map(|overlap| overlap.batch_id.to_string()).collect();
    (!ids.is_empty()).then(|| format!("accepted overlaps: {}", ids.join(" ")))
}

/// What a retry would take, as the payments stand now.
async fn draft(system: &System, batch: &Batch) -> Result<RetryPlan, OperationError> {
    let shards = fold_batch(&*system.table, batch.id, |candidates: &mut Vec<Payment>, payment: Payment| {
        if may_retry(&payment, true) {
            candidates.push(payment);
        }
        Ok(())
    })
    .await?;
    let mut money = source_money(system, batch).await?;
    for (source_id, spent) in spent_by_source(system, batch.id).await? {
        let total = &mut money.entry(source_id).or_default().spent;
        *total = total.plus(spent)?;
    }
    let mut plan = RetryPlan { round: u32::try_from(batch.rounds).unwrap_or(u32::MAX), ..RetryPlan::default() };
    let is_undecided = |source_id: &str| money.get(source_id).is_some_and(|money| money.is_undecided);
    for payment in shards.into_iter().flatten() {
        if fault!(UndecidedPulledAnew, false, is_undecided(&payment.payer_id)) {
            continue;
        }
        if may_retry(&payment, false) || is_corrected(system, &payment).await? {
            plan.take(&payment)?;
        }
    }
    plan.set_shortfalls(&fault!(ShortfallFundedTwice, BTreeMap::new(), money))?;
    Ok(plan)
}

/// Whether the payee's data changed since it failed: a notification of change has it go to another account than it went to.
async fn is_corrected(system: &System, payment: &Payment) -> Result<bool, OperationError> {
    let Payee::Account(payee) = &payment.payee else { return Ok(false) };
    let external_account = ExternalAccountDetails::of_payee(system, payee, vec![keys::payment(payment.id).pk]).await?;
    let Some(corrected) = external_account.corrected_now(system).await? else { return Ok(false) };
    Ok(fault!(CorrectedOnceForAll, true, goes_elsewhere(payment, &corrected)))
}

/// What of each source's money the rows of a batch hold.
pub(crate) async fn spent_by_source(
    system: &System,
    batch_id: BatchId,
) -> Result<BTreeMap<String, Cents>, OperationError> {
    #[derive(serde::Deserialize)]
    struct Held {
        leg: HeldLeg,
        amount: Cents,
        payer_id: String,
    }
    #[derive(serde::Deserialize)]
    struct HeldLeg {
        state: State,
        #[serde(default)]
        attention: Option<Attention>,
    }
    let shards = fold_batch(&*system.table, batch_id, |spent: &mut BTreeMap<String, Cents>, held: Held| {
        if is_spent(held.leg.state, held.leg.attention.map(|attention| attention.reason)) {
            let sum = spent.entry(held.payer_id).or_default();
            *sum = sum.plus(held.amount).map_err(|cause| TableError::Defect(cause.to_string()))?;
        }
        Ok(())
    })
    .await?;
    let mut spent: BTreeMap<String, Cents> = BTreeMap::new();
    for (source_id, share) in shards.into_iter().flatten() {
        let sum = spent.entry(source_id).or_default();
        *sum = sum.plus(share)?;
    }
    Ok(spent)
}

/// What each source has paid in for this batch, by its fundings or by repaying one that came back, less its refunds.
pub(crate) async fn source_money(
    system: &System,
    batch: &Batch,
) -> Result<BTreeMap<String, SourceMoney>, OperationError> {
    let mut money: BTreeMap<String, SourceMoney> = BTreeMap::new();
    for funding in fund::all_fundings(system, batch).await? {
        let (paid_in, is_undecided) = (funding.paid_in()?, funding.is_undecided());
        if paid_in.is_positive() || is_undecided {
            let its = money.entry(funding.payer_id).or_default();
            its.funded = its.funded.plus(paid_in)?;
            its.is_undecided |= is_undecided;
        }
    }
    for refund in super::refund::all(system, batch).await? {
        if is_spent(refund.leg.state, refund.leg.attention_reason()) {
            let spent = &mut money.entry(refund.payer_id.clone()).or_default().spent;
            *spent = spent.plus(refund.amount)?;
        }
    }
    Ok(money)
}

/// Makes the plan of the current round, once, and pins it.
pub async fn make_plan(system: &System, batch_id: BatchId) -> Result<(), OperationError> {
    let mut batch = load(system, batch_id).await?;
    if batch.state != BatchState::Paying || batch.rounds < 2 {
        return Ok(());
    }
    if batch.retry_plan.is_none() {
        let plan = draft(system, &batch).await?;
        let body = serde_json::to_vec(&plan).map_err(|cause| OperationError::Inconsistent(cause.to_string()))?;
        let hash = hex::encode(Sha256::digest(&body));
        system.objects.put(&plan_object(batch_id, batch.rounds, &hash), "application/json", body.into()).await?;
        batch.retry_plan = Some(hash);
        match system.table.write(vec![replace(&mut batch)?]).await {
            Ok(()) => {}
            Err(TableError::ConditionFailed { .. }) => batch = load(system, batch_id).await?,
            Err(other) => return Err(other.into()),
        }
    }
    let shards = plan(system, &batch).await?.map(|plan| plan.payments.keys().copied().collect::<Vec<_>>());
    let tasks = shards.unwrap_or_default().into_iter().map(|shard| Task::Retry { batch_id, shard });
    system.enqueue(tasks).await?;
    fund::start_round(system, &batch).await
}

/// The plan of the batch's current round, if it is made.
pub(crate) async fn plan(system: &System, batch: &Batch) -> Result<Option<Arc<RetryPlan>>, OperationError> {
    let Some(hash) = &batch.retry_plan else { return Ok(None) };
    let body = system.objects.get(&plan_object(batch.id, batch.rounds, hash)).await?;
    if hex::encode(Sha256::digest(&body)) != *hash {
        return Err(OperationError::Inconsistent(format!("the retry plan of {} is not the one pinned", batch.id)));
    }
    serde_json::from_slice(&body)
        .map(Arc::new)
        .map(Some)
        .map_err(|cause| OperationError::Inconsistent(cause.to_string()))
}

/// Opens the plan's payments of one shard again.
pub async fn carry_out(system: &System, batch_id: BatchId, shard: u8) -> Result<(), OperationError> {
    let batch = load(system, batch_id).await?;
    if batch.state != BatchState::Paying {
        return Ok(());
    }
    let Some(plan) = plan(system, &batch).await? else { return Ok(()) };
    let ids = plan.payments.get(&shard).cloned().unwrap_or_default();
    stream::iter(ids.into_iter().map(|id| reopen(system, id, plan.round)))
        .buffer_unordered(WRITES_AT_ONCE)
        .try_for_each(|()| std::future::ready(Ok(())))
        .await?;
    system.enqueue([Task::Release { batch_id, shard }]).await
}

async fn reopen(system: &System, id: PaymentId, round: u32) -> Result<(), OperationError> {
    let Some(mut payment) = read::<Payment>(&*system.table, &keys::payment(id)).await? else { return Ok(()) };
    if payment.round >= round {
        return Ok(());
    }
    let now = system.clock.business_now();
    // The bank or a person moved it since the plan was made: it takes no part any more.
    if fault!(RetryAbortedByOne, false, !may_retry(&payment, true)) {
        return Ok(());
    }
    let is_allowed = may_retry(&payment, false) || is_corrected(system, &payment).await?;
    let kind = payment.kind();
    let mut moved = payment.leg.retry(kind)?;
    // What was to be corrected may have been taken back since the plan was made.
    if fault!(PaidWhereItCameBackFrom, false, !is_allowed && payment.leg.state == State::Unprocessed) {
        let code = RequestProblem::NeedsCorrectedAccount.code().to_owned();
        moved.to = payment.leg.fail_by_rule(kind, Reason::Refused(code))?.to;
    }
    payment.round = round;
    let entry = HistoryEntry::new("retry", &payment.leg, now).moved(&moved);
    match save_step::save(system, &mut payment, &entry, &[], now).await? {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

/// Whether every payment of the current round's plan has been opened; asks for what is missing.
pub(crate) async fn is_carried_out(system: &System, batch: &Batch) -> Result<bool, OperationError> {
    let batch_id = batch.id;
    let Some(plan) = plan(system, batch).await? else {
        system.enqueue([Task::PlanRetry { batch_id }]).await?;
        return Ok(false);
    };
    let mut missing = Vec::new();
    for (shard, ids) in &plan.payments {
        for id in ids {
            let payment = read::<Payment>(&*system.table, &keys::payment(*id)).await?;
            let is_open = |payment: Payment| {
                payment.round < plan.round && fault!(RetryAbortedByOne, true, may_retry(&payment, true))
            };
            if payment.is_some_and(is_open) {
                missing.push(Task::Retry { batch_id, shard: *shard });
                break;
            }
        }
    }
    let is_done = missing.is_empty();
    system.enqueue(missing).await?;
    Ok(is_done)
}

/// Whether the round of this funding pulls new money from its source.
pub(crate) async fn needs_funding(system: &System, id: FundingId) -> Result<bool, OperationError> {
    let FundingId::Round { batch, source, round } = id else { return Ok(true) };
    let batch = load(system, batch).await?;
    // Of an earlier round the money was there when it was carried out; its plan is not kept in the header.
    if u64::from(round) != batch.rounds {
        return Ok(false);
    }
    let Some(plan) = plan(system, &batch).await? else { return Ok(true) };
    let need = plan.sources.iter().find(|(source_id, _)| SourceTag::of(source_id) == source);
    Ok(need.is_some_and(|(_, need)| need.shortfall.is_positive()))
}
