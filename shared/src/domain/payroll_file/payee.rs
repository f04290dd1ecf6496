//! Whom a row pays: a loan at an institution, or a bank account. Each is named by leaves of its own, and a row names one.

use std::borrow::Cow;
use std::fmt;

use super::error::ErrorCode;
use super::field::Field;
use super::raw_row::RawRow;
use super::row::Checker;
use super::values;
use crate::domain::aba::RoutingNumber;
use crate::domain::bank::limits::EntryAccountNumber;
use crate::domain::bank::request::AccountType;
use crate::domain::secret::AccountNumber;

/// In totals by institution: the rows that name a bank account. No institution has this id.
pub const PAID_BY_ACCOUNT: &str = "bank_account";

/// What a row pays. `Debug` shows no name, and of a number the last four.
#[derive(Clone, PartialEq, Eq)]
pub enum RowPayee {
    Loan { institution_id: String, number: AccountNumber },
    Account(PayeeAccount),
}

/// A bank account as its row names it.
#[derive(Clone, PartialEq, Eq)]
pub struct PayeeAccount {
    pub routing_number: RoutingNumber,
    pub number: AccountNumber,
    pub account_type: AccountType,
    /// Whose account it is.
    pub name: String,
}

/// A payee whose values passed their rules.
#[derive(Clone, Copy)]
pub(super) enum CheckedPayee<'r> {
    Loan { institution_id: &'r str, number: &'r str },
    Account { routing_number: RoutingNumber, number: &'r str, account_type: AccountType, name: &'r str },
}

/// Which of the two ways to name a payee a row has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NamedPayee {
    Loan,
    Account,
    Both,
    /// It has leaves of both ways, and all of them are empty.
    Neither,
}

impl RowPayee {
    /// The number of the loan or bank account.
    pub const fn number(&self) -> &AccountNumber {
        match self {
            RowPayee::Loan { number, .. } => number,
            RowPayee::Account(account) => &account.number,
        }
    }

    /// Of a loan.
    pub fn institution_id(&self) -> Option<&str> {
        match self {
            RowPayee::Loan { institution_id, .. } => Some(institution_id),
            RowPayee::Account(_) => None,
        }
    }

    /// What tells it from other payees, however its number is spelled.
    pub(super) fn identity(&self) -> (&str, Cow<'_, str>) {
        let place = match self {
            RowPayee::Loan { institution_id, .. } => institution_id,
            RowPayee::Account(account) => account.routing_number.as_str(),
        };
        (place, EntryAccountNumber::normalized(self.number().expose()))
    }
}

impl CheckedPayee<'_> {
    pub(super) fn into_payee(self) -> RowPayee {
        match self {
            CheckedPayee::Loan { institution_id, number } => {
                RowPayee::Loan { institution_id: institution_id.to_owned(), number: AccountNumber::new(number) }
            }
            CheckedPayee::Account { routing_number, number, account_type, name } => RowPayee::Account(PayeeAccount {
                routing_number,
                number: AccountNumber::new(number),
                account_type,
                name: name.to_owned(),
            }),
        }
    }

    /// As it was typed.
    pub(super) const fn number(&self) -> &str {
        match self {
            CheckedPayee::Loan { number, .. } | CheckedPayee::Account { number, .. } => number,
        }
    }

    /// Where its number is one: the institution, or the routing number.
    pub(super) fn place(&self) -> &str {
        match self {
            CheckedPayee::Loan { institution_id, .. } => institution_id,
            CheckedPayee::Account { routing_number, .. } => routing_number.as_str(),
        }
    }

    /// What totals by institution have it under.
    pub(super) const fn institution(&self) -> &str {
        match self {
            CheckedPayee::Loan { institution_id, .. } => institution_id,
            CheckedPayee::Account { .. } => PAID_BY_ACCOUNT,
        }
    }

    /// What tells it from other payees. A loan's place begins with `ins_` and an account's is nine digits, so that none is taken for the other.
    pub(super) fn identity(&self) -> (&str, Cow<'_, str>) {
        let typed = self.number();
        (self.place(), fault!(SpellingIsAnotherLoan, typed.into(), EntryAccountNumber::normalized(typed)))
    }
}

