//! Which column of a table is what: pinned in the manifest, as an approver was shown it.

use serde::{Deserialize, Serialize};

use super::names::field_called;
use crate::domain::payroll_file::fast_path::DETAILS;
use crate::domain::payroll_file::field::Field;

/// What separates the cells of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delimiter {
    Comma,
    Semicolon,
    Tab,
}

/// The columns of a table, from left to right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredColumns")]
pub struct Columns {
    delimiter: Delimiter,
    columns: Vec<Column>,
    /// What every line asks of the columns, found once.
    #[serde(skip)]
    details_start: Option<usize>,
    #[serde(skip)]
    names_both_payees: bool,
}

/// What is kept of the columns.
#[derive(Deserialize)]
struct StoredColumns {
    delimiter: Delimiter,
    columns: Vec<Column>,
}

/// What a column holds. Written as its name, `currency`, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) enum Column {
    Field(Field),
    /// In which currency amounts are.
    Currency,
    Ignored,
}

impl Delimiter {
    pub(super) const ALL: [Delimiter; 3] = [Delimiter::Comma, Delimiter::Semicolon, Delimiter::Tab];

    pub(super) const fn byte(self) -> u8 {
        match self {
            Delimiter::Comma => b',',
            Delimiter::Semicolon => b';',
            Delimiter::Tab => b'\t',
        }
    }
}

impl Columns {
    pub(super) fn new(delimiter: Delimiter, columns: Vec<Column>) -> Self {
        let details_start = details_start(&columns);
        let names_any = |fields: &[Field]| fields.iter().any(|field| columns.contains(&Column::Field(*field)));
        let names_both_payees = names_any(&Field::OF_LOAN) && names_any(&Field::OF_ACCOUNT);
        Self { delimiter, columns, details_start, names_both_payees }
    }

    pub fn delimiter(&self) -> Delimiter {
        self.delimiter
    }

    pub(super) fn get(&self, place: usize) -> Option<Column> {
        self.columns.get(place).copied()
    }

    pub(super) fn count(&self) -> usize {
        self.columns.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Column> {
        self.columns.iter().copied()
    }

    /// The name of each column, from left to right; empty for one that nobody looks at.
    pub fn names(&self) -> Vec<&'static str> {
        self.columns.iter().map(|column| column.name()).collect()
    }

    /// Where the details of the source stand, if they stand together right behind its id, in a template's order, with something behind.
    pub(super) fn details_start(&self) -> Option<usize> {
        self.details_start
    }

    /// Whether there are columns for a loan and for a bank account.
    pub(super) fn names_both_payees(&self) -> bool {
        self.names_both_payees
    }
}

fn details_start(columns: &[Column]) -> Option<usize> {
    let id = columns.iter().position(|column| *column == Column::Field(Field::SourceId))?;
    let after = columns.get(id + 1..)?;
    let together = after.iter().zip(DETAILS).filter(|(column, field)| **column == Column::Field(*field)).count();
    (together == DETAILS.len() && after.len() > DETAILS.len()).then_some(id + 1)
}

impl From<StoredColumns> for Columns {
    fn from(stored: StoredColumns) -> Self {
        Self::new(stored.delimiter, stored.columns)
    }
}

impl Column {
    const fn name(self) -> &'static str {
        match self {
            Column::Field(field) => field.column(),
            Column::Currency => "currency",
            Column::Ignored => "",
        }
    }
}

impl From<Column> for String {
    fn from(column: Column) -> Self {
        column.name().to_owned()
    }
}

/// A stored column that this version does not know. Take a new summary of the file.
#[derive(Debug, thiserror::Error)]
#[error("there is no column {0}; take a new summary of the file")]
pub(super) struct UnknownColumn(String);

impl TryFrom<String> for Column {
    type Error = UnknownColumn;

    fn try_from(name: String) -> Result<Self, UnknownColumn> {
        match (name.as_str(), field_called(&name)) {
            ("", _) => Ok(Column::Ignored),
            ("currency", _) => Ok(Column::Currency),
            (_, Some(field)) => Ok(Column::Field(field)),
            (_, None) => Err(UnknownColumn(name)),
        }
    }
}
