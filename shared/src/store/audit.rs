//! Who did what to which thing when: append-only.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::keys;
use crate::ports::table::{Change, Condition, Indexing, TableError, encode};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
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
