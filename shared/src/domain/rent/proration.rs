//! What a part of a period costs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::money::{Cents, MoneyOverflow};

/// How a part of a period is charged. A whole period costs the whole rent under each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Proration {
    /// Rent times days, divided by the days of the whole period.
    #[default]
    ActualDays,
    /// Rent times days, at most thirty, divided by thirty.
    ThirtyDay,
    /// Twelve rents times days, divided by 365.
    #[serde(rename = "year_365")]
    Year365,
    /// The whole rent.
    Whole,
    /// Nothing.
    Free,
}

/// The charged days of one period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChargedDays {
    /// Days charged, both ends counted.
    pub days: i32,
    /// Days of the whole period.
    pub period_days: i32,
    /// The rent in force on each charged day, added up: rent times days where it does not change.
    pub rent_cents_times_days: i128,
}

impl Proration {
    /// Returns what the days cost, half a cent rounded up; nothing where a part is free.
    pub fn amount(self, charged: ChargedDays) -> Result<Option<Cents>, MoneyOverflow> {
        let ChargedDays { days, period_days, rent_cents_times_days } = charged;
        let (days, period_days) = (i128::from(days), i128::from(period_days));
        let is_whole = days == period_days;
        let (times, divided_by) = match self {
            _ if is_whole => (1, days),
            Self::ActualDays => (1, period_days),
            Self::ThirtyDay => (days.min(30), days.saturating_mul(30)),
            Self::Year365 => (12, 365),
            Self::Whole => (1, days),
            Self::Free => return Ok(None),
        };
        let numerator = rent_cents_times_days.checked_mul(times).ok_or(MoneyOverflow)?;
        divided_half_up(numerator, divided_by).map(Some)
    }
}

fn divided_half_up(numerator: i128, divisor: i128) -> Result<Cents, MoneyOverflow> {
    let doubled = numerator.checked_mul(2).and_then(|doubled| doubled.checked_add(divisor)).ok_or(MoneyOverflow)?;
    let cents = doubled.checked_div_euclid(divisor.checked_mul(2).ok_or(MoneyOverflow)?).ok_or(MoneyOverflow)?;
    i64::try_from(cents).map(Cents::new).map_err(|_| MoneyOverflow)
}
