//! Reproducible randomness: ChaCha8 with a fixed derivation of its key and our own reduction to a range, because the
//! bytes of a file must outlive every version of a random number library. Each kind of value has a stream of its own,
//! so that more rows extend a file and a defect changes only the rows it strikes.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

/// The numbers are part of the file format: never renumber.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stream {
    Sources = 1,
    Branches = 2,
    Employees = 3,
    Servicers = 4,
    Rows = 5,
    Defects = 6,
}

#[derive(Debug, Clone)]
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    pub(crate) fn new(seed: u64, stream: Stream) -> Self {
        let mut generator = ChaCha8Rng::from_seed(Sha256::digest(seed.to_le_bytes()).into());
        generator.set_stream(stream as u64);
        Self(generator)
    }

    /// Uniform in `0..bound`; a bound of 0 counts as 1. Values of the incomplete last stretch are drawn again: a plain
    /// remainder would favor the small ones.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let bound = bound.max(1);
        let last_fair = u64::MAX - (u64::MAX % bound + 1) % bound;
        loop {
            let value = self.0.next_u64();
            if value <= last_fair {
                return value % bound;
            }
        }
    }

    /// Uniform in `first..=last`.
    pub(crate) fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last.saturating_sub(first).saturating_add(1))
    }

    /// A uniform index of a list of that length.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    /// `options` must not be empty.
    pub(crate) fn pick<'a, T>(&mut self, options: &'a [T]) -> &'a T {
        &options[self.index(options.len())]
    }

    pub(crate) fn eight_digits(&mut self) -> String {
        format!("{:08}", self.below(100_000_000))
    }

    pub(crate) fn uuid(&mut self) -> Uuid {
        let mut bytes = [0; 16];
        self.0.fill_bytes(&mut bytes);
        Builder::from_random_bytes(bytes).into_uuid()
    }
}
