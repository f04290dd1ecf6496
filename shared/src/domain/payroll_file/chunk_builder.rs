//! Cuts the rows into chunks and hashes the bytes as they pass: the whole file's and each chunk's.

use std::ops::Range;

use super::hash::{Hasher, Sha256Hash, hash_both};
use super::summary::Chunk;

pub(super) struct ChunkBuilder {
    rows_per_chunk: u32,
    done: Vec<Chunk>,
    open: Option<OpenChunk>,
    file: Hasher,
    /// Bytes of the window that are hashed: in long runs, which is what makes it fast.
    hashed: usize,
}

struct OpenChunk {
    first_row: u64,
    rows: u32,
    start: u64,
    end: u64,
    hasher: Hasher,
}

/// The bytes that the reader holds, of which the first stands at `start` in the file. Places are positions in it.
#[derive(Clone, Copy)]
pub(super) struct Window<'w> {
    pub(super) bytes: &'w [u8],
    pub(super) start: u64,
}

impl Window<'_> {
    pub(super) fn offset(self, at: usize) -> u64 {
        self.start + at as u64
    }
}

impl ChunkBuilder {
    pub(super) fn new(rows_per_chunk: u32) -> Self {
        Self { rows_per_chunk, done: Vec::new(), open: None, file: Hasher::default(), hashed: 0 }
    }

    pub(super) fn row(&mut self, window: Window<'_>, place: Range<usize>, number: u64) {
        if self.open.is_none() {
            self.hash_up_to(window, place.start);
        }
        let start = window.offset(place.start);
        let open = self.open.get_or_insert_with(|| OpenChunk {
            first_row: number,
            rows: 0,
            start,
            end: start,
            hasher: Hasher::default(),
        });
        open.rows += 1;
        open.end = window.offset(place.end);
        if open.rows >= self.rows_per_chunk {
            self.close(window, place.end);
        }
    }

    /// Bytes beside the rows: part of the chunk they interrupt, of none between two.
    pub(super) fn skip(&mut self, window: Window<'_>, place: Range<usize>) {
        if let Some(open) = &mut self.open {
            open.end = window.offset(place.end);
        }
    }

    /// Ends the open chunk, if there is one, at a place of the window.
    pub(super) fn close(&mut self, window: Window<'_>, at: usize) {
        self.hash_up_to(window, at);
        let number = u32::try_from(self.done.len() + 1).unwrap_or(u32::MAX);
        if let Some(open) = self.open.take() {
            let OpenChunk { first_row, rows, start, end, hasher } = open;
            self.done.push(Chunk { number, first_row, rows, start, end, sha256: hasher.finish() });
        }
    }

    /// The window lets go of its first bytes.
    pub(super) fn let_go(&mut self, window: Window<'_>, length: usize) {
        self.hash_up_to(window, length);
        self.hashed = 0;
    }

    fn hash_up_to(&mut self, window: Window<'_>, end: usize) {
        let bytes = &window.bytes[self.hashed..end];
        match &mut self.open {
            Some(open) => hash_both(&mut self.file, &mut open.hasher, bytes),
            None => self.file.update(bytes),
        }
        self.hashed = end;
    }

    /// The hash of all bytes that the window let go of, and the chunks of a file that was read to its end.
    pub(super) fn finish(self) -> (Sha256Hash, Vec<Chunk>) {
        (self.file.finish(), self.done)
    }
}
