//! Why a file could not be generated.

use std::io;
use std::path::PathBuf;

/// Only the two write errors are worth another try with the same options.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    #[error("{option} is {value}: choose {allowed}")]
    Option { option: &'static str, value: i128, allowed: String },
    #[error(
        "{defects} defective rows do not fit into {rows} rows (a duplicate or a conflict also needs a sound first \
         row): ask for fewer defects or more rows"
    )]
    TooManyDefects { defects: u64, rows: u64 },
    #[error("a file carries one file defect at most, the options name {count}: generate one file for each")]
    SeveralFileDefects { count: usize },
    #[error("the total of the file passes the range of whole cents: write fewer rows or smaller amounts")]
    TotalOverflow,
    #[error("the payroll file could not be written: check the space and the rights of its folder")]
    WriteFile(#[source] io::Error),
    #[error("the manifest could not be written to {path}: check the space and the rights of its folder", path = path.display())]
    WriteManifest { path: PathBuf, source: io::Error },
}

impl GenerateError {
    /// Whether other options would do.
    pub const fn is_about_options(&self) -> bool {
        match self {
            Self::Option { .. }
            | Self::TooManyDefects { .. }
            | Self::SeveralFileDefects { .. }
            | Self::TotalOverflow => true,
            Self::WriteFile(_) | Self::WriteManifest { .. } => false,
        }
    }
}
