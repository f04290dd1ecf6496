use jiff::civil::date;
use uuid::Uuid;

use super::super::card::LastPayment;
use super::super::freshness::Age;
use super::*;

fn cashed_at() -> Timestamp {
    "2026-03-20T12:00:00Z".parse().unwrap()
}

fn cents(cents: i64) -> Cents {
    Cents::new(cents)
}

fn cashed(number: u128) -> CardPayment {
    let mut payment = CardPayment::new(PaymentId::Single(Uuid::from_u128(number)), cents(165_500), date(2026, 3, 2));
    payment.cashed(cashed_at());
    payment
}

fn later(hours: i64) -> Timestamp {
    cashed_at().checked_add(SignedDuration::from_hours(hours)).unwrap()
}

/// Read that many hours after the check was cashed.
fn reading(hours: i64, posted: &[(&str, i64, Date)]) -> CardReading {
    let posted = posted.iter().map(|(id, amount, on)| PostedPayment {
        transaction_id: (*id).to_owned(),
        amount: cents(*amount),
        on: *on,
        check_number: None,
    });
    CardReading {
        age: Age::read_now(later(hours)),
        currency: Some("USD".to_owned()),
        balance: Some(cents(315_500)),
        limit: None,
        statement_balance: None,
        statement_issued_on: None,
        minimum_payment: None,
        due_on: None,
        is_overdue: None,
        last_payment: None,
        posted: posted.collect(),
        is_gone: false,
    }
}

fn after(mut payments: Vec<CardPayment>, reading: &CardReading) -> Vec<bool> {
    match_posted_payments(&mut payments, reading);
    payments.iter().map(CardPayment::is_in_flight).collect()
}

#[test]
fn a_payment_is_in_flight_until_data_read_after_it_was_cashed_show_it() {
    let shown = [("t1", 165_500, date(2026, 3, 19))];
    assert_eq!(after(vec![cashed(1)], &reading(5, &shown)), [false]);
    assert_eq!(after(vec![cashed(1)], &reading(-5, &shown)), [true], "read before");
    let old_inside = CardReading { age: Age { read_at: later(5), updated_at: Some(later(-5)) }, ..reading(5, &shown) };
    assert_eq!(after(vec![cashed(1)], &old_inside), [true], "Plaid had not asked since");
    for other in [("t1", 165_499, date(2026, 3, 19)), ("t1", 165_500, date(2026, 3, 1))] {
        assert_eq!(after(vec![cashed(1)], &reading(5, &[other])), [true], "another payment");
    }
}

#[test]
fn one_posted_payment_stands_for_one_of_ours() {
    let one = [("t1", 165_500, date(2026, 3, 19))];
    let mut payments = vec![cashed(1), cashed(2)];
    match_posted_payments(&mut payments, &reading(5, &one));
    assert_eq!(in_flight(&payments), 165_500);
    match_posted_payments(&mut payments, &reading(6, &one));
    assert_eq!(in_flight(&payments), 165_500, "said again, it stands for no other");
    match_posted_payments(&mut payments, &reading(7, &[one[0], ("t2", 165_500, date(2026, 3, 20))]));
    assert_eq!(in_flight(&payments), 0);
}

#[test]
fn the_liabilitys_last_payment_stands_in_where_transactions_are_unknown() {
    let last = Some(LastPayment { amount: cents(165_500), on: date(2026, 3, 19) });
    let without = CardReading { last_payment: last, ..reading(5, &[]) };
    assert_eq!(after(vec![cashed(1)], &without), [false]);
    assert_eq!(after(vec![cashed(1), cashed(2)], &without), [false, true]);
    let with = CardReading { last_payment: last, ..reading(5, &[("t1", 5, date(2026, 3, 19))]) };
    assert_eq!(after(vec![cashed(1)], &with), [true], "the transaction itself will come");
}

#[test]
fn an_open_payment_is_shown_by_nothing() {
    let open = CardPayment::new(PaymentId::Single(Uuid::from_u128(1)), cents(165_500), date(2026, 3, 2));
    assert_eq!(after(vec![open], &reading(5, &[("t1", 165_500, date(2026, 3, 19))])), [true]);
}

#[test]
fn the_person_is_asked_after_ten_days_and_their_word_counts() {
    let mut payment = cashed(1);
    assert!(!payment.ask(later(239)));
    assert!(payment.ask(later(240)));
    assert!(!payment.ask(later(241)), "once");
    assert!(payment.is_in_flight());
    assert!(payment.confirmed(later(250)));
    assert!(!payment.confirmed(later(251)));
    let mut payments = [payment];
    match_posted_payments(&mut payments, &reading(249, &[]));
    assert!(payments[0].is_in_flight(), "the balance is from before the word");
    match_posted_payments(&mut payments, &reading(251, &[]));
    assert!(!payments[0].is_in_flight());
}

