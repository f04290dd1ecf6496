//! Each thing that speaks against paying has an answer of its own.

use super::*;
use crate::domain::autopay::bank_account::{Unusable, UnusableReason};
use crate::domain::autopay::in_flight::Stage;
use crate::domain::autopay::review::Action;
use crate::domain::autopay::rule::Amount;
use crate::domain::autopay::utilization::BasisPoints;
use crate::domain::source::{Pause, PauseReason};

fn code(change: impl FnOnce(&mut Case)) -> &'static str {
    let (code, amount) = outcome(change);
    assert_eq!(amount, None, "{code}");
    code
}

#[test]
fn above_the_threshold_is_paid_down_to_it_and_says_why() {
    let decision = Case::new().decide();
    assert_eq!((decision.code(), decision.amount()), ("above_threshold", Some(dollars("1655.00"))));
    assert_eq!(
        decision.text(),
        "63.1 % of 5,000.00 is above 30 %: pay 1,655.00 to come down to 30 %, not the full balance, because the rule is to pay down to \
         the target."
    );
}

#[test]
fn each_rule_pays_its_own_figure() {
    let pays = |amount| outcome(|case| case.card.setup.rule.as_mut().unwrap().above_threshold = amount);
    assert_eq!(pays(Amount::DownTo(BasisPoints(1_000))), paid("above_threshold", "2655.00"));
    assert_eq!(pays(Amount::StatementBalance), paid("above_threshold", "2000.00"));
    assert_eq!(pays(Amount::Minimum), paid("above_threshold", "35.00"));
    // The full balance of 3,155.00 is above the agreed 3,000.00.
    assert_eq!(pays(Amount::FullBalance), paid("outside_range", "3155.00"));
}

#[test]
fn exactly_the_threshold_is_not_above_it() {
    assert_eq!(code(|case| case.reading().balance = Some(dollars("1500.00"))), "below_threshold");
    assert_eq!(outcome(|case| case.reading().balance = Some(dollars("1501.00"))), paid("above_threshold", "1.00"));
}

#[test]
fn what_is_missing_in_the_setup_is_named() {
    assert_eq!(code(|case| case.card.setup.bank_account_id = None), "setup_incomplete");
    assert_eq!(code(|case| case.card.setup.rule = None), "setup_incomplete");
    assert_eq!(code(|case| case.card.setup.card_number = None), "setup_incomplete");
    assert_eq!(code(|case| case.card.mask = Some("9999".to_owned())), "setup_incomplete", "the number of another card");
    assert_eq!(code(|case| case.remittance = None), "setup_incomplete");
    assert_eq!(code(|case| case.card.authorization = None), "authorization_missing");
    assert_eq!(code(|case| case.card.has_duplicate = true), "cannot_tell_cards_apart");
    let other = BankAccountId::of_fingerprint("f1_00000000000000000000000000000001").unwrap();
    assert_eq!(code(|case| case.bank_account.id = other), "setup_incomplete");
    let text = Case::with(|case| case.card.setup = Setup::default()).decide().text();
    assert!(text.contains("choose the bank account to pay from; choose when"), "{text}");
}

#[test]
fn a_revoked_authorization_and_one_for_another_account_pay_nothing() {
    assert_eq!(
        code(|case| {
            let now = case.now;
            let _ = case.card.authorization.as_mut().unwrap().revoke(now);
        }),
        "authorization_revoked"
    );
    let other = BankAccountId::of_fingerprint("f1_00000000000000000000000000000001").unwrap();
    assert_eq!(code(|case| case.card.authorization.as_mut().unwrap().bank_account_id = other), "authorization_missing");
}

#[test]
fn a_debit_that_came_back_as_not_authorized_is_named_and_not_called_a_revocation() {
    let unauthorized = "R10".parse().unwrap();
    let returned = |case: &mut Case| {
        let now = case.now;
        let _ = case.card.authorization.as_mut().unwrap().end_by_return(unauthorized, now);
    };
    let blocked = |case: &mut Case| {
        returned(case);
        let now = case.now;
        let _ = case.person.block_debits(unauthorized, now);
    };
    assert_eq!(code(blocked), "debits_blocked");
    // An operator has cleared the block.
    assert_eq!(code(returned), "authorization_ended");
    let text = Case::with(returned).decide().text();
    assert!(text.contains("your bank returned a debit on March 2, 2026"), "{text}");
    assert!(!text.contains("you revoked"), "{text}");
}

