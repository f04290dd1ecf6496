//! The push parser: bytes in, a [`Summary`] or a [`Rejection`] out.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::chunk_builder::{ChunkBuilder, Window};
use super::collector::{Collector, FileFacts};
use super::error::{ErrorCode, FileError, Flaw, Rejection};
use super::gzip::GunzipError;
use super::limits::Limits;
use super::row::Rules;
use super::scan::{self, Item};
use super::summary::Summary;
use super::tokens::is_xml_character;
use super::usual_form::WrittenDetails;
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
    collector: Collector,
    failure: Option<FileError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Start,
    BeforeRoot,
    InRoot,
    AfterRoot,
}

/// The bytes of the window that can be looked at now, and what is wrong behind them.
struct Readable<'w> {
    text: &'w str,
    flaw: Option<Flaw>,
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
            collector: Collector::new(limits, Rules { today, largest_amount: limits.largest_amount }),
            failure: None,
        }
    }

    /// Collects the loans whose numbers end so: the summary names them, for whoever knows more of accounts with these endings.
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
        self.read_window()?;
        self.check_end()?;
        if let Some((errors, error_count)) = self.collector.take_errors() {
            return Err(Rejection::Rows { errors, error_count });
        }
        let (sha256, chunks) = self.chunks.finish();
        let facts = FileFacts { sha256, bytes: self.window_start, chunks };
        let rows = self.collector.rows();
        let overflow = Flaw::new(ErrorCode::TotalOverflow, 0, "a total is beyond 64-bit cents; split the file");
        let end = facts.bytes;
        self.collector.into_summary(facts).map_err(|MoneyOverflow| overflow.in_file(end, rows).into())
    }

    /// The file error for an upload that stopped being gzip while it was unpacked into this reader.
    pub fn gzip_error(&self, error: GunzipError) -> FileError {
        let code = match error {
            GunzipError::Corrupt => ErrorCode::GzipCorrupt,
            GunzipError::Truncated => ErrorCode::GzipTruncated,
            GunzipError::TooLarge { .. } => ErrorCode::LimitExceeded,
        };
        Flaw::new(code, self.window.len(), error.to_string()).in_file(self.window_start, self.collector.rows())
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
        if self.place == Place::Start {
            at = check_encoding(window.bytes).map_err(|flaw| self.failed(flaw))?;
        }
        let readable = readable(window.bytes);
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
                self.chunks.let_go(window, at);
                Ok(at)
            }
        }
    }

    /// Reads one item at the start of `text`, which stands at `at` in the window, and answers its length: 0 for want of more bytes.
    fn read_item(&mut self, text: &str, window: Window<'_>, at: usize) -> Result<usize, Flaw> {
        let item = match self.place {
            Place::Start => scan::before_root(text, true, &self.limits)?,
            Place::BeforeRoot => scan::before_root(text, false, &self.limits)?,
            Place::InRoot => scan::in_root(text, &mut self.written, &self.limits)?,
            Place::AfterRoot => scan::after_root(text, &self.limits)?,
        };
        let length = match item {
            Item::Incomplete => return Ok(0),
            Item::Nothing { length } => {
                if self.place == Place::Start {
                    self.place = Place::BeforeRoot;
                }
                self.chunks.skip(window, at..at + length);
                length
            }
            Item::Root { length, closed, warnings } => {
                self.place = if closed { Place::AfterRoot } else { Place::InRoot };
                self.collector.warn(warnings, 0);
                length
            }
            Item::Row { row, length } => {
                self.collector.row(&row, window.offset(at))?;
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
        Ok(length)
    }

    /// At the end of the file nothing may be left and the root must be closed.
    fn check_end(&self) -> Result<(), FileError> {
        let untouched = matches!(self.place, Place::Start | Place::BeforeRoot) && self.window.is_empty();
        if untouched || (self.place == Place::AfterRoot && self.window.is_empty() && self.collector.rows() == 0) {
            return Err(self.failed(Flaw::new(ErrorCode::NoRows, 0, "the file has no rows")));
        }
        if self.place != Place::AfterRoot || !self.window.is_empty() {
            let what = "the file ends too early; upload it again, whole";
            return Err(self.failed(Flaw::new(ErrorCode::XmlTruncated, self.window.len(), what)));
        }
        Ok(())
    }

    fn failed(&self, flaw: Flaw) -> FileError {
        flaw.in_file(self.window_start, self.collector.rows())
    }
}

/// Refuses UTF-16 by its first bytes and answers the length of a byte order mark.
fn check_encoding(window: &[u8]) -> Result<usize, Flaw> {
    match window {
        [0xfe, 0xff, ..] | [0xff, 0xfe, ..] | [0, b'<', ..] | [b'<', 0, ..] => {
            Err(Flaw::new(ErrorCode::UnsupportedEncoding, 0, "the file is UTF-16; save it as UTF-8"))
        }
        _ if window.starts_with(BYTE_ORDER_MARK) => Ok(BYTE_ORDER_MARK.len()),
        _ => Ok(0),
    }
}

/// The longest prefix that is text as XML allows it. A character that only lacks its last bytes is left for the next window.
fn readable(window: &[u8]) -> Readable<'_> {
    let (text, mut flaw) = match std::str::from_utf8(window) {
        Ok(text) => (text, None),
        Err(error) => {
            let valid = std::str::from_utf8(&window[..error.valid_up_to()]).unwrap_or_default();
            let broken = Flaw::new(ErrorCode::InvalidEncoding, valid.len(), "the bytes are not UTF-8");
            (valid, error.error_len().map(|_| broken))
        }
    };
    if !may_hold_forbidden_characters(text.as_bytes()) {
        return Readable { text, flaw };
    }
    let Some((at, character)) = text.char_indices().find(|(_, character)| !is_xml_character(*character)) else {
        return Readable { text, flaw };
    };
    flaw = Some(match character {
        '\0' => Flaw::new(ErrorCode::InvalidEncoding, at, "a NUL byte"),
        _ => Flaw::syntax(at, "a control character that XML forbids"),
    });
    Readable { text: &text[..at], flaw }
}

/// A look at every byte, block by block so that it compiles to vector instructions; what it finds is looked at again.
fn may_hold_forbidden_characters(bytes: &[u8]) -> bool {
    // U+FFFE and U+FFFF begin with 0xef.
    let unusual = |byte: u8| (byte < b' ') | (byte == 0xef);
    let blank = |byte: u8| (byte == b'\t') | (byte == b'\n') | (byte == b'\r');
    bytes.chunks(256).any(|block| {
        // Without line ends, as machines write the file, the first question is enough.
        block.iter().fold(false, |found, byte| found | unusual(*byte))
            && block.iter().fold(false, |found, byte| found | (unusual(*byte) & !blank(*byte)))
    })
}
