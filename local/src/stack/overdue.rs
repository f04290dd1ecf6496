//! What stays due although everything due was run: it must not hold business time up for everything else.

use std::collections::BTreeMap;

use jiff::Timestamp;
use shared::ports::table::Key;

/// As often as this something may still be due after a step: one run of the scheduler takes a bounded number.
const STEPS_MAX: u32 = 5;

/// How often each item was found due in the past, with the same time.
#[derive(Debug, Default)]
pub(super) struct Overdue {
    seen: BTreeMap<(String, String), Seen>,
    step: u64,
}

#[derive(Debug)]
struct Seen {
    due: Timestamp,
    times: u32,
    in_step: u64,
}

impl Overdue {
    /// Begins a step: what is not found due any more is forgotten.
    pub(super) fn next_step(&mut self) {
        let last = self.step;
        self.seen.retain(|_, seen| seen.in_step == last);
        self.step += 1;
    }

    /// Notes something due. Answers whether running it does not end that: business time goes on to what is due after it.
    pub(super) fn is_stuck(&mut self, key: &Key, due: Timestamp, now: Timestamp) -> bool {
        if now < due {
            return false;
        }
        let fresh = Seen { due, times: 0, in_step: self.step };
        let seen = self.seen.entry((key.pk.clone(), key.sk.clone())).or_insert(fresh);
        if seen.due != due {
            *seen = Seen { due, times: 0, in_step: self.step };
        }
        seen.in_step = self.step;
        seen.times = seen.times.saturating_add(1);
        seen.times > STEPS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn stuck_after(steps: u32, due: impl Fn(u32) -> i64) -> bool {
        let (mut overdue, key) = (Overdue::default(), Key::new("FUNDING#one", "FUNDING"));
        let mut is_stuck = false;
        for step in 1..=steps {
            overdue.next_step();
            is_stuck = overdue.is_stuck(&key, at(due(step)), at(1_000));
        }
        is_stuck
    }

    #[test]
    fn what_is_due_again_and_again_is_stuck() {
        for (case, steps, is_stuck) in
            [("at first", 1, false), ("a few times", STEPS_MAX, false), ("more", STEPS_MAX + 1, true)]
        {
            assert_eq!(stuck_after(steps, |_| 10), is_stuck, "{case}");
        }
    }

    #[test]
    fn what_is_put_off_each_time_is_not() {
        assert!(!stuck_after(100, |step| 10 + i64::from(step)));
        assert!(!stuck_after(100, |_| 2_000));
    }

    #[test]
    fn what_was_done_meanwhile_begins_anew() {
        let (mut overdue, key) = (Overdue::default(), Key::new("FUNDING#one", "FUNDING"));
        for _ in 0..STEPS_MAX {
            overdue.next_step();
            overdue.is_stuck(&key, at(10), at(1_000));
        }
        overdue.next_step();
        overdue.next_step();
        assert!(!overdue.is_stuck(&key, at(10), at(1_000)));
    }
}
