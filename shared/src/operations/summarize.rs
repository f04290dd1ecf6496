//! Reading a file once, and pinning what it says and what it means: the manifest.
//!
//! Memory does not grow with the file: it is fetched and read a window at a time; only the duplicate sets grow with its rows.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use sha2::{Digest, Sha256};

use super::upload::{load, upload_object};
use super::{OperationError, System, billers};
use crate::domain::batch::manifest::{
    AccountStanding, Chunk, InstitutionDecision, Manifest, ManifestBranch, ManifestInstitution, ManifestSource,
    ManifestWarning, Overlap,
};
use crate::domain::batch::{Batch, BatchState, Command, ManifestHead};
use crate::domain::deadline::Deadline;
use crate::domain::ids::BatchId;
use crate::domain::payroll_file::{FileReader, Limits, Rejection, RowDigest, SourceDetails, Summary, Total};
use crate::domain::source::{ExternalAccount, Source};
use crate::domain::{calendar, task::Task};
use crate::ports::table::{Cursor, Index, Order, Query, Range, TableError, decode};
use crate::store::stored::replace;
use crate::store::{keys, stored};

/// Bytes fetched at once.
const WINDOW_BYTES: u64 = 4 * 1024 * 1024;

/// Institutions and sources looked up at once.
const LOOKUPS_AT_ONCE: usize = 4;

/// Rows that a batch of the last ten days also paid must be accepted by the approver.
const OVERLAP_DAYS: i64 = 10;

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

/// Summarizes now, or hands a large file to a worker.
pub async fn request(system: &System, batch_id: BatchId, deadline: Deadline) -> Result<Summarized, OperationError> {
    let mut batch = load(system, batch_id).await?;
    batch.may_summarize()?;
    let size = system.objects.size(&upload_object(batch_id)).await?;
    if size <= system.settings.summary_bytes_in_request_max {
        return run(system, batch_id, deadline).await;
    }
    if batch.summarizing()? == Command::Executed {
        batch.updated_at = system.clock.business_now();
        batch.due_at = Some(super::system::minutes_from(batch.updated_at, 20));
        system.table.write(vec![replace(&mut batch)?]).await?;
    }
    system.enqueue([Task::Summarize { batch_id }]).await?;
    Ok(Summarized::Started)
}

/// Reads the file and writes the manifest. Run again it makes the same manifest, unless what it looked up has changed.
pub async fn run(system: &System, batch_id: BatchId, deadline: Deadline) -> Result<Summarized, OperationError> {
    let mut batch = load(system, batch_id).await?;
    batch.may_summarize()?;
    let summary = match read_file(system, batch_id).await? {
        Ok(summary) => summary,
        Err(rejection) => return reject(system, batch, rejection).await,
    };
    let manifest = make_manifest(system, batch_id, &summary, deadline).await?;
    let body = serde_json::to_vec(&manifest).map_err(|cause| OperationError::Inconsistent(cause.to_string()))?;
    let head = head_of(&manifest, &body);
    let digests: Vec<u8> = summary.row_digests.iter().flat_map(|digest| digest.as_bytes().to_vec()).collect();
    let digests_key = digests_object(batch_id, &manifest.canonical_hash);
    system.objects.put(&digests_key, "application/octet-stream", digests.into()).await?;
    system.objects.put(&manifest_object(batch_id, &head.hash), "application/json", body.into()).await?;
    if batch.summarized(head)? == Command::Executed {
        batch.updated_at = system.clock.business_now();
        system.table.write(vec![replace(&mut batch)?]).await?;
    }
    Ok(Summarized::Ready(Box::new(batch)))
}

async fn read_file(system: &System, batch_id: BatchId) -> Result<Result<Summary, Rejection>, OperationError> {
    let key = upload_object(batch_id);
    let size = system.objects.size(&key).await?;
    let today = calendar::eastern_date(system.clock.business_now());
    let mut reader = FileReader::new(Limits::default(), today);
    let mut start = 0;
    while start < size {
        let end = size.min(start.saturating_add(WINDOW_BYTES));
        let window = system.objects.get_range(&key, start, end).await?;
        if window.is_empty() {
            return Err(OperationError::Inconsistent(format!("{key} ended at byte {start} of {size}")));
        }
        start = start.saturating_add(window.len() as u64);
        if let Err(error) = reader.push(&window) {
            return Ok(Err(Rejection::File(error)));
        }
    }
    Ok(reader.finish())
}

