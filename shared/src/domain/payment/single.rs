//! What a single payment and its own funding need next: the one decision behind advancing them.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Payment, StopRequest};
use crate::domain::autopay::retry::{AfterReturn, ReturnedDebit, after_return};
use crate::domain::calendar;
use crate::domain::funding::Funding;
use crate::domain::leg::{AttentionReason, Effect, Leg, State};

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
    /// The debit came back for lack of money: the same once more, in time.
    PresentAgain {
        not_before: Date,
    },
    /// The money came back before anything was sent.
    FailUnfunded {
        after_available: bool,
    },
    /// Nothing was sent, and nothing is to be: the person canceled, or may not be debited any more.
    CancelUnsent,
    /// The check is to be stopped.
    StopCheck,
    /// The money is here and will not be paid out: it goes back to the person's bank account.
    GiveBack,
    /// What a refund gives back came back to its payer, who has repaid it otherwise: that is noted, and the refund goes out.
    NoteRepaid,
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
pub struct PaymentContext<'a> {
    pub payment: &'a Payment,
    pub funding: &'a Funding,
    pub payer: PayerFacts,
    /// Whether the payer's bank account may still be debited for it: authorized, usable, and nobody blocked.
    pub may_debit: bool,
    /// Whether what it is to pay is still owed.
    pub is_still_owed: bool,
    /// Whether the same debit may be made once more, where it came back for want of money.
    pub may_present_again: bool,
    /// Whether the number on its check can still be its card's.
    pub may_mail: bool,
    /// How often the bill was presented that it is to pay, over all payments of that bill, this one included.
    pub presented: u32,
    pub business_now: Timestamp,
    pub elapsed_now: Timestamp,
}

/// The payout comes first where it can move; otherwise the funding.
pub fn next_action(now: PaymentContext<'_>) -> Action {
    let payout = next_of_payout(now);
    if payout == Action::Wait { next_of_funding(now) } else { payout }
}

fn next_of_payout(now: PaymentContext<'_>) -> Action {
    let leg = &now.payment.leg;
    if leg.is_held() {
        return Action::Wait;
    }
    match leg.state {
        State::Unprocessed => next_of_unsent(now),
        // Its outcome is unknown: it goes out again under its key, or is looked for where it may not (`may_resend`).
        State::Submitting if now.payer.is_paused || rests(leg, now) => Action::Wait,
        State::Submitting => Action::SendPayout,
        State::Processing if fault!(StopNotSent, false, now.payment.stop_request() == StopRequest::Now) => {
            Action::StopCheck
        }
        State::Processing if is_due(now.payment.due_at, now.business_now) => Action::AskPayout,
        State::Failed | State::Returned if now.payment.owes_refund() && is_the_payers(now) => Action::GiveBack,
        State::Processing | State::Completed | State::Available | State::Failed | State::Returned | State::Canceled => {
            Action::Wait
        }
    }
}

/// Whether somebody is sending it, or there is nothing to do for it but wait.
fn rests(leg: &Leg, now: PaymentContext<'_>) -> bool {
    leg.is_leased(now.elapsed_now) || leg.rests_until(now.business_now).is_some()
}

/// Whether money that is with us again is its payer's: its funding is here, or came back late and they repaid it otherwise.
fn is_the_payers(now: PaymentContext<'_>) -> bool {
    let is_here = now.funding.leg.state == State::Available || is_repaid_otherwise(now);
    is_here && now.funding.leg.attention.is_none()
}

/// A funding came back late, and its payer owes nothing for it any more.
fn is_repaid_otherwise(now: PaymentContext<'_>) -> bool {
    let is_repaid = !now.payer.receivable_open && is_lost_and_owed(&now.payment.leg, now.funding);
    fault!(RepaidMoneyStranded, false, is_repaid)
}

/// A funding came back late, and nothing of ours was set against what its payer owed for it.
pub fn is_lost_and_owed(payment: &Leg, funding: &Funding) -> bool {
    let is_lost = funding.leg.effects.contains(&Effect::FundingReturnedAvailable);
    funding.leg.state == State::Returned && is_lost && !is_taken_off(payment, funding)
}

/// Whether the money of this payment, or of the refund that it is, lies with us and leaves for nobody by itself: it came back or was never
/// sent, and what is owed for it was not taken off. What waits to be sent is not at rest, nor is what the bank has said something undecided of.
pub fn rests_with_us(holder: &Payment, funding: &Funding) -> bool {
    let is_lost = is_lost_and_owed(&holder.leg, funding);
    let is_here = funding.leg.state == State::Available || funding.is_repaid() || is_lost;
    let is_refund = holder.refund_of().is_some();
    is_here
        && !is_undecided(&holder.leg, funding)
        && match holder.leg.state {
            State::Failed | State::Returned => is_refund || holder.owes_refund(),
            State::Unprocessed => is_lost && !is_refund,
            State::Submitting | State::Processing | State::Completed | State::Available | State::Canceled => false,
        }
}

/// Whether the bank has said something of either that nobody has decided on: the money may be there, or not.
fn is_undecided(payment: &Leg, funding: &Funding) -> bool {
    let of_payment = payment.attention_reason().is_some_and(AttentionReason::is_undecided);
    fault!(DisputedMoneySetOff, false, of_payment || funding.is_undecided())
}

/// What a refund gives back is its person's, who repaid the funding that came back.
fn is_of_repaid(now: PaymentContext<'_>) -> bool {
    now.payment.refund_of().is_some() && now.funding.is_repaid()
}

