//! A whole file from its options.

use std::collections::BTreeMap;
use std::io::Write;

use crate::defect::FileDefect;
use crate::error::GenerateError;
use crate::injection::inject;
use crate::manifest::{ErrorCode, ExpectedError, Manifest};
use crate::options::{Options, Style};
use crate::plan::Plan;
use crate::random::{Draw, Stream};
use crate::rows::{Rows, rows};
use crate::writer::{FileWriter, render_row};

/// Writes the file that `options` describe to `output`, in pieces of 64 KiB, and answers what it contains.
///
/// # Errors
/// Options out of range or defects that do not fit, before anything is written; or a failed write.
pub fn generate(options: &Options, output: &mut impl Write) -> Result<Manifest, GenerateError> {
    let mut rows = rows(options)?;
    let mut draw = Draw::new(options.seed, Stream::Defects);
    let plan = Plan::new(options, &mut draw)?;
    let complete_rows = match plan.file {
        // Behind every row defect, so that the manifest can promise all of their errors.
        Some(FileDefect::Truncated) => draw.between(plan.last_row(), options.rows),
        Some(FileDefect::Doctype | FileDefect::WrongRoot | FileDefect::SecondRoot | FileDefect::Encoding) | None => {
            options.rows
        }
    };
    let (prolog, root) = opening(plan.file);
    let mut writer = FileWriter::with_opening(output, options.style, rows.dead_servicers(), prolog, root);
    write_rows(&mut writer, &mut rows, complete_rows, &plan, &mut draw)?;
    let ending = match plan.file {
        Some(FileDefect::Truncated) => beginning_of_the_rest(&writer.closing(), &mut rows, options.style, &mut draw),
        Some(FileDefect::SecondRoot) => [&writer.closing(), b"<root></root>".as_slice()].concat(),
        Some(FileDefect::Doctype | FileDefect::WrongRoot | FileDefect::Encoding) | None => writer.closing(),
    };
    let (mut manifest, _output) = writer.finish_with(&ending)?;
    if let Some(defect) = plan.file {
        expect_file_error(defect, &mut manifest);
    }
    Ok(manifest)
}

/// The text before the root element, and its name.
const fn opening(defect: Option<FileDefect>) -> (&'static str, &'static str) {
    match defect {
        Some(FileDefect::Doctype) => ("<!DOCTYPE root [<!ENTITY donut \"ring\">]>", "root"),
        Some(FileDefect::Encoding) => ("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>", "root"),
        Some(FileDefect::WrongRoot) => ("", "rows"),
        Some(FileDefect::Truncated | FileDefect::SecondRoot) | None => ("", "root"),
    }
}

fn write_rows(
    writer: &mut FileWriter<impl Write>,
    rows: &mut Rows,
    last_row: u64,
    plan: &Plan,
    draw: &mut Draw,
) -> Result<(), GenerateError> {
    let earlier_rows = plan.earlier_rows();
    let mut kept = BTreeMap::new();
    for (number, row) in (1..=last_row).zip(rows) {
        if let Some(strike) = plan.rows.get(&number) {
            writer.write_defective_row(inject(*strike, number, row, &kept, draw))?;
            continue;
        }
        writer.write_row(&row)?;
        if earlier_rows.contains(&number) {
            kept.insert(number, row);
        }
    }
    Ok(())
}

/// Of the next row, or of the end of a file without further rows, all but at least the last `>`.
fn beginning_of_the_rest(closing: &[u8], rows: &mut Rows, style: Style, draw: &mut Draw) -> Vec<u8> {
    let mut rest = Vec::new();
    match rows.next() {
        Some(row) => render_row(&row, style, None, &mut rest),
        None => rest.extend_from_slice(closing),
    }
    let last_tag_end = rest.iter().rposition(|byte| *byte == b'>').unwrap_or_default();
    rest.truncate(draw.index(last_tag_end + 1));
    rest
}

/// What strikes at the beginning keeps an importer from ever seeing the defects of the rows.
fn expect_file_error(defect: FileDefect, manifest: &mut Manifest) {
    let (row, code, at_the_beginning) = match defect {
        FileDefect::Truncated => (Some(manifest.rows), ErrorCode::XmlTruncated, false),
        FileDefect::SecondRoot => (None, ErrorCode::XmlSyntax, false),
        FileDefect::Doctype => (None, ErrorCode::DtdForbidden, true),
        FileDefect::WrongRoot => (None, ErrorCode::WrongRoot, true),
        FileDefect::Encoding => (None, ErrorCode::UnsupportedEncoding, true),
    };
    if at_the_beginning {
        manifest.expected_errors.clear();
    }
    manifest.expected_errors.push(ExpectedError { row, field: None, code, earlier_row: None });
}
