//! The payroll file: read, validate, hash and total it in one pass over its bytes (`payroll-file.md`).
//!
//! Guarantees:
//! - [`FileReader`] is pushed bytes in pieces of any size and answers the same whatever the pieces are. It opens no file and no
//!   connection, resolves no entity and refuses every DOCTYPE, so memory stays one window (row limit plus 64 KiB) plus what finding
//!   duplicates needs: about 16 bytes of digest a row, and one entry an employee, a payee, a source, a branch and an institution.
//! - Amounts become whole [`Cents`](crate::domain::money::Cents); every sum is checked.
//! - No input panics. Row errors are collected up to a cap and counted beyond it; a file error stops the reading, for good.
//! - XML and tables (CSV) are two ways into one pipeline: the same payments have the same canonical hash. What a file is, its first bytes say;
//!   one that is neither is named as what it is.
//! - [`read_chunk`] reads the rows of one chunk again by the same rules, from the same code.
//!
//! Decisions where payroll-file.md leaves a choice: thousands grouping in amounts is accepted, ISO birth dates are accepted, namespaces
//! and prefixes are refused, an element between rows that is not `row` is ignored with a warning. A loan number has at most 17 characters,
//! which is what an entry to the bank carries; two spellings that differ in hyphens or the case of letters are one loan. A row may name a bank
//! account instead of a loan; a source's own account is no payee.

mod accounts;
mod amount;
mod chunk;
mod chunk_builder;
mod collector;
mod csv;
mod employees;
mod error;
mod example;
mod fast_path;
mod field;
mod format;
mod gzip;
mod hash;
mod layout;
mod limits;
mod payee;
mod raw_row;
mod readable;
mod reader;
mod row;
mod scan;
mod sources;
mod summary;
mod tally;
mod tokens;
mod values;
mod warning;
mod watched;
mod zip;

pub use chunk::{ChunkError, read_chunk};
pub use csv::{ColumnName, Columns, Delimiter, MapError, Mapping, column_called, column_names};
pub use error::{ErrorCode, FileError, Rejection, RowError};
pub use example::Format;
pub use gzip::{Gunzip, GunzipError, is_gzip};
pub use hash::{PayDigest, RowDigest, Sha256Hash};
pub use layout::Layout;
pub use limits::{Limits, ROWS_PER_CHUNK};
pub use payee::{PAID_BY_ACCOUNT, PayeeAccount, RowPayee};
pub use reader::FileReader;
pub use row::Row;
pub use sources::{Address, SourceDetails};
pub use summary::{BankName, Chunk, Summary, Total, WarningCount};
pub use warning::Warning;
pub use watched::{WatchedPayee, ends_so};

#[cfg(test)]
mod tests;
