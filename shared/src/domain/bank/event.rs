//! The bank's events and ACH transfers, from its JSON to our types (Column documentation, events and webhooks, ACH transfers). The same
//! for a webhook's body, a polled event and a fetched transfer.
//!
//! Guarantees: unknown fields are ignored, unknown event types and statuses are kept, `null`, an absent key and an empty text all mean
//! "not there". Ids are neither empty nor long, and no text that is kept is. An error names what could not be read and never the
//! content.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

pub use super::transfer::{ReturnDetail, TransferSnapshot};
use super::wire::{Id, Moment, Word};
use crate::domain::bank::check::snapshot::CheckSnapshot;

/// An event of the bank, by what it is about. Its type is a name for people: what happened follows from the statuses of the transfer or
/// check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BankEvent {
    /// An ACH transfer changed.
    Transfer(TransferEvent),
    /// A check that we issued changed, or its letter moved.
    Check(CheckEvent),
    /// Of a kind that moves none of our payments, or that is newer than this code, or about nothing: the bank's way to try an endpoint.
    /// Answered 200, counted.
    Other { event_id: String, created_at: Timestamp, event_type: String },
}

/// A snapshot of a transfer at the moment of the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferEvent {
    /// The same on every redelivery.
    pub event_id: String,
    pub created_at: Timestamp,
    pub event_type: String,
    pub transfer: TransferSnapshot,
}

/// A snapshot of a check at the moment of the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckEvent {
    /// The same on every redelivery.
    pub event_id: String,
    pub created_at: Timestamp,
    pub event_type: String,
    pub check: CheckSnapshot,
}

/// Events about what others send to us.
const INCOMING: &str = "ach.incoming_transfer.";

/// What a family of events is about.
enum Family {
    Transfer,
    Check,
    Other,
}

impl Family {
    /// By the type's prefix, so that a type newer than this code is still read. The bank names a check that we issue after what happens
    /// when it is cashed: a debit comes in.
    fn of(event_type: &str) -> Self {
        let is = |family: &str| event_type.starts_with(family);
        if is("ach.outgoing_transfer.") || is(INCOMING) {
            Family::Transfer
        } else if is("check.incoming_debit.") {
            Family::Check
        } else {
            Family::Other
        }
    }
}

/// A body that is not an event or transfer as documented. Final for these bytes; read the transfer from the bank instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedBankData {
    #[error("the body is not JSON")]
    NotJson,
    #[error("an event without id, created_at, type and data")]
    NotAnEvent,
    #[error("an ACH transfer without a documented shape")]
    NotATransfer,
    #[error("a check without a documented shape")]
    NotACheck,
    #[error("an ACH transfer or check with a negative amount")]
    NegativeAmount,
}

/// An event of a list that cannot be read, as it came. It may hold an account number, so it is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct UnreadableEvent {
    pub body: String,
    pub why: MalformedBankData,
}

impl std::fmt::Debug for UnreadableEvent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "UnreadableEvent({:?})", self.why)
    }
}

impl BankEvent {
    /// Reads a webhook's body. Verify its signature first.
    pub fn from_body(body: &[u8]) -> Result<Self, MalformedBankData> {
        let value = serde_json::from_slice(body).map_err(|_| MalformedBankData::NotJson)?;
        Self::from_json(value)
    }

    /// Reads one event of a list. One that cannot be read is kept as it came.
    pub fn of_list(value: Value) -> Result<Self, UnreadableEvent> {
        Self::from_json(value.clone()).map_err(|why| UnreadableEvent { body: value.to_string(), why })
    }

    /// Reads one event.
    pub fn from_json(value: Value) -> Result<Self, MalformedBankData> {
        // serde's own message would quote the content.
        let event: WireEvent = serde_json::from_value(value).map_err(|_| MalformedBankData::NotAnEvent)?;
        let WireEvent { id, created_at: Moment(created_at), event_type: Word(event_type), data } = event;
        let family = if is_empty(&data) { Family::Other } else { Family::of(&event_type) };
        let id = Id::parse(&id).ok_or(MalformedBankData::NotAnEvent);
        Ok(match family {
            Family::Transfer => {
                let Id(event_id) = id?;
                let mut transfer = TransferSnapshot::from_json(data)?;
                transfer.is_incoming |= event_type.starts_with(INCOMING);
                BankEvent::Transfer(TransferEvent { event_id, created_at, event_type, transfer })
            }
            Family::Check => {
                let Id(event_id) = id?;
                let check = CheckSnapshot::from_json(data)?;
                BankEvent::Check(CheckEvent { event_id, created_at, event_type, check })
            }
            Family::Other => {
                let event_id = id.map(|Id(id)| id).unwrap_or_default();
                BankEvent::Other { event_id, created_at, event_type }
            }
        })
    }
}

/// The id of an event that cannot be read, where that much can be.
pub fn id_of_unreadable(body: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    value.get("id").and_then(Value::as_str).and_then(Id::parse).map(|Id(id)| id)
}

/// An event that the bank sends to try an endpoint bears the type that was asked for, and is about nothing. One without data at all is none
/// that the bank's description has: it cannot be read.
fn is_empty(data: &Value) -> bool {
    data.is_null() || data.as_object().is_some_and(serde_json::Map::is_empty)
}

#[derive(Deserialize)]
struct WireEvent {
    id: String,
    created_at: Moment,
    #[serde(rename = "type")]
    event_type: Word,
    data: Value,
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
