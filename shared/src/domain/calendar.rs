//! Banking days and the two zones in which banks think (`money-rules.md sections 3 and 4`).
//!
//! Guarantees: zones are named and compiled in, so daylight saving is right on a machine without zone files. A banking day is one on
//! which the Federal Reserve is open. Limit: past the year 9999 dates stay at its end, which keeps money held.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// The Federal Reserve's zone.
static EASTERN: TimeZone = jiff::tz::get!("America/New_York");

/// Column's zone: its deadlines and effective days are Pacific.
static PACIFIC: TimeZone = jiff::tz::get!("America/Los_Angeles");

/// Column makes a pulled debit available this many banking days after its effective date (`column.md section 4.1`).
const AVAILABLE_AFTER_BANKING_DAYS: u32 = 2;

/// The calendar day it is in New York.
pub fn eastern_date(moment: Timestamp) -> Date {
    EASTERN.to_datetime(moment).date()
}

/// The calendar day it is in San Francisco.
pub fn pacific_date(moment: Timestamp) -> Date {
    PACIFIC.to_datetime(moment).date()
}

/// When a day begins in San Francisco.
pub fn pacific_midnight(day: Date) -> Timestamp {
    // Fails only beyond the end of time.
    PACIFIC.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX)
}

/// Whether the Federal Reserve is open on this (Eastern) day.
pub fn is_banking_day(date: Date) -> bool {
    !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) && !is_fed_holiday(date)
}

/// The first banking day after this one, whether or not this is one.
pub fn next_banking_day(date: Date) -> Date {
    add_banking_days(date, 1)
}

/// The day itself if it is a banking day, else the next one.
pub fn same_or_next_banking_day(date: Date) -> Date {
    if is_banking_day(date) { date } else { next_banking_day(date) }
}

/// The banking day that many banking days after this day; zero gives the day itself, banking day or not.
pub fn add_banking_days(date: Date, banking_days: u32) -> Date {
    let (mut day, mut left) = (date, banking_days);
    while left > 0 && day < Date::MAX {
        day = day.saturating_add(1.day());
        left -= u32::from(is_banking_day(day));
    }
    day
}

/// The day itself if it is a banking day, else the last one before it.
pub fn same_or_previous_banking_day(date: Date) -> Date {
    if is_banking_day(date) { date } else { subtract_banking_days(date, 1) }
}

/// The banking day that many banking days before this day; zero gives the day itself, banking day or not.
pub fn subtract_banking_days(date: Date, banking_days: u32) -> Date {
    let (mut day, mut left) = (date, banking_days);
    while left > 0 && day > Date::MIN {
        day = day.saturating_sub(1.day());
        left -= u32::from(is_banking_day(day));
    }
    day
}

/// The day a debit created now is expected to take effect: the next banking day by Pacific time, the bank's default. Only an
/// expectation: the bank's answer says the real day.
pub fn expected_effective_date(now: Timestamp) -> Date {
    next_banking_day(pacific_date(now))
}

/// When Column itself lets a pulled debit be spent: 05:30 Pacific, two banking days after the effective date.
pub fn funds_available_at(effective_date: Date) -> Timestamp {
    bank_opening(add_banking_days(effective_date, AVAILABLE_AFTER_BANKING_DAYS))
}

/// When our own hold on a settled debit ends: 05:30 Pacific that many banking days after the day it settled, so that the returns of
/// the last day of the hold have come in.
pub fn hold_until(settled: Date, hold_banking_days: u32) -> Timestamp {
    bank_opening(add_banking_days(settled, hold_banking_days))
}

/// When a standard entry sent now is settled at the latest: the opening of the next banking day (`column.md` section 7).
pub fn settlement_expected_at(now: Timestamp) -> Timestamp {
    bank_opening(next_banking_day(pacific_date(now)))
}

/// A time of day in San Francisco.
pub fn pacific_time(day: Date, time: Time) -> Timestamp {
    // Fails only beyond the end of time; then the money stays held.
    PACIFIC.to_timestamp(day.to_datetime(time)).unwrap_or(Timestamp::MAX)
}

/// The time of day it is in San Francisco.
pub fn pacific_time_of_day(moment: Timestamp) -> Time {
    PACIFIC.to_datetime(moment).time()
}

/// 05:30 Pacific, when the bank's day begins. The clocks never change at that hour.
pub fn bank_opening(date: Date) -> Timestamp {
    let opening = date.at(5, 30, 0, 0);
    // Fails only beyond the end of time; then the money stays held.
    PACIFIC.to_timestamp(opening).unwrap_or(Timestamp::MAX)
}

/// A holiday on a Saturday closes nothing; one on a Sunday closes the Monday after it.
fn is_fed_holiday(date: Date) -> bool {
    is_fixed_holiday(date)
        || (date.weekday() == Weekday::Monday && is_fixed_holiday(date.saturating_sub(1.day())))
        || is_weekday_holiday(date)
}

/// Holidays on a day of the month.
fn is_fixed_holiday(date: Date) -> bool {
    match (date.month(), date.day()) {
        (1, 1) | (7, 4) | (11, 11) | (12, 25) => true,
        // Juneteenth is on the Reserve Banks' list since 2022.
        (6, 19) => date.year() >= 2022,
        _ => false,
    }
}

