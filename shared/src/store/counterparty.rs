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
    /// When the bank said so last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said_at: Option<Timestamp>,
    /// The account that the transfer went to, where an earlier correction had put it in the place of the one named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said_of: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing_number: Option<String>,
    /// Sealed under the counterparty's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_account: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected_last4: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_type: Option<AccountType>,
}

impl KnownCounterparty {
    /// The version at which nothing is known of it any more.
    pub fn forgotten_at(&self) -> Option<u64> {
        (self.counterparty_id.is_none() && self.correction.is_none()).then_some(self.version)
    }
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

/// Keeps the first thing the bank said of an account, or of one that it had forgotten at the version `forgotten_at`; anything else that
/// is kept stays.
pub async fn remember_new(
    table: &dyn Table,
    fingerprint: &str,
    known: KnownCounterparty,
    forgotten_at: Option<u64>,
) -> Result<(), TableError> {
    let condition = forgotten_at.map_or(Condition::Absent, Condition::VersionIs);
    let version = forgotten_at.map_or(known.version, |version| version.saturating_add(1));
    match table.write(vec![put(fingerprint, &KnownCounterparty { version, ..known }, condition)?]).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other),
    }
}

/// Forgets the bank's name for an account, if it is still this one: the account is sent along with the next transfer.
pub async fn forget(table: &dyn Table, fingerprint: &str, counterparty_id: &str) -> Result<(), TableError> {
    let Some(known) = find(table, fingerprint).await? else { return Ok(()) };
    if known.counterparty_id.as_deref() != Some(counterparty_id) {
        return Ok(());
    }
    let condition = Condition::VersionIs(known.version);
    let version = known.version.saturating_add(1);
    let forgotten = KnownCounterparty { counterparty_id: None, version, ..known };
    match table.write(vec![put(fingerprint, &forgotten, condition)?]).await {
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
