//! What a lone payment and its own funding need next: the one decision behind advancing them.

#[cfg(test)]
mod tests;

use jiff::Timestamp;

use super::Payment;
use crate::domain::funding::Funding;
use crate::domain::leg::{Effect, Leg, State};

/// What is to be done now, one thing at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Pull the money in, or send the same again.
    SendFunding,
    /// Ask the bank how the funding stands.
    AskFunding,
    /// The funding's money may be spent from now on.
    EndHold,
    /// Nobody needs the funding any more, and it was never sent.
    CancelFunding,
    /// Issue the check or send the transfer, or send the same again.
    SendPayout,
    /// Ask the bank how the payout stands.
    AskPayout,
    /// The money came back before anything was sent.
    FailUnfunded {
        after_available: bool,
    },
    Wait,
}

/// What the decision looks at of whoever pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayerFacts {
    pub is_paused: bool,
    /// Blocks what is new; what is on its way goes on, and a debit presented again may repay it.
    pub receivable_open: bool,
}

/// Everything the decision looks at.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    pub payment: &'a Payment,
    pub funding: &'a Funding,
    pub payer: PayerFacts,
    pub business_now: Timestamp,
    pub elapsed_now: Timestamp,
}

/// The payout comes first where it can move; otherwise the funding.
pub fn next_action(now: Standing<'_>) -> Action {
    let payout = next_of_payout(now);
    if payout == Action::Wait { next_of_funding(now) } else { payout }
}

fn next_of_payout(now: Standing<'_>) -> Action {
    let leg = &now.payment.leg;
    if leg.attention.is_some() {
        return Action::Wait;
    }
    match leg.state {
        State::Unprocessed => next_of_unsent(now),
        // Its outcome is unknown: it goes out again under its key, whatever became of the funding in between.
        State::Submitting if now.payer.is_paused || leg.is_leased(now.elapsed_now) => Action::Wait,
        State::Submitting => Action::SendPayout,
        State::Processing if is_due(now.payment.due_at, now.business_now) => Action::AskPayout,
        State::Processing | State::Completed | State::Available | State::Failed | State::Returned | State::Canceled => {
            Action::Wait
        }
    }
}

fn next_of_unsent(now: Standing<'_>) -> Action {
    if now.funding.leg.attention.is_some() {
        return Action::Wait;
    }
    match now.funding.leg.state {
        State::Available if now.payer.is_paused || now.payer.receivable_open => Action::Wait,
        State::Available => Action::SendPayout,
        State::Failed | State::Returned => {
            let after_available = now.funding.leg.effects.contains(&Effect::FundingAvailable);
            Action::FailUnfunded { after_available }
        }
        State::Unprocessed | State::Submitting | State::Processing | State::Completed | State::Canceled => Action::Wait,
    }
}

fn next_of_funding(now: Standing<'_>) -> Action {
    let leg = &now.funding.leg;
    if leg.attention.is_some() {
        return Action::Wait;
    }
    match leg.state {
        State::Unprocessed if !now.payment.leg.state.holds_money() => Action::CancelFunding,
        State::Unprocessed if now.payer.is_paused || is_new_while_owing(now) => Action::Wait,
        State::Unprocessed => Action::SendFunding,
        State::Submitting if now.payer.is_paused || leg.is_leased(now.elapsed_now) => Action::Wait,
        State::Submitting => Action::SendFunding,
        State::Processing if is_due(now.funding.due_at, now.business_now) => Action::AskFunding,
        State::Completed if is_due(now.funding.available_at, now.business_now) => Action::EndHold,
        State::Processing | State::Completed | State::Available | State::Failed | State::Returned | State::Canceled => {
            Action::Wait
        }
    }
}

const fn is_new_while_owing(now: Standing<'_>) -> bool {
    now.payer.receivable_open && now.funding.leg.attempt == 1
}

fn is_due(at: Option<Timestamp>, business_now: Timestamp) -> bool {
    at.is_some_and(|at| at <= business_now)
}

/// Whether the money of a payment is with us again, or never left, and covers what its payer owes because its funding came back.
pub fn recovers(payment: &Leg, funding: &Leg) -> bool {
    let is_owed = funding.effects.contains(&Effect::FundingReturnedAvailable);
    let taken_off = [Effect::UnfundedFailed, Effect::ReceivableRecovered];
    let was_taken_off =
        taken_off.iter().any(|effect| payment.effects.contains(effect) || funding.effects.contains(effect));
    is_owed && !was_taken_off && !payment.state.holds_money()
}

/// Whether a funding whose hold ends pays what its payer owes: presented again, after its first money had been paid out.
pub fn repays(payment: &Leg, payer: PayerFacts) -> bool {
    let is_out = match payment.state {
        State::Submitting | State::Processing | State::Completed | State::Available => true,
        State::Unprocessed | State::Failed | State::Returned | State::Canceled => false,
    };
    payer.receivable_open && is_out
}
