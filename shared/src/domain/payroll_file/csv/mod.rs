//! A payroll file as a table: a header that names the columns, then one payment a line (RFC 4180).
//!
//! Guarantees:
//! - It is a second way into the same pipeline: a line becomes the same [`RawRow`](super::raw_row::RawRow) that an XML row becomes, and
//!   every rule, chunk, hash and total behind it is the same code.
//! - Commas, semicolons or tabs, as the header has them. Line ends may be CR LF, LF or CR. A value between quotes may hold delimiters, line
//!   ends and doubled quotes. What stands behind a closing quote, or a quote that is never closed, is refused and never glued to a value.
//! - A line with another number of cells than the header is an error of the row: no cell is taken for its neighbor.
//! - Nothing is guessed: a column that no name of a payment's fits is ignored with a warning, and every column of a payment must be there.

mod cells;
mod columns;
mod header;
mod lines;
mod mapping;
mod names;

pub use columns::{Columns, Delimiter};
pub use mapping::{MapError, Mapping};
pub use names::{ColumnName, column_called, column_names};

pub(super) use header::{Header, read_header};
pub(super) use lines::{lines_in, next_line};
