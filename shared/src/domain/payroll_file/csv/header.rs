//! The header: which delimiter the table has, and which column is what.

use super::cells::Cells;
use super::columns::{Column, Columns, Delimiter};
use super::mapping::Mapping;
use super::names::folded;
use crate::domain::payroll_file::error::{ErrorCode, Flaw, shortened};
use crate::domain::payroll_file::field::Field;
use crate::domain::payroll_file::limits::Limits;

/// A header that names every column of a payment once.
#[derive(Debug)]
pub(in crate::domain::payroll_file) struct Header {
    pub(in crate::domain::payroll_file) columns: Columns,
    /// As the file names them.
    written: Vec<String>,
    pub(in crate::domain::payroll_file) length: usize,
}

/// A name is shown up to so many characters.
const NAME_CHARACTERS: usize = 64;

/// Known names in a line that is surely a header. A line of values may hold one by chance; its cells are somebody's data.
const SURELY_NAMES: usize = 3;

/// Names of columns in one message.
const NAMES_SHOWN: usize = 10;

impl Header {
    /// What the file calls the column of a path. It is one of the known names or of the mapping's, so it holds nobody's data.
    pub(in crate::domain::payroll_file) fn name_of(&self, path: &str) -> Option<String> {
        let holds = |column: Column| column.fields().any(|field| field.path() == path);
        let place = self.columns.iter().position(holds)?;
        self.written.get(place).map(|name| shown(name))
    }

    /// The columns that nobody looks at, as the file names them.
    pub(in crate::domain::payroll_file) fn ignored(&self) -> Vec<String> {
        let named = self.columns.iter().zip(&self.written);
        let named = named.filter(|(column, name)| *column == Column::Ignored && !name.trim().is_empty());
        named.map(|(_, name)| shown(name)).collect()
    }
}

/// A column's name as a message tells it.
fn shown(name: &str) -> String {
    shortened(name.trim(), NAME_CHARACTERS)
}

/// Reads the header at the start of the text, with the delimiter that finds most columns; nothing for want of more bytes.
pub(in crate::domain::payroll_file) fn read_header(
    text: &str,
    mapping: &Mapping,
    whole: bool,
    limits: &Limits,
) -> Result<Option<Header>, Flaw> {
    let mut best: Option<Header> = None;
    let mut flaw = None;
    for delimiter in Delimiter::ALL {
        match split(Cells { text, delimiter, whole, limits }, mapping) {
            Ok(Some(header)) => {
                if best.as_ref().is_none_or(|best| header.known() > best.known()) {
                    best = Some(header);
                }
            }
            Ok(None) => return Ok(None),
            // Cut by another delimiter the same line may be sound.
            Err(found) => flaw = Some(found),
        }
    }
    match (best, flaw) {
        (Some(header), _) => check(header, mapping).map(Some),
        // A first line without end is no header.
        (None, Some(flaw)) if flaw.code == ErrorCode::LimitExceeded => Err(no_table()),
        (None, Some(flaw)) => Err(flaw),
        (None, None) => Ok(None),
    }
}

fn no_table() -> Flaw {
    let what = "the file is neither XML nor a table whose first line names its columns (employee_id, amount and so on); \
                `clearway template --format csv` writes an example, docs/file.md lists every name";
    Flaw::new(ErrorCode::CsvHeader, 0, what)
}

impl Header {
    fn known(&self) -> usize {
        self.columns.iter().filter(|column| column.fields().next().is_some()).count()
    }

    /// A name of the mapping that no column bears: whoever wrote it meant another file.
    fn lacks<'m>(&self, mapping: &'m Mapping) -> Option<&'m str> {
        mapping.names().find(|name| self.written.iter().all(|known| folded(known) != folded(name)))
    }

    /// The names of the columns that hold a field, as the file writes them.
    fn called(&self, field: Field) -> Vec<&str> {
        let named = self.columns.iter().zip(&self.written);
        named.filter(|(column, _)| column.holds(field)).map(|(_, name)| name.as_str()).collect()
    }

    /// What is said of the columns that are none of a payment's, where some are missing: one of them may be meant.
    fn others(&self) -> String {
        let ignored = self.ignored();
        if ignored.is_empty() || self.known() < SURELY_NAMES {
            return String::new();
        }
        let names: Vec<_> = ignored.iter().take(NAMES_SHOWN).map(|name| format!("\"{name}\"")).collect();
        let more = if ignored.len() > NAMES_SHOWN { " and more" } else { "" };
        format!("; not known are {}{more}", names.join(", "))
    }
}

fn split(cells: Cells<'_, '_>, mapping: &Mapping) -> Result<Option<Header>, Flaw> {
    let (mut columns, mut written) = (Vec::new(), Vec::new());
    let mut at = 0;
    loop {
        let Some(cell) = cells.cell(at)? else { return Ok(None) };
        columns.push(mapping.column(&cell.text));
        written.push(cell.text.into_owned());
        at = cell.next;
        if at > cells.limits.row_bytes {
            return Err(Flaw::limit(0, "row bytes", cells.limits.row_bytes));
        }
        if cell.ends_line {
            let columns = Columns::new(cells.delimiter, columns);
            return Ok(Some(Header { columns, written, length: at }));
        }
    }
}

/// What a header says may be somebody's data where the file has none: a cell of it that is not a known name is repeated only where others
/// are.
fn check(header: Header, mapping: &Mapping) -> Result<Header, Flaw> {
    if header.known() == 0 {
        return Err(no_table());
    }
    if let Some(name) = header.lacks(mapping) {
        let what = format!("no column of the first line is called \"{}\", as the mapping has it", shown(name));
        return Err(Flaw::new(ErrorCode::CsvHeader, 0, what));
    }
    let count = |field: &Field| header.columns.iter().filter(|column| column.holds(*field)).count();
    if let Some(field) = Field::ALL.iter().find(|field| count(field) > 1) {
        let names: Vec<_> = header.called(*field).into_iter().map(|name| format!("\"{}\"", shown(name))).collect();
        let what = format!(
            "two columns of the first line are both {}: {}; rename or remove one",
            field.column(),
            names.join(" and ")
        );
        return Err(Flaw::new(ErrorCode::CsvHeader, 0, what));
    }
    let names_any = |fields: &[Field]| fields.iter().any(|field| count(field) > 0);
    // A payee is named by a loan or by a bank account: the columns of one way may be left out, all of them.
    let unused: &[Field] = match (names_any(&Field::OF_LOAN), names_any(&Field::OF_ACCOUNT)) {
        (true, true) => &[],
        (false, true) => &Field::OF_LOAN,
        (true | false, false) => &Field::OF_ACCOUNT,
    };
    let is_missing = |field: &&Field| count(field) == 0 && !unused.contains(field);
    let missing: Vec<_> = Field::ALL.iter().filter(is_missing).map(|field| field.column()).collect();
    if missing.is_empty() {
        return Ok(header);
    }
    let what = format!(
        "the first line names no column {}{}; docs/file.md lists what each may be called",
        missing.join(", "),
        header.others()
    );
    Err(Flaw::new(ErrorCode::CsvHeader, 0, what))
}
