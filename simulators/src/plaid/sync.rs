//! `/transactions/sync` (plaid.md section 4.8): the part of a log that an item has seen, page by page.
//!
//! A cursor is the place of the next line in the log, bound to its item and to the one account that it may be about. Replaying an unadvanced cursor gives the same page.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Plaid;
use super::call::Call;
use super::error::{self, Failure};
use super::items::Item;
use super::transactions::{Change, Readiness};

const DEFAULT_COUNT: u64 = 100;
const LARGEST_COUNT: u64 = 500;

/// What a cursor says. On the wire: base64 of the parts between slashes.
#[derive(Debug, PartialEq, Eq)]
struct Cursor {
    item_id: String,
    account_id: String,
    position: usize,
    /// It was given out in the middle of a loop over pages.
    is_further_page: bool,
}

impl Cursor {
    fn encode(&self) -> String {
        let kind = if self.is_further_page { "more" } else { "last" };
        STANDARD.encode(format!("{}/{}/{}/{kind}", self.item_id, self.account_id, self.position))
    }

    fn decode(text: &str) -> Option<Self> {
        let text = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
        let mut parts = text.split('/').map(str::to_owned);
        let (item_id, account_id) = (parts.next()?, parts.next()?);
        let position = parts.next()?.parse().ok()?;
        Some(Self { item_id, account_id, position, is_further_page: parts.next()? == "more" })
    }
}

/// What one page shows.
#[derive(Default)]
struct Page {
    added: Vec<Value>,
    modified: Vec<Value>,
    removed: Vec<Value>,
    accounts: Vec<String>,
}

impl Page {
    fn take(&mut self, item: &Item, change: &Change) {
        match change {
            Change::Added(transaction) => self.added.extend(item.transaction_view(transaction)),
            Change::Modified(transaction) => self.modified.extend(item.transaction_view(transaction)),
            Change::Removed { number, account } => {
                self.removed.extend(item.account_id(account).map(
                    |account_id| json!({ "transaction_id": item.transaction_id(*number), "account_id": account_id }),
                ))
            }
        }
        let key = change.account();
        if !self.accounts.iter().any(|known| known == key) {
            self.accounts.push(key.to_owned());
        }
    }
}

impl Plaid {
    pub(crate) fn sync_transactions(&mut self, call: &Call) -> Result<Value, Failure> {
        let item = self.readable_item(call, false)?;
        self.require_transactions(item)?;
        let count = match call.value("count") {
            None => DEFAULT_COUNT,
            Some(count) => count
                .as_u64()
                .filter(|count| (1..=LARGEST_COUNT).contains(count))
                .ok_or_else(|| Failure::field("count", "must be from 1 to 500"))?,
        };
        let cursor = self.start(item, call)?;
        if cursor.is_further_page && self.faults.mutate_next > 0 {
            self.faults.mutate_next -= 1;
            return Err(error::TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION.into());
        }
        self.items[item].is_sync_armed = true;
        Ok(self.page(item, cursor, usize::try_from(count).unwrap_or(usize::MAX)))
    }

    /// Where the call begins.
    fn start(&self, item: usize, call: &Call) -> Result<Cursor, Failure> {
        let item = &self.items[item];
        let account_id = call.option("account_id").and_then(Value::as_str).unwrap_or_default();
        if !account_id.is_empty() && !item.accounts.iter().any(|shared| shared.account_id == account_id) {
            return Err(error::INVALID_ACCOUNT_ID.into());
        }
        let foreign = || Failure::field("cursor", "not associated with access_token");
        match call.optional_text("cursor")?.filter(|cursor| !cursor.is_empty()) {
            None => Ok(Cursor {
                item_id: item.item_id.clone(),
                account_id: account_id.to_owned(),
                position: 0,
                is_further_page: false,
            }),
            Some(text) => Cursor::decode(text)
                .filter(|cursor| cursor.item_id == item.item_id && cursor.account_id == account_id)
                .ok_or_else(foreign),
        }
    }

    fn page(&self, item: usize, cursor: Cursor, count: usize) -> Value {
        let item = &self.items[item];
        let changes = &self.logins[item.login].changes[..item.seen_changes];
        let is_wanted = |change: &Change| {
            let account_id = item.account_id(change.account());
            account_id.is_some_and(|id| cursor.account_id.is_empty() || cursor.account_id == id)
        };
        let mut page = Page::default();
        let mut waiting = changes.iter().enumerate().skip(cursor.position).filter(|(_, change)| is_wanted(change));
        for (_, change) in waiting.by_ref().take(count) {
            page.take(item, change);
        }
        let next = waiting.next().map(|(position, _)| position);
        let next_cursor =
            Cursor { position: next.unwrap_or(changes.len()), is_further_page: next.is_some(), ..cursor }.encode();
        let shown = item.accounts.iter().filter(|shared| page.accounts.contains(&shared.seen.key));
        let accounts: Vec<Value> = shown.map(|shared| shared.seen.view(&shared.account_id)).collect();
        let (status, next_cursor) = match item.readiness {
            Readiness::NotReady => ("NOT_READY", String::new()),
            Readiness::Initial => ("INITIAL_UPDATE_COMPLETE", next_cursor),
            Readiness::Historical => ("HISTORICAL_UPDATE_COMPLETE", next_cursor),
        };
        json!({
            "transactions_update_status": status,
            "accounts": accounts,
            "added": page.added,
            "modified": page.modified,
            "removed": page.removed,
            "next_cursor": next_cursor,
            "has_more": next.is_some(),
        })
    }
}
