//! To which accounts what is left of a source's money goes back, where several rounds pulled it from several accounts.
//!
//! Guarantees: no account gets more than it paid in, less what went back to it before; together they get what is left, and nothing is lost
//! or made. What was spent is taken to be the earliest rounds' money, so that what is left is the latest rounds'.

use crate::domain::money::{Cents, MoneyOverflow};

/// What one round pulled from one account, and still holds. In the order of the rounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidIn {
    /// What the account is known by.
    pub account: String,
    pub amount: Cents,
}

/// What goes, or went, back to one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenBack {
    pub account: String,
    pub amount: Cents,
}

/// Divides what is left among the accounts that paid in, the latest round first. What no account of these may get (where more is left than
/// they paid in) stays.
pub fn refund_shares(paid_in: &[PaidIn], before: &[GivenBack], left: Cents) -> Result<Vec<GivenBack>, MoneyOverflow> {
    let mut left = left.max(Cents::ZERO);
    let mut shares: Vec<GivenBack> = Vec::new();
    for account in latest_first(paid_in) {
        let paid = sum(paid_in.iter().filter(|paid| paid.account == account).map(|paid| paid.amount))?;
        let had = sum(before.iter().filter(|given| given.account == account).map(|given| given.amount))?;
        let share = left.min(paid.minus(had)?);
        if share.is_positive() {
            left = left.minus(share)?;
            shares.push(GivenBack { account: account.to_owned(), amount: share });
        }
    }
    Ok(shares)
}

fn latest_first(paid_in: &[PaidIn]) -> Vec<&str> {
    let mut accounts: Vec<&str> = Vec::new();
    for paid in paid_in.iter().rev() {
        if !accounts.contains(&paid.account.as_str()) {
            accounts.push(&paid.account);
        }
    }
    accounts
}

fn sum(amounts: impl Iterator<Item = Cents>) -> Result<Cents, MoneyOverflow> {
    let mut sum = Cents::ZERO;
    for amount in amounts {
        sum = sum.plus(amount)?;
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn paid(list: &[(&str, i64)]) -> Vec<PaidIn> {
        list.iter()
            .map(|(account, cents)| PaidIn { account: (*account).to_owned(), amount: Cents::new(*cents) })
            .collect()
    }

    fn given(list: &[(&str, i64)]) -> Vec<GivenBack> {
        list.iter()
            .map(|(account, cents)| GivenBack { account: (*account).to_owned(), amount: Cents::new(*cents) })
            .collect()
    }

    type Amounts = &'static [(&'static str, i64)];

    #[test]
    fn money_goes_back_to_where_it_came_from_the_latest_round_first() {
        // Paid in by round; given back before; left; who gets what.
        let table: [(Amounts, Amounts, i64, Amounts); 9] = [
            (&[("x", 100)], &[], 30, &[("x", 30)]),
            (&[("x", 100)], &[], 0, &[]),
            (&[("x", 100)], &[], -5, &[]),
            (&[("x", 100), ("y", 20)], &[], 15, &[("y", 15)]),
            (&[("x", 100), ("y", 20)], &[], 50, &[("y", 20), ("x", 30)]),
            (&[("x", 100), ("y", 20)], &[("y", 20)], 30, &[("x", 30)]),
            // The account was changed back in between: it counts once, with all that it paid in.
            (&[("x", 100), ("y", 20), ("x", 10)], &[], 115, &[("x", 110), ("y", 5)]),
            (&[("x", 100)], &[("x", 90)], 30, &[("x", 10)]),
            (&[], &[], 30, &[]),
        ];
        for (paid_in, before, left, expected) in table {
            let shares = refund_shares(&paid(paid_in), &given(before), Cents::new(left)).unwrap();
            assert_eq!(shares, given(expected), "{paid_in:?} {before:?} {left}");
        }
    }

    proptest! {
        #[test]
        fn no_account_gets_more_than_it_paid_in_and_nothing_is_made(
            rounds in prop::collection::vec((0..3_usize, 0..1_000_i64), 0..6),
            left in -100..6_000_i64,
        ) {
            let names = ["x", "y", "z"];
            let rounds: Vec<(&str, i64)> = rounds.into_iter().map(|(name, cents)| (names[name], cents)).collect();
            let shares = refund_shares(&paid(&rounds), &[], Cents::new(left)).unwrap();
            let total = |list: &[(&str, i64)], name: &str| -> i64 {
                list.iter().filter(|(of, _)| *of == name).map(|(_, cents)| cents).sum()
            };
            let mut sum = 0;
            for share in &shares {
                prop_assert!(share.amount.get() <= total(&rounds, &share.account));
                sum += share.amount.get();
            }
            let all: i64 = rounds.iter().map(|(_, cents)| cents).sum();
            prop_assert_eq!(sum, left.max(0).min(all));
        }
    }
}
