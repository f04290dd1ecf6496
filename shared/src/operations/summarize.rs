//! Reading a file once, and pinning what it says and what it means: the manifest.
//!
//! Memory does not grow with the file: it is fetched and read a window at a time; only the duplicate sets grow with its rows.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::corrected_rows::CorrectedRows;
use super::file_bytes::{ReadFile, Unpacked};
use super::upload::{load, upload_object};
use super::{OperationError, System, account_corrections, audit, corrected_rows, file_bytes, manifest, webhooks};
use crate::domain::batch::{Batch, Idempotent};
use crate::domain::deadline::Deadline;
use crate::domain::ids::BatchId;
use crate::domain::payroll_file::{FileReader, Limits, Rejection, Summary, is_gzip};
use crate::domain::{calendar, task::Task};
use crate::ports::table::TableError;
use crate::store::approvals;
use crate::store::stored::replace;

/// How much larger a packed payroll file is than it was sent.
const PACKED_TO_UNPACKED: u64 = 16;

/// What a summary came to.
#[derive(Debug)]
pub enum Summarized {
    Ready(Box<Batch>),
    Rejected(Box<Batch>, Rejection),
    /// Too large to read while the caller waits: a worker has it.
    Started,
}

pub fn manifest_object(batch_id: BatchId, hash: &str) -> String {
    format!("batches/{batch_id}/manifest-{hash}.json")
}

/// The row digests of a batch's file, sorted, 16 bytes each: finds rows that another file also pays.
pub fn digests_object(batch_id: BatchId, canonical_hash: &str) -> String {
    format!("batches/{batch_id}/digests-{canonical_hash}")
}

/// The errors of a rejected file.
pub fn errors_object(batch_id: BatchId) -> String {
    format!("batches/{batch_id}/errors.json")
}

/// Summarizes now, or hands a large file to a worker. Whoever asks counts as an uploader of the content: nobody approves what they had
/// read anew themselves.
pub async fn request(
    system: &System,
    batch_id: BatchId,
    caller: &str,
    deadline: Deadline,
) -> Result<Summarized, OperationError> {
    let mut batch = load(system, batch_id).await?;
    batch.may_summarize()?;
    let size = unpacked_size(system, batch_id).await?;
    if size <= system.settings.summary_bytes_in_request_max {
        return run(system, batch_id, Some(caller), deadline).await;
    }
    if batch.summarizing()? == Idempotent::Executed {
        batch.due_at = Some(super::system::minutes_from(system.clock.business_now(), 20));
    }
    save(system, &mut batch, Some(caller), Idempotent::AlreadyApplied).await?;
    system.enqueue([Task::Summarize { batch_id }]).await?;
    Ok(Summarized::Started)
}

/// Bytes of the file as it is read: of a packed one a guess, as payroll files pack.
async fn unpacked_size(system: &System, batch_id: BatchId) -> Result<u64, OperationError> {
    let key = upload_object(batch_id);
    let size = system.objects.size(&key).await?;
    if size.saturating_mul(PACKED_TO_UNPACKED) <= system.settings.summary_bytes_in_request_max {
        return Ok(size);
    }
    let first_bytes = system.objects.get_range(&key, 0, size.min(2)).await?;
    Ok(if is_gzip(&first_bytes) { size.saturating_mul(PACKED_TO_UNPACKED) } else { size })
}

/// Saves the batch, with an entry in the audit where a person asked; a worker goes on with what somebody asked for.
/// What the batch has come to is told where it came to it just now.
async fn save(
    system: &System,
    batch: &mut Batch,
    caller: Option<&str>,
    came_to_it: Idempotent,
) -> Result<(), OperationError> {
    batch.updated_at = system.clock.business_now();
    let counted = caller.map(|caller| batch.count_uploader(caller));
    let mut changes = vec![replace(batch)?];
    if let Some(caller) = caller {
        if counted == Some(Idempotent::Executed) {
            tracing::info!(batch = %batch.id, "somebody else than its creator had the file summarized");
        }
        changes.push(audit::entry(system, caller, "summarize_batch", &batch.id.to_string(), None)?);
    }
    if came_to_it == Idempotent::Executed {
        changes.extend(webhooks::of_batch(system, batch).await?);
    }
    Ok(system.table.write(changes).await?)
}