impl NamedPayee {
    pub(super) fn of(row: &RawRow<'_>) -> Self {
        let is_filled = |field: &Field| row.get(*field).is_some_and(|value| !value.text.is_empty());
        let is_there = |field: &Field| row.get(*field).is_some();
        match (Field::OF_LOAN.iter().any(is_filled), Field::OF_ACCOUNT.iter().any(is_filled)) {
            (true, true) => NamedPayee::Both,
            (true, false) => NamedPayee::Loan,
            (false, true) => NamedPayee::Account,
            (false, false) => match (Field::OF_LOAN.iter().any(is_there), Field::OF_ACCOUNT.iter().any(is_there)) {
                (true, true) => NamedPayee::Neither,
                (false, true) => NamedPayee::Account,
                (true, false) | (false, false) => NamedPayee::Loan,
            },
        }
    }

    /// Whether a row that has taken this way has to have the leaf.
    pub(super) fn wants(self, field: Field) -> bool {
        let (of_loan, of_account) = (Field::OF_LOAN.contains(&field), Field::OF_ACCOUNT.contains(&field));
        match self {
            NamedPayee::Loan => !of_account,
            NamedPayee::Account => !of_loan,
            NamedPayee::Both | NamedPayee::Neither => !of_loan && !of_account,
        }
    }

    /// Notes a payee that is named twice or not at all.
    pub(super) fn note(self, row: &mut RawRow<'_>) {
        let filled = |field: &Field| row.get(*field).filter(|value| !value.text.is_empty()).map(|value| value.at);
        match self {
            NamedPayee::Loan | NamedPayee::Account => {}
            NamedPayee::Both => {
                let first = Field::OF_ACCOUNT.into_iter().find_map(|field| Some((field, filled(&field)?)));
                let (field, at) = first.unwrap_or((Field::PayeeAccount, 0));
                let what = "stands beside a loan: a row pays a loan or a bank account; use two rows for both";
                row.problem(field.path(), ErrorCode::TwoPayees, at, what);
            }
            NamedPayee::Neither => {
                let field = Field::LoanAccountNumber;
                let at = row.get(field).map_or(0, |value| value.at);
                let what = "is empty, and so is what names a bank account: a row pays one of them";
                row.problem(field.path(), ErrorCode::NoPayee, at, what);
            }
        }
    }
}

impl<'r> Checker<'_, 'r> {
    /// The payee, where it is named once and rightly.
    pub(super) fn payee(&mut self) -> Option<CheckedPayee<'r>> {
        match NamedPayee::of(self.raw) {
            NamedPayee::Loan => {
                let institution_id = self.take(Field::InstitutionId, values::institution_id);
                let number = self.take(Field::LoanAccountNumber, values::loan_account_number);
                Some(CheckedPayee::Loan { institution_id: institution_id?, number: number? })
            }
            NamedPayee::Account => {
                let routing_number = self.take(Field::PayeeRouting, values::routing_number);
                let number = self.take(Field::PayeeAccount, values::payee_account_number);
                let account_type = self.take(Field::PayeeAccountType, values::account_type);
                let name = self.take(Field::PayeeName, values::payee_name);
                Some(CheckedPayee::Account {
                    routing_number: routing_number?,
                    number: number?,
                    account_type: account_type?,
                    name: name?,
                })
            }
            NamedPayee::Both | NamedPayee::Neither => None,
        }
    }
}

impl fmt::Debug for RowPayee {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RowPayee::Loan { institution_id, number } => write!(formatter, "Loan({institution_id}, {number:?})"),
            RowPayee::Account(account) => account.fmt(formatter),
        }
    }
}

impl fmt::Debug for PayeeAccount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PayeeAccount({}, {:?})", self.routing_number, self.number)
    }
}
