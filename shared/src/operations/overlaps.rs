//! Rows that another batch also holds: the approver must accept them by name.
//!
//! Guarantees: a summary shows what batches of the last ten days hold, approved or not, and, however long ago, what batches hold that are
//! still open, and an equal payroll of another pay period. An approval looks again at every batch that was approved or retried after its
//! summary looked, found by the fence of approvals and read consistently, so that of two overlapping files neither is approved unseen. Rows
//! whose accounts banks may have corrected are found under any number of the account.

use bytes::Bytes;
use futures::FutureExt;
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use jiff::civil::Date;

use super::corrected_rows::CorrectedRows;
use super::summarize::digests_object;
use super::{OperationError, System, corrected_rows, open_batches};
use crate::domain::batch::manifest::Overlap;
use crate::domain::batch::{Batch, BatchState, ManifestHead};
use crate::domain::calendar;
use crate::domain::ids::BatchId;
use crate::ports::table::{Attributes, Index, Key, Order, Query, Range, TableError, decode};
use crate::store::{approvals, keys, stored};

const OVERLAP_DAYS: i64 = 10;

/// Bytes of a row's digest.
const DIGEST_BYTES: usize = 16;

const HEADERS_AT_ONCE: usize = 16;

/// Digests of other batches held in memory at once: 16 bytes a row.
const DIGESTS_AT_ONCE: usize = 2;

/// The rows of the batch that is compared with others.
pub(super) struct Rows<'a> {
    pub batch_id: BatchId,
    pub canonical_hash: &'a str,
    /// Sorted, 16 bytes each.
    pub digests: Bytes,
    /// Those that another batch may name otherwise.
    pub corrected: CorrectedRows,
}

/// What a summary shows: batches of the last ten days and open ones with some of the same rows, and the latest equal payroll of another pay
/// period.
pub(super) async fn find(system: &System, rows: &Rows<'_>, pay_period: Date) -> Result<Vec<Overlap>, OperationError> {
    let ids = recent_batches(system).await?;
    let mut overlaps = compare(system, rows, ids, holds_rows).await?;
    let others = claims(system, rows.canonical_hash).await?.into_iter();
    let equal = others.filter(|claim| claim.batch_id != rows.batch_id && claim.pay_period != pay_period);
    if let Some(latest) = equal.max_by_key(|claim| (claim.pay_period, claim.batch_id))
        && overlaps.iter().all(|overlap| overlap.batch_id != latest.batch_id)
    {
        overlaps.extend(compare(system, rows, vec![latest.batch_id], holds_rows).await?);
    }
    overlaps.sort_by_key(|overlap| overlap.batch_id);
    Ok(overlaps)
}

/// What an approval looks at again: the batches approved or retried after those that its summary had seen. Where accounts have been corrected
/// since, the rows that this may be about are looked for in every batch that the summary had seen approved, too.
pub(super) async fn approved_after(
    system: &System,
    batch_id: BatchId,
    head: &ManifestHead,
    corrected_since: Option<CorrectedRows>,
) -> Result<Vec<Overlap>, OperationError> {
    let canonical_hash = head.canonical_hash.as_str();
    let mut ids = decided_after(system, batch_id, head, ten_days_before(system.clock.business_now())).await?;
    if corrected_since.as_ref().is_some_and(|rows| !rows.is_empty()) {
        ids.extend(recent_batches(system).await?);
        ids.sort_unstable();
        ids.dedup();
    }
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let corrected = match corrected_since {
        Some(rows) => rows,
        None => corrected_rows::of_summary(system, batch_id, head).await?,
    };
    let digests = system.objects.get(&digests_object(batch_id, canonical_hash)).await?;
    compare(system, &Rows { batch_id, canonical_hash, digests, corrected }, ids, may_have_paid).await
}

