//! Causes that change the words of notices: why a debit or check failed, and what holds the next debit back.

use serde::{Deserialize, Serialize};

use crate::domain::ach::return_codes::ReturnCode;

/// What holds the next debit of a person's card back when a notice is written: no notice promises what will not happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outlook {
    /// Nothing: the next review decides.
    #[default]
    GoesOn,
    /// The bill was debited for as often as it may be.
    NextStatement,
    /// An operator looks into how a payment ended.
    LookedInto,
    /// The authorization ended.
    AgreeAnew,
    /// The bank account cannot be debited.
    OtherAccount,
    /// Something is owed.
    Owing,
    /// An operator speaks to the person first.
    Blocked,
}

impl Outlook {
    pub const ALL: [Outlook; 7] = [
        Outlook::GoesOn,
        Outlook::NextStatement,
        Outlook::LookedInto,
        Outlook::AgreeAnew,
        Outlook::OtherAccount,
        Outlook::Owing,
        Outlook::Blocked,
    ];
}

/// Why a debit is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum DebitFailure {
    /// Three times, or too late for another time.
    NoMoney,
    AccountClosed,
    /// Unknown, wrong numbers, or not open to debits.
    AccountUnusable {
        return_code: ReturnCode,
    },
    AccountFrozen,
    Unauthorized {
        return_code: ReturnCode,
    },
    /// The holder stopped it.
    Stopped,
    HolderDeceased,
    /// Ours to look into.
    Other {
        return_code: ReturnCode,
    },
    /// It never reached the bank.
    Refused,
}

/// Why a check did not pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckFailure {
    ReturnedByMail,
    /// Not cashed in 180 days.
    Voided,
    /// Presented for another amount, and refused.
    OtherAmount,
    Rejected,
    /// Stopped, because its debit came back or the person canceled.
    Stopped,
    /// The receiving bank sent it back after it had been cashed.
    Returned,
}

impl DebitFailure {
    pub const fn code(self) -> &'static str {
        match self {
            DebitFailure::NoMoney => "debit_failed_no_money",
            DebitFailure::AccountClosed => "debit_failed_account_closed",
            DebitFailure::AccountUnusable { .. } => "debit_failed_account_unusable",
            DebitFailure::AccountFrozen => "debit_failed_account_frozen",
            DebitFailure::Unauthorized { .. } => "debit_failed_unauthorized",
            DebitFailure::Stopped => "debit_failed_stopped",
            DebitFailure::HolderDeceased => "debit_failed_holder_deceased",
            DebitFailure::Other { .. } => "debit_failed",
            DebitFailure::Refused => "debit_refused",
        }
    }
}

impl CheckFailure {
    pub const fn code(self) -> &'static str {
        match self {
            CheckFailure::ReturnedByMail => "check_returned_by_mail",
            CheckFailure::Voided => "check_voided",
            CheckFailure::OtherAmount => "check_other_amount",
            CheckFailure::Rejected => "check_rejected",
            CheckFailure::Stopped => "check_stopped",
            CheckFailure::Returned => "check_returned",
        }
    }
}
