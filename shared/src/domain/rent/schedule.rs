//! The charges of a lease: their due dates, the days they cover, and their amounts.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::due_day::DueDay;
use super::proration::{ChargedDays, Proration};
use crate::domain::money::{Cents, MoneyOverflow};

/// A schedule lists at most this many charges: fifty years of them.
pub const CHARGES_MAX: usize = 600;

/// What the periods of a lease are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Periods {
    /// Calendar months, each due on its due day.
    #[default]
    CalendarMonth,
    /// From one due date to the day before the next, due on the first day.
    FromDueDay,
}

/// When a first part is due whose due date lies before the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FirstDue {
    /// On the first day of the lease.
    #[default]
    AtStart,
    /// With the next charge.
    WithNext,
}

/// From when another rent counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RentChange {
    /// The rent in force on the first charged day counts for the whole charge.
    #[default]
    AtPeriodStart,
    /// Each day costs the rent in force on it.
    ByDay,
}

/// A monthly rent, from its first day until that of the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rent {
    /// The first day of this rent.
    #[schema(value_type = String, format = Date)]
    pub from: Date,
    /// Dollars a month.
    #[schema(value_type = String)]
    pub amount: Cents,
}

/// What a lease says about its charges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    pub start: Date,
    /// The last day, included; none where the lease runs from month to month.
    pub end: Option<Date>,
    pub due_day: DueDay,
    /// By their first days; the first one counts from the start or before.
    pub rents: Vec<Rent>,
    pub periods: Periods,
    pub proration: Proration,
    pub first: FirstDue,
    pub rent_change: RentChange,
}

/// One charge of rent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Charge {
    pub due: Date,
    pub from: Date,
    /// Included.
    pub to: Date,
    pub amount: Cents,
}

/// Terms that make no schedule. Final: the terms have to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    #[error("the lease ends on {end}, before it starts on {start}")]
    EndsBeforeStart { start: Date, end: Date },
    #[error("no rent is in force on the first day, {start}: name one whose \"from\" is that day or earlier")]
    NoRentAtStart { start: Date },
    #[error("two rents begin on {from}: name one")]
    TwoRentsOfOneDay { from: Date },
    #[error("the rent from {from} is not above zero")]
    RentNotPositive { from: Date },
    #[error("a lease without an end lists its charges until a day: name it as \"until\"")]
    NoEnd,
    #[error("the schedule has over {CHARGES_MAX} charges: name an earlier \"end\" or \"until\"")]
    TooLong,
    #[error(transparent)]
    Overflow(#[from] MoneyOverflow),
}

/// A period of the lease before its start and end cut it.
#[derive(Clone, Copy)]
struct Period {
    first: Date,
    last: Date,
    due: Date,
}

impl Terms {
    /// Returns the charges whose period begins on or before a day, all of them where none is named and the lease ends.
    pub fn charges(&self, until: Option<Date>) -> Result<Vec<Charge>, TermsError> {
        self.check()?;
        let listed_until = match (self.end, until) {
            (Some(end), Some(until)) => end.min(until),
            (Some(day), None) | (None, Some(day)) => day,
            (None, None) => return Err(TermsError::NoEnd),
        };
        let mut charges = Vec::new();
        let mut period = self.first_period();
        while period.first.max(self.start) <= listed_until {
            let next = self.period_after(period);
            if let Some(charge) = self.charge(period, next)? {
                charges.push(charge);
            }
            if charges.len() > CHARGES_MAX {
                return Err(TermsError::TooLong);
            }
            if next.first <= period.first {
                break;
            }
            period = next;
        }
        Ok(charges)
    }

    fn check(&self) -> Result<(), TermsError> {
        let start = self.start;
        if let Some(end) = self.end.filter(|end| *end < start) {
            return Err(TermsError::EndsBeforeStart { start, end });
        }
        if let Some(rent) = self.rents.iter().find(|rent| !rent.amount.is_positive()) {
            return Err(TermsError::RentNotPositive { from: rent.from });
        }
        let mut days: Vec<Date> = self.rents.iter().map(|rent| rent.from).collect();
        days.sort_unstable();
        if let Some((from, _)) = days.iter().zip(days.iter().skip(1)).find(|(one, other)| one == other) {
            return Err(TermsError::TwoRentsOfOneDay { from: *from });
        }
        match self.rent_on(start) {
            Some(_) => Ok(()),
            None => Err(TermsError::NoRentAtStart { start }),
        }
    }

