//! A funding: the transfer that pulls the money in first. One per source and round of a batch, or one for a payment of its own.

mod money;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::autopay::retry::{RETRY_DESCRIPTION, ReturnedDebit};
use super::bank::request::AccountType;
use super::calendar;
use super::external_account::account_key;
use super::ids::FundingId;
use super::leg::{Effect, Expected, IllegalTransition, Kind, Leg, Reason, State, Transition};
use super::money::Cents;
use super::source::ExternalAccount;
pub use money::{Behind, Held, take_off};

/// What was not sent, or whose outcome is unknown, is tried again after this.
const RETRY_MINUTES: i64 = 5;

/// How long after the expected settlement the bank's silence is asked about.
const SILENCE_MINUTES: i64 = 60;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Funding {
    pub id: FundingId,
    pub version: u64,
    pub amount: Cents,
    /// A source, or for a single funding a person.
    pub payer_id: String,
    pub leg: Leg,
    /// What it pulls from, as it was when it was made: that is sent, corrected and given back to, whatever its payer's record says later.
    /// Absent in a source's fundings of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<PulledAccount>,
    /// When its first entry took effect and settled: how long it may be presented again counts from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_presented: Option<Presented>,
    /// Of a single funding that came back late: when what its payer owed for it was taken off, by whichever of its payment, its refund or
    /// itself. Every write that would take it off asks here, under the version that it read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debt_taken_off_at: Option<Timestamp>,
    /// Of a source's funding that came back late: what corrections of the books say the source has repaid of it from outside, less what
    /// they took back. Never more than is still owed. Of a single one all of it, once its payment's money was found to be its person's, who owed
    /// nothing any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repaid: Option<Cents>,
    /// Of the same: what payments and refunds that never left have taken off what is owed. Every write that takes off asks here, under the
    /// version that it read. Absent in those of before, whatever was taken off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_off: Option<Cents>,
    /// Of a source's funding: what corrections of the books have used up of its money for something else than its batch, less what they gave
    /// back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_off: Option<Cents>,
    /// When the bank first told of its send, where nobody allowed it any more by then: nothing is paid with its money, which goes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unwanted_at: Option<Timestamp>,
    /// It is not sent before this: presented again, it leaves the payer time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Business time from which its money may be spent; known once it settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available_at: Option<Timestamp>,
    /// When it is looked at again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The account that a funding pulls from; its number is sealed under the funding's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PulledAccount {
    pub account: ExternalAccount,
    pub account_type: AccountType,
    /// What the payer's bank shows (NACHA company entry description, 10 characters).
    pub entry_description: String,
    /// The holder's name, as it is sent. Absent where it is the person's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Which of its source's accounts it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_version: Option<u64>,
    /// Where the debit went instead, by a correction of the bank's that was in use then: its money came from there, also where operators
    /// took the correction back since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected: Option<CorrectedAccount>,
}

/// An account that a bank's correction put in the place of the one named. Its number is sealed under the key of the item that holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectedAccount {
    pub change_code: String,
    pub account: ExternalAccount,
    pub account_type: AccountType,
}

impl CorrectedAccount {
    /// What the bank's counterparty and the corrections of this account are found by.
    pub fn key(&self) -> String {
        account_key(&self.account.fingerprint, self.account_type)
    }
}

impl PulledAccount {
    /// What the bank's counterparty and the corrections of this account are found by.
    pub fn key(&self) -> String {
        account_key(&self.account.fingerprint, self.account_type)
    }

    /// The number that the debit really went to, by its fingerprint: what its bank says of the debit, it says of that.
    pub fn debited_number(&self) -> &str {
        let sent =
            self.corrected.as_ref().map_or(&self.account.fingerprint, |corrected| &corrected.account.fingerprint);
        fault!(CorrectionForgotten, &self.account.fingerprint, sent)
    }
}

