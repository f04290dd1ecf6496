//! A card's number: the one by which its issuer knows whom a check is for.
//!
//! Guarantees: a [`CardNumber`] passes the check digit, so that one wrong digit pays nobody's bill; one number is written one way; `Debug`
//! shows the last four.

use std::fmt;

use crate::domain::secret::last_four;

/// 12 to 19 digits, the last of which checks the others (ISO/IEC 7812-1). None begins with 0, which no card's number does: a zero in front
/// keeps the check digit right, and would make one card two.
#[derive(Clone, PartialEq, Eq)]
pub struct CardNumber(String);

/// A text that is no card's number. Does not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a card number has 12 to 19 digits, the first of them no zero, of which the last checks the others")]
pub struct NoCardNumber;

impl TryFrom<String> for CardNumber {
    type Error = NoCardNumber;

    fn try_from(digits: String) -> Result<Self, NoCardNumber> {
        let is_long_enough = (12..=19).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
        let begins_right = fault!(ZeroMakesAnotherCard, true, !digits.starts_with('0'));
        if is_long_enough && begins_right && checks(&digits) { Ok(Self(digits)) } else { Err(NoCardNumber) }
    }
}

/// The digits that tell a stored number from others: those of before may begin with zeros.
pub fn telling_digits(stored: &str) -> &str {
    stored.trim_start_matches('0')
}

/// Every second digit from the right counts twice, its own digits added up; the sum ends in 0.
fn checks(digits: &str) -> bool {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u32 = digits
        .bytes()
        .rev()
        .zip([false, true].into_iter().cycle())
        .map(|(digit, is_second)| (u32::from(digit.wrapping_sub(b'0')), is_second))
        .map(|(digit, is_second)| if is_second { doubled(digit % 10) } else { digit % 10 })
        .sum();
    sum.is_multiple_of(10)
}

impl CardNumber {
    /// The whole number: only for sealing.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn last_four(&self) -> &str {
        last_four(&self.0)
    }
}

/// Whether a number that ends with `last4` can be of a card whose institution shows it by this mask: the last two to five digits. A mask that
/// is absent or not of digits says nothing.
pub fn fits_mask(last4: &str, mask: Option<&str>) -> bool {
    let Some(mask) = mask.filter(|mask| !mask.is_empty() && mask.bytes().all(|digit| digit.is_ascii_digit())) else {
        return true;
    };
    last4.ends_with(mask) || mask.ends_with(last4)
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CardNumber(***{})", self.last_four())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wrong_digit_is_no_card_number() {
        let is_card_number = |digits: &str| CardNumber::try_from(digits.to_owned()).is_ok();
        let right = "4111111111111111";
        assert!(is_card_number(right));
        assert!(is_card_number("378282246310005"));
        for wrong in [
            "4111111111111112",
            "4111 1111 1111 1111",
            "411111111111",
            "",
            "x111111111111111",
            "04111111111111111",
            &"0".repeat(16),
        ] {
            assert!(!is_card_number(wrong), "{wrong}");
        }
        for place in 0..right.len() {
            let slip: String = right.char_indices().map(|(at, digit)| if at == place { '7' } else { digit }).collect();
            assert!(!is_card_number(&slip), "{place}");
        }
    }

    #[test]
    fn a_number_has_to_end_as_its_card_does() {
        for (mask, fits) in [
            (Some("4421"), true),
            (Some("21"), true),
            (Some("14421"), true),
            (Some("9999"), false),
            (Some("22"), false),
            (Some("AB21"), true),
            (Some(""), true),
            (None, true),
        ] {
            assert_eq!(fits_mask("4421", mask), fits, "{mask:?}");
        }
    }

    #[test]
    fn a_number_is_not_printed() {
        let number = CardNumber::try_from("4111111111111111".to_owned()).unwrap();
        assert_eq!(format!("{number:?}"), "CardNumber(***1111)");
    }
}
