//! What a file contains, to compare an importer's findings with.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::GenerateError;
use crate::rows::GeneratedRow;

/// The contents of a generated file. Sums and counts other than `rows` cover the complete rows without an expected
/// error, also in a file with a file error, of which nothing may be paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Lower-case hex.
    pub sha256: String,
    pub bytes: u64,
    /// Complete rows, those with an expected error included.
    pub rows: u64,
    pub rows_with_errors: u64,
    /// In JSON a string with two decimals, as every total here.
    #[serde(rename = "total", with = "dollars_text")]
    pub total_cents: i64,
    /// Rows of servicers that a provider knows.
    pub payable: Totals,
    /// Rows of dead servicers.
    pub unpayable: Totals,
    pub by_source: BTreeMap<String, Totals>,
    pub by_branch: BTreeMap<String, Totals>,
    pub by_institution: BTreeMap<String, Totals>,
    /// Without the dead servicers' rows: what is to be pulled from each source. A source without a payable row is
    /// absent.
    pub payable_by_source: BTreeMap<String, Totals>,
    pub payable_by_branch: BTreeMap<String, Totals>,
    pub employees: u64,
    /// Distinct (employee, institution, loan account number).
    pub loans: u64,
    /// Distinct EINs.
    pub companies: u64,
    /// Distinct (routing number, account number) of sources.
    pub bank_accounts: u64,
    /// Institution ids that no provider may know, drawn or not.
    pub dead_servicers: Vec<String>,
    /// In document order, at most one a row; a file error stands last, and alone where it keeps an importer from
    /// reading the rows.
    pub expected_errors: Vec<ExpectedError>,
}

impl Manifest {
    /// Writes the manifest as JSON beside the payroll file `file`, as `<file>.manifest.json`, and answers that path.
    ///
    /// # Errors
    /// [`GenerateError::WriteManifest`] naming the path.
    pub fn write_manifest(&self, file: &Path) -> Result<PathBuf, GenerateError> {
        let mut path = file.as_os_str().to_owned();
        path.push(".manifest.json");
        let path = PathBuf::from(path);
        let written = serde_json::to_vec_pretty(self).map_err(Into::into).and_then(|json| fs::write(&path, json));
        match written {
            Ok(()) => Ok(path),
            Err(source) => Err(GenerateError::WriteManifest { path, source }),
        }
    }
}

/// A number of rows and the sum of their amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    pub rows: u64,
    #[serde(rename = "total", with = "dollars_text")]
    pub total_cents: i64,
}

impl Totals {
    fn add(&mut self, amount_cents: i64) -> Result<(), GenerateError> {
        self.rows += 1;
        self.total_cents = self.total_cents.checked_add(amount_cents).ok_or(GenerateError::TotalOverflow)?;
        Ok(())
    }
}

/// An error that an importer must report: `payroll-file.md` section 6.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedError {
    /// From 1. For a truncated file the last complete row, 0 if there is none; absent for the other file errors.
    pub row: Option<u64>,
    /// The path of the element; absent where the whole row or file is wrong. For a conflict the leaf that differs.
    pub field: Option<String>,
    pub code: ErrorCode,
    /// The row that a duplicate or conflict repeats.
    pub earlier_row: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    MissingField,
    EmptyField,
    DuplicateField,
    UnexpectedElement,
    AmountFormat,
    AmountNegative,
    AmountTooSmall,
    AmountTooLarge,
    AbaFormat,
    AbaChecksum,
    DobInvalid,
    PhoneFormat,
    LoanFormat,
    TextFormat,
    AmountCurrency,
    DuplicateRow,
    ConflictingEmployee,
    ConflictingPayor,
    DtdForbidden,
    XmlTruncated,
    XmlSyntax,
    WrongRoot,
    UnsupportedEncoding,
}

