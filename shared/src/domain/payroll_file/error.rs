//! What can be wrong with a payroll file, as records a machine can read (payroll-file.md section 6).
//!
//! Messages quote at most 64 characters of a value, escape control characters, show account numbers by their last four and never
//! quote names, dates of birth, phone numbers or tax ids.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::field::Field;
use crate::domain::secret::last_four;

/// The stable code of a problem. None goes away on a retry: the file has to be corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    MissingField,
    EmptyField,
    DuplicateField,
    UnexpectedElement,
    IdFormat,
    TextFormat,
    DobInvalid,
    PhoneFormat,
    AbaFormat,
    AbaChecksum,
    AccountFormat,
    EinFormat,
    StateFormat,
    ZipFormat,
    InstitutionFormat,
    LoanFormat,
    AmountFormat,
    AmountNegative,
    AmountTooSmall,
    AmountTooLarge,
    /// Something of the row or file names another currency than USD.
    AmountCurrency,
    DuplicateRow,
    ConflictingEmployee,
    ConflictingPayor,
    /// Not found by the reader but by whoever knows the earlier batches.
    DuplicateFile,
    DtdForbidden,
    XmlSyntax,
    XmlTruncated,
    NoRows,
    WrongRoot,
    UnsupportedEncoding,
    InvalidEncoding,
    LimitExceeded,
    TotalOverflow,
    GzipCorrupt,
    GzipTruncated,
    /// The gzip data unpacks to something else than was packed.
    GzipChecksum,
    /// Something stands behind the end of the gzip data.
    GzipTrailingBytes,
    /// The file is of a kind that is not read: a spreadsheet, an archive, a web page.
    FormatUnsupported,
    /// The first line of a table does not name the columns that a payment needs.
    CsvHeader,
    CsvSyntax,
    /// A line of a table has more or fewer cells than its header.
    CellCount,
    /// The kind of a payee's account is neither checking nor savings.
    AccountType,
    /// A row names a loan and a bank account.
    TwoPayees,
    /// A row names neither a loan nor a bank account.
    NoPayee,
    /// A payee's bank account is a source's own.
    PayeeIsSource,
}

impl ErrorCode {
    pub const ALL: [ErrorCode; 46] = [
        ErrorCode::MissingField,
        ErrorCode::EmptyField,
        ErrorCode::DuplicateField,
        ErrorCode::UnexpectedElement,
        ErrorCode::IdFormat,
        ErrorCode::TextFormat,
        ErrorCode::DobInvalid,
        ErrorCode::PhoneFormat,
        ErrorCode::AbaFormat,
        ErrorCode::AbaChecksum,
        ErrorCode::AccountFormat,
        ErrorCode::EinFormat,
        ErrorCode::StateFormat,
        ErrorCode::ZipFormat,
        ErrorCode::InstitutionFormat,
        ErrorCode::LoanFormat,
        ErrorCode::AmountFormat,
        ErrorCode::AmountNegative,
        ErrorCode::AmountTooSmall,
        ErrorCode::AmountTooLarge,
        ErrorCode::AmountCurrency,
        ErrorCode::DuplicateRow,
        ErrorCode::ConflictingEmployee,
        ErrorCode::ConflictingPayor,
        ErrorCode::DuplicateFile,
        ErrorCode::DtdForbidden,
        ErrorCode::XmlSyntax,
        ErrorCode::XmlTruncated,
        ErrorCode::NoRows,
        ErrorCode::WrongRoot,
        ErrorCode::UnsupportedEncoding,
        ErrorCode::InvalidEncoding,
        ErrorCode::LimitExceeded,
        ErrorCode::TotalOverflow,
        ErrorCode::GzipCorrupt,
        ErrorCode::GzipTruncated,
        ErrorCode::GzipChecksum,
        ErrorCode::GzipTrailingBytes,
        ErrorCode::FormatUnsupported,
        ErrorCode::CsvHeader,
        ErrorCode::CsvSyntax,
        ErrorCode::CellCount,
        ErrorCode::AccountType,
        ErrorCode::TwoPayees,
        ErrorCode::NoPayee,
        ErrorCode::PayeeIsSource,
    ];
}

/// As it is stored and sent: `ABA_CHECKSUM`.
impl fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(formatter)
    }
}

/// One problem of one row. A file with any cannot be approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowError {
    /// The row's number in document order, from 1. For a file error: the last complete row.
    pub row: u64,
    /// The path inside the row, such as `Payor/ABARouting`, whatever the file's format; nothing where the whole row or the file is wrong.
    pub field: Option<String>,
    /// Of a table: the column as its header names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Of a table: the line in which the row begins, from 1, the header's line included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    pub code: ErrorCode,
    /// Byte offset in the unpacked file.
    pub offset: u64,
    pub message: String,
}

/// A problem that ends the reading: nothing of the file may ever be paid. Final: correct the file and upload it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message} ({}byte {offset}, after row {last_complete_row})", .line.map(|line| format!("line {line}, ")).unwrap_or_default())]
pub struct FileError {
    pub code: ErrorCode,
    /// Of a table: the line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Byte offset in the unpacked file.
    pub offset: u64,
    /// Rows read whole before the problem; 0 for none.
    pub last_complete_row: u64,
    pub message: String,
}

