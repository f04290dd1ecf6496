//! What becomes of a payment once it is opened: what each step of its check and its debit means for the card, the bank account and the
//! person, and what they are told.
//!
//! Guarantees: pure. Mail decides nothing about money: a letter that comes back only asks for a stop. Whatever the bank did unasked, and
//! whatever is owed, raises attention.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use jiff::civil::Date;

use super::authorization::Authorization;
use super::bank_account::BankAccount;
use super::card::Card;
use super::card_number::fits_mask;
use super::facts::AutopayFacts;
use super::held::{Ended, EndedBy, Present};
use super::in_flight::CardPayment;
use super::notice::{CheckFailure, DebitFailure, NoticeKind, Outlook};
use super::person::Person;
use super::retry::{AfterReturn, Consequences, after_return};
use crate::domain::bank::check::delivery::DeliveryMeaning;
use crate::domain::bank::check::status::{CheckMeaning, CheckStatus};
use crate::domain::calendar::eastern_date;
use crate::domain::funding::Funding;
use crate::domain::ids::PaymentId;
use crate::domain::leg::{AttentionReason, Effect, Kind, State};
use crate::domain::money::Cents;
use crate::domain::payment::{Payee, Payment};

/// A check after the bank spoke of it.
#[derive(Clone, Copy, Debug)]
pub struct CheckNews<'a> {
    pub payment: &'a Payment,
    /// The state it left, where it moved.
    pub from: Option<State>,
    /// Its funding came back after it was available.
    pub funding_came_back: bool,
    pub card_name: &'a str,
    /// Once what is owed for this payment is settled.
    pub outlook: Outlook,
    /// The bank's time.
    pub at: Timestamp,
}

/// What a check's news lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aftermath {
    pub card: Option<CardStep>,
    /// To the person.
    pub notices: Vec<NoticeKind>,
    pub attention: Option<AttentionReason>,
    pub asks_stop: bool,
}

/// What the card remembers of its payment from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardStep {
    Cashed { at: Timestamp, check_number: Option<i64> },
    Reversed,
}

/// Whether a person's bank account may be debited for a payment of a card now: everything that they had agreed to when it was opened
/// stands, and nobody and nothing has stopped it since.
pub fn may_debit(person: &Person, card: &Card, bank_account: &BankAccount, opened: &AutopayFacts) -> bool {
    let is_authorized =
        card.authorization.as_ref().is_some_and(|authorization| authorization.is_in_force(bank_account.id));
    let as_agreed = opened.agreement.as_ref().is_none_or(|agreement| agreement.stands(card, bank_account));
    is_authorized
        && fault!(AgreementNotPinned, true, as_agreed && card.is_agreed_account(bank_account))
        && fault!(ChangedCardDebited, true, is_as_decided(card, opened))
        && person.debit_block.is_none()
        && bank_account.unusable.is_none()
}

/// Whether the card is what a payment was decided on: its link shows it, the number that goes on the check can be its, and its rule is the same.
fn is_as_decided(card: &Card, opened: &AutopayFacts) -> bool {
    let number = card.setup.card_number.as_ref();
    let fits = number.is_none_or(|number| fits_mask(&number.last4, card.mask.as_deref()));
    let is_gone = card.reading.as_ref().is_some_and(|reading| reading.is_gone);
    fits && !is_gone && card.setup.rule.unwrap_or_default() == opened.rule
}

/// Whether the card still owes that much beside what else is on its way to it: it may have been paid otherwise since a payment was opened.
pub fn is_still_owed(card: &Card, payment_id: PaymentId, amount: Cents) -> bool {
    fault!(PaidByHandPresentedAgain, true, card.still_owes(payment_id, amount))
}

/// Whether a payment was opened under this agreement, or one of before that was not kept with it, about the same bank account.
pub fn is_opened_under(opened: &AutopayFacts, authorization: &Authorization) -> bool {
    let is_same = opened.agreement.as_ref().is_none_or(|pinned| {
        let known = &pinned.authorization;
        known.agreed_at == authorization.agreed_at && known.bank_account_id == authorization.bank_account_id
    });
    let is_it = is_same && opened.bank_account_id == authorization.bank_account_id;
    fault!(OldReturnEndsAgreement, true, is_it)
}

/// Whether the number on a payment's check can still be its card's. An issuer replaces a card while the money for its check is held, and a
/// person corrects a number that they mistyped.
pub fn may_mail(card: &Card, payee: &Payee) -> bool {
    match payee {
        Payee::Check(payee) => {
            let known = payee.account_fingerprint.as_ref().zip(card.numbers.present.as_ref());
            let is_typed_now =
                fault!(CheckToMistypedNumber, true, known.is_none_or(|(number, present)| number == present));
            is_typed_now && fault!(CheckToFormerNumber, true, fits_mask(&payee.account_last4, card.mask.as_deref()))
        }
        Payee::Account(_) => true,
    }
}

