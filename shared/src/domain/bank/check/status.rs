//! The bank's statuses of a check, their rank, and what each means for us (Column documentation, checks notifications and returns).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::bank::status::StatusMeaning;

/// A status as the bank names it. Compared without regard to case; one we do not know is kept as it came.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CheckStatus {
    Initiated,
    PreReview,
    ManualReview,
    /// Good for payment, printed or not. Stays so until it is presented.
    Issued,
    PendingStop,
    /// Presented; the bank decides whether to pay it.
    PendingDeposit,
    /// Checks that we deposit only.
    Deposited,
    PendingFirstReturn,
    FirstReturn,
    /// Checks that we deposit only; an older word for a first return.
    Returned,
    PendingReclear,
    /// Checks that we deposit only.
    Recleared,
    PendingSecondReturn,
    Settled,
    Rejected,
    Stopped,
    SecondReturn,
    PendingUserInitiatedReturn,
    UserInitiatedReturnSubmitted,
    UserInitiatedReturned,
    UserInitiatedReturnDishonored,
    Other(String),
}

/// What a status means for the payment that the check makes. [`CheckMeaning::for_leg`] says what follows for its leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckMeaning {
    /// The bank makes it, or it is out: the money is locked for it.
    Outstanding,
    /// The bank's people look at it: processing, with a notice.
    InReview,
    /// The bank takes our stop and unlocks the money within ten business days.
    Stopping,
    /// It was presented: too late to stop it.
    Presented,
    /// It was presented and not paid, and may be presented once more. The money stays locked.
    ReturnedOnce,
    /// Paid.
    Settled,
    /// Paid, and we have asked for the money back: not there yet.
    ReturnRequested,
    /// Will never be paid; the money is available again.
    CameBack,
    /// Paid, and the money came back because we returned it.
    ReturnedByUs,
    /// The depositor's bank does not accept our return: it stays paid, attention.
    ReturnDishonored,
    /// A status that this version does not know: recorded, attention.
    Unknown,
}

/// Whether a check can still be kept from being paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopChance {
    /// A stop may be asked for, now or in a moment.
    Open,
    /// It is being stopped, or will not be paid anyway.
    AlreadyStopped,
    /// It was presented: the bank pays or returns it, whatever we wish.
    TooLate,
    Unknown,
}

impl CheckStatus {
    const KNOWN: [CheckStatus; 21] = [
        CheckStatus::Initiated,
        CheckStatus::PreReview,
        CheckStatus::ManualReview,
        CheckStatus::Issued,
        CheckStatus::PendingStop,
        CheckStatus::PendingDeposit,
        CheckStatus::Deposited,
        CheckStatus::PendingFirstReturn,
        CheckStatus::FirstReturn,
        CheckStatus::Returned,
        CheckStatus::PendingReclear,
        CheckStatus::Recleared,
        CheckStatus::PendingSecondReturn,
        CheckStatus::Settled,
        CheckStatus::Rejected,
        CheckStatus::Stopped,
        CheckStatus::SecondReturn,
        CheckStatus::PendingUserInitiatedReturn,
        CheckStatus::UserInitiatedReturnSubmitted,
        CheckStatus::UserInitiatedReturned,
        CheckStatus::UserInitiatedReturnDishonored,
    ];

