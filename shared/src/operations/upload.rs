//! A batch begins: an id, and a place for its file.

use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use super::{OperationError, System, audit};
use crate::domain::batch::Batch;
use crate::domain::ids::BatchId;
use crate::domain::money::Cents;
use crate::ports::objects::ObjectLink;
use crate::ports::table::TableError;
use crate::store::stored::create;
use crate::store::{keys, stored};

/// An upload link is good for this long.
const LINK_LIFE: Duration = Duration::from_secs(15 * 60);

/// Where the file of a batch lies.
pub fn upload_object(batch_id: BatchId) -> String {
    format!("uploads/{batch_id}.xml")
}

/// Makes a draft batch. The same id again answers the batch that it made.
pub async fn begin(
    system: &System,
    id: Uuid,
    caller: &str,
    control_total: Option<Cents>,
) -> Result<Batch, OperationError> {
    let now = system.clock.business_now();
    let batch = Batch::draft(BatchId::new(id), caller.to_owned(), control_total, now);
    let entry = audit::entry(system, caller, "create_batch", &batch.id.to_string(), None)?;
    match system.table.write(vec![create(&batch)?, entry]).await {
        Ok(()) => Ok(batch),
        Err(TableError::ConditionFailed { .. }) => load(system, batch.id).await,
        Err(other) => Err(other.into()),
    }
}

/// A link to put a file of exactly this many bytes.
pub async fn link(system: &System, batch_id: BatchId, length: u64) -> Result<ObjectLink, OperationError> {
    load(system, batch_id).await?.may_summarize()?;
    Ok(system.objects.upload_link(&upload_object(batch_id), length, LINK_LIFE).await?)
}

/// Stores a file that came with the request itself, already unpacked.
pub async fn store(system: &System, batch_id: BatchId, body: Bytes) -> Result<(), OperationError> {
    let batch = load(system, batch_id).await?;
    batch.may_summarize()?;
    Ok(system.objects.put(&upload_object(batch_id), "application/xml", body).await?)
}

/// The batch, or that there is none.
pub async fn load(system: &System, batch_id: BatchId) -> Result<Batch, OperationError> {
    stored::read(&*system.table, &keys::batch(batch_id))
        .await?
        .ok_or_else(|| OperationError::not_found("batch", batch_id))
}
