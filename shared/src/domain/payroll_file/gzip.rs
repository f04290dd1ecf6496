//! Unpacking a gzip upload piece by piece, bounded while it expands.
//!
//! Guarantees: at most about 1 MiB is unpacked before the sink sees it; several members in a row count as one file (RFC 1952); bytes
//! behind the last member, a wrong checksum and a missing end are errors.

use std::io::Write;

use flate2::write::MultiGzDecoder;

/// Packed bytes handed to the decoder at once: deflate expands about a thousandfold at most.
const PIECE_BYTES: usize = 1024;

/// Why an upload cannot be unpacked. Final: pack the file again and upload it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GunzipError {
    #[error("the gzip data is corrupt; pack the file again")]
    Corrupt,
    #[error("the gzip data ends too early; upload it again, whole")]
    Truncated,
    #[error("the file unpacks to more than the limit file bytes = {limit}")]
    TooLarge { limit: u64 },
}

/// A push decoder.
pub struct Gunzip {
    decoder: MultiGzDecoder<Vec<u8>>,
    limit: u64,
    unpacked: u64,
}

impl std::fmt::Debug for Gunzip {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Gunzip").field("unpacked", &self.unpacked).finish_non_exhaustive()
    }
}

/// Whether the first bytes of an upload are those of gzip; a payroll file never begins so.
pub fn is_gzip(first_bytes: &[u8]) -> bool {
    first_bytes.starts_with(&[0x1f, 0x8b])
}

impl Gunzip {
    /// `limit`: unpacked bytes at most.
    pub fn new(limit: u64) -> Self {
        Self { decoder: MultiGzDecoder::new(Vec::new()), limit, unpacked: 0 }
    }

    /// Unpacks the next packed bytes into the sink, perhaps in several calls of it.
    pub fn push<E: From<GunzipError>>(
        &mut self,
        packed: &[u8],
        mut sink: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        for piece in packed.chunks(PIECE_BYTES) {
            self.decoder.write_all(piece).map_err(|_| GunzipError::Corrupt)?;
            self.decoder.flush().map_err(|_| GunzipError::Corrupt)?;
            self.hand_out(&mut sink)?;
        }
        Ok(())
    }

    /// The end of the packed bytes: the rest, if it is complete.
    pub fn finish<E: From<GunzipError>>(mut self, mut sink: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        self.decoder.try_finish().map_err(|_| GunzipError::Truncated)?;
        self.hand_out(&mut sink)
    }

    fn hand_out<E: From<GunzipError>>(&mut self, sink: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let unpacked = self.decoder.get_mut();
        self.unpacked += unpacked.len() as u64;
        if self.unpacked > self.limit {
            return Err(GunzipError::TooLarge { limit: self.limit }.into());
        }
        if !unpacked.is_empty() {
            sink(unpacked)?;
            unpacked.clear();
        }
        Ok(())
    }
}
