//! A person agrees to debits, or takes that back: either is kept as a record, word for word, and copied to the person. That a return ended
//! it is kept as well.

use jiff::Timestamp;

use super::super::{OperationError, System, audit};
use super::{notices, people};
use crate::domain::autopay::authorisation::{
    AmountRange, Authorisation, AuthorisationRecord, AuthorisationStep, RecordedStep, TEXT_VERSION, TextFacts, text,
};
use crate::domain::autopay::bank_account::BankAccount;
use crate::domain::autopay::card::Card;
use crate::domain::autopay::ids::{BankAccountId, CardId, PersonId};
use crate::domain::autopay::notice::{NoticeKind, Recipient};
use crate::domain::autopay::refusal::AutopayRefusal;
use crate::domain::batch::Command;
use crate::domain::task::Task;
use crate::ports::table::{Change, TableError};
use crate::store::stored::{create, replace};

/// What a person agrees to: the text that they read, for the bank account that it named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    pub text_version: u32,
    pub bank_account_id: BankAccountId,
    pub range: AmountRange,
}

/// The text for a card, the bank account that is chosen for it, and a range.
pub async fn text_for(
    system: &System,
    person: PersonId,
    card_id: CardId,
    range: AmountRange,
) -> Result<(BankAccountId, String), OperationError> {
    range.check().map_err(AutopayRefusal::Range)?;
    let card = people::card(system, person, card_id).await?;
    let account = chosen(system, &card).await?;
    Ok((account.id, words(system, &card, &account, range).await?))
}

async fn chosen(system: &System, card: &Card) -> Result<BankAccount, OperationError> {
    let id = card.setup.bank_account_id.ok_or(AutopayRefusal::NoBankAccount)?;
    people::bank_account(system, card.person_id, id).await
}

async fn words(
    system: &System,
    card: &Card,
    account: &BankAccount,
    range: AmountRange,
) -> Result<String, OperationError> {
    let bank = people::item(system, account.person_id, &account.item_id).await?;
    let bank_account_last4 = &account.account.account_last4;
    Ok(text(&TextFacts { card_name: &card.name, bank_name: &bank.institution_name, bank_account_last4, range }))
}

/// Turns autopay on. Agreeing to the same again changes nothing.
pub async fn agree(
    system: &System,
    person: PersonId,
    card_id: CardId,
    agreement: Agreement,
    ip_address: &str,
) -> Result<Card, OperationError> {
    agreement.range.check().map_err(AutopayRefusal::Range)?;
    let mut card = people::card(system, person, card_id).await?;
    if is_agreed(&card, &agreement) {
        return Ok(card);
    }
    if agreement.text_version != TEXT_VERSION {
        return Err(AutopayRefusal::OtherText { current: TEXT_VERSION }.into());
    }
    if card.has_twin {
        return Err(AutopayRefusal::CannotTellCardsApart.into());
    }
    let account = chosen(system, &card).await?;
    if account.id != agreement.bank_account_id {
        return Err(AutopayRefusal::OtherBankAccount.into());
    }
    let now = system.clock.business_now();
    let authorisation = Authorisation {
        text_version: TEXT_VERSION,
        bank_account_id: account.id,
        range: agreement.range,
        agreed_at: now,
        revoked_at: None,
        ended_by_return: None,
    };
    let text = words(system, &card, &account, agreement.range).await?;
    card.authorise(authorisation.clone());
    save(system, card, AuthorisationStep::Agreed, authorisation, text, ip_address).await
}

fn is_agreed(card: &Card, agreement: &Agreement) -> bool {
    let in_force = card.authorisation.as_ref().filter(|known| known.is_in_force(agreement.bank_account_id));
    in_force.is_some_and(|known| known.range == agreement.range && known.text_version == agreement.text_version)
}

/// Turns autopay off: no new debit is decided from now on. A payment that is open is looked at at once, so that a debit that has not left
/// stays here. Revoking again changes nothing.
pub async fn revoke(
    system: &System,
    person: PersonId,
    card_id: CardId,
    ip_address: &str,
) -> Result<Card, OperationError> {
    let mut card = people::card(system, person, card_id).await?;
    let Some(mut authorisation) = card.authorisation.clone() else { return Ok(card) };
    if authorisation.revoke(system.clock.business_now()) == Command::AlreadyApplied {
        return Ok(card);
    }
    let account = people::bank_account(system, person, authorisation.bank_account_id).await?;
    let text = words(system, &card, &account, authorisation.range).await?;
    card.authorise(authorisation.clone());
    save(system, card, AuthorisationStep::Revoked, authorisation, text, ip_address).await
}

/// The card, the record and the person's copy, in one write.
async fn save(
    system: &System,
    mut card: Card,
    step: AuthorisationStep,
    authorisation: Authorisation,
    text: String,
    ip_address: &str,
) -> Result<Card, OperationError> {
    let now = system.clock.business_now();
    card.updated_at = now;
    card.due_at = Some(now);
    let record = AuthorisationRecord {
        card_id: card.id,
        person_id: card.person_id,
        step: step.into(),
        text: Some(text.clone()),
        authorisation,
        ip_address: Some(ip_address.to_owned()),
        at: now,
        version: 1,
    };
    let kind = NoticeKind::Authorisation { card_id: card.id, step, at: now, text };
    let mut changes = notices::puts(system, Recipient::Person(card.person_id), [kind]).await?;
    let action = match step {
        AuthorisationStep::Agreed => "authorise_debits",
        AuthorisationStep::Revoked => "revoke_authorisation",
    };
    let entry = audit::entry(system, &card.person_id.to_string(), action, &card.id.to_string(), None)?;
    changes.extend([replace(&mut card)?, create(&record)?, entry]);
    system.table.write(changes).await?;
    let open = card.open_payment().map(|open| Task::Advance { payment_id: open.payment_id });
    system.hint([Task::Review { card_id: card.id }].into_iter().chain(open)).await;
    Ok(card)
}

/// The put of the record that a return ended the card's authorisation, for the write of that return.
pub(super) fn ended_by_return(
    card: &Card,
    authorisation: &Authorisation,
    now: Timestamp,
) -> Result<Change, TableError> {
    create(&AuthorisationRecord {
        card_id: card.id,
        person_id: card.person_id,
        step: RecordedStep::EndedByReturn,
        text: None,
        authorisation: authorisation.clone(),
        ip_address: None,
        at: now,
        version: 1,
    })
}
