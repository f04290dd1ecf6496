//! Bills: paid in time even under the threshold, less what was paid since the statement.

use super::*;
use crate::domain::autopay::card::{LastPayment, PostedPayment};
use crate::domain::autopay::notice::NoticeKind;
use crate::domain::autopay::rule::{Bill, Rule};

/// Under the threshold, the bill due on that day.
fn due(day: i8) -> impl Fn(&mut Case) {
    move |case| {
        case.reading().balance = Some(dollars("1000.00"));
        case.reading().due_on = Some(date(2026, 3, day));
    }
}

#[test]
fn a_bill_is_paid_when_a_later_debit_would_be_late() {
    // Debited on Monday the 2nd, effective on the 3rd, held four banking days to the 9th, ten days of mail: the 19th; two to spare.
    assert_eq!(outcome(due(22)), ("below_threshold", None));
    assert_eq!(outcome(due(21)), paid("bill_due", "35.00"));
    let proven = |day| {
        move |case: &mut Case| {
            due(day)(case);
            case.bank_account.proven_at = Some(case.now);
        }
    };
    // A proven account is held two banking days less.
    assert_eq!(outcome(proven(20)), ("below_threshold", None));
    assert_eq!(outcome(proven(17)), paid("bill_due", "35.00"));
}

#[test]
fn a_check_that_may_come_late_says_so() {
    let text = Case::with(due(10)).decide().text();
    assert_eq!(
        text,
        "The bill is due on March 10, 2026, and a check may arrive as late as March 19, 2026 (if that matters, pay it another way): \
         pay 35.00, what is left of the minimum payment."
    );
}

#[test]
fn a_late_bill_is_paid_even_under_the_threshold() {
    let late = |is_overdue: Option<bool>| {
        move |case: &mut Case| {
            due(1)(case);
            case.reading().is_overdue = is_overdue;
        }
    };
    assert_eq!(outcome(late(Some(true))), paid("overdue", "35.00"));
    assert_eq!(outcome(late(None)), paid("overdue", "35.00"), "silence is not a no");
    assert_eq!(outcome(late(Some(false))), ("below_threshold", None), "then the date is an old one");
}

#[test]
fn a_due_date_that_lies_long_ago_is_no_bill_unless_the_institution_says_that_it_is_late() {
    let long_ago = |is_overdue: Option<bool>| {
        move |case: &mut Case| {
            due(10)(case);
            case.reading().due_on = Some(date(2021, 3, 10));
            case.reading().is_overdue = is_overdue;
        }
    };
    assert_eq!(outcome(long_ago(None)), ("below_threshold", None));
    assert_eq!(outcome(long_ago(Some(true))), paid("overdue", "35.00"));
}

/// A payment of the card was opened on that day, and its check is out.
fn open(amount: &'static str, on: Date) -> impl Fn(&mut Case) {
    move |case| {
        due(10)(case);
        case.reading().statement_balance = Some(dollars("800.00"));
        case.card.setup.rule = Some(Rule { when_due: Bill::StatementBalance, ..Rule::default() });
        case.card.open(payment(1, dollars(amount), on));
    }
}

#[test]
fn what_an_open_payment_leaves_of_a_due_bill_is_paid_while_it_is_on_its_way() {
    let today = date(2026, 3, 2);
    assert_eq!(outcome(open("300.00", today)), paid("bill_due", "500.00"));
    assert_eq!(outcome(open("800.00", today)), ("payment_open", None), "it covers the bill");
    let above = |case: &mut Case| {
        open("10.00", today)(case);
        case.reading().balance = Some(dollars("4000.00"));
    };
    assert_eq!(outcome(above), paid("bill_due", "790.00"), "above the threshold as well: only the bill");
}

fn late(change: impl FnOnce(&mut Case)) -> Option<(Date, String)> {
    let case = Case::with(change);
    match late_bill_notice(&case.inputs(), &case.decide()) {
        Some(NoticeKind::BillLate { due_on, amount, .. }) => Some((due_on, amount.to_string())),
        Some(other) => panic!("{other:?}"),
        None => None,
    }
}

