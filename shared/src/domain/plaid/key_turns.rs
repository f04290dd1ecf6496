//! Whose turn it is to be looked up at Plaid, among the key ids that nobody knows.
//!
//! Whoever forges tokens names key ids without end, and none can be told from a new one of Plaid's before Plaid is asked. But Plaid delivers
//! a webhook again that was not taken, half a minute later and then ever more slowly, under the same key id. So an id that comes back
//! stands in a lane of its own, and each time it comes back, in the next one. An id that was looked up is settled and stands in none.
//!
//! Guarantees: at most [`LOOK_UPS_A_MINUTE_MAX`] look-ups a minute; ids that come once never take the turn of one that comes back; to fill
//! the last lane a forger has to send more than one token a second, because the lanes before settle most of what it repeats.

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;

/// First seen, come back once, twice, more often.
const LANES: usize = 4;

const PER_LANE_AND_MINUTE: usize = 6;

pub const LOOK_UPS_A_MINUTE_MAX: usize = LANES * PER_LANE_AND_MINUTE;

const MINUTE_SECONDS: i64 = 60;

/// Plaid's first repeat comes after thirty seconds: what comes sooner is no repeat.
const REPEAT_SECONDS_MIN: i64 = 20;

/// Ids remembered that could not be looked up yet: at one a second, those of two hours.
const REMEMBERED_MAX: usize = 8_192;

#[derive(Debug, Default)]
pub struct KeyTurns {
    waiting: HashMap<String, Waiting>,
    /// Of each lane, when it was last used, oldest first.
    used: [VecDeque<Timestamp>; LANES],
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    /// When it was last counted.
    seen_at: Timestamp,
    came_back: usize,
}

impl KeyTurns {
    /// Whether the id is looked up now. One that is not has to come back.
    pub fn take(&mut self, key_id: &str, now: Timestamp) -> bool {
        let lane = fault!(KeyTurnsShared, 0, self.lane_of(key_id, now));
        let Some(used) = self.used.get_mut(lane) else { return false };
        while used.front().is_some_and(|at| seconds_between(*at, now) >= MINUTE_SECONDS) {
            used.pop_front();
        }
        if used.len() >= PER_LANE_AND_MINUTE {
            return false;
        }
        used.push_back(now);
        self.waiting.remove(key_id);
        true
    }

    fn lane_of(&mut self, key_id: &str, now: Timestamp) -> usize {
        if let Some(waiting) = self.waiting.get_mut(key_id) {
            if seconds_between(waiting.seen_at, now) >= REPEAT_SECONDS_MIN {
                *waiting = Waiting { seen_at: now, came_back: waiting.came_back.saturating_add(1) };
            }
            return waiting.came_back.min(LANES - 1);
        }
        if self.waiting.len() >= REMEMBERED_MAX {
            self.forget_the_older_half();
        }
        self.waiting.insert(key_id.to_owned(), Waiting { seen_at: now, came_back: 0 });
        0
    }

    fn forget_the_older_half(&mut self) {
        let mut seen: Vec<Timestamp> = self.waiting.values().map(|waiting| waiting.seen_at).collect();
        seen.sort_unstable();
        if let Some(middle) = seen.get(seen.len() / 2).copied() {
            self.waiting.retain(|_, waiting| waiting.seen_at > middle);
        }
    }
}

fn seconds_between(since: Timestamp, now: Timestamp) -> i64 {
    now.as_second().saturating_sub(since.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds after the first delivery at which Plaid delivers again.
    const REPEATS: [i64; 6] = [30, 150, 630, 2_550, 10_230, 40_950];

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    /// A forger who names a new id with every token, or each id so many times, the given number of seconds apart; `begins` is when the
    /// genuine key is first seen. Answers at which of its deliveries it was looked up.
    fn delivery_that_counts(begins: i64, times: i64, apart: i64) -> Option<usize> {
        let mut turns = KeyTurns::default();
        let deliveries: Vec<i64> = std::iter::once(0).chain(REPEATS).map(|after| begins + after).collect();
        let mut settled: std::collections::HashSet<i64> = std::collections::HashSet::new();
        let mut asked: VecDeque<i64> = VecDeque::new();
        for second in 0..=begins + 41_000 {
            while asked.front().is_some_and(|then| second - then >= 60) {
                asked.pop_front();
            }
            // One token a second: in each block of `apart` seconds, the ids of the block before come again, `times` times in all.
            let block = second / apart;
            let id = (block / times) * apart + second % apart;
            if !settled.contains(&id) && turns.take(&format!("forged-{id}"), at(second)) {
                settled.insert(id);
                asked.push_back(second);
            }
            if let Some(delivery) = deliveries.iter().position(|then| *then == second)
                && turns.take("genuine", at(second))
            {
                return Some(delivery);
            }
            assert!(asked.len() <= LOOK_UPS_A_MINUTE_MAX, "{} look-ups in a minute", asked.len());
        }
        None
    }

    #[test]
    fn under_one_forged_token_a_second_a_new_key_is_looked_up_at_its_first_repeat() {
        for begins in [0, 1, 7, 59, 60, 61, 600, 3_601, 9_000] {
            assert!(delivery_that_counts(begins, 1, 30).is_some_and(|delivery| delivery <= 1), "{begins}");
        }
    }

    #[test]
    fn a_forger_who_repeats_every_id_does_not_keep_a_new_key_out() {
        for times in [2, 3, 4, 8] {
            for apart in [20, 30, 60, 120] {
                for begins in [45, 400, 5_000] {
                    let found = delivery_that_counts(begins, times, apart);
                    assert!(found.is_some_and(|delivery| delivery <= 4), "{times} times, {apart} s apart: {found:?}");
                }
            }
        }
    }

    #[test]
    fn a_repeat_that_comes_at_once_is_none() {
        let mut turns = KeyTurns::default();
        for number in 0..PER_LANE_AND_MINUTE {
            assert!(turns.take(&format!("forged-{number}"), at(0)));
        }
        for second in 0..REPEAT_SECONDS_MIN {
            assert!(!turns.take("impatient", at(second)));
        }
        assert!(turns.take("impatient", at(REPEAT_SECONDS_MIN)));
    }

    #[test]
    fn what_is_remembered_has_an_end() {
        let mut turns = KeyTurns::default();
        for number in 0..20_000 {
            turns.take(&format!("forged-{number}"), at(number / 100));
        }
        assert!(turns.waiting.len() <= REMEMBERED_MAX);
    }
}
