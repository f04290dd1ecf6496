//! What the bank knows a payee's account by, and what it told us to change about it. Found by the account's fingerprint.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{keys, stored};
use crate::domain::bank::request::AccountType;
use crate::ports::table::{Change, Condition, Indexing, Table, TableError, encode};

/// A mark, not a decision: what the bank said last.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownCounterparty {
    /// The bank's id for this account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterparty_id: Option<String>,
    /// What a notification of change said to use from the next payment on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<Correction>,
    #[serde(default)]
    pub version: u64,
    pub updated_at: Timestamp,
}

/// Corrected account data (NACHA change codes C01 to C07).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    pub change_code: String,
    /// When the transfer was made that it was said of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing_number: Option<String>,
    /// Sealed under the counterparty's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_account: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_type: Option<AccountType>,
}

impl std::fmt::Debug for KnownCounterparty {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "KnownCounterparty({:?})", self.counterparty_id)
    }
}

impl std::fmt::Debug for Correction {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Correction({})", self.change_code)
    }
}

pub async fn find(table: &dyn Table, fingerprint: &str) -> Result<Option<KnownCounterparty>, TableError> {
    stored::read(table, &keys::counterparty(fingerprint)).await
}

/// Keeps the first thing the bank said of an account; what is kept already stays.
pub async fn remember_new(table: &dyn Table, fingerprint: &str, known: &KnownCounterparty) -> Result<(), TableError> {
    match table.write(vec![put(fingerprint, known, Condition::Absent)?]).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other),
    }
}

pub fn put(fingerprint: &str, known: &KnownCounterparty, condition: Condition) -> Result<Change, TableError> {
    Ok(Change::Put {
        key: keys::counterparty(fingerprint),
        attributes: encode(known)?,
        indexing: Indexing::default(),
        condition,
    })
}
