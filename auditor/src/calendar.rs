//! Banking days (`money-rules.md` section 4) and when pulled money may be spent (section 3, `column.md` section 4.1), written anew.

use jiff::civil::{Date, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

static EASTERN: TimeZone = jiff::tz::get!("America/New_York");
static PACIFIC: TimeZone = jiff::tz::get!("America/Los_Angeles");

/// Column lets a pulled debit be spent this many banking days after its effective date.
const BANK_BANKING_DAYS: u32 = 2;

pub(crate) fn eastern_day(moment: Timestamp) -> Date {
    EASTERN.to_datetime(moment).date()
}

pub(crate) fn pacific_day(moment: Timestamp) -> Date {
    PACIFIC.to_datetime(moment).date()
}

/// The later of the bank's own availability and our hold, both at 05:30 Pacific.
pub(crate) fn spendable_at(effective_on: Date, settled_on: Date, hold_banking_days: u32) -> Timestamp {
    let bank = banking_days_later(effective_on, BANK_BANKING_DAYS);
    let ours = banking_days_later(settled_on, hold_banking_days);
    let opening = bank.max(ours).at(5, 30, 0, 0);
    PACIFIC.to_timestamp(opening).unwrap_or(Timestamp::MAX)
}

fn banking_days_later(day: Date, count: u32) -> Date {
    let mut day = day;
    for _ in 0..count {
        day = day.saturating_add(1.day());
        while is_closed(day) {
            day = day.saturating_add(1.day());
        }
    }
    day
}

fn is_closed(day: Date) -> bool {
    match day.weekday() {
        Weekday::Saturday | Weekday::Sunday => true,
        Weekday::Monday => is_holiday(day) || is_holiday_of_month(day.saturating_sub(1.day())),
        Weekday::Tuesday | Weekday::Wednesday | Weekday::Thursday | Weekday::Friday => is_holiday(day),
    }
}

fn is_holiday(day: Date) -> bool {
    let year = day.year();
    is_holiday_of_month(day)
        || [
            nth(year, 1, Weekday::Monday, 3),
            nth(year, 2, Weekday::Monday, 3),
            nth(year, 5, Weekday::Monday, -1),
            nth(year, 9, Weekday::Monday, 1),
            nth(year, 10, Weekday::Monday, 2),
            nth(year, 11, Weekday::Thursday, 4),
        ]
        .contains(&Some(day))
}

/// New Year, Juneteenth, Independence Day, Veterans Day, Christmas.
fn is_holiday_of_month(day: Date) -> bool {
    matches!((day.month(), day.day()), (1, 1) | (6, 19) | (7, 4) | (11, 11) | (12, 25))
}

fn nth(year: i16, month: i8, weekday: Weekday, count: i8) -> Option<Date> {
    date(year, month, 1).nth_weekday_of_month(count, weekday).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_holidays_of_2026_and_2027_are_closed() {
        let closed = [
            (2026, 1, 1),
            (2026, 1, 19),
            (2026, 2, 16),
            (2026, 5, 25),
            (2026, 6, 19),
            (2026, 9, 7),
            (2026, 10, 12),
            (2026, 11, 11),
            (2026, 11, 26),
            (2026, 12, 25),
            (2027, 7, 5),
        ];
        assert!(closed.iter().all(|(year, month, day)| is_closed(date(*year, *month, *day))));
        // Independence Day 2026 is a Saturday: the Friday before stays open.
        assert!(!is_closed(date(2026, 7, 3)) && !is_closed(date(2026, 11, 27)));
    }

    #[test]
    fn money_waits_for_the_later_of_bank_and_hold() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(spendable_at(date(2026, 3, 3), date(2026, 3, 3), 2), at("2026-03-05T13:30:00Z"));
        assert_eq!(spendable_at(date(2026, 3, 3), date(2026, 3, 3), 4), at("2026-03-09T12:30:00Z"));
        assert_eq!(spendable_at(date(2026, 3, 5), date(2026, 3, 3), 1), at("2026-03-09T12:30:00Z"));
    }
}
