//! Rows as XML: UTF-8, no declaration, no attributes; `&`, `<` and `>` are escaped and nothing else (`payroll-file.md`
//! section 1).

use std::io::Write;

use sha2::{Digest, Sha256};

use crate::error::GenerateError;
use crate::field::{Field, Group, Node, ROW};
use crate::injection::Injected;
use crate::manifest::{Manifest, Tally};
use crate::options::Style;
use crate::rows::GeneratedRow;

const FLUSH_AT_BYTES: usize = 64 * 1024;

/// Writes one payroll file row by row and counts what it writes. A file dropped before [`finish`](Self::finish) is
/// incomplete.
#[derive(Debug)]
pub struct FileWriter<W> {
    output: W,
    style: Style,
    root: &'static str,
    buffer: Vec<u8>,
    hash: Sha256,
    bytes: u64,
    tally: Tally,
}

/// What a defect does to the markup of one row.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    /// The leaf is written as this markup, verbatim; empty: not at all.
    Leaf(Field, String),
    Without(Group),
}

impl<W: Write> FileWriter<W> {
    /// `dead_servicers`: institution ids whose rows the manifest counts as unpayable.
    pub fn new(output: W, style: Style, dead_servicers: &[String]) -> Self {
        Self::with_opening(output, style, dead_servicers, "", "root")
    }

    /// As [`new`](Self::new), with text before the root element and a root of another name.
    pub(crate) fn with_opening(
        output: W,
        style: Style,
        dead_servicers: &[String],
        prolog: &str,
        root: &'static str,
    ) -> Self {
        let tally = Tally::new(dead_servicers);
        let mut writer = Self { output, style, root, buffer: Vec::new(), hash: Sha256::new(), bytes: 0, tally };
        writer.buffer.extend_from_slice(prolog.as_bytes());
        let markup = Markup { style };
        markup.line(&mut writer.buffer, 0, &["<", root, ">"]);
        writer
    }

    /// # Errors
    /// The output cannot be written, or the total overflows.
    pub fn write_row(&mut self, row: &GeneratedRow) -> Result<(), GenerateError> {
        render_row(row, self.style, None, &mut self.buffer);
        self.tally.add_valid(row)?;
        self.flush_if_full()
    }

    /// Writes all of `rows`; see [`write_row`](Self::write_row).
    ///
    /// # Errors
    /// As [`write_row`](Self::write_row).
    pub fn write_rows(&mut self, rows: impl IntoIterator<Item = GeneratedRow>) -> Result<(), GenerateError> {
        rows.into_iter().try_for_each(|row| self.write_row(&row))
    }

    pub(crate) fn write_defective_row(&mut self, injected: Injected) -> Result<(), GenerateError> {
        let Injected { row, edit, expected } = injected;
        render_row(&row, self.style, edit.as_ref(), &mut self.buffer);
        self.tally.add_defective(expected);
        self.flush_if_full()
    }

    /// Closes the root element and flushes the output.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn finish(self) -> Result<(Manifest, W), GenerateError> {
        let closing = self.closing();
        self.finish_with(&closing)
    }

    /// As [`finish`](Self::finish), with other bytes at the end.
    pub(crate) fn finish_with(mut self, ending: &[u8]) -> Result<(Manifest, W), GenerateError> {
        self.buffer.extend_from_slice(ending);
        self.flush()?;
        self.output.flush().map_err(GenerateError::WriteFile)?;
        Ok((self.tally.into_manifest(hex::encode(self.hash.finalize()), self.bytes), self.output))
    }

    /// The end of a sound file.
    pub(crate) fn closing(&self) -> Vec<u8> {
        let mut closing = Vec::new();
        Markup { style: self.style }.line(&mut closing, 0, &["</", self.root, ">"]);
        closing
    }

    fn flush_if_full(&mut self) -> Result<(), GenerateError> {
        if self.buffer.len() < FLUSH_AT_BYTES { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<(), GenerateError> {
        self.hash.update(&self.buffer);
        self.bytes += self.buffer.len() as u64;
        self.output.write_all(&self.buffer).map_err(GenerateError::WriteFile)?;
        self.buffer.clear();
        Ok(())
    }
}

pub(crate) fn render_row(row: &GeneratedRow, style: Style, edit: Option<&Edit>, out: &mut Vec<u8>) {
    let markup = Markup { style };
    markup.line(out, 1, &["<row>"]);
    markup.nodes(out, 2, ROW, row, edit);
    markup.line(out, 1, &["</row>"]);
}

/// A leaf with its value, on one line.
pub(crate) fn render_leaf(field: Field, value: &str, out: &mut Vec<u8>) {
    let name = field.element_name();
    for part in ["<", name, ">"] {
        out.extend_from_slice(part.as_bytes());
    }
    for byte in value.bytes() {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            _ => out.push(byte),
        }
    }
    for part in ["</", name, ">"] {
        out.extend_from_slice(part.as_bytes());
    }
}

#[derive(Clone, Copy)]
struct Markup {
    style: Style,
}

impl Markup {
    fn nodes(self, out: &mut Vec<u8>, depth: usize, nodes: &[Node], row: &GeneratedRow, edit: Option<&Edit>) {
        for node in nodes {
            match node {
                Node::Field(field) => self.leaf(out, depth, *field, row, edit),
                Node::Group(group, _) if edit == Some(&Edit::Without(*group)) => {}
                Node::Group(group, children) => {
                    self.line(out, depth, &["<", group.element_name(), ">"]);
                    self.nodes(out, depth + 1, children, row, edit);
                    self.line(out, depth, &["</", group.element_name(), ">"]);
                }
            }
        }
    }

    fn leaf(self, out: &mut Vec<u8>, depth: usize, field: Field, row: &GeneratedRow, edit: Option<&Edit>) {
        match edit {
            Some(Edit::Leaf(edited, markup)) if *edited == field => {
                if !markup.is_empty() {
                    self.line(out, depth, &[markup]);
                }
            }
            Some(Edit::Leaf(..) | Edit::Without(_)) | None => {
                self.indent(out, depth);
                render_leaf(field, &row.text(field), out);
                self.end_line(out);
            }
        }
    }

    fn line(self, out: &mut Vec<u8>, depth: usize, parts: &[&str]) {
        self.indent(out, depth);
        for part in parts {
            out.extend_from_slice(part.as_bytes());
        }
        self.end_line(out);
    }

    fn indent(self, out: &mut Vec<u8>, depth: usize) {
        match self.style {
            Style::Compact => {}
            Style::Pretty => out.resize(out.len() + 4 * depth, b' '),
        }
    }

    fn end_line(self, out: &mut Vec<u8>) {
        match self.style {
            Style::Compact => {}
            Style::Pretty => out.push(b'\n'),
        }
    }
}
