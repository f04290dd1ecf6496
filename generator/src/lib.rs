//! Synthetic payroll files: the shape and the statistics of a real one (`payroll-file.md`), with made-up people and
//! accounts.
//!
//! Guarantees: the same [`Options`] give the same bytes, on every machine and in every later version. Nothing here is
//! shared with the importer, so that a misunderstanding of the format cannot agree with itself. Files are streamed:
//! memory grows with the employees, and by about 40 bytes a row for the loans already used.
//!
//! Limits: the text is ASCII, every row is complete and valid unless [`Options::defects`] asks otherwise, and the names
//! are built from syllables, so that nobody mistakes them for people.
//!
//! ```
//! use generator::{FileWriter, Options, Style, generate, rows};
//!
//! let options = Options { rows: 10, ..Options::default() };
//! let mut file = Vec::new();
//! let manifest = generate(&options, &mut file)?;
//! assert_eq!(manifest.rows, 10);
//!
//! // The same payments with another bank account for one source, pretty-printed.
//! let payments = rows(&options)?;
//! let changed = payments.sources()[0].source_id.clone();
//! let mut writer = FileWriter::new(Vec::new(), Style::Pretty, payments.dead_servicers());
//! for mut row in payments {
//!     if row.source.source_id == changed {
//!         row.source.account_number = "00001234".to_owned();
//!     }
//!     writer.write_row(&row)?;
//! }
//! let (manifest_of_changed, _changed_file) = writer.finish()?;
//! assert_eq!(manifest_of_changed.total_cents, manifest.total_cents);
//! # Ok::<(), generator::GenerateError>(())
//! ```

mod company;
mod defect;
mod error;
mod field;
mod generate;
mod injection;
mod manifest;
mod names;
mod options;
mod plan;
mod random;
mod rows;
mod writer;

pub use defect::{
    Defect, DefectParseError, FileDefect, LeafDefect, RepeatDefect, RowDefect, ValueDefect, parse_defects,
};
pub use error::GenerateError;
pub use field::{Field, Group};
pub use generate::generate;
pub use manifest::{ErrorCode, ExpectedError, Manifest, Totals};
pub use options::{Options, Style, StyleParseError};
pub use rows::{Address, Employee, GeneratedRow, Payee, Rows, Source, rows};
pub use writer::FileWriter;
