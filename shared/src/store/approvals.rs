//! The fence of approvals: every approval reads how many there have been, looks at what those changed, and replaces that number in its own
//! write. Of two approvals at once one fails, and looks again at what the other did. A retry decides anew to pay rows, so it counts as one
//! more approval of its batch. Approvals are rare, so one item carries them all.
//!
//! The fence also keeps which batches may still be open, so that none of them is forgotten because its approval was long ago.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::keys;
use crate::domain::ids::BatchId;
use crate::ports::table::{Change, Condition, Indexing, Order, Query, Range, Table, TableError, decode, encode};

/// That a batch was approved or retried, as the so many-th of all. Never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalMark {
    pub batch_id: BatchId,
    pub at: Timestamp,
    pub version: u64,
}

/// What every approval reads and replaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fence {
    /// How many approvals there have been.
    pub version: u64,
    /// The batches that were open at the last of them, its own among these. None where a release wrote it that did not keep them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<BTreeSet<BatchId>>,
}

/// The fence as it stands, read consistently.
pub async fn fence(table: &dyn Table) -> Result<Fence, TableError> {
    let fence = table.get(&keys::approval_fence()).await?.map(decode::<Fence>).transpose()?;
    Ok(fence.unwrap_or_else(|| Fence { version: 0, open: Some(BTreeSet::new()) }))
}

/// What one more approval writes, with the batches that are open then. Refused where another came after `seen`.
pub fn one_more(
    seen: &Fence,
    open: BTreeSet<BatchId>,
    batch_id: BatchId,
    at: Timestamp,
) -> Result<[Change; 2], TableError> {
    let number = seen.version.saturating_add(1);
    let fence_is_as_seen = if seen.version == 0 { Condition::Absent } else { Condition::VersionIs(seen.version) };
    let fence = Change::Put {
        key: keys::approval_fence(),
        attributes: encode(&Fence { version: number, open: Some(open) })?,
        indexing: Indexing::default(),
        condition: fence_is_as_seen,
    };
    let mark = Change::Put {
        key: keys::approval_mark(number),
        attributes: encode(&ApprovalMark { batch_id, at, version: 1 })?,
        indexing: Indexing::default(),
        condition: Condition::Absent,
    };
    Ok([fence, mark])
}

/// The approvals after the first `seen`, oldest first.
pub async fn after(table: &dyn Table, seen: u64) -> Result<Vec<ApprovalMark>, TableError> {
    let first = keys::approval_mark(seen.saturating_add(1));
    let range = Range::Between(first.sk, keys::approval_mark(u64::MAX).sk);
    let mut query = Query { range, ..Query::primary(first.pk) };
    let mut marks = Vec::new();
    loop {
        let page = table.query(&query).await?;
        for item in page.items {
            marks.push(decode(item)?);
        }
        match page.next {
            Some(next) => query.start_after = Some(next),
            None => return Ok(marks),
        }
    }
}

/// The approvals since a moment, newest first.
pub async fn since(table: &dyn Table, moment: Timestamp) -> Result<Vec<ApprovalMark>, TableError> {
    let range = Range::BeginsWith(keys::APPROVAL_PREFIX.to_owned());
    let mut query = Query { range, order: Order::Descending, ..Query::primary(keys::approval_fence().pk) };
    let mut marks = Vec::new();
    loop {
        let page = table.query(&query).await?;
        for item in page.items {
            let mark: ApprovalMark = decode(item)?;
            if mark.at < moment {
                return Ok(marks);
            }
            marks.push(mark);
        }
        match page.next {
            Some(next) => query.start_after = Some(next),
            None => return Ok(marks),
        }
    }
}
