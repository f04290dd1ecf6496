//! Outgoing ACH transfers: what they are made of. `create` accepts them, `life` moves them, `view` shows them.
//!
//! A transfer is its terms plus the list of steps it went through; the object at any moment is the fold of the steps up to it. Events and stored answers therefore hold
//! only a number of steps and are still written exactly as they were.

pub(crate) mod create;
pub(crate) mod life;
pub(crate) mod view;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::calendar::Clearing;
use super::objects::Cents;

/// Which way the money goes, seen from the account at Column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Direction {
    /// Pushed out.
    Credit,
    /// Pulled in.
    Debit,
}

impl Direction {
    pub(crate) fn opposite(self) -> Self {
        match self {
            Self::Credit => Self::Debit,
            Self::Debit => Self::Credit,
        }
    }
}

/// The statuses of an outgoing transfer (column.md section 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AchStatus {
    Initiated,
    ManualReview,
    ManualReviewApproved,
    PendingSubmission,
    Submitted,
    Settled,
    Completed,
    Canceled,
    Returned,
    ReturnDishonored,
    ReturnContested,
}

impl AchStatus {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Initiated => "INITIATED",
            Self::ManualReview => "MANUAL_REVIEW",
            Self::ManualReviewApproved => "MANUAL_REVIEW_APPROVED",
            Self::PendingSubmission => "PENDING_SUBMISSION",
            Self::Submitted => "SUBMITTED",
            Self::Settled => "SETTLED",
            Self::Completed => "COMPLETED",
            Self::Canceled => "CANCELED",
            Self::Returned => "RETURNED",
            Self::ReturnDishonored => "RETURN_DISHONORED",
            Self::ReturnContested => "RETURN_CONTESTED",
        }
    }
}

/// Where a transfer's money stands in the account's balances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Funds {
    /// A credit: taken from available.
    Taken,
    /// A debit: in pending.
    Pending,
    /// A debit: in available.
    Available,
    /// Undone: canceled or returned.
    Undone,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Status(AchStatus),
    Returned(Box<ReturnReason>),
    /// By a notification of change.
    Corrected(Box<NotificationOfChange>),
    /// Position of the transfer that reverses this one, or that this one reverses.
    ReversalPair(usize),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReturnReason {
    pub(crate) return_code: String,
    pub(crate) addenda: String,
}

/// What the receiving bank corrected.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationOfChange {
    pub change_code: String,
    #[serde(default)]
    pub account_number: String,
    #[serde(default)]
    pub routing_number: String,
    #[serde(default)]
    pub receiver_id: String,
    #[serde(default)]
    pub account_type: String,
}

impl std::fmt::Debug for NotificationOfChange {
    /// The corrected account is not printed.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("NotificationOfChange").field("change_code", &self.change_code).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) at: Timestamp,
    pub(crate) change: Change,
}

/// What was asked for, after validation; texts are empty when not given.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) direction: Direction,
    pub(crate) amount: Cents,
    /// Position of the bank account.
    pub(crate) account: usize,
    pub(crate) account_number_id: String,
    /// Position of the counterparty.
    pub(crate) counterparty: usize,
    pub(crate) entry_class_code: String,
    pub(crate) description: String,
    pub(crate) company_name: String,
    pub(crate) company_entry_description: String,
    pub(crate) company_discretionary_data: String,
    pub(crate) receiver_name: String,
    pub(crate) receiver_id: String,
    pub(crate) payment_related_info: String,
    pub(crate) idempotency_key: String,
}

#[derive(Clone, PartialEq)]
pub(crate) struct AchTransfer {
    pub(crate) id: String,
    pub(crate) created_at: Timestamp,
    pub(crate) terms: Terms,
    /// As planned when it was accepted; what the object shows.
    pub(crate) clearing: Clearing,
    /// Later than the clearing's when a review held it up.
    pub(crate) settles_at: Timestamp,
    pub(crate) status: AchStatus,
    pub(crate) funds: Funds,
    pub(crate) steps: Vec<Step>,
    /// Place among all transfers.
    pub(crate) order: usize,
    /// Positions of its events.
    pub(crate) events: Vec<usize>,
}
