//! Rows that a retry would pay and that another batch may pay, or has paid: whoever asks for the retry must accept that batch by name.
//!
//! Guarantees: every batch that was approved or retried after the last summary of this one is looked at, however long ago that was. Batches
//! that were approved before it were shown to its approver. The look covers what a retry would take at that moment. One that let its payments
//! go, because nothing of it was sent, is none of them. For a batch that was summarized before there was a fence of approvals, those count
//! too that the index lists since ten days before the batch was made.

use std::collections::BTreeSet;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::overlaps::{self, Rows};
use super::summarize::digests_object;
use super::{OperationError, System, file_bytes};
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
    let digests = system.objects.get(&digests_object(batch.id, &head.canonical_hash)).await?;
    let found = overlaps_of(system, batch.id, head, digests, ids).await?;
    if found.is_empty() {
        return Ok(found);
    }
    // Some row of the file is in both: only now the file is read again, for the rows that the retry takes.
    let Some(digests) = digests_of(system, batch.id, head, plan).await? else {
        return still_claimed(system, found).await;
    };
    let ids = found.into_iter().map(|overlap| overlap.batch_id).collect();
    still_claimed(system, overlaps_of(system, batch.id, head, digests, ids).await?).await
}

async fn overlaps_of(
    system: &System,
    batch_id: BatchId,
    head: &ManifestHead,
    digests: Bytes,
    ids: Vec<BatchId>,
) -> Result<Vec<Overlap>, OperationError> {
    let rows = Rows { batch_id, canonical_hash: &head.canonical_hash, digests };
    overlaps::compare(system, &rows, ids, overlaps::may_have_paid).await
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

/// The digests of the plan's rows, sorted. None where the file is kept no longer: then all its rows count.
async fn digests_of(
    system: &System,
    batch_id: BatchId,
    head: &ManifestHead,
    plan: &RetryPlan,
) -> Result<Option<Bytes>, OperationError> {
    let manifest = system.manifest(batch_id, &head.hash).await?;
    let numbers = row_numbers(plan);
    let mut digests: Vec<RowDigest> = Vec::new();
    for chunk in &manifest.chunks {
        let after_last = chunk.first_row.saturating_add(u64::from(chunk.rows));
        if numbers.range(chunk.first_row..after_last).next().is_none() {
            continue;
        }
        let Some(rows) = rows_of(system, batch_id, &manifest, chunk).await? else { return Ok(None) };
        digests.extend(rows.iter().filter(|row| numbers.contains(&row.number)).map(Row::digest));
    }
    digests.sort_unstable();
    let bytes: Vec<u8> = digests.iter().flat_map(|digest| *digest.as_bytes()).collect();
    Ok(Some(bytes.into()))
}

fn row_numbers(plan: &RetryPlan) -> BTreeSet<u64> {
    let number = |id: &PaymentId| match id {
        PaymentId::Row { row, .. } => Some(u64::from(*row)),
        PaymentId::Refund { .. } | PaymentId::Lone(_) => None,
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
