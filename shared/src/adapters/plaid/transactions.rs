//! `/transactions/sync`: all pages of an update, whole or not at all.

use serde::{Deserialize, Serialize};

use super::{PlaidClient, PlaidError};
use crate::domain::deadline::Deadline;
use crate::domain::plaid::transaction::{PlaidTransaction, RemovedTransaction, TransactionChanges};
use crate::domain::secret::AccessToken;

const PATH: &str = "/transactions/sync";
const PAGE_TRANSACTIONS: u32 = 500;
/// How often pages are read again because they changed meanwhile.
const RESTARTS_MAX: u32 = 3;

#[derive(Serialize)]
struct Body<'a> {
    access_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<&'a str>,
    count: u32,
}

#[derive(Deserialize)]
struct Page {
    #[serde(default, deserialize_with = "crate::domain::plaid::list")]
    added: Vec<PlaidTransaction>,
    #[serde(default, deserialize_with = "crate::domain::plaid::list")]
    modified: Vec<PlaidTransaction>,
    #[serde(default, deserialize_with = "crate::domain::plaid::list")]
    removed: Vec<RemovedTransaction>,
    #[serde(default)]
    next_cursor: Option<String>,
    has_more: bool,
}

impl PlaidClient {
    /// Everything that changed since a cursor; without one everything there is. Pages that change while they are read are thrown away
    /// and read again; where that does not help, or the cursor is another item's, once more from the beginning. After any other error
    /// nothing was answered, and the cursor that is kept is still the right one.
    pub async fn transactions(
        &self,
        access_token: &AccessToken,
        cursor: Option<&str>,
        deadline: Deadline,
    ) -> Result<TransactionChanges, PlaidError> {
        let from_cursor = self.with_restarts(access_token, cursor, deadline).await;
        match (from_cursor, cursor) {
            (Err(error @ (PlaidError::RestartSync | PlaidError::CursorUnknown)), Some(_)) => {
                tracing::warn!(%error, "transactions are read from the beginning");
                let changes = self.with_restarts(access_token, None, deadline).await?;
                Ok(TransactionChanges { from_the_beginning: true, ..changes })
            }
            (result, _) => result,
        }
    }

    async fn with_restarts(
        &self,
        access_token: &AccessToken,
        cursor: Option<&str>,
        deadline: Deadline,
    ) -> Result<TransactionChanges, PlaidError> {
        let mut restarts = 0;
        loop {
            match self.all_pages(access_token, cursor, deadline).await {
                Err(PlaidError::RestartSync) if restarts < RESTARTS_MAX => restarts += 1,
                result => return result,
            }
        }
    }

    async fn all_pages(
        &self,
        access_token: &AccessToken,
        cursor: Option<&str>,
        deadline: Deadline,
    ) -> Result<TransactionChanges, PlaidError> {
        let mut changes = TransactionChanges::default();
        let mut at = cursor.map(str::to_owned);
        loop {
            let body = Body { access_token: access_token.expose(), cursor: at.as_deref(), count: PAGE_TRANSACTIONS };
            let page: Page = self.post(PATH, &body, deadline).await?;
            changes.added.extend(page.added);
            changes.modified.extend(page.modified);
            changes.removed.extend(page.removed);
            let next = page.next_cursor.filter(|cursor| !cursor.is_empty());
            if !page.has_more {
                changes.next_cursor = next;
                return Ok(changes);
            }
            // More to come from the same place would never end.
            if next.is_none() || next == at {
                return Err(PlaidError::Unreadable { path: PATH });
            }
            at = next;
        }
    }
}
