//! The defects that a file can be given on purpose, and their list form:
//! `aba:3,amount-zero:1,dup-row:2,missing:DOB:1,truncate`.

use std::str::FromStr;

use crate::field::{Field, Group};

/// What is wrong with a file. Parses from one item of the list form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defect {
    /// `count` rows, chosen by the seed, each with this defect alone.
    Rows { defect: RowDefect, count: u64 },
    /// A file carries one of these at most.
    File(FileDefect),
}

/// What is wrong with a row; each gives one row error of `payroll-file.md` section 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowDefect {
    Value(ValueDefect),
    Leaf(LeafDefect, Field),
    /// `missing:GROUP`
    MissingGroup(Group),
    Repeat(RepeatDefect),
}

/// A leaf with a value that must be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueDefect {
    /// `aba`: nine digits with a bad checksum.
    AbaChecksum,
    /// `aba-format`: 8 or 10 digits, or letters.
    AbaFormat,
    /// `amount-zero`
    AmountZero,
    /// `amount-negative`
    AmountNegative,
    /// `amount-format`: missing or superfluous decimals, wrong separators, exponents, another currency.
    AmountFormat,
    /// `amount-large`: above $1,000,000.00, up to more digits than an i64 holds.
    AmountTooLarge,
    /// `dob`: an impossible date, another format, or a date to come.
    DateOfBirth,
    /// `phone`: without `+`, too short, or with letters.
    PhoneNumber,
    /// `loan-long`: more than the 17 characters that an entry to the bank can carry.
    LoanTooLong,
    /// `loan-hyphen`: hyphens and nothing else.
    LoanOfHyphens,
    /// `name-invisible`: a name of no-break or zero-width characters.
    InvisibleName,
    /// `currency`: an amount that says it is in another currency than USD.
    Currency,
}

/// A leaf that does not stand exactly once with a plain value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeafDefect {
    /// `missing:FIELD`
    Missing,
    /// `empty:FIELD`: nothing, blanks, or a self-closing element.
    Empty,
    /// `duplicate-field:FIELD`: the leaf stands twice, with the same value.
    Repeated,
    /// `nested:FIELD`: an element inside the leaf.
    Nested,
}

/// A row that clashes with an earlier, sound one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepeatDefect {
    /// `dup-row`: an earlier row again.
    DuplicateRow,
    /// `dup-loan-hyphen`: an earlier row again, its loan number typed with a hyphen.
    DuplicateLoanSpelling,
    /// `conflicting-employee`: an employee of an earlier row with another branch, last name or date of birth.
    ConflictingEmployee,
    /// `conflicting-payor`: a source of an earlier row with another account number.
    ConflictingPayor,
}

/// What is wrong with the whole file; nothing of it may ever be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileDefect {
    /// `truncate`: ends between rows, inside a row, or inside the last tag, and behind every row defect.
    Truncated,
    /// `doctype`: begins with a document type declaration.
    Doctype,
    /// `wrong-root`: the root element is called `rows`.
    WrongRoot,
    /// `second-root`: another root element follows.
    SecondRoot,
    /// `encoding`: a declaration names another encoding than UTF-8.
    Encoding,
}

/// Why a text is no defect, with what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefectParseError {
    #[error(
        "there is no defect {0:?}: choose, each with an optional :COUNT, aba, aba-format, amount-zero, amount-negative, \
         amount-format, amount-large, currency, dob, phone, loan-long, loan-hyphen, name-invisible, missing:FIELD, \
         empty:FIELD, duplicate-field:FIELD, nested:FIELD, dup-row, dup-loan-hyphen, conflicting-employee, conflicting-payor; or, at most one and without a count, truncate, doctype, \
         wrong-root, second-root, encoding"
    )]
    UnknownDefect(String),
    #[error("{defect} needs a field, as in {defect}:DOB:1")]
    FieldMissing { defect: String },
    #[error(
        "{defect} knows no field {field:?}: choose one of {allowed} (the element name alone will do where it is unique)"
    )]
    UnknownField { defect: String, field: String, allowed: String },
    #[error("{count:?} is no count for {defect}: give a whole number from 1")]
    Count { defect: String, count: String },
    #[error("{defect} takes no {superfluous:?} after it: remove it")]
    Superfluous { defect: String, superfluous: String },
}

