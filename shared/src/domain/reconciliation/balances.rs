//! What the books say a payer has at the bank, against what the bank says.

use serde::{Deserialize, Serialize};

use crate::domain::ledger::AccountKind;
use crate::domain::money::{Cents, MoneyOverflow};

/// Looks at a balance, [`MINUTES_BETWEEN_LOOKS`] apart, that find the same difference before it counts as one.
pub const LOOKS: u32 = 4;

/// Together the looks take [`super::GRACE_HOURS`]: what was on its way at the first has arrived.
pub const MINUTES_BETWEEN_LOOKS: i64 = 60;

/// The sums of one payer, in the books or at the bank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Cash; the bank's available balance.
    pub available: Cents,
    /// Pulled; the bank's pending balance.
    pub pending: Cents,
    /// Locked for checks.
    pub locked: Cents,
}

/// A balance that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalanceDifference {
    pub balance: Balance,
    pub here: Cents,
    pub there: Cents,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Balance {
    Available,
    Pending,
    Locked,
    /// All debits less all credits, over every kind of account: nothing at the bank stands beside it.
    DebitsLessCredits,
    /// What the payer owes us. Below zero a debt was taken off twice.
    Receivable,
    /// What is there for the payer. Below zero more left than came.
    Funds,
}

impl Balance {
    pub const fn as_str(self) -> &'static str {
        match self {
            Balance::Available => "available",
            Balance::Pending => "pending",
            Balance::Locked => "locked",
            Balance::DebitsLessCredits => "debits_less_credits",
            Balance::Receivable => "receivable",
            Balance::Funds => "funds",
        }
    }
}

/// What the books hold against themselves: `balances` are those of every kind of account, also of kinds that the payer should not have.
pub fn within(balances: &[(AccountKind, Cents)]) -> Result<Vec<BalanceDifference>, MoneyOverflow> {
    let sum = Cents::sum(balances.iter().map(|(_, balance)| *balance))?;
    let of =
        |wanted: AccountKind| Cents::sum(balances.iter().filter(|(kind, _)| *kind == wanted).map(|(_, cents)| *cents));
    let receivable = of(AccountKind::Receivable)?;
    let funds = Cents::ZERO.minus(of(AccountKind::Funds)?)?;
    let pairs = [
        (Balance::DebitsLessCredits, sum, sum.is_zero()),
        (Balance::Receivable, receivable, receivable >= Cents::ZERO),
        (Balance::Funds, funds, funds >= Cents::ZERO),
    ];
    let differs = pairs.into_iter().filter(|(_, _, is_sound)| !is_sound);
    Ok(differs.map(|(balance, here, _)| BalanceDifference { balance, here, there: Cents::ZERO }).collect())
}

/// `held` is the sum of the fundings that have settled and are not available by our rule: the bank's own rule may have ended before, so
/// that up to this sum is available there and pulled here.
pub fn compare(books: Sums, bank: Sums, held: Cents) -> Result<Vec<BalanceDifference>, MoneyOverflow> {
    let shift = books.pending.minus(bank.pending)?;
    let is_held = Cents::ZERO <= shift && shift <= held;
    let (available, pending) =
        if is_held { (books.available.plus(shift)?, bank.pending) } else { (books.available, books.pending) };
    let pairs = [
        (Balance::Available, available, bank.available),
        (Balance::Pending, pending, bank.pending),
        (Balance::Locked, books.locked, bank.locked),
    ];
    let differs = pairs.into_iter().filter(|(_, here, there)| here != there);
    Ok(differs.map(|(balance, here, there)| BalanceDifference { balance, here, there }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn books_that_do_not_balance_or_hold_less_than_nothing_differ_from_themselves() {
        let found = |balances: &[(AccountKind, i64)]| {
            let balances: Vec<_> = balances.iter().map(|(kind, cents)| (*kind, Cents::new(*cents))).collect();
            let found = within(&balances).unwrap();
            found.iter().map(|difference| (difference.balance.as_str(), difference.here.get())).collect::<Vec<_>>()
        };
        let sound = [(AccountKind::Cash, 500), (AccountKind::Receivable, 100), (AccountKind::Funds, -600)];
        assert_eq!(found(&sound), []);
        // A line in an account that the payer does not have is missing on the other side.
        assert_eq!(
            found(&[(AccountKind::Cash, 4_032), (AccountKind::Funds, -54_032)]),
            [("debits_less_credits", -50_000)]
        );
        let twice = [(AccountKind::Receivable, -165_500), (AccountKind::Cash, 165_500)];
        assert_eq!(found(&twice), [("receivable", -165_500)]);
        let spent_twice = [(AccountKind::Funds, 10_000), (AccountKind::Cash, -10_000)];
        assert_eq!(found(&spent_twice), [("funds", -10_000)]);
    }
}
