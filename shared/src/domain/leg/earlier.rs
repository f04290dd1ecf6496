//! The attempts before the present one: what a late word of the bank's about one of them is held to, and where each went.
//!
//! Guarantees: a word about an earlier attempt is compared with that attempt, never with the present one.

use serde::{Deserialize, Serialize};

use super::{AcceptedWord, BankReport, Expected, Leg, Reason, SentCorrected};

/// An attempt that the bank has said came back.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EarlierAttempt {
    pub attempt: u32,
    pub transfer_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_account_id: Option<String>,
    /// What the bank had corrected about the account at the other end, where it was sent so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected: Option<SentCorrected>,
    /// What an operator took the bank's word for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<AcceptedWord>,
    /// Why it came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Its item was redirected since: the account that it named is no longer there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_redirected: bool,
}

/// Where an attempt went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination<'a> {
    /// To the account that its item names.
    Named,
    /// To the one that a correction put in its place.
    Corrected(&'a SentCorrected),
    /// Nobody kept it.
    Unknown,
}

impl<'a> Destination<'a> {
    pub const fn corrected(self) -> Option<&'a SentCorrected> {
        match self {
            Destination::Corrected(sent) => Some(sent),
            Destination::Named | Destination::Unknown => None,
        }
    }
}

/// What is known of the transfer of an attempt.
#[derive(Clone, Copy)]
pub(super) struct KnownTransfer<'a> {
    transfer_id: Option<&'a String>,
    bank_account_id: Option<&'a String>,
    accepted: Option<&'a AcceptedWord>,
}

impl KnownTransfer<'_> {
    /// Whether an operator took this very transfer for ours.
    pub(super) fn is_accepted(&self, report: &BankReport) -> bool {
        self.accepted.is_some_and(|accepted| *accepted == report.is_about())
    }

    /// Whether the report is about what was asked for.
    pub(super) fn agrees(&self, expected: Expected, report: &BankReport) -> bool {
        if self.is_accepted(report) {
            return true;
        }
        let same_transfer = self.transfer_id.is_none_or(|known| *known == report.transfer_id);
        let same_account = self.bank_account_id.is_none_or(|known| *known == report.bank_account_id);
        let is_ours = !report.transfer_id.is_empty() && report.rail == expected.kind.rail() && !report.is_incoming;
        same_transfer
            && same_account
            && fault!(OriginUnchecked, true, is_ours)
            && fault!(AmountUnchecked, true, report.amount == expected.amount)
            && report.currency.eq_ignore_ascii_case("USD")
            && report.is_debit == expected.kind.is_debit()
    }
}

impl Leg {
    fn earlier_attempt(&self, attempt: u32) -> Option<&EarlierAttempt> {
        self.earlier.iter().find(|earlier| earlier.attempt == attempt)
    }

    /// Where an attempt went. Of attempts before this was kept, nothing is known.
    pub fn destination(&self, attempt: u32) -> Destination<'_> {
        let corrected = if fault!(CorrectionOfOtherAttempt, true, attempt == self.attempt) {
            self.corrected.as_ref()
        } else {
            match self.earlier_attempt(attempt) {
                Some(earlier) if !earlier.is_redirected => earlier.corrected.as_ref(),
                Some(_) | None => return Destination::Unknown,
            }
        };
        corrected.map_or(Destination::Named, Destination::Corrected)
    }

    /// What a report about an attempt has to agree with. All attempts move money of the same account at the bank.
    pub(super) fn known_transfer(&self, attempt: u32) -> KnownTransfer<'_> {
        if attempt == self.attempt {
            return KnownTransfer {
                transfer_id: self.transfer_id.as_ref(),
                bank_account_id: self.bank_account_id.as_ref(),
                accepted: self.accepted.as_ref(),
            };
        }
        let earlier = self.earlier_attempt(attempt);
        KnownTransfer {
            transfer_id: earlier.map(|earlier| &earlier.transfer_id),
            bank_account_id: earlier
                .and_then(|earlier| earlier.bank_account_id.as_ref())
                .or(self.bank_account_id.as_ref()),
            accepted: earlier.and_then(|earlier| earlier.accepted.as_ref()),
        }
    }

    /// The earlier attempts of the leg that takes this one's place, with this one where it came back.
    pub(super) fn take_earlier(&mut self, came_back: bool) -> Vec<EarlierAttempt> {
        let mut earlier = std::mem::take(&mut self.earlier);
        if let Some(transfer_id) = self.transfer_id.clone().filter(|_| came_back) {
            earlier.push(EarlierAttempt {
                attempt: self.attempt,
                transfer_id,
                bank_account_id: self.bank_account_id.clone(),
                corrected: self.corrected.clone(),
                accepted: self.accepted.clone(),
                reason: self.reason.clone(),
                is_redirected: false,
            });
        }
        earlier
    }

    /// The item goes to another account than its earlier attempts did.
    pub fn redirected(&mut self) {
        for earlier in &mut self.earlier {
            earlier.is_redirected = true;
        }
    }
}
