//! A payment: one amount from a payer to a payee that a person would recognize. It has one payout leg.

mod check_facts;
mod payee;
pub mod redirect;
pub mod release;
pub mod replacement;
pub mod single;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::autopay::facts::AutopayFacts;
use super::bank::check::snapshot::CheckSnapshot;
use super::bank::check::status::{CheckStatus, StopChance};
use super::calendar;
use super::ids::{BatchId, FundingId, PaymentId, SourceTag};
use super::leg::{Effect, Expected, Kind, Leg, Reason, State};
use super::money::Cents;
pub use check_facts::CheckFacts;
pub use payee::{AccountPayee, CheckPayee, Payee};

/// What was not sent, or whose outcome is unknown, is tried again after this.
const RETRY_MINUTES: i64 = 5;

const DAY_MINUTES: i64 = 24 * 60;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    pub id: PaymentId,
    /// Counts the writes of this item; every write names the one it replaces.
    pub version: u64,
    pub amount: Cents,
    /// For payroll the source, for a single payment the person.
    pub payer_id: String,
    /// The round of funding that pays for it; counts from 1.
    pub round: u32,
    pub leg: Leg,
    pub payee: Payee,
    /// The check that pays it, once the bank has made one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckFacts>,
    /// Why autopay opened it, and what has been asked of it since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autopay: Option<Box<AutopayFacts>>,
    /// What the row said, for reports. Absent for a refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<RowFacts>,
    /// When it is looked at again. Only for a payment outside a batch's rows: those are swept by the batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Whether a check is to be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopRequest {
    /// The bank takes a stop now.
    Now,
    /// The bank will take one in a moment.
    Soon,
    /// Nobody wishes it, or it is too late.
    None,
}

/// Whom a row names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowFacts {
    pub employee_id: String,
    pub branch_id: String,
    /// Empty where the row names a bank account.
    pub institution_id: String,
}

impl Payment {
    pub const fn kind(&self) -> Kind {
        self.payee.kind()
    }

    /// Whose bank account its row names, as the bank has the name; nothing where the row names a loan.
    pub fn payee_name(&self) -> Option<&str> {
        self.row.as_ref().filter(|row| row.institution_id.is_empty())?;
        match &self.payee {
            Payee::Account(account) => Some(&account.name),
            Payee::Check(_) => None,
        }
    }

    pub fn expected(&self) -> Expected {
        Expected { kind: self.kind(), amount: self.amount }
    }

    /// Takes in what the bank's check shows. Answers whether any of it is new.
    pub fn note_check(&mut self, check: &CheckSnapshot) -> bool {
        let facts = Some(CheckFacts::with(self.check.clone(), check));
        let is_new = facts != self.check;
        self.check = facts;
        is_new
    }

    /// Sets when it is looked at again, after every step.
    pub fn schedule(&mut self, business_now: Timestamp) {
        self.due_at = match self.id {
            PaymentId::Row { .. } => None,
            PaymentId::Refund { .. } | PaymentId::Single(_) if self.leg.is_held() => None,
            PaymentId::Refund { .. } | PaymentId::Single(_) => self.next_look(business_now),
        };
    }

    fn next_look(&self, business_now: Timestamp) -> Option<Timestamp> {
        let after = |minutes: i64| business_now.checked_add(SignedDuration::from_mins(minutes)).ok();
        match self.stop_request() {
            StopRequest::Now => return Some(business_now),
            StopRequest::Soon => return after(RETRY_MINUTES),
            StopRequest::None => {}
        }
        if self.owes_refund() {
            return after(RETRY_MINUTES);
        }
        match (self.leg.state, &self.payee) {
            // It waits for its funding, whose every step that matters makes it due at once; this is for the case that one was lost.
            (State::Unprocessed, Payee::Account(_) | Payee::Check(_)) if self.waits_for_own_funding() => {
                after(DAY_MINUTES)
            }
            (State::Unprocessed | State::Submitting, Payee::Account(_) | Payee::Check(_)) => {
                self.leg.rests_until(business_now).or_else(|| after(RETRY_MINUTES))
            }
            // It may be out for months.
            (State::Processing, Payee::Check(_)) => after(DAY_MINUTES),
            (State::Processing, Payee::Account(_)) => {
                let settles = calendar::settlement_expected_at(business_now);
                settles.checked_add(SignedDuration::from_hours(1)).ok()
            }
            (
                State::Completed | State::Available | State::Failed | State::Returned | State::Canceled,
                Payee::Account(_) | Payee::Check(_),
            ) => None,
        }
    }

