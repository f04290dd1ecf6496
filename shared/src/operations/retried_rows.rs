//! Rows that a retry would pay and that another batch may pay, or has paid: whoever asks for the retry must accept that batch by name.
//!
//! Guarantees: every batch that was approved or retried after the last summary of this one is looked at, however long ago that was. Batches
//! that were approved before it were shown to its approver. The look covers what a retry would take at that moment, and finds a row under any
//! number of its account that banks have corrected. One that let its payments go, because nothing of it was sent, is none of them. For a batch
//! that was summarized before there was a fence of approvals, those count too that the index lists since ten days before the batch was made.

use std::collections::BTreeSet;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::corrected_rows::CorrectedRows;
use super::overlaps::{self, Rows};
use super::summarize::digests_object;
use super::{OperationError, System, account_corrections, file_bytes};
use crate::domain::batch::manifest::{Chunk, Manifest, Overlap};
use crate::domain::batch::retry::RetryPlan;
use crate::domain::batch::{Batch, ManifestHead};
use crate::domain::ids::{BatchId, PaymentId};
use crate::domain::payroll_file::{Limits, Row, RowDigest, read_chunk};
use crate::ports::objects::ObjectError;

/// The later batches that hold a row of the plan, with the number of such rows.
pub(super) async fn paid_elsewhere(
    system: &System,
    batch: &Batch,
    plan: &RetryPlan,
) -> Result<Vec<Overlap>, OperationError> {
    let Some(head) = &batch.manifest else { return Ok(Vec::new()) };
    let listed_since = overlaps::ten_days_before(batch.created_at);
    let ids = overlaps::decided_after(system, batch.id, head, listed_since).await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let known = account_corrections::known(system).await?;
    let endings = known.endings();
    let digests = system.objects.get(&digests_object(batch.id, &head.canonical_hash)).await?;
    let found = overlaps_of(system, batch.id, head, (digests, CorrectedRows::default()), ids.clone()).await?;
    if found.is_empty() && endings.is_empty() {
        return Ok(found);
    }
    // Some row of the file is in both, or a correction may say so: only now the file is read again, for the rows that the retry takes.
    match rows_of_plan(system, batch.id, head, plan, endings).await? {
        Some(rows) => still_claimed(system, overlaps_of(system, batch.id, head, rows, ids).await?).await,
        None => still_claimed(system, of_whole_file(system, batch.id, head, found, (ids, endings)).await?).await,
    }
}

/// `rows` are the digests of rows, and those of them that other batches may name otherwise.
async fn overlaps_of(
    system: &System,
    batch_id: BatchId,
    head: &ManifestHead,
    (digests, corrected): (Bytes, CorrectedRows),
    ids: Vec<BatchId>,
) -> Result<Vec<Overlap>, OperationError> {
    let rows = Rows { batch_id, canonical_hash: &head.canonical_hash, digests, corrected };
    overlaps::compare(system, &rows, ids, overlaps::may_have_paid).await
}

/// The batches that hold rows of a file that is kept no longer. Its numbers are not known any more: where there are corrections each row may
/// be meant by any, and a batch with the same pay for the same employee counts.
async fn of_whole_file(
    system: &System,
    batch_id: BatchId,
    head: &ManifestHead,
    mut found: Vec<Overlap>,
    (mut ids, endings): (Vec<BatchId>, &BTreeSet<String>),
) -> Result<Vec<Overlap>, OperationError> {
    if !endings.is_empty() {
        ids.retain(|id| found.iter().all(|overlap| overlap.batch_id != *id));
        let rows = CorrectedRows::of_whole_file(system, batch_id, head).await?;
        found.extend(overlaps_of(system, batch_id, head, (Bytes::new(), rows), ids).await?);
    }
    Ok(found)
}

/// Without the batches that have given back the claim on their payments: nothing of those can have been sent.
async fn still_claimed(system: &System, found: Vec<Overlap>) -> Result<Vec<Overlap>, OperationError> {
    let mut claimed = Vec::new();
    for overlap in found {
        let claims = overlaps::claims(system, &overlap.canonical_hash).await?;
        if claims.iter().any(|claim| claim.batch_id == overlap.batch_id) {
            claimed.push(overlap);
        }
    }
    Ok(claimed)
}

/// The digests of the plan's rows, sorted, and the rows whose numbers end so. None where the file is kept no longer: then all its rows count.
async fn rows_of_plan(
    system: &System,
    batch_id: BatchId,
    head: &ManifestHead,
    plan: &RetryPlan,
    endings: &BTreeSet<String>,
) -> Result<Option<(Bytes, CorrectedRows)>, OperationError> {
    let manifest = system.manifest(batch_id, &head.hash).await?;
    let numbers = row_numbers(plan);
    let mut digests: Vec<RowDigest> = Vec::new();
    let mut corrected = CorrectedRows::default();
    for chunk in &manifest.chunks {
        let after_last = chunk.first_row.saturating_add(u64::from(chunk.rows));
        if numbers.range(chunk.first_row..after_last).next().is_none() {
            continue;
        }
        let Some(rows) = rows_of(system, batch_id, &manifest, chunk).await? else { return Ok(None) };
        for row in rows.iter().filter(|row| numbers.contains(&row.number)) {
            digests.push(row.digest());
            corrected.add(row, endings);
        }
    }
    digests.sort_unstable();
    let bytes: Vec<u8> = digests.iter().flat_map(|digest| *digest.as_bytes()).collect();
    Ok(Some((bytes.into(), corrected)))
}

fn row_numbers(plan: &RetryPlan) -> BTreeSet<u64> {
    let number = |id: &PaymentId| match id {
        PaymentId::Row { row, .. } => Some(u64::from(*row)),
        PaymentId::Refund { .. } | PaymentId::Single(_) => None,
    };
    plan.payments.values().flatten().filter_map(number).collect()
}

/// The rows of a chunk, where the file is still the one that was approved.
async fn rows_of(
    system: &System,
    batch_id: BatchId,
    manifest: &Manifest,
    chunk: &Chunk,
) -> Result<Option<Vec<Row>>, OperationError> {
    let bytes = match file_bytes::chunk(system, batch_id, manifest, chunk).await {
        Ok(bytes) => bytes,
        Err(ObjectError::Missing(_)) => return Ok(None),
        Err(other) => return Err(other.into()),
    };
    if hex::encode(Sha256::digest(&bytes)) != chunk.sha256 {
        return Ok(None);
    }
    Ok(read_chunk(&bytes, chunk.first_row, &manifest.layout, &Limits::default(), manifest.summarized_on).ok())
}
