//! ACH transfers, from the bank's JSON to our types, and back for what is kept of a disputed word.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use super::event::MalformedBankData;
use super::wire::{Id, Moment, Word, day, description, maybe_moment, maybe_word, present};
use crate::domain::ach::notification_of_change::{ChangeCode, NotificationOfChange, ReportedFields};
use crate::domain::ach::return_codes::ReturnCode;
use crate::domain::bank::request::Direction;
use crate::domain::bank::status::BankStatus;
use crate::domain::money::Cents;

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

impl TransferSnapshot {
    /// Reads a transfer object.
    pub fn from_json(value: Value) -> Result<Self, MalformedBankData> {
        let wire: WireTransfer = serde_json::from_value(value).map_err(|_| MalformedBankData::NotATransfer)?;
        if wire.amount < 0 {
            return Err(MalformedBankData::NegativeAmount);
        }
        // Midnight Pacific of the day; older answers give the bare date.
        let effective_on = match present(wire.effective_on) {
            Some(text) => Some(day(&text).ok_or(MalformedBankData::NotATransfer)?),
            None => None,
        };
        Ok(Self {
            direction: direction(&wire.direction.0)?,
            status: BankStatus::parse(&wire.status.0),
            amount: Cents::new(wire.amount),
            currency: wire.currency_code.0.to_ascii_uppercase(),
            is_incoming: wire.is_incoming,
            counterparty_id: wire.counterparty_id,
            idempotency_key: present(wire.idempotency_key),
            same_day: wire.same_day.unwrap_or(false),
            effective_on,
            updated_at: wire.updated_at,
            settled_at: wire.settled_at,
            returned_at: wire.returned_at,
            canceled_at: wire.cancelled_at,
            latest_return: latest_return(wire.return_details.unwrap_or_default()),
            notification_of_change: wire.notification_of_changes.and_then(WireChange::into_notification),
            created_at: wire.created_at.0,
            bank_account_id: wire.bank_account_id.0,
            id: wire.id.0,
        })
    }

    /// As the bank would write it: what [`Self::from_json`] reads back. It may hold an account number: seal it.
    pub fn to_json(&self) -> Value {
        let returned = self.latest_return.as_ref().map(|latest| {
            let code = latest.code.map(|code| code.to_string());
            json!({"return_code": code, "description": latest.description, "created_at": latest.created_at})
        });
        let change = self.notification_of_change.as_ref().map(|change| {
            json!({
                "change_code": change.code.as_str(), "account_number": change.account_number(),
                "routing_number": change.routing_number(), "account_type": change.account_type(),
                "receiver_id": change.receiver_id()
            })
        });
        let direction = match self.direction {
            Direction::Credit => "CREDIT",
            Direction::Debit => "DEBIT",
        };
        json!({
            "id": self.id, "status": self.status.as_str(), "type": direction, "amount": self.amount.get(),
            "currency_code": self.currency, "is_incoming": self.is_incoming, "bank_account_id": self.bank_account_id,
            "counterparty_id": self.counterparty_id, "idempotency_key": self.idempotency_key, "same_day": self.same_day,
            "effective_on": self.effective_on, "created_at": self.created_at, "updated_at": self.updated_at,
            "settled_at": self.settled_at, "returned_at": self.returned_at, "cancelled_at": self.canceled_at,
            "return_details": returned.into_iter().collect::<Vec<_>>(), "notification_of_changes": change
        })
    }
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
        description: description(newest.description),
        created_at: newest.created_at,
    })
}

#[derive(Deserialize)]
struct WireTransfer {
    id: Id,
    status: Word,
    #[serde(rename = "type")]
    direction: Word,
    amount: i64,
    currency_code: Word,
    is_incoming: bool,
    bank_account_id: Id,
    #[serde(default, deserialize_with = "maybe_word")]
    counterparty_id: Option<String>,
    idempotency_key: Option<String>,
    same_day: Option<bool>,
    effective_on: Option<String>,
    created_at: Moment,
    #[serde(default, deserialize_with = "maybe_moment")]
    updated_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "maybe_moment")]
    settled_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "maybe_moment")]
    returned_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "maybe_moment")]
    cancelled_at: Option<Timestamp>,
    return_details: Option<Vec<WireReturn>>,
    notification_of_changes: Option<WireChange>,
}

#[derive(Deserialize)]
struct WireReturn {
    #[serde(default, deserialize_with = "maybe_word")]
    return_code: Option<String>,
    description: Option<String>,
    #[serde(default, deserialize_with = "maybe_moment")]
    created_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct WireChange {
    #[serde(default, deserialize_with = "maybe_word")]
    change_code: Option<String>,
    #[serde(default, deserialize_with = "maybe_word")]
    account_number: Option<String>,
    #[serde(default, deserialize_with = "maybe_word")]
    routing_number: Option<String>,
    #[serde(default, deserialize_with = "maybe_word")]
    account_type: Option<String>,
    #[serde(default, deserialize_with = "maybe_word")]
    receiver_id: Option<String>,
}

impl WireChange {
    fn into_notification(self) -> Option<NotificationOfChange> {
        let code = ChangeCode::parse(&self.change_code?);
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
