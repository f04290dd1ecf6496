//! Amounts as people write them.

/// Whole cents of `1234.50`, `-0.05` or `$7.00`; `None` for anything else.
pub(crate) fn cents(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (whole, hundredths) = digits.strip_prefix('$').unwrap_or(digits).split_once('.')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(hundredths) || hundredths.len() != 2 {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let hundredths: i64 = hundredths.parse().ok()?;
    Some(sign * whole.checked_mul(100)?.checked_add(hundredths)?)
}

/// `1234.50`
pub(crate) fn dollars(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_to_the_cent_and_written_back() {
        for (text, expected) in [("0.00", 0), ("1234.50", 123_450), ("-0.05", -5), ("12.07", 1_207)] {
            assert_eq!(cents(text), Some(expected), "{text}");
            assert_eq!(dollars(expected), text);
        }
        assert_eq!(cents("$7.00"), Some(700));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "1", "1.5", "1.234", "1,234.50", ".50", "1.", "+1.00", "1.0x", "99999999999999999999.00"] {
            assert_eq!(cents(text), None, "{text}");
        }
    }
}
