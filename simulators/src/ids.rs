//! Ids in the shape of a KSUID: 4 bytes of time and 16 bytes that look random, as 27 base62 characters.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const KSUID_EPOCH_S: i64 = 1_400_000_000;

/// Gives out ids that depend only on the seed and on how many were given before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ids {
    seed: u64,
    given: u64,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, given: 0 }
    }

    /// A number never given before; [`Ids::id`] turns it into text whenever that is wanted.
    pub(crate) fn number(&mut self) -> u64 {
        self.given = self.given.wrapping_add(1);
        self.given
    }

    /// The id that belongs to `number`.
    pub(crate) fn id(&self, prefix: &str, at: Timestamp, number: u64) -> String {
        let mut bytes = [0_u8; 20];
        let seconds = u32::try_from(at.as_second() - KSUID_EPOCH_S).unwrap_or(0);
        bytes[..4].copy_from_slice(&seconds.to_be_bytes());
        bytes[4..].copy_from_slice(&self.digest(number)[..16]);
        format!("{prefix}_{}", base62(bytes))
    }

    pub(crate) fn next(&mut self, prefix: &str, at: Timestamp) -> String {
        let number = self.number();
        self.id(prefix, at, number)
    }

    /// `length` decimal digits, the first of them not zero.
    pub(crate) fn digits(&mut self, length: usize) -> String {
        let number = self.number();
        let digest = self.digest(number);
        let first = char::from(b'1' + digest[0] % 9);
        std::iter::once(first)
            .chain(digest.iter().skip(1).map(|byte| char::from(b'0' + byte % 10)))
            .take(length)
            .collect()
    }

    /// `length` letters and digits, at most 64, that belong to `number`.
    pub(crate) fn opaque(&self, number: u64, length: usize) -> String {
        let halves = [self.digest(number), self.digest(!number)].concat();
        halves.iter().take(length).map(|byte| char::from(BASE62[usize::from(byte % 62)])).collect()
    }

    /// A UUID of version 4.
    pub(crate) fn uuid(&mut self) -> String {
        let number = self.number();
        let mut bytes = self.digest(number);
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        [0..4, 4..6, 6..8, 8..10, 10..16].map(|range| hex::encode(&bytes[range])).join("-")
    }

    /// A text that only this seed gives.
    pub(crate) fn secret(&mut self) -> String {
        let number = self.number();
        hex::encode(self.digest(number))
    }

    /// A number that looks random, for shuffling.
    pub(crate) fn scatter(&self, number: u64) -> u64 {
        let digest = self.digest(number);
        u64::from_be_bytes([
            digest[24], digest[25], digest[26], digest[27], digest[28], digest[29], digest[30], digest[31],
        ])
    }

    fn digest(&self, number: u64) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        hash.update(number.to_be_bytes());
        hash.finalize().into()
    }
}

fn base62(bytes: [u8; 20]) -> String {
    let mut limbs = [0_u32; 5];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.chunks_exact(4)) {
        *limb = chunk.iter().fold(0, |value, byte| (value << 8) | u32::from(*byte));
    }
    let mut text = [b'0'; 27];
    for character in text.iter_mut().rev() {
        let mut remainder = 0_u64;
        for limb in &mut limbs {
            let value = (remainder << 32) | u64::from(*limb);
            *limb = u32::try_from(value / 62).unwrap_or(u32::MAX);
            remainder = value % 62;
        }
        *character = BASE62[usize::try_from(remainder).unwrap_or(0)];
    }
    text.iter().map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_shape_of_a_ksuid_and_do_not_repeat() {
        let at: Timestamp = "2026-03-02T18:04:05Z".parse().unwrap();
        let mut ids = Ids::new(7);
        let given: std::collections::BTreeSet<String> = (0..1000).map(|_| ids.next("acht", at)).collect();
        assert_eq!(given.len(), 1000);
        assert!(given.iter().all(|id| id.len() == 32 && id[5..].bytes().all(|byte| byte.is_ascii_alphanumeric())));
    }

    #[test]
    fn the_largest_ksuid_is_encoded_as_the_format_says() {
        assert_eq!(base62([0xff; 20]), "aWgEPTl1tmebfsQzFP4bxwgy80V");
        assert_eq!(base62([0; 20]), "0".repeat(27));
    }

    #[test]
    fn another_seed_gives_other_ids() {
        assert_ne!(Ids::new(1).secret(), Ids::new(2).secret());
    }
}