async fn reject(system: &System, mut batch: Batch, rejection: Rejection) -> Result<Summarized, OperationError> {
    let body = serde_json::to_vec(&rejection).map_err(|cause| OperationError::Inconsistent(cause.to_string()))?;
    system.objects.put(&errors_object(batch.id), "application/json", body.into()).await?;
    let _ = batch.rejected(rejection.error_count())?;
    batch.updated_at = system.clock.business_now();
    system.table.write(vec![replace(&mut batch)?]).await?;
    Ok(Summarized::Rejected(Box::new(batch), rejection))
}

/// The errors of a rejected batch, as its summary found them.
pub async fn stored_errors(system: &System, batch_id: BatchId) -> Result<Rejection, OperationError> {
    let body = system.objects.get(&errors_object(batch_id)).await?;
    serde_json::from_slice(&body).map_err(|cause| OperationError::Inconsistent(cause.to_string()))
}

async fn make_manifest(
    system: &System,
    batch_id: BatchId,
    summary: &Summary,
    deadline: Deadline,
) -> Result<Manifest, OperationError> {
    let institutions = decide_institutions(system, summary, deadline).await?;
    let is_payable = |id: &str| matches!(institutions.get(id), Some(InstitutionDecision::Ach { .. }));
    let payable = |by: &BTreeMap<String, Total>| -> Result<Total, OperationError> {
        let mut sum = Total::default();
        for (_, total) in by.iter().filter(|(id, _)| is_payable(id)) {
            sum.add(*total)?;
        }
        Ok(sum)
    };
    let payable_of = |by: &BTreeMap<String, BTreeMap<String, Total>>, id: &str| match by.get(id) {
        Some(by_institution) => payable(by_institution),
        None => Ok(Total::default()),
    };
    let mut sources = Vec::with_capacity(summary.sources.len());
    for details in &summary.sources {
        let total = summary.by_source.get(&details.source_id).copied().unwrap_or_default();
        let payable = payable_of(&summary.by_source_and_institution, &details.source_id)?;
        sources.push(make_source(system, details, total, payable).await?);
    }
    sources.sort_by(|a, b| a.id.cmp(&b.id));
    let mut branches = Vec::with_capacity(summary.by_branch.len());
    for (id, total) in &summary.by_branch {
        let payable = payable_of(&summary.by_branch_and_institution, id)?;
        branches.push(ManifestBranch {
            id: id.clone(),
            rows: total.rows,
            total: total.total,
            payable_rows: payable.rows,
            payable_total: payable.total,
        });
    }
    let payable = payable(&summary.by_institution)?;
    Ok(Manifest {
        format: 1,
        batch_id,
        summarized_on: calendar::eastern_date(system.clock.business_now()),
        file_sha256: summary.file_sha256.to_string(),
        canonical_hash: summary.canonical_hash.to_string(),
        bytes: summary.file_bytes,
        rows: summary.rows,
        total: summary.total,
        payable_rows: payable.rows,
        payable_total: payable.total,
        employees: summary.employees,
        loans: summary.loans,
        sources,
        branches,
        institutions: institution_list(summary, institutions),
        warnings: warnings(summary),
        overlaps: overlaps(system, batch_id, &summary.row_digests).await?,
        chunks: chunks(summary),
    })
}

fn institution_list(summary: &Summary, decisions: BTreeMap<String, InstitutionDecision>) -> Vec<ManifestInstitution> {
    decisions
        .into_iter()
        .map(|(id, decision)| {
            let total = summary.by_institution.get(&id).copied().unwrap_or_default();
            ManifestInstitution { id, rows: total.rows, total: total.total, decision }
        })
        .collect()
}

fn warnings(summary: &Summary) -> Vec<ManifestWarning> {
    let warning =
        |(code, seen): (&crate::domain::payroll_file::Warning, &crate::domain::payroll_file::WarningCount)| {
            ManifestWarning { code: *code, count: seen.count, first_row: seen.first_row }
        };
    summary.warnings.iter().map(warning).collect()
}

fn chunks(summary: &Summary) -> Vec<Chunk> {
    summary
        .chunks
        .iter()
        .map(|chunk| Chunk {
            number: chunk.number,
            first_row: chunk.first_row,
            rows: chunk.rows,
            start: chunk.start,
            end: chunk.end,
            sha256: chunk.sha256.to_string(),
        })
        .collect()
}

async fn decide_institutions(
    system: &System,
    summary: &Summary,
    deadline: Deadline,
) -> Result<BTreeMap<String, InstitutionDecision>, OperationError> {
    stream::iter(summary.by_institution.keys().cloned().map(|id| async move {
        let decision = billers::decision(system, &id, deadline).await?;
        Ok((id, decision))
    }))
    .buffer_unordered(LOOKUPS_AT_ONCE)
    .try_collect()
    .await
}

