//! Cuts the rows into chunks and hashes each one's bytes as they pass.

use sha2::{Digest, Sha256};

use super::hash::Sha256Hash;
use super::limits::ROWS_PER_CHUNK;
use super::summary::Chunk;

#[derive(Default)]
pub(super) struct ChunkBuilder {
    done: Vec<Chunk>,
    open: Option<OpenChunk>,
}

struct OpenChunk {
    first_row: u64,
    rows: u32,
    start: u64,
    end: u64,
    hasher: Sha256,
}

impl ChunkBuilder {
    pub(super) fn row(&mut self, bytes: &str, offset: u64, number: u64) {
        let open = self.open.get_or_insert_with(|| OpenChunk {
            first_row: number,
            rows: 0,
            start: offset,
            end: offset,
            hasher: Sha256::new(),
        });
        open.hasher.update(bytes);
        open.rows += 1;
        open.end = offset + bytes.len() as u64;
        if open.rows == ROWS_PER_CHUNK {
            self.close();
        }
    }

    /// Bytes beside the rows: part of the chunk they interrupt, of none between two.
    pub(super) fn skip(&mut self, bytes: &str, offset: u64) {
        if let Some(open) = &mut self.open {
            open.hasher.update(bytes);
            open.end = offset + bytes.len() as u64;
        }
    }

    pub(super) fn close(&mut self) {
        let number = u32::try_from(self.done.len() + 1).unwrap_or(u32::MAX);
        if let Some(open) = self.open.take() {
            let OpenChunk { first_row, rows, start, end, hasher } = open;
            self.done.push(Chunk { number, first_row, rows, start, end, sha256: Sha256Hash::finish(hasher) });
        }
    }

    pub(super) fn finish(mut self) -> Vec<Chunk> {
        self.close();
        self.done
    }
}
