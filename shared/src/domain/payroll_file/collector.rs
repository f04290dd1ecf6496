//! Row after row: the rules that need other rows, the totals, and the capped list of errors.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::BuildHasher;

use foldhash::quality::RandomState;

use super::accounts::{Accounts, Sighting};
use super::csv::Header;
use super::employees::Employees;
use super::error::{ErrorCode, Flaw, RowError};
use super::field::Field;
use super::hash::{PayDigest, RowDigest, Sha256Hash, canonical_hash};
use super::layout::Layout;
use super::limits::Limits;
use super::payee::CheckedPayee;
use super::raw_row::RawRow;
use super::row::{CheckedRow, Checker, Problem, RowPlace, Rules};
use super::sources::{self, Sources};
use super::summary::{BankName, Chunk, Summary, WarningCount};
use super::tally::Tally;
use super::warning::{Warning, Warnings};
use super::watched::Watched;
use crate::domain::bank::limits::ReceiverName;
use crate::domain::money::MoneyOverflow;

/// Names of columns that a summary shows; of more it tells how many.
const COLUMNS_SHOWN: usize = 100;

/// Names that a summary shows as the bank will see them; of more it tells how many.
const BANK_NAMES_SHOWN: usize = 100;

pub(super) struct Collector {
    rules: Rules,
    limits: Limits,
    rows: u64,
    errors: Vec<RowError>,
    error_count: u64,
    sources: Sources,
    employees: Employees,
    tally: Tally,
    /// The first row of each digest.
    digests: HashMap<RowDigest, u32, RandomState>,
    pay_digests: Vec<PayDigest>,
    /// 64-bit hashes of (employee, institution, loan): a collision would only miscount loans by one.
    loans: HashSet<u64, RandomState>,
    loan_hasher: RandomState,
    accounts: Accounts,
    warnings: BTreeMap<Warning, WarningCount>,
    bank_names: Vec<BankName>,
    /// Columns that nobody looks at.
    unknown_columns: Vec<String>,
    /// Payees whose numbers end like an account that the bank has corrected.
    watched: Watched,
    buffer: Vec<u8>,
}

/// What the reader knows about the file as bytes.
pub(super) struct FileFacts {
    pub(super) sha256: Sha256Hash,
    pub(super) bytes: u64,
    pub(super) chunks: Vec<Chunk>,
    pub(super) layout: Layout,
}

impl Collector {
    pub(super) fn new(limits: Limits, rules: Rules) -> Self {
        Self {
            rules,
            limits,
            rows: 0,
            errors: Vec::new(),
            error_count: 0,
            sources: Sources::default(),
            employees: Employees::default(),
            tally: Tally::default(),
            digests: HashMap::default(),
            pay_digests: Vec::new(),
            loans: HashSet::default(),
            loan_hasher: RandomState::default(),
            accounts: Accounts::default(),
            warnings: BTreeMap::new(),
            bank_names: Vec::new(),
            unknown_columns: Vec::new(),
            watched: Watched::default(),
            buffer: Vec::new(),
        }
    }

    pub(super) fn watch(&mut self, endings: BTreeSet<String>) {
        self.watched = Watched::new(endings);
    }

    /// Complete rows so far.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Takes the next row, which begins at `offset` in the file, and of a table in that line. A flaw's position counts from there.
    pub(super) fn row(&mut self, raw: &RawRow<'_>, offset: u64, line: Option<(u64, &Header)>) -> Result<(), Flaw> {
        if self.rows >= u64::from(self.limits.rows) {
            return Err(Flaw::limit(0, "rows", self.limits.rows));
        }
        let number = self.rows + 1;
        let mut checker = Checker::new(raw);
        let payment = checker.payment(self.rules);
        self.check_source(raw, &mut checker, number);
        let Checker { mut problems, mut warnings, .. } = checker;
        if let Some(payment) = payment
            && problems.is_empty()
        {
            let (digest, of_others) = self.compare(raw, &payment, &mut problems);
            warnings.insert_all(of_others);
            if problems.is_empty() {
                self.total(&payment)?;
                let pay_digest = payment.pay_digest(&mut self.buffer);
                self.pay_digests.push(pay_digest);
                self.watched.see(&payment, number, (digest, pay_digest));
                self.note_bank_name(payment.bank_name, number);
            }
        }
        self.rows = number;
        self.warn(warnings, number);
        for problem in problems {
            self.error_count += 1;
            if self.errors.len() < self.limits.row_errors {
                self.errors.push(problem.in_row(RowPlace { number, offset, line }));
            }
        }
        Ok(())
    }