/// Why a file was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "severity", rename_all = "snake_case")]
pub enum Rejection {
    #[error(transparent)]
    File(#[from] FileError),
    /// The first row errors, up to the cap, in document order, and how many there are in all.
    #[error("the file has {error_count} row errors; correct them and upload the file again")]
    Rows { errors: Vec<RowError>, error_count: u64 },
}

impl Rejection {
    /// Every kept problem as a record; a file error becomes one.
    pub fn errors(&self) -> Vec<RowError> {
        match self {
            Rejection::File(error) => vec![error.to_record()],
            Rejection::Rows { errors, .. } => errors.clone(),
        }
    }

    /// All problems, beyond the cap too.
    pub fn error_count(&self) -> u64 {
        match self {
            Rejection::File(_) => 1,
            Rejection::Rows { error_count, .. } => *error_count,
        }
    }
}

impl FileError {
    /// The same shape as a row error, with the last complete row as row.
    pub fn to_record(&self) -> RowError {
        RowError {
            row: self.last_complete_row,
            field: None,
            column: None,
            line: self.line,
            code: self.code,
            offset: self.offset,
            message: self.to_string(),
        }
    }
}

/// A file error as the scanner sees it: it knows the position in its slice, not in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    pub(super) code: ErrorCode,
    /// Byte position in the scanned slice.
    pub(super) at: usize,
    /// In the file, where somebody counts its lines.
    pub(super) line: Option<u64>,
    pub(super) message: String,
}

impl Flaw {
    pub(super) fn new(code: ErrorCode, at: usize, message: impl Into<String>) -> Self {
        Self { code, at, line: None, message: message.into() }
    }

    pub(super) fn syntax(at: usize, message: impl Into<String>) -> Self {
        Self::new(ErrorCode::XmlSyntax, at, message)
    }

    pub(super) fn limit(at: usize, name: &str, limit: impl fmt::Display) -> Self {
        Self::new(ErrorCode::LimitExceeded, at, format!("more than the limit {name} = {limit}"))
    }

    /// The same flaw seen from a slice that begins `by` bytes earlier.
    pub(super) fn moved(mut self, by: usize) -> Self {
        self.at += by;
        self
    }

    pub(super) fn in_file(self, base: u64, last_complete_row: u64) -> FileError {
        let Self { code, at, line, message } = self;
        FileError { code, line, offset: base + at as u64, last_complete_row, message }
    }
}

/// How a value may appear in a message.
pub(super) fn quote(field: Field, value: &str) -> String {
    match field {
        Field::FirstName | Field::LastName | Field::Dob | Field::PhoneNumber | Field::Ein | Field::PayeeName => {
            String::new()
        }
        Field::AccountNumber | Field::LoanAccountNumber | Field::PayeeAccount => {
            format!(" \"***{}\"", shortened(last_four(value), 4))
        }
        Field::EmployeeId
        | Field::BranchId
        | Field::SourceId
        | Field::AbaRouting
        | Field::Name
        | Field::Dba
        | Field::Line1
        | Field::City
        | Field::State
        | Field::Zip
        | Field::InstitutionId
        | Field::PayeeRouting
        | Field::PayeeAccountType
        | Field::Amount => format!(" \"{}\"", shortened(value, 64)),
    }
}

/// At most `limit` characters of output, control and other unprintable characters escaped.
pub(super) fn shortened(value: &str, limit: usize) -> String {
    let mut text = String::new();
    let mut length = 0;
    for character in value.chars() {
        let escaped = character.escape_debug();
        // Quotes are printed as they are: the record is JSON, which escapes them itself.
        let shown = if matches!(character, '"' | '\'') { character.to_string() } else { escaped.to_string() };
        length += shown.chars().count();
        if length > limit {
            break;
        }
        text.push_str(&shown);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_listed_once() {
        for (place, code) in ErrorCode::ALL.into_iter().enumerate() {
            assert_eq!(code as usize, place);
        }
        assert_eq!(ErrorCode::PayeeIsSource as usize + 1, ErrorCode::ALL.len(), "the last one is listed");
    }

    #[test]
    fn quotes_no_more_than_64_characters_and_escapes_controls() {
        assert_eq!(quote(Field::Amount, "$1\u{0}\u{202e}"), " \"$1\\0\\u{202e}\"");
        assert_eq!(quote(Field::EmployeeId, &"x".repeat(100)), format!(" \"{}\"", "x".repeat(64)));
    }

    #[test]
    fn masks_account_numbers_and_keeps_personal_data_out() {
        assert_eq!(quote(Field::AccountNumber, "12345678x"), " \"***678x\"");
        assert_eq!(quote(Field::LoanAccountNumber, "1234"), " \"***\"");
        assert_eq!(quote(Field::Dob, "02-30-1999"), "");
    }
}