/// Holidays on the n-th weekday of a month.
fn is_weekday_holiday(date: Date) -> bool {
    let nth = (date.day() + 6) / 7;
    match (date.month(), date.weekday()) {
        // Martin Luther King, Washington, Columbus.
        (1 | 2, Weekday::Monday) => nth == 3,
        (10, Weekday::Monday) => nth == 2,
        // Memorial Day is the last Monday of May.
        (5, Weekday::Monday) => date.day() > 24,
        // Labor Day.
        (9, Weekday::Monday) => nth == 1,
        // Thanksgiving.
        (11, Weekday::Thursday) => nth == 4,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn closed_weekdays(year: i16) -> Vec<(i8, i8)> {
        date(year, 1, 1)
            .series(1.day())
            .take_while(|day| day.year() == year)
            .filter(|day| is_fed_holiday(*day) && !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday))
            .map(|day| (day.month(), day.day()))
            .collect()
    }

    #[test]
    fn the_federal_reserve_is_closed_on_the_published_days() {
        let published: [(i16, &[(i8, i8)]); 3] = [
            (
                2025,
                &[(1, 1), (1, 20), (2, 17), (5, 26), (6, 19), (7, 4), (9, 1), (10, 13), (11, 11), (11, 27), (12, 25)],
            ),
            (2026, &[(1, 1), (1, 19), (2, 16), (5, 25), (6, 19), (9, 7), (10, 12), (11, 11), (11, 26), (12, 25)]),
            (2027, &[(1, 1), (1, 18), (2, 15), (5, 31), (7, 5), (9, 6), (10, 11), (11, 11), (11, 25)]),
        ];
        for (year, days) in published {
            assert_eq!(closed_weekdays(year), days, "{year}");
        }
    }

    #[test]
    fn a_holiday_on_a_saturday_leaves_the_friday_open() {
        assert!(is_banking_day(date(2026, 7, 3)));
        assert!(is_banking_day(date(2027, 6, 18)));
        assert!(is_banking_day(date(2027, 12, 24)));
    }

    #[test]
    fn new_year_on_a_sunday_closes_the_second() {
        assert!(!is_banking_day(date(2023, 1, 2)));
    }

    #[test]
    fn juneteenth_counts_from_2022() {
        assert!(is_banking_day(date(2020, 6, 19)));
        assert!(!is_banking_day(date(2023, 6, 19)));
    }

    #[test]
    fn banking_days_pass_over_weekends_and_holidays() {
        for (from, days, to) in [
            (date(2026, 3, 2), 0, date(2026, 3, 2)),
            (date(2026, 3, 6), 1, date(2026, 3, 9)),
            (date(2026, 3, 7), 1, date(2026, 3, 9)),
            (date(2026, 11, 25), 2, date(2026, 11, 30)),
            (date(2026, 12, 31), 1, date(2027, 1, 4)),
        ] {
            assert_eq!(add_banking_days(from, days), to, "{from} + {days}");
        }
        for (from, days, to) in [
            (date(2026, 3, 2), 0, date(2026, 3, 2)),
            (date(2026, 3, 9), 1, date(2026, 3, 6)),
            (date(2026, 3, 8), 1, date(2026, 3, 6)),
            (date(2027, 1, 4), 2, date(2026, 12, 30)),
        ] {
            assert_eq!(subtract_banking_days(from, days), to, "{from} - {days}");
        }
        assert_eq!(same_or_previous_banking_day(date(2026, 3, 7)), date(2026, 3, 6));
        assert_eq!(same_or_next_banking_day(date(2026, 3, 7)), date(2026, 3, 9));
        assert_eq!(same_or_next_banking_day(date(2026, 3, 9)), date(2026, 3, 9));
    }

    #[test]
    fn money_is_available_at_the_same_local_hour_in_winter_and_summer() {
        let moment = |text: &str| -> Timestamp { text.parse().unwrap() };
        assert_eq!(funds_available_at(date(2026, 3, 3)), moment("2026-03-05T13:30:00Z"));
        // Over the change of 8 March 2026.
        assert_eq!(funds_available_at(date(2026, 3, 6)), moment("2026-03-10T12:30:00Z"));
        // Over the change of 1 November 2026.
        assert_eq!(funds_available_at(date(2026, 10, 30)), moment("2026-11-03T13:30:00Z"));
        assert_eq!(hold_until(date(2026, 3, 3), 4), moment("2026-03-09T12:30:00Z"));
    }

    #[test]
    fn the_day_depends_on_the_zone() {
        let late: Timestamp = "2026-03-03T06:30:00Z".parse().unwrap();
        assert_eq!(eastern_date(late), date(2026, 3, 3));
        assert_eq!(pacific_date(late), date(2026, 3, 2));
        assert_eq!(expected_effective_date(late), date(2026, 3, 3));
    }

    #[test]
    fn the_end_of_the_calendar_ends_the_count() {
        assert_eq!(add_banking_days(Date::MAX, 5), Date::MAX);
    }

    proptest! {
        #[test]
        fn one_day_after_another_is_the_sum(offset in 0_i32..20_000, first in 0_u32..30, second in 0_u32..30) {
            let day = date(2020, 1, 1).saturating_add(offset.days());
            prop_assert_eq!(
                add_banking_days(add_banking_days(day, first), second),
                add_banking_days(day, first + second)
            );
            prop_assert!(is_banking_day(add_banking_days(day, first + 1)));
        }
    }
}
