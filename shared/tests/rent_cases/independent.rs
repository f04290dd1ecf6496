//! Schedules computed day by day, beside ours on thousands of random leases.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use rust_decimal::{Decimal, RoundingStrategy};
use shared::domain::money::Cents;
use shared::domain::rent::due_day::DueDay;
use shared::domain::rent::proration::Proration;
use shared::domain::rent::schedule::{Charge, FirstDue, Periods, Rent, RentChange, Terms};

fn month_length(day: Date) -> i8 {
    let is_leap = day.year() % 4 == 0 && (day.year() % 100 != 0 || day.year() % 400 == 0);
    match day.month() {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn is_due_date(terms: &Terms, day: Date) -> bool {
    let wanted = match terms.due_day {
        DueDay::Last => 31,
        DueDay::Day(wanted) => wanted,
    };
    day.day() == wanted.min(month_length(day))
}

fn begins_period(terms: &Terms, day: Date) -> bool {
    match terms.periods {
        Periods::CalendarMonth => day.day() == 1,
        Periods::FromDueDay => is_due_date(terms, day),
    }
}

/// The first day of the period that a day lies in, found by walking back.
fn period_of(terms: &Terms, day: Date) -> Date {
    let mut first = day;
    while !begins_period(terms, first) {
        first = first.yesterday().unwrap();
    }
    first
}

/// The days of the period that begins on a day, found by walking on.
fn period_length(terms: &Terms, first: Date) -> i64 {
    let mut length = 1;
    let mut day = first.tomorrow().unwrap();
    while !begins_period(terms, day) {
        (length, day) = (length + 1, day.tomorrow().unwrap());
    }
    length
}

fn due_date_of(terms: &Terms, first: Date) -> Date {
    let mut day = first;
    while !is_due_date(terms, day) {
        day = day.tomorrow().unwrap();
    }
    day
}

fn rent_on(terms: &Terms, day: Date) -> Decimal {
    let in_force = terms.rents.iter().rfind(|rent| rent.from <= day).unwrap();
    in_force.amount.to_decimal()
}

fn amount(terms: &Terms, days: &[Date], whole_days: i64) -> Option<Cents> {
    let count = Decimal::from(days.len());
    let mean = match terms.rent_change {
        RentChange::AtPeriodStart => rent_on(terms, days[0]),
        RentChange::ByDay => days.iter().map(|day| rent_on(terms, *day)).sum::<Decimal>() / count,
    };
    let is_whole = count == Decimal::from(whole_days);
    let exact = match terms.proration {
        _ if is_whole => mean,
        Proration::ActualDays => mean * count / Decimal::from(whole_days),
        Proration::ThirtyDay => mean * count.min(Decimal::from(30)) / Decimal::from(30),
        Proration::Year365 => mean * Decimal::from(12) * count / Decimal::from(365),
        Proration::Whole => mean,
        Proration::Free => return None,
    };
    // Twenty places first: a decimal that stands for a third is not quite a third.
    let exact = exact.round_dp(20);
    let cents = exact.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    Some(Cents::rounded(cents).unwrap())
}

/// The charges of a lease with an end, from each of its days.
fn charges(terms: &Terms) -> Vec<Charge> {
    let end = terms.end.unwrap();
    let mut days_by_period: BTreeMap<Date, Vec<Date>> = BTreeMap::new();
    for day in terms.start.series(1.day()).take_while(|day| *day <= end) {
        days_by_period.entry(period_of(terms, day)).or_default().push(day);
    }
    let charge = |(first, days): (&Date, &Vec<Date>)| {
        let whole_days = period_length(terms, *first);
        let own = due_date_of(terms, *first);
        let next = due_date_of(terms, first.checked_add(whole_days.days()).unwrap());
        let due = match (own < terms.start, terms.first) {
            (false, _) => own,
            (true, FirstDue::AtStart) => terms.start,
            (true, FirstDue::WithNext) => next,
        };
        let (from, to) = (days[0], days[days.len() - 1]);
        amount(terms, days, whole_days).map(|amount| Charge { due: due.min(end), from, to, amount })
    };
    days_by_period.iter().filter_map(charge).collect()
}

fn lease() -> impl Strategy<Value = Terms> {
    let day = (0_i32..20_000).prop_map(|days| date(2020, 1, 1).saturating_add(days.days()));
    let rents = prop::collection::btree_map(1_i32..900, 1_i64..900_000, 0..4);
    let policies = (
        prop_oneof![Just(Periods::CalendarMonth), Just(Periods::FromDueDay)],
        prop_oneof![
            Just(Proration::ActualDays),
            Just(Proration::ThirtyDay),
            Just(Proration::Year365),
            Just(Proration::Whole),
            Just(Proration::Free)
        ],
        prop_oneof![Just(FirstDue::AtStart), Just(FirstDue::WithNext)],
        prop_oneof![Just(RentChange::AtPeriodStart), Just(RentChange::ByDay)],
    );
    (day, 0_i32..900, 1_i64..=32, 1_i64..900_000, rents, policies).prop_map(
        |(start, length, due_day, rent, later, (periods, proration, first, rent_change))| {
            let begun = Rent { from: start, amount: Cents::new(rent) };
            let later = later
                .into_iter()
                .map(|(after, cents)| Rent { from: start.saturating_add(after.days()), amount: Cents::new(cents) });
            Terms {
                start,
                end: Some(start.saturating_add(length.days())),
                due_day: DueDay::new(due_day).unwrap_or(DueDay::Last),
                rents: std::iter::once(begun).chain(later).collect(),
                periods,
                proration,
                first,
                rent_change,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn a_schedule_is_the_one_that_counting_day_by_day_gives(terms in lease()) {
        prop_assert_eq!(terms.charges(None).unwrap(), charges(&terms));
    }

    #[test]
    fn periods_neither_overlap_nor_leave_a_day_out(terms in lease()) {
        let terms = Terms { proration: Proration::ActualDays, ..terms };
        let charges = terms.charges(None).unwrap();
        prop_assert_eq!(charges[0].from, terms.start);
        prop_assert_eq!(Some(charges[charges.len() - 1].to), terms.end);
        for pair in charges.windows(2) {
            prop_assert_eq!(pair[0].to.tomorrow().unwrap(), pair[1].from);
            prop_assert!(pair[0].due <= pair[1].due);
        }
    }

    #[test]
    fn what_is_listed_by_a_day_stays_what_it_is_later(terms in lease(), until in 0_i32..900) {
        let all = terms.charges(None).unwrap();
        let listed = terms.charges(Some(terms.start.saturating_add(until.days()))).unwrap();
        prop_assert_eq!(&all[..listed.len()], &listed[..]);
    }
}