fn next_of_unsent(now: PaymentContext<'_>) -> Action {
    if now.funding.leg.is_held() {
        return Action::Wait;
    }
    let is_canceled = now.payment.is_cancel_asked();
    let is_again = now.funding.leg.attempt > 1;
    match now.funding.leg.state {
        State::Unprocessed if is_canceled || !now.may_debit || !now.is_still_owed => Action::CancelUnsent,
        State::Unprocessed if is_again && !now.may_present_again => Action::CancelUnsent,
        State::Available if is_canceled || is_unwanted(now) || !now.may_mail => Action::GiveBack,
        State::Returned if is_of_repaid(now) && (now.payer.is_paused || now.payer.receivable_open) => Action::Wait,
        State::Returned if is_of_repaid(now) => Action::SendPayout,
        State::Returned if is_repaid_otherwise(now) && now.payment.refund_of().is_some() => Action::NoteRepaid,
        State::Returned if is_repaid_otherwise(now) => Action::GiveBack,
        State::Available if now.payer.is_paused || now.payer.receivable_open => Action::Wait,
        State::Available => Action::SendPayout,
        State::Failed | State::Returned => {
            let after_available = now.funding.leg.effects.contains(&Effect::FundingAvailable);
            let may_try =
                !after_available && !is_canceled && now.may_debit && now.is_still_owed && now.may_present_again;
            match next_presentment(now).filter(|_| may_try) {
                Some(not_before) => Action::PresentAgain { not_before },
                None => Action::FailUnfunded { after_available },
            }
        }
        State::Unprocessed | State::Submitting | State::Processing | State::Completed | State::Canceled => Action::Wait,
    }
}

/// Whether a payout whose send was not answered may go out again: its money is here, and its person has not canceled it. Else the bank's list
/// says what became of it, and nothing goes out.
pub fn may_resend(payment: &Payment, funding: &Funding) -> bool {
    let is_repaid = payment.refund_of().is_some() && funding.is_repaid();
    (funding.leg.state == State::Available || is_repaid) && !payment.is_cancel_asked()
}

/// What a refund gives back was pulled by the same funding.
fn is_unwanted(now: PaymentContext<'_>) -> bool {
    let is_refund = now.payment.refund_of().is_some();
    fault!(UnwantedDebitPaidOut, false, !is_refund && now.funding.unwanted_at.is_some())
}

fn next_presentment(now: PaymentContext<'_>) -> Option<Date> {
    let returned = now.funding.returned_debit()?;
    let presentments = returned.presentments.max(now.presented);
    match after_return(&ReturnedDebit { presentments, ..returned }, calendar::eastern_date(now.business_now)) {
        AfterReturn::TryAgain { not_before } => Some(not_before),
        AfterReturn::Final(_) => None,
    }
}

fn next_of_funding(now: PaymentContext<'_>) -> Action {
    let leg = &now.funding.leg;
    if leg.attention.is_some() {
        return Action::Wait;
    }
    match leg.state {
        State::Unprocessed if !now.payment.leg.state.holds_money() => Action::CancelFunding,
        State::Unprocessed if now.payer.is_paused || is_new_while_owing(now) => Action::Wait,
        State::Unprocessed if now.funding.waits(now.business_now) => Action::Wait,
        State::Unprocessed => Action::SendFunding,
        State::Submitting if now.payer.is_paused || rests(leg, now) => Action::Wait,
        State::Submitting => Action::SendFunding,
        State::Processing if is_due(now.funding.due_at, now.business_now) => Action::AskFunding,
        State::Completed if is_due(now.funding.available_at, now.business_now) => Action::EndHold,
        State::Processing | State::Completed | State::Available | State::Failed | State::Returned | State::Canceled => {
            Action::Wait
        }
    }
}

const fn is_new_while_owing(now: PaymentContext<'_>) -> bool {
    now.payer.receivable_open && now.funding.leg.attempt == 1
}

fn is_due(at: Option<Timestamp>, business_now: Timestamp) -> bool {
    at.is_some_and(|at| at <= business_now)
}

/// Whether the money of a payment is all with us again, or never left, and covers what its payer owes because its funding came back.
pub fn offsets_receivable(payment: &Leg, funding: &Funding) -> bool {
    let is_owed = funding.leg.effects.contains(&Effect::FundingReturnedAvailable);
    let is_whole = funding.unused() == funding.amount;
    let is_decided = !is_undecided(payment, funding);
    is_owed && is_whole && is_decided && !is_taken_off(payment, funding) && !payment.state.holds_money()
}

/// Whether what the payer owed for a returned funding was taken off already. The funding says so: a payment forgets what its earlier
/// attempts did. Of what was written before fundings said it, the effects tell.
pub fn is_taken_off(payment: &Leg, funding: &Funding) -> bool {
    let taken_off = [Effect::UnfundedFailed, Effect::ReceivableRecovered];
    let is_marked = funding.debt_taken_off_at.is_some()
        || funding.is_repaid()
        || taken_off.iter().any(|effect| funding.leg.effects.contains(effect));
    fault!(DebtTakenOffTwice, false, is_marked) || taken_off.iter().any(|effect| payment.effects.contains(effect))
}

/// Whether a funding whose hold ends pays what its payer owes: presented again, after its first money had been paid out.
pub fn repays_receivable(payment: &Leg, payer: PayerFacts) -> bool {
    let is_out = match payment.state {
        State::Submitting | State::Processing | State::Completed | State::Available => true,
        State::Unprocessed | State::Failed | State::Returned | State::Canceled => false,
    };
    payer.receivable_open && is_out
}
