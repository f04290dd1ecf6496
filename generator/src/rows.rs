//! The rows of a file as values, before they are written: tests permute, drop or change them and write them with
//! [`FileWriter`](crate::FileWriter).

use std::borrow::Cow;
use std::collections::HashSet;

use crate::company::Company;
use crate::error::GenerateError;
use crate::field::Field;
use crate::options::Options;
use crate::random::{Draw, Stream};

const LOAN_NUMBERS: u64 = 100_000_000;

/// One payment. Every text stands exactly as the file will carry it, before XML escaping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedRow {
    pub employee: Employee,
    pub source: Source,
    pub payee: Payee,
    pub amount_cents: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Employee {
    /// `EMP-` and a UUID.
    pub employee_id: String,
    /// `BRC-` and a UUID.
    pub branch_id: String,
    pub first_name: String,
    pub last_name: String,
    /// `MM-DD-YYYY`.
    pub date_of_birth: String,
    /// `+1` and ten digits.
    pub phone_number: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// `CORP-` and a UUID.
    pub source_id: String,
    /// Nine digits with a valid checksum.
    pub routing_number: String,
    /// Eight digits; two sources of a file never share routing and account number.
    pub account_number: String,
    pub legal_name: String,
    pub trade_name: String,
    pub ein: String,
    pub address: Address,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub line1: String,
    pub city: String,
    pub state: String,
    pub zip: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payee {
    /// `ins_` and six digits.
    pub institution_id: String,
    /// Eight digits, leading zeros kept.
    pub loan_account_number: String,
}

impl GeneratedRow {
    /// The text of a leaf.
    pub fn text(&self, field: Field) -> Cow<'_, str> {
        let text = match field {
            Field::EmployeeId => &self.employee.employee_id,
            Field::BranchId => &self.employee.branch_id,
            Field::FirstName => &self.employee.first_name,
            Field::LastName => &self.employee.last_name,
            Field::DateOfBirth => &self.employee.date_of_birth,
            Field::PhoneNumber => &self.employee.phone_number,
            Field::SourceId => &self.source.source_id,
            Field::RoutingNumber => &self.source.routing_number,
            Field::AccountNumber => &self.source.account_number,
            Field::LegalName => &self.source.legal_name,
            Field::TradeName => &self.source.trade_name,
            Field::Ein => &self.source.ein,
            Field::Line1 => &self.source.address.line1,
            Field::City => &self.source.address.city,
            Field::State => &self.source.address.state,
            Field::Zip => &self.source.address.zip,
            Field::InstitutionId => &self.payee.institution_id,
            Field::LoanAccountNumber => &self.payee.loan_account_number,
            Field::Amount => return Cow::Owned(format!("${}", dollars(self.amount_cents))),
        };
        Cow::Borrowed(text)
    }
}

/// Whole cents with two decimals: `123456` is `1234.56`.
pub(crate) fn dollars(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let cents = cents.unsigned_abs();
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}

/// The rows of the file that these options describe, without its defects. With the same seed, a larger `rows` begins
/// with the same rows.
///
/// # Errors
/// [`GenerateError::Option`] for an option out of range.
pub fn rows(options: &Options) -> Result<Rows, GenerateError> {
    options.check()?;
    Ok(Rows {
        company: Company::new(options),
        draw: Draw::new(options.seed, Stream::Rows),
        used_loans: HashSet::new(),
        remaining: options.rows,
        min_cents: options.min_cents,
        max_cents: options.max_cents,
    })
}

/// See [`rows`].
#[derive(Debug, Clone)]
pub struct Rows {
    company: Company,
    draw: Draw,
    used_loans: HashSet<u64>,
    remaining: u64,
    min_cents: i64,
    max_cents: i64,
}

impl Rows {
    /// Every source that rows draw from.
    pub fn sources(&self) -> &[Source] {
        &self.company.sources
    }

    /// Institution ids that no provider may know.
    pub fn dead_servicers(&self) -> &[String] {
        self.company.dead_servicers()
    }

    /// Draws until employee, servicer and loan number are a loan that no earlier row pays. The three fit into one
    /// number: `Options::check` keeps employees times servicers below 10^11, and there are 10^8 loan numbers.
    fn unused_loan(&mut self, employee: usize, servicer: usize) -> u64 {
        let account = (employee * self.company.servicers.len() + servicer) as u64;
        loop {
            let loan = self.draw.below(LOAN_NUMBERS);
            if self.used_loans.insert(account * LOAN_NUMBERS + loan) {
                return loan;
            }
        }
    }
}

impl Iterator for Rows {
    type Item = GeneratedRow;

    fn next(&mut self) -> Option<GeneratedRow> {
        self.remaining = self.remaining.checked_sub(1)?;
        let employee = self.draw.index(self.company.employees.len());
        let source = self.draw.index(self.company.sources.len());
        let servicer = self.draw.index(self.company.servicers.len());
        let loan = self.unused_loan(employee, servicer);
        let spread_cents = self.max_cents.abs_diff(self.min_cents);
        let amount_cents = self.min_cents.saturating_add_unsigned(self.draw.below(spread_cents + 1));
        Some(GeneratedRow {
            employee: self.company.employees[employee].clone(),
            source: self.company.sources[source].clone(),
            payee: Payee {
                institution_id: self.company.servicers[servicer].clone(),
                loan_account_number: format!("{loan:08}"),
            },
            amount_cents,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let remaining = usize::try_from(self.remaining).unwrap_or(usize::MAX);
        (remaining, Some(remaining))
    }
}

impl ExactSizeIterator for Rows {}
