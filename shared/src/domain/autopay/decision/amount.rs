//! How much a rule asks for, before caps, range and bank balance.

use jiff::ToSpan;
use jiff::civil::Date;

use super::preconditions::open_payment;
use super::{AttentionNeed, BankAccount, Cause, Decision, Inputs, SkipReason, cents};
use crate::domain::autopay::card::CardReading;
use crate::domain::autopay::held::Present;
use crate::domain::autopay::in_flight::{Billed, CardPayment, canceled_since, in_flight, paid_since, presented_for};
use crate::domain::autopay::retry::PRESENTMENTS_MAX;
use crate::domain::autopay::rule::{Amount, Bill, Rule};
use crate::domain::autopay::utilization::utilization;
use crate::domain::calendar::{self, eastern_date};
use crate::domain::money::Cents;

/// Reviews come at least daily; a bill is paid this many days before it would be late, so that one lost review does no harm.
const SPARE_DAYS: i64 = 2;

/// A date that lies longer ago than two bills is left over from an old one, unless the institution says that something is late.
const OVERDUE_DAYS_MAX: i64 = 62;

/// What is owed now, in the light of what is in flight.
#[derive(Clone, Copy)]
pub(super) struct Owed {
    pub balance: Cents,
    pub in_flight: Cents,
    /// Positive: the most that may be paid.
    pub rest: Cents,
}

/// An amount and what it is for.
#[derive(Clone, Copy)]
pub(super) struct Wish {
    pub amount: Cents,
    pub cause: Cause,
}

/// What should be paid: the larger wish first, and the bill alone where it is the smaller one.
#[derive(Clone)]
pub(super) struct Wanted {
    pub owed: Owed,
    pub first: Wish,
    pub bill: Option<Wish>,
}

/// What became of one of the two reasons to pay.
enum Found {
    Wish(Wish),
    Nothing(Decision),
}

pub(super) fn wanted(
    inputs: &Inputs<'_>,
    reading: &CardReading,
    rule: &Rule,
    bank_account: &BankAccount,
) -> Result<Wanted, Decision> {
    // What is on its way counts against the bill; only the rest of a bill is paid before it has arrived.
    let open = fault!(SecondOpenPayment, None, inputs.card.open_payment());
    let owed = owed(inputs, reading).map_err(|nothing| open.map_or(nothing, open_payment))?;
    let bill = bill(inputs, reading, rule, bank_account, owed);
    if let Some(open) = open {
        return match bill {
            Found::Wish(bill) => Ok(Wanted { owed, first: bill, bill: None }),
            Found::Nothing(unknown @ Decision::Attention(_)) => Err(unknown),
            Found::Nothing(_) => Err(open_payment(open)),
        };
    }
    let share = above_threshold(inputs, reading, rule, bank_account, owed);
    match (share, bill) {
        (Found::Wish(share), Found::Wish(bill)) if share.amount > bill.amount => {
            Ok(Wanted { owed, first: share, bill: Some(bill) })
        }
        (Found::Wish(_) | Found::Nothing(_), Found::Wish(bill)) => Ok(Wanted { owed, first: bill, bill: None }),
        (Found::Wish(share), Found::Nothing(_)) => Ok(Wanted { owed, first: share, bill: None }),
        // A bill that nobody knows the amount of is worse than a balance below the threshold.
        (Found::Nothing(_), Found::Nothing(unknown @ Decision::Attention(_))) => Err(unknown),
        (Found::Nothing(_), Found::Nothing(Decision::Skip(reason))) if reason.holds_bill() => {
            Err(Decision::Skip(reason))
        }
        (Found::Nothing(share), Found::Nothing(_)) => Err(share),
    }
}

fn owed(inputs: &Inputs<'_>, reading: &CardReading) -> Result<Owed, Decision> {
    let balance = reading.balance.ok_or(Decision::Skip(SkipReason::BalanceUnknown))?;
    if balance < Cents::ZERO {
        let amount = cents(-i128::from(balance.get()));
        return Err(Decision::Skip(SkipReason::CreditBalance { amount }));
    }
    if balance.is_zero() {
        return Err(Decision::Skip(SkipReason::NothingOwed));
    }
    let under_way = in_flight(&inputs.card.payments);
    let (in_flight, rest) = (cents(under_way), cents(i128::from(balance.get()) - under_way));
    if rest.is_positive() {
        Ok(Owed { balance, in_flight, rest })
    } else {
        Err(Decision::Skip(SkipReason::CoveredInFlight { balance, in_flight }))
    }
}

