//! On which day a line is booked, and when a day of the books is over.
//!
//! Guarantees: a day that is over gets no further line, so what a closing sums never changes, and every line lies in exactly one day.
//! The bank may tell us of something long after its time: such a line is booked when it is recorded, and carries the bank's time with it.
//! What this rests on: a write lands within an hour of the moment that it was decided for. A function lives for two minutes.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use serde::{Deserialize, Serialize};

/// A line keeps the bank's time while that is at most so long ago.
pub const LATE_HOURS: i64 = 24;

/// Between the last moment that a line of a day may be decided for, and its closing.
const LANDING_HOURS: i64 = 1;

/// Between two looks at whether a day is over, where none is.
const RETRY_MINUTES: i64 = 10;

/// The time under which a line is booked: the bank's, but no day that may be closed, and none that has not come.
pub fn booked_at(at: Timestamp, now: Timestamp) -> Timestamp {
    if at < earlier(now, LATE_HOURS) { now } else { at.min(now) }
}

/// The last day, in UTC, that is over.
pub fn last_day_over(now: Timestamp) -> Date {
    let day = day_of(earlier(now, LATE_HOURS + LANDING_HOURS));
    day.checked_sub(Span::new().days(1)).unwrap_or(day)
}

/// When a day is over.
fn over_at(day: Date) -> Timestamp {
    let next = next_day(day).to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |zoned| zoned.timestamp());
    next.checked_add(SignedDuration::from_hours(LATE_HOURS + LANDING_HOURS)).unwrap_or(Timestamp::MAX)
}

pub fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

pub fn next_day(day: Date) -> Date {
    day.checked_add(Span::new().days(1)).unwrap_or(day)
}

fn earlier(at: Timestamp, hours: i64) -> Timestamp {
    at.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(at)
}

/// Whether an account's closing of a day is written. One without new lines is left out, except once a month, so that a balance is never
/// more than two months' partitions away.
pub fn is_worth_writing(latest: Option<Date>, day: Date, lines: u64) -> bool {
    lines > 0 || latest.is_none_or(|latest| latest.first_of_month() != day.first_of_month())
}

/// Which day is closed next, and how far through the payers that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosingSchedule {
    pub version: u64,
    pub day: Date,
    /// Number of the list of payers, and the place in it after which the day is still to be closed.
    pub list: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    pub due_at: Timestamp,
}

impl ClosingSchedule {
    pub fn new(now: Timestamp) -> Self {
        let day = day_of(now);
        Self { version: 1, day, list: 0, after: None, due_at: over_at(day) }
    }

    /// The day may be closed.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due_at <= now && self.day <= last_day_over(now)
    }

    /// A page of a list's payers is closed. `lists` is how many there are.
    pub fn page_closed(&mut self, next: Option<String>, lists: usize, now: Timestamp) {
        self.after = next;
        if self.after.is_none() {
            self.list = self.list.saturating_add(1);
        }
        if self.list >= lists {
            self.list = 0;
            self.day = next_day(self.day);
        }
        self.due_at = over_at(self.day).max(now);
    }

    /// Other runs leave it alone while this one is at work.
    pub fn taken(&mut self, now: Timestamp) {
        self.due_at = now.checked_add(SignedDuration::from_mins(RETRY_MINUTES)).unwrap_or(now);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(hour: i64) -> Timestamp {
        let start: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
        start.checked_add(SignedDuration::from_hours(hour)).unwrap()
    }

    #[test]
    fn a_late_line_is_booked_when_it_is_recorded_and_an_early_one_today() {
        for (bank, now, booked) in
            [(10, 10, 10), (10, 33, 10), (10, 34, 10), (10, 35, 35), (10, 900, 900), (12, 10, 10)]
        {
            assert_eq!(booked_at(at(bank), at(now)), at(booked), "{bank} seen at {now}");
        }
    }

    #[test]
    fn a_day_is_over_a_day_and_an_hour_after_its_end() {
        let second: Date = "2026-03-02".parse().unwrap();
        assert_eq!(last_day_over(at(48)), "2026-03-01".parse().unwrap());
        assert_eq!((last_day_over(at(49)), over_at(second)), (second, at(49)));
    }

    #[test]
    fn a_round_closes_day_after_day_and_every_list_of_each() {
        let mut round = ClosingSchedule::new(at(15));
        assert!(!round.is_due(at(48)) && round.is_due(at(49)));
        round.page_closed(Some("CORP-1".to_owned()), 2, at(100));
        assert_eq!((round.list, round.after.as_deref()), (0, Some("CORP-1")));
        round.page_closed(None, 2, at(100));
        assert_eq!((round.list, round.day), (1, "2026-03-02".parse().unwrap()));
        round.page_closed(None, 2, at(100));
        assert_eq!((round.list, round.day, round.due_at), (0, "2026-03-03".parse().unwrap(), at(100)));
        round.taken(at(100));
        assert!(!round.is_due(at(100)));
    }

    #[test]
    fn an_idle_account_is_closed_once_a_month() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        for (latest, closed, lines, written) in [
            (None, "2026-03-02", 0, true),
            (Some("2026-03-02"), "2026-03-03", 0, false),
            (Some("2026-03-02"), "2026-03-03", 1, true),
            (Some("2026-03-02"), "2026-04-01", 0, true),
        ] {
            assert_eq!(is_worth_writing(latest.map(day), day(closed), lines), written, "{latest:?} {closed}");
        }
    }

    proptest! {
        /// Whatever the bank's time, a line decided for at `decided` and landing within an hour lies in no day that was over before it landed.
        #[test]
        fn no_line_lands_in_a_day_that_is_over(bank in -2_000_i64..2_000, decided in 0_i64..2_000, landing in 0_i64..60) {
            let landed = at(decided).checked_add(SignedDuration::from_mins(landing)).unwrap();
            prop_assert!(day_of(booked_at(at(bank), at(decided))) > last_day_over(landed));
        }
    }
}
