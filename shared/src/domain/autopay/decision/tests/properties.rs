//! What holds for every input.

use jiff::ToSpan;
use proptest::prelude::*;

use super::*;
use crate::domain::autopay::authorization::Announcement;
use crate::domain::autopay::in_flight::{ShownBy, Stage};
use crate::domain::autopay::rule::{Amount, Bill, Caps};
use crate::domain::autopay::utilization::BasisPoints;

/// Amounts as they come, mostly, and the ends of what can be stored.
fn amount() -> impl Strategy<Value = i64> {
    amount_like(0..800_000)
}

fn amount_like(usual: std::ops::Range<i64>) -> impl Strategy<Value = i64> {
    prop_oneof![40 => usual, 2 => -50_000..1_i64, 1 => Just(i64::MAX), 1 => Just(i64::MIN), 1 => any::<i64>()]
}

fn maybe_amount() -> impl Strategy<Value = Option<Cents>> {
    proptest::option::weighted(0.8, amount().prop_map(Cents::new))
}

fn day() -> impl Strategy<Value = Date> {
    prop_oneof![20 => (-70..70_i64).prop_map(|days| date(2026, 3, 2).saturating_add(days.days())), 1 => Just(Date::MAX), 1 => Just(Date::MIN)]
}

fn card_payment() -> impl Strategy<Value = CardPayment> {
    (any::<u128>(), amount_like(0..90_000), day(), 0..40_u8).prop_map(|(number, cents, opened_on, stage)| {
        let mut payment = payment(number, Cents::new(cents), opened_on);
        let at = Case::new().now;
        payment.stage = match stage {
            0 => Stage::Open,
            1..=12 => Stage::Cashed { at },
            13..=16 => Stage::Asked { cashed_at: at, asked_at: at },
            17..=28 => Stage::Posted { by: ShownBy::Person },
            _ => Stage::Reversed,
        };
        payment
    })
}

fn pays() -> impl Strategy<Value = Amount> {
    prop_oneof![
        (0..=12_000_u32).prop_map(|points| Amount::DownTo(BasisPoints(points))),
        Just(Amount::StatementBalance),
        Just(Amount::FullBalance),
        Just(Amount::Minimum),
    ]
}

fn rule() -> impl Strategy<Value = Rule> {
    (0..=12_000_u32, pays(), any::<bool>()).prop_map(|(threshold, above_threshold, minimum)| Rule {
        threshold: BasisPoints(threshold),
        above_threshold,
        when_due: if minimum { Bill::Minimum } else { Bill::StatementBalance },
    })
}

prop_compose! {
    fn reading()(
        balance in maybe_amount(), limit in maybe_amount(), statement_balance in maybe_amount(), minimum_payment in maybe_amount(),
        statement_issued_on in proptest::option::of(day()), due_on in proptest::option::of(day()),
        is_overdue in any::<Option<bool>>(), hours in -2..38_i64,
    ) -> CardReading {
        let now = Case::new().now;
        CardReading {
            age: Age::read_now(now.checked_sub(SignedDuration::from_hours(hours)).unwrap()),
            balance, limit, statement_balance, minimum_payment, statement_issued_on, due_on, is_overdue,
            ..super::reading(now)
        }
    }
}

fn cap() -> impl Strategy<Value = Option<i64>> {
    proptest::option::weighted(0.4, amount())
}

/// What a person would agree to, mostly.
fn range() -> impl Strategy<Value = (i64, i64)> {
    prop_oneof![3 => (0..5_000_i64, 100_000..900_000_i64), 1 => (amount(), amount())]
}

prop_compose! {
    fn case()(
        reading in reading(),
        rule in rule(),
        payments in proptest::collection::vec(card_payment(), 0..4),
        caps in (cap(), cap(), cap()),
        range in range(),
        announced in proptest::option::of((amount(), day(), day())),
        bank in (proptest::option::weighted(0.7, amount_like(0..1_500_000)), amount_like(0..1_500_000), amount()),
        debits in proptest::collection::vec(amount_like(0..200_000), 0..4),
    ) -> Case {
        Case::with(|case| {
            case.card.reading = Some(reading);
            case.card.payments = payments;
            case.card.setup.rule = Some(rule);
            let (payment, day, month) = caps;
            case.card.setup.caps =
                Caps { payment: payment.map(Cents::new), day: day.map(Cents::new), month: month.map(Cents::new) };
            let range = AmountRange { least: Cents::new(range.0), most: Cents::new(range.1) };
            case.card.authorization.as_mut().unwrap().range = range;
            case.card.announced = announced.map(|(cents, announced_on, debit_on)| {
                Announcement {
                    amount: Cents::new(cents),
                    announced_on,
                    debit_on,
                    awaits_delivery: false,
                    delivered_on: None,
                }
            });
            case.bank_reading().available = bank.0.map(Cents::new);
            case.bank_reading().current = Some(Cents::new(bank.1));
            case.policy.bank_floor = Cents::new(bank.2.min(10_000));
            for (number, cents) in (0_u128..).zip(debits) {
                case.bank_account.open_debit(PaymentId::Single(Uuid::from_u128(number)), Cents::new(cents));
            }
        })
    }
}