/// The days of one entry, by the bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presented {
    pub effective_on: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_on: Option<Date>,
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
            first_presented: None,
            debt_taken_off_at: None,
            repaid: None,
            taken_off: None,
            set_off: None,
            unwanted_at: None,
            not_before: None,
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
            State::Unprocessed if self.waits(business_now) => self.not_before,
            State::Unprocessed | State::Submitting => {
                self.leg.rests_until(business_now).or_else(|| after(RETRY_MINUTES))
            }
            // The bank settles by the opening of the next banking day; after that its silence is asked about.
            State::Processing => {
                let settles = calendar::settlement_expected_at(business_now);
                settles.checked_add(SignedDuration::from_mins(SILENCE_MINUTES)).ok()
            }
            State::Completed => fault!(DueNotWritten, None, self.available_at.or_else(|| after(RETRY_MINUTES))),
            State::Available | State::Failed | State::Returned | State::Canceled => None,
        };
    }

    /// Whether its time to be presented again has not come.
    pub fn waits(&self, business_now: Timestamp) -> bool {
        self.not_before.is_some_and(|not_before| business_now < not_before)
    }

    /// Takes in the days of its first entry, as far as the bank says them.
    pub fn note_presented(&mut self, effective_on: Option<Date>, settled_on: Option<Date>) {
        if self.leg.attempt > 1 {
            return;
        }
        let known = self.first_presented;
        let effective_on = effective_on.or(known.map(|known| known.effective_on)).or(settled_on);
        let settled_on = settled_on.or(known.and_then(|known| known.settled_on));
        self.first_presented = effective_on.map(|effective_on| Presented { effective_on, settled_on });
    }

    /// The return of its last entry, for the decision whether it is presented again. `None` where no return code is known.
    pub fn returned_debit(&self) -> Option<ReturnedDebit> {
        let Some(Reason::Returned(code)) = self.leg.reason.as_ref().filter(|_| self.leg.state == State::Returned)
        else {
            return None;
        };
        let created_on = calendar::expected_effective_date(self.created_at);
        Some(ReturnedDebit {
            return_code: code.parse().ok()?,
            presentments: self.leg.attempt,
            first_effective_on: self.first_presented.map_or(created_on, |first| first.effective_on),
            first_settled_on: self.first_presented.and_then(|first| first.settled_on),
        })
    }

    /// Prepares the same debit to be presented again, in an entry of its own that says so.
    pub fn present_again(&mut self, not_before: Date) -> Result<Transition, IllegalTransition> {
        let moved = self.leg.retry(Kind::Funding)?;
        if let Some(pulled) = &mut self.account {
            RETRY_DESCRIPTION.clone_into(&mut pulled.entry_description);
        }
        self.not_before = Some(calendar::bank_opening(not_before));
        self.available_at = None;
        Ok(moved)
    }

    /// Sets when its money may be spent, once the bank has settled it: the later of the bank's own availability (two banking days after
    /// the effective date, 05:30 Pacific) and our hold (`money-rules.md` section 3).
    pub fn settle_terms(&mut self, effective_on: Date, settled_on: Date, hold_banking_days: u32) {
        let bank = calendar::funds_available_at(effective_on);
        let ours = calendar::hold_until(settled_on, hold_banking_days);
        self.available_at = Some(fault!(HoldIgnored, calendar::bank_opening(settled_on), bank.max(ours)));
    }

    /// Whether it is one of a person's that came back late and that they repaid in full otherwise, so that its payment's money is theirs.
    pub fn is_repaid(&self) -> bool {
        let is_single = matches!(self.id, FundingId::Single(_));
        is_single && self.leg.state == State::Returned && self.repaid == Some(self.amount)
    }

    /// What its payments may do now.
    pub fn cover(&self) -> FundingStatus {
        match self.leg.state {
            State::Available | State::Returned | State::Failed if self.is_undecided() => FundingStatus::Undecided,
            State::Available => FundingStatus::Available,
            State::Returned | State::Failed => {
                FundingStatus::Gone { after_available: self.leg.effects.contains(&Effect::FundingAvailable) }
            }
            // A canceled one was stopped with its batch, whose payments are canceled for themselves: nothing came back.
            State::Unprocessed | State::Submitting | State::Processing | State::Completed | State::Canceled => {
                FundingStatus::Awaited
            }
        }
    }
}

/// Whether a payment's money is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FundingStatus {
    Awaited,
    Available,
    /// It may be there, or gone: nobody has decided what a word of the bank about a funding means. Nothing leaves, and nothing ends.
    Undecided,
    /// It is there, and less than its payments cost: they wait for a person.
    Short,
    /// It came back; `after_available` says whether the sum is a receivable now.
    Gone {
        after_available: bool,
    },
}
