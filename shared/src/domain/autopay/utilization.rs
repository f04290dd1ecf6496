//! How much of its limit a card uses, in basis points: hundredths of a percent.
//!
//! Guarantees: never clamped at 100 %, never negative, rounded down; a missing limit or one of zero gives no figure at all, which is
//! neither 0 % nor 100 % (Plaid documentation of balances).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::money::Cents;

/// Hundredths of a percent: 3,000 is 30 %.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(transparent)]
pub struct BasisPoints(pub u32);

/// The whole.
const ONE: i128 = 10_000;

impl BasisPoints {
    /// This share of an amount, rounded down; a negative amount counts as nothing.
    pub fn share_of(self, amount: Cents) -> Cents {
        let share = i128::from(amount.get().max(0)) * i128::from(self.0) / ONE;
        Cents::new(i64::try_from(share).unwrap_or(i64::MAX))
    }

    /// Whether `balance` is more than this share of `limit`, exactly. A limit that is not positive is never passed: it is unknown.
    pub fn is_passed_by(self, balance: Cents, limit: Cents) -> bool {
        limit.is_positive() && i128::from(balance.get()) * ONE > i128::from(limit.get()) * i128::from(self.0)
    }
}

/// `balance / limit`, or nothing where either is unknown. What the issuer owes the holder counts as nothing used.
pub fn utilization(balance: Option<Cents>, limit: Option<Cents>) -> Option<BasisPoints> {
    let (balance, limit) = (balance?, limit.filter(|limit| limit.is_positive())?);
    let share = i128::from(balance.get().max(0)) * ONE / i128::from(limit.get());
    Some(BasisPoints(u32::try_from(share).unwrap_or(u32::MAX)))
}

impl fmt::Display for BasisPoints {
    /// "30 %", "63.1 %", "20.05 %".
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (percent, rest) = (self.0 / 100, self.0 % 100);
        match (rest, rest % 10) {
            (0, _) => write!(formatter, "{percent} %"),
            (_, 0) => write!(formatter, "{percent}.{} %", rest / 10),
            (_, _) => write!(formatter, "{percent}.{rest:02} %"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn used(balance: i64, limit: i64) -> Option<u32> {
        utilization(Some(Cents::new(balance)), Some(Cents::new(limit))).map(|points| points.0)
    }

    #[test]
    fn the_published_examples_come_out() {
        // Plaid's Sandbox: 410 of 2,000 and 5,020 of 10,000.
        assert_eq!((used(41_000, 200_000), used(502_000, 1_000_000)), (Some(2_050), Some(5_020)));
        assert_eq!(used(315_500, 500_000), Some(6_310));
    }

    #[test]
    fn what_is_not_known_has_no_figure_and_what_is_owed_to_the_holder_is_nothing_used() {
        assert_eq!((used(100, 0), used(100, -1)), (None, None));
        assert_eq!(utilization(None, Some(Cents::new(1))), None);
        assert_eq!(utilization(Some(Cents::new(1)), None), None);
        assert_eq!(used(-5_000, 100_000), Some(0));
        assert_eq!(used(250_000, 100_000), Some(25_000), "above the limit is not clamped");
    }

    #[test]
    fn a_share_reads_as_people_write_it() {
        for (points, text) in [(0, "0 %"), (3_000, "30 %"), (6_310, "63.1 %"), (2_005, "20.05 %"), (25_000, "250 %")] {
            assert_eq!(BasisPoints(points).to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn paying_down_to_a_share_leaves_at_most_that_share(balance: i64, limit in 1..=i64::MAX, points in 0..=10_000_u32) {
            let (balance, limit, share) = (Cents::new(balance), Cents::new(limit), BasisPoints(points));
            let left = balance.min(share.share_of(limit));
            prop_assert!(!share.is_passed_by(left, limit));
            prop_assert_eq!(share.is_passed_by(balance, limit), balance > share.share_of(limit));
            let _ = utilization(Some(balance), Some(limit));
        }
    }
}
