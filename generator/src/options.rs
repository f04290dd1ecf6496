//! What a file is to look like: `payroll-file.md` section 7.

use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::defect::Defect;
use crate::error::GenerateError;

/// The defaults give the standard file: 50,000 rows, about $300,000, 36 MB on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    pub rows: u64,
    /// The pool that rows draw from; in the standard file about 70 of the 10,000 are never drawn.
    pub employees: u32,
    pub sources: u32,
    pub branches: u32,
    /// Institutions that service the loans, dead ones included.
    pub servicers: u32,
    /// How many of the servicers no provider knows: their rows cannot be paid.
    pub dead_servicers: u32,
    pub seed: u64,
    pub min_cents: i64,
    pub max_cents: i64,
    pub style: Style,
    pub defects: Vec<Defect>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            rows: 50_000,
            employees: 10_000,
            sources: 5,
            branches: 30,
            servicers: 10,
            dead_servicers: 1,
            seed: 1,
            min_cents: 100,
            max_cents: 1099,
            style: Style::Compact,
            defects: Vec::new(),
        }
    }
}

impl Options {
    /// # Errors
    /// [`GenerateError::Option`] names the first option out of range. The amounts keep to the provider's limits, $1.00
    /// to $1,000,000.00, because a file without defects must import without errors.
    pub(crate) fn check(&self) -> Result<(), GenerateError> {
        check("rows", self.rows.into(), 1..=10_000_000)?;
        check("employees", self.employees.into(), 1..=10_000_000)?;
        check("sources", self.sources.into(), 1..=10_000)?;
        check("branches", self.branches.into(), 1..=100_000)?;
        check("servicers", self.servicers.into(), 1..=10_000)?;
        check("dead_servicers", self.dead_servicers.into(), 0..=self.servicers.into())?;
        check("min_cents", self.min_cents.into(), 100..=100_000_000)?;
        check("max_cents", self.max_cents.into(), self.min_cents.into()..=100_000_000)
    }
}

fn check(option: &'static str, value: i128, allowed: RangeInclusive<i128>) -> Result<(), GenerateError> {
    if allowed.contains(&value) {
        return Ok(());
    }
    Err(GenerateError::Option { option, value, allowed: format!("{} to {}", allowed.start(), allowed.end()) })
}

/// How the elements are laid out; the values are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// One line without a newline, as the original.
    #[default]
    Compact,
    /// One element a line, four spaces a level, a newline at the end.
    Pretty,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no style {0:?}: choose compact or pretty")]
pub struct StyleParseError(pub String);

impl FromStr for Style {
    type Err = StyleParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "compact" => Ok(Self::Compact),
            "pretty" => Ok(Self::Pretty),
            _ => Err(StyleParseError(text.to_owned())),
        }
    }
}
