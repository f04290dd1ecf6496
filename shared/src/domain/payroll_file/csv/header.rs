//! The header: which delimiter the table has, and which column is what.

use std::collections::BTreeMap;

use super::cells::Cells;
use super::columns::{Column, Columns, Delimiter};
use super::names::{field_called, folded};
use crate::domain::payroll_file::error::{ErrorCode, Flaw, shortened};
use crate::domain::payroll_file::field::Field;
use crate::domain::payroll_file::limits::Limits;
use crate::domain::payroll_file::tokens::names_currency;

/// A header that names every column of a payment once.
#[derive(Debug)]
pub(in crate::domain::payroll_file) struct Header {
    pub(in crate::domain::payroll_file) columns: Columns,
    /// As the file names them.
    written: Vec<String>,
    pub(in crate::domain::payroll_file) length: usize,
}

/// Columns that go by names of somebody's own: `source=Company`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// By the folded name in the file.
    fields: BTreeMap<String, Field>,
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
    #[error("only a table's columns have other names; this file is none")]
    NoTable,
    #[error("{0}")]
    Header(String),
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

    fn add(&mut self, column: &str, name: &str) -> Result<(), MapError> {
        let pair = || format!("{}={}", column.trim(), name.trim());
        let field = field_called(column).ok_or_else(|| MapError::NoSuchColumn(column.trim().to_owned()))?;
        let name = match folded(name) {
            name if name.is_empty() => return Err(MapError::Form(pair())),
            name => name,
        };
        let is_taken = self.fields.values().any(|known| *known == field);
        if is_taken || self.fields.insert(name, field).is_some() {
            return Err(MapError::Twice(pair()));
        }
        Ok(())
    }

    /// Writes the header of a table anew, with the names of a template. Answers it and how many bytes of the file it stands for.
    pub fn rewrite(&self, beginning: &[u8], limits: &Limits) -> Result<(Vec<u8>, usize), MapError> {
        let mark = if beginning.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let text = beginning.get(mark..).unwrap_or_default();
        if text.trim_ascii_start().first() == Some(&b'<') {
            return Err(MapError::NoTable);
        }
        // The first bytes of a file may end inside a character.
        let valid = std::str::from_utf8(text).map_or_else(|error| error.valid_up_to(), str::len);
        let text = std::str::from_utf8(&text[..valid]).map_err(|_| MapError::NoTable)?;
        // Blank lines may stand before the header.
        let lines = text.trim_start_matches(['\r', '\n']);
        let blank = text.len() - lines.len();
        let header = read_header(lines, self, true, limits).map_err(|flaw| MapError::Header(flaw.message))?;
        let header = header.ok_or(MapError::NoTable)?;
        Ok((header.rewritten(), mark + blank + header.length))
    }

    /// What a column of this name is. A field that is mapped has no other column.
    fn column(&self, name: &str) -> Column {
        if let Some(field) = self.fields.get(&folded(name)) {
            return Column::Field(*field);
        }
        match field_called(name) {
            Some(field) if self.fields.values().all(|mapped| *mapped != field) => Column::Field(field),
            Some(_) => Column::Ignored,
            None if names_currency(&folded(name)) => Column::Currency,
            None => Column::Ignored,
        }
    }
}

impl Header {
    /// What the file calls the column of a path. It is one of the known names, so it holds nobody's data.
    pub(in crate::domain::payroll_file) fn name_of(&self, path: &str) -> Option<String> {
        let is_it = |column: &Column| matches!(column, Column::Field(field) if field.path() == path);
        let place = self.columns.iter().position(|column| is_it(&column))?;
        self.written.get(place).map(|name| shortened(name.trim(), 64))
    }

    /// How many columns have a name that is none of a payment's.
    pub(in crate::domain::payroll_file) fn ignored(&self) -> usize {
        let named = |(column, name): &(Column, &String)| *column == Column::Ignored && !name.trim().is_empty();
        self.columns.iter().zip(&self.written).filter(named).count()
    }

    fn rewritten(&self) -> Vec<u8> {
        let cell = |(column, written): (Column, &String)| match column {
            Column::Field(field) => field.column().to_owned(),
            Column::Currency => "currency".to_owned(),
            Column::Ignored if field_called(written).is_some() => format!("\"other {}\"", written.replace('"', "\"\"")),
            Column::Ignored => format!("\"{}\"", written.replace('"', "\"\"")),
        };
        let cells: Vec<String> = self.columns.iter().zip(&self.written).map(cell).collect();
        let delimiter = char::from(self.columns.delimiter().byte()).to_string();
        let mut line = cells.join(&delimiter).into_bytes();
        line.push(b'\n');
        line
    }
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
        self.columns.iter().filter(|column| matches!(column, Column::Field(_))).count()
    }

    /// A name of the mapping that no column bears: whoever wrote it meant another file.
    fn lacks<'m>(&self, mapping: &'m Mapping) -> Option<&'m str> {
        let is_absent = |name: &&String| self.written.iter().all(|known| folded(known) != **name);
        mapping.fields.keys().find(is_absent).map(String::as_str)
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

/// What a header says may be somebody's data where the file has none, so no cell of it that is not a known name is repeated.
fn check(header: Header, mapping: &Mapping) -> Result<Header, Flaw> {
    if header.known() == 0 {
        return Err(no_table());
    }
    if let Some(name) = header.lacks(mapping) {
        let what = format!("no column of the first line is called {}, as the mapping has it", shortened(name, 64));
        return Err(Flaw::new(ErrorCode::CsvHeader, 0, what));
    }
    let count = |field: &Field| header.columns.iter().filter(|column| *column == Column::Field(*field)).count();
    if let Some(field) = Field::ALL.iter().find(|field| count(field) > 1) {
        let what = format!("two columns of the first line are both {}; rename or remove one", field.column());
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
    let what =
        format!("the first line names no column {}; docs/file.md lists what each may be called", missing.join(", "));
    Err(Flaw::new(ErrorCode::CsvHeader, 0, what))
}
