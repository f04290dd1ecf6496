//! The bank's events and ACH transfers, from its JSON to our types (Column documentation, events and webhooks, ACH transfers). The same
//! for a webhook's body, a polled event and a fetched transfer.
//!
//! Guarantees: unknown fields are ignored, unknown event types and statuses are kept, `null`, an absent key and an empty text all mean
//! "not there". An error names what could not be read and never the content.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

use crate::domain::ach::notification_of_change::{ChangeCode, NotificationOfChange, ReportedFields};
use crate::domain::ach::return_codes::ReturnCode;
use crate::domain::bank::check::snapshot::CheckSnapshot;
use crate::domain::bank::request::Direction;
use crate::domain::bank::status::BankStatus;
use crate::domain::calendar;
use crate::domain::money::Cents;

/// An event of the bank, by what it is about. Its type is a name for people: what happened follows from the statuses of the transfer or
/// check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BankEvent {
    /// An ACH transfer changed.
    Transfer(TransferEvent),
    /// A check that we issued changed, or its letter moved.
    Check(CheckEvent),
    /// Of a kind that moves none of our payments, or that is newer than this code. Answered 200, counted.
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
        if is("ach.outgoing_transfer.") || is("ach.incoming_transfer.") {
            Family::Transfer
        } else if is("check.incoming_debit.") {
            Family::Check
        } else {
            Family::Other
        }
    }
}

/// An ACH transfer as the bank has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferSnapshot {
    pub id: String,
    pub status: BankStatus,
    pub amount: Cents,
    /// `USD`; anything else is not ours.
    pub currency: String,
    pub is_incoming: bool,
    pub direction: Direction,
    pub bank_account_id: String,
    pub counterparty_id: Option<String>,
    /// Our key, echoed: how an event finds its payment.
    pub idempotency_key: Option<String>,
    /// Whether the bank really sends it the same day.
    pub same_day: bool,
    /// A day by Pacific time.
    pub effective_on: Option<Date>,
    pub created_at: Timestamp,
    pub updated_at: Option<Timestamp>,
    pub settled_at: Option<Timestamp>,
    pub returned_at: Option<Timestamp>,
    pub canceled_at: Option<Timestamp>,
    /// The newest of its returns, dishonors and contests.
    pub latest_return: Option<ReturnDetail>,
    pub notification_of_change: Option<NotificationOfChange>,
}

/// Why a transfer came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnDetail {
    /// `None` where the bank named no readable code: treat as final, attention.
    pub code: Option<ReturnCode>,
    pub description: String,
    pub created_at: Option<Timestamp>,
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

/// An event of a list that cannot be read, and its id where that much can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableEvent {
    pub event_id: Option<String>,
    pub why: MalformedBankData,
}

impl BankEvent {
    /// Reads a webhook's body. Verify its signature first.
    pub fn from_body(body: &[u8]) -> Result<Self, MalformedBankData> {
        let value = serde_json::from_slice(body).map_err(|_| MalformedBankData::NotJson)?;
        Self::from_json(value)
    }

    /// Reads one event of a list. One that cannot be read keeps its id, under which it is looked at again.
    pub fn of_list(value: Value) -> Result<Self, UnreadableEvent> {
        let event_id = value.get("id").and_then(Value::as_str).map(str::to_owned);
        Self::from_json(value).map_err(|why| UnreadableEvent { event_id, why })
    }

    /// Reads one event.
    pub fn from_json(value: Value) -> Result<Self, MalformedBankData> {
        // serde's own message would quote the content.
        let event: WireEvent = serde_json::from_value(value).map_err(|_| MalformedBankData::NotAnEvent)?;
        let WireEvent { id: event_id, created_at, event_type, data } = event;
        Ok(match Family::of(&event_type) {
            Family::Transfer => {
                let transfer = TransferSnapshot::from_json(data)?;
                BankEvent::Transfer(TransferEvent { event_id, created_at, event_type, transfer })
            }
            Family::Check => {
                let check = CheckSnapshot::from_json(data)?;
                BankEvent::Check(CheckEvent { event_id, created_at, event_type, check })
            }
            Family::Other => BankEvent::Other { event_id, created_at, event_type },
        })
    }
}

