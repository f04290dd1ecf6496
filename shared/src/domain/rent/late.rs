//! Until when a charge is paid in time.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::domain::calendar::{add_banking_days, same_or_next_banking_day};

/// Which days of grace are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counting {
    #[default]
    Calendar,
    Banking,
}

/// What a lease says about paying late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Grace {
    pub grace_days: u16,
    pub counting: Counting,
    /// A due date on a day without banking counts as the next banking day, before the grace.
    pub rolls_to_banking_day: bool,
}

impl Grace {
    /// Returns the last day on which a charge is paid in time.
    pub fn in_time_until(self, due: Date) -> Date {
        let counted_from = if self.rolls_to_banking_day { same_or_next_banking_day(due) } else { due };
        match self.counting {
            Counting::Calendar => counted_from.saturating_add(i32::from(self.grace_days).days()),
            Counting::Banking => add_banking_days(counted_from, u32::from(self.grace_days)),
        }
    }

    /// Returns the first day on which a late fee may be charged.
    pub fn fee_from(self, due: Date) -> Date {
        self.in_time_until(due).saturating_add(1.day())
    }
}

/// Returns the day it is at the property.
pub fn local_date(at: Timestamp, zone: &TimeZone) -> Date {
    zone.to_datetime(at).date()
}
