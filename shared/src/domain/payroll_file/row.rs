//! A row that passed every rule for its own values, and the one function that applies them.

use std::fmt;

use jiff::civil::Date;

use super::amount::parse_amount;
use super::csv::Header;
use super::error::{ErrorCode, RowError, quote};
use super::field::Field;
use super::hash::{PayDigest, RowDigest};
use super::payee::{CheckedPayee, RowPayee};
use super::raw_row::RawRow;
use super::sources::{self, SourceDetails};
use super::values::{self, Complaint};
use super::warning::{Warning, Warnings};
use crate::domain::ach::transliteration::transliterated;
use crate::domain::bank::body::RequestProblem;
use crate::domain::bank::limits::ReceiverName;
use crate::domain::money::Cents;

/// One payment of the file. Dates of birth and phone numbers were checked and are not kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// From 1, in document order, over the whole file.
    pub number: u64,
    pub employee_id: String,
    pub branch_id: String,
    pub first_name: String,
    pub last_name: String,
    pub source_id: String,
    pub payee: RowPayee,
    pub amount: Cents,
}

impl Row {
    /// Whom the receiver sees: the name as the bank gets it.
    pub fn receiver_name(&self) -> Result<ReceiverName, RequestProblem> {
        match &self.payee {
            RowPayee::Loan { .. } => {
                ReceiverName::try_from(&*transliterated(&format!("{} {}", self.first_name, self.last_name)))
            }
            RowPayee::Account(account) => ReceiverName::try_from(&*transliterated(&account.name)),
        }
    }

    /// What makes the row that payment, as the summary has it among the digests of the file.
    pub fn digest(&self) -> RowDigest {
        let (place, number) = self.payee.identity();
        let texts = [&*self.employee_id, &*self.source_id, place, &*number];
        RowDigest::of(texts, self.amount.get(), &mut Vec::new())
    }

    /// What the row pays, whichever account gets it.
    pub fn pay_digest(&self) -> PayDigest {
        PayDigest::of([&self.employee_id, &self.source_id], self.amount.get(), &mut Vec::new())
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Row")
            .field("number", &self.number)
            .field("employee_id", &self.employee_id)
            .field("branch_id", &self.branch_id)
            .field("source_id", &self.source_id)
            .field("payee", &self.payee)
            .field("amount", &self.amount)
            .finish_non_exhaustive()
    }
}

/// A row error before it knows its row's number and place in the file.
#[derive(Debug)]
pub(super) struct Problem {
    /// Nothing where the whole row is wrong.
    pub(super) path: Option<&'static str>,
    pub(super) code: ErrorCode,
    /// Byte position in the row.
    pub(super) at: usize,
    /// What follows the path in the message.
    pub(super) text: String,
}

/// Where a row stands in its file.
#[derive(Clone, Copy)]
pub(super) struct RowPlace<'h> {
    pub(super) number: u64,
    /// Of its first byte.
    pub(super) offset: u64,
    /// Of a table: its first line, and what the table calls its columns.
    pub(super) line: Option<(u64, &'h Header)>,
}

impl Problem {
    pub(super) fn in_row(self, place: RowPlace<'_>) -> RowError {
        let row = place.number;
        let column = place.line.and_then(|(_, header)| header.name_of(self.path?));
        let message = match (self.path, place.line, &column) {
            (Some(_), Some((line, _)), Some(column)) => format!("row {row}, line {line}: {column}{}", self.text),
            (_, Some((line, _)), _) => format!("row {row}, line {line}{}", self.text),
            (Some(path), None, _) => format!("row {row}: {path}{}", self.text),
            (None, None, _) => format!("row {row}{}", self.text),
        };
        let (field, line) = (self.path.map(str::to_owned), place.line.map(|(line, _)| line));
        RowError { row, field, column, line, code: self.code, offset: place.offset + self.at as u64, message }
    }
}

/// The values of a valid row, still in the window.
#[derive(Clone)]
pub(super) struct CheckedRow<'r> {
    pub(super) employee_id: &'r str,
    pub(super) branch_id: &'r str,
    pub(super) first_name: &'r str,
    pub(super) last_name: &'r str,
    /// Where it may be another than is written.
    pub(super) bank_name: Option<ReceiverName>,
    pub(super) date_of_birth: Date,
    pub(super) source_id: &'r str,
    pub(super) payee: CheckedPayee<'r>,
    pub(super) amount: Cents,
}

impl CheckedRow<'_> {
    pub(super) fn pay_digest(&self, buffer: &mut Vec<u8>) -> PayDigest {
        PayDigest::of([self.employee_id, self.source_id], self.amount.get(), buffer)
    }

    pub(super) fn into_row(self, number: u64) -> Row {
        Row {
            number,
            employee_id: self.employee_id.to_owned(),
            branch_id: self.branch_id.to_owned(),
            first_name: self.first_name.to_owned(),
            last_name: self.last_name.to_owned(),
            source_id: self.source_id.to_owned(),
            payee: self.payee.into_payee(),
            amount: self.amount,
        }
    }
}

