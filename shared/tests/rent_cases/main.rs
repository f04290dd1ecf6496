//! The computed cases of rent: schedules, debit days, orders, local days, shares, allocation, late days and move-out credits.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod independent;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::domain::money::Cents;
use shared::domain::rent::allocation::{ChargeKind, OpenCharge, allocate};
use shared::domain::rent::arrival::{PayoutRail, debit_days, estimate};
use shared::domain::rent::due_day::DueDay;
use shared::domain::rent::late::{Counting, Grace, local_date};
use shared::domain::rent::proration::Proration;
use shared::domain::rent::schedule::{FirstDue, Periods, Rent, RentChange, Terms, move_out_credit};
use shared::domain::rent::shares::split;

const CASES: &str = include_str!("schedule-cases.json");

/// The cases of one kind, which there have to be so many of.
fn cases<C: DeserializeOwned>(kind: &str, count: usize) -> Vec<C> {
    let all: Value = serde_json::from_str(CASES).unwrap();
    let cases: Vec<C> = serde_json::from_value(all[kind].clone()).unwrap();
    assert_eq!(cases.len(), count, "{kind}");
    cases
}

#[derive(Deserialize)]
struct ScheduleCase {
    id: String,
    start: Date,
    end: Option<Date>,
    until: Option<Date>,
    due_day: DueDay,
    rents: Vec<Rent>,
    periods: Periods,
    proration: Proration,
    first: FirstDue,
    rent_change: RentChange,
    charges: Vec<ChargeCase>,
    total: Cents,
}

#[derive(Debug, PartialEq, Deserialize)]
struct ChargeCase {
    due: Date,
    from: Date,
    to: Date,
    amount: Cents,
}

#[test]
fn schedules() {
    for case in cases::<ScheduleCase>("schedules", 67) {
        let terms = Terms {
            start: case.start,
            end: case.end,
            due_day: case.due_day,
            rents: case.rents,
            periods: case.periods,
            proration: case.proration,
            first: case.first,
            rent_change: case.rent_change,
        };
        let charges = terms.charges(case.until).unwrap();
        assert_eq!(Cents::sum(charges.iter().map(|charge| charge.amount)).unwrap(), case.total, "{}", case.id);
        let charges: Vec<_> = charges
            .into_iter()
            .map(|charge| ChargeCase { due: charge.due, from: charge.from, to: charge.to, amount: charge.amount })
            .collect();
        assert_eq!(charges, case.charges, "{}", case.id);
    }
}

#[derive(Deserialize)]
struct DebitDaysCase {
    id: String,
    due: Date,
    rail: PayoutRail,
    hold_banking_days: u32,
    same_day_debit: bool,
    debit_on: Date,
    debit_settles_on: Date,
    notice_by: Date,
    available_on: Date,
    payee_has_it_on: Date,
}

#[test]
fn days_on_which_a_debit_leaves() {
    for case in cases::<DebitDaysCase>("debit_days", 16) {
        let days = debit_days(case.due, case.rail, case.hold_banking_days, case.same_day_debit);
        let seen = [days.debit_on, days.debit_settles_on, days.notice_by, days.available_on, days.payee_has_it_on];
        let right = [case.debit_on, case.debit_settles_on, case.notice_by, case.available_on, case.payee_has_it_on];
        assert_eq!(seen, right, "{}", case.id);
    }
}

#[derive(Deserialize)]
struct OrderCase {
    id: String,
    ordered_at: Timestamp,
    rail: PayoutRail,
    hold_banking_days: u32,
    debit_goes_same_day: bool,
    debit_effective_on: Date,
    debit_settles_at: Timestamp,
    available_at: Timestamp,
    payee_has_it_at_the_earliest: Timestamp,
}

/// The order that asks for a same-day debit after the last window.
const MISSES_THE_SAME_DAY: &str = "F06";

#[test]
fn orders_of_now() {
    for case in cases::<OrderCase>("ordered_now", 10) {
        let wants_same_day = case.debit_goes_same_day || case.id == MISSES_THE_SAME_DAY;
        let seen = estimate(case.ordered_at, case.rail, case.hold_banking_days, wants_same_day);
        assert_eq!(seen.debit_goes_same_day, case.debit_goes_same_day, "{}", case.id);
        assert_eq!(seen.debit_effective_on, case.debit_effective_on, "{}", case.id);
        assert_eq!(seen.debit_settles_at, case.debit_settles_at, "{}", case.id);
        assert_eq!(seen.available_at, case.available_at, "{}", case.id);
        assert_eq!(seen.payee_has_it_at_the_earliest, case.payee_has_it_at_the_earliest, "{}", case.id);
    }
}

