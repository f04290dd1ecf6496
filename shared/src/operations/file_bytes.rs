//! The bytes of a batch's file, whichever way it was stored: plain, or as gzip.
//!
//! Rows are found by their place in the unpacked file. A summary that meets gzip therefore stores what it unpacks beside the upload, in
//! pieces of one size, and everything later reads those. What is read is compared with the manifest's hashes as ever, so a piece that was
//! replaced since is noticed like an upload that was.

use bytes::{Bytes, BytesMut};

use super::upload::upload_object;
use super::{OperationError, System};
use crate::domain::batch::manifest::{Chunk, Manifest};
use crate::domain::ids::BatchId;
use crate::domain::payroll_file::{FileError, FileReader, Gunzip, GunzipError, Limits, Rejection, Summary, is_gzip};
use crate::ports::objects::ObjectError;

/// Bytes fetched at once.
const WINDOW_BYTES: u64 = 4 * 1024 * 1024;

/// Packed bytes that are unpacked before what came of them is stored: deflate expands about a thousandfold at most.
const PACKED_BYTES: usize = 8 * 1024;

/// Of a piece of an unpacked file; the last one may have fewer.
const PIECE_BYTES: u64 = 8 * 1024 * 1024;

/// A file that was read to its end.
pub(crate) struct ReadFile {
    pub(crate) summary: Summary,
    /// Whether the upload is gzip.
    pub(crate) packed: bool,
}

/// What becomes of the bytes of a packed file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unpacked {
    /// They are stored, for whoever reads the rows later.
    Kept,
    /// They are only looked at.
    Dropped,
}

fn piece_object(batch_id: BatchId, number: u64) -> String {
    format!("uploads/{batch_id}/{number:06}")
}

/// Pushes the uploaded file to a reader.
pub(crate) async fn read(
    system: &System,
    batch_id: BatchId,
    reader: FileReader,
    unpacked: Unpacked,
) -> Result<Result<ReadFile, Rejection>, OperationError> {
    let key = upload_object(batch_id);
    let size = system.objects.size(&key).await?;
    let mut reading =
        Reading { system, batch_id, reader, keep: unpacked == Unpacked::Kept, waiting: BytesMut::new(), pieces: 0 };
    let mut gunzip: Option<Gunzip> = None;
    let mut start = 0;
    while start < size {
        let end = size.min(start.saturating_add(WINDOW_BYTES));
        let window = system.objects.get_range(&key, start, end).await?;
        if window.is_empty() {
            return Err(OperationError::Inconsistent(format!("{key} ended at byte {start} of {size}")));
        }
        if start == 0 && is_gzip(&window) {
            gunzip = Some(Gunzip::new(Limits::default().file_bytes));
        }
        start = start.saturating_add(window.len() as u64);
        let pushed = match &mut gunzip {
            Some(gunzip) => reading.unpack(gunzip, &window).await?,
            None => reading.reader.push(&window),
        };
        if let Err(error) = pushed {
            return Ok(Err(error.into()));
        }
    }
    let packed = gunzip.is_some();
    if let Some(gunzip) = gunzip
        && let Err(error) = reading.end(gunzip).await?
    {
        return Ok(Err(error.into()));
    }
    Ok(reading.reader.finish().map(|summary| ReadFile { summary, packed }))
}

/// The bytes of a chunk.
pub(crate) async fn chunk(
    system: &System,
    batch_id: BatchId,
    manifest: &Manifest,
    chunk: &Chunk,
) -> Result<Bytes, ObjectError> {
    if !manifest.packed {
        return system.objects.get_range(&upload_object(batch_id), chunk.start, chunk.end).await;
    }
    let mut bytes = BytesMut::new();
    let mut at = chunk.start;
    while at < chunk.end {
        let (number, from) = (at / PIECE_BYTES, at % PIECE_BYTES);
        let to = PIECE_BYTES.min(from.saturating_add(chunk.end - at));
        bytes.extend_from_slice(&system.objects.get_range(&piece_object(batch_id, number), from, to).await?);
        at = at.saturating_add(to - from);
    }
    Ok(bytes.freeze())
}

/// A file on its way from the store to its reader.
struct Reading<'s> {
    system: &'s System,
    batch_id: BatchId,
    reader: FileReader,
    keep: bool,
    /// Unpacked bytes that are no whole piece yet.
    waiting: BytesMut,
    pieces: u64,
}

impl Reading<'_> {
    async fn unpack(&mut self, gunzip: &mut Gunzip, packed: &[u8]) -> Result<Result<(), FileError>, OperationError> {
        for packed in packed.chunks(PACKED_BYTES) {
            let unpacked = gunzip.push(packed, |bytes| {
                self.waiting.extend_from_slice(bytes);
                self.reader.push(bytes).map_err(Trouble::File)
            });
            if let Err(trouble) = unpacked {
                return Ok(Err(self.error(trouble)));
            }
            self.store(false).await?;
        }
        Ok(Ok(()))
    }

    async fn end(&mut self, gunzip: Gunzip) -> Result<Result<(), FileError>, OperationError> {
        let unpacked = gunzip.finish(|bytes| {
            self.waiting.extend_from_slice(bytes);
            self.reader.push(bytes).map_err(Trouble::File)
        });
        if let Err(trouble) = unpacked {
            return Ok(Err(self.error(trouble)));
        }
        self.store(true).await?;
        Ok(Ok(()))
    }

    fn error(&self, trouble: Trouble) -> FileError {
        match trouble {
            Trouble::Gzip(error) => self.reader.gzip_error(error),
            Trouble::File(error) => error,
        }
    }

    /// Stores the whole pieces, and at the end of the file what is left.
    async fn store(&mut self, at_end: bool) -> Result<(), OperationError> {
        if !self.keep {
            self.waiting.clear();
            return Ok(());
        }
        let whole = usize::try_from(PIECE_BYTES).unwrap_or(usize::MAX);
        while self.waiting.len() >= whole || (at_end && !self.waiting.is_empty()) {
            let piece = self.waiting.split_to(whole.min(self.waiting.len())).freeze();
            let key = piece_object(self.batch_id, self.pieces);
            self.system.objects.put(&key, "application/octet-stream", piece).await?;
            self.pieces += 1;
        }
        Ok(())
    }
}

/// Why a packed file cannot be read on.
enum Trouble {
    Gzip(GunzipError),
    File(FileError),
}

impl From<GunzipError> for Trouble {
    fn from(error: GunzipError) -> Self {
        Self::Gzip(error)
    }
}
