//! Rows that another batch of the last ten days also pays: the approver must accept them by name.

use bytes::Bytes;

use super::summarize::digests_object;
use super::{OperationError, System};
use crate::domain::batch::manifest::Overlap;
use crate::domain::batch::{Batch, BatchState};
use crate::domain::ids::BatchId;
use crate::domain::payroll_file::RowDigest;
use crate::ports::table::{Cursor, Index, Order, Query, Range, decode};
use crate::store::{keys, stored};

const OVERLAP_DAYS: i64 = 10;

/// Approved batches of the last ten days that pay some of the same rows.
pub(super) async fn find(
    system: &System,
    batch_id: BatchId,
    digests: &[RowDigest],
) -> Result<Vec<Overlap>, OperationError> {
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
