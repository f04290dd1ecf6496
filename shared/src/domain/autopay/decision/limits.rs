//! What holds a wish back: caps, the agreed range, the bank balance.

use super::amount::{Wanted, Wish};
use super::{AttentionNeed, BankAccount, CapKind, Cut, Decision, HeldBy, Inputs, Policy, SkipReason, Why, cents};
use crate::domain::autopay::authorization::notice_ends;
use crate::domain::autopay::in_flight::CardPayment;
use crate::domain::money::Cents;

/// A wish that may be paid, perhaps cut.
struct Fitting {
    amount: Cents,
    cut: Option<Cut>,
}

/// Pays the first wish; where only range or bank balance hold it back, the bill alone.
pub(super) fn choose(inputs: &Inputs<'_>, bank_account: &BankAccount, wanted: Wanted) -> Decision {
    let pay = |wish: Wish, fitting: Fitting| {
        let (balance, in_flight) = (wanted.owed.balance, wanted.owed.in_flight);
        let why = Why { cause: wish.cause, balance, in_flight, cut: fitting.cut };
        Decision::Pay { amount: fitting.amount, why }
    };
    let refused = match fit(inputs, bank_account, wanted.first) {
        Ok(fitting) => return pay(wanted.first, fitting),
        Err(refused) => refused,
    };
    let Some((bill, held_by)) = wanted.bill.zip(held_by(&refused)) else { return refused };
    match fit(inputs, bank_account, bill) {
        Ok(fitting) => {
            let cut = Cut::OnlyTheBill { wanted: wanted.first.amount, held_by };
            pay(bill, Fitting { cut: Some(fitting.cut.unwrap_or(cut)), ..fitting })
        }
        Err(_) => refused,
    }
}

/// Whether a smaller amount might pass where this one did not.
const fn held_by(refused: &Decision) -> Option<HeldBy> {
    match refused {
        Decision::Announce { .. } | Decision::Skip(SkipReason::AnnouncementAwaited { .. }) => Some(HeldBy::Range),
        Decision::Skip(SkipReason::InsufficientBankBalance { .. }) => Some(HeldBy::BankBalance),
        Decision::Pay { .. } | Decision::Skip(_) | Decision::Attention(_) => None,
    }
}

fn fit(inputs: &Inputs<'_>, bank_account: &BankAccount, wish: Wish) -> Result<Fitting, Decision> {
    let capped = under_caps(inputs, wish.amount)?;
    let agreed = in_range(inputs, capped)?;
    in_the_bank(inputs, bank_account, agreed.amount)?;
    Ok(agreed)
}

/// Cuts to the tightest cap; nothing is left where one is used up.
fn under_caps(inputs: &Inputs<'_>, wanted: Cents) -> Result<Fitting, Decision> {
    let caps = inputs.card.setup.caps;
    let today = inputs.today();
    let paid = |is_counted: &dyn Fn(&CardPayment) -> bool| -> i128 {
        let counted = inputs.card.payments.iter().filter(|payment| payment.was_paid() && is_counted(payment));
        counted.map(|payment| i128::from(payment.amount.get().max(0))).sum()
    };
    let on_day = paid(&|payment| payment.opened_on == today);
    let in_month = paid(&|payment| payment.opened_on.first_of_month() == today.first_of_month());
    let caps =
        [(CapKind::Payment, caps.payment, 0), (CapKind::Day, caps.day, on_day), (CapKind::Month, caps.month, in_month)];
    let mut fitting = Fitting { amount: wanted, cut: None };
    for (kind, cap, used) in caps {
        let Some(cap) = cap else { continue };
        let left = cents(i128::from(cap.get()) - used);
        if !left.is_positive() {
            return Err(Decision::Skip(SkipReason::CapReached { cap: kind, most: cap }));
        }
        if fault!(CapIgnored, false, left < fitting.amount) {
            fitting = Fitting { amount: left, cut: Some(Cut::Cap(kind)) };
        }
    }
    Ok(fitting)
}

/// Inside the range, or announced; else it is announced now.
fn in_range(inputs: &Inputs<'_>, fitting: Fitting) -> Result<Fitting, Decision> {
    let today = inputs.today();
    // The setup is complete here, so an authorization is in force.
    let Some(authorization) = &inputs.card.authorization else {
        return Err(Decision::Skip(SkipReason::AuthorizationMissing));
    };
    if authorization.range.covers(fitting.amount) {
        return Ok(fitting);
    }
    match inputs.card.announced {
        Some(announced) if announced.is_awaited(today) => {
            let (amount, on) = (announced.amount, announced.earliest());
            Err(Decision::Skip(SkipReason::AnnouncementAwaited { amount, on }))
        }
        Some(announced) if announced.covers(fitting.amount, today) => Ok(fitting),
        // It has grown since: what was announced is paid now.
        Some(announced) if announced.amount.is_positive() && announced.covers(announced.amount, today) => {
            Ok(Fitting { amount: announced.amount, cut: Some(Cut::Announced) })
        }
        Some(_) | None => Err(Decision::Announce { amount: fitting.amount, on: notice_ends(today) }),
    }
}

fn in_the_bank(inputs: &Inputs<'_>, bank_account: &BankAccount, amount: Cents) -> Result<(), Decision> {
    let stale = Decision::Skip(SkipReason::BankBalanceStale { amount });
    let Some(reading) = &bank_account.reading else { return Err(stale) };
    if reading.age.is_older_than(inputs.policy.bank_reading_hours, inputs.now) {
        // Asking again at once would bring the same.
        let is_asked = fault!(OldBalanceAskedForEver, false, inputs.has_new_balance);
        let old = Decision::Skip(SkipReason::BankBalanceOld { as_of: reading.age.as_of() });
        return Err(if is_asked { old } else { stale });
    }
    if !reading.is_dollars() {
        return Err(Decision::Attention(AttentionNeed::BankAccountOtherCurrency));
    }
    let Some(bearable) = bearable(bank_account, inputs.policy) else {
        return Err(Decision::Skip(SkipReason::BankBalanceUnknown));
    };
    if i128::from(amount.get()) <= bearable {
        return Ok(());
    }
    let bearable = cents(bearable.max(0));
    Err(Decision::Skip(SkipReason::InsufficientBankBalance { amount, bearable }))
}

/// What the account holds less debits on their way and the floor, as far as its balance is known.
pub(super) fn bearable(bank_account: &BankAccount, policy: &Policy) -> Option<i128> {
    let reading = bank_account.reading.as_ref()?;
    let spendable = i128::from(reading.spendable()?.get());
    Some(spendable - bank_account.under_way(reading) - i128::from(policy.bank_floor.get().max(0)))
}