impl TransferSnapshot {
    /// Reads a transfer object.
    pub fn from_json(value: Value) -> Result<Self, MalformedBankData> {
        let wire: WireTransfer = serde_json::from_value(value).map_err(|_| MalformedBankData::NotATransfer)?;
        if wire.amount < 0 {
            return Err(MalformedBankData::NegativeAmount);
        }
        let effective_on = match present(wire.effective_on) {
            Some(text) => Some(effective_day(&text).ok_or(MalformedBankData::NotATransfer)?),
            None => None,
        };
        Ok(Self {
            direction: direction(&wire.direction)?,
            status: BankStatus::parse(&wire.status),
            amount: Cents::new(wire.amount),
            currency: wire.currency_code.to_ascii_uppercase(),
            is_incoming: wire.is_incoming,
            counterparty_id: present(wire.counterparty_id),
            idempotency_key: present(wire.idempotency_key),
            same_day: wire.same_day.unwrap_or(false),
            effective_on,
            updated_at: wire.updated_at,
            settled_at: wire.settled_at,
            returned_at: wire.returned_at,
            canceled_at: wire.cancelled_at,
            latest_return: latest_return(wire.return_details.unwrap_or_default()),
            notification_of_change: wire.notification_of_changes.and_then(WireChange::into_notification),
            created_at: wire.created_at,
            bank_account_id: wire.bank_account_id,
            id: wire.id,
        })
    }
}

/// `effective_on` is midnight Pacific of the day; older answers give the bare date.
fn effective_day(text: &str) -> Option<Date> {
    let moment: Result<Timestamp, _> = text.parse();
    moment.map(calendar::pacific_date).or_else(|_| text.parse()).ok()
}

fn direction(text: &str) -> Result<Direction, MalformedBankData> {
    if text.eq_ignore_ascii_case("CREDIT") {
        Ok(Direction::Credit)
    } else if text.eq_ignore_ascii_case("DEBIT") {
        Ok(Direction::Debit)
    } else {
        Err(MalformedBankData::NotATransfer)
    }
}

/// The order of the list is not documented, so the newest is picked by its time.
fn latest_return(details: Vec<WireReturn>) -> Option<ReturnDetail> {
    let newest = details.into_iter().max_by_key(|detail| detail.created_at)?;
    Some(ReturnDetail {
        code: newest.return_code.as_deref().and_then(|code| code.parse().ok()),
        description: newest.description.unwrap_or_default(),
        created_at: newest.created_at,
    })
}

pub(super) fn present(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

#[derive(Deserialize)]
struct WireEvent {
    id: String,
    created_at: Timestamp,
    #[serde(rename = "type")]
    event_type: String,
    data: Value,
}

#[derive(Deserialize)]
struct WireTransfer {
    id: String,
    status: String,
    #[serde(rename = "type")]
    direction: String,
    amount: i64,
    currency_code: String,
    is_incoming: bool,
    bank_account_id: String,
    counterparty_id: Option<String>,
    idempotency_key: Option<String>,
    same_day: Option<bool>,
    effective_on: Option<String>,
    created_at: Timestamp,
    updated_at: Option<Timestamp>,
    settled_at: Option<Timestamp>,
    returned_at: Option<Timestamp>,
    cancelled_at: Option<Timestamp>,
    return_details: Option<Vec<WireReturn>>,
    notification_of_changes: Option<WireChange>,
}

#[derive(Deserialize)]
struct WireReturn {
    return_code: Option<String>,
    description: Option<String>,
    created_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct WireChange {
    change_code: Option<String>,
    account_number: Option<String>,
    routing_number: Option<String>,
    account_type: Option<String>,
    receiver_id: Option<String>,
}

impl WireChange {
    fn into_notification(self) -> Option<NotificationOfChange> {
        let code = ChangeCode::parse(&present(self.change_code)?);
        Some(NotificationOfChange::new(
            code,
            ReportedFields {
                account_number: self.account_number,
                routing_number: self.routing_number,
                account_type: self.account_type,
                receiver_id: self.receiver_id,
            },
        ))
    }
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
