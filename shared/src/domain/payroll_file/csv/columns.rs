//! Which column of a table is what: pinned in the manifest, as an approver was shown it.

use serde::{Deserialize, Serialize};

use super::names::field_called;
use crate::domain::payroll_file::fast_path::DETAILS;
use crate::domain::payroll_file::field::Field;

/// Between the names of what one column serves as.
const SEVERAL: &str = "+";

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

/// What a column holds. Written as its name, `currency`, or nothing; of one that serves as several, as their names with `+` between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) enum Column {
    Fields(Fields),
    /// In which currency amounts are.
    Currency,
    Ignored,
}

/// The fields that a column serves as: one, or several where a mapping says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    first: Field,
    /// A bit for each further one.
    others: u32,
}

impl Fields {
    pub(super) const fn one(field: Field) -> Self {
        Self { first: field, others: 0 }
    }

    /// All of them, in the order of a template; none if there is none.
    pub(super) fn of(fields: impl Iterator<Item = Field>) -> Option<Self> {
        let all = fields.fold(0_u32, |bits, field| bits | (1 << field.index()));
        let mut fields = Field::ALL.into_iter().filter(|field| all & (1 << field.index()) != 0);
        let first = fields.next()?;
        Some(Self { first, others: all & !(1 << first.index()) })
    }

    #[inline]
    pub(super) const fn first(self) -> Field {
        self.first
    }

    /// Those behind the first.
    pub(super) fn others(self) -> impl Iterator<Item = Field> {
        let others = self.others;
        Field::ALL.into_iter().filter(move |field| others & (1 << field.index()) != 0)
    }

    #[inline]
    pub(super) const fn is_one(self) -> bool {
        self.others == 0
    }
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
        let names_any = |fields: &[Field]| fields.iter().any(|field| columns.iter().any(|column| column.holds(*field)));
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
    pub fn names(&self) -> Vec<String> {
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
    let is_alone = |column: &Column, field: Field| *column == Column::Fields(Fields::one(field));
    // A column that holds a detail and something else is read cell by cell.
    let id = columns.iter().position(|column| is_alone(column, Field::SourceId))?;
    let after = columns.get(id + 1..)?;
    let together = after.iter().zip(DETAILS).filter(|(column, field)| is_alone(column, *field)).count();
    (together == DETAILS.len() && after.len() > DETAILS.len()).then_some(id + 1)
}

impl From<StoredColumns> for Columns {
    fn from(stored: StoredColumns) -> Self {
        Self::new(stored.delimiter, stored.columns)
    }
}

impl Column {
    /// The fields that it serves as.
    pub(super) fn fields(self) -> impl Iterator<Item = Field> {
        let fields = match self {
            Column::Fields(fields) => Some(fields),
            Column::Currency | Column::Ignored => None,
        };
        fields.into_iter().flat_map(|fields| std::iter::once(fields.first()).chain(fields.others()))
    }

    pub(super) fn holds(self, field: Field) -> bool {
        self.fields().any(|held| held == field)
    }

    fn name(self) -> String {
        match self {
            Column::Fields(_) => self.fields().map(Field::column).collect::<Vec<_>>().join(SEVERAL),
            Column::Currency => "currency".to_owned(),
            Column::Ignored => String::new(),
        }
    }
}

impl From<Column> for String {
    fn from(column: Column) -> Self {
        column.name()
    }
}

/// A stored column that this version does not know. Take a new summary of the file.
#[derive(Debug, thiserror::Error)]
#[error("there is no column {0}; take a new summary of the file")]
pub(super) struct UnknownColumn(String);

impl TryFrom<String> for Column {
    type Error = UnknownColumn;

    fn try_from(name: String) -> Result<Self, UnknownColumn> {
        match name.as_str() {
            "" => return Ok(Column::Ignored),
            "currency" => return Ok(Column::Currency),
            _ => {}
        }
        let fields: Option<Vec<Field>> = name.split(SEVERAL).map(field_called).collect();
        let fields = fields.and_then(|fields| Fields::of(fields.into_iter()));
        fields.map(Column::Fields).ok_or(UnknownColumn(name))
    }
}
