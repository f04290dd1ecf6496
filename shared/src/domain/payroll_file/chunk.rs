//! Reading the rows of one chunk again, at import: the same rules, from the same code.

use jiff::civil::Date;

use super::csv;
use super::error::Flaw;
use super::fast_path::WrittenDetails;
use super::layout::Layout;
use super::limits::Limits;
use super::raw_row::RawRow;
use super::row::{Row, RowPlace, Rules, check_row};
use super::scan::{self, Item};

/// A chunk that is no longer what the summary found valid. Final: the uploaded object was replaced or the rules have changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    #[error("the chunk is not text in UTF-8; take a new summary of the file")]
    Encoding,
    #[error("the chunk is broken at byte {at}: {what}; take a new summary of the file")]
    Syntax { at: usize, what: String },
    #[error("{message}; take a new summary of the file")]
    Row { row: u64, message: String },
}

/// The rows in the bytes of one [`Chunk`](super::Chunk) of a file of this layout, of which the first has the number `first_row`. The caller has compared the
/// bytes with the chunk's hash.
pub fn read_chunk(
    bytes: &[u8],
    first_row: u64,
    layout: &Layout,
    limits: &Limits,
    today: Date,
) -> Result<Vec<Row>, ChunkError> {
    let text = std::str::from_utf8(bytes).map_err(|_| ChunkError::Encoding)?;
    let rules = Rules { today, largest_amount: limits.largest_amount };
    let mut rows = Vec::new();
    let mut written = WrittenDetails::default();
    let mut at = 0;
    while at < text.len() {
        let item = match layout {
            Layout::Xml => scan::in_root(&text[at..], &mut written, limits),
            Layout::Csv(columns) => csv::next_line(&text[at..], columns, true, &mut written, limits),
        };
        at += match item.map_err(|flaw| broken(flaw.moved(at)))? {
            Item::Row { row, length } => {
                rows.push(read_row(&row, first_row + rows.len() as u64, at, rules)?);
                length
            }
            Item::Nothing { length } | Item::Ignored { length, .. } => length,
            Item::RootEnd { .. } | Item::Root { .. } | Item::Header { .. } | Item::Incomplete => {
                return Err(broken(Flaw::syntax(at, "the chunk does not end with a row")));
            }
        };
    }
    Ok(rows)
}

fn read_row(raw: &RawRow<'_>, number: u64, at: usize, rules: Rules) -> Result<Row, ChunkError> {
    match check_row(raw, rules) {
        Ok((row, _)) => Ok(row.into_row(number)),
        Err(problems) => {
            let place = RowPlace { number, offset: at as u64, line: None };
            let messages: Vec<_> = problems.into_iter().map(|problem| problem.in_row(place).message).collect();
            Err(ChunkError::Row { row: number, message: messages.join(", ") })
        }
    }
}

fn broken(flaw: Flaw) -> ChunkError {
    ChunkError::Syntax { at: flaw.at, what: flaw.message }
}
