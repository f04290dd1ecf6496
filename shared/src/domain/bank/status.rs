//! The bank's statuses of an ACH transfer, their rank, and what each means for us (`column.md section 4.1`).

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A status as the bank names it. Compared without regard to case; one we do not know is kept as it came.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum BankStatus {
    Initiated,
    ManualReview,
    ManualReviewApproved,
    PendingSubmission,
    Submitted,
    Settled,
    Completed,
    Returned,
    ReturnDishonored,
    ReturnDishonoredFundsUnlocked,
    ReturnContested,
    Canceled,
    /// Incoming transfers only.
    Scheduled,
    /// Incoming transfers only.
    PendingReturn,
    Other(String),
}

/// What a status means for a payout leg, check or funding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusMeaning {
    /// The bank has it and will send it: processing.
    InProgress,
    /// The bank's people look at it: processing, with a notice.
    InReview,
    /// The money has moved; a return may still follow.
    Settled,
    /// Stopped before it was sent; the money is back.
    Canceled,
    /// Came back from the receiving bank, or will never be paid; the money is back.
    Returned,
    /// Came back at our own wish after it had been paid; the money is back.
    ReturnedAfterSettlement,
    /// The banks dispute a return: still returned, any money moved is recorded, attention.
    ReturnDisputed,
    /// A status that this version does not know: recorded, attention.
    Unknown,
}

/// A review of the bank's that lasts longer than this is told of: it commonly takes a day.
const REVIEW_HOURS: i64 = 72;

impl StatusMeaning {
    /// Whether what was made at the bank then is in its review for so long that somebody has to ask.
    pub fn is_long_review(self, since: Timestamp, now: Timestamp) -> bool {
        let is_long = now.duration_since(since) >= SignedDuration::from_hours(REVIEW_HOURS);
        self == StatusMeaning::InReview && fault!(LongReviewNotTold, false, is_long)
    }
}

impl BankStatus {
    const KNOWN: [BankStatus; 14] = [
        BankStatus::Initiated,
        BankStatus::ManualReview,
        BankStatus::ManualReviewApproved,
        BankStatus::PendingSubmission,
        BankStatus::Submitted,
        BankStatus::Settled,
        BankStatus::Completed,
        BankStatus::Returned,
        BankStatus::ReturnDishonored,
        BankStatus::ReturnDishonoredFundsUnlocked,
        BankStatus::ReturnContested,
        BankStatus::Canceled,
        BankStatus::Scheduled,
        BankStatus::PendingReturn,
    ];

    /// Never fails: what is not known is [`BankStatus::Other`].
    pub fn parse(text: &str) -> Self {
        Self::KNOWN
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(text))
            .unwrap_or_else(|| BankStatus::Other(text.to_owned()))
    }

    /// The bank's own word.
    pub const fn as_str(&self) -> &str {
        match self {
            BankStatus::Initiated => "INITIATED",
            BankStatus::ManualReview => "MANUAL_REVIEW",
            BankStatus::ManualReviewApproved => "MANUAL_REVIEW_APPROVED",
            BankStatus::PendingSubmission => "PENDING_SUBMISSION",
            BankStatus::Submitted => "SUBMITTED",
            BankStatus::Settled => "SETTLED",
            BankStatus::Completed => "COMPLETED",
            BankStatus::Returned => "RETURNED",
            BankStatus::ReturnDishonored => "RETURN_DISHONORED",
            BankStatus::ReturnDishonoredFundsUnlocked => "RETURN_DISHONORED_FUNDS_UNLOCKED",
            BankStatus::ReturnContested => "RETURN_CONTESTED",
            BankStatus::Canceled => "CANCELED",
            BankStatus::Scheduled => "SCHEDULED",
            BankStatus::PendingReturn => "PENDING_RETURN",
            BankStatus::Other(text) => text.as_str(),
        }
    }

    /// How far along the transfer is: a lower rank never overwrites a higher one, whatever order events come in. A status that we
    /// do not know has none: it is recorded and decides nothing.
    pub const fn rank(&self) -> Option<u8> {
        match self {
            BankStatus::Initiated | BankStatus::Scheduled => Some(10),
            BankStatus::ManualReview => Some(15),
            BankStatus::ManualReviewApproved => Some(16),
            BankStatus::PendingSubmission => Some(20),
            BankStatus::Submitted => Some(30),
            BankStatus::Settled => Some(40),
            BankStatus::Completed => Some(50),
            BankStatus::Canceled => Some(60),
            BankStatus::PendingReturn => Some(65),
            BankStatus::Returned => Some(70),
            BankStatus::ReturnDishonored => Some(80),
            BankStatus::ReturnDishonoredFundsUnlocked => Some(85),
            BankStatus::ReturnContested => Some(90),
            BankStatus::Other(_) => None,
        }
    }

    /// What it means for us. The only place that says so.
    pub const fn meaning(&self) -> StatusMeaning {
        match self {
            BankStatus::Initiated
            | BankStatus::ManualReviewApproved
            | BankStatus::PendingSubmission
            | BankStatus::Submitted
            | BankStatus::Scheduled => StatusMeaning::InProgress,
            BankStatus::ManualReview => StatusMeaning::InReview,
            // An incoming transfer about to be sent back has still arrived until it is.
            BankStatus::Settled | BankStatus::Completed | BankStatus::PendingReturn => StatusMeaning::Settled,
            BankStatus::Canceled => StatusMeaning::Canceled,
            BankStatus::Returned => StatusMeaning::Returned,
            BankStatus::ReturnDishonored | BankStatus::ReturnDishonoredFundsUnlocked | BankStatus::ReturnContested => {
                StatusMeaning::ReturnDisputed
            }
            BankStatus::Other(_) => StatusMeaning::Unknown,
        }
    }
}

impl fmt::Display for BankStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for BankStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for BankStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(BankStatus::parse(&std::borrow::Cow::<'de, str>::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_reads_back_what_it_prints_in_any_case() {
        for status in BankStatus::KNOWN {
            assert_eq!(BankStatus::parse(&status.as_str().to_lowercase()), status);
            assert!(status.rank().is_some() && status.meaning() != StatusMeaning::Unknown, "{status}");
        }
    }

    #[test]
    fn a_status_we_do_not_know_is_kept_and_decides_nothing() {
        let status = BankStatus::parse("Teleported");
        assert_eq!(status.to_string(), "Teleported");
        assert_eq!((status.rank(), status.meaning()), (None, StatusMeaning::Unknown));
    }

    #[test]
    fn a_settlement_that_comes_after_the_return_is_behind_it() {
        assert!(BankStatus::Settled.rank() < BankStatus::Returned.rank());
        assert!(BankStatus::Completed.rank() < BankStatus::Returned.rank());
        assert!(BankStatus::Returned.rank() < BankStatus::ReturnContested.rank());
    }
}
