//! A person's bank account that cards are paid from: what is in it, and the debits that are on their way to it.
//!
//! Guarantees: a debit counts against the balance until a reading taken after it settled shows it. Nothing prints a number or a balance.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::{BankAccountId, PersonId};
use super::reading::Age;
use crate::domain::ach::return_codes::ReturnCode;
use crate::domain::bank::request::AccountType;
use crate::domain::ids::PaymentId;
use crate::domain::money::Cents;
use crate::domain::source::ExternalAccount;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BankAccount {
    pub id: BankAccountId,
    pub version: u64,
    pub person_id: PersonId,
    /// The item and Plaid account id that it is read by now; a new link changes both.
    pub item_id: String,
    pub account_id: String,
    pub institution_id: String,
    pub name: String,
    pub account: ExternalAccount,
    pub account_type: AccountType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<BankReading>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open_debits: Vec<OpenDebit>,
    /// When a debit had settled and its return window (R01 to R04) passed: from then on the shorter hold applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unusable: Option<Unusable>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What Plaid said of its balance, and when.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankReading {
    pub age: Age,
    /// ISO 4217, where the account has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<Cents>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Cents>,
}

/// A debit of ours that the balance may not show yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenDebit {
    pub payment_id: PaymentId,
    pub amount: Cents,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
}

/// Why nothing may be pulled from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unusable {
    pub reason: UnusableReason,
    pub since: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnusableReason {
    /// A debit came back with this code: closed, unknown, frozen, or not open to debits.
    Returned(ReturnCode),
    /// The person withdrew it at their bank, or it is gone from the item.
    Withdrawn,
    /// The bank changed its numbers; they are being read anew.
    NumbersChanged,
}

impl std::fmt::Debug for BankReading {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "BankReading({:?})", self.age)
    }
}

impl BankReading {
    /// What may be spent. `available` leaves out an overdraft line; a bank that does not say it says at least the ledger total.
    pub fn spendable(&self) -> Option<Cents> {
        self.available.or(self.current)
    }

    pub fn is_dollars(&self) -> bool {
        self.currency.as_deref() == Some("USD")
    }
}

impl BankAccount {
    /// What debits on their way will still take, as far as this reading does not show them; never wraps.
    pub fn under_way(&self, reading: &BankReading) -> i128 {
        let is_shown = |debit: &OpenDebit| debit.settled_at.is_some_and(|at| at < reading.age.as_of());
        let open = self.open_debits.iter().filter(|debit| !is_shown(debit));
        open.map(|debit| i128::from(debit.amount.get().max(0))).sum()
    }

    /// Records a debit in the write that opens its payment. The same payment counts once.
    pub fn open_debit(&mut self, payment_id: PaymentId, amount: Cents) {
        if self.open_debits.iter().all(|debit| debit.payment_id != payment_id) {
            self.open_debits.push(OpenDebit { payment_id, amount, settled_at: None });
        }
    }

    /// The debit has settled: it counts until a later reading.
    pub fn debit_settled(&mut self, payment_id: PaymentId, at: Timestamp) {
        let debits = self.open_debits.iter_mut().filter(|debit| debit.payment_id == payment_id);
        debits.for_each(|debit| debit.settled_at = debit.settled_at.or(Some(at)));
    }

    /// The debit will take nothing: it was never sent, refused, or came back for good.
    pub fn debit_gone(&mut self, payment_id: PaymentId) {
        self.open_debits.retain(|debit| debit.payment_id != payment_id);
    }

    /// Takes over a reading unless a later one is here already, and forgets the debits that it shows.
    pub fn take(&mut self, reading: BankReading) {
        if self.reading.as_ref().is_some_and(|known| known.age.read_at > reading.age.read_at) {
            return;
        }
        self.open_debits.retain(|debit| debit.settled_at.is_none_or(|at| at >= reading.age.as_of()));
        self.reading = Some(reading);
    }

    /// Banking days that a settled debit of this account is held.
    pub fn hold_banking_days(&self, new_link: u32, proven: u32) -> u32 {
        if self.proven_at.is_some() { proven } else { new_link }
    }
}
