//! The moment after which a handler must not have anything in flight.

use std::time::Duration;

use jiff::Timestamp;

/// The end of a handler's time less its reserve, in elapsed time. Nothing is sent that could still be running then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Timestamp);

impl Deadline {
    /// `end` is when the runtime stops the handler; `reserve` is what the handler needs after its last call to record the answer.
    pub fn new(end: Timestamp, reserve: Duration) -> Self {
        // A reserve beyond the calendar leaves no time at all, which is the safe side.
        Self(end.checked_sub(reserve).unwrap_or(Timestamp::MIN))
    }

    /// Whether something that takes `needed` can still end in time.
    pub fn allows(self, now: Timestamp, needed: Duration) -> bool {
        now.checked_add(needed).is_ok_and(|end| end <= self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_after_the_reserve_begins_is_not_allowed() {
        let now: Timestamp = "2026-03-02T18:00:00Z".parse().unwrap();
        let end = now + Duration::from_secs(30);
        let deadline = Deadline::new(end, Duration::from_secs(5));

        assert!(deadline.allows(now, Duration::from_secs(25)));
        assert!(!deadline.allows(now, Duration::from_millis(25_001)));
    }
}