    /// Nothing of it was ever sent.
    fn waits_for_own_funding(&self) -> bool {
        matches!(self.id, PaymentId::Single(_))
            && self.leg.state == State::Unprocessed
            && self.leg.request.is_none()
            && self.leg.reason.is_none()
            && self.leg.attempt == 1
            && self.refund_of().is_none()
    }

    /// The payment whose money this one gives back.
    pub fn refund_of(&self) -> Option<PaymentId> {
        self.autopay.as_ref().and_then(|facts| facts.refund_of)
    }

    /// The payment that gives this one's money back.
    pub fn refunded_by(&self) -> Option<PaymentId> {
        self.autopay.as_ref().and_then(|facts| facts.refunded_by)
    }

    pub fn is_cancel_asked(&self) -> bool {
        self.autopay.as_ref().is_some_and(|facts| facts.cancel_asked_at.is_some())
    }

    pub fn is_stop_asked(&self) -> bool {
        self.autopay.as_ref().is_some_and(|facts| facts.stop_asked_at.is_some())
    }

    /// The bank's check is to be stopped as soon as the bank takes it: it takes it in some statuses only.
    pub fn stop_request(&self) -> StopRequest {
        let Some(status) = self.leg.bank_status.as_deref().filter(|_| self.is_stop_asked()).map(CheckStatus::parse)
        else {
            return StopRequest::None;
        };
        let is_out = self.kind() == Kind::Check && self.leg.state == State::Processing;
        match status.meaning().stop_chance() {
            StopChance::Open if is_out && status.takes_stop() => StopRequest::Now,
            StopChance::Open if is_out => StopRequest::Soon,
            StopChance::Open | StopChance::AlreadyStopped | StopChance::TooLate | StopChance::Unknown => {
                StopRequest::None
            }
        }
    }

    /// Its money did not stay out, and is to go back to the person it was pulled from: if the funding is still there.
    pub fn owes_refund(&self) -> bool {
        let Some(facts) = self.autopay.as_ref() else { return false };
        if facts.refund_of.is_some() || facts.refunded_by.is_some() || facts.used_up_at.is_some() {
            return false;
        }
        let has = |effect: Effect| self.leg.effects.contains(&effect);
        match self.leg.state {
            State::Returned => {
                (has(Effect::CheckReversed) || has(Effect::CheckReturnedAfterSettled))
                    && !has(Effect::ReceivableRecovered)
            }
            State::Failed => matches!(self.leg.reason, Some(Reason::Refused(_))),
            State::Unprocessed
            | State::Submitting
            | State::Processing
            | State::Completed
            | State::Available
            | State::Canceled => false,
        }
    }

    /// The funding that pays for it; a refund gives back what another payment's funding brought.
    pub fn funding_id(&self) -> FundingId {
        match self.id {
            PaymentId::Row { batch, .. } | PaymentId::Refund { batch, .. } => {
                FundingId::Round { batch, source: SourceTag::of(&self.payer_id), round: self.round }
            }
            PaymentId::Single(uuid) => match self.refund_of() {
                Some(PaymentId::Single(refunded)) => FundingId::Single(refunded),
                Some(PaymentId::Row { .. } | PaymentId::Refund { .. }) | None => FundingId::Single(uuid),
            },
        }
    }

    pub fn batch_id(&self) -> Option<BatchId> {
        self.id.batch()
    }
}
