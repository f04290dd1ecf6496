//! Checks that the bank issues for an account: what they are made of. `issue` accepts them, `life` moves them, `returns` sends paid ones back, `mail` carries the letter,
//! `view` shows them.
//!
//! Guarantees: the money of a check is in one place at any time, which follows from its status alone ([`CheckStatus::money`]), so that every path is right to the cent. As
//! with ACH, a check is its terms plus the steps it went through; the object at any moment is the fold of the steps up to it.
//! Limits: no deposited checks, no checks without positive pay, no images. Where Column's documentation leaves something open, the choice is named where it is made.

pub(crate) mod issue;
pub(crate) mod life;
pub(crate) mod mail;
pub(crate) mod returns;
pub(crate) mod view;

use jiff::Timestamp;
use jiff::civil::Date;

use super::objects::{Address, Cents};
use mail::MailStatus;

/// The statuses of an issued check (Column documentation, checks notifications and returns).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CheckStatus {
    Initiated,
    ManualReview,
    Rejected,
    Issued,
    PendingStop,
    Stopped,
    PendingDeposit,
    PendingFirstReturn,
    FirstReturn,
    PendingReclear,
    PendingSecondReturn,
    SecondReturn,
    Settled,
    PendingUserInitiatedReturn,
    UserInitiatedReturnSubmitted,
    UserInitiatedReturned,
    UserInitiatedReturnDishonored,
}

/// Where the money of a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Money {
    /// In the account's available balance.
    Available,
    /// In the account's locked balance.
    Locked,
    /// With the payee.
    Outside,
}

impl CheckStatus {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Initiated => "initiated",
            Self::ManualReview => "manual_review",
            Self::Rejected => "rejected",
            Self::Issued => "issued",
            Self::PendingStop => "pending_stop",
            Self::Stopped => "stopped",
            Self::PendingDeposit => "pending_deposit",
            Self::PendingFirstReturn => "pending_first_return",
            Self::FirstReturn => "first_return",
            Self::PendingReclear => "pending_reclear",
            Self::PendingSecondReturn => "pending_second_return",
            Self::SecondReturn => "second_return",
            Self::Settled => "settled",
            Self::PendingUserInitiatedReturn => "pending_user_initiated_return",
            Self::UserInitiatedReturnSubmitted => "user_initiated_return_submitted",
            Self::UserInitiatedReturned => "user_initiated_returned",
            Self::UserInitiatedReturnDishonored => "user_initiated_return_dishonored",
        }
    }

    /// The event that tells of it; the wish to return a paid check has none until it is submitted.
    pub(crate) fn event_name(self) -> Option<&'static str> {
        match self {
            Self::Initiated => Some("check.incoming_debit.initiated"),
            Self::ManualReview => Some("check.incoming_debit.manual_review"),
            Self::Rejected => Some("check.incoming_debit.rejected"),
            Self::Issued => Some("check.incoming_debit.issued"),
            Self::PendingStop => Some("check.incoming_debit.pending_stop"),
            Self::Stopped => Some("check.incoming_debit.stopped"),
            Self::PendingDeposit => Some("check.incoming_debit.pending_deposit"),
            Self::PendingFirstReturn => Some("check.incoming_debit.pending_first_return"),
            Self::FirstReturn => Some("check.incoming_debit.first_return"),
            Self::PendingReclear => Some("check.incoming_debit.pending_reclear"),
            Self::PendingSecondReturn => Some("check.incoming_debit.pending_second_return"),
            Self::SecondReturn => Some("check.incoming_debit.second_return"),
            Self::Settled => Some("check.incoming_debit.settled"),
            Self::PendingUserInitiatedReturn => None,
            Self::UserInitiatedReturnSubmitted => Some("check.incoming_debit.user_initiated_return_submitted"),
            Self::UserInitiatedReturned => Some("check.incoming_debit.user_initiated_returned"),
            Self::UserInitiatedReturnDishonored => Some("check.incoming_debit.user_initiated_return_dishonored"),
        }
    }

    pub(crate) fn money(self) -> Money {
        match self {
            Self::Initiated
            | Self::ManualReview
            | Self::Issued
            | Self::PendingStop
            | Self::PendingDeposit
            | Self::PendingFirstReturn
            | Self::FirstReturn
            | Self::PendingReclear
            | Self::PendingSecondReturn => Money::Locked,
            Self::Settled
            | Self::PendingUserInitiatedReturn
            | Self::UserInitiatedReturnSubmitted
            | Self::UserInitiatedReturnDishonored => Money::Outside,
            Self::Rejected | Self::Stopped | Self::SecondReturn | Self::UserInitiatedReturned => Money::Available,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CheckChange {
    Status(CheckStatus),
    Mail(MailStatus),
    /// For this amount.
    Presented(Cents),
    Returned {
        id: String,
        reason: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CheckStep {
    pub(crate) at: Timestamp,
    pub(crate) change: CheckChange,
}

/// What is printed and mailed; texts are empty when not given.
#[derive(Clone, PartialEq)]
pub(crate) struct Letter {
    pub(crate) message: String,
    pub(crate) memo: String,
    pub(crate) payee_company: String,
    pub(crate) payee_address: Address,
    pub(crate) delivery_method: String,
}

/// What was asked for, after validation.
#[derive(Clone, PartialEq)]
pub(crate) struct CheckTerms {
    pub(crate) amount: Cents,
    /// Position of the bank account.
    pub(crate) account: usize,
    pub(crate) account_number_id: String,
    pub(crate) check_number: i64,
    pub(crate) payee_name: String,
    pub(crate) description: String,
    pub(crate) void_date: Option<Date>,
    pub(crate) letter: Option<Letter>,
    pub(crate) idempotency_key: String,
}

#[derive(Clone, PartialEq)]
pub(crate) struct Check {
    pub(crate) id: String,
    pub(crate) created_at: Timestamp,
    pub(crate) terms: CheckTerms,
    pub(crate) status: CheckStatus,
    /// Where the letter is; none before it is made, or where none was asked for.
    pub(crate) mail: Option<MailStatus>,
    /// Of the last presentment.
    pub(crate) deposited_amount: Option<Cents>,
    /// Why it is about to be returned.
    pub(crate) return_reason: String,
    pub(crate) steps: Vec<CheckStep>,
    /// Place among all transfers.
    pub(crate) order: usize,
    /// Positions of its events.
    pub(crate) events: Vec<usize>,
}

/// Something that will happen to a check at a time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CheckDue {
    Issue,
    /// A stop is done.
    Stop,
    Void,
    /// A presented check is paid or not.
    Decide,
    /// A return is done.
    Return,
    /// The depositor's bank tries once more.
    Represent,
    SubmitUserReturn,
    FinishUserReturn,
    Mail(MailStatus),
}
