//! The bounds within which a payroll file is read, and the numbers of the format that are not negotiable.

use crate::domain::money::Cents;

/// Rows in a chunk, where nobody says otherwise: one import task reads, checks and stores that many.
pub const ROWS_PER_CHUNK: u32 = 500;

/// The smallest amount the provider pays.
pub(super) const SMALLEST_AMOUNT: Cents = Cents::new(100);

/// Bounds of a file. What lies beyond one is refused with `LIMIT_EXCEEDED` before it is buffered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Unpacked bytes of the whole file.
    pub file_bytes: u64,
    pub rows: u32,
    /// Rows in a chunk.
    pub rows_per_chunk: u32,
    /// Bytes of one row, and of one comment, processing instruction or ignored element between rows.
    pub row_bytes: usize,
    /// Bytes between the tags of a leaf.
    pub leaf_bytes: usize,
    pub element_name_bytes: usize,
    /// Nesting, with the root as 1. One element inside a leaf is a row error rather than a matter of this limit.
    pub depth: usize,
    pub attributes: usize,
    /// Different sources, branches or institutions, each: the manifest lists them all.
    pub distinct_ids: usize,
    /// Row errors kept with their text; further ones are only counted.
    pub row_errors: usize,
    /// The provider's maximum for one payment.
    pub largest_amount: Cents,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 2 * 1024 * 1024 * 1024,
            rows: 1_000_000,
            rows_per_chunk: ROWS_PER_CHUNK,
            row_bytes: 16 * 1024,
            leaf_bytes: 1_024,
            element_name_bytes: 64,
            depth: 5,
            attributes: 8,
            distinct_ids: 10_000,
            row_errors: 1_000,
            largest_amount: Cents::new(100_000_000),
        }
    }
}
