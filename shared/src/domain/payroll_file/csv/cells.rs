//! One cell of a line (RFC 4180), borrowed from the text. Stricter than the format's usual readers where they would glue two values to one.

use std::borrow::Cow;

use memchr::{memchr, memchr3};

use super::columns::Delimiter;
use crate::domain::payroll_file::error::{ErrorCode, Flaw};
use crate::domain::payroll_file::limits::Limits;

/// A value without the blanks around it.
pub(super) struct Cell<'a> {
    pub(super) text: Cow<'a, str>,
    /// Of the value's first byte, behind its quote if it has one.
    pub(super) at: usize,
    /// Behind the delimiter or line end.
    pub(super) next: usize,
    pub(super) ends_line: bool,
}

/// Text that is read cell by cell. `whole`: nothing comes behind it.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a, 'l> {
    pub(super) text: &'a str,
    pub(super) delimiter: Delimiter,
    pub(super) whole: bool,
    pub(super) limits: &'l Limits,
}

impl<'a> Cells<'a, '_> {
    /// The cell that begins at `at`; nothing for want of more bytes.
    #[inline]
    pub(super) fn cell(self, at: usize) -> Result<Option<Cell<'a>>, Flaw> {
        let rest = &self.text.as_bytes()[at..];
        if rest.first() == Some(&b'"') {
            return self.quoted(at);
        }
        let Some(length) = memchr3(self.delimiter.byte(), b'\n', b'\r', rest) else {
            self.check_length(at, rest.len())?;
            return if self.whole { self.plain(at, self.text.len(), self.text.len(), true) } else { Ok(None) };
        };
        self.check_length(at, length)?;
        let end = at + length;
        match self.behind(end) {
            Some((next, ends_line)) => self.plain(at, end, next, ends_line),
            None => Ok(None),
        }
    }

    /// The length of the line end that stands at `at`; nothing for want of more bytes, 0 if there is none.
    pub(super) fn line_end(self, at: usize) -> Option<usize> {
        match self.text.as_bytes().get(at..) {
            Some([b'\n', ..]) => Some(1),
            Some([b'\r', b'\n', ..]) => Some(2),
            // Another byte may follow and belong to it.
            Some([b'\r']) if !self.whole => None,
            Some([b'\r', ..]) => Some(1),
            Some(_) | None => Some(0),
        }
    }

    /// The place behind the delimiter or line end that stands at `end`, and whether it is a line end.
    fn behind(self, end: usize) -> Option<(usize, bool)> {
        match self.line_end(end)? {
            0 => Some((end + 1, false)),
            length => Some((end + length, true)),
        }
    }

    fn plain(self, at: usize, end: usize, next: usize, ends_line: bool) -> Result<Option<Cell<'a>>, Flaw> {
        let text = self.text[at..end].trim_ascii();
        if text.starts_with('"') {
            let what = "blanks before a quote; a quoted value begins right behind the delimiter";
            return Err(Flaw::new(ErrorCode::CsvSyntax, at, what));
        }
        Ok(Some(Cell { text: Cow::Borrowed(text), at, next, ends_line }))
    }

    /// A cell between quotes; a quote in it is written twice.
    fn quoted(self, at: usize) -> Result<Option<Cell<'a>>, Flaw> {
        let bytes = self.text.as_bytes();
        let start = at + 1;
        let mut from = start;
        let mut doubled = false;
        let end = loop {
            let Some(found) = memchr(b'"', &bytes[from..]).map(|length| from + length) else {
                return self.unclosed(at);
            };
            match bytes.get(found + 1) {
                Some(b'"') => {
                    doubled = true;
                    from = found + 2;
                }
                None if !self.whole => return self.unclosed(at),
                Some(_) | None => break found,
            }
        };
        self.check_length(start, end - start)?;
        let value = self.text[start..end].trim_ascii();
        let text = if doubled { Cow::Owned(value.replace("\"\"", "\"")) } else { Cow::Borrowed(value) };
        let behind = end + 1;
        let (next, ends_line) = match bytes.get(behind) {
            None => (behind, true),
            Some(byte) if *byte == self.delimiter.byte() => (behind + 1, false),
            Some(b'\r' | b'\n') => match self.behind(behind) {
                Some(behind) => behind,
                None => return Ok(None),
            },
            Some(_) => {
                let what = "text behind a closing quote; a quote inside a value is written twice";
                return Err(Flaw::new(ErrorCode::CsvSyntax, behind, what));
            }
        };
        Ok(Some(Cell { text, at: start, next, ends_line }))
    }

    /// No closing quote is in sight: for want of more bytes, or because one is missing?
    fn unclosed(self, at: usize) -> Result<Option<Cell<'a>>, Flaw> {
        let length = self.text.len() - at;
        if self.whole {
            let what = "a quoted value is never closed: the file ends too early, or a quote is missing";
            return Err(Flaw::new(ErrorCode::CsvSyntax, at, what));
        }
        if length > self.limits.leaf_bytes + 2 {
            let what = format!(
                "a quoted value is not closed within {} bytes: is a quote missing, or one too many?",
                self.limits.leaf_bytes
            );
            return Err(Flaw::new(ErrorCode::CsvSyntax, at, what));
        }
        Ok(None)
    }

    fn check_length(self, at: usize, length: usize) -> Result<(), Flaw> {
        if length > self.limits.leaf_bytes {
            return Err(Flaw::limit(at, "leaf bytes", self.limits.leaf_bytes));
        }
        Ok(())
    }
}
