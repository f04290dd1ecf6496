//! Whether a retry of its batch would take a payment now, and if not, why.
//!
//! Guarantees: says yes exactly where [`may_retry`](super::retry::may_retry) lets the payment take part and its batch can be retried.

use super::BatchState;
use crate::domain::ach::return_codes::{PayoutRetry, ReturnCode};
use crate::domain::leg::{Leg, NEVER_REACHED, Reason, State};
use crate::domain::payment::Payment;

/// Why a retry would not take a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoRetry {
    /// A single payment, or money that goes back to a source.
    NoRow,
    /// It is on its way, or paid.
    NotFailed(State),
    /// A person canceled it: it is not owed any more.
    Canceled,
    /// An operator has to look at it first.
    Attention,
    UnpayableInstitution,
    /// The bank refused what was sent: the same would be refused again.
    NeedsCorrectedAccount(Reason),
    /// Its return code forbids another try.
    ReturnIsFinal(String),
    /// The batch itself cannot be retried in this state.
    Batch(BatchState),
}

impl NoRetry {
    /// Stable: programs may rely on it.
    pub const fn code(&self) -> &'static str {
        match self {
            NoRetry::NoRow => "not_a_row",
            NoRetry::NotFailed(_) => "not_failed",
            NoRetry::Canceled => "canceled",
            NoRetry::Attention => "attention",
            NoRetry::UnpayableInstitution => "unpayable_institution",
            NoRetry::NeedsCorrectedAccount(_) => "needs_corrected_account",
            NoRetry::ReturnIsFinal(_) => "return_is_final",
            NoRetry::Batch(_) => "batch_state",
        }
    }
}

impl std::fmt::Display for NoRetry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NoRetry::NoRow => formatter.write_str("only rows of a batch are retried, with their batch"),
            NoRetry::NotFailed(state) => write!(formatter, "it is {}: nothing failed", state.as_str()),
            NoRetry::Canceled => formatter.write_str("it was canceled; upload it again if it is owed"),
            NoRetry::Attention => {
                formatter.write_str("it bears attention; an operator looks at it and clears that first")
            }
            NoRetry::UnpayableInstitution => formatter.write_str(
                "its institution could not be paid when the file was summarized; once the biller directory says how, upload the row again",
            ),
            NoRetry::NeedsCorrectedAccount(reason) => write!(
                formatter,
                "the same would fail again ({reason}); a retry takes it once the bank has corrected the account, else upload the row again"
            ),
            NoRetry::ReturnIsFinal(code) => {
                write!(formatter, "it came back ({code}), which forbids another try; agree with the payee how they are paid")
            }
            NoRetry::Batch(state) => {
                write!(formatter, "its batch is {}; a batch is retried once it is completed", state.as_str())
            }
        }
    }
}

/// Whether a retry would take the payment. `account_corrected` says that the bank has it go to another account than it went to.
pub fn standing(payment: &Payment, account_corrected: bool, batch: BatchState) -> Result<(), NoRetry> {
    if payment.row.is_none() {
        return Err(NoRetry::NoRow);
    }
    of_leg(payment, account_corrected)?;
    match batch {
        BatchState::Completed => Ok(()),
        BatchState::Draft
        | BatchState::Summarizing
        | BatchState::Ready
        | BatchState::Rejected
        | BatchState::Importing
        | BatchState::Paying
        | BatchState::Canceling
        | BatchState::Canceled
        | BatchState::Declined
        | BatchState::Expired
        | BatchState::Failed => Err(NoRetry::Batch(batch)),
    }
}

fn of_leg(payment: &Payment, account_corrected: bool) -> Result<(), NoRetry> {
    let leg = &payment.leg;
    match leg.state {
        State::Unprocessed | State::Submitting | State::Processing | State::Completed | State::Available => {
            return Err(NoRetry::NotFailed(leg.state));
        }
        State::Canceled => return Err(NoRetry::Canceled),
        State::Failed | State::Returned => {}
    }
    if leg.attention.is_some() {
        return Err(NoRetry::Attention);
    }
    match (leg.state, &leg.reason) {
        (State::Failed, Some(Reason::UnpayableInstitution(_))) => Err(NoRetry::UnpayableInstitution),
        (State::Failed, Some(Reason::Refused(code))) if code != NEVER_REACHED => {
            with_correction(leg, account_corrected)
        }
        (State::Failed, _) => Ok(()),
        (_, Some(Reason::Returned(code))) => of_return(code, leg, account_corrected),
        (_, _) => Err(NoRetry::ReturnIsFinal("no readable code".to_owned())),
    }
}

fn of_return(code: &str, leg: &Leg, account_corrected: bool) -> Result<(), NoRetry> {
    match code.parse::<ReturnCode>().map(ReturnCode::payout_retry) {
        Ok(PayoutRetry::AsItIs) => Ok(()),
        Ok(PayoutRetry::WithCorrectedData) => with_correction(leg, account_corrected),
        Ok(PayoutRetry::No) | Err(_) => Err(NoRetry::ReturnIsFinal(code.to_owned())),
    }
}

fn with_correction(leg: &Leg, account_corrected: bool) -> Result<(), NoRetry> {
    match &leg.reason {
        Some(reason) if !account_corrected => Err(NoRetry::NeedsCorrectedAccount(reason.clone())),
        Some(_) | None => Ok(()),
    }
}