    /// Returns the period that the lease starts in.
    fn first_period(&self) -> Period {
        match self.periods {
            Periods::CalendarMonth => self.month_of(self.start),
            Periods::FromDueDay => {
                let due = self.due_day.in_month_of(self.start);
                let first = if due <= self.start { due } else { self.due_day.in_month_of(month_before(self.start)) };
                self.period_from(first)
            }
        }
    }

    fn period_after(&self, period: Period) -> Period {
        match self.periods {
            Periods::CalendarMonth => self.month_of(month_after(period.first)),
            Periods::FromDueDay => self.period_from(self.due_day.in_month_of(month_after(period.first))),
        }
    }

    fn month_of(&self, day: Date) -> Period {
        Period { first: day.first_of_month(), last: day.last_of_month(), due: self.due_day.in_month_of(day) }
    }

    fn period_from(&self, first: Date) -> Period {
        let next = self.due_day.in_month_of(month_after(first));
        Period { first, last: next.saturating_sub(1.day()), due: first }
    }

    /// Returns the charge of a period, cut to the lease; none where its part is free.
    fn charge(&self, period: Period, next: Period) -> Result<Option<Charge>, MoneyOverflow> {
        let from = period.first.max(self.start);
        let to = self.end.map_or(period.last, |end| period.last.min(end));
        let charged = ChargedDays {
            days: days_between(from, to),
            period_days: days_between(period.first, period.last),
            rent_cents_times_days: self.rent_cents_times_days(from, to)?,
        };
        let amount = self.proration.amount(charged)?;
        Ok(amount.map(|amount| Charge { due: self.due(period, next), from, to, amount }))
    }

    fn due(&self, period: Period, next: Period) -> Date {
        let due = match self.first {
            _ if period.due >= self.start => period.due,
            FirstDue::AtStart => self.start,
            FirstDue::WithNext => next.due,
        };
        self.end.map_or(due, |end| due.min(end))
    }

    fn rent_cents_times_days(&self, from: Date, to: Date) -> Result<i128, MoneyOverflow> {
        let of = |rent: Option<&Rent>, days: i32| {
            let cents = rent.map_or(0, |rent| i128::from(rent.amount.get()));
            cents.checked_mul(i128::from(days)).ok_or(MoneyOverflow)
        };
        match self.rent_change {
            RentChange::AtPeriodStart => of(self.rent_on(from), days_between(from, to)),
            RentChange::ByDay => from
                .series(1.day())
                .take_while(|day| *day <= to)
                .try_fold(0_i128, |sum, day| sum.checked_add(of(self.rent_on(day), 1)?).ok_or(MoneyOverflow)),
        }
    }

    /// Returns the rent in force on a day.
    fn rent_on(&self, day: Date) -> Option<&Rent> {
        self.rents.iter().filter(|rent| rent.from <= day).max_by_key(|rent| rent.from)
    }
}

/// Returns the credit for a charge that a new last day of the lease cuts: what it cost less what the days until then cost.
pub fn move_out_credit(terms: &Terms, charge: &Charge, last_day: Date) -> Result<Cents, TermsError> {
    let shortened = Terms { end: Some(last_day), ..terms.clone() };
    if last_day < charge.from || last_day < terms.start {
        return Ok(charge.amount);
    }
    let charges = shortened.charges(None)?;
    let left = charges.iter().find(|left| left.from == charge.from).map_or(Cents::ZERO, |left| left.amount);
    Ok(charge.amount.minus(left)?)
}

fn month_after(day: Date) -> Date {
    day.first_of_month().saturating_add(1.month())
}

fn month_before(day: Date) -> Date {
    day.first_of_month().saturating_sub(1.month())
}

/// Returns how many days lie between two days, both counted.
fn days_between(first: Date, last: Date) -> i32 {
    first.until(last).map_or(0, |span| span.get_days()).saturating_add(1)
}
