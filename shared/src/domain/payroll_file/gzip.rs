//! Unpacking a gzip upload piece by piece, bounded while it expands.
//!
//! Guarantees: at most about 1 MiB is unpacked before the sink sees it; several members in a row count as one file (RFC 1952); bytes
//! behind the last member, a wrong checksum and a missing end are errors, each by its own name.

use std::io::Write;

use flate2::write::GzDecoder;

use super::error::ErrorCode;

/// Packed bytes handed to the decoder at once: deflate expands about a thousandfold at most.
const PIECE_BYTES: usize = 1024;
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Why an upload cannot be unpacked. Final: pack the file again and upload it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GunzipError {
    #[error("the gzip data is corrupt; pack the file again")]
    Corrupt,
    #[error("the gzip data ends too early; upload it again, whole")]
    Truncated,
    #[error(
        "the gzip data was damaged: its checksum is another than that of what it unpacks to; pack the file again and upload it again"
    )]
    Checksum,
    #[error("bytes that are no gzip data stand behind its end; pack the file alone and upload it again")]
    TrailingBytes,
    #[error("the file unpacks to more than the limit file bytes = {limit}")]
    TooLarge { limit: u64 },
}

impl GunzipError {
    /// The code under which a file is refused for it.
    pub const fn code(self) -> ErrorCode {
        match self {
            GunzipError::Corrupt => ErrorCode::GzipCorrupt,
            GunzipError::Truncated => ErrorCode::GzipTruncated,
            GunzipError::Checksum => ErrorCode::GzipChecksum,
            GunzipError::TrailingBytes => ErrorCode::GzipTrailingBytes,
            GunzipError::TooLarge { .. } => ErrorCode::LimitExceeded,
        }
    }
}

/// A push decoder.
pub struct Gunzip {
    member: GzDecoder<Vec<u8>>,
    /// First bytes of the member, up to those that say that it is one.
    begun: usize,
    /// Members that are complete, each with a right checksum.
    complete: u64,
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
    first_bytes.starts_with(&MAGIC)
}

impl Gunzip {
    /// `limit`: unpacked bytes at most.
    pub fn new(limit: u64) -> Self {
        Self { member: GzDecoder::new(Vec::new()), begun: 0, complete: 0, limit, unpacked: 0 }
    }

    /// Unpacks the next packed bytes into the sink, perhaps in several calls of it.
    pub fn push<E: From<GunzipError>>(
        &mut self,
        packed: &[u8],
        mut sink: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        for piece in packed.chunks(PIECE_BYTES) {
            self.unpack(piece)?;
            self.hand_out(&mut sink)?;
        }
        Ok(())
    }

    /// The end of the packed bytes: the rest, if it is complete.
    pub fn finish<E: From<GunzipError>>(mut self, mut sink: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        if self.begun > 0 || self.complete == 0 {
            self.end_member()?;
        }
        self.hand_out(&mut sink)
    }

    fn unpack(&mut self, mut piece: &[u8]) -> Result<(), GunzipError> {
        while let [first, ..] = piece {
            if self.begun < MAGIC.len() {
                if *first != MAGIC[self.begun] {
                    return Err(if self.complete > 0 { GunzipError::TrailingBytes } else { GunzipError::Corrupt });
                }
                self.begun += 1;
            }
            // Its first bytes go in one by one, so that each is looked at.
            let now = if self.begun < MAGIC.len() { &piece[..1] } else { piece };
            match self.member.write(now) {
                Ok(0) => self.end_member()?,
                Ok(taken) => piece = &piece[taken..],
                Err(_) => return Err(GunzipError::Corrupt),
            }
        }
        self.member.flush().map_err(|_| GunzipError::Corrupt)
    }

    /// Nothing more belongs to the member: it is complete, or the upload ends inside it.
    fn end_member(&mut self) -> Result<(), GunzipError> {
        // A member that still takes a byte lacks some.
        if !matches!(self.member.write(&[0]), Ok(0)) {
            return Err(GunzipError::Truncated);
        }
        self.member.try_finish().map_err(|_| GunzipError::Checksum)?;
        let unpacked = std::mem::take(self.member.get_mut());
        self.member = GzDecoder::new(unpacked);
        self.begun = 0;
        self.complete += 1;
        Ok(())
    }

    fn hand_out<E: From<GunzipError>>(&mut self, sink: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let unpacked = self.member.get_mut();
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