#[test]
fn a_block_a_receivable_and_a_pause_hold_everything_back() {
    let block = |case: &mut Case| {
        let now = case.now;
        let _ = case.person.block_debits("R10".parse().unwrap(), now);
    };
    assert_eq!(code(block), "debits_blocked");
    assert_eq!(code(|case| case.person.receivable_open = true), "receivable_open");
    let pause = |case: &mut Case| {
        case.person.pause = Some(Pause { reason: PauseReason::Operator, since: case.now, until: None });
    };
    assert_eq!(code(pause), "paused");
    assert_eq!(code(|case| case.person.name = "x".repeat(41)), "holder_name_unprintable");
}

#[test]
fn a_second_payment_waits_for_the_first() {
    let today = date(2026, 3, 2);
    let open = |case: &mut Case| case.card.open(payment(1, dollars("10.00"), today));
    assert_eq!(code(open), "payment_open");
}

/// The person canceled a payment the day before.
fn canceled(for_bill: bool) -> impl Fn(&mut Case) {
    move |case| {
        let (yesterday, payment_id) = (date(2026, 3, 1), payment(1, Cents::ZERO, date(2026, 3, 1)).payment_id);
        case.card.open(CardPayment { for_bill, ..payment(1, dollars("1655.00"), yesterday) });
        case.card.cancel(payment_id, yesterday);
        case.card.payments[0].undone();
    }
}

#[test]
fn a_canceled_payment_is_not_opened_again_before_the_next_statement() {
    let text = Case::with(canceled(false)).decide().text();
    assert_eq!(
        text,
        "Nothing is paid before the next statement, because you canceled the payment of 1,655.00 on March 1, 2026: agree to the debits \
         again to have it paid before."
    );
    let statement = |issued_on: Option<Date>, due_on: Option<Date>| {
        move |case: &mut Case| {
            canceled(false)(case);
            (case.reading().statement_issued_on, case.reading().due_on) = (issued_on, due_on);
        }
    };
    assert_eq!(outcome(statement(Some(date(2026, 3, 2)), None)), paid("above_threshold", "1655.00"), "a new statement");
    assert_eq!(code(statement(None, Some(date(2026, 3, 26)))), "canceled", "25 days before it is due");
    assert_eq!(outcome(statement(None, Some(date(2026, 4, 1)))), paid("above_threshold", "1655.00"));
    assert_eq!(code(statement(None, None)), "canceled", "within a month");
    let agreed_again = |case: &mut Case| {
        canceled(false)(case);
        let authorization = case.card.authorization.clone().unwrap();
        case.card.authorize(authorization);
    };
    assert_eq!(outcome(agreed_again), paid("above_threshold", "1655.00"));
    let cashed_all_the_same = |case: &mut Case| {
        canceled(false)(case);
        case.card.payments[0].stage = Stage::Cashed { at: case.hours_ago(2) };
        case.reading().balance = Some(dollars("4000.00"));
    };
    assert_eq!(outcome(cashed_all_the_same), paid("above_threshold", "845.00"), "the stop lost");
}

#[test]
fn a_bill_is_paid_in_time_unless_its_own_payment_was_canceled() {
    let pressing = |for_bill: bool, balance: &'static str| {
        move |case: &mut Case| {
            canceled(for_bill)(case);
            case.reading().due_on = Some(date(2026, 3, 10));
            case.reading().balance = Some(dollars(balance));
        }
    };
    assert_eq!(outcome(pressing(false, "3155.00")), paid("bill_due", "35.00"));
    assert_eq!(code(pressing(true, "3155.00")), "canceled");
    assert_eq!(code(pressing(true, "1000.00")), "canceled");
}

#[test]
fn a_cashed_check_that_the_balance_does_not_show_counts_as_paid() {
    let cashed = |amount: &'static str| {
        move |case: &mut Case| {
            let mut payment = payment(1, dollars(amount), date(2026, 2, 10));
            payment.stage = Stage::Cashed { at: case.hours_ago(48) };
            case.card.payments.push(payment);
        }
    };
    assert_eq!(code(cashed("1655.00")), "below_threshold");
    assert_eq!(code(cashed("3155.00")), "covered_in_flight");
    assert_eq!(outcome(cashed("1000.00")), paid("above_threshold", "655.00"));
    let text = Case::with(cashed("1000.00")).decide().text();
    assert!(text.starts_with("43.1 % of 5,000.00, not counting 1,000.00 that is on its way, is above 30 %"), "{text}");
}

#[test]
fn a_broken_link_pays_nothing_and_one_about_to_expire_does() {
    let now = Case::new().now;
    let later = now.checked_add(SignedDuration::from_hours(24)).unwrap();
    let broken = [
        ItemState::LoginRequired { since: now },
        ItemState::InstitutionDown { since: now, failures: 1, retry_at: later },
        ItemState::Revoked { since: now },
        ItemState::Removed { since: now },
        ItemState::ConsentExpiring { until: now },
    ];
    for state in broken {
        assert_eq!(code(|case| case.card_item = state), "link_broken", "{state:?}");
    }
    let expiring = outcome(|case| case.card_item = ItemState::ConsentExpiring { until: later });
    assert_eq!(expiring, paid("above_threshold", "1655.00"));
}

