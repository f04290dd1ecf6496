//! Which source a bank account is of: one account has one source, across files as within one.

use serde::{Deserialize, Serialize};

use super::{keys, stored};
use crate::ports::table::{Change, Condition, Indexing, Table, TableError, encode};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountHolder {
    pub version: u64,
    pub source_id: String,
}

pub async fn find(table: &dyn Table, fingerprint: &str) -> Result<Option<AccountHolder>, TableError> {
    stored::read(table, &keys::account_holder(fingerprint)).await
}

/// Refused where another source was faster.
pub fn claim(fingerprint: &str, source_id: &str) -> Result<Change, TableError> {
    let holder = AccountHolder { version: 1, source_id: source_id.to_owned() };
    Ok(Change::Put {
        key: keys::account_holder(fingerprint),
        attributes: encode(&holder)?,
        indexing: Indexing::default(),
        condition: Condition::Absent,
    })
}

/// In the write that gives the source another account.
pub fn release(fingerprint: &str) -> Change {
    Change::Delete { key: keys::account_holder(fingerprint), condition: Condition::Always }
}
