//! A batch begins: an id, and a place for its file.

use std::time::Duration;

use bytes::Bytes;
use jiff::civil::Date;
use uuid::Uuid;

use super::{OperationError, System, audit, file_mappings};
use crate::domain::batch::Batch;
use crate::domain::calendar::eastern_date;
use crate::domain::ids::BatchId;
use crate::domain::money::Cents;
use crate::domain::payroll_file::Format;
use crate::ports::objects::ObjectLink;
use crate::ports::table::TableError;
use crate::store::stored::{create, replace};
use crate::store::{keys, stored};

/// An upload link is good for this long.
const LINK_LIFE: Duration = Duration::from_secs(15 * 60);

/// Where the file of a batch lies, of whatever format: the name ends as it did when there was one.
pub fn upload_object(batch_id: BatchId) -> String {
    format!("uploads/{batch_id}.xml")
}

/// What an uploader says about a file beforehand.
#[derive(Clone, Debug, Default)]
pub struct Announced {
    /// What it should amount to.
    pub control_total: Option<Cents>,
    /// The day that stands for the period it pays for; by default the day of its summary.
    pub pay_period: Option<Date>,
    /// The stored mapping that names its columns; by default they go by their known names.
    pub mapping: Option<String>,
}

/// Makes a draft batch. The same id again answers the batch that it made.
pub async fn begin(system: &System, id: Uuid, caller: &str, announced: Announced) -> Result<Batch, OperationError> {
    let now = system.clock.business_now();
    let Announced { control_total, pay_period, mapping } = announced;
    let draft = Batch::draft(BatchId::new(id), caller.to_owned(), control_total, now);
    let draft = draft.pay_for(pay_period, eastern_date(now))?;
    let batch = match &mapping {
        Some(name) => draft.read_by(file_mappings::chosen(system, name).await?),
        None => draft,
    };
    let detail = mapping.map(|name| format!("read by the mapping {name}"));
    let entry = audit::entry(system, caller, "create_batch", &batch.id.to_string(), detail.as_deref())?;
    match system.table.write(vec![create(&batch)?, entry]).await {
        Ok(()) => Ok(batch),
        Err(TableError::ConditionFailed { .. }) => load(system, batch.id).await,
        Err(other) => Err(other.into()),
    }
}

/// A link to put a file of exactly this many bytes, for who made the batch.
pub async fn link(system: &System, batch_id: BatchId, length: u64, caller: &str) -> Result<ObjectLink, OperationError> {
    record_upload(system, batch_id, caller, "give_upload_link").await?;
    Ok(system.objects.upload_link(&upload_object(batch_id), length, LINK_LIFE).await?)
}

/// Stores a file that came with the request itself, already unpacked.
pub async fn store(system: &System, batch_id: BatchId, body: Bytes, caller: &str) -> Result<(), OperationError> {
    record_upload(system, batch_id, caller, "store_file").await?;
    let media_type = Format::media_type_of(&body);
    Ok(system.objects.put(&upload_object(batch_id), media_type, body).await?)
}

/// Puts in the audit who may change the file, before they can.
async fn record_upload(system: &System, batch_id: BatchId, caller: &str, action: &str) -> Result<(), OperationError> {
    let mut batch = load(system, batch_id).await?;
    batch.may_upload(caller)?;
    let _ = batch.count_uploader(caller);
    let entry = audit::entry(system, caller, action, &batch_id.to_string(), None)?;
    Ok(system.table.write(vec![replace(&mut batch)?, entry]).await?)
}

/// The batch, or that there is none.
pub async fn load(system: &System, batch_id: BatchId) -> Result<Batch, OperationError> {
    stored::read(&*system.table, &keys::batch(batch_id))
        .await?
        .ok_or_else(|| OperationError::not_found("batch", batch_id))
}
