//! A check as the bank has it, from its JSON to our types. The same for a webhook's body, a polled event and a fetched check.
//!
//! Guarantees: unknown fields are ignored, unknown statuses are kept, `null`, an absent key and an empty text all mean "not there". An
//! error names what could not be read and never the content. Names, addresses and images of the answer are not even read.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use super::delivery::DeliveryStatus;
use super::return_reason::ReturnReason;
use super::status::CheckStatus;
use crate::domain::bank::event::MalformedBankData;
use crate::domain::bank::wire::{Id, Moment, Word, day, maybe_moment, maybe_word, present};
use crate::domain::money::Cents;

/// Whose check it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckKind {
    /// We issued it: paying it takes money from our account. The bank calls it a debit.
    Issued,
    /// We deposited it. None of ours.
    Deposited,
}

/// A check as the bank has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckSnapshot {
    pub id: String,
    pub kind: CheckKind,
    pub status: CheckStatus,
    /// What it is good for. `None` only for a check that we did not announce.
    pub amount: Option<Cents>,
    /// What it was presented for. The bank returns a check whose two amounts differ.
    pub deposited_amount: Option<Cents>,
    /// `USD`; anything else is not ours.
    pub currency: String,
    pub bank_account_id: String,
    /// Our key, echoed: how an event finds its payment.
    pub idempotency_key: Option<String>,
    /// As printed.
    pub check_number: Option<i64>,
    /// `None` where the bank does not mail it.
    pub delivery_status: Option<DeliveryStatus>,
    /// The day on which the bank voids it by itself, by Pacific time, where one was asked for.
    pub void_on: Option<Date>,
    pub created_at: Timestamp,
    pub updated_at: Option<Timestamp>,
    pub issued_at: Option<Timestamp>,
    pub manual_review_at: Option<Timestamp>,
    pub rejected_at: Option<Timestamp>,
    /// When it was presented.
    pub pending_deposit_at: Option<Timestamp>,
    pub settled_at: Option<Timestamp>,
    pub pending_stop_at: Option<Timestamp>,
    pub stopped_at: Option<Timestamp>,
    pub first_return_at: Option<Timestamp>,
    pub second_return_at: Option<Timestamp>,
    pub user_initiated_returned_at: Option<Timestamp>,
    /// Earliest first.
    pub returns: Vec<CheckReturn>,
}

/// One return of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReturn {
    pub id: String,
    pub reason: ReturnReason,
    /// The bank's own word.
    pub status: String,
    pub created_at: Option<Timestamp>,
}

impl CheckSnapshot {
    /// Reads a check object.
    pub fn from_json(value: Value) -> Result<Self, MalformedBankData> {
        let wire: WireCheck = serde_json::from_value(value).map_err(|_| MalformedBankData::NotACheck)?;
        let void_on = match present(wire.void_date) {
            Some(text) => Some(day(&text).ok_or(MalformedBankData::NotACheck)?),
            None => None,
        };
        let mut returns: Vec<CheckReturn> =
            wire.returns.unwrap_or_default().into_iter().map(CheckReturn::from).collect();
        // The order of the list is not documented.
        returns.sort_by_key(|made| made.created_at);
        Ok(Self {
            kind: kind(&wire.kind.0)?,
            status: CheckStatus::parse(&wire.status.0),
            amount: cents(wire.positive_pay_amount)?,
            deposited_amount: cents(wire.deposited_amount)?,
            currency: wire.currency_code.0.to_ascii_uppercase(),
            idempotency_key: present(wire.idempotency_key),
            check_number: wire.check_number,
            delivery_status: wire.delivery_status.map(|text| DeliveryStatus::parse(&text)),
            void_on,
            updated_at: wire.updated_at,
            issued_at: wire.issued_at,
            manual_review_at: wire.manual_review_at,
            rejected_at: wire.rejected_at,
            pending_deposit_at: wire.pending_deposit_at,
            settled_at: wire.settled_at,
            pending_stop_at: wire.pending_stop_at,
            stopped_at: wire.stopped_at,
            first_return_at: wire.first_return_at,
            second_return_at: wire.second_return_at,
            user_initiated_returned_at: wire.user_initiated_returned_at,
            returns,
            created_at: wire.created_at.0,
            bank_account_id: wire.bank_account_id.0,
            id: wire.id.0,
        })
    }

