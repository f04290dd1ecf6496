//! Time and randomness that repeat themselves, for the deterministic simulation and for tests. Never for a deployed function: the
//! random bytes follow from the seed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};

use crate::ports::clock::Clock;
use crate::ports::random::Random;

/// A clock that stands still until it is moved. A pause moves both times and returns at once.
#[derive(Debug)]
pub struct ManualClock {
    times: Mutex<Times>,
}

#[derive(Clone, Copy, Debug)]
struct Times {
    business: Timestamp,
    elapsed: Timestamp,
}

impl ManualClock {
    /// A clock whose two times are the same at first.
    pub fn at(start: Timestamp) -> Self {
        Self { times: Mutex::new(Times { business: start, elapsed: start }) }
    }

    /// Moves business time alone, as an operator does on a laptop.
    pub fn move_business(&self, by: Duration) {
        self.change(|times| times.business = later(times.business, by));
    }

    /// Lets time pass: both times move.
    pub fn advance(&self, by: Duration) {
        self.change(|times| {
            times.business = later(times.business, by);
            times.elapsed = later(times.elapsed, by);
        });
    }

    fn change(&self, change: impl FnOnce(&mut Times)) {
        change(&mut self.times.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn times(&self) -> Times {
        *self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn business_now(&self) -> Timestamp {
        self.times().business
    }

    fn elapsed_now(&self) -> Timestamp {
        self.times().elapsed
    }

    async fn pause(&self, duration: Duration) {
        self.advance(duration);
        tokio::task::yield_now().await;
    }
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by).ok().and_then(|by| time.saturating_add(by).ok()).unwrap_or(Timestamp::MAX)
}

/// Random bytes that follow from a seed.
#[derive(Debug)]
pub struct SeededRandom {
    generator: Mutex<StdRng>,
}

impl SeededRandom {
    pub fn new(seed: u64) -> Self {
        Self { generator: Mutex::new(StdRng::seed_from_u64(seed)) }
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        self.generator.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::random::random_u64;

    #[test]
    fn one_seed_gives_one_sequence() {
        let (first, second, other) = (SeededRandom::new(7), SeededRandom::new(7), SeededRandom::new(8));
        let draw = |random: &SeededRandom| [random_u64(random), random_u64(random)];
        let drawn = draw(&first);
        assert_eq!(drawn, draw(&second));
        assert_ne!(drawn, draw(&other));
    }

    #[tokio::test]
    async fn a_pause_moves_both_times_at_once() {
        let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
        clock.move_business(Duration::from_secs(100));
        clock.pause(Duration::from_secs(5)).await;
        assert_eq!(clock.elapsed_now().as_second(), 5);
        assert_eq!(clock.business_now().as_second(), 105);
    }
}
