//! What ended a payment holds the next one back, as a table of what has changed since.

use super::*;
use crate::domain::autopay::held::{Ended, EndedBy, MailedTo};

/// The case of somebody who would pay, were it not for a payment that ended so.
fn after(by: EndedBy, change: impl FnOnce(&mut Case)) -> &'static str {
    let case = Case::with(|case| {
        let remittance = case.remittance.clone().unwrap();
        let mut earlier = payment(1, dollars("1655.00"), date(2026, 2, 27));
        earlier.bill = Some(date(2026, 2, 20));
        earlier.undone();
        earlier.ended = Some(Ended {
            by,
            at: case.now,
            account: Some(AgreedAccount::of(&case.bank_account)),
            agreed_at: case.card.authorization.as_ref().map(|authorization| authorization.agreed_at),
            mailed_to: Some(MailedTo { name: remittance.name, address: remittance.address }),
            mailed_before: Vec::new(),
        });
        case.card.open(earlier);
        change(case);
    });
    case.decide().code()
}

fn another_agreement(case: &mut Case) {
    case.now = case.now.checked_add(SignedDuration::from_hours(1)).unwrap();
    case.card.authorization.as_mut().unwrap().agreed_at = case.now;
}

fn another_account(case: &mut Case) {
    case.bank_account.account.fingerprint = "f1_2".to_owned();
    case.card.agreed_account = Some(AgreedAccount::of(&case.bank_account));
}

fn another_statement(case: &mut Case) {
    case.reading().statement_issued_on = Some(date(2026, 3, 20));
}

fn the_same_statement_dated_anew(case: &mut Case) {
    case.reading().statement_issued_on = Some(date(2026, 2, 22));
}

fn another_address(case: &mut Case) {
    case.remittance = Some(remittance("PO Box 200"));
}

fn an_operator_s_word(case: &mut Case) {
    let all = case.card.payments.iter().map(|payment| payment.payment_id).collect();
    assert_eq!(case.card.clear_ends(&all).len(), 1);
}

#[test]
fn only_what_makes_a_difference_to_it_ends_what_holds_a_payment_back() {
    let changes: [fn(&mut Case); 7] = [
        |_| {},
        another_agreement,
        another_account,
        the_same_statement_dated_anew,
        another_statement,
        another_address,
        an_operator_s_word,
    ];
    let (held, paid) = ("held_back", "above_threshold");
    let table = [
        (EndedBy::NoMoney, [held, paid, paid, held, paid, held, paid]),
        (EndedBy::AccountRefused, [held, paid, paid, held, held, held, paid]),
        (EndedBy::NotAuthorized, [held, paid, held, held, held, held, paid]),
        (EndedBy::Stopped, [held, paid, paid, held, held, held, paid]),
        (EndedBy::DebitRefused, [held, held, paid, held, held, held, paid]),
        (EndedBy::CheckFailed, [held, held, held, held, held, paid, paid]),
    ];
    for (by, expected) in table {
        assert_eq!(changes.map(|change| after(by, change)), expected, "{by:?}");
    }
}

#[test]
fn a_bill_is_presented_three_times_ever_over_all_its_payments() {
    let code = |presented: &[u32]| {
        let case = Case::with(|case| {
            for (number, presented) in presented.iter().enumerate() {
                let mut earlier = payment(number as u128, dollars("100.00"), date(2026, 2, 27));
                earlier.bill = Some(date(2026, 2, 20));
                earlier.presented = *presented;
                earlier.undone();
                case.card.open(earlier);
            }
        });
        case.decide().code()
    };
    assert_eq!(code(&[2]), "above_threshold");
    assert_eq!(code(&[0, 2, 0]), "above_threshold", "what never left does not count");
    assert_eq!(code(&[3]), "presentments_used_up");
    assert_eq!(code(&[1, 1, 1]), "presentments_used_up");
}

#[test]
fn what_was_presented_before_it_paid_still_counts_and_the_next_statement_begins_anew() {
    let mut case = Case::with(|case| {
        let mut paid = payment(1, dollars("10.00"), date(2026, 2, 25));
        (paid.bill, paid.presented) = (Some(date(2026, 2, 20)), 3);
        paid.cashed(case.hours_ago(48));
        let mut undone = payment(2, dollars("100.00"), date(2026, 2, 27));
        undone.bill = Some(date(2026, 2, 20));
        undone.undone();
        case.card.open(paid);
        case.card.open(undone);
    });
    assert_eq!(case.decide().code(), "presentments_used_up", "two in vain, and one more");
    case.reading().statement_issued_on = Some(date(2026, 3, 20));
    assert_eq!(case.decide().code(), "above_threshold");
}

#[test]
fn a_bill_that_is_not_told_any_more_is_the_one_that_was_told_within_a_month() {
    let code = |opened_on: Date, told_now: Option<Date>| {
        let mut case = Case::with(|case| {
            let mut earlier = payment(1, dollars("100.00"), opened_on);
            (earlier.bill, earlier.presented) = (Some(date(2026, 2, 27)), 3);
            earlier.undone();
            case.card.open(earlier);
        });
        let reading = case.reading();
        (reading.statement_issued_on, reading.due_on) = (told_now, None);
        case.decide().code()
    };
    assert_eq!(code(date(2026, 2, 27), Some(date(2026, 2, 27))), "presentments_used_up");
    assert_eq!(code(date(2026, 2, 27), None), "presentments_used_up", "it is untold, and no other");
    assert_eq!(code(date(2026, 1, 28), None), "above_threshold", "a statement came since");
}

#[test]
fn a_check_that_failed_at_several_addresses_is_mailed_to_none_of_them_again() {
    let code = |box_now: &'static str| {
        after(EndedBy::CheckFailed, |case| {
            let to = |line| {
                let known = remittance(line);
                MailedTo { name: known.name, address: known.address }
            };
            let ended = case.card.payments.iter_mut().find_map(|payment| payment.ended.as_mut()).unwrap();
            (ended.mailed_before, ended.mailed_to) = (vec![to("PO Box 100")], Some(to("PO Box 999")));
            case.remittance = Some(remittance(box_now));
        })
    };
    assert_eq!(["PO Box 100", "PO Box 999", "PO Box 200"].map(code), ["held_back", "held_back", "above_threshold"]);
}
