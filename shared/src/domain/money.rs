//! Money as whole US cents in a checked 64-bit integer.
//!
//! Guarantees: no operation wraps, rounds or panics; every sum that could overflow answers [`MoneyOverflow`].
//! The text form is dollars with exactly two decimals ("1234.50"), as the API and the reports print it.

use std::fmt;
use std::str::FromStr;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An amount in whole US cents. May be negative only where a balance may be (a Column account overdrawn by a late return).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cents(i64);

/// A sum left the range of 64-bit cents. Final: no retry helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sum is beyond what 64-bit cents can hold")]
pub struct MoneyOverflow;

/// A text that is not dollars with exactly two decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("money is written as dollars with two decimals, like \"1234.50\"")]
pub struct MoneyFormat;

impl Cents {
    pub const ZERO: Cents = Cents(0);

    pub const fn new(cents: i64) -> Self {
        Self(cents)
    }

    pub const fn get(self) -> i64 {
        self.0
    }

    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub fn plus(self, other: Cents) -> Result<Cents, MoneyOverflow> {
        self.0.checked_add(other.0).map(Cents).ok_or(MoneyOverflow)
    }

    pub fn minus(self, other: Cents) -> Result<Cents, MoneyOverflow> {
        self.0.checked_sub(other.0).map(Cents).ok_or(MoneyOverflow)
    }

    /// The checked sum of all amounts.
    pub fn sum(amounts: impl IntoIterator<Item = Cents>) -> Result<Cents, MoneyOverflow> {
        amounts.into_iter().try_fold(Cents::ZERO, Cents::plus)
    }

    /// Dollars of any scale in whole cents, rounded half away from zero: the one rule for balances that come with more decimals than
    /// money has. Never for amounts that are paid.
    pub fn rounded(dollars: Decimal) -> Result<Cents, MoneyOverflow> {
        let whole = dollars.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        let cents = whole.checked_mul(Decimal::ONE_HUNDRED).and_then(|cents| cents.to_i64());
        cents.map(Cents).ok_or(MoneyOverflow)
    }

    /// Dollars as a decimal with two places, exact.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.0, 2)
    }
}

impl fmt::Display for Cents {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.to_decimal())
    }
}

impl FromStr for Cents {
    type Err = MoneyFormat;

    /// Reads what [`fmt::Display`] writes: an optional minus, digits, a point, two digits.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (dollars, cents) = unsigned.split_once('.').ok_or(MoneyFormat)?;
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(dollars) || !all_digits(cents) || cents.len() != 2 {
            return Err(MoneyFormat);
        }
        let sign = if unsigned.len() < text.len() { -1 } else { 1 };
        let magnitude = dollars
            .bytes()
            .chain(cents.bytes())
            .try_fold(0_i64, |sum, digit| sum.checked_mul(10)?.checked_add(i64::from(digit - b'0')))
            .ok_or(MoneyFormat)?;
        Ok(Cents(sign * magnitude))
    }
}

impl Serialize for Cents {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cents {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(DollarsText)
    }
}

struct DollarsText;

impl Visitor<'_> for DollarsText {
    type Value = Cents;

    /// Ends a sentence of serde's that begins with what was found instead.
    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("dollars as text with two decimals, such as \"5909.07\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Cents, E> {
        text.parse().map_err(|MoneyFormat| E::invalid_value(Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prints_dollars_with_two_decimals() {
        for (cents, text) in [(0, "0.00"), (5, "0.05"), (815, "8.15"), (123_450, "1234.50"), (-7, "-0.07")] {
            assert_eq!(Cents::new(cents).to_string(), text);
        }
    }

    #[test]
    fn refuses_every_other_spelling() {
        for text in ["", ".", "1", "1.0", "1.000", "$1.00", "1,000.00", "--1.00", "1.0a", "92233720368547758.08"] {
            assert_eq!(text.parse::<Cents>(), Err(MoneyFormat), "{text}");
        }
    }

    #[test]
    fn balances_with_more_decimals_round_half_away_from_zero() {
        let cases = [
            ("879.45", 87_945),
            ("150", 15_000),
            ("0.004999", 0),
            ("0.005", 1),
            ("-0.005", -1),
            ("1234.5649999", 123_456),
            ("1234.565", 123_457),
            ("92233720368547758.07", i64::MAX),
        ];
        for (text, cents) in cases {
            assert_eq!(Cents::rounded(text.parse().unwrap()), Ok(Cents::new(cents)), "{text}");
        }
        for text in ["92233720368547758.08", "79228162514264337593543950335"] {
            assert_eq!(Cents::rounded(text.parse().unwrap()), Err(MoneyOverflow), "{text}");
        }
    }

    #[test]
    fn sums_never_wrap() {
        assert_eq!(Cents::new(i64::MAX).plus(Cents::new(1)), Err(MoneyOverflow));
        assert_eq!(Cents::new(i64::MIN).minus(Cents::new(1)), Err(MoneyOverflow));
    }

    proptest! {
        #[test]
        fn reads_what_it_prints(cents in (i64::MIN + 1)..=i64::MAX) {
            prop_assert_eq!(Cents::new(cents).to_string().parse::<Cents>(), Ok(Cents::new(cents)));
        }
    }
}
