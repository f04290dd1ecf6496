//! What people decide about a batch: approve, decline, cancel; and what time decides: expire.

use super::upload::load;
use super::{OperationError, System, audit, system::minutes_from};
use crate::domain::batch::{Approve, Batch, BatchRefusal, BatchState, Command};
use crate::domain::ids::BatchId;
use crate::domain::task::Task;
use crate::ports::table::{Attributes, Change, Condition, Indexing, TableError};
use crate::store::{keys, stored::replace};

/// After this the sweep looks whether the import's tasks were lost.
const IMPORT_MINUTES: i64 = 10;

/// Approves a batch. The claim on the canonical hash goes with it: the same payments in another file are refused, naming the earlier
/// batch. Approving again changes nothing and answers the same.
pub async fn approve(system: &System, batch_id: BatchId, approve: &Approve) -> Result<Batch, OperationError> {
    let mut batch = load(system, batch_id).await?;
    let now = system.clock.business_now();
    let Some(head) = batch.manifest.clone() else {
        return Err(BatchRefusal::WrongState { state: batch.state, wanted: "approved" }.into());
    };
    let manifest = system.manifest(batch_id, &head.hash).await?;
    if batch.approve(approve, &manifest, now)? == Command::AlreadyApplied {
        return Ok(batch);
    }
    batch.updated_at = now;
    batch.due_at = Some(minutes_from(now, IMPORT_MINUTES));
    let claim = keys::file_claim(&head.canonical_hash);
    let entry = audit::entry(system, &approve.by, "approve_batch", &batch_id.to_string(), Some(&head.hash))?;
    let changes = vec![
        replace(&mut batch)?,
        Change::Put {
            key: claim.clone(),
            attributes: claim_attributes(batch_id),
            indexing: Indexing::default(),
            condition: fault!(FileClaimNotHeld, Condition::Always, Condition::Absent),
        },
        entry,
    ];
    match system.table.write(changes).await {
        Ok(()) => {}
        Err(TableError::ConditionFailed { key, .. }) => {
            return lost_race(system, batch_id, key == claim, &head.canonical_hash).await;
        }
        Err(other) => return Err(other.into()),
    }
    system.hint(import_tasks(&batch)).await;
    Ok(batch)
}

/// Somebody else wrote first: the same approval by another request, or another batch with the same payments.
async fn lost_race(
    system: &System,
    batch_id: BatchId,
    on_claim: bool,
    canonical_hash: &str,
) -> Result<Batch, OperationError> {
    let fresh = load(system, batch_id).await?;
    if matches!(fresh.state, BatchState::Importing | BatchState::Paying | BatchState::Completed) {
        return Ok(fresh);
    }
    if let Some(earlier) = claimed_by(system, canonical_hash).await?.filter(|earlier| *earlier != batch_id) {
        return Err(OperationError::SamePayments { earlier });
    }
    let what = if on_claim { "the file's claim" } else { "the batch" };
    Err(OperationError::Contended(format!("{what} of {batch_id}")))
}

/// The batch that claimed these payments, if one did.
pub async fn claimed_by(system: &System, canonical_hash: &str) -> Result<Option<BatchId>, OperationError> {
    let Some(item) = system.table.get(&keys::file_claim(canonical_hash)).await? else { return Ok(None) };
    let text = item.get("batch_id").and_then(serde_json::Value::as_str).unwrap_or_default();
    Ok(Some(text.parse()?))
}

fn claim_attributes(batch_id: BatchId) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.insert("batch_id".to_owned(), batch_id.to_string().into());
    attributes.insert("version".to_owned(), 1.into());
    attributes
}

/// Gives the claim on the batch's payments back, so that a corrected approval of the same file is possible.
pub(crate) fn release_claim(batch: &Batch) -> Option<Change> {
    let head = batch.manifest.as_ref()?;
    batch.approval.as_ref()?;
    Some(Change::Delete { key: keys::file_claim(&head.canonical_hash), condition: Condition::Always })
}

/// The tasks that record a batch's rows.
pub(crate) fn import_tasks(batch: &Batch) -> Vec<Task> {
    let chunks = batch.manifest.as_ref().map_or(0, |head| head.chunks);
    (1..=chunks).map(|chunk| Task::Import { batch_id: batch.id, chunk }).collect()
}

pub async fn decline(system: &System, batch_id: BatchId, caller: &str) -> Result<Batch, OperationError> {
    change(system, batch_id, caller, "decline_batch", |batch, _| batch.decline()).await
}

/// Stops what has not left. What the bank has goes its way.
pub async fn cancel(system: &System, batch_id: BatchId, caller: &str) -> Result<Batch, OperationError> {
    let batch = change(system, batch_id, caller, "cancel_batch", |batch, now| batch.cancel(now)).await?;
    if batch.state == BatchState::Canceling {
        system.hint([Task::Sweep { batch_id }]).await;
    }
    Ok(batch)
}

/// A draft that nobody approved in time.
pub(crate) async fn expire(system: &System, batch_id: BatchId) -> Result<Batch, OperationError> {
    change(system, batch_id, "clearway", "expire_batch", |batch, _| batch.expire()).await
}

async fn change(
    system: &System,
    batch_id: BatchId,
    caller: &str,
    action: &str,
    command: impl FnOnce(&mut Batch, jiff::Timestamp) -> Result<Command, BatchRefusal>,
) -> Result<Batch, OperationError> {
    let mut batch = load(system, batch_id).await?;
    let now = system.clock.business_now();
    if command(&mut batch, now)? == Command::Executed {
        batch.updated_at = now;
        let entry = audit::entry(system, caller, action, &batch_id.to_string(), None)?;
        system.table.write(vec![replace(&mut batch)?, entry]).await?;
    }
    Ok(batch)
}
