//! The amount of a row: `^\$?(\d{1,3}(,\d{3})+|\d+)\.\d{2}$`, digit by digit into whole cents (payroll-file.md section 5).

use super::error::ErrorCode;
use super::limits::SMALLEST_AMOUNT;
use super::values::Complaint;
use crate::domain::money::Cents;

/// Reads a trimmed amount. Thousands grouping is accepted where every group is complete.
pub(super) fn parse_amount(text: &str, largest: Cents) -> Result<Cents, Complaint> {
    if text.starts_with(['-', '(']) || text.starts_with("$-") {
        return Err(Complaint::new(ErrorCode::AmountNegative, "is negative; a payment is a positive amount"));
    }
    let (dollars, cents) = split(text).ok_or(Complaint::new(ErrorCode::AmountFormat, malformed(text)))?;
    let too_large = Complaint::new(ErrorCode::AmountTooLarge, "is more than the provider pays at once");
    let digits = dollars.bytes().chain(cents.bytes()).filter(u8::is_ascii_digit);
    let sum = digits.into_iter().try_fold(0_i64, |sum, digit| {
        let shifted = sum.checked_mul(10)?;
        shifted.checked_add(i64::from(digit - b'0'))
    });
    match sum.map(Cents::new) {
        Some(amount) if amount < SMALLEST_AMOUNT => {
            Err(Complaint::new(ErrorCode::AmountTooSmall, "is less than the provider's minimum of $1.00"))
        }
        Some(amount) if amount <= largest => Ok(amount),
        Some(_) | None => Err(too_large),
    }
}

/// The dollars, perhaps grouped, and the two digits of cents.
fn split(text: &str) -> Option<(&str, &str)> {
    let (dollars, cents) = text.strip_prefix('$').unwrap_or(text).split_once('.')?;
    let well_formed = cents.len() == 2 && all_digits(cents) && (all_digits(dollars) || is_grouped(dollars));
    well_formed.then_some((dollars, cents))
}

/// What is wrong with an amount that is none. What it may have meant is said and never guessed.
fn malformed(text: &str) -> &'static str {
    let number = text.strip_prefix('$').unwrap_or(text);
    let decimal_comma = number.rsplit_once(',').is_some_and(|(whole, cents)| {
        let is_whole =
            !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b' ' | b'\''));
        is_whole && all_digits(cents) && cents.len() <= 2
    });
    if decimal_comma {
        return "has a decimal comma; write dollars with a decimal point, like 1234.50 or $1,234.50";
    }
    let (dollars, cents) = number.split_once('.').unwrap_or((number, ""));
    let is_short = cents.is_empty() || (cents.len() == 1 && all_digits(cents));
    if is_short && (all_digits(dollars) || is_grouped(dollars)) {
        return "lacks decimals, which a spreadsheet drops where they are zeros; write two of them, like $8.00 or $8.10";
    }
    "is not dollars with two decimals, like $8.15 or $1,234.56"
}

fn is_grouped(dollars: &str) -> bool {
    let mut groups = dollars.split(',');
    let first = groups.next().unwrap_or_default();
    first.len() <= 3 && all_digits(first) && groups.all(|group| group.len() == 3 && all_digits(group))
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
