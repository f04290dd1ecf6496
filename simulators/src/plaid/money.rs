//! Amounts as Plaid writes them: JSON numbers in dollars, with no promise about decimals.

use std::fmt;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// An amount in dollars. It is read from a JSON number or a text and keeps every decimal that was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dollars(pub Decimal);

impl Dollars {
    /// The number as Plaid shows it: no zeros at the end.
    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.to_string()).unwrap_or_default()
    }

    /// The sum; an amount that no account can hold stays as it was.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self(self.0.checked_add(other.0).unwrap_or(self.0))
    }

    pub(crate) fn negated(self) -> Self {
        Self(-self.0)
    }
}

impl fmt::Display for Dollars {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.normalize().fmt(formatter)
    }
}

impl Serialize for Dollars {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match Value::deserialize(deserializer)? {
            Value::Number(number) => number.to_string(),
            Value::String(text) => text,
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
        };
        text.parse().map(Self).map_err(|_| D::Error::custom("not an amount"))
    }
}

/// An amount that may be unknown, as JSON.
pub(crate) fn amount(amount: Option<Dollars>) -> Value {
    amount.map_or(Value::Null, Dollars::json)
}

/// A date that may be unknown, as JSON.
pub(crate) fn date(date: Option<Date>) -> Value {
    date.map_or(Value::Null, |date| Value::String(date.to_string()))
}