/// The other batches that were approved or retried after those that the batch's summary had seen, each once.
pub(super) async fn decided_after(
    system: &System,
    batch_id: BatchId,
    head: &ManifestHead,
    listed_since: Timestamp,
) -> Result<Vec<BatchId>, OperationError> {
    let marks = approvals::after(&*system.table, head.approvals_seen).await?;
    let mut ids: Vec<BatchId> = marks.into_iter().map(|mark| mark.batch_id).collect();
    // Summarized before there was a fence: what was approved since may have left no mark either.
    if head.pay_period.is_none() {
        ids.extend(listed_batches(system, listed_since).await?);
    }
    ids.retain(|id| *id != batch_id);
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// A batch's claim on the payments of a file and pay period.
pub(super) struct FileClaim {
    pub batch_id: BatchId,
    pub pay_period: Date,
}

/// The claims on the same payments, of every pay period.
pub(super) async fn claims(system: &System, canonical_hash: &str) -> Result<Vec<FileClaim>, OperationError> {
    let mut query = Query::primary(keys::claims_on(canonical_hash));
    let mut claims = Vec::new();
    loop {
        let page = system.table.query(&query).await?;
        for item in page.items {
            claims.push(read_claim(system, item).await?);
        }
        match page.next {
            Some(next) => query.start_after = Some(next),
            None => return Ok(claims),
        }
    }
}

async fn read_claim(system: &System, item: Attributes) -> Result<FileClaim, OperationError> {
    let text = |name: &str| item.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    let batch_id: BatchId = text("batch_id").parse()?;
    if let Some(pay_period) = text("sk").strip_prefix(keys::PERIOD_PREFIX).and_then(|day| day.parse().ok()) {
        return Ok(FileClaim { batch_id, pay_period });
    }
    // Put before pay periods were kept: the day of its approval stands for the period.
    let batch = super::upload::load(system, batch_id).await?;
    let day = batch.approval.as_ref().map_or(batch.created_at, |approval| approval.at);
    Ok(FileClaim { batch_id, pay_period: batch.pay_period().unwrap_or(calendar::eastern_date(day)) })
}

/// Batches of the last ten days and open ones, each once: what was approved, consistently; what was not, by the index, which lags a moment.
/// That is made good by the approval, which looks at every approval again. The index finds those too that were approved before there was a
/// fence.
async fn recent_batches(system: &System) -> Result<Vec<BatchId>, OperationError> {
    let since = ten_days_before(system.clock.business_now());
    let mut ids: Vec<BatchId> =
        approvals::since(&*system.table, since).await?.into_iter().map(|mark| mark.batch_id).collect();
    ids.extend(listed_batches(system, since).await?);
    let fence = approvals::fence(&*system.table).await?;
    let open = open_batches::now(system, &fence).await?;
    ids.extend(fault!(OldOpenBatchUnseen, Default::default(), open));
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

pub(super) fn ten_days_before(now: Timestamp) -> Timestamp {
    now.checked_sub(jiff::SignedDuration::from_hours(24 * OVERLAP_DAYS)).unwrap_or(now)
}

async fn listed_batches(system: &System, since: Timestamp) -> Result<Vec<BatchId>, OperationError> {
    let mut query = Query {
        index: Index::Lists,
        range: Range::Between(keys::sortable(since), "~".to_owned()),
        order: Order::Ascending,
        ..Query::primary(keys::LIST_BATCHES)
    };
    let mut ids = Vec::new();
    loop {
        let page = system.table.query(&query).await?;
        for item in page.items {
            let key: Key = decode(item)?;
            ids.push(key.pk.strip_prefix(keys::BATCH_PREFIX).unwrap_or_default().parse::<BatchId>()?);
        }
        match page.next {
            Some(next) => query.start_after = Some(next),
            None => return Ok(ids),
        }
    }
}

pub(super) async fn compare(
    system: &System,
    rows: &Rows<'_>,
    ids: Vec<BatchId>,
    counts: fn(&Batch) -> bool,
) -> Result<Vec<Overlap>, OperationError> {
    let others = ids.into_iter().filter(|id| *id != rows.batch_id);
    let headers: Vec<_> = others.map(|id| header(system, id).boxed()).collect();
    let headers: Vec<Option<Batch>> = stream::iter(headers).buffered(HEADERS_AT_ONCE).try_collect().await?;
    let others = headers.into_iter().flatten().filter(counts);
    let others: Vec<_> = others.map(|other| overlap_with(system, rows, other).boxed()).collect();
    let overlaps: Vec<Option<Overlap>> = stream::iter(others).buffered(DIGESTS_AT_ONCE).try_collect().await?;
    Ok(overlaps.into_iter().flatten().collect())
}

async fn header(system: &System, id: BatchId) -> Result<Option<Batch>, TableError> {
    stored::read(&*system.table, &keys::batch(id)).await
}

async fn overlap_with(system: &System, rows: &Rows<'_>, other: Batch) -> Result<Option<Overlap>, OperationError> {
    let Some(head) = &other.manifest else { return Ok(None) };
    let common = if head.canonical_hash == rows.canonical_hash {
        rows.digests.len() / DIGEST_BYTES
    } else {
        let theirs = system.objects.get(&digests_object(other.id, &head.canonical_hash)).await?;
        let named_otherwise = rows.corrected.also_paid_by(system, other.id, &head.canonical_hash, &theirs).await?;
        in_both(&rows.digests, &theirs).saturating_add(named_otherwise)
    };
    Ok((common > 0).then(|| Overlap {
        batch_id: other.id,
        rows: common as u64,
        pay_period: other.pay_period(),
        approved_at: other.approval.as_ref().map(|approval| approval.at),
        rounds: Some(other.rounds),
        canonical_hash: head.canonical_hash.clone(),
    }))
}

/// Digests that two sorted runs of them have in common.
fn in_both(ours: &[u8], theirs: &[u8]) -> usize {
    let (mut ours, mut theirs) =
        (ours.chunks_exact(DIGEST_BYTES).peekable(), theirs.chunks_exact(DIGEST_BYTES).peekable());
    let mut common = 0;
    while let (Some(our), Some(their)) = (ours.peek(), theirs.peek()) {
        match our.cmp(their) {
            std::cmp::Ordering::Less => {
                ours.next();
            }
            std::cmp::Ordering::Greater => {
                theirs.next();
            }
            std::cmp::Ordering::Equal => {
                common += 1;
                ours.next();
                theirs.next();
            }
        }
    }
    common
}

/// Whether a batch may pay, or has paid, what its file holds.
fn holds_rows(batch: &Batch) -> bool {
    match batch.state {
        BatchState::Summarizing | BatchState::Ready => true,
        BatchState::Importing
        | BatchState::Paying
        | BatchState::Completed
        | BatchState::Canceling
        | BatchState::Canceled => may_have_paid(batch),
        BatchState::Draft | BatchState::Rejected | BatchState::Declined | BatchState::Expired | BatchState::Failed => {
            false
        }
    }
}

pub(super) fn may_have_paid(batch: &Batch) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_sorted_runs_have_in_common_is_counted_once() {
        let run = |digests: &[u8]| -> Vec<u8> { digests.iter().flat_map(|digest| [*digest; DIGEST_BYTES]).collect() };
        let cases: [(&[u8], &[u8], usize); 6] = [
            (&[], &[1, 2], 0),
            (&[1, 2], &[], 0),
            (&[1, 2, 3], &[1, 2, 3], 3),
            (&[1, 3, 5, 7], &[2, 3, 6, 7, 9], 2),
            (&[9], &[1, 2, 9], 1),
            (&[1, 2, 4], &[3], 0),
        ];
        for (ours, theirs, common) in cases {
            assert_eq!(in_both(&run(ours), &run(theirs)), common, "{ours:?} and {theirs:?}");
        }
    }
}
