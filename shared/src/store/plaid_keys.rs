//! Plaid's signing keys, as they were last confirmed. Public keys: nothing of them is secret, but whoever could write one could sign.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::keys;
use super::stored::read;
use crate::domain::plaid::signature::VerificationKey;
use crate::ports::confirmed_keys::{ConfirmedKey, ConfirmedKeys};
use crate::ports::table::{Change, Condition, Indexing, Query, Table, TableError, decode, encode};

#[derive(Clone, Debug, Serialize, Deserialize)]
struct StoredKey {
    version: u64,
    key: VerificationKey,
    confirmed_at: Timestamp,
}

/// The keys in the table.
#[derive(Clone, Debug)]
pub struct TableKeys(pub Arc<dyn Table>);

#[async_trait]
impl ConfirmedKeys for TableKeys {
    async fn all(&self) -> Result<Vec<ConfirmedKey>, TableError> {
        let page = self.0.query(&Query::primary(keys::PLAID_KEYS.to_owned())).await?;
        let stored = page.items.into_iter().map(decode::<StoredKey>).collect::<Result<Vec<_>, _>>()?;
        Ok(stored.into_iter().map(|StoredKey { key, confirmed_at, .. }| ConfirmedKey { key, confirmed_at }).collect())
    }

    async fn keep(&self, confirmed: &ConfirmedKey) -> Result<(), TableError> {
        let key = keys::plaid_key(&confirmed.key.kid);
        let known: Option<StoredKey> = read(&*self.0, &key).await?;
        if known.as_ref().is_some_and(|known| known.confirmed_at >= confirmed.confirmed_at) {
            return Ok(());
        }
        let condition = known.as_ref().map_or(Condition::Absent, |known| Condition::VersionIs(known.version));
        let version = known.map_or(1, |known| known.version.saturating_add(1));
        let stored = StoredKey { version, key: confirmed.key.clone(), confirmed_at: confirmed.confirmed_at };
        let put = Change::Put { key, attributes: encode(&stored)?, indexing: Indexing::default(), condition };
        match self.0.write(vec![put]).await {
            // Whoever was faster has asked at the same moment.
            Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
            Err(other) => Err(other),
        }
    }
}
