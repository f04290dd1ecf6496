//! Plaid's money: JSON numbers in dollars with as many decimals as the institution happens to send.
//!
//! The one rounding rule: to the nearest cent, halves away from zero. It is applied to the number as written, once, where the answer is
//! read; seven decimals have been seen.

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::domain::money::Cents;

/// A text that is not a JSON number of dollars that 64-bit cents can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an amount is a number of dollars")]
pub struct AmountFormat;

/// Dollars as a JSON number's text, rounded to cents.
pub fn cents(literal: &str) -> Result<Cents, AmountFormat> {
    let is_scientific = literal.contains(['e', 'E']);
    let dollars = if is_scientific { Decimal::from_scientific(literal) } else { literal.parse() };
    // The decimal type reads "+1" and "1_000" as well, which are no JSON; serde_json has let numbers alone through.
    let dollars: Decimal = dollars.map_err(|_| AmountFormat)?;
    let cents = dollars.checked_mul(Decimal::ONE_HUNDRED).ok_or(AmountFormat)?;
    let rounded = cents.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    rounded.to_i64().map(Cents::new).ok_or(AmountFormat)
}

/// For a field that holds a number of dollars.
pub(crate) fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cents, D::Error> {
    let literal = Box::<RawValue>::deserialize(deserializer)?;
    cents(literal.get()).map_err(serde::de::Error::custom)
}

/// For a field that holds a number of dollars or `null`. Say `default` beside it, so that it may be absent.
pub(crate) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cents>, D::Error> {
    let literal = Option::<Box<RawValue>>::deserialize(deserializer)?;
    literal.map(|literal| cents(literal.get()).map_err(serde::de::Error::custom)).transpose()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dollars_are_rounded_to_the_nearest_cent_halves_away_from_zero() {
        for (literal, expected) in [
            ("0", 0),
            ("-0.0", 0),
            ("150", 15_000),
            ("912.1", 91_210),
            ("1234.56", 123_456),
            ("-12.34", -1_234),
            ("23631.9805", 2_363_198),
            ("0.0049999", 0),
            ("0.005", 1),
            ("-0.005", -1),
            ("1.015", 102),
            ("0.1234567", 12),
            ("1e3", 100_000),
            ("1.25E-1", 13),
            ("92233720368547758.07", i64::MAX),
        ] {
            assert_eq!(cents(literal), Ok(Cents::new(expected)), "{literal}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for literal in ["", "\"1.00\"", "true", "[]", "92233720368547758.08", "1e40", "12,50", "NaN"] {
            assert_eq!(cents(literal), Err(AmountFormat), "{literal}");
        }
    }

    #[test]
    fn the_digits_as_written_count_and_not_a_binary_fraction() {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(deserialize_with = "required")]
            amount: Cents,
            #[serde(default, deserialize_with = "optional")]
            limit: Option<Cents>,
        }
        // As a 64-bit binary fraction this is 8.0749999... and would be rounded down.
        let wire: Wire = serde_json::from_str(r#"{"amount": 8.075, "limit": null}"#).unwrap();
        assert_eq!((wire.amount, wire.limit), (Cents::new(808), None));
        let wire: Wire = serde_json::from_str(r#"{"amount": 1}"#).unwrap();
        assert_eq!((wire.amount, wire.limit), (Cents::new(100), None));
        assert!(serde_json::from_str::<Wire>(r#"{"amount": "8.00"}"#).is_err());
    }

    proptest! {
        #[test]
        fn whole_cents_are_read_as_they_are(amount in any::<i64>()) {
            prop_assert_eq!(cents(&Cents::new(amount).to_string()), Ok(Cents::new(amount)));
        }
    }
}
