//! What people decide about a batch: approve, decline, cancel; and what time decides: expire.

use std::collections::BTreeSet;

use futures::FutureExt;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::account_corrections::Now;
use super::manifest::standing_of;
use super::upload::load;
use super::{
    OperationError, System, account_corrections, audit, billers, open_batches, overlaps, system::minutes_from, webhooks,
};
use crate::domain::batch::manifest::{AccountStanding, Manifest, ManifestCorrection, ManifestSource, Overlap};
use crate::domain::batch::{
    Acknowledgement, Approve, Batch, BatchRefusal, BatchState, Circumstances, DecidedBy, EndingKind, Idempotent,
    ManifestHead,
};
use crate::domain::ids::BatchId;
use crate::domain::source::Source;
use crate::domain::task::Task;
use crate::ports::table::{Attributes, Change, Condition, Indexing, Key, TableError};
use crate::store::stored::{read, replace};
use crate::store::{approvals, keys};

/// After this the sweep looks whether the import's tasks were lost.
const IMPORT_MINUTES: i64 = 10;

/// Approvals of other batches that may come first before the caller is asked to come again.
const TRIES_MAX: u32 = 8;

const SOURCES_AT_ONCE: usize = 16;

/// Approves a batch, if what its approver was shown is still what is true. Overlaps and accounts are looked at again under the fence of
/// approvals, and the claim on the payments of the pay period goes with it: one write, which another approval in between makes fail, and
/// then everything is looked at again. Approving again changes nothing and answers the same person the same.
pub async fn approve(system: &System, batch_id: BatchId, approve: &Approve) -> Result<Batch, OperationError> {
    for _ in 0..TRIES_MAX {
        let mut batch = load(system, batch_id).await?;
        let Some(head) = batch.manifest.clone() else {
            return Err(BatchRefusal::WrongState { state: batch.state, wanted: "approved" }.into());
        };
        let manifest = system.manifest(batch_id, &head.hash).await?;
        // The fence is read before what it stands for.
        let fence = approvals::fence(&*system.table).await?;
        let circumstances = circumstances(system, &batch, &head, &manifest).await?;
        let now = system.clock.business_now();
        if batch.approve(approve, &manifest, &circumstances, now)? == Idempotent::AlreadyApplied {
            return Ok(batch);
        }
        batch.updated_at = now;
        batch.due_at = Some(minutes_from(now, IMPORT_MINUTES));
        let entry = audit::entry(system, &approve.by, "approve_batch", &batch_id.to_string(), Some(&head.hash))?;
        let claim = Change::Put {
            key: claim_of(&head),
            attributes: claim_attributes(batch_id),
            indexing: Indexing::default(),
            condition: fault!(FileClaimNotHeld, Condition::Always, Condition::Absent),
        };
        let mut changes = vec![replace(&mut batch)?, claim, entry];
        let open = open_batches::with(system, &fence, batch_id).await?;
        changes.extend(approvals::one_more(&fence, open, batch_id, now)?);
        changes.extend(webhooks::of_batch(system, &batch).await?);
        match system.table.write(changes).await {
            Ok(()) => {
                system.hint(import_tasks(&batch)).await;
                return Ok(batch);
            }
            // Somebody else's write was first: the same approval by another request, a summary, or another batch's approval.
            Err(TableError::ConditionFailed { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(OperationError::Contended(format!("the approval of {batch_id}")))
}

/// What is true of a batch now, whatever its summary found. Nothing is looked up for one that cannot be approved anyway.
async fn circumstances(
    system: &System,
    batch: &Batch,
    head: &ManifestHead,
    manifest: &Manifest,
) -> Result<Circumstances, OperationError> {
    if batch.state != BatchState::Ready {
        return Ok(Circumstances::default());
    }
    let mut to_acknowledge = accounts_now(system, manifest).await?;
    let now = account_corrections::true_now(system, batch, head, manifest).await?;
    let is_of_other_corrections = fault!(CorrectionUnseen, false, now.is_none());
    let needs_new_summary = is_of_other_corrections || billers::are_others_now(system, manifest).await?;
    let Now { corrections: heard, rows } = now.unwrap_or_default();
    let corrections = fault!(CorrectionUnseen, Vec::new(), heard);
    to_acknowledge.extend(corrections.iter().map(ManifestCorrection::acknowledgement));
    let overlaps = overlaps::approved_after(system, batch.id, head, rows).await?;
    let overlaps: Vec<Overlap> = fault!(OverlapsNotLookedAtAgain, Vec::new(), overlaps);
    to_acknowledge.extend(overlaps.iter().map(Overlap::acknowledgement));
    let claimed_by = claimed_by(system, head, manifest).await?.filter(|other| *other != batch.id);
    let same_payments = fault!(FileClaimNotHeld, None, claimed_by);
    Ok(Circumstances { to_acknowledge, same_payments, needs_new_summary })
}

/// The accounts that are new or changed now. One that the bank's books have learned in between needs no acceptance any more.
async fn accounts_now(system: &System, manifest: &Manifest) -> Result<BTreeSet<Acknowledgement>, OperationError> {
    let accounts: Vec<_> = manifest.sources.iter().map(|described| account_now(system, described).boxed()).collect();
    let accounts: Vec<Option<Acknowledgement>> = stream::iter(accounts).buffered(SOURCES_AT_ONCE).try_collect().await?;
    Ok(accounts.into_iter().flatten().collect())
}

async fn account_now(system: &System, described: &ManifestSource) -> Result<Option<Acknowledgement>, TableError> {
    let known: Option<Source> = read(&*system.table, &keys::source(&described.id)).await?;
    let (standing, replaces) = standing_of(known.as_ref(), &described.account.fingerprint);
    let now = ManifestSource { standing, replaces, ..described.clone() };
    Ok((standing != AccountStanding::Known).then(|| now.acknowledgement()))
}

/// Everything that would refuse an approval of the summary as it stands, whatever the approver accepts.
pub async fn obstacles(
    system: &System,
    batch: &Batch,
    manifest: &Manifest,
) -> Result<Vec<BatchRefusal>, OperationError> {
    let (BatchState::Ready, Some(head)) = (batch.state, &batch.manifest) else { return Ok(Vec::new()) };
    let circumstances = circumstances(system, batch, head, manifest).await?;
    Ok(batch.obstacles(manifest, &circumstances))
}

/// The batch that claimed these payments for this pay period, if one did.
async fn claimed_by(
    system: &System,
    head: &ManifestHead,
    manifest: &Manifest,
) -> Result<Option<BatchId>, OperationError> {
    let claims = overlaps::claims(system, &head.canonical_hash).await?;
    let pay_period = manifest.pay_period();
    Ok(claims.into_iter().find(|claim| claim.pay_period == pay_period).map(|claim| claim.batch_id))
}

fn claim_of(head: &ManifestHead) -> Key {
    match head.pay_period {
        Some(pay_period) => keys::file_claim(&head.canonical_hash, pay_period),
        None => keys::file_claim_of_no_period(&head.canonical_hash),
    }
}

fn claim_attributes(batch_id: BatchId) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.insert("batch_id".to_owned(), batch_id.to_string().into());
    attributes.insert("version".to_owned(), 1.into());
    attributes
}

/// Gives the claim on the batch's payments back, so that the same file may be approved again. Only where nothing of it can have been sent.
pub(crate) fn release_claim(batch: &Batch) -> Option<Change> {
    let head = batch.manifest.as_ref()?;
    batch.approval.as_ref()?;
    Some(Change::Delete { key: claim_of(head), condition: Condition::Always })
}

/// The tasks that record a batch's rows.
pub(crate) fn import_tasks(batch: &Batch) -> Vec<Task> {
    let chunks = batch.manifest.as_ref().map_or(0, |head| head.chunks);
    (1..=chunks).map(|chunk| Task::Import { batch_id: batch.id, chunk }).collect()
}

pub async fn decline<'a>(
    system: &System,
    batch_id: BatchId,
    decided: impl Into<DecidedBy<'a>>,
) -> Result<Batch, OperationError> {
    let decided = decided.into();
    change(system, batch_id, decided, "decline_batch", |batch, now| {
        let declined = batch.decline()?;
        Ok(ended(batch, declined, EndingKind::Declined, decided, now))
    })
    .await
}

/// Takes back what nobody has approved, for who made it.
pub async fn withdraw<'a>(
    system: &System,
    batch_id: BatchId,
    decided: impl Into<DecidedBy<'a>>,
) -> Result<Batch, OperationError> {
    let decided = decided.into();
    change(system, batch_id, decided, "withdraw_batch", |batch, now| {
        let withdrawn = batch.withdraw(decided.by)?;
        Ok(ended(batch, withdrawn, EndingKind::Withdrawn, decided, now))
    })
    .await
}

/// Stops what has not left. What the bank has goes its way.
pub async fn cancel<'a>(
    system: &System,
    batch_id: BatchId,
    decided: impl Into<DecidedBy<'a>>,
) -> Result<Batch, OperationError> {
    let decided = decided.into();
    let batch = change(system, batch_id, decided, "cancel_batch", |batch, now| {
        let canceled = batch.cancel(now)?;
        Ok(ended(batch, canceled, EndingKind::Canceled, decided, now))
    })
    .await?;
    if batch.state == BatchState::Canceling {
        system.hint([Task::Sweep { batch_id }]).await;
    }
    Ok(batch)
}