/// Counts rows while they are written.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    rows: u64,
    all: Totals,
    payable: Totals,
    unpayable: Totals,
    by_source: BTreeMap<String, Totals>,
    by_branch: BTreeMap<String, Totals>,
    by_institution: BTreeMap<String, Totals>,
    payable_by_source: BTreeMap<String, Totals>,
    payable_by_branch: BTreeMap<String, Totals>,
    // Hashes instead of texts: a million loans stay below 20 MB, and two of them fall together once in ten million
    // files.
    employees: HashSet<u64>,
    loans: HashSet<u64>,
    companies: HashSet<u64>,
    bank_accounts: HashSet<u64>,
    dead_servicers: Vec<String>,
    expected_errors: Vec<ExpectedError>,
}

impl Tally {
    pub(crate) fn new(dead_servicers: &[String]) -> Self {
        Self { dead_servicers: dead_servicers.to_vec(), ..Self::default() }
    }

    pub(crate) fn add_valid(&mut self, row: &GeneratedRow) -> Result<(), GenerateError> {
        let GeneratedRow { employee, source, payee, amount_cents } = row;
        self.rows += 1;
        self.all.add(*amount_cents)?;
        add_to(&mut self.by_source, &source.source_id, *amount_cents)?;
        add_to(&mut self.by_branch, &employee.branch_id, *amount_cents)?;
        add_to(&mut self.by_institution, &payee.institution_id, *amount_cents)?;
        if self.dead_servicers.contains(&payee.institution_id) {
            self.unpayable.add(*amount_cents)?;
        } else {
            self.payable.add(*amount_cents)?;
            add_to(&mut self.payable_by_source, &source.source_id, *amount_cents)?;
            add_to(&mut self.payable_by_branch, &employee.branch_id, *amount_cents)?;
        }
        self.employees.insert(hash_of(&employee.employee_id));
        self.loans.insert(hash_of(&(&employee.employee_id, &payee.institution_id, &payee.loan_account_number)));
        self.companies.insert(hash_of(&source.ein));
        self.bank_accounts.insert(hash_of(&(&source.routing_number, &source.account_number)));
        Ok(())
    }

    pub(crate) fn add_defective(&mut self, expected: ExpectedError) {
        self.rows += 1;
        self.expected_errors.push(expected);
    }

    pub(crate) fn into_manifest(self, sha256: String, bytes: u64) -> Manifest {
        Manifest {
            sha256,
            bytes,
            rows: self.rows,
            rows_with_errors: self.rows - self.all.rows,
            total_cents: self.all.total_cents,
            payable: self.payable,
            unpayable: self.unpayable,
            by_source: self.by_source,
            by_branch: self.by_branch,
            by_institution: self.by_institution,
            payable_by_source: self.payable_by_source,
            payable_by_branch: self.payable_by_branch,
            employees: self.employees.len() as u64,
            loans: self.loans.len() as u64,
            companies: self.companies.len() as u64,
            bank_accounts: self.bank_accounts.len() as u64,
            dead_servicers: self.dead_servicers,
            expected_errors: self.expected_errors,
        }
    }
}

/// The key is copied only when it is new: this runs five times a row.
fn add_to(totals: &mut BTreeMap<String, Totals>, key: &str, amount_cents: i64) -> Result<(), GenerateError> {
    if let Some(known) = totals.get_mut(key) {
        return known.add(amount_cents);
    }
    totals.entry(key.to_owned()).or_default().add(amount_cents)
}

fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Whole cents in memory, a string with two decimals in JSON.
mod dollars_text {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::rows::dollars;

    pub(super) fn serialize<S: Serializer>(cents: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&dollars(*cents))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        let text = String::deserialize(deserializer)?;
        let cents = text
            .split_once('.')
            .filter(|(_, decimals)| decimals.len() == 2)
            .and_then(|(whole, decimals)| format!("{whole}{decimals}").parse().ok());
        cents.ok_or_else(|| D::Error::custom(format!("{text:?} is not an amount with two decimals")))
    }
}
