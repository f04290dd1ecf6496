//! The bank of the model: what it has, and what it says about it.

use jiff::{SignedDuration, Timestamp};
use shared::domain::bank::status::BankStatus;

use super::{DAYS, Row};

/// Column answers a key's first success for thirty days; after that the same key makes another transfer.
const KEY_DAYS: i64 = 30;

/// A transfer at the bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Transfer {
    pub attempt: u32,
    /// An index of [`DAYS`].
    pub made_on: usize,
    pub status: Status,
}

/// How a transfer stands: fewer words than the bank has, one for each meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Submitted,
    Settled,
    Canceled,
    Returned,
}

impl Status {
    pub(super) const fn of_bank(self) -> BankStatus {
        match self {
            Status::Submitted => BankStatus::Submitted,
            Status::Settled => BankStatus::Settled,
            Status::Canceled => BankStatus::Canceled,
            Status::Returned => BankStatus::Returned,
        }
    }

    pub(super) const fn next(self) -> &'static [Status] {
        match self {
            Status::Submitted => &[Status::Settled, Status::Canceled],
            Status::Settled => &[Status::Returned],
            Status::Canceled | Status::Returned => &[],
        }
    }

    /// What was said of the transfer on the way to this status, in any order and any number of times.
    pub(super) const fn said(self) -> &'static [Status] {
        match self {
            Status::Submitted => &[Status::Submitted],
            Status::Settled => &[Status::Submitted, Status::Settled],
            Status::Canceled => &[Status::Submitted, Status::Canceled],
            Status::Returned => &[Status::Submitted, Status::Settled, Status::Returned],
        }
    }
}

impl Transfer {
    /// Its money is out.
    pub(super) const fn is_live(&self) -> bool {
        match self.status {
            Status::Submitted | Status::Settled => true,
            Status::Canceled | Status::Returned => false,
        }
    }

    pub(super) fn id(position: usize) -> String {
        format!("acht_{position}")
    }
}

pub(super) fn now(day: usize) -> Timestamp {
    let hours = 24 * DAYS.get(day).copied().unwrap_or_default();
    Timestamp::UNIX_EPOCH.saturating_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX)
}

impl Row {
    /// The transfer that the bank remembers a key of the attempt by.
    pub(super) fn remembered(&self, attempt: u32) -> Option<usize> {
        let age = |made_on: usize| DAYS[self.day] - DAYS[made_on];
        self.transfers.iter().position(|one| one.attempt == attempt && age(one.made_on) < KEY_DAYS)
    }

    /// The bank does what a call of the attempt asks for: what it remembers it does not do again.
    pub(super) fn act(&mut self, attempt: u32) -> usize {
        if let Some(remembered) = self.remembered(attempt) {
            return remembered;
        }
        self.transfers.push(Transfer { attempt, made_on: self.day, status: Status::Submitted });
        self.transfers.len() - 1
    }
}
