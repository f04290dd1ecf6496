//! Caps, the agreed range, and what the bank account can bear.

use super::*;
use crate::domain::autopay::bank_account::UnusableReason;
use crate::domain::autopay::in_flight::{ShownBy, Stage, in_flight};
use crate::domain::autopay::real_account::{NumberNames, RealAccount, shared_bank_account, shared_card};
use crate::domain::autopay::rule::Caps;

#[test]
fn a_cap_cuts_and_says_so() {
    let capped = |case: &mut Case| case.card.setup.caps.payment = Some(dollars("500.00"));
    assert_eq!(outcome(capped), paid("above_threshold", "500.00"));
    let text = Case::with(capped).decide().text();
    assert!(text.ends_with(": pay 500.00, which is all that your cap for one payment leaves."), "{text}");
}

#[test]
fn a_cap_of_a_day_or_month_counts_what_was_opened_in_it_and_was_not_undone() {
    let earlier = |caps: Caps, opened_on: Date, undone: bool| {
        move |case: &mut Case| {
            case.card.setup.caps = caps;
            let mut earlier = payment(1, dollars("400.00"), opened_on);
            earlier.cashed(case.now);
            earlier.stage = Stage::Posted { by: ShownBy::Person };
            if undone {
                earlier.undone();
            }
            case.card.payments.push(earlier);
        }
    };
    let day = Caps { day: Some(dollars("500.00")), ..Caps::default() };
    let month = Caps { month: Some(dollars("400.00")), ..Caps::default() };
    let today = date(2026, 3, 2);
    assert_eq!(outcome(earlier(day, today, false)), paid("above_threshold", "100.00"));
    assert_eq!(outcome(earlier(day, date(2026, 3, 1), false)), paid("above_threshold", "500.00"));
    assert_eq!(outcome(earlier(day, today, true)), paid("above_threshold", "500.00"));
    assert_eq!(outcome(earlier(month, date(2026, 3, 1), false)), ("cap_reached", None));
    assert_eq!(outcome(earlier(month, date(2026, 2, 28), false)), paid("above_threshold", "400.00"));
}

fn range_to(case: &mut Case, most: &str) {
    case.card.authorization.as_mut().unwrap().range.most = dollars(most);
}

#[test]
fn an_amount_outside_the_range_is_announced_waited_for_and_paid() {
    let mut case = Case::with(|case| range_to(case, "1000.00"));
    let decision = case.decide();
    assert_eq!((decision.code(), decision.amount()), ("outside_range", Some(dollars("1655.00"))));
    case.card.announced = announcement(&decision, date(2026, 3, 2));
    case.card.announced.as_mut().unwrap().delivered(date(2026, 3, 2));
    case.days_later(9);
    assert_eq!(case.decide().code(), "announcement_awaited");
    case.days_later(1);
    // The balance has grown since, but what was announced is what is paid.
    case.reading().balance = Some(dollars("3500.00"));
    let decision = case.decide();
    assert_eq!((decision.code(), decision.amount()), ("above_threshold", Some(dollars("1655.00"))));
    assert!(decision.text().ends_with(": pay 1,655.00, the amount that was announced."), "{}", decision.text());
    case.days_later(8);
    assert_eq!(case.decide().code(), "outside_range", "a week later it is announced anew");
}

#[test]
fn an_amount_under_the_range_is_announced_too() {
    let small = outcome(|case| case.card.authorization.as_mut().unwrap().range.least = dollars("2000.00"));
    assert_eq!(small, paid("outside_range", "1655.00"));
}

#[test]
fn a_pressing_bill_inside_the_range_does_not_wait_for_a_larger_wish() {
    let pressing = |case: &mut Case| {
        range_to(case, "1000.00");
        case.reading().due_on = Some(date(2026, 3, 10));
    };
    assert_eq!(outcome(pressing), paid("bill_due", "35.00"));
    let text = Case::with(pressing).decide().text();
    assert!(text.contains("and not 1,655.00, because that is outside the range that you agreed to"), "{text}");
}

