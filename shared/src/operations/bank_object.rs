//! What the bank has for one of our items, whichever rail it takes: an ACH transfer or a check, and its word about it in our terms.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::domain::ach::notification_of_change::NotificationOfChange;
use crate::domain::bank::check::snapshot::{CheckKind, CheckSnapshot};
use crate::domain::bank::check::status::CheckStatus;
use crate::domain::bank::event::{CheckEvent, MalformedBankData, TransferEvent, TransferSnapshot};
use crate::domain::bank::request::Direction;
use crate::domain::leg::{BankReport, Rail};
use crate::domain::money::Cents;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BankObject {
    Transfer(Box<TransferSnapshot>),
    Check(Box<CheckSnapshot>),
}

/// The bank's word about one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectEvent {
    /// The same on every redelivery.
    pub event_id: String,
    pub created_at: Timestamp,
    pub event_type: String,
    pub object: BankObject,
}

impl ObjectEvent {
    /// What the bank answered when it was asked. One id per object and standing: asking again about the same is a replay.
    pub fn asked(object: BankObject) -> Self {
        Self {
            event_id: format!("asked:{}:{}", object.id(), object.standing()),
            created_at: object.updated_at(),
            event_type: "asked".to_owned(),
            object,
        }
    }
}

impl From<TransferEvent> for ObjectEvent {
    fn from(event: TransferEvent) -> Self {
        Self {
            event_id: event.event_id,
            created_at: event.created_at,
            event_type: event.event_type,
            object: event.transfer.into(),
        }
    }
}

impl From<CheckEvent> for ObjectEvent {
    fn from(event: CheckEvent) -> Self {
        Self {
            event_id: event.event_id,
            created_at: event.created_at,
            event_type: event.event_type,
            object: event.check.into(),
        }
    }
}

impl From<TransferSnapshot> for BankObject {
    fn from(transfer: TransferSnapshot) -> Self {
        Self::Transfer(Box::new(transfer))
    }
}

impl From<CheckSnapshot> for BankObject {
    fn from(check: CheckSnapshot) -> Self {
        Self::Check(Box::new(check))
    }
}

impl BankObject {
    pub fn id(&self) -> &str {
        match self {
            BankObject::Transfer(transfer) => &transfer.id,
            BankObject::Check(check) => &check.id,
        }
    }

    /// Our key, echoed.
    pub fn idempotency_key(&self) -> Option<&str> {
        match self {
            BankObject::Transfer(transfer) => transfer.idempotency_key.as_deref(),
            BankObject::Check(check) => check.idempotency_key.as_deref(),
        }
    }

    /// The account of the bank's own that it moves money of.
    pub fn bank_account_id(&self) -> &str {
        match self {
            BankObject::Transfer(transfer) => &transfer.bank_account_id,
            BankObject::Check(check) => &check.bank_account_id,
        }
    }

    pub fn created_at(&self) -> Timestamp {
        match self {
            BankObject::Transfer(transfer) => transfer.created_at,
            BankObject::Check(check) => check.created_at,
        }
    }

    pub fn updated_at(&self) -> Timestamp {
        match self {
            BankObject::Transfer(transfer) => transfer.updated_at.unwrap_or(transfer.created_at),
            BankObject::Check(check) => check.updated_at.unwrap_or(check.created_at),
        }
    }

    /// Another text for everything that the bank may have to say about one object.
    pub fn standing(&self) -> String {
        match self {
            BankObject::Transfer(transfer) => transfer.status.as_str().to_owned(),
            BankObject::Check(check) => match &check.delivery_status {
                Some(delivery) => format!("{}:{delivery}", check.status),
                None => check.status.to_string(),
            },
        }
    }

    /// As the bank would write it, for what is kept of a disputed word. It may hold an account number: seal it.
    pub fn to_json(&self) -> Value {
        match self {
            BankObject::Transfer(transfer) => json!({"ach": transfer.to_json()}),
            BankObject::Check(check) => json!({"check": check.to_json()}),
        }
    }

    /// Reads what [`Self::to_json`] wrote.
    pub fn from_json(value: &Value) -> Result<Self, MalformedBankData> {
        match (value.get("ach"), value.get("check")) {
            (Some(transfer), None) => TransferSnapshot::from_json(transfer.clone()).map(Self::from),
            (None, Some(check)) => CheckSnapshot::from_json(check.clone()).map(Self::from),
            (Some(_), Some(_)) | (None, None) => Err(MalformedBankData::NotAnEvent),
        }
    }

    pub fn notification_of_change(&self) -> Option<&NotificationOfChange> {
        match self {
            BankObject::Transfer(transfer) => transfer.notification_of_change.as_ref(),
            BankObject::Check(_) => None,
        }
    }

    /// The bank's word in our terms.
    pub fn report(&self, attempt: u32) -> BankReport {
        match self {
            BankObject::Transfer(transfer) => report_of_transfer(transfer, attempt),
            BankObject::Check(check) => report_of_check(check, attempt),
        }
    }
}

fn report_of_transfer(transfer: &TransferSnapshot, attempt: u32) -> BankReport {
    BankReport {
        transfer_id: transfer.id.clone(),
        rail: Rail::Ach,
        attempt,
        status: transfer.status.as_str().to_owned(),
        meaning: transfer.status.meaning(),
        rank: transfer.status.rank(),
        amount: transfer.amount,
        currency: transfer.currency.clone(),
        is_debit: transfer.direction == Direction::Debit,
        is_incoming: transfer.is_incoming,
        bank_account_id: transfer.bank_account_id.clone(),
        settled_at: transfer.settled_at,
        return_code: transfer.latest_return.as_ref().and_then(|latest| latest.code).map(|code| code.to_string()),
        presented_amount: None,
    }
}

fn report_of_check(check: &CheckSnapshot, attempt: u32) -> BankReport {
    BankReport {
        transfer_id: check.id.clone(),
        rail: Rail::Check,
        attempt,
        status: check.status.as_str().to_owned(),
        meaning: check.status.meaning().for_leg(),
        rank: check.status.rank(),
        // A check that we did not announce has none, and agrees with nothing of ours.
        amount: check.amount.unwrap_or(Cents::ZERO),
        currency: check.currency.clone(),
        is_debit: check.kind == CheckKind::Deposited,
        is_incoming: check.kind == CheckKind::Deposited,
        bank_account_id: check.bank_account_id.clone(),
        settled_at: check.settled_at,
        return_code: Some(why_it_came_back(check)),
        presented_amount: check.deposited_amount,
    }
}

/// The letter of a return for good; otherwise the status says it.
fn why_it_came_back(check: &CheckSnapshot) -> String {
    let letter = check.latest_return().map(|latest| latest.reason.as_str()).filter(|letter| !letter.is_empty());
    match (&check.status, letter) {
        (CheckStatus::SecondReturn, Some(letter)) => letter.to_owned(),
        (status, _) => status.to_string(),
    }
}
