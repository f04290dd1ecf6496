//! When the money is where it is wanted: which day a debit has to leave for a due date, and what an order of now comes to.
//!
//! The pull is an ACH debit, sent by 05:30 Pacific of its day; the payout leaves once the debit is available. The bank's answers say what
//! really happens: these are the estimates that every order is told and that are compared with it.

use jiff::civil::{Date, Time, time};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::calendar::{
    add_banking_days, bank_opening, is_banking_day, next_banking_day, pacific_date, pacific_time, pacific_time_of_day,
    same_or_next_banking_day, same_or_previous_banking_day, subtract_banking_days,
};

/// The bank makes a debit available this many banking days after it took effect, whatever our hold.
const BANK_HOLD_BANKING_DAYS: u32 = 2;

/// Reg E 1005.10(d): a debit of another amount is announced this many days before it leaves.
const NOTICE_DAYS: i32 = 10;

/// Same-day entries asked for before a deadline, and when they settle, both Pacific.
const SAME_DAY_WINDOWS: [(Time, Time); 3] = [
    (time(7, 15, 0, 0), time(10, 0, 0, 0)),
    (time(11, 30, 0, 0), time(14, 0, 0, 0)),
    (time(13, 30, 0, 0), time(15, 0, 0, 0)),
];

/// The bank's last deadline of a day for standard entries, Pacific.
const STANDARD_DEADLINE: Time = time(23, 0, 0, 0);

/// How a payout reaches the payee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PayoutRail {
    StandardAch,
    SameDayAch,
    Instant,
    Wire,
}

/// The days of a payment that has to be with the payee on a due date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DebitDays {
    pub debit_on: Date,
    pub debit_settles_on: Date,
    /// By when a debit of another amount has to be announced.
    pub notice_by: Date,
    pub available_on: Date,
    /// The due date, or the last banking day before it.
    pub payee_has_it_on: Date,
}

/// What an order of now comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Whether the debit still goes by the same-day windows.
    pub debit_goes_same_day: bool,
    pub debit_effective_on: Date,
    pub debit_settles_at: Timestamp,
    pub available_at: Timestamp,
    pub payee_has_it_at_the_earliest: Timestamp,
}

/// Returns the latest days on which a debit leaves and the payee still has the money on the due date, or on the last banking day before.
pub fn debit_days(due: Date, rail: PayoutRail, hold_banking_days: u32, same_day_debit: bool) -> DebitDays {
    let payee_has_it_on = same_or_previous_banking_day(due);
    let available_on = match rail {
        PayoutRail::StandardAch => subtract_banking_days(payee_has_it_on, 1),
        PayoutRail::SameDayAch | PayoutRail::Instant | PayoutRail::Wire => payee_has_it_on,
    };
    let debit_settles_on = subtract_banking_days(available_on, hold_banking_days.max(BANK_HOLD_BANKING_DAYS));
    let debit_on = if same_day_debit { debit_settles_on } else { subtract_banking_days(debit_settles_on, 1) };
    let notice_by = debit_on.saturating_sub(NOTICE_DAYS.days());
    DebitDays { debit_on, debit_settles_on, notice_by, available_on, payee_has_it_on }
}

/// Returns when the debit of an order of now settles and is available, and when the payee has the money at the earliest.
pub fn estimate(
    ordered_at: Timestamp,
    rail: PayoutRail,
    hold_banking_days: u32,
    wants_same_day_debit: bool,
) -> Estimate {
    let same_day = if wants_same_day_debit { same_day_settlement(ordered_at) } else { None };
    let (debit_effective_on, debit_settles_at) = same_day.unwrap_or_else(|| {
        let effective_on = next_banking_day(standard_entry_leaves_on(ordered_at));
        (effective_on, bank_opening(effective_on))
    });
    let available_on = add_banking_days(debit_effective_on, hold_banking_days.max(BANK_HOLD_BANKING_DAYS));
    let payee_has_it_at_the_earliest = match rail {
        PayoutRail::StandardAch => bank_opening(next_banking_day(available_on)),
        PayoutRail::SameDayAch => pacific_time(available_on, SAME_DAY_WINDOWS[0].1),
        PayoutRail::Instant | PayoutRail::Wire => bank_opening(available_on),
    };
    Estimate {
        debit_goes_same_day: same_day.is_some(),
        debit_effective_on,
        debit_settles_at,
        available_at: bank_opening(available_on),
        payee_has_it_at_the_earliest,
    }
}

/// Returns the day and the moment at which a same-day entry settles; none when its windows are over for the day.
fn same_day_settlement(ordered_at: Timestamp) -> Option<(Date, Timestamp)> {
    let (day, now) = (pacific_date(ordered_at), pacific_time_of_day(ordered_at));
    let window = SAME_DAY_WINDOWS.iter().find(|(deadline, _)| now < *deadline);
    window.filter(|_| is_banking_day(day)).map(|(_, settles)| (day, pacific_time(day, *settles)))
}

fn standard_entry_leaves_on(ordered_at: Timestamp) -> Date {
    let day = pacific_date(ordered_at);
    let is_in_time = pacific_time_of_day(ordered_at) < STANDARD_DEADLINE;
    if is_in_time { same_or_next_banking_day(day) } else { next_banking_day(day) }
}
