//! What comes next in the text: one item before, inside or after the root, by looking only at the text itself.

use super::csv::Header;
use super::error::{ErrorCode, Flaw};
use super::fast_path::{WrittenDetails, parse_usual_row};
use super::limits::Limits;
use super::raw_row::{Parsed, RawRow, parse_element};
use super::tokens::{Kind, Step, Tokens, currency};
use super::warning::Warnings;

/// One item at the start of the text; lengths in bytes.
pub(super) enum Item<'a> {
    /// Blanks, a comment or a processing instruction.
    Nothing {
        length: usize,
    },
    Root {
        length: usize,
        closed: bool,
        warnings: Warnings,
    },
    /// The first line of a table.
    Header {
        header: Box<Header>,
        length: usize,
    },
    /// Boxed: it is large and moved often.
    Row {
        row: Box<RawRow<'a>>,
        length: usize,
    },
    /// An unknown element beside the rows, or a line of empty cells.
    Ignored {
        warnings: Warnings,
        length: usize,
    },
    RootEnd {
        length: usize,
    },
    /// More bytes are needed to tell.
    Incomplete,
}

/// The next item before the root element. `at_start`: nothing but a byte order mark came before.
pub(super) fn before_root<'a>(text: &'a str, at_start: bool, limits: &Limits) -> Result<Item<'a>, Flaw> {
    outside_root(text, limits, |kind, at, end| match kind {
        Kind::Aside => Ok(Item::Nothing { length: end }),
        Kind::Declaration(encoding) if at_start => check_declared_encoding(encoding.as_deref(), end),
        Kind::Declaration(_) => Err(Flaw::syntax(at, "an XML declaration after the start of the file")),
        Kind::Start(tag) | Kind::Empty(tag) if tag.name != "root" => {
            Err(Flaw::new(ErrorCode::WrongRoot, at, "the outermost element is not root"))
        }
        Kind::Start(tag) | Kind::Empty(tag) if tag.is_foreign => Err(currency(at)),
        Kind::Start(tag) => Ok(Item::Root { length: end, closed: false, warnings: tag.warnings() }),
        Kind::Empty(tag) => Ok(Item::Root { length: end, closed: true, warnings: tag.warnings() }),
        Kind::End(_) | Kind::Text(_) | Kind::CData(_) | Kind::Reference(_) => {
            Err(Flaw::syntax(at, "content before the root element"))
        }
    })
}

/// The next item after the root element: only blanks, comments and processing instructions may stand there.
pub(super) fn after_root<'a>(text: &'a str, limits: &Limits) -> Result<Item<'a>, Flaw> {
    outside_root(text, limits, |kind, at, end| match kind {
        Kind::Aside => Ok(Item::Nothing { length: end }),
        Kind::Declaration(_)
        | Kind::Start(_)
        | Kind::Empty(_)
        | Kind::End(_)
        | Kind::Text(_)
        | Kind::CData(_)
        | Kind::Reference(_) => Err(Flaw::syntax(at, "content after the root element")),
    })
}

/// The next item inside the root element. `written` is memory that the rows share; it changes no answer.
pub(super) fn in_root<'a>(text: &'a str, written: &mut WrittenDetails, limits: &Limits) -> Result<Item<'a>, Flaw> {
    if let Some(item) = blanks(text)? {
        return Ok(item);
    }
    if let Some((row, length)) = parse_usual_row(text, written, limits) {
        return within(Item::Row { row, length }, length, limits);
    }
    match Tokens::new(text, limits).next()? {
        Step::Incomplete { .. } => Ok(Item::Incomplete),
        Step::Token { kind: Kind::Aside, end, .. } => within(Item::Nothing { length: end }, end, limits),
        Step::Token { kind: Kind::End("root"), end, .. } => Ok(Item::RootEnd { length: end }),
        Step::Token { kind: Kind::Start(tag) | Kind::Empty(tag), .. } => {
            let is_row = tag.name == "row";
            match parse_element(text, is_row, limits)? {
                Parsed::Complete { content: row, length } if is_row => {
                    within(Item::Row { row: Box::new(row), length }, length, limits)
                }
                Parsed::Complete { content, length } => {
                    within(Item::Ignored { warnings: content.warnings, length }, length, limits)
                }
                Parsed::Incomplete => Ok(Item::Incomplete),
            }
        }
        Step::Token { kind: Kind::End(_), at, .. } => {
            Err(Flaw::syntax(at, "an end tag that does not match the open element"))
        }
        Step::Token {
            kind: Kind::Text(_) | Kind::CData(_) | Kind::Reference(_) | Kind::Declaration(_), at, ..
        } => Err(Flaw::syntax(at, "text outside of a row")),
    }
}

fn outside_root<'a>(
    text: &'a str,
    limits: &Limits,
    decide: impl FnOnce(Kind<'_>, usize, usize) -> Result<Item<'a>, Flaw>,
) -> Result<Item<'a>, Flaw> {
    if let Some(item) = blanks(text)? {
        return Ok(item);
    }
    match Tokens::new(text, limits).next()? {
        Step::Incomplete { .. } => Ok(Item::Incomplete),
        Step::Token { kind, at, end } => within(decide(kind, at, end)?, end, limits),
    }
}

/// Blanks at the start; nothing if there is markup; a flaw if there is text.
fn blanks(text: &str) -> Result<Option<Item<'static>>, Flaw> {
    let length = text.len() - text.trim_ascii_start().len();
    if length > 0 {
        return Ok(Some(Item::Nothing { length }));
    }
    match text.as_bytes().first() {
        None => Ok(Some(Item::Incomplete)),
        Some(b'<') => Ok(None),
        Some(_) => Err(Flaw::syntax(0, "text outside of a row")),
    }
}

fn within<'a>(item: Item<'a>, length: usize, limits: &Limits) -> Result<Item<'a>, Flaw> {
    if length > limits.row_bytes { Err(too_long(limits)) } else { Ok(item) }
}

/// The item at the start of the text is longer than any may be.
pub(super) fn too_long(limits: &Limits) -> Flaw {
    Flaw::limit(0, "row bytes", limits.row_bytes)
}

fn check_declared_encoding(encoding: Option<&str>, length: usize) -> Result<Item<'static>, Flaw> {
    match encoding {
        Some(name) if !["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|known| name.eq_ignore_ascii_case(known)) => {
            Err(Flaw::new(ErrorCode::UnsupportedEncoding, 0, "the file declares another encoding than UTF-8"))
        }
        Some(_) | None => Ok(Item::Nothing { length }),
    }
}