#[test]
fn an_account_that_cannot_bear_it_is_not_debited() {
    let holds =
        |available: &'static str| move |case: &mut Case| case.bank_reading().available = Some(dollars(available));
    assert_eq!(outcome(holds("1655.00")), paid("above_threshold", "1655.00"));
    assert_eq!(outcome(holds("1654.99")), ("insufficient_bank_balance", None));
    assert_eq!(outcome(holds("-5.00")), ("insufficient_bank_balance", None));
    let floor = |case: &mut Case| {
        holds("1700.00")(case);
        case.policy.bank_floor = dollars("50.00");
    };
    assert_eq!(outcome(floor), ("insufficient_bank_balance", None));
    let unknown = |case: &mut Case| {
        case.bank_reading().available = None;
        case.bank_reading().current = None;
    };
    assert_eq!(outcome(unknown), ("bank_balance_unknown", None));
}

#[test]
fn where_money_is_short_the_bill_comes_first() {
    let short = |case: &mut Case| {
        case.bank_reading().available = Some(dollars("100.00"));
        case.reading().due_on = Some(date(2026, 3, 10));
    };
    assert_eq!(outcome(short), paid("bill_due", "35.00"));
}

#[test]
fn two_cards_share_what_is_in_the_account() {
    let mut case = Case::new();
    let Some(first) = case.decide().amount() else { panic!("the first card is paid") };
    case.bank_account.open_debit(PaymentId::Single(Uuid::from_u128(1)), first);
    case.bank_reading().available = Some(dollars("3000.00"));
    assert_eq!(case.decide().code(), "insufficient_bank_balance", "1,345.00 are left for the second one");
    // Settled a minute ago, but the balance was read before.
    let later = case.now.checked_add(SignedDuration::from_mins(1)).unwrap();
    case.bank_account.debit_settled(PaymentId::Single(Uuid::from_u128(1)), later);
    assert_eq!(case.decide().code(), "insufficient_bank_balance");
    case.bank_account.take(BankReading {
        age: Age::read_now(later.checked_add(SignedDuration::from_mins(1)).unwrap()),
        currency: Some("USD".to_owned()),
        available: Some(dollars("1700.00")),
        current: None,
    });
    assert_eq!(case.decide().code(), "insufficient_bank_balance", "it may be booked as late as that night");
}

/// A debit that settles on a Monday morning may be booked as late as that night.
#[test]
fn a_debit_counts_until_a_balance_of_the_next_banking_day() {
    let mut account = Case::new().bank_account;
    let settled: Timestamp = "2026-03-02T13:30:00Z".parse().unwrap();
    account.open_debit(PaymentId::Single(Uuid::from_u128(1)), dollars("1655.00"));
    account.debit_settled(PaymentId::Single(Uuid::from_u128(1)), settled);
    for (as_of, under_way) in [
        ("2026-03-02T13:00:00Z", 165_500),
        ("2026-03-02T15:00:00Z", 165_500),
        ("2026-03-03T04:00:00Z", 165_500),
        ("2026-03-03T15:00:00Z", 0),
    ] {
        let age = Age::read_now(as_of.parse().unwrap());
        let reading = BankReading { age, ..account.reading.clone().unwrap() };
        assert_eq!(account.under_way(&reading), under_way, "{as_of}");
    }
    // Kept for whoever shares the account and decides on an older balance.
    let age = Age::read_now("2026-03-03T15:00:00Z".parse().unwrap());
    account.take(BankReading { age, ..account.reading.clone().unwrap() });
    assert_eq!(account.open_debits.len(), 1);
    let age = Age::read_now("2026-03-12T15:00:00Z".parse().unwrap());
    account.take(BankReading { age, ..account.reading.clone().unwrap() });
    assert!(account.open_debits.is_empty());
}

