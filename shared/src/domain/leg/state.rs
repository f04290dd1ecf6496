//! The one state machine of payout legs and fundings: a total function over (kind, state, step) without a catch-all arm.
//!
//! Which report of the bank may still be applied is decided before, by rank (`apply.rs`); this table only says where a step leads.
//! The same table stands in docs/accounting.md.

use serde::{Deserialize, Serialize};

/// What a transfer does for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Sends money out to a payee, or back to a source.
    Payout,
    /// Pays a payee by a check that the bank mails.
    Check,
    /// Pulls money in from the payer.
    Funding,
}

/// What a transfer travels on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rail {
    Ach,
    Check,
}

impl Kind {
    pub const ALL: [Kind; 3] = [Kind::Payout, Kind::Check, Kind::Funding];

    pub const fn rail(self) -> Rail {
        match self {
            Kind::Payout | Kind::Funding => Rail::Ach,
            Kind::Check => Rail::Check,
        }
    }

    /// Whether it takes money out of the account at the other end.
    pub const fn is_debit(self) -> bool {
        match self {
            Kind::Payout | Kind::Check => false,
            Kind::Funding => true,
        }
    }
}

/// Where a payout leg or funding stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Recorded; the bank has nothing of this attempt.
    Unprocessed,
    /// Claimed: the bank may or may not have it. The outcome is unknown, until the bank's word about its sends settles it.
    Submitting,
    /// The bank has it.
    Processing,
    /// Settled.
    Completed,
    /// Fundings only: settled and past the hold; may be spent.
    Available,
    /// Refused for good, canceled by the bank, or its funding is gone.
    Failed,
    /// Came back, with a return code.
    Returned,
    /// Stopped by us before the bank took it.
    Canceled,
}

impl State {
    pub const ALL: [State; 8] = [
        State::Unprocessed,
        State::Submitting,
        State::Processing,
        State::Completed,
        State::Available,
        State::Failed,
        State::Returned,
        State::Canceled,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            State::Unprocessed => "unprocessed",
            State::Submitting => "submitting",
            State::Processing => "processing",
            State::Completed => "completed",
            State::Available => "available",
            State::Failed => "failed",
            State::Returned => "returned",
            State::Canceled => "canceled",
        }
    }

    /// Whether a payment in this state holds its payer's money: may still take it, or has.
    pub const fn holds_money(self) -> bool {
        match self {
            State::Unprocessed | State::Submitting | State::Processing | State::Completed | State::Available => true,
            State::Failed | State::Returned | State::Canceled => false,
        }
    }

    /// Still on its way: a batch with such a payment is not completed.
    pub const fn is_open(self) -> bool {
        match self {
            State::Unprocessed | State::Submitting | State::Processing => true,
            State::Completed | State::Available | State::Failed | State::Returned | State::Canceled => false,
        }
    }
}

/// What happened to a payout leg or funding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A worker took it, or took it again after a lease ran out.
    Claimed,
    /// The bank answered our call with the transfer.
    Accepted,
    /// The bank refused in a way that passes, or nothing reached it; and it has nothing of this attempt.
    Deferred,
    /// The bank refused for good: the payee or the amount is wrong; and it has nothing of this attempt.
    Refused,
    /// The bank reports it on its way (initiated, in review, submitted).
    BankInProgress,
    BankSettled,
    /// The bank canceled it before it left; the money is back.
    BankCanceled,
    BankReturned,
    /// Dishonored, contested and later: what follows a return.
    BankAfterReturn,
    /// The hold on a settled funding ended.
    HoldOver,
    /// A rule of ours says that it can never be paid (an unpayable biller).
    FailedByRule,
    /// The funding that was to pay for it came back.
    FundingGone,
    CanceledByUs,
    RetryAsked,
}

impl Step {
    pub const ALL: [Step; 14] = [
        Step::Claimed,
        Step::Accepted,
        Step::Deferred,
        Step::Refused,
        Step::BankInProgress,
        Step::BankSettled,
        Step::BankCanceled,
        Step::BankReturned,
        Step::BankAfterReturn,
        Step::HoldOver,
        Step::FailedByRule,
        Step::FundingGone,
        Step::CanceledByUs,
        Step::RetryAsked,
    ];
}

/// A step that means nothing in this state. Final: read again and decide again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{step:?} means nothing for a {kind:?} that is {}", state.as_str())]
pub struct IllegalTransition {
    pub kind: Kind,
    pub state: State,
    pub step: Step,
}

