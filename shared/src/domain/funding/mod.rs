//! A funding: the transfer that pulls the money in first. One per source and round of a batch, or one for a payment of its own.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::bank::request::AccountType;
use super::calendar;
use super::ids::FundingId;
use super::leg::{Expected, Kind, Leg, State};
use super::money::Cents;
use super::source::ExternalAccount;

/// What was not sent, or whose outcome is unknown, is tried again after this.
const RETRY_MINUTES: i64 = 5;

/// How long after the expected settlement the bank's silence is asked about.
const SILENCE_MINUTES: i64 = 60;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Funding {
    pub id: FundingId,
    pub version: u64,
    pub amount: Cents,
    /// A source, or for a lone funding a person.
    pub payer_id: String,
    pub leg: Leg,
    /// What a lone funding pulls from, as it was when its payment was opened. A source's fundings pull from the source's account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<PulledAccount>,
    /// Business time from which its money may be spent; known once it settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available_at: Option<Timestamp>,
    /// When it is looked at again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The account that a lone funding pulls from; its number is sealed under the funding's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PulledAccount {
    pub account: ExternalAccount,
    pub account_type: AccountType,
    /// What the payer's bank shows (NACHA company entry description, 10 characters).
    pub entry_description: String,
}

impl Funding {
    pub fn new(id: FundingId, amount: Cents, payer_id: String, now: Timestamp) -> Self {
        Self {
            id,
            version: 1,
            amount,
            payer_id,
            leg: Leg::new(),
            account: None,
            available_at: None,
            due_at: Some(now),
            created_at: now,
            updated_at: now,
        }
    }

    pub fn expected(&self) -> Expected {
        Expected { kind: Kind::Funding, amount: self.amount }
    }

    /// Sets when it is looked at again, after every step.
    pub fn schedule(&mut self, business_now: Timestamp) {
        let after = |minutes: i64| business_now.checked_add(SignedDuration::from_mins(minutes)).ok();
        self.due_at = match self.leg.state {
            _ if self.leg.attention.is_some() => None,
            State::Unprocessed | State::Submitting => after(RETRY_MINUTES),
            // The bank settles by the opening of the next banking day; after that its silence is asked about.
            State::Processing => {
                let settles = calendar::settlement_expected_at(business_now);
                settles.checked_add(SignedDuration::from_mins(SILENCE_MINUTES)).ok()
            }
            State::Completed => self.available_at.or_else(|| after(RETRY_MINUTES)),
            State::Available | State::Failed | State::Returned | State::Canceled => None,
        };
    }

    /// Sets when its money may be spent, once the bank has settled it: the later of the bank's own availability (two banking days after
    /// the effective date, 05:30 Pacific) and our hold (`money-rules.md` section 3).
    pub fn settle_terms(&mut self, effective_on: Date, settled_on: Date, hold_banking_days: u32) {
        let bank = calendar::funds_available_at(effective_on);
        let ours = calendar::hold_until(settled_on, hold_banking_days);
        self.available_at = Some(bank.max(ours));
    }

    /// What its payments may do now.
    pub fn cover(&self) -> Cover {
        match self.leg.state {
            State::Available => Cover::Available,
            State::Returned | State::Failed => {
                Cover::Gone { after_available: self.leg.effects.contains(&super::leg::Effect::FundingAvailable) }
            }
            // A canceled one was stopped with its batch, whose payments are canceled for themselves: nothing came back.
            State::Unprocessed | State::Submitting | State::Processing | State::Completed | State::Canceled => {
                Cover::Awaited
            }
        }
    }
}

/// Whether a payment's money is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cover {
    Awaited,
    Available,
    /// It came back; `after_available` says whether the sum is a receivable now.
    Gone {
        after_available: bool,
    },
}
