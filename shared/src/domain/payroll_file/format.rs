//! What kind of file this is, by its first bytes and never by its name. What is not read is named as what it is.

use super::error::{ErrorCode, Flaw};

/// A kind of file that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Xml,
    /// Text that begins with something else: a table, or nothing that can be read.
    Table,
}

/// First bytes, what they are of, and what to do.
const FOREIGN: [(&[u8], &str, &str); 10] = [
    (b"\xd0\xcf\x11\xe0", "an Excel workbook of the old kind (.xls)", SAVE_AS_CSV),
    (b"%PDF", "a PDF", "export the payroll as CSV or XML"),
    (b"\x1f\x8b", "gzip packed twice", "unpack it once"),
    (b"BZh", "bzip2", "send it plain or packed with gzip"),
    (b"\x28\xb5\x2f\xfd", "Zstandard", "send it plain or packed with gzip"),
    (b"\xfd7zXZ\x00", "xz", "send it plain or packed with gzip"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it and send the file in it, plain or packed with gzip"),
    (b"Rar!", "a RAR archive", "unpack it and send the file in it, plain or packed with gzip"),
    (b"SQLite format 3", "a database", "export the payroll as CSV or XML"),
    (b"{\\rtf", "a text document (RTF)", "export the payroll as CSV or XML"),
];
const SAVE_AS_CSV: &str = "save the sheet as CSV UTF-8 and send that";
/// Parts that only an Excel workbook has, as the first entries of its archive name them.
const WORKBOOK_PARTS: [&[u8]; 3] = [b"[Content_Types].xml", b"xl/", b"_rels/.rels"];
const FIRST_ENTRIES_BYTES: usize = 4_096;

/// The kind of a file that begins with these bytes, behind a byte order mark of UTF-8.
pub(super) fn recognize(first_bytes: &[u8]) -> Result<Kind, Flaw> {
    if let Some(encoding) = other_encoding(first_bytes) {
        let what = format!("the file is {encoding}; save it as UTF-8 (in a spreadsheet: CSV UTF-8)");
        return Err(Flaw::new(ErrorCode::UnsupportedEncoding, 0, what));
    }
    if first_bytes.starts_with(b"PK\x03\x04") || first_bytes.starts_with(b"PK\x05\x06") {
        return Err(archive(first_bytes));
    }
    if let Some((_, what, to_do)) = FOREIGN.iter().find(|(magic, ..)| first_bytes.starts_with(magic)) {
        return Err(foreign(what, to_do));
    }
    let text = first_bytes.trim_ascii_start();
    let begins = |with: &[u8]| text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    if begins(b"<!doctype html") || begins(b"<html") {
        return Err(foreign(
            "a saved web page (HTML)",
            "perhaps a session had ended: sign in and download the file again",
        ));
    }
    if begins(b"{") || begins(b"[") {
        return Err(foreign("JSON", "send the payments as CSV or XML"));
    }
    if begins(b"101 ") && text.iter().take(94).all(|byte| *byte != b'\n' && *byte != b',') {
        return Err(foreign("a NACHA file of bank entries", "send the payroll that it was made from, as CSV or XML"));
    }
    if text.is_empty() || begins(b"<") { Ok(Kind::Xml) } else { Ok(Kind::Table) }
}

fn foreign(what: &str, to_do: &str) -> Flaw {
    Flaw::new(ErrorCode::FormatUnsupported, 0, format!("the file is {what}, which is not read; {to_do}"))
}

/// Workbooks are archives too.
fn archive(bytes: &[u8]) -> Flaw {
    let first = &bytes[..bytes.len().min(FIRST_ENTRIES_BYTES)];
    let holds = |part: &[u8]| first.windows(part.len()).any(|window| window == part);
    if WORKBOOK_PARTS.iter().any(|part| holds(part)) {
        foreign("an Excel workbook (.xlsx)", SAVE_AS_CSV)
    } else {
        foreign("a zip archive", "unpack it and send the file in it, plain or packed with gzip")
    }
}

/// The name of an encoding that is not UTF-8, by its mark or by where its first characters have zeros.
fn other_encoding(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some("UTF-32"),
        [0, 0, 0, 1..=0x7f, ..] | [1..=0x7f, 0, 0, 0, ..] => Some("UTF-32"),
        [0xfe, 0xff, ..] | [0xff, 0xfe, ..] => Some("UTF-16"),
        [0, 1..=0x7f, ..] | [1..=0x7f, 0, ..] => Some("UTF-16"),
        _ => None,
    }
}