fn above_threshold(
    inputs: &Inputs<'_>,
    reading: &CardReading,
    rule: &Rule,
    bank_account: &BankAccount,
    owed: Owed,
) -> Found {
    let skip = |reason| Found::Nothing(Decision::Skip(reason));
    let limit = reading.limit.filter(|limit| limit.is_positive());
    let Some((limit, share)) = limit.zip(utilization(Some(owed.rest), limit)) else {
        return skip(SkipReason::LimitUnknown);
    };
    let threshold = rule.threshold;
    if !threshold.is_passed_by(owed.rest, limit) {
        return skip(SkipReason::BelowThreshold { utilization: share, limit, threshold, in_flight: owed.in_flight });
    }
    if let Some(held) = held_back(inputs, reading, bank_account, false) {
        return skip(held);
    }
    let pays = rule.above_threshold;
    let unpaid = |of: Option<Cents>| of.map(|amount| i128::from(amount.get()) - paid(inputs, reading));
    let asked = match pays {
        Amount::DownTo(target) => Some(i128::from(owed.rest.get()) - i128::from(target.share_of(limit).get())),
        Amount::FullBalance => Some(i128::from(owed.rest.get())),
        Amount::StatementBalance => unpaid(reading.statement_balance),
        // A minimum that is missing is not zero.
        Amount::Minimum => unpaid(reading.minimum_payment.or(reading.statement_balance)),
    };
    match asked.map(|asked| cents(asked).min(owed.rest)) {
        Some(amount) if amount.is_positive() => {
            Found::Wish(Wish { amount, cause: Cause::AboveThreshold { utilization: share, limit, threshold, pays } })
        }
        Some(_) => skip(SkipReason::RuleCovered { pays }),
        None => Found::Nothing(Decision::Attention(AttentionNeed::AmountUnknown { pays })),
    }
}

/// The bill, where it is late or a later debit would be.
fn bill(inputs: &Inputs<'_>, reading: &CardReading, rule: &Rule, bank_account: &BankAccount, owed: Owed) -> Found {
    let nothing = || Found::Nothing(Decision::Skip(SkipReason::NothingOwed));
    let (asked, bill) = match rule.when_due {
        Bill::Minimum => (reading.minimum_payment, Bill::Minimum),
        Bill::StatementBalance => (reading.statement_balance, Bill::StatementBalance),
    };
    // Where the one is not known, the other is paid: less would be late, nothing would be worse.
    let (asked, bill) = match (asked, bill) {
        (Some(asked), bill) => (Some(asked), bill),
        (None, Bill::Minimum) => (reading.statement_balance, Bill::StatementBalance),
        (None, Bill::StatementBalance) => (reading.minimum_payment, Bill::Minimum),
    };
    let Some(cause) = pressing(inputs, reading, bank_account, bill) else { return nothing() };
    let Some(asked) = asked else {
        return Found::Nothing(Decision::Attention(AttentionNeed::BillUnknown { due_on: reading.due_on }));
    };
    let unpaid = cents(i128::from(asked.get()) - paid(inputs, reading)).min(owed.rest);
    if !unpaid.is_positive() {
        return nothing();
    }
    match held_back(inputs, reading, bank_account, true) {
        Some(held) => Found::Nothing(Decision::Skip(held)),
        None => Found::Wish(Wish { amount: unpaid, cause }),
    }
}

/// What happened to earlier payments and speaks against another one: three presentments of the bill, ever; whatever ended one, until it has
/// changed; and what the person canceled, before the next statement, where it is not the bill that they never canceled.
fn held_back(
    inputs: &Inputs<'_>,
    reading: &CardReading,
    bank_account: &BankAccount,
    for_bill: bool,
) -> Option<SkipReason> {
    let payments = &inputs.card.payments;
    let billed = reading.bill().map_or_else(|| Billed::untold(inputs.today()), Billed::On);
    let (Billed::On(issued_on) | Billed::Since(issued_on)) = billed;
    if fault!(PresentmentsPerPayment, 0, presented_for(billed, payments)) >= PRESENTMENTS_MAX {
        return Some(SkipReason::PresentmentsUsedUp);
    }
    let present = Present { card: inputs.card, bank_account, remittance: inputs.remittance };
    let mut holding = payments.iter().rev().filter_map(|payment| {
        let ended = payment.ended.as_ref().filter(|ended| ended.holds(payment.bill, present))?;
        Some(SkipReason::HeldBack { by: ended.by, amount: payment.amount, on: eastern_date(ended.at) })
    });
    if let Some(held) = holding.next() {
        return Some(held);
    }
    let canceled = canceled_since(issued_on, payments, for_bill)?;
    Some(SkipReason::Canceled { amount: canceled.amount, on: canceled.canceled_on? })
}