    /// Never fails: what is not known is [`CheckStatus::Other`].
    pub fn parse(text: &str) -> Self {
        // The published list spells this one with a prefix that neither its time nor its event has.
        if text.eq_ignore_ascii_case("pending_user_initiated_return_dishonored") {
            return CheckStatus::UserInitiatedReturnDishonored;
        }
        Self::KNOWN
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(text))
            .unwrap_or_else(|| CheckStatus::Other(text.to_owned()))
    }

    /// The bank's own word.
    pub const fn as_str(&self) -> &str {
        match self {
            CheckStatus::Initiated => "initiated",
            CheckStatus::PreReview => "pre_review",
            CheckStatus::ManualReview => "manual_review",
            CheckStatus::Issued => "issued",
            CheckStatus::PendingStop => "pending_stop",
            CheckStatus::PendingDeposit => "pending_deposit",
            CheckStatus::Deposited => "deposited",
            CheckStatus::PendingFirstReturn => "pending_first_return",
            CheckStatus::FirstReturn => "first_return",
            CheckStatus::Returned => "returned",
            CheckStatus::PendingReclear => "pending_reclear",
            CheckStatus::Recleared => "recleared",
            CheckStatus::PendingSecondReturn => "pending_second_return",
            CheckStatus::Settled => "settled",
            CheckStatus::Rejected => "rejected",
            CheckStatus::Stopped => "stopped",
            CheckStatus::SecondReturn => "second_return",
            CheckStatus::PendingUserInitiatedReturn => "pending_user_initiated_return",
            CheckStatus::UserInitiatedReturnSubmitted => "user_initiated_return_submitted",
            CheckStatus::UserInitiatedReturned => "user_initiated_returned",
            CheckStatus::UserInitiatedReturnDishonored => "user_initiated_return_dishonored",
            CheckStatus::Other(text) => text.as_str(),
        }
    }

    /// How far along the check is: a lower rank never overwrites a higher one, whatever order events come in. A stop stands below a
    /// presentment because it can lose against it. A status that we do not know has none: it is recorded and decides nothing.
    pub const fn rank(&self) -> Option<u8> {
        match self {
            CheckStatus::Initiated => Some(10),
            CheckStatus::PreReview => Some(12),
            CheckStatus::ManualReview => Some(15),
            CheckStatus::Issued => Some(20),
            CheckStatus::PendingStop => Some(25),
            CheckStatus::PendingDeposit => Some(30),
            CheckStatus::Deposited => Some(35),
            CheckStatus::PendingFirstReturn => Some(40),
            CheckStatus::FirstReturn | CheckStatus::Returned => Some(45),
            CheckStatus::PendingReclear => Some(50),
            CheckStatus::Recleared => Some(52),
            CheckStatus::PendingSecondReturn => Some(55),
            CheckStatus::Settled => Some(60),
            CheckStatus::Rejected => Some(65),
            CheckStatus::Stopped => Some(66),
            CheckStatus::SecondReturn => Some(67),
            CheckStatus::PendingUserInitiatedReturn => Some(70),
            CheckStatus::UserInitiatedReturnSubmitted => Some(75),
            CheckStatus::UserInitiatedReturned => Some(80),
            CheckStatus::UserInitiatedReturnDishonored => Some(90),
            CheckStatus::Other(_) => None,
        }
    }

    /// What it means for us. The only place that says so.
    pub const fn meaning(&self) -> CheckMeaning {
        match self {
            CheckStatus::Initiated | CheckStatus::PreReview | CheckStatus::Issued => CheckMeaning::Outstanding,
            CheckStatus::ManualReview => CheckMeaning::InReview,
            CheckStatus::PendingStop => CheckMeaning::Stopping,
            CheckStatus::PendingDeposit | CheckStatus::Deposited => CheckMeaning::Presented,
            CheckStatus::PendingFirstReturn
            | CheckStatus::FirstReturn
            | CheckStatus::Returned
            | CheckStatus::PendingReclear
            | CheckStatus::Recleared
            | CheckStatus::PendingSecondReturn => CheckMeaning::ReturnedOnce,
            CheckStatus::Settled => CheckMeaning::Settled,
            CheckStatus::Rejected | CheckStatus::Stopped | CheckStatus::SecondReturn => CheckMeaning::CameBack,
            CheckStatus::PendingUserInitiatedReturn | CheckStatus::UserInitiatedReturnSubmitted => {
                CheckMeaning::ReturnRequested
            }
            CheckStatus::UserInitiatedReturned => CheckMeaning::ReturnedByUs,
            CheckStatus::UserInitiatedReturnDishonored => CheckMeaning::ReturnDishonored,
            CheckStatus::Other(_) => CheckMeaning::Unknown,
        }
    }

    /// Whether the bank takes a stop in this very status (Column documentation: issued and manual review alone).
    pub const fn takes_stop(&self) -> bool {
        matches!(self, CheckStatus::Issued | CheckStatus::ManualReview)
    }
}

impl CheckMeaning {
    /// What follows for the leg that the check is: processing until it is paid or will never be.
    pub const fn for_leg(self) -> StatusMeaning {
        match self {
            CheckMeaning::Outstanding
            | CheckMeaning::Stopping
            | CheckMeaning::Presented
            | CheckMeaning::ReturnedOnce => StatusMeaning::InProgress,
            CheckMeaning::InReview => StatusMeaning::InReview,
            CheckMeaning::Settled | CheckMeaning::ReturnRequested => StatusMeaning::Settled,
            CheckMeaning::CameBack => StatusMeaning::Returned,
            CheckMeaning::ReturnedByUs => StatusMeaning::ReturnedAfterSettlement,
            CheckMeaning::ReturnDishonored => StatusMeaning::ReturnDisputed,
            CheckMeaning::Unknown => StatusMeaning::Unknown,
        }
    }

    /// What a wish to stop the check can still do.
    pub const fn stop_chance(self) -> StopChance {
        match self {
            CheckMeaning::Outstanding | CheckMeaning::InReview => StopChance::Open,
            CheckMeaning::Stopping | CheckMeaning::CameBack => StopChance::AlreadyStopped,
            CheckMeaning::Presented
            | CheckMeaning::ReturnedOnce
            | CheckMeaning::Settled
            | CheckMeaning::ReturnRequested
            | CheckMeaning::ReturnedByUs
            | CheckMeaning::ReturnDishonored => StopChance::TooLate,
            CheckMeaning::Unknown => StopChance::Unknown,
        }
    }
}

impl fmt::Display for CheckStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for CheckStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for CheckStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(CheckStatus::parse(&std::borrow::Cow::<'de, str>::deserialize(deserializer)?))
    }
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
