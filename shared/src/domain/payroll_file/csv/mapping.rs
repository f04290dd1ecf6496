//! Columns that go by names of somebody's own.

use std::collections::BTreeMap;

use super::columns::{Column, Fields};
use super::names::{field_called, folded};
use crate::domain::payroll_file::field::Field;
use crate::domain::payroll_file::tokens::names_currency;

/// What a table calls some of its columns: `source=Company`. One column of the file may serve as several of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// Each with the name in the file, as whoever mapped it wrote it.
    pairs: Vec<(Field, String)>,
}

/// Why a mapping cannot be used. Final: name the columns otherwise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    #[error("{0:?} is not of the form column=name in the file, such as amount=Net")]
    Form(String),
    #[error("there is no column {0} of a payment; docs/file.md lists them")]
    NoSuchColumn(String),
    #[error("{0} is mapped twice; keep one")]
    Twice(String),
    #[error("the column of amounts is the amount alone, and {0} is mapped to it as well; keep one")]
    AmountShared(String),
}

impl Mapping {
    /// Reads `source=Company,amount=Net`. What stands before the sign may be any name that a header may bear.
    pub fn parse(text: &str) -> Result<Self, MapError> {
        let mut mapping = Mapping::default();
        for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
            let (column, name) = pair.split_once('=').ok_or_else(|| MapError::Form(pair.to_owned()))?;
            mapping.add(column, name)?;
        }
        Ok(mapping)
    }

    /// Takes each of our columns with what a file calls it.
    pub fn of<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> Result<Self, MapError> {
        let mut mapping = Mapping::default();
        for (column, name) in pairs {
            mapping.add(column, name)?;
        }
        Ok(mapping)
    }

    /// Each of our columns by its name in a template, with the name in the file.
    pub fn columns(&self) -> BTreeMap<String, String> {
        self.pairs.iter().map(|(field, name)| (field.column().to_owned(), name.clone())).collect()
    }

    fn add(&mut self, column: &str, name: &str) -> Result<(), MapError> {
        let name = name.trim();
        let pair = || format!("{}={name}", column.trim());
        let field = field_called(column).ok_or_else(|| MapError::NoSuchColumn(column.trim().to_owned()))?;
        if folded(name).is_empty() {
            return Err(MapError::Form(pair()));
        }
        if self.maps(field) {
            return Err(MapError::Twice(pair()));
        }
        // No other column looks like dollars: what is shared with the amount was mistyped.
        if let Some(other) = self.fields(name).find(|other| [field, *other].contains(&Field::Amount)) {
            let other = if other == Field::Amount { field } else { other };
            return Err(MapError::AmountShared(other.column().to_owned()));
        }
        self.pairs.push((field, name.to_owned()));
        Ok(())
    }

    /// The names in the file.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|(_, name)| name.as_str())
    }

    /// What a column of this name is. A field that is mapped has no other column.
    pub(super) fn column(&self, name: &str) -> Column {
        if let Some(fields) = Fields::of(self.fields(name)) {
            return Column::Fields(fields);
        }
        match field_called(name) {
            Some(field) if !self.maps(field) => Column::Fields(Fields::one(field)),
            Some(_) => Column::Ignored,
            None if names_currency(&folded(name)) => Column::Currency,
            None => Column::Ignored,
        }
    }

    fn maps(&self, field: Field) -> bool {
        self.pairs.iter().any(|(mapped, _)| *mapped == field)
    }

    fn fields(&self, name: &str) -> impl Iterator<Item = Field> {
        let name = folded(name);
        self.pairs.iter().filter(move |(_, known)| folded(known) == name).map(|(field, _)| *field)
    }
}
