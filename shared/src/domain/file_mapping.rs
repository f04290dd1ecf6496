//! What the columns of a table are called where it comes from, stored under a name: an export that looks the same every time is mapped once.
//!
//! Guarantees: a batch keeps the mapping that it was made with, so that a later change of it changes nothing of that batch. Whoever stored a
//! mapping decides which column is the amount: they count as an uploader of every file that is read by it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::payroll_file::{MapError, Mapping, column_called};

const NAME_LENGTH_MAX: usize = 64;
const HEADER_NAME_LENGTH_MAX: usize = 128;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMapping {
    pub name: String,
    /// Counts the writes of this item.
    pub version: u64,
    /// Our name of each column, and what the first line of a file calls it.
    pub columns: BTreeMap<String, String>,
    pub stored_by: String,
    pub stored_at: Timestamp,
}

/// Why a mapping is not stored or not used. Final: name other columns, or another mapping.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileMappingRefusal {
    #[error("a mapping's name has 1 to {NAME_LENGTH_MAX} letters, digits, _ and -")]
    Name,
    #[error("a mapping names at least one column")]
    Empty,
    #[error("the name of a column in the file has 1 to {HEADER_NAME_LENGTH_MAX} characters and no control character")]
    HeaderName,
    #[error(transparent)]
    Columns(#[from] MapError),
    #[error("there is no mapping {0}; store it first, or name another")]
    Unknown(String),
}

impl FileMapping {
    /// Takes our columns by any name that a header may bear, and keeps them by the one of a template.
    pub fn new(
        name: &str,
        columns: &BTreeMap<String, String>,
        stored_by: &str,
        now: Timestamp,
    ) -> Result<Self, FileMappingRefusal> {
        if !is_name(name) {
            return Err(FileMappingRefusal::Name);
        }
        if columns.is_empty() {
            return Err(FileMappingRefusal::Empty);
        }
        Mapping::of(pairs(columns))?;
        let mut kept = BTreeMap::new();
        for (column, in_file) in columns {
            let in_file = in_file.trim();
            if in_file.chars().count() > HEADER_NAME_LENGTH_MAX || in_file.chars().any(char::is_control) {
                return Err(FileMappingRefusal::HeaderName);
            }
            let known = column_called(column).ok_or_else(|| MapError::NoSuchColumn(column.trim().to_owned()))?;
            kept.insert(known.to_owned(), in_file.to_owned());
        }
        Ok(Self { name: name.to_owned(), version: 1, columns: kept, stored_by: stored_by.to_owned(), stored_at: now })
    }

    /// As a file's reader takes it.
    pub fn mapping(&self) -> Result<Mapping, FileMappingRefusal> {
        Ok(Mapping::of(pairs(&self.columns))?)
    }
}

/// Whether a mapping may be called so.
pub fn is_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=NAME_LENGTH_MAX).contains(&text.len()) && text.bytes().all(is_allowed)
}

fn pairs(columns: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    columns.iter().map(|(column, name)| (column.as_str(), name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(name: &str, pairs: &[(&str, &str)]) -> Result<FileMapping, FileMappingRefusal> {
        let columns = pairs.iter().map(|(column, name)| ((*column).to_owned(), (*name).to_owned())).collect();
        FileMapping::new(name, &columns, "ann", Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn columns_are_kept_by_the_names_of_a_template() {
        let mapping = stored("acme-2026", &[("Source", " Company "), ("loan no.", "Darlehen Nr")]).unwrap();
        let kept: Vec<_> = pairs(&mapping.columns).collect();
        assert_eq!(kept, [("loan_account_number", "Darlehen Nr"), ("source_id", "Company")]);
        assert!(mapping.mapping().is_ok());
    }

    #[test]
    fn a_column_of_the_file_may_serve_as_several() {
        let mapping = stored("acme", &[("source", "Company"), ("company_name", "Company")]).unwrap();
        assert_eq!(mapping.mapping().unwrap().columns(), mapping.columns);
        assert_eq!(mapping.columns.len(), 2);
    }

    #[test]
    fn what_could_be_no_mapping_is_refused() {
        let columns = |error| Err(FileMappingRefusal::Columns(error));
        let one: &[(&str, &str)] = &[("amount", "Net")];
        for name in ["", "a b", "../x", "é", &"x".repeat(65)] {
            assert_eq!(stored(name, one), Err(FileMappingRefusal::Name), "{name}");
        }
        assert_eq!(stored("a", &[]), Err(FileMappingRefusal::Empty));
        assert_eq!(stored("a", &[("sum", "Net")]), columns(MapError::NoSuchColumn("sum".to_owned())));
        assert_eq!(stored("a", &[("amount", " - ")]), columns(MapError::Form("amount=-".to_owned())));
        let twice = stored("a", &[("amount", "Net"), ("payment amount", "Gross")]);
        assert_eq!(twice, columns(MapError::Twice("payment amount=Gross".to_owned())));
        let shared = stored("a", &[("amount", "Net"), ("branch", "net")]);
        assert_eq!(shared, columns(MapError::AmountShared("branch_id".to_owned())));
        assert_eq!(stored("a", &[("amount", &"x".repeat(129))]), Err(FileMappingRefusal::HeaderName));
        assert_eq!(stored("a", &[("amount", "N\net")]), Err(FileMappingRefusal::HeaderName));
    }
}