/// What holds the next debit back as things stand; what is owed is asked of the person by [`Outlook::with_debt`].
pub fn outlook(person: &Person, now: Present<'_>) -> Outlook {
    let Present { card, bank_account, remittance: _ } = now;
    let is_authorized =
        card.authorization.as_ref().is_some_and(|authorization| authorization.is_in_force(bank_account.id));
    let right = if person.debit_block.is_some() {
        Outlook::Blocked
    } else if bank_account.unusable.is_some() {
        Outlook::OtherAccount
    } else if is_authorized && card.is_agreed_account(bank_account) {
        let holding = |payment: &CardPayment| {
            let ended = payment.ended.as_ref().filter(|ended| ended.holds(payment.bill, now));
            ended.map(|ended| ended.by.outlook())
        };
        card.payments.iter().filter_map(holding).max().unwrap_or_default()
    } else {
        Outlook::AgreeAnew
    };
    fault!(NoticeWithoutState, Outlook::GoesOn, right)
}

impl Outlook {
    /// The same while the bank account is held for what came back of another's debit.
    pub fn with_hold(self, is_held: bool) -> Self {
        if is_held { self.max(Outlook::LookedInto) } else { self }
    }

    /// The same while something is owed.
    pub fn with_debt(self, owes: bool) -> Self {
        if owes { self.max(Outlook::Owing) } else { self }
    }

    /// The same once a return has had its consequences.
    pub fn after(self, consequences: Option<Consequences>) -> Self {
        let Some(after) = consequences else { return self };
        let follows = [
            (after.ends_authorization, Outlook::AgreeAnew),
            (after.closes_bank_account, Outlook::OtherAccount),
            (after.blocks_person, Outlook::Blocked),
        ];
        follows.into_iter().filter(|(is_so, _)| *is_so).fold(self, |worst, (_, next)| worst.max(next))
    }
}

/// What follows for good from a debit that came back; `None` for one that may be presented again, or whose code is not known.
pub fn consequences(funding: &Funding, today: Date) -> Option<Consequences> {
    match after_return(&funding.returned_debit()?, today) {
        AfterReturn::TryAgain { .. } => None,
        AfterReturn::Final(consequences) => Some(consequences),
    }
}

/// What ended a payment whose debit came back for good, or was never taken. Nothing where it may be presented again.
pub fn ended_by_debit(payment: &Payment, funding: &Funding, now: Timestamp) -> Ended {
    Ended::of(EndedBy::of_debit(debit_failure(funding, eastern_date(now))), payment, now)
}

/// Why a debit is given up. One that might be presented again and is not, because it is too late for that, had no money.
pub fn debit_failure(funding: &Funding, today: Date) -> DebitFailure {
    if funding.returned_debit().is_none() {
        return DebitFailure::Refused;
    }
    consequences(funding, today).map_or(DebitFailure::NoMoney, |consequences| consequences.failure)
}

/// A payment whose money came back late: it cannot be got back any more by itself, because it is paid or on its way to a bank account.
pub const fn is_lost(kind: Kind, state: State) -> bool {
    match (kind, state) {
        (Kind::Payout, State::Submitting | State::Processing)
        | (Kind::Payout | Kind::Check, State::Completed | State::Available) => true,
        (Kind::Check, State::Submitting | State::Processing)
        | (Kind::Payout | Kind::Check, State::Unprocessed | State::Failed | State::Returned | State::Canceled)
        | (
            Kind::Funding,
            State::Unprocessed
            | State::Submitting
            | State::Processing
            | State::Completed
            | State::Available
            | State::Failed
            | State::Returned
            | State::Canceled,
        ) => false,
    }
}

/// Whether the bank may hold a check of this payment that can still be stopped.
pub const fn is_check_out(kind: Kind, state: State) -> bool {
    matches!((kind, state), (Kind::Check, State::Submitting | State::Processing))
}

