//! The day of the month on which rent is due.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const LAST: &str = "last";

/// A day of the month from 1 to 31, or the last one. A month that is too short gives its last day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueDay {
    Day(i8),
    Last,
}

/// A due day that no month has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a due day is a number from 1 to 31 or \"last\"")]
pub struct NotADueDay;

impl DueDay {
    /// Returns the day, if some month has it.
    pub fn new(day: i64) -> Result<Self, NotADueDay> {
        i8::try_from(day).ok().filter(|day| (1..=31).contains(day)).map(Self::Day).ok_or(NotADueDay)
    }

    /// Returns the due date in the month of this day.
    pub fn in_month_of(self, day: Date) -> Date {
        let last = day.last_of_month();
        match self {
            Self::Last => last,
            Self::Day(due) => {
                let beyond_the_first = i32::from(due.min(last.day()).saturating_sub(1));
                day.first_of_month().saturating_add(beyond_the_first.days())
            }
        }
    }
}

impl Serialize for DueDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Day(day) => serializer.serialize_i8(*day),
            Self::Last => serializer.serialize_str(LAST),
        }
    }
}

impl<'de> Deserialize<'de> for DueDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(i64),
            Text(String),
        }
        match Written::deserialize(deserializer).map_err(|_| D::Error::custom(NotADueDay))? {
            Written::Number(day) => Self::new(day).map_err(D::Error::custom),
            Written::Text(text) if text == LAST => Ok(Self::Last),
            Written::Text(_) => Err(D::Error::custom(NotADueDay)),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_short_month_gives_its_last_day() {
        let cases = [
            (DueDay::Day(31), date(2026, 2, 3), date(2026, 2, 28)),
            (DueDay::Day(29), date(2028, 2, 29), date(2028, 2, 29)),
            (DueDay::Day(29), date(2100, 2, 1), date(2100, 2, 28)),
            (DueDay::Day(28), date(2028, 2, 29), date(2028, 2, 28)),
            (DueDay::Day(1), date(2026, 12, 31), date(2026, 12, 1)),
            (DueDay::Last, date(2026, 4, 1), date(2026, 4, 30)),
        ];
        for (due_day, within, due) in cases {
            assert_eq!(due_day.in_month_of(within), due, "{due_day:?} in the month of {within}");
        }
    }

    #[test]
    fn only_days_that_some_month_has_are_read() {
        for (text, day) in
            [("1", Some(DueDay::Day(1))), ("31", Some(DueDay::Day(31))), ("\"last\"", Some(DueDay::Last))]
        {
            assert_eq!(serde_json::from_str::<DueDay>(text).ok(), day, "{text}");
        }
        for text in ["0", "32", "-1", "\"first\"", "\"5\"", "1.5", "null", "300"] {
            assert!(serde_json::from_str::<DueDay>(text).is_err(), "{text}");
        }
    }
}
