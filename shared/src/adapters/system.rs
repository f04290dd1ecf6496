//! The system's own clock and randomness: what a deployed function runs with.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rand::RngCore;

use crate::ports::clock::Clock;
use crate::ports::random::Random;

/// Both times are the system's.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn business_now(&self) -> Timestamp {
        self.elapsed_now()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system for the time")]
    fn elapsed_now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that really sleeps")]
    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A generator that the operating system seeds, fit for keys and nonces.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}