    /// As the bank would write it: what [`Self::from_json`] reads back.
    pub fn to_json(&self) -> Value {
        let kind = match self.kind {
            CheckKind::Issued => "debit",
            CheckKind::Deposited => "credit",
        };
        let returns = self.returns.iter().map(|made| {
            let reason = made.reason.as_str();
            json!({"id": made.id, "return_reason": reason, "status": made.status, "created_at": made.created_at})
        });
        json!({
            "id": self.id, "type": kind, "status": self.status.as_str(),
            "positive_pay_amount": self.amount.map(Cents::get), "deposited_amount": self.deposited_amount.map(Cents::get),
            "currency_code": self.currency, "bank_account_id": self.bank_account_id,
            "idempotency_key": self.idempotency_key, "check_number": self.check_number,
            "delivery_status": self.delivery_status.as_ref().map(ToString::to_string), "void_date": self.void_on,
            "created_at": self.created_at, "updated_at": self.updated_at, "issued_at": self.issued_at,
            "manual_review_at": self.manual_review_at, "rejected_at": self.rejected_at,
            "pending_deposit_at": self.pending_deposit_at, "settled_at": self.settled_at,
            "pending_stop_at": self.pending_stop_at, "stopped_at": self.stopped_at,
            "first_return_at": self.first_return_at, "second_return_at": self.second_return_at,
            "user_initiated_returned_at": self.user_initiated_returned_at, "returns": returns.collect::<Vec<_>>()
        })
    }

    /// The newest of its returns.
    pub fn latest_return(&self) -> Option<&CheckReturn> {
        self.returns.last()
    }
}

fn kind(text: &str) -> Result<CheckKind, MalformedBankData> {
    if text.eq_ignore_ascii_case("debit") {
        Ok(CheckKind::Issued)
    } else if text.eq_ignore_ascii_case("credit") {
        Ok(CheckKind::Deposited)
    } else {
        Err(MalformedBankData::NotACheck)
    }
}

fn cents(amount: Option<i64>) -> Result<Option<Cents>, MalformedBankData> {
    match amount {
        Some(negative) if negative < 0 => Err(MalformedBankData::NegativeAmount),
        amount => Ok(amount.map(Cents::new)),
    }
}

#[derive(Deserialize)]
struct WireCheck {
    id: Id,
    status: Word,
    #[serde(rename = "type")]
    kind: Word,
    positive_pay_amount: Option<i64>,
    deposited_amount: Option<i64>,
    currency_code: Word,
    bank_account_id: Id,
    idempotency_key: Option<String>,
    check_number: Option<i64>,
    #[serde(default, deserialize_with = "maybe_word")]
    delivery_status: Option<String>,
    void_date: Option<String>,
    created_at: Moment,
    #[serde(default, deserialize_with = "maybe_moment")]
    updated_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "maybe_moment")]
    issued_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "maybe_moment")]
    manual_review_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "maybe_moment")]
    rejected_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "maybe_moment")]
    pending_deposit_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "maybe_moment")]
    settled_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "maybe_moment")]
    pending_stop_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "maybe_moment")]
    stopped_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "maybe_moment")]
    first_return_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "maybe_moment")]
    second_return_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "maybe_moment")]
    user_initiated_returned_at: Option<Timestamp>,
    returns: Option<Vec<WireReturn>>,
}

#[derive(Deserialize)]
struct WireReturn {
    #[serde(default, deserialize_with = "maybe_word")]
    id: Option<String>,
    #[serde(default, deserialize_with = "maybe_word")]
    return_reason: Option<String>,
    #[serde(default, deserialize_with = "maybe_word")]
    status: Option<String>,
    #[serde(default, deserialize_with = "maybe_moment")]
    created_at: Option<Timestamp>,
}

impl From<WireReturn> for CheckReturn {
    fn from(wire: WireReturn) -> Self {
        Self {
            id: wire.id.unwrap_or_default(),
            reason: ReturnReason::new(wire.return_reason.unwrap_or_default()),
            status: wire.status.unwrap_or_default(),
            created_at: wire.created_at,
        }
    }
}

#[cfg(test)]
#[path = "snapshot_tests.rs"]
mod tests;
