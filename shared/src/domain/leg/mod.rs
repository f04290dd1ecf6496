//! A leg: one transfer or check at the bank, as we know it. Payments carry one that pays out, fundings one that pulls in.
//!
//! Guarantees: the record is written before the call (a claim stores the exact request and its key); the attempt number changes only
//! after the bank has said that the money came back; a report of an earlier rank never overwrites a later one; what may have reached the
//! bank is submitting until the bank's word about it settles that (`sends.rs`).

mod apply;
mod earlier;
mod effects;
mod sends;
mod settlement;
mod state;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use apply::{AcceptedWord, BankReport, Expected, ReportOutcome, Transition};
pub use earlier::{Destination, EarlierAttempt};
pub use effects::{Effect, missing as missing_effects};
pub use sends::{
    Claim, EarlierTries, Lease, Look, Looked, NextSend, ON_ITS_WAY_HOURS, Outcome, PreparedRequest, RESEND_DAYS_MAX,
    Refusal, SENDS_MAX, Silence,
};
pub use settlement::{NEVER_REACHED, Settlement, SettlementFailure, SettlementRefusal, ToldOutcome};
pub use state::{IllegalTransition, Kind, Rail, State, Step, next};

use super::money::Cents;

/// One transfer at the bank, as we know it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Leg {
    pub state: State,
    /// Counts from 1; part of the key. Changes only after a return or a bank cancel.
    pub attempt: u32,
    /// There while the bank may have a send of this attempt that it has not told us about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    /// The exact bytes of this attempt's request, sealed under the item's key, kept until the bank has accepted them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Our account at the bank that the transfer leaves from or arrives in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_account_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_id: Option<String>,
    /// The bank's own status, in its own spelling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_status: Option<String>,
    /// The rank of `bank_status`; 0 while the bank has said nothing of this attempt.
    #[serde(default)]
    pub bank_rank: u8,
    /// The rank that the attempt before this one ended with: later reports about it are news, earlier ones are not.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub earlier_rank: u8,
    /// The attempts before this one, as far as they were kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<EarlierAttempt>,
    /// What the bank had corrected about the account at the other end, where this attempt was sent so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected: Option<SentCorrected>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
    /// What this attempt has done to the books.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<Effect>,
    /// What it took off what its payer owes when it failed for its lost funding: that may be less than its amount. Absent where it was all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_off: Option<Cents>,
    /// Why it is failed, returned, canceled or deferred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Since when the bank refuses it for want of money in our own account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lacking_since: Option<Timestamp>,
    /// What an operator took the bank's word for, although it is not what was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<AcceptedWord>,
    /// Nothing automatic happens while it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<Attention>,
    /// The operator who cleared its last flag: said by them once more, that changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleared_by: Option<String>,
}

fn is_zero(rank: &u8) -> bool {
    *rank == 0
}

impl Serialize for Leg {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Leg::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Leg {
    /// A leg used to be unprocessed again after a refusal for a reason of ours, whether or not its earlier sends had been answered. It
    /// bears their claim, and may be out.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let leg = Leg::deserialize(deserializer)?;
        let may_be_out = leg.state == State::Unprocessed && leg.may_be_out();
        Ok(Self { state: if may_be_out { State::Submitting } else { leg.state }, ..leg })
    }
}

/// The account at the other end where a notification of change put another in the place of the one named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, Hash)]
pub struct SentCorrected {
    pub change_code: String,
    pub account_last4: String,
    /// What that account is known by.
    pub account: String,
}

/// Why a leg is where it is. Stored and shown as `code` or `code:detail`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The institution cannot be paid; the detail says why.
    UnpayableInstitution(String),
    /// The bank refused for good, with its code.
    Refused(String),
    /// The bank refused for a reason of ours, or was out of reach; it is tried again.
    Deferred(String),
    /// The return code (`money-rules.md` section 1.2).
    Returned(String),
    CanceledByBank,
    /// Its funding came back, or the bank refused it for good.
    Unfunded,
    CanceledByUs,
}

impl Reason {
    fn parts(&self) -> (&'static str, Option<&str>) {
        match self {
            Reason::UnpayableInstitution(why) => ("unpayable_institution", Some(why)),
            Reason::Refused(code) => ("refused", Some(code)),
            Reason::Deferred(code) => ("deferred", Some(code)),
            Reason::Returned(code) => ("returned", Some(code)),
            Reason::CanceledByBank => ("canceled_by_bank", None),
            Reason::Unfunded => ("unfunded", None),
            Reason::CanceledByUs => ("canceled", None),
        }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.parts() {
            (code, Some(detail)) => write!(formatter, "{code}:{detail}"),
            (code, None) => formatter.write_str(code),
        }
    }
}