/// What a check's news lead to. The same news again leads to notices that are there already, and to nothing else.
pub fn after_check(news: CheckNews<'_>) -> Aftermath {
    let mut after = Aftermath::default();
    by_mail(news, &mut after);
    let leg = &news.payment.leg;
    if leg.attention.as_ref().is_some_and(|flag| flag.reason == AttentionReason::PresentedForOtherAmount) {
        after.notices.push(failed(news, CheckFailure::OtherAmount));
    }
    if news.from.is_none_or(|from| from == leg.state) {
        return after;
    }
    match leg.state {
        State::Completed => {
            let check_number = news.payment.check.as_ref().and_then(|check| check.check_number);
            after.card = Some(CardStep::Cashed { at: leg.settled_at.unwrap_or(news.at), check_number });
            let (payment_id, card_name, amount) = named(news);
            after.notices.push(NoticeKind::CheckCashed { payment_id, card_name, amount });
            // The stop, if there was one, lost: the money is gone, and owed.
            after.attention = news.funding_came_back.then_some(AttentionReason::ReceivableOpen);
        }
        State::Returned => came_back(news, &mut after),
        State::Unprocessed
        | State::Submitting
        | State::Processing
        | State::Available
        | State::Failed
        | State::Canceled => {}
    }
    after
}

fn by_mail(news: CheckNews<'_>, after: &mut Aftermath) {
    let letter = news.payment.check.as_ref().and_then(|check| check.delivery_status.as_ref());
    let Some(letter) = letter else { return };
    match letter.meaning() {
        DeliveryMeaning::OnItsWay | DeliveryMeaning::Delivered if !news.payment.leg.state.holds_money() => {}
        DeliveryMeaning::OnItsWay | DeliveryMeaning::Delivered => {
            let (payment_id, card_name, amount) = named(news);
            let attempt = news.payment.leg.attempt;
            after.notices.push(NoticeKind::CheckMailed { payment_id, attempt, card_name, amount });
        }
        DeliveryMeaning::Undeliverable => {
            let is_out = news.payment.leg.state == State::Processing;
            if is_out && !news.payment.is_stop_asked() {
                after.asks_stop = true;
                after.notices.push(failed(news, CheckFailure::ReturnedByMail));
            }
        }
        DeliveryMeaning::Preparing | DeliveryMeaning::Unknown => {}
    }
}

/// Its money is with us again.
fn came_back(news: CheckNews<'_>, after: &mut Aftermath) {
    let payment = news.payment;
    if payment.leg.effects.contains(&Effect::ReceivableRecovered) {
        after.card = Some(CardStep::Reversed);
        after.notices.push(failed(news, CheckFailure::Stopped));
        let (payment_id, _, amount) = named(news);
        after.notices.push(NoticeKind::ReceivableEnded { payment_id, amount, outlook: news.outlook });
        return;
    }
    let status = payment.leg.bank_status.as_deref().map(CheckStatus::parse);
    match status.as_ref().map_or(CheckMeaning::Unknown, CheckStatus::meaning) {
        CheckMeaning::CameBack if status == Some(CheckStatus::Stopped) => stopped(news, after),
        CheckMeaning::CameBack => {
            let is_told = after.notices.iter().any(|told| told.code() == CheckFailure::OtherAmount.code());
            if !is_told {
                after.notices.push(failed(news, CheckFailure::Rejected));
            }
            after.attention = Some(AttentionReason::CheckRejected);
        }
        CheckMeaning::ReturnedByUs
        | CheckMeaning::ReturnDishonored
        | CheckMeaning::Outstanding
        | CheckMeaning::InReview
        | CheckMeaning::Stopping
        | CheckMeaning::Presented
        | CheckMeaning::ReturnedOnce
        | CheckMeaning::Settled
        | CheckMeaning::ReturnRequested
        | CheckMeaning::Unknown => {
            after.notices.push(failed(news, CheckFailure::Returned));
            after.attention = Some(AttentionReason::CheckRejected);
        }
    }
}

fn stopped(news: CheckNews<'_>, after: &mut Aftermath) {
    if news.payment.is_cancel_asked() {
        // Its refund tells the person.
    } else if news.payment.is_stop_asked() {
        after.attention = Some(AttentionReason::CheckUndeliverable);
    } else {
        // Not by us: nobody cashed it in time.
        after.notices.push(failed(news, CheckFailure::Voided));
    }
}

fn failed(news: CheckNews<'_>, failure: CheckFailure) -> NoticeKind {
    let (payment_id, card_name, amount) = named(news);
    NoticeKind::CheckFailed { payment_id, attempt: news.payment.leg.attempt, card_name, amount, failure }
}

fn named(news: CheckNews<'_>) -> (PaymentId, String, Cents) {
    (news.payment.id, news.card_name.to_owned(), news.payment.amount)
}

impl CardStep {
    /// Marks the payment on its card. A card that does not know it, or no longer, stays as it is.
    pub fn mark(self, card: &mut Card, payment_id: PaymentId, now: Timestamp) {
        for known in card.payments.iter_mut().filter(|known| known.payment_id == payment_id) {
            match self {
                CardStep::Cashed { at, check_number } => {
                    known.check_number = check_number;
                    known.cashed(at);
                }
                CardStep::Reversed => known.undone(),
            }
        }
        card.updated_at = now;
    }
}
