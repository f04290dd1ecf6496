//! Batches that have still to pay rows, however long ago they were approved.
//!
//! Guarantees: every batch that is open is among those that the fence of approvals keeps. A batch is opened by an approval or a retry, which
//! put it there in their own write; each of them leaves out those that have ended since. So they are as many as were open at the last
//! approval, not as many as there have been.

use std::collections::BTreeSet;

use futures::FutureExt;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::{OperationError, System};
use crate::domain::batch::{Batch, BatchState};
use crate::domain::ids::BatchId;
use crate::store::approvals::{self, Fence};
use crate::store::{keys, stored};

const HEADERS_AT_ONCE: usize = 16;

/// The batches that are open.
pub(super) async fn now(system: &System, fence: &Fence) -> Result<BTreeSet<BatchId>, OperationError> {
    let candidates = candidates(system, fence).await?;
    let headers: Vec<_> = candidates.into_iter().map(|id| header(system, id).boxed()).collect();
    let headers: Vec<Option<Batch>> = stream::iter(headers).buffered(HEADERS_AT_ONCE).try_collect().await?;
    let open = headers.into_iter().flatten().filter(|batch| is_open(batch.state));
    Ok(open.map(|batch| batch.id).collect())
}

async fn candidates(system: &System, fence: &Fence) -> Result<BTreeSet<BatchId>, OperationError> {
    match &fence.open {
        Some(open) => Ok(open.clone()),
        // A release of before kept none: once, until the next approval, each batch that was ever approved is one.
        None => Ok(approvals::after(&*system.table, 0).await?.into_iter().map(|mark| mark.batch_id).collect()),
    }
}

/// What the next fence keeps: the batches that are open now, and the one that is approved or retried.
pub(super) async fn with(
    system: &System,
    fence: &Fence,
    decided: BatchId,
) -> Result<BTreeSet<BatchId>, OperationError> {
    let mut open = now(system, fence).await?;
    open.insert(decided);
    Ok(open)
}

async fn header(system: &System, id: BatchId) -> Result<Option<Batch>, OperationError> {
    Ok(stored::read(&*system.table, &keys::batch(id)).await?)
}

/// Whether payments of the batch may still be sent by themselves.
const fn is_open(state: BatchState) -> bool {
    match state {
        BatchState::Importing | BatchState::Paying | BatchState::Canceling => true,
        BatchState::Draft
        | BatchState::Summarizing
        | BatchState::Ready
        | BatchState::Rejected
        | BatchState::Completed
        | BatchState::Canceled
        | BatchState::Declined
        | BatchState::Expired
        | BatchState::Failed => false,
    }
}