#[derive(Deserialize)]
struct LocalDayCase {
    id: String,
    at: Timestamp,
    zone: String,
    local_date: Date,
    due: Date,
    grace_days: u16,
    is_due: bool,
    is_late: bool,
}

/// The zones of the cases, compiled in: the machine of a test may have none.
fn zone(name: &str) -> TimeZone {
    match name {
        "America/New_York" => jiff::tz::get!("America/New_York"),
        "America/Chicago" => jiff::tz::get!("America/Chicago"),
        "America/Phoenix" => jiff::tz::get!("America/Phoenix"),
        "Pacific/Honolulu" => jiff::tz::get!("Pacific/Honolulu"),
        other => panic!("no case is in {other} yet"),
    }
}

#[test]
fn days_at_the_property() {
    for case in cases::<LocalDayCase>("local_days", 10) {
        let today = local_date(case.at, &zone(&case.zone));
        assert_eq!(today, case.local_date, "{}", case.id);
        let grace = Grace { grace_days: case.grace_days, ..Grace::default() };
        assert_eq!(
            (today >= case.due, today > grace.in_time_until(case.due)),
            (case.is_due, case.is_late),
            "{}",
            case.id
        );
    }
}

#[derive(Deserialize)]
struct SharesCase {
    id: String,
    amount: Cents,
    shares: Vec<u32>,
    parts: Vec<Cents>,
}

#[test]
fn shares_of_a_sum() {
    for case in cases::<SharesCase>("shares", 7) {
        assert_eq!(split(case.amount, &case.shares).unwrap(), case.parts, "{}", case.id);
    }
}

#[derive(Deserialize)]
struct AllocationCase {
    id: String,
    charges: Vec<OpenChargeCase>,
    payment: Cents,
    allocated: Vec<AllocatedCase>,
    credit: Cents,
}

#[derive(Deserialize)]
struct OpenChargeCase {
    id: String,
    due: Date,
    kind: ChargeKind,
    open: Cents,
}

#[derive(Deserialize)]
struct AllocatedCase {
    charge: String,
    amount: Cents,
}

#[test]
fn what_a_payment_pays() {
    for case in cases::<AllocationCase>("allocation", 7) {
        let charges: Vec<_> = case
            .charges
            .into_iter()
            .map(|charge| OpenCharge { id: charge.id, due: charge.due, kind: charge.kind, open: charge.open })
            .collect();
        let allocation = allocate(&charges, case.payment).unwrap();
        let right: Vec<_> = case.allocated.into_iter().map(|part| (part.charge, part.amount)).collect();
        assert_eq!((allocation.allocated, allocation.credit), (right, case.credit), "{}", case.id);
    }
}

#[derive(Deserialize)]
struct LateCase {
    id: String,
    due: Date,
    grace_days: u16,
    counting: Counting,
    rolls_to_banking_day: bool,
    in_time_until: Date,
    fee_from: Date,
}

#[test]
fn days_from_which_a_charge_is_late() {
    for case in cases::<LateCase>("late", 10) {
        let grace = Grace {
            grace_days: case.grace_days,
            counting: case.counting,
            rolls_to_banking_day: case.rolls_to_banking_day,
        };
        let seen = (grace.in_time_until(case.due), grace.fee_from(case.due));
        assert_eq!(seen, (case.in_time_until, case.fee_from), "{}", case.id);
    }
}

#[derive(Deserialize)]
struct MoveOutCase {
    id: String,
    period: [Date; 2],
    charged: Cents,
    new_last_day: Date,
    credit: Cents,
}

#[test]
fn credits_for_moving_out() {
    for case in cases::<MoveOutCase>("move_out", 3) {
        let [from, to] = case.period;
        let terms = Terms {
            start: from,
            end: None,
            due_day: DueDay::new(i64::from(from.day())).unwrap(),
            rents: vec![Rent { from, amount: case.charged }],
            periods: Periods::FromDueDay,
            proration: Proration::ActualDays,
            first: FirstDue::AtStart,
            rent_change: RentChange::AtPeriodStart,
        };
        let charge = terms.charges(Some(from)).unwrap()[0];
        assert_eq!((charge.from, charge.to, charge.amount), (from, to, case.charged), "{}", case.id);
        assert_eq!(move_out_credit(&terms, &charge, case.new_last_day).unwrap(), case.credit, "{}", case.id);
    }
}
