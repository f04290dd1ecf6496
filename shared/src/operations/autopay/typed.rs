//! Numbers that persons type for their cards: who holds which, and for how long.
//!
//! Guarantees: no two cards of one person have one number at once; a number that is typed over is let go as soon as no payment of whoever
//! shares the card may be on its way to it and nobody of them has it any more, so that a slip bars nothing for ever; a card holds a bounded
//! number of them.

use super::super::{OperationError, System};
use super::real_accounts::{Claims, card_now};
use crate::domain::autopay::card::Card;
use crate::domain::autopay::card_number::CardNumber;
use crate::domain::autopay::ids::CardId;
use crate::domain::autopay::joining::FORMER_NUMBERS_MAX;
use crate::domain::autopay::real_account::is_shared;
use crate::domain::autopay::refusal::AutopayRefusal;
use crate::ports::table::Change;
use crate::store::keys;
use crate::store::stored::read;

/// Has a card hold the number that its person enters, and let go of the one before. The same number is the same card, whatever a link says,
/// so no two cards of one person have it.
pub(super) async fn claim_number(
    system: &System,
    card: &mut Card,
    number: &CardNumber,
) -> Result<Vec<Change>, OperationError> {
    let mut claims = Claims::default();
    let fingerprint = system.vault().await?.card_number(number.expose());
    let holders: Vec<CardId> = claims.of(system, &fingerprint).await?.cards_of(card.person_id).collect();
    for holder in holders.into_iter().filter(|holder| *holder != card.id) {
        let known = card_now(system, holder).await?;
        let is_theirs = known.is_some_and(|known| known.id != card.id && stands_there(&known, &fingerprint));
        if fault!(CardNumberOfTwoCards, false, is_theirs) {
            return Err(AutopayRefusal::NumberOfOtherCard { card_id: holder }.into());
        }
    }
    leave(system, &mut claims, card, &fingerprint).await?;
    claims.hold_card(system, card, std::slice::from_ref(&fingerprint)).await?;
    card.numbers.present = Some(fingerprint);
    Ok(claims.changes()?)
}

/// Whether it is the number in the card's setup, as far as that is known by its key.
fn stands_there(card: &Card, fingerprint: &str) -> bool {
    card.numbers.present.as_ref().map_or(card.setup.card_number.is_some(), |present| present == fingerprint)
}

/// Lets go of the numbers before this one, or keeps them while a payment may be on its way there.
async fn leave(system: &System, claims: &mut Claims, card: &mut Card, fingerprint: &str) -> Result<(), OperationError> {
    card.numbers.former.retain(|former| former != fingerprint);
    let before = card.numbers.present.take().filter(|before| before != fingerprint);
    card.numbers.former.extend(before);
    let left = unused(system, claims, card).await?;
    let_go(system, claims, card, &left).await?;
    if card.numbers.former.len() > FORMER_NUMBERS_MAX {
        return Err(AutopayRefusal::NumberChangedTooOften.into());
    }
    Ok(())
}

async fn let_go(system: &System, claims: &mut Claims, card: &mut Card, left: &[String]) -> Result<(), OperationError> {
    card.numbers.former.retain(|former| !left.contains(former));
    claims.release_card(system, card, left).await
}

/// The numbers before the present one that nothing of the card is at any more: neither its payments, nor those of others who share it, nor
/// the number that one of these knows it by.
async fn unused(system: &System, claims: &mut Claims, card: &Card) -> Result<Vec<String>, OperationError> {
    if card.is_number_in_use() {
        return Ok(Vec::new());
    }
    let mut left = Vec::new();
    for former in &card.numbers.former {
        let holders: Vec<CardId> = claims.of(system, former).await?.cards.keys().copied().collect();
        let mut is_used = false;
        for holder in holders.into_iter().filter(|holder| *holder != card.id) {
            let other: Option<Card> = read(&*system.table, &keys::card(holder)).await?;
            let is_there = |other: &Card| other.numbers.present.as_ref() == Some(former) || other.is_number_in_use();
            is_used |= other.is_some_and(|other| is_shared(card, &other) && is_there(&other));
        }
        if !fault!(SharedNumberLetGo, false, is_used) {
            left.push(former.clone());
        }
    }
    Ok(left)
}

/// The card with the key of a number that it had before keys were kept, and without those of numbers that no payment is on its way to any
/// more. Nothing where there is nothing to do.
pub(super) async fn settled(system: &System, claims: &mut Claims, card: &Card) -> Result<Option<Card>, OperationError> {
    let mut card = card.clone();
    let left = unused(system, claims, &card).await?;
    let has_left = !left.is_empty();
    let unkept = card.setup.card_number.clone().filter(|_| card.numbers.present.is_none());
    if has_left {
        let_go(system, claims, &mut card, &left).await?;
    }
    if let Some(number) = &unkept {
        let vault = system.vault().await?;
        let opened = vault.sealing.open(&number.sealed.clone().into(), &keys::card(card.id).pk)?;
        let fingerprint = vault.card_number(opened.expose());
        claims.hold_card(system, &mut card, std::slice::from_ref(&fingerprint)).await?;
        card.numbers.present = Some(fingerprint);
    }
    Ok((has_left || unkept.is_some()).then_some(card))
}

/// Whether this is the number that stands in the card's setup.
pub(super) async fn is_number_of(system: &System, card: &Card, number: &CardNumber) -> Result<bool, OperationError> {
    let fingerprint = system.vault().await?.card_number(number.expose());
    Ok(card.numbers.present.as_ref() == Some(&fingerprint))
}
