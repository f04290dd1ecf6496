//! Amounts and days as people read them.

use jiff::civil::Date;

use crate::domain::money::Cents;

/// "1,655.00"
pub fn money(amount: Cents) -> String {
    let text = amount.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    let (dollars, cents) = digits.split_once('.').unwrap_or((digits, "00"));
    let grouped: Vec<&str> = (0..dollars.len()).map(|at| &dollars[at..=at]).collect();
    let first = match grouped.len() % 3 {
        0 => 3,
        rest => rest,
    };
    let (head, tail) = grouped.split_at(first.min(grouped.len()));
    let tail: String = tail.chunks(3).map(|three| format!(",{}", three.concat())).collect();
    format!("{sign}{}{tail}.{cents}", head.concat())
}

/// "March 2, 2026"
pub fn day(date: Date) -> String {
    date.strftime("%B %-d, %Y").to_string()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_have_their_thousands_apart() {
        let cases = [
            (0, "0.00"),
            (-5, "-0.05"),
            (99_999, "999.99"),
            (165_500, "1,655.00"),
            (-100_000_000, "-1,000,000.00"),
            (12_345_678_901, "123,456,789.01"),
        ];
        for (cents, text) in cases {
            assert_eq!(money(Cents::new(cents)), text);
        }
    }

    #[test]
    fn a_day_is_written_out() {
        assert_eq!(day(date(2026, 3, 2)), "March 2, 2026");
    }

    proptest! {
        #[test]
        fn without_its_commas_it_is_the_amount(cents: i64) {
            prop_assert_eq!(money(Cents::new(cents)).replace(',', ""), Cents::new(cents).to_string());
        }
    }
}
