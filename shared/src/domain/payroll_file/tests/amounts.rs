use super::super::amount::parse_amount;
use super::*;
use crate::domain::money::Cents;

fn parse(text: &str) -> Result<i64, ErrorCode> {
    let largest = Limits::default().largest_amount;
    parse_amount(text, largest).map(Cents::get).map_err(|complaint| complaint.code)
}

#[test]
fn reads_dollars_with_two_decimals() {
    for (text, cents) in [
        ("$8.15", 815),
        ("$1.00", 100),
        ("$10.99", 1_099),
        ("8.15", 815),
        ("$1,234.56", 123_456),
        ("$001.00", 100),
        ("$1,000,000.00", 100_000_000),
        ("$1000000.00", 100_000_000),
    ] {
        assert_eq!(parse(text), Ok(cents), "{text}");
    }
}

#[test]
fn reads_groups_beyond_the_providers_maximum_where_the_limit_is_lifted() {
    assert_eq!(parse_amount("$1,234,567.89", Cents::new(i64::MAX)).map(Cents::get), Ok(123_456_789));
}

#[test]
fn refuses_every_other_spelling() {
    for text in [
        "$12,34.56",
        "$,123.45",
        "$1234,567.00",
        "$1,2345.00",
        "$1,.00",
        "$5",
        "$5.1",
        "$.50",
        "$5.",
        "$5.123",
        "$1e3",
        "$0x10",
        "NaN",
        "$ 5.00",
        "€5.00",
        "5.00 USD",
        "$5,00",
        "$５.00",
        "$٥.00",
        "+5.00",
        "$+5.00",
        "$$5.00",
        "$5.0.0",
        "$5.-1",
        "$",
        ".",
        "",
    ] {
        assert_eq!(parse(text), Err(ErrorCode::AmountFormat), "{text}");
    }
}

#[test]
fn names_negative_small_and_large_amounts() {
    for (text, code) in [
        ("-$5.00", ErrorCode::AmountNegative),
        ("$-5.00", ErrorCode::AmountNegative),
        ("($5.00)", ErrorCode::AmountNegative),
        ("$0.00", ErrorCode::AmountTooSmall),
        ("$0.99", ErrorCode::AmountTooSmall),
        ("$1000000.01", ErrorCode::AmountTooLarge),
        ("$92233720368547758.08", ErrorCode::AmountTooLarge),
        ("$123456789012345678901234567890.00", ErrorCode::AmountTooLarge),
    ] {
        assert_eq!(parse(text), Err(code), "{text}");
    }
}