    pub(super) fn warn(&mut self, warnings: Warnings, row: u64) {
        if warnings.is_empty() {
            return;
        }
        for warning in Warning::ALL.into_iter().filter(|warning| warnings.contains(*warning)) {
            self.warnings.entry(warning).or_insert(WarningCount { count: 0, first_row: row }).count += 1;
        }
    }

    /// Notes a column that nobody looks at.
    pub(super) fn unknown_column(&mut self, name: String) {
        self.warn(Warning::UnknownColumn.alone(), 0);
        if self.unknown_columns.len() < COLUMNS_SHOWN {
            self.unknown_columns.push(name);
        }
    }

    fn check_source(&mut self, raw: &RawRow<'_>, checker: &mut Checker<'_, '_>, number: u64) {
        if let Some(warnings) = self.sources.known(raw) {
            checker.warnings.insert_all(warnings);
            return;
        }
        let Some(details) = sources::check(checker) else { return };
        let warnings = sources::warnings(&details);
        checker.warnings.insert_all(warnings);
        // A row that is wrong in other ways must not decide what its source looks like.
        if !checker.problems.is_empty() {
            return;
        }
        let place = |field: Field| (Some(field.path()), raw.get(field).map_or(0, |value| value.at));
        let paid = self.accounts.first_row(details.routing_number.as_str(), details.account_number.expose());
        if let Some(row) = fault!(PayeeIsSourceTaken, None, paid) {
            let text = format!(" is the account that row {row} pays; a company pays nothing to itself");
            let (path, at) = place(Field::AccountNumber);
            checker.problems.push(Problem { path, code: ErrorCode::PayeeIsSource, at, text });
        } else if let Err(conflict) = self.sources.add(details, warnings, number) {
            let text = format!(" {}; compare row {}", conflict.what, conflict.first_row);
            let (path, at) = place(conflict.field);
            checker.problems.push(Problem { path, code: ErrorCode::ConflictingPayor, at, text });
        }
    }

    /// The rules that need the rows before. Answers the row's digest too.
    fn compare(
        &mut self,
        raw: &RawRow<'_>,
        row: &CheckedRow<'_>,
        problems: &mut Vec<Problem>,
    ) -> (RowDigest, Warnings) {
        let number = self.rows + 1;
        if let Some((field, first)) = self.employees.contradiction(row, number) {
            let text = format!(" is another than \"{}\" has in row {first}", row.employee_id);
            let at = raw.get(field).map_or(0, |value| value.at);
            problems.push(Problem { path: Some(field.path()), code: ErrorCode::ConflictingEmployee, at, text });
        }
        let (place, payee_number) = row.payee.identity();
        let texts = [row.employee_id, row.source_id, place, &*payee_number];
        let digest = RowDigest::of(texts, row.amount.get(), &mut self.buffer);
        let short_number = u32::try_from(number).unwrap_or(u32::MAX);
        let first = *self.digests.entry(digest).or_insert(short_number);
        let repeated = match row.payee {
            CheckedPayee::Loan { .. } => self.see_loan(row, place, &payee_number),
            CheckedPayee::Account { .. } => self.see_account(raw, row, (place, &*payee_number), problems),
        };
        let mut warnings = Warnings::default();
        if first != short_number {
            let text = format!(" pays the same employee, payee and amount from the same source as row {first}");
            problems.push(Problem { path: None, code: ErrorCode::DuplicateRow, at: 0, text });
        } else if let Some(warning) = repeated {
            warnings.insert(warning);
        }
        (digest, warnings)
    }