/// A draft that nobody approved in time.
pub(crate) async fn expire(system: &System, batch_id: BatchId) -> Result<Batch, OperationError> {
    change(system, batch_id, "clearway".into(), "expire_batch", |batch, _| batch.expire()).await
}

/// Notes how the batch was ended, the first time.
fn ended(
    batch: &mut Batch,
    command: Idempotent,
    kind: EndingKind,
    decided: DecidedBy<'_>,
    now: jiff::Timestamp,
) -> Idempotent {
    if command == Idempotent::Executed {
        batch.note_ending(kind, decided, now);
    }
    command
}

async fn change(
    system: &System,
    batch_id: BatchId,
    decided: DecidedBy<'_>,
    action: &str,
    command: impl FnOnce(&mut Batch, jiff::Timestamp) -> Result<Idempotent, BatchRefusal>,
) -> Result<Batch, OperationError> {
    let mut batch = load(system, batch_id).await?;
    let now = system.clock.business_now();
    if command(&mut batch, now)? == Idempotent::Executed {
        batch.updated_at = now;
        let entry = audit::entry(system, decided.by, action, &batch_id.to_string(), decided.reason)?;
        let mut changes = vec![replace(&mut batch)?, entry];
        changes.extend(webhooks::of_batch(system, &batch).await?);
        system.table.write(changes).await?;
    }
    Ok(batch)
}
