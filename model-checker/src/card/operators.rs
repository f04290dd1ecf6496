//! What operators do, each about somebody else's money: replace a check, send a refund again, clear a flag, a block or what ended payments.

use shared::domain::autopay::card::Card;
use shared::domain::autopay::held::MailedTo;
use shared::domain::autopay::person::Person;
use shared::domain::batch::Idempotent;
use shared::domain::funding::Funding;
use shared::domain::leg::AttentionReason;
use shared::domain::payment::redirect::may_be_sent_again;
use shared::domain::payment::replacement::{is_money_here, may_be_replaced};
use shared::domain::payment::{Payee, Payment};

use super::Cards;
use super::item::Item;
use super::table::{Key, Part, Put, Write};

/// Has a check made anew where it went before.
pub(super) fn replace(cards: &mut Cards, life: usize) -> bool {
    let known = &cards.table.lives[life];
    let mut payment = Payment::clone(&known.payment);
    let is_here = known.funding.as_ref().is_some_and(|funding| is_money_here(funding));
    if !may_be_replaced(&payment) || !is_here {
        return false;
    }
    let kind = payment.kind();
    if payment.leg.retry(kind).is_err() {
        return false;
    }
    payment.leg.attention = None;
    if let (Payee::Check(payee), Some(facts)) = (&payment.payee, &mut payment.autopay) {
        facts.stop_asked_at = None;
        let before = MailedTo::of(payee);
        if !facts.mailed_before.contains(&before) {
            facts.mailed_before.push(before);
        }
    }
    again(cards, life, payment)
}

/// Sends a refund once more that came back.
pub(super) fn refund_again(cards: &mut Cards, life: usize) -> bool {
    let mut refund = Payment::clone(&cards.table.lives[life].payment);
    let is_here = cards.table.funding_of(life).is_some_and(|funding| is_money_here(funding));
    let kind = refund.kind();
    if !may_be_sent_again(&refund) || !is_here || refund.leg.retry(kind).is_err() {
        return false;
    }
    refund.leg.attention = None;
    again(cards, life, refund)
}

/// The money must still be here when it is sent again.
fn again(cards: &mut Cards, life: usize, mut payment: Payment) -> bool {
    payment.schedule(cards.now());
    let checks = cards.table.funded_by(life).map(Key::Funding).into_iter().collect();
    let puts = vec![Put::Payment(life, Item::new(payment))];
    cards.commit(Write { puts, checks, ..Write::default() });
    true
}

/// Clears a flag: the automatic may go on.
pub(super) fn clear_flag(cards: &mut Cards, life: usize, part: Part) -> bool {
    let (known, now) = (&cards.table.lives[life], cards.now());
    let (put, cleared) = match (part, &known.funding) {
        (Part::Debit, Some(funding)) => {
            let mut funding = Funding::clone(funding);
            let cleared = funding.leg.clear_attention();
            funding.schedule(now);
            (Put::Funding(life, Item::new(funding)), cleared)
        }
        (Part::Debit, None) => return false,
        (Part::Payout, _) => {
            let mut payment = Payment::clone(&known.payment);
            let cleared = payment.leg.clear_attention();
            payment.schedule(now);
            (Put::Payment(life, Item::new(payment)), cleared)
        }
    };
    let Some(cleared) = cleared else { return false };
    cards.commit(Write { puts: vec![put], ..Write::default() });
    // Of a check that failed the money goes back once its flag is cleared. What anything else leads to is the operator's to see to.
    if !matches!(cleared.reason, AttentionReason::CheckUndeliverable | AttentionReason::CheckRejected) {
        cards.outside.seen_to(life);
    }
    true
}

pub(super) fn clear_block(cards: &mut Cards, holder: usize) -> bool {
    let known = &cards.table.holders[holder].person;
    let mut person = Person::clone(known);
    if person.clear_block(cards.now()) == Idempotent::AlreadyApplied {
        return false;
    }
    person.updated_at = known.updated_at;
    cards.commit(Write { puts: vec![Put::Person(holder, Item::new(person))], ..Write::default() });
    cards.outside.unblocked(holder);
    true
}

/// An operator has looked into what ended earlier payments of a card.
pub(super) fn clear_ends(cards: &mut Cards, holder: usize) -> bool {
    let mut card = Card::clone(&cards.table.holders[holder].card);
    let ended = card.payments.iter().map(|payment| payment.payment_id).collect();
    if card.clear_ends(&ended).is_empty() {
        return false;
    }
    cards.commit(Write { puts: vec![Put::Card(holder, Item::new(card))], ..Write::default() });
    cards.outside.ends_cleared(holder);
    true
}
