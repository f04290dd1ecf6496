//! What has to hold before any amount is thought of: permission, a reading that may be decided on, a bank account that may be debited.

use super::{AttentionNeed, Decision, Inputs, SkipReason};
use crate::domain::autopay::bank_account::{BankAccount, UnusableReason};
use crate::domain::autopay::card::{Card, CardReading};
use crate::domain::autopay::in_flight::CardPayment;
use crate::domain::autopay::person::HolderName;
use crate::domain::autopay::setup::{Missing, missing};

/// What speaks against any payment, before any figure is looked at.
pub(super) fn permitted(inputs: &Inputs<'_>) -> Result<(), Decision> {
    let card = inputs.card;
    let missing = missing(card, inputs.remittance.is_some());
    if missing.contains(&Missing::CannotTellCardsApart) {
        return Err(Decision::Attention(AttentionNeed::CannotTellCardsApart));
    }
    if missing.contains(&Missing::SameOrAnother) {
        return Err(Decision::Attention(AttentionNeed::CardLooksLikeAnother));
    }
    let is_only_unauthorized = missing == [Missing::Authorization];
    if !missing.is_empty() && !is_only_unauthorized {
        return Err(Decision::Skip(SkipReason::SetupIncomplete(missing)));
    }
    // Before the authorization, which ends with the same return: agreeing again would not help.
    if let Some(block) = inputs.person.debit_block {
        return Err(Decision::Attention(AttentionNeed::DebitsBlocked { return_code: block.return_code }));
    }
    if is_only_unauthorized {
        return Err(Decision::Skip(unauthorized(card)));
    }
    if inputs.person.receivable_open {
        return Err(Decision::Attention(AttentionNeed::ReceivableOpen));
    }
    if HolderName::try_from(inputs.person.name.as_str()).is_err() {
        return Err(Decision::Attention(AttentionNeed::HolderName));
    }
    fault!(
        OpenPaymentHidesBill,
        if let Some(open) = card.open_payment() {
            return Err(open_payment(open));
        }
    );
    if inputs.stopped || inputs.person.is_paused(inputs.now) {
        return Err(Decision::Skip(SkipReason::Paused));
    }
    Ok(())
}

/// The answer while a payment of the card is on its way.
pub(super) const fn open_payment(open: &CardPayment) -> Decision {
    let (amount, opened_on) = (if open.is_of_another { None } else { Some(open.amount) }, open.opened_on);
    Decision::Skip(SkipReason::PaymentOpen { amount, opened_on })
}

/// Why no authorization stands.
fn unauthorized(card: &Card) -> SkipReason {
    let ends = card.authorization.as_ref().map(|known| (known.revoked_at, known.ended_by_return));
    match ends {
        Some((Some(at), _)) => SkipReason::AuthorizationRevoked { at },
        Some((None, Some(by))) => SkipReason::AuthorizationEnded { by },
        // There is none, or it is for another bank account.
        Some((None, None)) | None => SkipReason::AuthorizationMissing,
    }
}

/// The card's reading, if it may be decided on.
pub(super) fn readable<'a>(inputs: &Inputs<'a>) -> Result<&'a CardReading, Decision> {
    if !inputs.card_item.lets_decide(inputs.now) {
        return Err(Decision::Skip(SkipReason::LinkBroken(inputs.card_item)));
    }
    let reading = inputs.card.reading.as_ref().ok_or(Decision::Skip(SkipReason::NotRead))?;
    if reading.is_gone {
        return Err(Decision::Attention(AttentionNeed::CardGone));
    }
    if reading.age.is_older_than(inputs.policy.card_reading_hours, inputs.now) {
        return Err(Decision::Skip(SkipReason::Stale { as_of: reading.age.as_of() }));
    }
    if !reading.is_dollars() {
        return Err(Decision::Attention(AttentionNeed::OtherCurrency));
    }
    Ok(reading)
}

/// The bank account, if debits may be made of it.
pub(super) fn debitable<'a>(inputs: &Inputs<'a>) -> Result<&'a BankAccount, Decision> {
    let is_chosen = |account: &BankAccount| Some(account.id) == inputs.card.setup.bank_account_id;
    let Some((account, item)) = inputs.bank_account.filter(|(account, _)| is_chosen(account)) else {
        return Err(Decision::Skip(SkipReason::SetupIncomplete(vec![Missing::BankAccount])));
    };
    let unusable = account.unusable.map(|unusable| unusable.reason);
    match unusable.or(item.is_over().then_some(UnusableReason::Withdrawn)) {
        Some(reason) => Err(Decision::Attention(AttentionNeed::BankAccountUnusable(reason))),
        // Agreeing again would not help.
        None if inputs.is_account_held => Err(Decision::Attention(AttentionNeed::BankAccountHeld)),
        None if !inputs.card.is_agreed_account(account) => Err(Decision::Skip(SkipReason::AccountChanged)),
        None => Ok(account),
    }
}
