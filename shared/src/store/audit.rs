//! Who did what to which thing when: append-only.

use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::keys;
use crate::ports::table::{Change, Condition, Indexing, Query, Table, TableError, decode, encode};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuditEntry {
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The caller's subject.
    pub actor: String,
    /// What was done: `approve`, `cancel`, `pause_source` …
    pub action: String,
    /// The id of the thing it was done to.
    pub subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The put of an entry, for the write of the action itself. `nonce` keeps two actions of one second apart.
pub fn put(entry: &AuditEntry, nonce: u64) -> Result<Change, TableError> {
    Ok(Change::Put {
        key: keys::audit(entry.at, &entry.actor, nonce),
        attributes: encode(entry)?,
        indexing: Indexing::default(),
        condition: Condition::Absent,
    })
}

/// Every entry of a day in UTC, oldest first.
pub async fn of_day(table: &dyn Table, day: Date) -> Result<Vec<AuditEntry>, TableError> {
    let shards: Vec<_> = (0..keys::AUDIT_SHARDS).map(|shard| of_shard(table, keys::audit_day(day, shard))).collect();
    let shards: Vec<Vec<AuditEntry>> =
        stream::iter(shards).buffered(usize::from(keys::AUDIT_SHARDS)).try_collect().await?;
    let mut entries: Vec<AuditEntry> = shards.into_iter().flatten().collect();
    entries.sort_by_key(|entry| entry.at);
    Ok(entries)
}

async fn of_shard(table: &dyn Table, partition: String) -> Result<Vec<AuditEntry>, TableError> {
    let mut entries = Vec::new();
    let mut query = Query::primary(partition);
    loop {
        let page = table.query(&query).await?;
        for item in page.items {
            entries.push(decode(item)?);
        }
        match page.next {
            Some(next) => query.start_after = Some(next),
            None => return Ok(entries),
        }
    }
}