async fn make_source(
    system: &System,
    details: &SourceDetails,
    total: Total,
    payable: Total,
) -> Result<ManifestSource, OperationError> {
    let vault = system.vault().await?;
    let number = details.account_number.expose();
    let bound_to = keys::source(&details.source_id).pk;
    let fingerprint = vault.fingerprints.fingerprint(&[details.routing_number.as_str(), number]);
    let known: Option<Source> = stored::read(&*system.table, &keys::source(&details.source_id)).await?;
    let standing = match &known {
        None => AccountStanding::New,
        Some(source) if source.account.fingerprint == fingerprint.as_str() => AccountStanding::Known,
        Some(_) => AccountStanding::Changed,
    };
    // What is known already is sealed already: the same summary again makes the same manifest.
    let account = match known {
        Some(source) if standing == AccountStanding::Known => source.account,
        Some(_) | None => ExternalAccount {
            routing_number: details.routing_number.as_str().to_owned(),
            sealed_account: vault.sealing.seal(number, &bound_to, &*system.random)?.as_str().to_owned(),
            account_last4: details.account_number.last_four().to_owned(),
            fingerprint: fingerprint.as_str().to_owned(),
        },
    };
    Ok(ManifestSource {
        id: details.source_id.clone(),
        name: details.name.clone(),
        account,
        standing,
        rows: total.rows,
        total: total.total,
        payable_rows: payable.rows,
        payable_total: payable.total,
    })
}

/// Approved batches of the last ten days that pay some of the same rows.
async fn overlaps(system: &System, batch_id: BatchId, digests: &[RowDigest]) -> Result<Vec<Overlap>, OperationError> {
    let now = system.clock.business_now();
    let since = now.checked_sub(jiff::SignedDuration::from_hours(24 * OVERLAP_DAYS)).unwrap_or(now);
    let mut overlaps = Vec::new();
    let mut after: Option<Cursor> = None;
    loop {
        let query = Query {
            index: Index::Lists,
            pk: keys::LIST_BATCHES.to_owned(),
            range: Range::Between(keys::sortable(since), "~".to_owned()),
            order: Order::Ascending,
            page_items: None,
            start_after: after.take(),
        };
        let page = system.table.query(&query).await?;
        for item in page.items {
            let key: crate::ports::table::Key = decode(item)?;
            let Some(earlier) = stored::read::<Batch>(&*system.table, &key).await? else { continue };
            if earlier.id != batch_id && has_paid(&earlier) {
                let rows = common_rows(system, &earlier, digests).await?;
                if rows > 0 {
                    overlaps.push(Overlap { batch_id: earlier.id, rows });
                }
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(overlaps),
        }
    }
}

fn has_paid(batch: &Batch) -> bool {
    match batch.state {
        BatchState::Importing
        | BatchState::Paying
        | BatchState::Completed
        | BatchState::Canceling
        | BatchState::Canceled => batch.approval.is_some(),
        BatchState::Draft
        | BatchState::Summarizing
        | BatchState::Ready
        | BatchState::Rejected
        | BatchState::Declined
        | BatchState::Expired
        | BatchState::Failed => false,
    }
}

async fn common_rows(system: &System, earlier: &Batch, digests: &[RowDigest]) -> Result<u64, OperationError> {
    let Some(head) = &earlier.manifest else { return Ok(0) };
    let stored: Bytes = system.objects.get(&digests_object(earlier.id, &head.canonical_hash)).await?;
    let theirs = stored.chunks_exact(16);
    let common =
        theirs.filter(|digest| digests.binary_search_by(|ours| ours.as_bytes().as_slice().cmp(digest)).is_ok());
    Ok(common.count() as u64)
}

fn head_of(manifest: &Manifest, body: &[u8]) -> ManifestHead {
    ManifestHead {
        hash: hex::encode(Sha256::digest(body)),
        file_sha256: manifest.file_sha256.clone(),
        canonical_hash: manifest.canonical_hash.clone(),
        rows: manifest.rows,
        total: manifest.total,
        payable_rows: manifest.payable_rows,
        payable_total: manifest.payable_total,
        chunks: u32::try_from(manifest.chunks.len()).unwrap_or(u32::MAX),
    }
}

/// A worker's summary: what a person has to correct is written to the batch, not thrown.
pub async fn run_at_worker(system: &System, batch_id: BatchId, deadline: Deadline) -> Result<(), OperationError> {
    match run(system, batch_id, deadline).await {
        Ok(Summarized::Ready(_) | Summarized::Rejected(..) | Summarized::Started) => Ok(()),
        // Approved, declined or summarized by another worker in between.
        Err(OperationError::Batch(_) | OperationError::Table(TableError::ConditionFailed { .. })) => Ok(()),
        Err(other) => Err(other),
    }
}