/// Where `step` leads. Answering the same state means: recorded, nothing moves.
pub const fn next(kind: Kind, state: State, step: Step) -> Result<State, IllegalTransition> {
    use State as S;
    let to = match (step, state) {
        (Step::Claimed, S::Unprocessed | S::Submitting) => S::Submitting,
        (Step::Claimed, S::Processing | S::Completed | S::Available | S::Failed | S::Returned | S::Canceled) => {
            return Err(IllegalTransition { kind, state, step });
        }

        // Our own answer may come after the bank's event about the same transfer: then it adds nothing. It may also be the answer to a
        // stray earlier send of something we had given up: the bank's word is what happened.
        (Step::Accepted, S::Unprocessed | S::Submitting | S::Failed | S::Canceled) => S::Processing,
        (Step::Accepted, S::Processing | S::Completed | S::Available | S::Returned) => state,

        (Step::Deferred, S::Submitting) => S::Unprocessed,
        (Step::Refused, S::Submitting) => S::Failed,
        // A second send was refused while an event of the first had already told us better.
        (
            Step::Deferred | Step::Refused,
            S::Processing | S::Completed | S::Available | S::Failed | S::Returned | S::Canceled,
        ) => state,
        (Step::Deferred | Step::Refused, S::Unprocessed) => return Err(IllegalTransition { kind, state, step }),

        (Step::BankInProgress, S::Unprocessed | S::Submitting | S::Processing | S::Failed | S::Canceled) => {
            S::Processing
        }
        (Step::BankInProgress, S::Completed | S::Available | S::Returned) => state,
        (
            Step::BankSettled,
            S::Unprocessed | S::Submitting | S::Processing | S::Completed | S::Failed | S::Canceled,
        ) => S::Completed,
        (Step::BankSettled, S::Available | S::Returned) => state,
        (
            Step::BankCanceled,
            S::Unprocessed | S::Submitting | S::Processing | S::Completed | S::Available | S::Failed | S::Canceled,
        ) => S::Failed,
        (Step::BankCanceled, S::Returned) => state,
        (
            Step::BankReturned | Step::BankAfterReturn,
            S::Unprocessed
            | S::Submitting
            | S::Processing
            | S::Completed
            | S::Available
            | S::Failed
            | S::Returned
            | S::Canceled,
        ) => S::Returned,

        (Step::HoldOver, S::Completed) => match kind {
            Kind::Funding => S::Available,
            Kind::Payout | Kind::Check => return Err(IllegalTransition { kind, state, step }),
        },
        (Step::HoldOver, S::Available) => state,
        (Step::HoldOver, S::Unprocessed | S::Submitting | S::Processing | S::Failed | S::Returned | S::Canceled) => {
            return Err(IllegalTransition { kind, state, step });
        }

        (Step::FailedByRule | Step::FundingGone, S::Unprocessed) => S::Failed,
        (Step::FailedByRule | Step::FundingGone, S::Failed) => state,
        (
            Step::FailedByRule | Step::FundingGone,
            S::Submitting | S::Processing | S::Completed | S::Available | S::Returned | S::Canceled,
        ) => return Err(IllegalTransition { kind, state, step }),

        (Step::CanceledByUs, S::Unprocessed | S::Canceled) => S::Canceled,
        (Step::CanceledByUs, S::Submitting | S::Processing | S::Completed | S::Available | S::Failed | S::Returned) => {
            return Err(IllegalTransition { kind, state, step });
        }

        (Step::RetryAsked, S::Failed | S::Returned) => S::Unprocessed,
        (
            Step::RetryAsked,
            S::Unprocessed | S::Submitting | S::Processing | S::Completed | S::Available | S::Canceled,
        ) => return Err(IllegalTransition { kind, state, step }),
    };
    Ok(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One line per step: the state it leads to from each state in the order of `State::ALL`; `-` means illegal.
    const PAYOUT_TABLE: [(Step, &str); 14] = [
        (Step::Claimed, "S S - - - - - -"),
        (Step::Accepted, "P P P C A P R P"),
        (Step::Deferred, "- U P C A F R X"),
        (Step::Refused, "- F P C A F R X"),
        (Step::BankInProgress, "P P P C A P R P"),
        (Step::BankSettled, "C C C C A C R C"),
        (Step::BankCanceled, "F F F F F F R F"),
        (Step::BankReturned, "R R R R R R R R"),
        (Step::BankAfterReturn, "R R R R R R R R"),
        (Step::HoldOver, "- - - - A - - -"),
        (Step::FailedByRule, "F - - - - F - -"),
        (Step::FundingGone, "F - - - - F - -"),
        (Step::CanceledByUs, "X - - - - - - X"),
        (Step::RetryAsked, "- - - - - U U -"),
    ];

    fn letter(state: State) -> char {
        match state {
            State::Unprocessed => 'U',
            State::Submitting => 'S',
            State::Processing => 'P',
            State::Completed => 'C',
            State::Available => 'A',
            State::Failed => 'F',
            State::Returned => 'R',
            State::Canceled => 'X',
        }
    }

    fn line(kind: Kind, step: Step) -> String {
        let cells = State::ALL.map(|state| next(kind, state, step).map_or('-', letter).to_string());
        cells.join(" ")
    }

    #[test]
    fn every_step_leads_where_the_table_says() {
        assert_eq!(PAYOUT_TABLE.map(|(step, _)| step), Step::ALL);
        for (step, expected) in PAYOUT_TABLE {
            assert_eq!(line(Kind::Payout, step), expected, "{step:?}");
        }
    }

    #[test]
    fn a_check_goes_the_way_of_every_payout() {
        for (step, expected) in PAYOUT_TABLE {
            assert_eq!(line(Kind::Check, step), expected, "{step:?}");
        }
    }

    #[test]
    fn a_funding_differs_only_in_that_its_hold_ends() {
        for (step, payout) in PAYOUT_TABLE {
            let expected = if step == Step::HoldOver { "- - - A A - - -" } else { payout };
            assert_eq!(line(Kind::Funding, step), expected, "{step:?}");
        }
    }
}
