//! What holds a card's next payment back because of how an earlier one ended: operators are told, and lift it.

use super::{notices, own};
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
    let mut card = card.ok_or_else(|| OperationError::not_found("card", card_id))?;
    if own::is_own(system, caller, card.person_id).await? {
        return Err(AutopayRefusal::OwnBlock.into());
    }
    if card.clear_ends().is_empty() {
        return Ok(card);
    }
    let now = system.clock.business_now();
    card.updated_at = now;
    card.due_at = Some(now);
    let entry = audit::entry(system, caller, "clear_hold", &card_id.to_string(), Some(note))?;
    system.table.write(vec![replace(&mut card)?, entry]).await?;
    system.hint([Task::Review { card_id }]).await;
    Ok(card)
}