#[test]
fn a_debit_of_an_old_number_proves_nothing_of_the_new_one() {
    let case = Case::new();
    let mut account = case.bank_account.clone();
    assert!(account.proven_by("of the old number", case.now) && account.proven_at.is_none());
    assert_eq!(account.hold_banking_days(4, 2), 4);
    let number = account.account.fingerprint.clone();
    assert!(account.proven_by(&number, case.now) && !account.proven_by(&number, case.now));
    assert_eq!((account.hold_of_debit(&number, 4, 2), account.hold_of_debit("of another number", 4, 2)), (2, 4));
    assert_eq!(account.hold_of_debit("of the old number", 4, 2), 2);
}

#[test]
fn a_debit_that_goes_to_another_number_is_held_and_barred_as_that_one() {
    let case = Case::new();
    let mut account = case.bank_account.clone();
    let number = account.account.fingerprint.clone();
    assert!(account.proven_by(&number, case.now));
    let corrected_to = Some(NumberNames { number: "corrected".to_owned(), without_zeros: None });
    let named = RealAccount { corrected_to, ..RealAccount::new(number) };
    let mut sent = RealAccount::new("corrected".to_owned());
    let decided_on = |account: &BankAccount, sent: &RealAccount| shared_bank_account(account, &[&named, sent], &[]);
    assert_eq!(decided_on(&account, &sent).hold_banking_days(4, 2), 4);
    assert!(account.proven_by("corrected", case.now));
    assert_eq!(decided_on(&account, &sent).hold_banking_days(4, 2), 2);
    sent.close("R02".parse().unwrap(), case.now);
    assert!(decided_on(&account, &sent).unusable.is_some() && account.unusable.is_none());
}

#[test]
fn a_return_of_an_old_number_closes_nothing_and_another_one_until_the_numbers_are_read() {
    let case = Case::new();
    let mut account = case.bank_account.clone();
    account.closed_by_return("of the old number", "R02".parse().unwrap(), case.now);
    assert_eq!(account.unusable, None);
    let number = account.account.fingerprint.clone();
    account.closed_by_return(&number, "R02".parse().unwrap(), case.now);
    let reason = |account: &BankAccount| account.unusable.map(|unusable| unusable.reason);
    assert_eq!(reason(&account), Some(UnusableReason::Returned("R02".parse().unwrap())));
    assert!(account.stop_using(UnusableReason::NumbersChanged, case.now), "the bank says that there is another");
    assert_eq!(account.permission_ended_at, None);
    assert!(account.stop_using(UnusableReason::Withdrawn, case.now), "and then that it is not shared any more");
    assert_eq!(account.permission_ended_at, Some(case.now), "shared again, it needs a new agreement");
    assert!(!account.stop_using(UnusableReason::NumbersChanged, case.now));
    assert_eq!(reason(&account), Some(UnusableReason::Withdrawn));
}

#[test]
fn a_balance_that_the_bank_dates_in_the_past_is_asked_for_once() {
    let case =
        Case::with(|case| case.bank_reading().age = Age { read_at: case.now, updated_at: Some(case.hours_ago(6)) });
    let asked = Inputs { has_new_balance: true, ..case.inputs() };
    assert_eq!((case.decide().code(), decide(&asked).code()), ("bank_balance_stale", "bank_balance_old"));
}

/// Another holder's reading shows their payment; this one is older, and its balance holds the debt still.
#[test]
fn what_another_holder_paid_counts_until_this_card_s_reading_is_as_recent() {
    let case = Case::new();
    let mut other = case.card.clone();
    let mut payment = CardPayment::new(PaymentId::Single(Uuid::from_u128(1)), dollars("1655.00"), date(2026, 2, 26));
    payment.stage = Stage::Posted { by: ShownBy::Transaction("t1".to_owned()) };
    other.payments.push(payment);
    let in_flight_after = |hours: i64| {
        let mut own = case.card.clone();
        own.reading.as_mut().unwrap().age = Age::read_now(case.hours_ago(hours));
        in_flight(&shared_card(&own, None, std::slice::from_ref(&other)).payments)
    };
    assert_eq!((in_flight_after(1), in_flight_after(0)), (165_500, 0));
}