/// What counts against a cap, reckoned here without the code under test.
fn counted(case: &Case, is_counted: impl Fn(&CardPayment) -> bool) -> i128 {
    let paid = case.card.payments.iter().filter(|payment| payment.stage != Stage::Reversed && is_counted(payment));
    paid.map(|payment| i128::from(payment.amount.get().max(0))).sum()
}

fn in_flight_of(case: &Case) -> i128 {
    let open =
        |payment: &CardPayment| matches!(payment.stage, Stage::Open | Stage::Cashed { .. } | Stage::Asked { .. });
    counted(case, open)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn whatever_is_put_in_there_is_an_answer_with_a_reason(case in case()) {
        let decision = case.decide();
        let text = decision.text();
        prop_assert!(text.len() > 20 && text.ends_with('.'), "{}", text);
        prop_assert!(!text.contains("  ") && !text.contains("None") && !text.contains('_'), "{}", text);
        let review = decision.review(&case.inputs());
        prop_assert_eq!(review.amount, decision.amount());
        let _ = decision.notice(&case.card, date(2026, 3, 2)).map(|notice| (notice.occasion(), notice.text()));
    }

    #[test]
    fn nothing_is_paid_beyond_what_is_owed_capped_agreed_and_held(case in case()) {
        let today = date(2026, 3, 2);
        let Decision::Pay { amount, .. } = case.decide() else { return Ok(()) };
        let cents = i128::from(amount.get());
        prop_assert!(cents > 0);

        let balance = case.card.reading.as_ref().and_then(|reading| reading.balance).unwrap();
        prop_assert!(cents <= i128::from(balance.get()) - in_flight_of(&case), "more than is owed");
        let is_open = case.card.payments.iter().any(|payment| payment.stage == Stage::Open);
        prop_assert!(!is_open || case.decide().code() != "above_threshold", "a second open one, and not for the bill");

        let caps = case.card.setup.caps;
        let on_day = counted(&case, |payment| payment.opened_on == today);
        let in_month = counted(&case, |payment| (payment.opened_on.year(), payment.opened_on.month()) == (2026, 3));
        for (cap, used) in [(caps.payment, 0), (caps.day, on_day), (caps.month, in_month)] {
            prop_assert!(cap.is_none_or(|cap| cents + used <= i128::from(cap.get())), "above a cap");
        }

        let range = case.card.authorization.as_ref().unwrap().range;
        let announced = case.card.announced.is_some_and(|announced| {
            amount <= announced.amount && announced.announced_on.saturating_add(10.days()) <= today && announced.debit_on <= today
        });
        prop_assert!((range.least <= amount && amount <= range.most) || announced, "outside what was agreed to");

        let bank = case.bank_account.reading.as_ref().unwrap();
        let holds = i128::from(bank.available.or(bank.current).unwrap().get());
        let under_way: i128 =
            case.bank_account.open_debits.iter().map(|debit| i128::from(debit.amount.get().max(0))).sum();
        prop_assert!(cents <= holds - under_way - i128::from(case.policy.bank_floor.get().max(0)), "more than the account bears");
    }

    #[test]
    fn two_debits_are_opened_only_where_the_account_bears_both(first in case(), second in case()) {
        let Decision::Pay { amount, .. } = first.decide() else { return Ok(()) };
        let mut account = first.bank_account.clone();
        account.open_debit(PaymentId::Single(Uuid::from_u128(99)), amount);
        let reading = account.reading.clone().unwrap();
        let second = Case { bank_account: account, ..second };
        let Decision::Pay { amount: other, .. } = second.decide() else { return Ok(()) };
        let holds = reading.available.or(reading.current).unwrap();
        prop_assert!(i128::from(amount.get()) + i128::from(other.get()) <= i128::from(holds.get()));
    }

    #[test]
    fn a_card_with_an_open_payment_opens_another_only_for_what_is_left_of_a_bill(case in case(), cents in 1..1_000_000_i64) {
        let mut case = case;
        case.card.open(payment(77, Cents::new(cents), date(2026, 3, 2)));
        let decision = case.decide();
        let Some(amount) = decision.amount() else { return Ok(()) };
        let reading = case.card.reading.clone().unwrap();
        let bill = reading.minimum_payment.max(reading.statement_balance).unwrap();
        prop_assert!(i128::from(amount.get()) + i128::from(cents) <= i128::from(bill.get()), "together more than the bill");
        prop_assert!(decision.code() != "above_threshold");
    }

    #[test]
    fn the_same_inputs_give_the_same_answer(case in case()) {
        prop_assert!(case.decide() == case.decide());
    }
}

/// The properties of payments would hold of a decision that never pays.
#[test]
fn the_cases_put_in_are_paid_often_enough_to_mean_something() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let cases = (0..2_000).map(|_| case().new_tree(&mut runner).unwrap().current());
    let paid = cases.filter(|case| matches!(case.decide(), Decision::Pay { .. })).count();
    assert!(paid > 200, "{paid} of 2000");
}
