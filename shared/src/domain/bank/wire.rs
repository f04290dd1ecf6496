//! Texts and times as the bank sends them: bounded where they become part of a key or a record, and times in every form that its
//! documentation and its answers show.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer, de};

use crate::domain::calendar;

/// The bank's ids have 32 characters; those of its older objects are shorter.
const ID_BYTES_MAX: usize = 128;

/// Names of events, statuses and currencies, and corrected account data.
const WORD_BYTES_MAX: usize = 128;

/// What describes a return, for people.
const DESCRIPTION_CHARACTERS_MAX: usize = 255;

/// An id of the bank: neither empty nor long, and without a character that would mean something in a key or a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::domain::bank) struct Id(pub String);

/// One word of the bank, such as a status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::domain::bank) struct Word(pub String);

/// A moment, or a day without a time: its midnight by Pacific time, which is the bank's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::domain::bank) struct Moment(pub Timestamp);

impl Id {
    pub(in crate::domain::bank) fn parse(text: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let fits = (1..=ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_plain);
        fault!(IdUnbounded, true, fits).then(|| Self(text.to_owned()))
    }
}

impl Word {
    fn parse(text: &str) -> Option<Self> {
        let fits = text.len() <= WORD_BYTES_MAX && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }
}

impl Moment {
    fn parse(text: &str) -> Option<Self> {
        let moment: Result<Timestamp, _> = text.parse();
        moment.ok().or_else(|| text.parse::<Date>().ok().map(calendar::pacific_midnight)).map(Self)
    }
}

/// A day, also where it comes as a moment: the day of that moment by Pacific time.
pub(in crate::domain::bank) fn day(text: &str) -> Option<Date> {
    Moment::parse(text).map(|Moment(at)| calendar::pacific_date(at))
}

/// `null` and an empty text mean "not there", as an absent key does.
pub(in crate::domain::bank) fn present(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// What people read: as much of it as is kept.
pub(in crate::domain::bank) fn description(text: Option<String>) -> String {
    text.unwrap_or_default().chars().take(DESCRIPTION_CHARACTERS_MAX).collect()
}

fn text<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    parse: impl FnOnce(&str) -> Option<T>,
    wanted: &'static str,
) -> Result<T, D::Error> {
    let text = Cow::<'de, str>::deserialize(deserializer)?;
    // The text itself is never quoted.
    parse(&text).ok_or_else(|| de::Error::custom(wanted))
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer, Self::parse, "an id")
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer, Self::parse, "a word")
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer, Self::parse, "a moment or a day")
    }
}

/// A time that need not be there.
pub(in crate::domain::bank) fn maybe_moment<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    let Some(text) = present(Option::<String>::deserialize(deserializer)?) else {
        return Ok(None);
    };
    let Moment(at) = Moment::parse(&text).ok_or_else(|| de::Error::custom("a moment or a day"))?;
    Ok(Some(at))
}

/// A word that need not be there.
pub(in crate::domain::bank) fn maybe_word<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let Some(text) = present(Option::<String>::deserialize(deserializer)?) else { return Ok(None) };
    Word::parse(&text).map(|Word(word)| Some(word)).ok_or_else(|| de::Error::custom("a word"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(text: &str) -> Option<Timestamp> {
        maybe_moment(serde_json::Value::from(text)).unwrap()
    }

    #[test]
    fn a_time_may_be_empty_or_a_bare_day() {
        assert_eq!(times(""), None);
        assert_eq!(times("2026-03-03T13:30:00Z"), Some("2026-03-03T13:30:00Z".parse().unwrap()));
        assert_eq!(times("2026-03-03T05:30:00-08:00"), Some("2026-03-03T13:30:00Z".parse().unwrap()));
        assert_eq!(times("2026-03-03"), Some("2026-03-03T08:00:00Z".parse().unwrap()));
        assert_eq!(maybe_moment(serde_json::Value::Null).unwrap(), None);
        assert!(maybe_moment(serde_json::Value::from("soon")).is_err());
    }

    #[test]
    fn a_bare_day_is_that_day_here_and_there() {
        let at = times("2026-07-03").unwrap();
        assert_eq!(calendar::pacific_date(at), calendar::eastern_date(at));
        assert_eq!((day("2026-07-03"), day("2026-07-03T07:00:00Z")), (day("2026-07-03T12:00:00Z"), day("2026-07-03")));
    }

    #[test]
    fn what_would_mean_something_in_a_key_is_no_id() {
        for text in ["", " ", "acht 1", "acht#1", "acht\n1", "acht/1", "acht\u{0}", "á", &"a".repeat(129)] {
            assert_eq!(Id::parse(text), None, "{text:?}");
        }
        assert!(Id::parse("acht_2AbCdEfGhIjKlMnOpQrStUvWxYz").is_some());
    }
}
