//! What the books say a payer has at the bank, against what the bank says.

use serde::{Deserialize, Serialize};

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
}

impl Balance {
    pub const fn as_str(self) -> &'static str {
        match self {
            Balance::Available => "available",
            Balance::Pending => "pending",
            Balance::Locked => "locked",
        }
    }
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