impl std::str::FromStr for Reason {
    type Err = crate::domain::ids::IdFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (code, detail) = text.split_once(':').unwrap_or((text, ""));
        match code {
            "unpayable_institution" => Ok(Reason::UnpayableInstitution(detail.to_owned())),
            "refused" => Ok(Reason::Refused(detail.to_owned())),
            "deferred" => Ok(Reason::Deferred(detail.to_owned())),
            "returned" => Ok(Reason::Returned(detail.to_owned())),
            "canceled_by_bank" => Ok(Reason::CanceledByBank),
            "unfunded" => Ok(Reason::Unfunded),
            "canceled" => Ok(Reason::CanceledByUs),
            _ => Err(crate::domain::ids::IdFormat { kind: "reason", text: text.to_owned() }),
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A flag with a reason. Nothing automatic happens while it stands; an operator clears it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Attention {
    pub reason: AttentionReason,
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttentionReason {
    /// The bank's transfer has another id, rail, amount, currency, direction or account than we asked for.
    BankDisagrees,
    /// The bank moved money for something that we had given up or stopped.
    BankMovedUnexpectedly,
    /// An earlier attempt moved money after it had come back.
    EarlierAttemptMoved,
    /// What follows a return: dishonored, contested.
    ReturnDisputed,
    /// Sent so long ago that the bank may have forgotten the key, and not found in its list.
    OutcomeUnknown,
    /// Failed several times for a reason that is no outage.
    KeepsFailing,
    /// The bank uses a status we do not know.
    UnknownBankStatus,
    /// A check was presented for another amount than it is made out for.
    PresentedForOtherAmount,
    /// The source's account changed after the batch was approved.
    SourceChanged,
    /// A check came back by mail and is stopped: it is replaced with a corrected address, or its money given back.
    CheckUndeliverable,
    /// The bank does not pay a check: it is replaced, or its money given back.
    CheckRejected,
    /// A debit came back after its money had been paid out for good: the payer owes it.
    ReceivableOpen,
    /// What was to go back to a payer came back.
    RefundReturned,
    /// No request that the bank takes can be made of it: it failed without being sent, and its money goes back.
    CannotBeSent,
    /// A notification of change holds values that no request could carry, or a code that nothing here can follow, or nobody kept which account
    /// it is about: ask the bank, or the payee, for the right ones.
    CorrectionUnusable,
    /// Less is there of a batch's money than its payments cost, and no debit came back: they wait.
    FundingShort,
}

impl AttentionReason {
    /// As it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            AttentionReason::BankDisagrees => "bank_disagrees",
            AttentionReason::BankMovedUnexpectedly => "bank_moved_unexpectedly",
            AttentionReason::EarlierAttemptMoved => "earlier_attempt_moved",
            AttentionReason::ReturnDisputed => "return_disputed",
            AttentionReason::OutcomeUnknown => "outcome_unknown",
            AttentionReason::KeepsFailing => "keeps_failing",
            AttentionReason::UnknownBankStatus => "unknown_bank_status",
            AttentionReason::PresentedForOtherAmount => "presented_for_other_amount",
            AttentionReason::SourceChanged => "source_changed",
            AttentionReason::CheckUndeliverable => "check_undeliverable",
            AttentionReason::CheckRejected => "check_rejected",
            AttentionReason::ReceivableOpen => "receivable_open",
            AttentionReason::RefundReturned => "refund_returned",
            AttentionReason::CannotBeSent => "cannot_be_sent",
            AttentionReason::CorrectionUnusable => "correction_unusable",
            AttentionReason::FundingShort => "funding_short",
        }
    }

    /// Whether it is a word of the bank about the money that nobody has decided on yet: the money is then there for nothing else.
    pub const fn is_undecided(self) -> bool {
        match self {
            AttentionReason::BankDisagrees
            | AttentionReason::BankMovedUnexpectedly
            | AttentionReason::EarlierAttemptMoved
            | AttentionReason::ReturnDisputed
            | AttentionReason::UnknownBankStatus
            | AttentionReason::OutcomeUnknown => true,
            AttentionReason::KeepsFailing
            | AttentionReason::PresentedForOtherAmount
            | AttentionReason::SourceChanged
            | AttentionReason::CheckUndeliverable
            | AttentionReason::CheckRejected
            | AttentionReason::ReceivableOpen
            | AttentionReason::RefundReturned
            | AttentionReason::CannotBeSent
            | AttentionReason::CorrectionUnusable
            | AttentionReason::FundingShort => false,
        }
    }

    /// Whether nothing automatic happens while it stands. What failed without being sent still gives its money back.
    pub const fn holds(self) -> bool {
        match self {
            AttentionReason::BankDisagrees
            | AttentionReason::BankMovedUnexpectedly
            | AttentionReason::EarlierAttemptMoved
            | AttentionReason::ReturnDisputed
            | AttentionReason::OutcomeUnknown
            | AttentionReason::KeepsFailing
            | AttentionReason::UnknownBankStatus
            | AttentionReason::PresentedForOtherAmount
            | AttentionReason::SourceChanged
            | AttentionReason::CheckUndeliverable
            | AttentionReason::CheckRejected
            | AttentionReason::ReceivableOpen
            | AttentionReason::RefundReturned
            | AttentionReason::CorrectionUnusable
            | AttentionReason::FundingShort => true,
            AttentionReason::CannotBeSent => false,
        }
    }
}

impl Leg {
    pub const fn new() -> Self {
        Self {
            state: State::Unprocessed,
            attempt: 1,
            claim: None,
            request: None,
            bank_account_id: None,
            transfer_id: None,
            corrected: None,
            bank_status: None,
            bank_rank: 0,
            earlier_rank: 0,
            earlier: Vec::new(),
            settled_at: None,
            effects: Vec::new(),
            taken_off: None,
            lacking_since: None,
            reason: None,
            accepted: None,
            attention: None,
            cleared_by: None,
        }
    }

    /// The first reason stands, but for a word of the bank about the money: what stood before must not hide it.
    pub fn raise(&mut self, reason: AttentionReason, since: Timestamp) {
        let known = self.attention_reason();
        if known.is_none_or(|known| reason.is_undecided() && !known.is_undecided()) {
            self.attention = Some(Attention { reason, since });
        }
    }

    pub fn attention_reason(&self) -> Option<AttentionReason> {
        self.attention.as_ref().map(|attention| attention.reason)
    }

    /// Whether it bears attention that keeps everything automatic from it.
    pub fn is_held(&self) -> bool {
        self.attention.as_ref().is_some_and(|attention| attention.reason.holds())
    }
}

impl Default for Leg {
    fn default() -> Self {
        Self::new()
    }
}