/// Parses the list form: items separated by commas; `none` and the empty text give no defects.
///
/// # Errors
/// The first item that is no defect.
pub fn parse_defects(list: &str) -> Result<Vec<Defect>, DefectParseError> {
    match list.trim() {
        "" | "none" => Ok(Vec::new()),
        list => list.split(',').map(str::parse).collect(),
    }
}

impl FromStr for Defect {
    type Err = DefectParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.trim().split(':');
        let name = parts.next().unwrap_or_default();
        let defect = if let Some(defect) = file_defect(name) {
            Self::File(defect)
        } else {
            let defect = match plain_row_defect(name) {
                Some(defect) => defect,
                None => field_defect(name, &mut parts)?,
            };
            Self::Rows { defect, count: count(name, parts.next())? }
        };
        match parts.next() {
            None => Ok(defect),
            Some(superfluous) => {
                Err(DefectParseError::Superfluous { defect: name.to_owned(), superfluous: superfluous.to_owned() })
            }
        }
    }
}

fn file_defect(name: &str) -> Option<FileDefect> {
    match name {
        "truncate" => Some(FileDefect::Truncated),
        "doctype" => Some(FileDefect::Doctype),
        "wrong-root" => Some(FileDefect::WrongRoot),
        "second-root" => Some(FileDefect::SecondRoot),
        "encoding" => Some(FileDefect::Encoding),
        _ => None,
    }
}

fn plain_row_defect(name: &str) -> Option<RowDefect> {
    let value = |defect| Some(RowDefect::Value(defect));
    let repeat = |defect| Some(RowDefect::Repeat(defect));
    match name {
        "aba" => value(ValueDefect::AbaChecksum),
        "aba-format" => value(ValueDefect::AbaFormat),
        "amount-zero" => value(ValueDefect::AmountZero),
        "amount-negative" => value(ValueDefect::AmountNegative),
        "amount-format" => value(ValueDefect::AmountFormat),
        "amount-large" => value(ValueDefect::AmountTooLarge),
        "dob" => value(ValueDefect::DateOfBirth),
        "phone" => value(ValueDefect::PhoneNumber),
        "loan-long" => value(ValueDefect::LoanTooLong),
        "loan-hyphen" => value(ValueDefect::LoanOfHyphens),
        "name-invisible" => value(ValueDefect::InvisibleName),
        "currency" => value(ValueDefect::Currency),
        "dup-row" => repeat(RepeatDefect::DuplicateRow),
        "dup-loan-hyphen" => repeat(RepeatDefect::DuplicateLoanSpelling),
        "conflicting-employee" => repeat(RepeatDefect::ConflictingEmployee),
        "conflicting-payor" => repeat(RepeatDefect::ConflictingPayor),
        _ => None,
    }
}

fn field_defect<'a>(name: &str, parts: &mut impl Iterator<Item = &'a str>) -> Result<RowDefect, DefectParseError> {
    let defect = match name {
        "missing" => LeafDefect::Missing,
        "empty" => LeafDefect::Empty,
        "duplicate-field" => LeafDefect::Repeated,
        "nested" => LeafDefect::Nested,
        _ => return Err(DefectParseError::UnknownDefect(name.to_owned())),
    };
    let takes_groups = defect == LeafDefect::Missing;
    let text = parts.next().ok_or_else(|| DefectParseError::FieldMissing { defect: name.to_owned() })?;
    if let Some(field) = Field::find(text) {
        return Ok(RowDefect::Leaf(defect, field));
    }
    if let Some(group) = Group::find(text).filter(|_| takes_groups) {
        return Ok(RowDefect::MissingGroup(group));
    }
    let groups = Group::ALL.map(Group::path);
    let allowed: Vec<_> =
        Field::ALL.map(Field::path).into_iter().chain(groups.into_iter().filter(|_| takes_groups)).collect();
    Err(DefectParseError::UnknownField { defect: name.to_owned(), field: text.to_owned(), allowed: allowed.join(", ") })
}

fn count(name: &str, text: Option<&str>) -> Result<u64, DefectParseError> {
    let Some(text) = text else { return Ok(1) };
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| DefectParseError::Count { defect: name.to_owned(), count: text.to_owned() })
}