/// Reads the file and writes the manifest. Run again it makes the same manifest, unless what it looked up has changed.
async fn run(
    system: &System,
    batch_id: BatchId,
    caller: Option<&str>,
    deadline: Deadline,
) -> Result<Summarized, OperationError> {
    let mut batch = load(system, batch_id).await?;
    batch.may_summarize()?;
    let known = account_corrections::known(system).await?;
    let file = match read_file(system, &batch, known.endings().clone(), Unpacked::Kept).await? {
        Ok(file) => file,
        Err(rejection) => return reject(system, batch, rejection, caller).await,
    };
    let today = calendar::eastern_date(system.clock.business_now());
    // Summarized again, it is still for the same period: a later day would make another payroll of it.
    let pay_period = fault!(PayPeriodDrawnAnew, batch.pay_period, batch.pay_period()).unwrap_or(today);
    // The fence is read before what it stands for: an approval that comes in between is looked at twice rather than never.
    let approvals_seen = approvals::fence(&*system.table).await?.version;
    let digests = digests_of(&file.summary);
    let manifest =
        manifest::make_manifest(system, &batch, &file, pay_period, digests.clone(), &known, deadline).await?;
    let body = serde_json::to_vec(&manifest).map_err(|cause| OperationError::Inconsistent(cause.to_string()))?;
    let corrected = CorrectedRows::of_watched(&file.summary.watched);
    let head = manifest::head_of(&manifest, &body, approvals_seen, &known, &corrected);
    let digests_key = digests_object(batch_id, &manifest.canonical_hash);
    system.objects.put(&digests_key, "application/octet-stream", digests).await?;
    corrected_rows::store(system, batch_id, &head, &file.summary, &corrected).await?;
    system.objects.put(&manifest_object(batch_id, &head.hash), "application/json", body.into()).await?;
    let now = system.clock.business_now();
    let summarized = batch.summarized(head, now)?;
    if summarized == Idempotent::Executed || caller.is_some() {
        batch.keep_a_week(now);
        save(system, &mut batch, caller, summarized).await?;
    }
    Ok(Summarized::Ready(Box::new(batch)))
}

/// The digests of the rows, sorted, one after another.
fn digests_of(summary: &Summary) -> Bytes {
    let mut digests = Vec::with_capacity(summary.row_digests.len().saturating_mul(16));
    for digest in &summary.row_digests {
        digests.extend_from_slice(digest.as_bytes());
    }
    digests.into()
}

/// Reads the uploaded file by the batch's mapping, and looks out for payees whose numbers end so.
pub(crate) async fn read_file(
    system: &System,
    batch: &Batch,
    endings: BTreeSet<String>,
    unpacked: Unpacked,
) -> Result<Result<ReadFile, Rejection>, OperationError> {
    let today = calendar::eastern_date(system.clock.business_now());
    let limits = Limits { rows_per_chunk: system.settings.rows_per_chunk, ..Limits::default() };
    let mut reader = FileReader::new(limits, today);
    reader.watch(endings);
    if let Some(mapping) = &batch.mapping {
        fault!(
            MappingOfNow,
            reader.map(super::file_mappings::load(system, &mapping.name).await?.mapping()?),
            reader.map(mapping.mapping()?)
        );
    }
    file_bytes::read(system, batch.id, reader, unpacked).await
}

async fn reject(
    system: &System,
    mut batch: Batch,
    rejection: Rejection,
    caller: Option<&str>,
) -> Result<Summarized, OperationError> {
    let body = serde_json::to_vec(&rejection).map_err(|cause| OperationError::Inconsistent(cause.to_string()))?;
    system.objects.put(&errors_object(batch.id), "application/json", body.into()).await?;
    let rejected = batch.rejected(rejection.error_count(), system.clock.business_now())?;
    save(system, &mut batch, caller, rejected).await?;
    Ok(Summarized::Rejected(Box::new(batch), rejection))
}

/// The errors of a rejected batch, as its summary found them.
pub async fn stored_errors(system: &System, batch_id: BatchId) -> Result<Rejection, OperationError> {
    let body = system.objects.get(&errors_object(batch_id)).await?;
    serde_json::from_slice(&body).map_err(|cause| OperationError::Inconsistent(cause.to_string()))
}

/// A worker's summary: what a person has to correct is written to the batch, not thrown.
pub async fn run_at_worker(system: &System, batch_id: BatchId, deadline: Deadline) -> Result<(), OperationError> {
    match run(system, batch_id, None, deadline).await {
        Ok(Summarized::Ready(_) | Summarized::Rejected(..) | Summarized::Started) => Ok(()),
        // Approved, declined or summarized by another worker in between.
        Err(OperationError::Batch(_) | OperationError::Table(TableError::ConditionFailed { .. })) => Ok(()),
        Err(other) => Err(other),
    }
}
