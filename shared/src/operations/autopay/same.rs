//! A person says whether a card that looks like another, or has its number, is that card.
//!
//! Guarantees: said again, nothing changes. What is the same card goes on as the earlier one, with its payments, caps and agreement, which
//! ends where it named another card than that is by then; its link is the newer one from then on. The word can be taken back.

use super::super::{OperationError, System, audit};
use super::real_accounts::{Claims, card_now};
use super::sync_accounts::may_read;
use super::{authorization, people, typed};
use crate::domain::autopay::card::Card;
use crate::domain::autopay::card_number::CardNumber;
use crate::domain::autopay::ids::{CardId, PersonId};
use crate::domain::autopay::item::Item;
use crate::domain::autopay::joining;
use crate::domain::autopay::refusal::AutopayRefusal;
use crate::domain::task::Task;
use crate::ports::table::Change;
use crate::store::keys;
use crate::store::stored::{read, replace};

/// What a person says of two cards of theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub other: CardId,
    pub is_same: bool,
    /// The number that was entered for the other card.
    pub number: Option<CardNumber>,
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
        // It went on as a third one, whose payments are not this one's to move.
        (true, false) if fault!(JoinedCardJoinedAgain, false, card.same_as.is_some()) => {
            Err(AutopayRefusal::CardsJoined.into())
        }
        (true, false) => join(system, card, other, said.number, ip_address).await,
        (false, true) => {
            fault!(JoinedForEver, Err(AutopayRefusal::CardsJoined.into()), part(system, card, other, ip_address).await)
        }
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
    let entry = audited(system, "tell_cards_apart", &card, other)?;
    system.table.write(vec![replace(&mut card)?, entry]).await?;
    system.hint([Task::Review { card_id: card.id }]).await;
    Ok(card)
}

async fn join(
    system: &System,
    card: Card,
    mut other: Card,
    number: Option<CardNumber>,
    ip_address: &str,
) -> Result<Card, OperationError> {
    let has_number = match &number {
        Some(number) => typed::is_number_of(system, &other, number).await?,
        None => false,
    };
    joining::may_join(&card, &other, has_number)?;
    let mut card = authorization::revoke(system, card.person_id, card.id, ip_address).await?;
    let now = system.clock.business_now();
    let (mut claims, mut changes, mut takes_over) = (Claims::default(), Vec::new(), false);
    if let Some(mut item) = read_item(system, &card.item_id).await? {
        takes_over = may_read(system, &other.item_id, &item).await?;
        item.cards.insert(card.account_id.clone(), other.id);
        item.due_at = Some(now);
        changes.push(replace(&mut item)?);
    }
    if takes_over && joining::ends_agreement(&card, &other) {
        other = authorization::revoke(system, other.person_id, other.id, ip_address).await?;
    }
    joining::join(&mut card, &mut other, takes_over, now);
    claims.hold_card(system, &mut other, &card.real_accounts).await?;
    changes.extend([replace(&mut card)?, replace(&mut other)?, audited(system, "join_cards", &card, other.id)?]);
    changes.extend(claims.changes()?);
    system.table.write(changes).await?;
    system.hint([Task::ReadItem { item_id: card.item_id.clone() }, Task::Review { card_id: other.id }]).await;
    Ok(other)
}

/// Each is a card of its own again, in the link that shows it. What was agreed to for what both were is over.
async fn part(system: &System, card: Card, other: Card, ip_address: &str) -> Result<Card, OperationError> {
    let now = system.clock.business_now();
    let mut known = (card.clone(), other.clone());
    let parted = joining::part(&mut known.0, &mut known.1, now);
    let goes_back = parted.ok_or(AutopayRefusal::CardsJoined)?.goes_back;
    let mut other =
        if goes_back { authorization::revoke(system, other.person_id, other.id, ip_address).await? } else { other };
    let mut card = card;
    let parted = joining::part(&mut card, &mut other, now).ok_or(AutopayRefusal::CardsJoined)?;
    let mut claims = Claims::default();
    claims.release_card(system, &mut other, &parted.lost).await?;
    claims.release_card(system, &mut card, parted.number_of_other.as_slice()).await?;
    let mut changes = links_parted(system, &card, &other, goes_back).await?;
    changes.extend([replace(&mut card)?, replace(&mut other)?, audited(system, "tell_cards_apart", &card, other.id)?]);
    changes.extend(claims.changes()?);
    system.table.write(changes).await?;
    let items = [&card.item_id, &other.item_id].map(|id| Task::ReadItem { item_id: id.clone() });
    system.hint(items.into_iter().chain([&card, &other].map(|card| Task::Review { card_id: card.id }))).await;
    Ok(card)
}

/// The puts of the links that show the two from now on. What the earlier one was told meanwhile reached nobody, so it is read from its
/// beginning.
async fn links_parted(
    system: &System,
    card: &Card,
    other: &Card,
    goes_back: bool,
) -> Result<Vec<Change>, OperationError> {
    let now = system.clock.business_now();
    let mut changes = Vec::new();
    if let Some(mut item) = read_item(system, &card.item_id).await? {
        item.cards.insert(card.account_id.clone(), card.id);
        if goes_back && other.item_id == item.id {
            item.cards.insert(other.account_id.clone(), other.id);
        }
        item.due_at = Some(now);
        changes.push(replace(&mut item)?);
    }
    if goes_back
        && other.item_id != card.item_id
        && let Some(mut item) = read_item(system, &other.item_id).await?
    {
        item.transactions_cursor = None;
        item.due_at = Some(now);
        changes.push(replace(&mut item)?);
    }
    Ok(changes)
}

/// A link that is not over.
async fn read_item(system: &System, item_id: &str) -> Result<Option<Item>, OperationError> {
    let item: Option<Item> = read(&*system.table, &keys::item(item_id)).await?;
    Ok(item.filter(|item| !item.state.is_over()))
}

fn audited(system: &System, action: &str, card: &Card, other: CardId) -> Result<Change, OperationError> {
    let (actor, detail) = (card.person_id.to_string(), other.to_string());
    Ok(audit::entry(system, &actor, action, &card.id.to_string(), Some(&detail))?)
}
