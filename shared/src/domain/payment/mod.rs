//! A payment: one amount from a payer to a payee that a person would recognise. It has one payout leg.

pub mod release;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::bank::request::{AccountType, EntryClass};
use super::calendar;
use super::ids::{BatchId, FundingId, PaymentId, SourceTag};
use super::leg::{Expected, Kind, Leg, State};
use super::money::Cents;

/// What was not sent, or whose outcome is unknown, is tried again after this.
const RETRY_MINUTES: i64 = 5;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    pub id: PaymentId,
    /// Counts the writes of this item; every write names the one it replaces.
    pub version: u64,
    pub amount: Cents,
    /// The payer: for payroll the source.
    pub source_id: String,
    /// The round of funding that pays for it; counts from 1.
    pub round: u32,
    pub leg: Leg,
    pub payee: Payee,
    /// What the row said, for reports. Absent for a refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<RowFacts>,
    /// When it is looked at again. Only for a payment outside a batch's rows: those are swept by the batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Whom a row names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowFacts {
    pub employee_id: String,
    pub branch_id: String,
    pub institution_id: String,
}

/// Where the money goes. Account numbers are sealed; `Debug` shows the last four.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payee {
    /// Empty where the biller cannot be paid: then the payment fails without being sent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub routing_number: String,
    /// Sealed under the payment's key.
    pub sealed_account: String,
    pub account_last4: String,
    pub account_type: AccountType,
    /// Keyed hash of routing and account number: finds the bank's counterparty and notices of change.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fingerprint: String,
    /// As NACHA's receiver name: upper case, at most 22 characters.
    pub name: String,
    pub entry_class: EntryClass,
    pub entry_description: String,
}

impl std::fmt::Debug for Payee {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Payee(…{})", self.account_last4)
    }
}

impl Payment {
    pub fn expected(&self) -> Expected {
        Expected { kind: Kind::Payout, amount: self.amount }
    }

    /// Sets when it is looked at again, after every step.
    pub fn schedule(&mut self, business_now: Timestamp) {
        let after = |minutes: i64| business_now.checked_add(SignedDuration::from_mins(minutes)).ok();
        self.due_at = match (self.id, self.leg.state) {
            (PaymentId::Row { .. }, _) => None,
            (PaymentId::Refund { .. } | PaymentId::Lone(_), _) if self.leg.attention.is_some() => None,
            (PaymentId::Refund { .. } | PaymentId::Lone(_), State::Unprocessed | State::Submitting) => {
                after(RETRY_MINUTES)
            }
            (PaymentId::Refund { .. } | PaymentId::Lone(_), State::Processing) => {
                let settles = calendar::settlement_expected_at(business_now);
                settles.checked_add(SignedDuration::from_hours(1)).ok()
            }
            (
                PaymentId::Refund { .. } | PaymentId::Lone(_),
                State::Completed | State::Available | State::Failed | State::Returned | State::Canceled,
            ) => None,
        };
    }

    pub fn funding_id(&self) -> Option<FundingId> {
        self.id.batch().map(|batch| FundingId { batch, source: SourceTag::of(&self.source_id), round: self.round })
    }

    pub fn batch_id(&self) -> Option<BatchId> {
        self.id.batch()
    }
}
