//! A person agrees to debits, or takes that back: either is kept as a record, word for word, and copied to the person. That a return ended
//! it is kept as well.

use jiff::Timestamp;

use super::super::{OperationError, System, audit, billers, payers};
use super::account_hold::AccountHold;
use super::real_accounts::{self, Sharing};
use super::{notices, people};
use crate::domain::autopay::agreement::AgreedAccount;
use crate::domain::autopay::authorization::{
    AmountRange, Authorization, AuthorizationRecord, AuthorizationStep, RecordedStep, TEXT_VERSION, TextFacts, text,
    text_sha256,
};
use crate::domain::autopay::bank_account::BankAccount;
use crate::domain::autopay::card::Card;
use crate::domain::autopay::held::Present;
use crate::domain::autopay::ids::{BankAccountId, CardId, PersonId};
use crate::domain::autopay::notice::{NoticeKind, Outlook, Recipient};
use crate::domain::autopay::payment_effects;
use crate::domain::autopay::refusal::AutopayRefusal;
use crate::domain::batch::Idempotent;
use crate::domain::task::Task;
use crate::ports::table::{Change, TableError};
use crate::store::stored::{create, replace};

/// What a person agrees to: the text that they read, for the bank account that it named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    pub text_version: u32,
    /// Of the text that was shown.
    pub text_sha256: String,
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
    let account = match card.setup.bank_account_id {
        Some(_) => Some(chosen(system, &card).await?),
        None => None,
    };
    let shared = shared(system, &card, account.as_ref()).await?;
    let asked = fault!(AgreeingLooksAtOwnCard, &card, &shared);
    if account.as_ref().is_some_and(|account| is_agreed(asked, account, &agreement)) {
        return Ok(card);
    }
    if agreement.text_version != TEXT_VERSION {
        return Err(AutopayRefusal::OtherText { current: TEXT_VERSION }.into());
    }
    if card.has_duplicate {
        return Err(AutopayRefusal::CannotTellCardsApart.into());
    }
    if card.looks_like.is_some() {
        return Err(AutopayRefusal::CardLooksLikeAnother.into());
    }
    let account = account.ok_or(AutopayRefusal::NoBankAccount)?;
    if account.id != agreement.bank_account_id {
        return Err(AutopayRefusal::OtherBankAccount.into());
    }
    let now = system.clock.business_now();
    let text = words(system, &card, &account, agreement.range).await?;
    // What is recorded is what was read: a name, number or bank that has changed since makes another text.
    let sha256 = text_sha256(&text);
    if fault!(OtherTextRecorded, false, sha256 != agreement.text_sha256) {
        return Err(AutopayRefusal::OtherText { current: TEXT_VERSION }.into());
    }
    let authorization = Authorization {
        text_version: TEXT_VERSION,
        text_sha256: Some(sha256),
        bank_account_id: account.id,
        range: agreement.range,
        agreed_at: now,
        revoked_at: None,
        ended_by_return: None,
    };
    card.authorize(authorization.clone());
    card.agreed_account = Some(AgreedAccount::of(&account));
    save(system, card, AuthorizationStep::Agreed, authorization, text, ip_address).await
}

/// The card with what others who hold it have paid: what ended their payments may hold its next one back too.
async fn shared(system: &System, card: &Card, account: Option<&BankAccount>) -> Result<Card, OperationError> {
    Ok(Sharing::of(system, card, account).await?.card(card))
}

/// Whether the same stands already, and agreeing again would lift nothing.
fn is_agreed(card: &Card, account: &BankAccount, agreement: &Agreement) -> bool {
    let in_force = card.authorization.as_ref().filter(|known| known.is_in_force(agreement.bank_account_id));
    let is_same = in_force.is_some_and(|known| {
        let same_text = known.text_sha256.as_ref().is_none_or(|sha256| *sha256 == agreement.text_sha256);
        known.range == agreement.range && known.text_version == agreement.text_version && same_text
    });
    is_same && card.is_agreed_account(account) && !fault!(AgreeingAgainDoesNothing, false, card.is_held_until_agreed())
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
    let Some(mut authorization) = card.authorization.clone() else { return Ok(card) };
    if authorization.revoke(system.clock.business_now()) == Idempotent::AlreadyApplied {
        return Ok(card);
    }
    let account = people::bank_account(system, person, authorization.bank_account_id).await?;
    let text = words(system, &card, &account, authorization.range).await?;
    card.authorize(authorization.clone());
    save(system, card, AuthorizationStep::Revoked, authorization, text, ip_address).await
}

/// What still holds debits back that were just agreed to.
async fn outlook_of(system: &System, card: &Card) -> Result<Outlook, OperationError> {
    let person = payers::load_person(system, card.person_id).await?;
    let mut account = chosen(system, card).await?;
    real_accounts::follow_number(system, &mut account).await?;
    let remittance = billers::remittance(system, &card.institution_id).await?;
    let shared = shared(system, card, Some(&account)).await?;
    let present = Present { card: &shared, bank_account: &account, remittance: remittance.as_ref() };
    let is_held = AccountHold::of(system, &account).await?.is_held;
    Ok(payment_effects::outlook(&person, present).with_hold(is_held).with_debt(person.receivable_open))
}

/// The card, the record and the person's copy, in one write.
async fn save(
    system: &System,
    mut card: Card,
    step: AuthorizationStep,
    authorization: Authorization,
    text: String,
    ip_address: &str,
) -> Result<Card, OperationError> {
    let now = system.clock.business_now();
    card.updated_at = now;
    card.due_at = Some(now);
    let record = AuthorizationRecord {
        card_id: card.id,
        person_id: card.person_id,
        step: step.into(),
        text: Some(text.clone()),
        authorization,
        ip_address: Some(ip_address.to_owned()),
        at: now,
        version: 1,
    };
    let outlook = match step {
        AuthorizationStep::Agreed => outlook_of(system, &card).await?,
        AuthorizationStep::Revoked => Outlook::AgreeAnew,
    };
    let kind = NoticeKind::Authorization { card_id: card.id, step, at: now, text, outlook };
    let mut changes = notices::puts(system, Recipient::Person(card.person_id), [kind]).await?;
    let action = match step {
        AuthorizationStep::Agreed => "authorize_debits",
        AuthorizationStep::Revoked => "revoke_authorization",
    };
    let entry = audit::entry(system, &card.person_id.to_string(), action, &card.id.to_string(), None)?;
    changes.extend([replace(&mut card)?, create(&record)?, entry]);
    system.table.write(changes).await?;
    let open = card.open_payments().map(|open| Task::Advance { payment_id: open.payment_id });
    system.hint([Task::Review { card_id: card.id }].into_iter().chain(open)).await;
    Ok(card)
}

/// The put of the record that a return ended the card's authorization, for the write of that return.
pub(super) fn ended_by_return(
    card: &Card,
    authorization: &Authorization,
    now: Timestamp,
) -> Result<Change, TableError> {
    create(&AuthorizationRecord {
        card_id: card.id,
        person_id: card.person_id,
        step: RecordedStep::EndedByReturn,
        text: None,
        authorization: authorization.clone(),
        ip_address: None,
        at: now,
        version: 1,
    })
}
