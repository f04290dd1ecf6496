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
    /// Failed because its funding came back after it was available.
    UnfundedFailed,
}

impl Effect {
    pub const fn as_str(self) -> &'static str {
        match self {
            Effect::FundingAccepted => "funding_accepted",
            Effect::FundingAvailable => "funding_available",
            Effect::FundingReturnedPending => "funding_returned_pending",
            Effect::FundingReturnedAvailable => "funding_returned_available",
            Effect::PayoutAccepted => "payout_accepted",
            Effect::PayoutReversed => "payout_reversed",
            Effect::UnfundedFailed => "unfunded_failed",
        }
    }
}

/// The effects that the bank's word implies and that are not in `recorded`, in the order they happened.
pub fn missing(kind: Kind, meaning: StatusMeaning, recorded: &[Effect]) -> Vec<Effect> {
    let has = |effect: Effect| recorded.contains(&effect);
    let implied: &[Effect] = match (kind, meaning) {
        (Kind::Payout, StatusMeaning::InProgress | StatusMeaning::InReview | StatusMeaning::Settled) => {
            &[Effect::PayoutAccepted]
        }
        (Kind::Payout, StatusMeaning::Canceled | StatusMeaning::Returned | StatusMeaning::ReturnDisputed) => {
            &[Effect::PayoutAccepted, Effect::PayoutReversed]
        }
        (Kind::Funding, StatusMeaning::InProgress | StatusMeaning::InReview | StatusMeaning::Settled) => {
            &[Effect::FundingAccepted]
        }
        (Kind::Funding, StatusMeaning::Canceled | StatusMeaning::Returned | StatusMeaning::ReturnDisputed) => {
            if has(Effect::FundingReturnedPending) || has(Effect::FundingReturnedAvailable) {
                &[]
            } else if has(Effect::FundingAvailable) {
                &[Effect::FundingReturnedAvailable]
            } else {
                &[Effect::FundingAccepted, Effect::FundingReturnedPending]
            }
        }
        (Kind::Payout | Kind::Funding, StatusMeaning::Unknown) => &[],
    };
    implied.iter().copied().filter(|effect| !has(*effect)).collect()
}
