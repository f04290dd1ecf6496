//! Randomness, so that a simulation can repeat itself.

/// A source of random bytes, fit for keys and nonces where it stands behind a deployed function.
pub trait Random: Send + Sync + std::fmt::Debug {
    fn fill(&self, bytes: &mut [u8]);
}

/// A random number, for jitter and write tokens.
pub fn random_u64(random: &dyn Random) -> u64 {
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    u64::from_le_bytes(bytes)
}
