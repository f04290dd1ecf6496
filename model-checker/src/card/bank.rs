//! The bank of the model: what it has of ours, and what it says about it.

use jiff::{SignedDuration, Timestamp};
use shared::domain::bank::check::delivery::DeliveryStatus;
use shared::domain::bank::check::snapshot::CheckSnapshot;
use shared::domain::bank::check::status::CheckStatus;
use shared::domain::bank::status::{BankStatus, StatusMeaning};
use shared::domain::calendar::eastern_date;
use shared::domain::leg::{BankReport, Kind};
use shared::domain::money::Cents;

use super::DAYS;
use super::table::Part;

/// March 2, 2026, 18:00 UTC.
const FIRST_DAY: Timestamp = Timestamp::constant(1_772_474_400, 0);

/// A transfer or check at the bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Transfer {
    pub life: usize,
    pub part: Part,
    pub kind: Kind,
    pub attempt: u32,
    pub amount: i64,
    /// An index of [`DAYS`].
    pub made_on: usize,
    pub status: Status,
    pub settled_on: Option<usize>,
    /// A stop was asked for.
    pub was_stopping: bool,
    /// The letter with the check has come back.
    pub is_letter_back: bool,
}

/// How a transfer or check stands: one word for each meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Submitted,
    Settled,
    Returned(Code),
    Issued,
    Stopping,
    Stopped,
    Cashed,
    Rejected,
}

/// Why a debit or refund comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// No money.
    R01,
    /// The account is closed.
    R02,
    /// Not authorized.
    R10,
    /// Of an operator's concern.
    R24,
}

impl Code {
    const EARLY: [Code; 4] = [Code::R01, Code::R02, Code::R10, Code::R24];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Code::R01 => "R01",
            Code::R02 => "R02",
            Code::R10 => "R10",
            Code::R24 => "R24",
        }
    }
}

impl Status {
    /// The bank's own word.
    fn word(self, kind: Kind) -> (String, StatusMeaning, Option<u8>) {
        let check = match self {
            Status::Submitted | Status::Settled | Status::Returned(_) => None,
            Status::Issued => Some(CheckStatus::Issued),
            Status::Stopping => Some(CheckStatus::PendingStop),
            Status::Stopped => Some(CheckStatus::Stopped),
            Status::Cashed => Some(CheckStatus::Settled),
            Status::Rejected => Some(CheckStatus::Rejected),
        };
        if let Some(check) = check.filter(|_| kind == Kind::Check) {
            return (check.as_str().to_owned(), check.meaning().for_leg(), check.rank());
        }
        let transfer = match self {
            Status::Settled => BankStatus::Settled,
            Status::Returned(_) => BankStatus::Returned,
            Status::Submitted
            | Status::Issued
            | Status::Stopping
            | Status::Stopped
            | Status::Cashed
            | Status::Rejected => BankStatus::Submitted,
        };
        (transfer.as_str().to_owned(), transfer.meaning(), transfer.rank())
    }
}

impl Transfer {
    pub(super) fn first_status(kind: Kind) -> Status {
        match kind {
            Kind::Payout | Kind::Funding => Status::Submitted,
            Kind::Check => Status::Issued,
        }
    }

    /// Where it may go on this day.
    pub(super) fn next(&self, day: usize) -> Vec<Status> {
        let is_later = day > self.made_on;
        let is_fresh = self.settled_on.is_none_or(|settled_on| day <= settled_on);
        let returns = |codes: &[Code]| codes.iter().map(|code| Status::Returned(*code)).collect::<Vec<_>>();
        match (self.kind, self.status) {
            (Kind::Funding, Status::Submitted) if is_later => {
                let mut next = returns(&Code::EARLY);
                next.push(Status::Settled);
                next
            }
            (Kind::Funding, Status::Settled) if is_fresh => returns(&Code::EARLY),
            // Long after only what the holder says counts; a bank may be late with anything nevertheless.
            (Kind::Funding, Status::Settled) => returns(&[Code::R01, Code::R10]),
            (Kind::Payout, Status::Submitted) if is_later => vec![Status::Settled, Status::Returned(Code::R02)],
            (Kind::Payout, Status::Settled) if is_fresh => vec![Status::Returned(Code::R02)],
            (Kind::Check, Status::Issued) if is_later => vec![Status::Cashed, Status::Rejected],
            (Kind::Check, Status::Stopping) => vec![Status::Stopped, Status::Cashed],
            (Kind::Funding | Kind::Payout | Kind::Check, _) => Vec::new(),
        }
    }

