//! A person says whether a card that looks like another, or has its number, is that card.
//!
//! Guarantees: said again, nothing changes. What is the same card goes on as the earlier one, with its payments, caps and agreement; its link
//! is the newer one from then on.

use super::super::{OperationError, System, audit};
use super::kept::may_read;
use super::real_accounts::card_now;
use super::{authorisation, people};
use crate::domain::autopay::card::Card;
use crate::domain::autopay::ids::{CardId, PersonId};
use crate::domain::autopay::in_flight::CardPayment;
use crate::domain::autopay::item::Item;
use crate::domain::autopay::refusal::AutopayRefusal;
use crate::domain::calendar::eastern_date;
use crate::domain::task::Task;
use crate::store::keys;
use crate::store::stored::{read, replace};

/// What a person says of two cards of theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    pub other: CardId,
    pub is_same: bool,
    /// Nobody else's.
    pub person: PersonId,
}

/// Answers the card as it goes on: the other one, where it is the same.
pub async fn say(system: &System, card_id: CardId, said: Said, ip_address: &str) -> Result<Card, OperationError> {
    let card: Option<Card> = read(&*system.table, &keys::card(card_id)).await?;
    let card = card.filter(|card| card.person_id == said.person);
    let card = card.ok_or_else(|| OperationError::not_found("card", card_id))?;
    let other = people::card(system, said.person, said.other).await?;
    let is_joined = card_now(system, card.id).await?.is_some_and(|now| now.id == other.id) && card.id != other.id;
    match (said.is_same, is_joined) {
        (true, true) => Ok(other),
        (true, false) => join(system, card, other, ip_address).await,
        (false, true) => Err(AutopayRefusal::CardsJoined.into()),
        (false, false) => tell_apart(system, card, other.id).await,
    }
}

async fn tell_apart(system: &System, mut card: Card, other: CardId) -> Result<Card, OperationError> {
    if card.looks_like != Some(other) {
        return Ok(card);
    }
    let now = system.clock.business_now();
    card.looks_like = None;
    card.updated_at = now;
    card.due_at = Some(now);
    let (actor, detail) = (card.person_id.to_string(), other.to_string());
    let entry = audit::entry(system, &actor, "tell_cards_apart", &card.id.to_string(), Some(&detail))?;
    system.table.write(vec![replace(&mut card)?, entry]).await?;
    system.hint([Task::Review { card_id: card.id }]).await;
    Ok(card)
}

async fn join(system: &System, card: Card, mut other: Card, ip_address: &str) -> Result<Card, OperationError> {
    if card.id == other.id || is_beside(&card, &other) {
        return Err(AutopayRefusal::TwoCards.into());
    }
    // What it pays goes on under its own id; the one without payments joins the other.
    if card.payments.iter().any(CardPayment::was_paid) {
        return Err(AutopayRefusal::CardHasPayments.into());
    }
    let mut card = authorisation::revoke(system, card.person_id, card.id, ip_address).await?;
    let now = system.clock.business_now();
    let item: Option<Item> = read(&*system.table, &keys::item(&card.item_id)).await?;
    let mut changes = Vec::new();
    if let Some(mut item) = item.filter(|item| !item.state.is_over()) {
        item.cards.insert(card.account_id.clone(), other.id);
        item.due_at = Some(now);
        if may_read(system, &other.item_id, &item).await? {
            take_over(&mut other, &card, now);
        }
        changes.push(replace(&mut item)?);
    }
    for key in card.real_accounts.iter().filter(|key| !other.real_accounts.contains(key)).cloned().collect::<Vec<_>>() {
        other.real_accounts.push(key);
    }
    (other.updated_at, other.due_at) = (now, Some(now));
    (card.same_as, card.looks_like, card.due_at, card.updated_at) = (Some(other.id), None, None, now);
    let (actor, detail) = (card.person_id.to_string(), other.id.to_string());
    let entry = audit::entry(system, &actor, "join_cards", &card.id.to_string(), Some(&detail))?;
    changes.extend([replace(&mut card)?, replace(&mut other)?, entry]);
    system.table.write(changes).await?;
    system.hint([Task::ReadItem { item_id: card.item_id.clone() }, Task::Review { card_id: other.id }]).await;
    Ok(other)
}

/// Whether one link shows both.
fn is_beside(card: &Card, other: &Card) -> bool {
    let is_shown = |card: &Card| card.reading.as_ref().is_none_or(|reading| !reading.is_gone);
    card.item_id == other.item_id && card.account_id != other.account_id && is_shown(card) && is_shown(other)
}

/// The newer link, and what it says.
fn take_over(other: &mut Card, card: &Card, now: jiff::Timestamp) {
    other.item_id.clone_from(&card.item_id);
    other.account_id.clone_from(&card.account_id);
    other.name.clone_from(&card.name);
    other.mask.clone_from(&card.mask);
    other.has_twin = card.has_twin;
    if let Some(reading) = card.reading.clone() {
        other.take(reading, eastern_date(now));
    }
}
