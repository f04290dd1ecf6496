//! What a transfer has done to the books so far, and what it still has to do.
//!
//! Postings follow from the effects that an item has not recorded yet, not from the name of an event: a settlement that overtakes our
//! own "accepted" write still posts both.

use serde::{Deserialize, Serialize};

use super::state::Kind;
use crate::domain::bank::status::StatusMeaning;

/// One row of the table in docs/accounting.md: what a transfer did to the ledger. At most one of each per attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    FundingAccepted,
    FundingAvailable,
    /// Returned or canceled before it was available.
    FundingReturnedPending,
    FundingReturnedAvailable,
    PayoutAccepted,
    /// Returned, or canceled by the bank.
    PayoutReversed,
    /// The bank has locked the money for a check.
    CheckIssued,
    /// A check was cashed and paid.
    CheckSettled,
    /// A check was stopped, rejected, returned for good or became void before it was paid.
    CheckReversed,
    /// A paid check was given back, and its money is there again.
    CheckReturnedAfterSettled,
    /// Failed because its funding came back after it was available.
    UnfundedFailed,
    /// Money that came back meets what its payer owes for the returned funding of the same payment.
    ReceivableRecovered,
    /// A debit presented again became available while its payer owed for the first one.
    ReceivableRepaid,
}

impl Effect {
    pub const ALL: [Effect; 13] = [
        Effect::FundingAccepted,
        Effect::FundingAvailable,
        Effect::FundingReturnedPending,
        Effect::FundingReturnedAvailable,
        Effect::PayoutAccepted,
        Effect::PayoutReversed,
        Effect::CheckIssued,
        Effect::CheckSettled,
        Effect::CheckReversed,
        Effect::CheckReturnedAfterSettled,
        Effect::UnfundedFailed,
        Effect::ReceivableRecovered,
        Effect::ReceivableRepaid,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Effect::FundingAccepted => "funding_accepted",
            Effect::FundingAvailable => "funding_available",
            Effect::FundingReturnedPending => "funding_returned_pending",
            Effect::FundingReturnedAvailable => "funding_returned_available",
            Effect::PayoutAccepted => "payout_accepted",
            Effect::PayoutReversed => "payout_reversed",
            Effect::CheckIssued => "check_issued",
            Effect::CheckSettled => "check_settled",
            Effect::CheckReversed => "check_reversed",
            Effect::CheckReturnedAfterSettled => "check_returned_after_settled",
            Effect::UnfundedFailed => "unfunded_failed",
            Effect::ReceivableRecovered => "receivable_recovered",
            Effect::ReceivableRepaid => "receivable_repaid",
        }
    }
}

/// The effects that the bank's word implies and that are not in `recorded`, in the order they happened.
pub fn missing(kind: Kind, meaning: StatusMeaning, recorded: &[Effect]) -> Vec<Effect> {
    let implied: &[Effect] = match kind {
        Kind::Payout => of_payout(meaning),
        Kind::Check => of_check(meaning, recorded),
        Kind::Funding => of_funding(meaning, recorded),
    };
    let is_news = |effect: &Effect| !recorded.contains(effect);
    let is_due = |effect: &Effect| {
        fault!(ReturnAppliedTwice, *effect == Effect::PayoutReversed || is_news(effect), is_news(effect))
    };
    implied.iter().copied().filter(is_due).collect()
}

const fn of_payout(meaning: StatusMeaning) -> &'static [Effect] {
    match meaning {
        StatusMeaning::InProgress | StatusMeaning::InReview | StatusMeaning::Settled => &[Effect::PayoutAccepted],
        StatusMeaning::Canceled
        | StatusMeaning::Returned
        | StatusMeaning::ReturnedAfterSettlement
        | StatusMeaning::ReturnDisputed => &[Effect::PayoutAccepted, Effect::PayoutReversed],
        StatusMeaning::Unknown => &[],
    }
}

fn of_check(meaning: StatusMeaning, recorded: &[Effect]) -> &'static [Effect] {
    match meaning {
        StatusMeaning::InProgress | StatusMeaning::InReview => &[Effect::CheckIssued],
        StatusMeaning::Settled => &[Effect::CheckIssued, Effect::CheckSettled],
        // It was paid before: what comes back is cash, not a lock.
        StatusMeaning::Canceled | StatusMeaning::Returned if recorded.contains(&Effect::CheckSettled) => {
            &[Effect::CheckReturnedAfterSettled]
        }
        StatusMeaning::Canceled | StatusMeaning::Returned => &[Effect::CheckIssued, Effect::CheckReversed],
        StatusMeaning::ReturnedAfterSettlement | StatusMeaning::ReturnDisputed => {
            &[Effect::CheckIssued, Effect::CheckSettled, Effect::CheckReturnedAfterSettled]
        }
        StatusMeaning::Unknown => &[],
    }
}

fn of_funding(meaning: StatusMeaning, recorded: &[Effect]) -> &'static [Effect] {
    let has = |effect: Effect| recorded.contains(&effect);
    match meaning {
        StatusMeaning::InProgress | StatusMeaning::InReview | StatusMeaning::Settled => &[Effect::FundingAccepted],
        StatusMeaning::Canceled
        | StatusMeaning::Returned
        | StatusMeaning::ReturnedAfterSettlement
        | StatusMeaning::ReturnDisputed => {
            if has(Effect::FundingReturnedPending) || has(Effect::FundingReturnedAvailable) {
                &[]
            } else if has(Effect::FundingAvailable) {
                &[Effect::FundingReturnedAvailable]
            } else {
                &[Effect::FundingAccepted, Effect::FundingReturnedPending]
            }
        }
        StatusMeaning::Unknown => &[],
    }
}