/// What the rules compare with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) today: Date,
    pub(super) largest_amount: Cents,
}

/// Applies the rules to one row's values one by one, collecting what is wrong.
pub(super) struct Checker<'a, 'r> {
    pub(super) raw: &'r RawRow<'a>,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Warnings,
}

impl<'a, 'r> Checker<'a, 'r> {
    pub(super) fn new(raw: &'r RawRow<'a>) -> Self {
        let shape = raw.problems.iter().map(|problem| Problem {
            path: problem.path,
            code: problem.code,
            at: problem.at,
            text: format!(" {}", problem.what),
        });
        Self { raw, problems: shape.collect(), warnings: raw.warnings }
    }

    /// The value of a leaf if the rule accepts it. A missing or empty leaf was noted with the row's shape.
    pub(super) fn take<T>(&mut self, field: Field, rule: impl FnOnce(&'r str) -> Result<T, Complaint>) -> Option<T> {
        let value = self.raw.get(field).filter(|value| !value.text.is_empty())?;
        match rule(&value.text) {
            Ok(accepted) => Some(accepted),
            Err(Complaint { code, what }) => {
                let text = format!("{} {what}", quote(field, &value.text));
                self.problems.push(Problem { path: Some(field.path()), code, at: value.at, text });
                None
            }
        }
    }

    /// What the bank gets for the name, where that may be another than is written; `None` if it gets none.
    fn bank_name(&mut self, first_name: Option<&str>, last_name: Option<&str>) -> Option<Option<ReceiverName>> {
        match values::bank_name(first_name?, last_name?) {
            Ok(name) => {
                self.warnings.insert_if(name.is_some(), Warning::NameTransliterated);
                Some(name)
            }
            Err(Complaint { code, what }) => {
                let at = self.raw.get(Field::FirstName).map_or(0, |value| value.at);
                self.problems.push(Problem { path: Some(Field::FirstName.path()), code, at, text: format!(" {what}") });
                None
            }
        }
    }

    /// What the bank gets for the name of an account's holder, where that is another than is written.
    fn holder_at_bank(&mut self, name: &str) -> Option<ReceiverName> {
        let at_bank = values::holder_at_bank(name);
        self.warnings.insert_if(at_bank.is_some(), Warning::NameTransliterated);
        self.warnings.insert_if(values::has_unusual_characters(name), Warning::UnusualCharacters);
        at_bank
    }

    /// Everything but the source's own details; `None` if anything of the row is wrong so far.
    pub(super) fn payment(&mut self, rules: Rules) -> Option<CheckedRow<'r>> {
        let employee_id = self.take(Field::EmployeeId, values::id);
        let branch_id = self.take(Field::BranchId, values::id);
        let first_name = self.take(Field::FirstName, values::person_name);
        let last_name = self.take(Field::LastName, values::person_name);
        let date_of_birth = self.take(Field::Dob, |text| values::date_of_birth(text, rules.today));
        let phone_number = self.take(Field::PhoneNumber, values::phone_number);
        let source_id = self.take(Field::SourceId, values::source_id);
        let payee = self.payee();
        let amount = self.take(Field::Amount, |text| parse_amount(text, rules.largest_amount));
        let lacks = |id: Option<&str>, prefix: &str| id.is_some_and(|id| !id.starts_with(prefix));
        let unusual = |name: Option<&str>| name.is_some_and(values::has_unusual_characters);
        self.warnings.insert_if(lacks(employee_id, "EMP-"), Warning::EmployeeIdPrefix);
        self.warnings.insert_if(lacks(branch_id, "BRC-"), Warning::BranchIdPrefix);
        self.warnings.insert_if(lacks(source_id, "CORP-"), Warning::SourceIdPrefix);
        self.warnings.insert_if(unusual(first_name) || unusual(last_name), Warning::UnusualCharacters);
        let bank_name = match payee {
            Some(CheckedPayee::Account { name, .. }) => Some(self.holder_at_bank(name)),
            Some(CheckedPayee::Loan { .. }) | None => self.bank_name(first_name, last_name),
        };
        phone_number?;
        let checked = CheckedRow {
            employee_id: employee_id?,
            branch_id: branch_id?,
            first_name: first_name?,
            last_name: last_name?,
            bank_name: bank_name?,
            date_of_birth: date_of_birth?,
            source_id: source_id?,
            payee: payee?,
            amount: amount?,
        };
        self.problems.is_empty().then_some(checked)
    }
}

/// A row on its own: every rule that needs no other row.
pub(super) fn check_row<'r>(
    raw: &'r RawRow<'_>,
    rules: Rules,
) -> Result<(CheckedRow<'r>, SourceDetails), Vec<Problem>> {
    let mut checker = Checker::new(raw);
    let payment = checker.payment(rules);
    let source = sources::check(&mut checker);
    match (payment, source) {
        (Some(payment), Some(source)) if checker.problems.is_empty() => Ok((payment, source)),
        (Some(_) | None, Some(_) | None) => Err(checker.problems),
    }
}
