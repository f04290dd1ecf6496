//! The push parser: bytes in, a [`Summary`] or a [`Rejection`] out.

use std::collections::BTreeSet;

use jiff::civil::Date;
use memchr::memchr_iter;

use super::chunk_builder::{ChunkBuilder, Window};
use super::collector::{Collector, FileFacts};
use super::csv::{self, Header, Mapping};
use super::error::{ErrorCode, FileError, Flaw, Rejection};
use super::fast_path::WrittenDetails;
use super::format;
use super::gzip::GunzipError;
use super::layout::Layout;
use super::limits::Limits;
use super::readable::readable;
use super::row::Rules;
use super::scan::{self, Item};
use super::summary::Summary;
use crate::domain::money::MoneyOverflow;

/// Bytes read before the text in the window is looked at, beyond what the longest row may leave there.
const WINDOW_BYTES: usize = 64 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a payroll file that is pushed to it in pieces of any size.
///
/// The text is looked at whenever the window is full, at the same places whatever the pieces are; so a [`FileError`] may come with a
/// later push or only from [`FileReader::finish`]. After an error every further call answers the same error.
pub struct FileReader {
    limits: Limits,
    place: Place,
    window: Vec<u8>,
    /// File offset of the window's first byte.
    window_start: u64,
    chunks: ChunkBuilder,
    written: WrittenDetails,
    /// What the columns of a table are called beside their known names.
    mapping: Mapping,
    /// Of a table.
    header: Option<Header>,
    /// Of a table: lines that were read.
    lines: u64,
    /// Whether the window holds the last byte of the file.
    has_ended: bool,
    collector: Collector,
    failure: Option<FileError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Of what kind the file is, is not known yet.
    Start,
    BeforeDeclaration,
    BeforeRoot,
    InRoot,
    AfterRoot,
    /// In a table, before its header.
    BeforeHeader,
    InTable,
}

impl std::fmt::Debug for FileReader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rows = self.collector.rows();
        formatter.debug_struct("FileReader").field("rows", &rows).field("place", &self.place).finish_non_exhaustive()
    }
}

impl FileReader {
    /// `today` bounds dates of birth.
    pub fn new(limits: Limits, today: Date) -> Self {
        Self {
            limits,
            place: Place::Start,
            window: Vec::with_capacity(limits.row_bytes + WINDOW_BYTES),
            window_start: 0,
            chunks: ChunkBuilder::new(limits.rows_per_chunk),
            written: WrittenDetails::default(),
            mapping: Mapping::default(),
            header: None,
            lines: 0,
            has_ended: false,
            collector: Collector::new(limits, Rules { today, largest_amount: limits.largest_amount }),
            failure: None,
        }
    }

    /// Takes columns of a table for what a mapping says. XML has names of its own, and nothing of it is mapped.
    pub fn map(&mut self, mapping: Mapping) {
        self.mapping = mapping;
    }

    /// Collects the payees whose numbers end so: the summary names them, for whoever knows more of accounts with these endings.
    pub fn watch(&mut self, endings: BTreeSet<String>) {
        self.collector.watch(endings);
    }

