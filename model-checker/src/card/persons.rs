//! What a person does: agrees, caps, revokes, cancels, pays by hand.

use jiff::SignedDuration;
use shared::domain::autopay::agreement::AgreedAccount;
use shared::domain::autopay::authorization::{AmountRange, Authorization, TEXT_VERSION};
use shared::domain::autopay::card::Card;
use shared::domain::autopay::payment_effects::is_check_out;
use shared::domain::batch::Idempotent;
use shared::domain::leg::State;
use shared::domain::money::Cents;
use shared::domain::payment::Payment;

use super::actions::Range;
use super::item::Item;
use super::table::{Put, Write};
use super::{CardWorld, Cards};

/// Agrees to debits up to so much.
pub(super) fn agree(cards: &mut Cards, holder: usize, range: Range) -> bool {
    let own = &cards.table.holders[holder];
    let mut card = Card::clone(&own.card);
    // No two words of a person are of one moment.
    let agreed_at = cards.now().saturating_add(SignedDuration::from_secs(cards.outside.words_said()));
    let range = AmountRange { least: Cents::ZERO, most: Cents::new(range.most()) };
    card.authorize(Authorization {
        text_version: TEXT_VERSION,
        text_sha256: None,
        bank_account_id: own.account.id,
        range,
        agreed_at: agreed_at.unwrap_or_else(|_| cards.now()),
        revoked_at: None,
        ended_by_return: None,
    });
    card.agreed_account = Some(AgreedAccount::of(&own.account));
    cards.commit(of_card(holder, card));
    cards.outside.agreed(holder, range.most.get());
    true
}

pub(super) fn revoke(cards: &mut Cards, holder: usize) -> bool {
    let mut card = Card::clone(&cards.table.holders[holder].card);
    let Some(mut authorization) = card.authorization.clone() else { return false };
    if authorization.revoke(cards.now()) == Idempotent::AlreadyApplied {
        return false;
    }
    card.authorize(authorization);
    cards.commit(of_card(holder, card));
    cards.outside.revoked(holder);
    true
}

/// Sets the most that may be pulled in a month.
pub(super) fn cap(cards: &mut Cards, holder: usize, most: i64) -> bool {
    let mut card = Card::clone(&cards.table.holders[holder].card);
    if card.setup.caps.month == Some(Cents::new(most)) {
        return false;
    }
    card.setup.caps.month = Some(Cents::new(most));
    cards.commit(of_card(holder, card));
    cards.outside.capped(holder, most);
    true
}

fn of_card(holder: usize, card: Card) -> Write {
    Write { puts: vec![Put::Card(holder, Item::new(card))], ..Write::default() }
}

/// Whether there is anything to cancel.
pub(super) fn may_cancel(payment: &Payment) -> bool {
    let is_open = match payment.leg.state {
        State::Unprocessed | State::Submitting | State::Processing => true,
        State::Returned => payment.owes_refund(),
        State::Completed | State::Available | State::Failed | State::Canceled => false,
    };
    is_open && payment.refund_of().is_none() && !payment.is_cancel_asked()
}

pub(super) fn cancel(cards: &mut Cards, life: usize) -> bool {
    let (holder, now, today) = (cards.table.lives[life].holder, cards.now(), cards.today());
    let mut payment = Payment::clone(&cards.table.lives[life].payment);
    if !may_cancel(&payment) {
        return false;
    }
    let is_out = is_check_out(payment.kind(), payment.leg.state);
    if let Some(facts) = &mut payment.autopay {
        facts.cancel_asked_at = Some(now);
        if is_out {
            facts.stop_asked_at.get_or_insert(now);
        }
    }
    payment.due_at = payment.leg.attention.is_none().then_some(now);
    let mut card = Card::clone(&cards.table.holders[holder].card);
    card.cancel(payment.id, today);
    let puts = vec![Put::Payment(life, Item::new(payment)), Put::Card(holder, Item::new(card))];
    cards.commit(Write { puts, ..Write::default() });
    cards.outside.canceled(life);
    true
}

/// Pays the bill at the issuer; the next reading of the card shows it.
pub(super) fn pay_by_hand(world: &CardWorld, cards: &mut Cards, holder: usize) -> bool {
    let day = cards.day;
    cards.outside.pays_by_hand(world.bill_of(holder), day)
}

/// Sends us what they owe by wire, and two operators book it, in a write of the person's item.
pub(super) fn repay(cards: &mut Cards, holder: usize) -> bool {
    let owed = cards.table.holders[holder].books.receivable();
    if owed <= 0 {
        return false;
    }
    let person = cards.table.holders[holder].person.clone();
    cards.commit(Write { puts: vec![Put::Person(holder, person)], ..Write::default() });
    cards.table.holders[holder].books.repaid(owed);
    cards.outside.repaid(holder, owed);
    true
}