#[test]
fn a_bill_that_will_be_late_is_told() {
    // A debit of March 2 would be there on the 19th. The check of January should have been there long ago.
    let day = date(2026, 3, 10);
    assert_eq!(late(open("800.00", date(2026, 1, 12))), Some((day, "800.00".to_owned())));
    assert_eq!(late(open("800.00", date(2026, 2, 25))), Some((day, "800.00".to_owned())), "it comes after the day");
    assert_eq!(late(open("800.00", date(2026, 2, 20))), None, "it comes in time");
    let far = |case: &mut Case| {
        open("800.00", date(2026, 1, 12))(case);
        case.reading().due_on = Some(date(2026, 3, 25));
    };
    assert_eq!(late(far), None, "a debit would still be in time");
    let blocked = |case: &mut Case| {
        open("300.00", date(2026, 2, 20))(case);
        let now = case.now;
        let _ = case.person.block_debits("R10".parse().unwrap(), now);
    };
    assert_eq!(late(blocked), Some((day, "500.00".to_owned())), "what is on its way in time counts");
    let revoked = |case: &mut Case| {
        due(10)(case);
        let now = case.now;
        let _ = case.card.authorization.as_mut().unwrap().revoke(now);
    };
    assert_eq!(late(revoked), None, "the person wished it");
    assert_eq!(late(due(10)), None, "it is paid, and the notice of that says that it may be late");
}

#[test]
fn what_was_paid_since_the_statement_is_not_paid_again() {
    let posted = |on: Date, amount: &'static str| {
        move |case: &mut Case| {
            due(10)(case);
            let transaction_id = "t1".to_owned();
            case.reading().posted.push(PostedPayment {
                transaction_id,
                amount: dollars(amount),
                on,
                check_number: None,
            });
        }
    };
    assert_eq!(outcome(posted(date(2026, 2, 21), "35.00")), ("below_threshold", None));
    assert_eq!(outcome(posted(date(2026, 2, 21), "20.00")), paid("bill_due", "15.00"));
    assert_eq!(outcome(posted(date(2026, 2, 19), "35.00")), paid("bill_due", "35.00"), "that was for the bill before");
    let last = |case: &mut Case| {
        due(10)(case);
        case.reading().last_payment = Some(LastPayment { amount: dollars("35.00"), on: date(2026, 2, 25) });
    };
    assert_eq!(outcome(last), ("below_threshold", None));
}

#[test]
fn a_missing_minimum_is_not_zero() {
    let missing = |statement: Option<&'static str>| {
        move |case: &mut Case| {
            due(10)(case);
            case.reading().minimum_payment = None;
            case.reading().statement_balance = statement.map(dollars);
        }
    };
    assert_eq!(outcome(missing(Some("400.00"))), paid("bill_due", "400.00"));
    assert_eq!(outcome(missing(None)), ("bill_unknown", None));
}

#[test]
fn a_bill_is_never_more_than_what_is_owed() {
    let smaller = |case: &mut Case| {
        due(10)(case);
        case.reading().balance = Some(dollars("12.34"));
    };
    assert_eq!(outcome(smaller), paid("bill_due", "12.34"));
}

#[test]
fn the_larger_of_bill_and_threshold_is_paid() {
    let statement = |balance: &'static str| {
        move |case: &mut Case| {
            case.reading().balance = Some(dollars(balance));
            case.reading().due_on = Some(date(2026, 3, 10));
            case.card.setup.rule.as_mut().unwrap().when_due = Bill::StatementBalance;
        }
    };
    assert_eq!(outcome(statement("3155.00")), paid("bill_due", "2000.00"));
    assert_eq!(outcome(statement("4155.00")), paid("above_threshold", "2655.00"));
}

#[test]
fn a_card_without_a_known_limit_has_its_bills_paid() {
    let no_limit = |case: &mut Case| {
        due(10)(case);
        case.reading().limit = None;
    };
    assert_eq!(outcome(no_limit), paid("bill_due", "35.00"));
}
