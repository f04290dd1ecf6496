//! CSV (RFC 4180) that a spreadsheet opens without running anything.
//!
//! A text that a spreadsheet would take for a formula gets a leading apostrophe. Money and counts are ours and stay numbers, so that a
//! negative amount can be summed.

use std::borrow::Cow;

use csv::{Terminator, WriterBuilder};

use crate::domain::money::Cents;

/// One field of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CsvField<'a> {
    /// Somebody else's words: neutralized.
    Text(Cow<'a, str>),
    /// Dollars with two decimals.
    Money(Cents),
    Count(u64),
    Empty,
}

impl<'a> From<&'a str> for CsvField<'a> {
    fn from(text: &'a str) -> Self {
        CsvField::Text(Cow::Borrowed(text))
    }
}

impl From<String> for CsvField<'_> {
    fn from(text: String) -> Self {
        CsvField::Text(Cow::Owned(text))
    }
}

impl From<Cents> for CsvField<'_> {
    fn from(amount: Cents) -> Self {
        CsvField::Money(amount)
    }
}

impl<'a, T: Into<CsvField<'a>>> From<Option<T>> for CsvField<'a> {
    fn from(field: Option<T>) -> Self {
        field.map_or(CsvField::Empty, Into::into)
    }
}

impl CsvField<'_> {
    fn written(&self) -> Cow<'_, str> {
        match self {
            CsvField::Text(text) => neutralized(text),
            CsvField::Money(amount) => Cow::Owned(amount.to_string()),
            CsvField::Count(count) => Cow::Owned(count.to_string()),
            CsvField::Empty => Cow::Borrowed(""),
        }
    }
}

/// The text, with an apostrophe before it where a spreadsheet would take it for a formula.
pub fn neutralized(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// A CSV text that grows row by row.
#[derive(Debug)]
pub struct CsvText {
    writer: csv::Writer<Vec<u8>>,
}

impl CsvText {
    /// Starts with the row of column names.
    pub fn new(columns: &[&str]) -> Result<Self, csv::Error> {
        let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
        writer.write_record(columns)?;
        Ok(Self { writer })
    }

    /// Adds a row. A row of another length than the columns is an error.
    pub fn row(&mut self, fields: &[CsvField<'_>]) -> Result<(), csv::Error> {
        self.writer.write_record(fields.iter().map(|field| field.written().into_owned()))
    }

    /// The whole text, in UTF-8.
    pub fn finish(self) -> Result<Vec<u8>, csv::Error> {
        self.writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_neutralized_and_the_rest_is_left() {
        for (text, written) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("\rx", "'\rx"),
            ("Ann-Marie", "Ann-Marie"),
            ("", ""),
        ] {
            assert_eq!(neutralized(text), written, "{text:?}");
        }
    }

    #[test]
    fn rows_are_quoted_where_they_must_be_and_amounts_stay_numbers() {
        let mut csv = CsvText::new(&["employee", "amount", "code", "rows"]).unwrap();
        csv.row(&["O'Neil, \"Al\"".into(), Cents::new(-7).into(), CsvField::Empty, CsvField::Count(3)]).unwrap();
        csv.row(&["=HYPERLINK(\"x\")".into(), Cents::new(123_450).into(), Some("R01").into(), CsvField::Count(0)])
            .unwrap();
        let text = String::from_utf8(csv.finish().unwrap()).unwrap();
        let expected = [
            "employee,amount,code,rows",
            "\"O'Neil, \"\"Al\"\"\",-0.07,,3",
            "\"'=HYPERLINK(\"\"x\"\")\",1234.50,R01,0",
            "",
        ];
        assert_eq!(text, expected.join("\r\n"));
    }

    #[test]
    fn a_row_of_another_length_is_an_error() {
        let mut csv = CsvText::new(&["employee", "amount"]).unwrap();
        assert!(csv.row(&[CsvField::Empty]).is_err());
    }
}
