//! ABA routing numbers: nine digits with a checksum (money-rules.md section 2.4).
//!
//! Limits: a valid checksum does not mean that the bank exists. The first two digits are not enforced (payroll-file.md section 2):
//! [`RoutingNumber::in_federal_reserve_range`] only answers whether they are usual.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A routing number that passed the checksum, as text: leading zeros count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoutingNumber([u8; 9]);

/// Why a text is no routing number. Final: correct the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoutingNumberError {
    #[error("a routing number has nine digits that are not all zero")]
    Format,
    #[error("the routing number fails the ABA checksum")]
    Checksum,
}

impl RoutingNumber {
    pub fn as_str(&self) -> &str {
        // The digits were checked on the way in, so the fallback is never taken.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether the first two digits lie in a range that the Federal Reserve hands out: 00-12, 21-32, 61-72, 80.
    pub fn in_federal_reserve_range(&self) -> bool {
        let first_two = (self.0[0] - b'0') * 10 + (self.0[1] - b'0');
        matches!(first_two, 0..=12 | 21..=32 | 61..=72 | 80)
    }
}

impl FromStr for RoutingNumber {
    type Err = RoutingNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: [u8; 9] = text.as_bytes().try_into().map_err(|_| RoutingNumberError::Format)?;
        if !digits.iter().all(u8::is_ascii_digit) || digits == [b'0'; 9] {
            return Err(RoutingNumberError::Format);
        }
        let weighted = digits.iter().zip([3, 7, 1].iter().cycle());
        let sum: u32 = weighted.map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        if sum.is_multiple_of(10) { Ok(Self(digits)) } else { Err(RoutingNumberError::Checksum) }
    }
}

impl fmt::Display for RoutingNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for RoutingNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RoutingNumber({self})")
    }
}

impl Serialize for RoutingNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for RoutingNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_numbers_that_pass_the_checksum() {
        for text in ["021000021", "121000248", "011401533", "322271627", "026009593", "121145307", "110000000"] {
            assert_eq!(text.parse::<RoutingNumber>().map(|number| number.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn names_what_is_wrong_with_the_others() {
        for (text, error) in [
            ("021000020", RoutingNumberError::Checksum),
            ("123456789", RoutingNumberError::Checksum),
            ("000000000", RoutingNumberError::Format),
            ("02100002", RoutingNumberError::Format),
            ("0210000210", RoutingNumberError::Format),
            ("02100002a", RoutingNumberError::Format),
            ("０２１", RoutingNumberError::Format),
            ("", RoutingNumberError::Format),
        ] {
            assert_eq!(text.parse::<RoutingNumber>(), Err(error), "{text}");
        }
    }

    #[test]
    fn knows_the_federal_reserve_ranges_without_enforcing_them() {
        let usual = |text: &str| text.parse::<RoutingNumber>().map(|number| number.in_federal_reserve_range());
        assert_eq!(usual("021000021"), Ok(true));
        assert_eq!(usual("322271627"), Ok(true));
        assert_eq!(usual("990000000"), Ok(false));
    }
}
