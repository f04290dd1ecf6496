//! How the rows of a file are written. It is pinned with the summary, so that a chunk is read again as it was read first.

use serde::{Deserialize, Serialize};

use super::csv::Columns;

/// The format of a payroll file, as far as its rows need it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "format", rename_all = "snake_case")]
pub enum Layout {
    #[default]
    Xml,
    /// One row a line, in cells.
    Csv(Columns),
}

impl Layout {
    pub fn is_xml(&self) -> bool {
        *self == Layout::Xml
    }
}
