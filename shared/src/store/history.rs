//! The history of a payment or funding: our steps and the bank's events, one item each, never changed.
//!
//! A bank event is put if absent under its id, in the same write as the state it led to: there is no moment in which an event is
//! recorded but not applied.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::keys;
use crate::domain::ach::account_correction::AccountCorrection;
use crate::domain::ids::ItemId;
use crate::domain::leg::{AttentionReason, Effect, Leg, State, Transition};
use crate::ports::table::{Change, Condition, Indexing, Query, Table, TableError, decode, encode};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct HistoryEntry {
    /// The bank's time for its events, ours for our steps.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    pub what: String,
    pub attempt: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<State>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<State>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub effects: Vec<Effect>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<AttentionReason>,
    /// What the bank corrected about the account at the other end, where it did; or how it was corrected when this was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<AccountChanged>,
    /// Who did it, where a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// An account, and what the bank says to use in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AccountChanged {
    pub change_code: String,
    pub account_last4: String,
    /// Absent where the number is right and something else was corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected_last4: Option<String>,
}

impl AccountChanged {
    pub fn said(correction: &AccountCorrection) -> Self {
        Self {
            change_code: correction.change_code.clone(),
            account_last4: correction.account_last4.clone(),
            corrected_last4: correction.corrected_last4.clone(),
        }
    }
}

impl HistoryEntry {
    pub fn new(what: &str, leg: &Leg, at: Timestamp) -> Self {
        Self {
            at,
            what: what.to_owned(),
            attempt: leg.attempt,
            from: None,
            to: None,
            bank_status: leg.bank_status.clone(),
            transfer_id: leg.transfer_id.clone(),
            event_id: None,
            reason: leg.reason.as_ref().map(ToString::to_string),
            effects: Vec::new(),
            attention: leg.attention.as_ref().map(|attention| attention.reason),
            correction: None,
            by: None,
        }
    }

    pub fn moved(mut self, moved: &Transition) -> Self {
        self.from = Some(moved.from);
        self.to = Some(moved.to);
        self.effects = moved.effects.clone();
        self
    }

    /// The put of this entry: a bank event under its id, a step of ours under the version it made.
    pub fn put(&self, item: ItemId, version: u64) -> Result<Change, TableError> {
        let key = match &self.event_id {
            Some(event_id) => keys::history_event(item, event_id),
            None => keys::history_step(item, version),
        };
        let condition = fault!(ReplayRecorded, Condition::Always, Condition::Absent);
        Ok(Change::Put { key, attributes: encode(self)?, indexing: Indexing::default(), condition })
    }
}

/// The whole history of an item, oldest first.
pub async fn read(table: &dyn Table, item: ItemId) -> Result<Vec<HistoryEntry>, TableError> {
    let mut entries: Vec<HistoryEntry> = Vec::new();
    let mut query = Query::primary(keys::history_of(item));
    loop {
        let page = table.query(&query).await?;
        for attributes in page.items {
            entries.push(decode(attributes)?);
        }
        match page.next {
            Some(next) => query.start_after = Some(next),
            None => break,
        }
    }
    entries.sort_by_key(|entry| entry.at);
    Ok(entries)
}
