//! Setting a card up, step by step and in any order; what is left out stays as it is.

use super::super::{OperationError, System, audit, billers};
use super::{people, typed};
use crate::domain::autopay::card::Card;
use crate::domain::autopay::card_number::{CardNumber, fits_mask};
use crate::domain::autopay::ids::{BankAccountId, CardId, PersonId};
use crate::domain::autopay::refusal::AutopayRefusal;
use crate::domain::autopay::rule::{Caps, Rule};
use crate::domain::autopay::setup::{Missing, SealedCardNumber, missing};
use crate::domain::ids::PaymentId;
use crate::domain::task::Task;
use crate::ports::table::Change;
use crate::store::keys;
use crate::store::stored::replace;

/// What a person chooses at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    pub bank_account_id: Option<BankAccountId>,
    pub rule: Option<Rule>,
    pub caps: Option<Caps>,
    pub card_number: Option<CardNumber>,
}

impl Chosen {
    /// Which parts were chosen, not what.
    fn named(&self) -> String {
        let parts = [
            ("bank_account", self.bank_account_id.is_some()),
            ("rule", self.rule.is_some()),
            ("caps", self.caps.is_some()),
            ("card_number", self.card_number.is_some()),
        ];
        let chosen = parts.iter().filter(|(_, is_chosen)| *is_chosen).map(|(name, _)| *name);
        chosen.collect::<Vec<_>>().join(", ")
    }
}

/// What is still to be done before the card can be paid.
pub async fn missing_of(system: &System, card: &Card) -> Result<Vec<Missing>, OperationError> {
    let has_remittance_address = billers::remittance(system, &card.institution_id).await?.is_some();
    Ok(missing(card, has_remittance_address))
}

/// Takes over what the person chose. The same again changes nothing.
pub async fn choose(
    system: &System,
    person: PersonId,
    card_id: CardId,
    chosen: Chosen,
) -> Result<Card, OperationError> {
    let mut card = people::card(system, person, card_id).await?;
    let detail = chosen.named();
    let mut claims = Vec::new();
    if let Some(id) = chosen.bank_account_id {
        people::bank_account(system, person, id).await?;
        card.setup.bank_account_id = Some(id);
    }
    if let Some(rule) = chosen.rule {
        rule.check().map_err(AutopayRefusal::Rule)?;
        card.setup.rule = Some(rule);
    }
    if let Some(caps) = chosen.caps {
        caps.check().map_err(AutopayRefusal::Rule)?;
        card.setup.caps = caps;
    }
    if let Some(number) = chosen.card_number {
        if fault!(CardNumberOfAnotherCard, false, !fits_mask(number.last_four(), card.mask.as_deref())) {
            return Err(AutopayRefusal::OtherCardNumber.into());
        }
        claims = typed::claim_number(system, &mut card, &number).await?;
        card.setup.card_number = Some(sealed(system, card.id, &number).await?);
    }
    save(system, card, claims, "set_up_autopay", &detail).await
}

async fn sealed(system: &System, card_id: CardId, number: &CardNumber) -> Result<SealedCardNumber, OperationError> {
    let vault = system.vault().await?;
    let sealed = vault.sealing.seal(number.expose(), &keys::card(card_id).pk, &*system.random)?;
    Ok(SealedCardNumber { sealed: sealed.as_str().to_owned(), last4: number.last_four().to_owned() })
}

/// Saves a card that its person changed, and has it reviewed.
async fn save(
    system: &System,
    mut card: Card,
    claims: Vec<Change>,
    action: &str,
    detail: &str,
) -> Result<Card, OperationError> {
    let now = system.clock.business_now();
    card.updated_at = now;
    card.due_at = Some(now);
    let (actor, subject) = (card.person_id.to_string(), card.id.to_string());
    let entry = audit::entry(system, &actor, action, &subject, Some(detail))?;
    system.table.write([replace(&mut card)?, entry].into_iter().chain(claims).collect()).await?;
    // What was decided otherwise and has not left is given up at once.
    let open = card.open_payments().map(|open| Task::Advance { payment_id: open.payment_id });
    system.hint([Task::Review { card_id: card.id }].into_iter().chain(open)).await;
    Ok(card)
}

/// The person says that the issuer credited a payment that Plaid does not show. Said again, nothing changes.
pub async fn confirm_posted(
    system: &System,
    person: PersonId,
    card_id: CardId,
    payment_id: PaymentId,
) -> Result<Card, OperationError> {
    let mut card = people::card(system, person, card_id).await?;
    let payment = card.payments.iter_mut().find(|payment| payment.payment_id == payment_id);
    let payment = payment.ok_or_else(|| OperationError::not_found("payment", payment_id))?;
    if payment.confirmed(system.clock.business_now()) {
        let card = save(system, card, Vec::new(), "confirm_posted", &payment_id.to_string()).await?;
        // The balance that is known is from before their word.
        system.hint([Task::ReadItem { item_id: card.item_id.clone() }]).await;
        return Ok(card);
    }
    if payment.is_shown() || payment.is_confirmed() { Ok(card) } else { Err(AutopayRefusal::NotCashed.into()) }
}
