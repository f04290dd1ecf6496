//! What our own steps and the bank's reports do to a leg. Pure: time, tokens and facts come in as parameters.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AttentionReason, Effect, IllegalTransition, Kind, Leg, Rail, Reason, State, Step, missing_effects, next};
use crate::domain::bank::status::StatusMeaning;
use crate::domain::money::Cents;

/// What the bank says about a transfer or check, in an answer or an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankReport {
    pub transfer_id: String,
    pub rail: Rail,
    pub attempt: u32,
    /// As the bank spells it.
    pub status: String,
    pub meaning: StatusMeaning,
    /// How far along it is; `None` for a status that we do not know.
    pub rank: Option<u8>,
    pub amount: Cents,
    pub currency: String,
    pub is_debit: bool,
    /// Somebody else sent it: none of ours.
    pub is_incoming: bool,
    pub bank_account_id: String,
    pub settled_at: Option<Timestamp>,
    /// The return code, or for a check the bank's word for why it came back.
    pub return_code: Option<String>,
    /// What a check was presented for, where it was.
    pub presented_amount: Option<Cents>,
}

/// What a transfer of the bank is, whatever has become of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AcceptedWord {
    pub transfer_id: String,
    pub rail: Rail,
    pub amount: Cents,
    pub currency: String,
    pub is_debit: bool,
    pub is_incoming: bool,
    pub bank_account_id: String,
}

impl BankReport {
    pub(super) fn is_about(&self) -> AcceptedWord {
        AcceptedWord {
            transfer_id: self.transfer_id.clone(),
            rail: self.rail,
            amount: self.amount,
            currency: self.currency.clone(),
            is_debit: self.is_debit,
            is_incoming: self.is_incoming,
            bank_account_id: self.bank_account_id.clone(),
        }
    }
}

/// What the transfer has to be, for the bank's word to be about ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    pub kind: Kind,
    pub amount: Cents,
}

/// A step that changed the leg: the item, its history and these effects' postings go in one write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    pub from: State,
    pub to: State,
    pub effects: Vec<Effect>,
}

/// What a report of the bank does to the leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportOutcome {
    /// The leg changed.
    Applied(Transition),
    /// Nothing changed: an earlier rank, or the same again. Kept in the history.
    Recorded,
    /// Kept in the history, and attention raised on the leg.
    Disputed(AttentionReason),
}

impl Leg {
    /// No request can be made of it, so nothing was ever sent in this attempt: it ends as if the bank had refused it for good, and a person
    /// looks into how it came to be taken.
    pub fn cannot_be_sent(&mut self, kind: Kind, code: &str, now: Timestamp) -> Result<Transition, IllegalTransition> {
        let moved = self.step(kind, Step::FailedByRule, Some(Reason::Refused(code.to_owned())))?;
        self.raise(AttentionReason::CannotBeSent, now);
        Ok(moved)
    }

    pub fn fail_by_rule(&mut self, kind: Kind, reason: Reason) -> Result<Transition, IllegalTransition> {
        self.step(kind, Step::FailedByRule, Some(reason))
    }

    /// Its funding came back. `after_available` says whether the money had been available: then what was not paid comes off the receivable.
    pub fn fail_unfunded(&mut self, kind: Kind, after_available: bool) -> Result<Transition, IllegalTransition> {
        let mut moved = self.step(kind, Step::FundingGone, Some(Reason::Unfunded))?;
        if fault!(ReceivableNotTakenOff, false, after_available && moved.from != moved.to) {
            moved.effects.push(Effect::UnfundedFailed);
            self.effects.push(Effect::UnfundedFailed);
        }
        Ok(moved)
    }

    /// The same where so much of it comes off the receivable, which may be nothing.
    pub fn fail_unfunded_for(&mut self, kind: Kind, taken_off: Cents) -> Result<Transition, IllegalTransition> {
        let moved = self.fail_unfunded(kind, taken_off.is_positive())?;
        if moved.effects.contains(&Effect::UnfundedFailed) {
            self.taken_off = Some(taken_off);
        }
        Ok(moved)
    }

    /// What an effect of this attempt posts, of a payment or funding of this amount.
    pub fn posts(&self, effect: Effect, amount: Cents) -> Cents {
        self.taken_off.filter(|_| effect == Effect::UnfundedFailed).unwrap_or(amount)
    }

    pub fn cancel(&mut self, kind: Kind) -> Result<Transition, IllegalTransition> {
        self.step(kind, Step::CanceledByUs, Some(Reason::CanceledByUs))
    }

    /// The hold on a settled funding ended: its money may be spent.
    pub fn end_hold(&mut self) -> Result<Transition, IllegalTransition> {
        let mut moved = self.step(Kind::Funding, Step::HoldOver, None)?;
        if moved.from != moved.to {
            moved.effects.push(Effect::FundingAvailable);
            self.effects.push(Effect::FundingAvailable);
        }
        Ok(moved)
    }

    /// Starts over. The attempt, and with it the key, changes only where the bank has said that the money came back: after a refusal
    /// the old key goes out again, so that a stray earlier send can never pay twice.
    pub fn retry(&mut self, kind: Kind) -> Result<Transition, IllegalTransition> {
        let from = self.state;
        let to = next(kind, from, Step::RetryAsked)?;
        let came_back = fault!(AttemptRaisedWithoutReturn, true, self.transfer_id.is_some());
        // Of a leg that failed before it was recorded whether all its sends were answered: one may be out, and stays so.
        let may_be_out = !came_back && self.may_be_out();
        let earlier = self.take_earlier(came_back);
        *self = Leg {
            state: if may_be_out { State::Submitting } else { to },
            attempt: if came_back { self.attempt.saturating_add(1) } else { self.attempt },
            earlier_rank: if came_back { self.bank_rank } else { self.earlier_rank },
            earlier,
            attention: self.attention.take(),
            cleared_by: self.cleared_by.take(),
            corrected: self.corrected.take().filter(|_| may_be_out),
            claim: self.claim.take().filter(|_| may_be_out),
            request: self.request.take().filter(|_| may_be_out),
            bank_account_id: self.bank_account_id.take().filter(|_| may_be_out),
            ..Leg::new()
        };
        Ok(Transition { from, to: self.state, effects: Vec::new() })
    }