#[test]
fn old_figures_are_not_paid_on() {
    assert_eq!(code(|case| case.card.reading = None), "not_read");
    assert_eq!(code(|case| case.reading().age = Age::read_now(case.hours_ago(37))), "stale");
    // Read now, but the institution was last heard of two days ago.
    assert_eq!(code(|case| case.reading().age.updated_at = Some(case.hours_ago(48))), "stale");
    assert_eq!(code(|case| case.bank_reading().age = Age::read_now(case.hours_ago(2))), "bank_balance_stale");
    assert_eq!(code(|case| case.bank_account.reading = None), "bank_balance_stale");
    assert!(Case::with(|case| case.bank_account.reading = None).decide().wants_bank_balance());
}

#[test]
fn strange_figures_have_their_own_answers() {
    assert_eq!(code(|case| case.reading().limit = None), "limit_unknown");
    assert_eq!(code(|case| case.reading().limit = Some(Cents::ZERO)), "limit_unknown");
    assert_eq!(code(|case| case.reading().balance = None), "balance_unknown");
    assert_eq!(code(|case| case.reading().balance = Some(dollars("-20.00"))), "credit_balance");
    assert_eq!(code(|case| case.reading().balance = Some(Cents::ZERO)), "nothing_owed");
    assert_eq!(code(|case| case.reading().is_gone = true), "card_closed");
    for currency in [None, Some("CAD".to_owned())] {
        assert_eq!(code(|case| case.reading().currency = currency.clone()), "other_currency");
        assert_eq!(code(|case| case.bank_reading().currency = currency.clone()), "bank_account_other_currency");
    }
    let no_statement = |case: &mut Case| {
        case.reading().statement_balance = None;
        case.card.setup.rule.as_mut().unwrap().above_threshold = Amount::StatementBalance;
    };
    assert_eq!(code(no_statement), "amount_unknown");
}

#[test]
fn a_bank_account_that_cannot_be_debited_is_named() {
    for reason in
        [UnusableReason::Returned("R02".parse().unwrap()), UnusableReason::Withdrawn, UnusableReason::NumbersChanged]
    {
        let unusable = |case: &mut Case| case.bank_account.unusable = Some(Unusable { reason, since: case.now });
        assert_eq!(code(unusable), "bank_account_unusable");
    }
    assert_eq!(code(|case| case.bank_item = ItemState::Removed { since: case.now }), "bank_account_unusable");
    // A login that is broken there does not matter while its balance is fresh.
    let broken = outcome(|case| case.bank_item = ItemState::LoginRequired { since: case.now });
    assert_eq!(broken, paid("above_threshold", "1655.00"));
}

#[test]
fn a_review_keeps_the_figures_and_is_news_only_when_the_answer_changes() {
    let mut case = Case::with(|case| case.reading().limit = None);
    let decision = case.decide();
    let review = decision.review(&case.inputs());
    assert_eq!((review.code.as_str(), review.action), ("limit_unknown", Action::Skip));
    assert_eq!(review.figures.balance, Some(dollars("3155.00")));
    assert_eq!(review.figures.bank_balance, Some(dollars("4000.00")));
    assert!(decision.is_news(&case.card));
    case.card.last_decision =
        Some(crate::domain::autopay::card::LastDecision { at: case.now, code: review.code.clone() });
    assert!(!decision.is_news(&case.card));
    let notice = decision.notice(&case.card, date(2026, 3, 2)).map(|notice| notice.occasion());
    assert_eq!(notice, Some(format!("card_needs#{}#limit_unknown#2026-02-20", case.card.id)), "once for every bill");
    assert!(Case::new().decide().notice(&case.card, date(2026, 3, 2)).is_none());
}

#[test]
fn an_account_that_is_held_for_the_debit_of_another_is_not_debited_and_its_holder_told() {
    let case = Case::new();
    let inputs = super::super::Inputs { is_account_held: true, ..case.inputs() };
    let decision = super::super::decide(&inputs);
    assert_eq!((decision.code(), decision.is_told()), ("bank_account_held", true));
}

#[test]
fn nothing_prints_a_balance() {
    let case = Case::new();
    let printed = format!("{:?} {:?} {:?}", case.decide(), case.inputs(), case.decide().review(&case.inputs()));
    for secret in ["3155", "315500", "400000", "Ann Example", "1655", "165500"] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
}
