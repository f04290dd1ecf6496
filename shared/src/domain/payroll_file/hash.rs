//! Hashes of a file: of its bytes, of its chunks, of each row's content and of all contents together.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// A SHA-256, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256Hash([u8; 32]);

/// The first 16 bytes of the SHA-256 over what makes a row that payment: employee id, source id, institution id and loan account number, or
/// routing and account number, without hyphens and in capitals, amount. The kind of an account and the name of its holder make no other
/// payment. Written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowDigest([u8; 16]);

impl Sha256Hash {
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The first 8 bytes of the SHA-256 over employee id, source id and amount: what a row pays, whichever account gets it. Rows of one file may
/// have the same. Written as 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayDigest([u8; 8]);

/// What a SHA-256 takes at once.
const BLOCK_BYTES: usize = 64;

/// A SHA-256 in the making.
#[derive(Default)]
pub(super) struct Hasher {
    sha256: Sha256,
    /// Bytes that wait for their block to be full.
    waiting: usize,
}

impl Hasher {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.waiting = (self.waiting + bytes.len()) % BLOCK_BYTES;
    }

    pub(super) fn finish(self) -> Sha256Hash {
        Sha256Hash(self.sha256.finalize().into())
    }

    /// Takes what its open block lacks, and answers the rest by blocks.
    fn fill_block<'b>(&mut self, bytes: &'b [u8]) -> std::slice::Chunks<'b, u8> {
        let lacks = (BLOCK_BYTES - self.waiting) % BLOCK_BYTES;
        let (first, rest) = bytes.split_at(lacks.min(bytes.len()));
        self.update(first);
        rest.chunks(BLOCK_BYTES)
    }
}

/// Hashes the same bytes twice, block by block in turn: a block has to wait for the one before it in its own hash but not for the
/// other's, and so the processor works on both at once.
pub(super) fn hash_both(one: &mut Hasher, other: &mut Hasher, bytes: &[u8]) {
    let mut blocks = one.fill_block(bytes);
    let mut other_blocks = other.fill_block(bytes);
    loop {
        match (blocks.next(), other_blocks.next()) {
            (None, None) => return,
            (block, other_block) => {
                one.update(block.unwrap_or_default());
                other.update(other_block.unwrap_or_default());
            }
        }
    }
}

impl RowDigest {
    /// `buffer` is only reused memory.
    pub(super) fn of(texts: [&str; 4], cents: i64, buffer: &mut Vec<u8>) -> Self {
        let whole = hash_of(&texts, cents, buffer);
        let mut first = [0; 16];
        first.copy_from_slice(&whole[..16]);
        Self(first)
    }

    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl PayDigest {
    /// `buffer` is only reused memory.
    pub(super) fn of(texts: [&str; 2], cents: i64, buffer: &mut Vec<u8>) -> Self {
        let whole = hash_of(&texts, cents, buffer);
        let mut first = [0; 8];
        first.copy_from_slice(&whole[..8]);
        Self(first)
    }

    pub const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }

    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }
}

/// Each text (64 bytes at most by the rules of a row) is preceded by its length in two bytes, so that no two rows have the same encoding.
fn hash_of(texts: &[&str], cents: i64, buffer: &mut Vec<u8>) -> [u8; 32] {
    buffer.clear();
    for text in texts {
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        buffer.extend_from_slice(&length.to_be_bytes());
        buffer.extend_from_slice(text.as_bytes());
    }
    buffer.extend_from_slice(&cents.to_be_bytes());
    Sha256::digest(buffer).into()
}

/// The hash of a file's content, whatever the order of its rows and the blanks between them: SHA-256 over the sorted row digests.
pub(super) fn canonical_hash(sorted: &[RowDigest]) -> Sha256Hash {
    let mut hasher = Hasher::default();
    for digest in sorted {
        hasher.update(&digest.0);
    }
    hasher.finish()
}

macro_rules! written_as_hexadecimal {
    ($name:ident, $bytes:literal) => {
        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = hex::FromHexError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut bytes = [0; $bytes];
                hex::decode_to_slice(text, &mut bytes)?;
                Ok(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

written_as_hexadecimal!(Sha256Hash, 32);
written_as_hexadecimal!(RowDigest, 16);
written_as_hexadecimal!(PayDigest, 8);