    /// What was said of it on the way to where it is, in any order and any number of times.
    pub(super) fn said(&self) -> Vec<Status> {
        let mut said = vec![Self::first_status(self.kind)];
        if self.was_stopping {
            said.push(Status::Stopping);
        }
        if self.settled_on.is_some() && self.kind != Kind::Check {
            said.push(Status::Settled);
        }
        if !said.contains(&self.status) {
            said.push(self.status);
        }
        said
    }

    pub(super) fn moves_to(&mut self, status: Status, day: usize) {
        match status {
            Status::Settled | Status::Cashed => self.settled_on = Some(day),
            Status::Stopping => self.was_stopping = true,
            Status::Submitted | Status::Returned(_) | Status::Issued | Status::Stopped | Status::Rejected => {}
        }
        self.status = status;
    }

    /// Its money is out, or may still go.
    pub(super) const fn is_live(&self) -> bool {
        match self.status {
            Status::Submitted | Status::Settled | Status::Issued | Status::Stopping | Status::Cashed => true,
            Status::Returned(_) | Status::Stopped | Status::Rejected => false,
        }
    }

    /// It has arrived.
    pub(super) const fn is_done(&self) -> bool {
        matches!(self.status, Status::Settled | Status::Cashed)
    }

    fn id(&self) -> String {
        let kind = if self.kind == Kind::Check { "chkt" } else { "acht" };
        format!("{kind}_{}{:?}{}", self.life, self.part, self.attempt)
    }

    /// The bank's word about it when it stood so.
    pub(super) fn report(&self, status: Status, account: &str) -> BankReport {
        let (word, meaning, rank) = status.word(self.kind);
        let code = match status {
            Status::Returned(code) => Some(code.as_str().to_owned()),
            Status::Submitted
            | Status::Settled
            | Status::Issued
            | Status::Stopping
            | Status::Stopped
            | Status::Cashed
            | Status::Rejected => None,
        };
        BankReport {
            transfer_id: self.id(),
            rail: self.kind.rail(),
            attempt: self.attempt,
            status: word,
            meaning,
            rank,
            amount: Cents::new(self.amount),
            currency: "USD".to_owned(),
            is_debit: self.kind.is_debit(),
            is_incoming: false,
            bank_account_id: account.to_owned(),
            settled_at: matches!(status, Status::Settled | Status::Cashed).then(|| self.settled_at()),
            return_code: code,
            presented_amount: None,
        }
    }

    pub(super) fn settled_at(&self) -> Timestamp {
        now(self.settled_on.unwrap_or(self.made_on))
    }

    pub(super) fn effective_on(&self) -> jiff::civil::Date {
        shared::domain::calendar::next_banking_day(eastern_date(now(self.made_on)))
    }

    /// The check as the bank shows it.
    pub(super) fn snapshot(&self, some_check: &CheckSnapshot, status: Status) -> CheckSnapshot {
        let letter = if self.is_letter_back { DeliveryStatus::ReturnedToSender } else { DeliveryStatus::Created };
        CheckSnapshot {
            id: self.id(),
            status: CheckStatus::parse(&status.word(self.kind).0),
            amount: Some(Cents::new(self.amount)),
            check_number: Some(self.check_number()),
            delivery_status: Some(letter),
            ..some_check.clone()
        }
    }

    pub(super) fn check_number(&self) -> i64 {
        1_000 + 10 * i64::try_from(self.life).unwrap_or_default() + i64::from(self.attempt)
    }
}

pub(super) fn now(day: usize) -> Timestamp {
    let hours = 24 * DAYS.get(day).copied().unwrap_or_default();
    FIRST_DAY.saturating_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX)
}