    fn see_loan(&mut self, row: &CheckedRow<'_>, place: &str, number: &str) -> Option<Warning> {
        let loan = self.loan_hasher.hash_one((row.employee_id, place, number));
        (!self.loans.insert(loan)).then_some(Warning::RepeatedLoan)
    }

    /// Refuses a source's own account: what a company pays to itself is no payroll, and its money would go round.
    fn see_account(
        &mut self,
        raw: &RawRow<'_>,
        row: &CheckedRow<'_>,
        (routing_number, number): (&str, &str),
        problems: &mut Vec<Problem>,
    ) -> Option<Warning> {
        if let Some(source_id) = fault!(PayeeIsSourceTaken, None, self.sources.holder(routing_number, number)) {
            let text = format!(" is the account of source \"{source_id}\"; a company pays nothing to itself");
            let (path, at) = (Field::PayeeAccount.path(), raw.get(Field::PayeeAccount).map_or(0, |value| value.at));
            problems.push(Problem { path: Some(path), code: ErrorCode::PayeeIsSource, at, text });
        }
        match self.accounts.see(routing_number, number, row.employee_id, self.rows + 1) {
            Sighting::New => None,
            Sighting::OfEmployee => Some(Warning::RepeatedAccount),
            Sighting::OfAnother => Some(Warning::SharedAccount),
        }
    }

    /// Of each name that the bank sees otherwise the first row.
    fn note_bank_name(&mut self, name: Option<ReceiverName>, row: u64) {
        let Some(name) = name.filter(|_| self.bank_names.len() < BANK_NAMES_SHOWN) else { return };
        let name = name.as_str().to_owned();
        if self.bank_names.iter().all(|known| known.name != name) {
            self.bank_names.push(BankName { row, name });
        }
    }

    fn total(&mut self, row: &CheckedRow<'_>) -> Result<(), Flaw> {
        self.tally.add(row).map_err(|MoneyOverflow| {
            Flaw::new(ErrorCode::TotalOverflow, 0, "the sum of the amounts is beyond 64-bit cents; split the file")
        })?;
        if self.tally.distinct_ids() > self.limits.distinct_ids {
            return Err(Flaw::limit(0, "different sources, branches or institutions", self.limits.distinct_ids));
        }
        Ok(())
    }

    /// The kept errors and their whole number, if there is any.
    pub(super) fn take_errors(&mut self) -> Option<(Vec<RowError>, u64)> {
        (self.error_count > 0).then(|| (std::mem::take(&mut self.errors), self.error_count))
    }

    pub(super) fn into_summary(mut self, file: FileFacts) -> Result<Summary, MoneyOverflow> {
        let by_source = self.tally.by_source()?;
        let by_branch = self.tally.by_branch()?;
        let by_institution = self.tally.by_institution()?;
        let total = self.tally.total();
        let employees = self.employees.count();
        let loans = self.loans.len() as u64;
        // The sets are let go one by one: at a million rows they are the larger part of the memory.
        drop(self.loans);
        let mut row_digests: Vec<RowDigest> = self.digests.into_keys().collect();
        row_digests.sort_unstable();
        self.pay_digests.sort_unstable();
        Ok(Summary {
            rows: self.rows,
            total,
            file_sha256: file.sha256,
            canonical_hash: canonical_hash(&row_digests),
            file_bytes: file.bytes,
            employees,
            loans,
            payee_accounts: self.accounts.count(),
            by_source: by_source.by_id,
            by_branch: by_branch.by_id,
            by_institution,
            by_source_and_institution: by_source.by_id_and_institution,
            by_branch_and_institution: by_branch.by_id_and_institution,
            warnings: self.warnings,
            bank_names: self.bank_names,
            unknown_columns: self.unknown_columns,
            chunks: file.chunks,
            layout: file.layout,
            sources: self.sources.into_details(),
            watched: self.watched.into_payees(),
            row_digests,
            pay_digests: self.pay_digests,
        })
    }
}
