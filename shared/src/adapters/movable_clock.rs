//! The clock of the laptop and of a stack on an emulator: elapsed time is the system's, business time can be moved forward to the next banking day or the end of a hold.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::system::SystemClock;
use crate::ports::clock::Clock;

/// Business time is the system's time plus what it was moved. Move it only while no task is in flight: a task may read it twice.
#[derive(Debug, Default)]
pub struct MovableClock {
    ahead_ms: AtomicI64,
}

impl MovableClock {
    /// A clock that is already ahead, as whoever moved it last left it.
    pub fn ahead_by(ahead: Duration) -> Self {
        Self { ahead_ms: AtomicI64::new(whole_ms(ahead)) }
    }

    /// Moves business time forward. There is no way back: what was done at a time stays done.
    pub fn move_forward(&self, by: Duration) {
        let by_ms = whole_ms(by);
        // The closure always answers a value, so the update cannot fail.
        let _before =
            self.ahead_ms.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |ahead| Some(ahead.saturating_add(by_ms)));
    }

    /// How far business time is ahead of elapsed time.
    pub fn ahead(&self) -> SignedDuration {
        SignedDuration::from_millis(self.ahead_ms.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl Clock for MovableClock {
    fn business_now(&self) -> Timestamp {
        self.elapsed_now().saturating_add(self.ahead()).unwrap_or(Timestamp::MAX)
    }

    fn elapsed_now(&self) -> Timestamp {
        SystemClock.elapsed_now()
    }

    async fn pause(&self, duration: Duration) {
        SystemClock.pause(duration).await;
    }
}

fn whole_ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn business_time_moves_and_elapsed_time_does_not() {
        let clock = MovableClock::default();
        let day = Duration::from_secs(86_400);
        let before = clock.elapsed_now();
        clock.move_forward(day);
        clock.move_forward(day);
        assert_eq!(clock.ahead(), SignedDuration::from_hours(48));
        assert!(clock.business_now().duration_since(before) >= SignedDuration::from_hours(48));
        assert!(clock.elapsed_now().duration_since(before) < SignedDuration::from_hours(1));
    }
}
