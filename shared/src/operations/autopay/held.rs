//! What holds a card's next payment back because of how an earlier one ended: operators are told, and lift it.

use std::collections::BTreeSet;

use super::real_accounts::Sharing;
use super::{notices, own};
use crate::domain::autopay::bank_account::BankAccount;
use crate::domain::autopay::card::Card;
use crate::domain::autopay::held::EndedBy;
use crate::domain::autopay::ids::CardId;
use crate::domain::autopay::notice::{NoticeKind, Recipient};
use crate::domain::autopay::refusal::AutopayRefusal;
use crate::domain::ids::PaymentId;
use crate::domain::task::Task;
use crate::operations::{OperationError, System, audit};
use crate::ports::table::Change;
use crate::store::keys;
use crate::store::stored::{read, replace};

/// The put of what operators are told of a payment that ended, where it is theirs to look into.
pub(crate) async fn told(
    system: &System,
    card: &Card,
    payment_id: PaymentId,
    by: EndedBy,
) -> Result<Vec<Change>, OperationError> {
    if !by.is_operators() {
        return Ok(Vec::new());
    }
    let kind = NoticeKind::CardHeldBack { card_id: card.id, payment_id, by };
    notices::puts(system, Recipient::Operators, [kind]).await
}

/// An operator has looked into how earlier payments of a card ended: the next one is opened where a review says so. Said again, nothing
/// changes. Nobody says so of their own card, or of one of somebody with whom they have an account or card in common.
pub async fn clear(system: &System, card_id: CardId, caller: &str, note: &str) -> Result<Card, OperationError> {
    let card: Option<Card> = read(&*system.table, &keys::card(card_id)).await?;
    let card = card.ok_or_else(|| OperationError::not_found("card", card_id))?;
    if own::is_own(system, caller, card.person_id).await? {
        return Err(AutopayRefusal::OwnBlock.into());
    }
    let mut held = held_back_by(system, card.clone()).await?;
    let now = system.clock.business_now();
    let mut changes = Vec::new();
    for held in &mut held {
        held.updated_at = now;
        held.due_at = Some(now);
        changes.push(replace(held)?);
    }
    if changes.is_empty() {
        return Ok(card);
    }
    changes.push(audit::entry(system, caller, "clear_hold", &card_id.to_string(), Some(note))?);
    system.table.write(changes).await?;
    system.hint(held.iter().map(|held| Task::Review { card_id: held.id }).chain([Task::Review { card_id }])).await;
    Ok(held.into_iter().find(|held| held.id == card_id).unwrap_or(card))
}

/// The cards on which something stands that holds this one's next payment back, without it: the card's own, and those of others who share it.
async fn held_back_by(system: &System, card: Card) -> Result<Vec<Card>, OperationError> {
    let account: Option<BankAccount> = match card.setup.bank_account_id {
        Some(id) => read(&*system.table, &keys::bank_account(id)).await?,
        None => None,
    };
    let sharing = Sharing::of(system, &card, account.as_ref()).await?;
    let holding = sharing.card(&card).payments.into_iter().filter(|payment| payment.ended.is_some());
    let holding: BTreeSet<PaymentId> = holding.map(|payment| payment.payment_id).collect();
    let others = fault!(OthersEndNotCleared, Vec::new(), sharing.into_cards());
    let mut held: Vec<Card> = std::iter::once(card).chain(others).collect();
    held.retain_mut(|card| !card.clear_ends(&holding).is_empty());
    Ok(held)
}