    pub(super) fn step(
        &mut self,
        kind: Kind,
        step: Step,
        reason: Option<Reason>,
    ) -> Result<Transition, IllegalTransition> {
        let from = self.state;
        let to = next(kind, from, step)?;
        if from != to {
            self.state = to;
            self.reason = reason;
            self.end_lease();
        }
        Ok(Transition { from, to, effects: Vec::new() })
    }

    /// Applies the bank's word, from an answer to our call or from an event: in any order, any number of times.
    pub fn report(&mut self, expected: Expected, report: &BankReport, now: Timestamp) -> ReportOutcome {
        if report.attempt != self.attempt {
            return self.report_of_other_attempt(expected, report, now);
        }
        if !self.known_transfer(self.attempt).agrees(expected, report) {
            return self.dispute(AttentionReason::BankDisagrees, now);
        }
        let meaning = report.meaning;
        let Some(rank) = report.rank else {
            return self.dispute(AttentionReason::UnknownBankStatus, now);
        };
        if fault!(RankIgnored, false, rank <= self.bank_rank) {
            return ReportOutcome::Recorded;
        }
        let Ok(to) = next(expected.kind, self.state, step_of(meaning)) else {
            return self.dispute(AttentionReason::BankMovedUnexpectedly, now);
        };
        let given_up = matches!(self.state, State::Failed | State::Canceled);
        let effects = missing_effects(expected.kind, meaning, &self.effects);
        let moved = Transition { from: self.state, to, effects };
        self.take_in(report, rank, to, &moved.effects);
        if given_up {
            self.raise(AttentionReason::BankMovedUnexpectedly, now);
        }
        if meaning == StatusMeaning::ReturnDisputed {
            self.raise(AttentionReason::ReturnDisputed, now);
        }
        if report.presented_amount.is_some_and(|presented| presented != expected.amount) {
            self.raise(AttentionReason::PresentedForOtherAmount, now);
        }
        ReportOutcome::Applied(moved)
    }

    fn take_in(&mut self, report: &BankReport, rank: u8, to: State, effects: &[Effect]) {
        self.state = to;
        self.transfer_id = Some(report.transfer_id.clone());
        self.bank_account_id = Some(report.bank_account_id.clone());
        self.bank_status = Some(report.status.clone());
        self.bank_rank = rank;
        self.settled_at = report.settled_at.or(self.settled_at);
        self.effects.extend_from_slice(effects);
        self.claim = None;
        self.request = None;
        self.lacking_since = None;
        self.reason = match report.meaning {
            StatusMeaning::Returned | StatusMeaning::ReturnedAfterSettlement | StatusMeaning::ReturnDisputed => {
                match (&report.return_code, self.reason.take()) {
                    (Some(code), _) => Some(Reason::Returned(code.clone())),
                    (None, Some(known @ Reason::Returned(_))) => Some(known),
                    (None, _) => Some(Reason::Returned(String::new())),
                }
            }
            StatusMeaning::Canceled => Some(Reason::CanceledByBank),
            StatusMeaning::InProgress | StatusMeaning::InReview | StatusMeaning::Settled | StatusMeaning::Unknown => {
                None
            }
        };
    }

    /// An operator takes the bank's transfer for ours, although it is not what was asked for: its words count from now on. The books keep
    /// the amount that was asked for.
    pub fn accept(&mut self, report: &BankReport) {
        if self.transfer_id.as_ref().is_some_and(|known| *known != report.transfer_id) {
            self.transfer_id = None;
            self.bank_rank = 0;
        }
        self.accepted = Some(report.is_about());
    }

    /// An earlier attempt ended with a return or a cancel: only what comes after that is news, and then money may have moved. What is not
    /// what was asked for is disputed whichever attempt it names.
    fn report_of_other_attempt(&mut self, expected: Expected, report: &BankReport, now: Timestamp) -> ReportOutcome {
        if fault!(EarlierWordUnchecked, false, !self.known_transfer(report.attempt).agrees(expected, report)) {
            return self.dispute(AttentionReason::BankDisagrees, now);
        }
        let is_news = report.attempt > self.attempt || report.rank.is_none_or(|rank| rank > self.earlier_rank);
        if is_news { self.dispute(AttentionReason::EarlierAttemptMoved, now) } else { ReportOutcome::Recorded }
    }

    fn dispute(&mut self, reason: AttentionReason, now: Timestamp) -> ReportOutcome {
        self.raise(reason, now);
        ReportOutcome::Disputed(reason)
    }

    /// Whether an operator took this very transfer for ours.
    pub fn has_accepted(&self, report: &BankReport) -> bool {
        self.known_transfer(report.attempt).is_accepted(report)
    }
}

const fn step_of(meaning: StatusMeaning) -> Step {
    match meaning {
        StatusMeaning::InProgress | StatusMeaning::InReview | StatusMeaning::Unknown => Step::BankInProgress,
        StatusMeaning::Settled => Step::BankSettled,
        StatusMeaning::Canceled => Step::BankCanceled,
        StatusMeaning::Returned | StatusMeaning::ReturnedAfterSettlement => Step::BankReturned,
        StatusMeaning::ReturnDisputed => Step::BankAfterReturn,
    }
}