#[test]
fn what_was_paid_since_a_statement_counts_once() {
    let issued_on = date(2026, 3, 1);
    let posted = [("t1", 3_000, date(2026, 3, 5)), ("t0", 9_000, date(2026, 2, 27))];
    let last = Some(LastPayment { amount: cents(3_000), on: date(2026, 3, 5) });
    let both = CardReading { last_payment: last, ..reading(0, &posted) };
    assert_eq!(paid_since(issued_on, &[], &both), 3_000);
    assert_eq!(paid_since(issued_on, &[cashed(1)], &both), 168_500);
}

#[test]
fn where_numbers_are_told_only_the_check_s_own_stands_for_it() {
    let on = date(2026, 3, 19);
    let numbered = |numbers: &[Option<&str>]| {
        let ids = ["t1", "t2", "t3"];
        let posted: Vec<_> = numbers.iter().zip(ids).map(|(_, id)| (id, 165_500, on)).collect();
        let mut reading = reading(5, &posted);
        for (posted, number) in reading.posted.iter_mut().zip(numbers) {
            posted.check_number = number.map(str::to_owned);
        }
        let mut ours = cashed(1);
        ours.check_number = Some(1001);
        after(vec![ours], &reading)
    };
    assert_eq!(numbered(&[Some("1001")]), [false]);
    assert_eq!(numbered(&[Some("0001001")]), [false], "with zeros before it");
    assert_eq!(numbered(&[Some("1002")]), [true], "another check");
    assert_eq!(numbered(&[None, Some("1002")]), [true], "by hand, at an issuer that tells numbers");
    assert_eq!(numbered(&[None, Some("1002"), Some("1001")]), [false]);
    assert_eq!(numbered(&[None]), [false], "no numbers are told");
}

#[test]
fn a_payment_of_long_before_the_check_was_cashed_is_not_the_check() {
    for (day, in_flight) in [(14, true), (15, false), (21, false)] {
        assert_eq!(after(vec![cashed(1)], &reading(30, &[("t1", 165_500, date(2026, 3, day))])), [in_flight], "{day}");
    }
}

/// Another holder's check, as one's own link shows it.
fn seen(payment: CardPayment, reading: &CardReading, used: &mut Vec<ShownBy>) -> bool {
    let of_another = CardPayment { is_of_another: true, ..payment };
    !as_seen_in(of_another, Some(later(1)), reading, used).is_in_flight()
}

#[test]
fn a_credit_for_another_holders_check_counts_though_their_link_is_read_no_more() {
    let credited = reading(5, &[("t1", 165_500, date(2026, 3, 19))]);
    assert!(seen(cashed(1), &credited, &mut Vec::new()));
    assert!(!seen(cashed(1), &reading(5, &[]), &mut Vec::new()), "nothing shows it yet");
    assert!(!seen(cashed(1), &reading(-5, &[("t1", 165_500, date(2026, 3, 19))]), &mut Vec::new()), "read before");
}

#[test]
fn one_credit_stands_for_one_check_of_two_holders() {
    let shown_there = || {
        let stage = Stage::Posted { by: ShownBy::Transaction("another link's".to_owned()) };
        CardPayment { stage, ..cashed(2) }
    };
    let one = reading(5, &[("t1", 165_500, date(2026, 3, 19))]);
    let own = vec![ShownBy::Transaction("t1".to_owned())];
    assert!(!seen(shown_there(), &one, &mut own.clone()));
    let two = reading(5, &[("t1", 165_500, date(2026, 3, 19)), ("t2", 165_500, date(2026, 3, 19))]);
    assert!(seen(shown_there(), &two, &mut own.clone()));
    let none = reading(5, &[]);
    assert!(seen(shown_there(), &none, &mut own.clone()), "as recent, and nothing here speaks against it");
}

#[test]
fn another_holders_word_is_no_credit() {
    let said = || CardPayment { stage: Stage::Posted { by: ShownBy::Person }, ..cashed(1) };
    assert!(!seen(said(), &reading(5, &[]), &mut Vec::new()));
    assert!(seen(said(), &reading(5, &[("t1", 165_500, date(2026, 3, 19))]), &mut Vec::new()));
}
