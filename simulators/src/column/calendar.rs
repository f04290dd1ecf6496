//! Banking days of the Federal Reserve and Column's ACH deadlines (column.md section 7, money-rules.md section 4).

use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Pacific time by the rule in force since 2007, written out so that no time zone database is needed.
static PACIFIC: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::posix("PST8PDT,M3.2.0,M11.1.0").unwrap_or(TimeZone::UTC));

type HourMinute = (i8, i8);

const STANDARD_DEADLINES: [HourMinute; 6] = [(7, 15), (11, 30), (13, 30), (16, 45), (19, 30), (23, 0)];
const SAME_DAY_WINDOWS: [(HourMinute, HourMinute); 3] = [((7, 15), (10, 0)), ((11, 30), (14, 0)), ((13, 30), (15, 0))];
const OPENING: HourMinute = (5, 30);
const JUNETEENTH_SINCE: i16 = 2022;

/// When an entry leaves for the Fed and when it settles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clearing {
    pub(crate) deadline: Timestamp,
    pub(crate) settles_at: Timestamp,
    pub(crate) effective_on: Date,
    pub(crate) same_day: bool,
}

impl Clearing {
    /// The clearing of an entry accepted at `accepted_at`. Same day needs a window that is still open, otherwise it silently becomes standard; an effective date that is
    /// no banking day rolls forward; one that cannot be met becomes the earliest possible.
    pub(crate) fn plan(accepted_at: Timestamp, same_day: bool, effective_date: Option<Date>) -> Self {
        let today = pacific_date(accepted_at);
        let wants_today = same_day || effective_date == Some(today);
        if wants_today && is_banking_day(today) {
            for (deadline, settles) in SAME_DAY_WINDOWS {
                if accepted_at < pacific(today, deadline) {
                    return Self {
                        deadline: pacific(today, deadline),
                        settles_at: pacific(today, settles),
                        effective_on: today,
                        same_day: true,
                    };
                }
            }
        }
        let deadline = next_standard_deadline(accepted_at);
        let earliest = next_banking_day(pacific_date(deadline));
        let wanted = effective_date.filter(|_| !same_day).map_or(earliest, roll_forward);
        if wanted > earliest {
            let leaves_on = previous_banking_day(wanted);
            return Self::standard(pacific(leaves_on, STANDARD_DEADLINES[0]), wanted);
        }
        Self::standard(deadline, earliest)
    }

    fn standard(deadline: Timestamp, effective_on: Date) -> Self {
        Self { deadline, settles_at: pacific(effective_on, OPENING), effective_on, same_day: false }
    }
}

/// When a pulled debit may be spent: two banking days after its effective date, at 05:30 Pacific (column.md 4.1).
pub(crate) fn debit_available_at(effective_on: Date) -> Timestamp {
    pacific(next_banking_day(next_banking_day(effective_on)), OPENING)
}

/// The opening of the next banking day, when returns arrive.
pub(crate) fn next_opening(at: Timestamp) -> Timestamp {
    opening_after(at, 1)
}

/// The opening so many banking days later.
pub(crate) fn opening_after(at: Timestamp, banking_days: usize) -> Timestamp {
    let day = (0..banking_days).fold(pacific_date(at), |day, _| next_banking_day(day));
    pacific(day, OPENING)
}

/// Column gives `effective_on` as midnight Pacific of the day.
pub(crate) fn pacific_midnight(date: Date) -> Timestamp {
    pacific(date, (0, 0))
}

pub(crate) fn pacific_date(at: Timestamp) -> Date {
    at.to_zoned(PACIFIC.clone()).date()
}

fn pacific(date: Date, (hour, minute): HourMinute) -> Timestamp {
    date.at(hour, minute, 0, 0).to_zoned(PACIFIC.clone()).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

fn next_standard_deadline(at: Timestamp) -> Timestamp {
    let today = pacific_date(at);
    let later_today =
        STANDARD_DEADLINES.into_iter().map(|deadline| pacific(today, deadline)).find(|deadline| at < *deadline);
    match later_today {
        Some(deadline) if is_banking_day(today) => deadline,
        Some(_) | None => pacific(next_banking_day(today), STANDARD_DEADLINES[0]),
    }
}

fn next_banking_day(date: Date) -> Date {
    roll_forward(date.saturating_add(1.day()))
}

fn previous_banking_day(date: Date) -> Date {
    let mut day = date.saturating_sub(1.day());
    while !is_banking_day(day) && day > Date::MIN {
        day = day.saturating_sub(1.day());
    }
    day
}

fn roll_forward(date: Date) -> Date {
    let mut day = date;
    while !is_banking_day(day) && day < Date::MAX {
        day = day.saturating_add(1.day());
    }
    day
}

pub(crate) fn is_banking_day(date: Date) -> bool {
    !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) && !is_fed_holiday(date)
}

fn is_fed_holiday(date: Date) -> bool {
    let is_observed_monday = date.weekday() == Weekday::Monday && is_fixed_holiday(date.saturating_sub(1.day()));
    is_fixed_holiday(date) || is_observed_monday || is_floating_holiday(date)
}

fn is_fixed_holiday(date: Date) -> bool {
    match (date.month(), date.day()) {
        (1, 1) | (7, 4) | (11, 11) | (12, 25) => true,
        (6, 19) => date.year() >= JUNETEENTH_SINCE,
        _ => false,
    }
}

fn is_floating_holiday(date: Date) -> bool {
    let nth = (date.day() - 1) / 7 + 1;
    match (date.month(), date.weekday()) {
        (1 | 2, Weekday::Monday) => nth == 3,
        (5, Weekday::Monday) => date.day() > 24,
        (9, Weekday::Monday) => nth == 1,
        (10, Weekday::Monday) => nth == 2,
        (11, Weekday::Thursday) => nth == 4,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