    /// Takes the next bytes of the file.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let result = self.take(bytes);
        self.failure = result.as_ref().err().cloned();
        result
    }

    /// The end of the file: the summary of a valid one.
    pub fn finish(mut self) -> Result<Summary, Rejection> {
        if let Some(failure) = self.failure {
            return Err(failure.into());
        }
        self.has_ended = true;
        self.read_window()?;
        self.check_end()?;
        if let Some((errors, error_count)) = self.collector.take_errors() {
            return Err(Rejection::Rows { errors, error_count });
        }
        let (sha256, chunks) = self.chunks.finish();
        let layout = self.header.map_or(Layout::Xml, |header| Layout::Csv(header.columns));
        let facts = FileFacts { sha256, bytes: self.window_start, chunks, layout };
        let rows = self.collector.rows();
        let overflow = Flaw::new(ErrorCode::TotalOverflow, 0, "a total is beyond 64-bit cents; split the file");
        let end = facts.bytes;
        self.collector.into_summary(facts).map_err(|MoneyOverflow| overflow.in_file(end, rows).into())
    }

    /// The file error for an upload that stopped being gzip while it was unpacked into this reader.
    pub fn gzip_error(&self, error: GunzipError) -> FileError {
        Flaw::new(error.code(), self.window.len(), error.to_string()).in_file(self.window_start, self.collector.rows())
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        let received = self.window_start + self.window.len() as u64;
        let allowed = usize::try_from(self.limits.file_bytes.saturating_sub(received)).unwrap_or(usize::MAX);
        let mut rest = &bytes[..bytes.len().min(allowed)];
        while !rest.is_empty() {
            let room = (self.limits.row_bytes + WINDOW_BYTES).saturating_sub(self.window.len());
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.window.extend_from_slice(now);
            rest = later;
            if now.len() == room {
                self.read_window()?;
            }
        }
        if bytes.len() > allowed {
            self.read_window()?;
            return Err(self.failed(Flaw::limit(self.window.len(), "file bytes", self.limits.file_bytes)));
        }
        Ok(())
    }

    /// Reads every complete item in the window and lets go of it.
    fn read_window(&mut self) -> Result<(), FileError> {
        let window = std::mem::take(&mut self.window);
        let result = self.read_items(Window { bytes: &window, start: self.window_start });
        self.window = window;
        let consumed = *result.as_ref().unwrap_or(&0);
        self.window.drain(..consumed);
        self.window_start += consumed as u64;
        result.map(|_| ())
    }

    fn read_items(&mut self, window: Window<'_>) -> Result<usize, FileError> {
        let mut at = 0;
        if self.place == Place::Start && !window.bytes.is_empty() {
            at = self.begin(window.bytes).map_err(|flaw| self.failed(flaw))?;
        }
        let readable = readable(window.bytes, self.is_table());
        while let Some(text) = readable.text.get(at..) {
            let length = self.read_item(text, window, at).map_err(|flaw| self.failed(flaw.moved(at)))?;
            if length == 0 {
                break;
            }
            at += length;
        }
        let text_left = readable.text.len().saturating_sub(at);
        if text_left > self.limits.row_bytes {
            return Err(self.failed(scan::too_long(&self.limits).moved(at)));
        }
        match readable.flaw {
            Some(flaw) => Err(self.failed(flaw)),
            None => {
                if self.has_ended && self.is_table() {
                    self.chunks.close(window, at);
                }
                self.chunks.let_go(window, at);
                Ok(at)
            }
        }
    }

    /// Finds out what kind of file begins so, and answers the length of a byte order mark.
    fn begin(&mut self, bytes: &[u8]) -> Result<usize, Flaw> {
        let mark = if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let behind = bytes.get(mark..).unwrap_or_default();
        self.place = match format::recognize(behind)? {
            format::Kind::Xml if behind.is_empty() => Place::Start,
            format::Kind::Xml => Place::BeforeDeclaration,
            format::Kind::Table => Place::BeforeHeader,
        };
        Ok(mark)
    }

    fn is_table(&self) -> bool {
        matches!(self.place, Place::BeforeHeader | Place::InTable)
    }

    /// Reads one item at the start of `text`, which stands at `at` in the window, and answers its length: 0 for want of more bytes.
    fn read_item(&mut self, text: &str, window: Window<'_>, at: usize) -> Result<usize, Flaw> {
        let item = match self.place {
            Place::Start => Item::Incomplete,
            Place::BeforeDeclaration => scan::before_root(text, true, &self.limits)?,
            Place::BeforeRoot => scan::before_root(text, false, &self.limits)?,
            Place::InRoot => scan::in_root(text, &mut self.written, &self.limits)?,
            Place::AfterRoot => scan::after_root(text, &self.limits)?,
            Place::BeforeHeader | Place::InTable => self.read_line(text).map_err(|flaw| self.in_line(flaw, text))?,
        };
        let line = self.header.as_ref().map(|header| (self.lines + 1, header));
        let length = match item {
            Item::Incomplete => return Ok(0),
            Item::Nothing { length } => {
                if self.place == Place::BeforeDeclaration {
                    self.place = Place::BeforeRoot;
                }
                self.chunks.skip(window, at..at + length);
                length
            }
            Item::Header { header, length } => {
                for name in header.ignored() {
                    self.collector.unknown_column(name);
                }
                self.header = Some(*header);
                self.place = Place::InTable;
                length
            }
            Item::Root { length, closed, warnings } => {
                self.place = if closed { Place::AfterRoot } else { Place::InRoot };
                self.collector.warn(warnings, 0);
                length
            }
            Item::Row { row, length } => {
                self.collector.row(&row, window.offset(at), line).map_err(|flaw| self.in_line(flaw, text))?;
                self.chunks.row(window, at..at + length, self.collector.rows());
                length
            }
            Item::Ignored { warnings, length } => {
                self.collector.warn(warnings, self.collector.rows());
                self.chunks.skip(window, at..at + length);
                length
            }
            Item::RootEnd { length } => {
                self.place = Place::AfterRoot;
                self.chunks.close(window, at);
                length
            }
        };
        if self.is_table() {
            self.lines += csv::lines_in(text.get(..length).unwrap_or_default());
        }
        Ok(length)
    }

    /// The header or the next line of a table.
    fn read_line<'a>(&mut self, text: &'a str) -> Result<Item<'a>, Flaw> {
        let (whole, limits) = (self.has_ended, &self.limits);
        if let Some(header) = &self.header {
            return csv::next_line(text, &header.columns, whole, &mut self.written, limits);
        }
        // Blank lines may stand before the header.
        match text.len() - text.trim_start_matches(['\r', '\n']).len() {
            0 if text.is_empty() => Ok(Item::Incomplete),
            0 => match csv::read_header(text, &self.mapping, whole, limits)? {
                Some(header) => Ok(Item::Header { length: header.length, header: Box::new(header) }),
                None => Ok(Item::Incomplete),
            },
            _ if text.starts_with("\r\n") => Ok(Item::Nothing { length: 2 }),
            _ => Ok(Item::Nothing { length: 1 }),
        }
    }

    /// A flaw of a line of a table, which begins the text.
    fn in_line(&self, flaw: Flaw, text: &str) -> Flaw {
        if !self.is_table() {
            return flaw;
        }
        let before = text.get(..flaw.at).unwrap_or_default();
        let line = self.lines + 1 + memchr_iter(b'\n', before.as_bytes()).count() as u64;
        Flaw { line: Some(line), ..flaw }
    }

    /// At the end of the file nothing may be left and the root must be closed.
    fn check_end(&self) -> Result<(), FileError> {
        let (is_read, has_rows) = (self.window.is_empty(), self.collector.rows() > 0);
        let no_rows = || Err(self.failed(Flaw::new(ErrorCode::NoRows, 0, "the file has no rows")));
        match self.place {
            Place::Start | Place::BeforeDeclaration | Place::BeforeRoot | Place::BeforeHeader if is_read => no_rows(),
            Place::AfterRoot | Place::InTable if is_read && has_rows => Ok(()),
            Place::AfterRoot if is_read => no_rows(),
            Place::InTable if is_read => {
                Err(self.failed(Flaw::new(ErrorCode::NoRows, 0, "the file has no rows behind its header")))
            }
            Place::BeforeHeader | Place::InTable => {
                let what = "the file ends inside a character; upload it again, whole";
                Err(self.failed(Flaw::new(ErrorCode::InvalidEncoding, 0, what)))
            }
            Place::Start | Place::BeforeDeclaration | Place::BeforeRoot | Place::InRoot | Place::AfterRoot => {
                let what = "the file ends too early; upload it again, whole";
                Err(self.failed(Flaw::new(ErrorCode::XmlTruncated, self.window.len(), what)))
            }
        }
    }

    fn failed(&self, flaw: Flaw) -> FileError {
        flaw.in_file(self.window_start, self.collector.rows())
    }
}
