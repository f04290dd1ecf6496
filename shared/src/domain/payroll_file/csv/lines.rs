//! One line of a table as a row.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr_iter;

use super::cells::{Cell, Cells};
use super::columns::{Column, Columns};
use crate::domain::payroll_file::error::{ErrorCode, Flaw};
use crate::domain::payroll_file::fast_path::{DETAILS, WrittenDetails};
use crate::domain::payroll_file::field::Field;
use crate::domain::payroll_file::limits::Limits;
use crate::domain::payroll_file::raw_row::RawRow;
use crate::domain::payroll_file::scan::{self, Item};
use crate::domain::payroll_file::tokens::is_foreign;
use crate::domain::payroll_file::warning::Warning;

/// A line that is being read, cell by cell.
struct Line<'a> {
    row: Box<RawRow<'a>>,
    cells: usize,
    /// Whether any cell holds anything.
    holds_something: bool,
    /// Whether a cell of a payment is empty.
    lacks_something: bool,
    /// Whether a cell beyond the header's does.
    holds_more: bool,
}

/// How many lines of the file a line of the table fills: its quoted values may hold line ends.
pub(in crate::domain::payroll_file) fn lines_in(line: &str) -> u64 {
    let inner = line.strip_suffix('\n').unwrap_or(line);
    1 + memchr_iter(b'\n', inner.as_bytes()).count() as u64
}

/// The next line at the start of the text: a row, or nothing. `whole`: no byte comes behind the text. `written` is memory that the rows
/// share; it changes no answer.
pub(in crate::domain::payroll_file) fn next_line<'a>(
    text: &'a str,
    columns: &Columns,
    whole: bool,
    written: &mut WrittenDetails,
    limits: &Limits,
) -> Result<Item<'a>, Flaw> {
    let cells = Cells { text, delimiter: columns.delimiter(), whole, limits };
    if text.is_empty() {
        return Ok(Item::Incomplete);
    }
    match cells.line_end(0) {
        None => return Ok(Item::Incomplete),
        Some(0) => {}
        Some(length) => return Ok(Item::Nothing { length }),
    }
    let mut line =
        Line { row: Box::default(), cells: 0, holds_something: false, lacks_something: false, holds_more: false };
    let details_start = columns.details_start();
    let mut details = 0..0;
    let mut at = 0;
    loop {
        if Some(line.cells) == details_start {
            details.start = at;
            if let Some(behind) = written.step_over(&mut line.row, text, at) {
                (at, details.start) = (behind, behind);
                line.cells += DETAILS.len();
                continue;
            }
        }
        let Some(cell) = cells.cell(at)? else { return Ok(Item::Incomplete) };
        (at, details.end) = (cell.next, cell.next);
        let ends_line = cell.ends_line;
        line.take(cell, columns);
        if at > limits.row_bytes {
            return Err(scan::too_long(limits));
        }
        if ends_line {
            break;
        }
        if details_start.is_some_and(|start| line.cells == start + DETAILS.len())
            && line.may_be_remembered(text, &details)
        {
            written.remember(&line.row, text, details.clone());
        }
    }
    Ok(line.finish(columns, at))
}

impl<'a> Line<'a> {
    #[inline]
    fn take(&mut self, cell: Cell<'a>, columns: &Columns) {
        let is_empty = cell.text.is_empty();
        self.holds_something |= !is_empty;
        match columns.get(self.cells) {
            Some(Column::Fields(fields)) => {
                self.lacks_something |= is_empty;
                if !fields.is_one() {
                    for field in fields.others() {
                        self.row.put(field, cell.text.clone(), cell.at);
                    }
                }
                self.row.put(fields.first(), cell.text, cell.at);
            }
            Some(Column::Currency) if is_foreign(&cell.text) => {
                let what = "is in another currency than USD; only dollars are paid";
                self.row.problem(Field::Amount.path(), ErrorCode::AmountCurrency, cell.at, what);
            }
            Some(Column::Currency | Column::Ignored) => {}
            None => self.holds_more |= !is_empty,
        }
        self.cells += 1;
    }

    /// Whether the source's details are written so that a comparison of their bytes finds them again: each there, and as it stands.
    fn may_be_remembered(&self, text: &str, details: &Range<usize>) -> bool {
        let as_it_stands = |field: &Field| {
            self.row.get(*field).is_some_and(|value| matches!(value.text, Cow::Borrowed(_)) && !value.text.is_empty())
        };
        details.start < details.end && !text[details.clone()].contains(['\n', '\r']) && DETAILS.iter().all(as_it_stands)
    }

    fn finish(mut self, columns: &Columns, length: usize) -> Item<'a> {
        if !self.holds_something {
            return Item::Ignored { warnings: Warning::EmptyLine.alone(), length };
        }
        if self.cells < columns.count() || self.holds_more {
            // Which value belongs where is unknown: none of them is looked at.
            let mut row = Box::<RawRow<'a>>::default();
            row.whole_row_problem(ErrorCode::CellCount, miscounted(self.cells, columns.count()));
            return Item::Row { row, length };
        }
        // A row with all of its leaves, of which none is for another kind of payee, has nothing to note.
        if self.lacks_something || columns.names_both_payees() {
            self.row.note_empty_leaves();
        }
        Item::Row { row: self.row, length }
    }
}

fn miscounted(cells: usize, columns: usize) -> String {
    let hint = if cells > columns {
        "put a value that holds the delimiter between quotes"
    } else {
        "is the file cut off, or a delimiter missing?"
    };
    format!("has {cells} cells where the header has {columns}: {hint}")
}