/// Whether the bill has to be paid now.
fn pressing(inputs: &Inputs<'_>, reading: &CardReading, bank_account: &BankAccount, bill: Bill) -> Option<Cause> {
    let today = inputs.today();
    let arrives_on = arrives_on(inputs, bank_account);
    let overdue = Cause::Overdue { due_on: reading.due_on, bill };
    match (reading.is_overdue, reading.due_on) {
        (Some(true), _) => Some(overdue),
        (Some(false) | None, None) => None,
        // The institution says that nothing is late: then the date is an old one.
        (Some(false), Some(due_on)) if due_on < today => None,
        (None, Some(due_on)) if is_left_over(due_on, today) => None,
        // Few institutions say whether something is late, so silence is not a no.
        (None, Some(due_on)) if due_on < today => Some(overdue),
        (Some(false) | None, Some(due_on)) => {
            let is_near = arrives_on.saturating_add(SPARE_DAYS.days()) >= due_on;
            is_near.then_some(Cause::BillDue { due_on, arrives_on, bill })
        }
    }
}

fn is_left_over(due_on: Date, today: Date) -> bool {
    fault!(OldDueDatePaid, false, due_on < today.saturating_sub(OVERDUE_DAYS_MAX.days()))
}

/// When a check is credited that is issued as soon as a debit made today may be spent.
fn arrives_on(inputs: &Inputs<'_>, bank_account: &BankAccount) -> Date {
    let policy = inputs.policy;
    arrives_from(inputs, bank_account.hold_banking_days(policy.hold_new_link, policy.hold_proven), inputs.today())
}

/// The same of a debit made on that day.
fn arrives_from(inputs: &Inputs<'_>, hold: u32, debited_on: Date) -> Date {
    let policy = inputs.policy;
    let effective = calendar::next_banking_day(debited_on);
    let bank = calendar::pacific_date(calendar::funds_available_at(effective));
    let issued = bank.max(calendar::add_banking_days(effective, hold));
    issued.saturating_add(i64::from(policy.mail_days.min(365)).days())
}

/// A bill that nothing will have paid in time.
pub(super) struct LateBill {
    pub due_on: Date,
    pub amount: Cents,
}

/// The bill, where a debit made today would be late for it and what is on its way does not cover it in time. A check that should have been
/// cashed and was not is counted on no more.
pub(super) fn late_bill(inputs: &Inputs<'_>) -> Option<LateBill> {
    let (reading, policy, today) = (inputs.card.reading.as_ref()?, inputs.policy, inputs.today());
    let due_on = reading.due_on?;
    let is_old = due_on < today && (reading.is_overdue == Some(false) || is_left_over(due_on, today));
    let hold = inputs.bank_account.map_or(policy.hold_new_link, |(account, _)| {
        account.hold_banking_days(policy.hold_new_link, policy.hold_proven)
    });
    if is_old || reading.is_gone || arrives_from(inputs, hold, today) <= due_on {
        return None;
    }
    let asked = match inputs.card.setup.rule.unwrap_or_default().when_due {
        Bill::Minimum => reading.minimum_payment.or(reading.statement_balance),
        Bill::StatementBalance => reading.statement_balance.or(reading.minimum_payment),
    };
    let in_time = |payment: &&CardPayment| {
        let expected_on = arrives_from(inputs, hold, payment.opened_on);
        let is_missing = payment.is_open() && expected_on < today;
        payment.is_in_flight() && !is_missing && (!payment.is_open() || expected_on <= due_on)
    };
    let coming: i128 =
        inputs.card.payments.iter().filter(in_time).map(|payment| i128::from(payment.amount.get().max(0))).sum();
    let posted = paid(inputs, reading) - in_flight(&inputs.card.payments);
    let unpaid = cents(i128::from(asked?.get()) - coming - posted).min(reading.balance?);
    unpaid.is_positive().then_some(LateBill { due_on, amount: unpaid })
}

/// What was paid since the statement, ours in flight included.
fn paid(inputs: &Inputs<'_>, reading: &CardReading) -> i128 {
    match reading.bill() {
        Some(issued_on) => paid_since(issued_on, &inputs.card.payments, reading),
        None => in_flight(&inputs.card.payments),
    }
}
