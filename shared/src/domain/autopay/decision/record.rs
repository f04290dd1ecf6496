//! What is kept of a decision and told of it: the review, and the notices to the person and to operators.

use jiff::civil::Date;

use super::{AttentionNeed, Decision, Inputs, SkipReason, amount, cents, limits};
use crate::domain::autopay::authorization::Announcement;
use crate::domain::autopay::card::Card;
use crate::domain::autopay::in_flight::in_flight;
use crate::domain::autopay::notice::NoticeKind;
use crate::domain::autopay::review::{Figures, Review};
use crate::domain::autopay::setup::Missing;
use crate::domain::autopay::utilization::utilization;

impl Decision {
    /// The record of it.
    pub fn review(&self, inputs: &Inputs<'_>) -> Review {
        Review {
            card_id: inputs.card.id,
            version: 1,
            at: inputs.now,
            action: self.action(),
            code: self.code().to_owned(),
            amount: self.amount(),
            reason: self.text(),
            figures: figures(inputs),
        }
    }

    /// Whether the record is worth keeping: it pays or announces, or differs from the last one.
    pub fn is_news(&self, card: &Card) -> bool {
        match self {
            Decision::Pay { .. } | Decision::Announce { .. } => true,
            Decision::Skip(_) | Decision::Attention(_) => {
                card.last_decision.as_ref().is_none_or(|last| last.code != self.code())
            }
        }
    }

    /// What the person is told of it; payments have a notice of their own when they are opened.
    pub fn notice(&self, card: &Card, today: Date) -> Option<NoticeKind> {
        if let Decision::Announce { amount, on } = self {
            let card_name = card.name.clone();
            return Some(NoticeKind::DebitAnnounced { card_id: card.id, card_name, amount: *amount, debit_on: *on });
        }
        // Once for every bill.
        let bill = card.reading.as_ref().and_then(|reading| reading.statement_issued_on);
        self.is_told().then(|| NoticeKind::CardNeeds {
            card_id: card.id,
            card_name: card.name.clone(),
            code: self.code().to_owned(),
            reason: self.text(),
            since: bill.unwrap_or_else(|| today.first_of_month()),
        })
    }
}

/// The notice that a bill will not be paid in time: once for every bill, whatever holds it back, unless that has a notice that says so or
/// the person wished it.
pub fn late_bill_notice(inputs: &Inputs<'_>, decision: &Decision) -> Option<NoticeKind> {
    if !leaves_bill(decision) {
        return None;
    }
    let late = amount::late_bill(inputs)?;
    let card = inputs.card;
    Some(NoticeKind::BillLate {
        card_id: card.id,
        card_name: card.name.clone(),
        due_on: late.due_on,
        amount: late.amount,
        reason: decision.text(),
    })
}

fn leaves_bill(decision: &Decision) -> bool {
    if decision.is_told() {
        return false;
    }
    match decision {
        Decision::Pay { .. } => false,
        Decision::Announce { .. } => true,
        Decision::Attention(need) => match need {
            AttentionNeed::DebitsBlocked { .. } | AttentionNeed::ReceivableOpen | AttentionNeed::HolderName => true,
            AttentionNeed::CannotTellCardsApart
            | AttentionNeed::CardLooksLikeAnother
            | AttentionNeed::CardGone
            | AttentionNeed::OtherCurrency
            | AttentionNeed::BankAccountUnusable(_)
            | AttentionNeed::BankAccountHeld
            | AttentionNeed::BankAccountOtherCurrency
            | AttentionNeed::BillUnknown { .. }
            | AttentionNeed::AmountUnknown { .. } => false,
        },
        Decision::Skip(reason) => match reason {
            SkipReason::AuthorizationEnded { .. }
            | SkipReason::PresentmentsUsedUp
            | SkipReason::HeldBack { .. }
            | SkipReason::Paused
            | SkipReason::PaymentOpen { .. }
            | SkipReason::CoveredInFlight { .. }
            | SkipReason::BelowThreshold { .. }
            | SkipReason::RuleCovered { .. }
            | SkipReason::AnnouncementAwaited { .. }
            | SkipReason::BankBalanceStale { .. } => true,
            // The person never had it paid by us, or wished that it is not; or nothing is owed; or the link's own notice says so.
            SkipReason::SetupIncomplete(_)
            | SkipReason::AuthorizationMissing
            | SkipReason::AuthorizationRevoked { .. }
            | SkipReason::AccountChanged
            | SkipReason::Canceled { .. }
            | SkipReason::LinkBroken(_)
            | SkipReason::NotRead
            | SkipReason::Stale { .. }
            | SkipReason::BalanceUnknown
            | SkipReason::CreditBalance { .. }
            | SkipReason::NothingOwed
            | SkipReason::LimitUnknown
            | SkipReason::CapReached { .. }
            | SkipReason::BankBalanceOld { .. }
            | SkipReason::BankBalanceUnknown
            | SkipReason::InsufficientBankBalance { .. } => false,
        },
    }
}

/// What operators are told of an answer: that a card waits for an address that only they can enter.
pub fn operators_notice(decision: &Decision, card: &Card) -> Option<NoticeKind> {
    match decision {
        Decision::Skip(SkipReason::SetupIncomplete(missing)) if missing.contains(&Missing::RemittanceAddress) => {
            let (institution_id, institution_name) = (card.institution_id.clone(), card.institution_name.clone());
            Some(NoticeKind::AddressWanted { institution_id, institution_name })
        }
        Decision::Pay { .. } | Decision::Announce { .. } | Decision::Skip(_) | Decision::Attention(_) => None,
    }
}

/// The announcement that an answer calls for.
pub fn announcement(decision: &Decision, today: Date) -> Option<Announcement> {
    match decision {
        Decision::Announce { amount, .. } => Some(Announcement::new(*amount, today)),
        Decision::Pay { .. } | Decision::Skip(_) | Decision::Attention(_) => None,
    }
}

fn figures(inputs: &Inputs<'_>) -> Figures {
    let reading = inputs.card.reading.as_ref();
    let bank = inputs.bank_account.and_then(|(account, _)| limits::bearable(account, inputs.policy));
    Figures {
        as_of: reading.map(|reading| reading.age.as_of()),
        balance: reading.and_then(|reading| reading.balance),
        limit: reading.and_then(|reading| reading.limit),
        utilization: reading.and_then(|reading| utilization(reading.balance, reading.limit)),
        in_flight: cents(in_flight(&inputs.card.payments)),
        statement_balance: reading.and_then(|reading| reading.statement_balance),
        minimum_payment: reading.and_then(|reading| reading.minimum_payment),
        due_on: reading.and_then(|reading| reading.due_on),
        bank_balance: bank.map(cents),
    }
}
