//! Persons, and what is theirs: found by their own id or not at all.

use super::super::{OperationError, System, audit, lists, payers, recurring};
use super::real_accounts::{card_now, follow_number};
use super::{account_hold, own};
use crate::domain::autopay::bank_account::BankAccount;
use crate::domain::autopay::card::Card;
use crate::domain::autopay::ids::{BankAccountId, CardId, PersonId};
use crate::domain::autopay::item::Item;
use crate::domain::autopay::person::{HolderName, Person};
use crate::domain::autopay::refusal::AutopayRefusal;
use crate::domain::bank::mailing_address::MailingAddress;
use crate::domain::batch::Idempotent;
use crate::domain::deadline::Deadline;
use crate::domain::payment::Payment;
use crate::ports::table::{Change, Cursor, TableError};
use crate::store::keys;
use crate::store::stored::{create, read, replace};

/// Who holds the accounts, as they enter it when they link.
#[derive(Clone, PartialEq, Eq)]
pub struct Holder {
    pub name: HolderName,
    /// Printed on their checks.
    pub address: Option<MailingAddress>,
}

impl std::fmt::Debug for Holder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Holder")
    }
}

/// The person as they name themselves, put down if they are new.
pub async fn ensure(system: &System, id: PersonId, holder: Holder) -> Result<Person, OperationError> {
    let name = holder.name.as_str().to_owned();
    let now = system.clock.business_now();
    let Some(mut known) = read::<Person>(&*system.table, &keys::person(id)).await? else {
        let person = Person { address: holder.address, ..Person::new(id, name, now) };
        system.table.write(vec![create(&person)?, named(system, id)?]).await?;
        return Ok(person);
    };
    let address = holder.address.or_else(|| known.address.clone());
    if known.name == name && known.address == address {
        return Ok(known);
    }
    known.name = name;
    known.address = address;
    known.updated_at = now;
    system.table.write(vec![replace(&mut known)?, named(system, id)?]).await?;
    Ok(known)
}

/// That they gave a name or address, not which.
fn named(system: &System, id: PersonId) -> Result<Change, TableError> {
    audit::entry(system, &id.to_string(), "name_holder", &id.to_string(), None)
}

/// Opens the person's own account at the bank, once: their id is the key. Before their first debit, by the worker: nobody else holds the
/// bank's key. A refusal for a reason of ours lets the person rest.
pub(crate) async fn ensure_bank_account(
    system: &System,
    mut person: Person,
    deadline: Deadline,
) -> Result<Person, OperationError> {
    if person.column_bank_account_id.is_some() {
        return Ok(person);
    }
    let key = format!("account:{}", person.id);
    recurring::begin(system).await?;
    let opened = payers::open_bank_account(system, &person, &key, deadline).await?;
    person.column_bank_account_id = Some(opened.id);
    person.updated_at = system.clock.business_now();
    match system.table.write(vec![replace(&mut person)?]).await {
        Ok(()) => Ok(person),
        Err(TableError::ConditionFailed { .. }) => payers::load_person(system, person.id).await,
        Err(other) => Err(other.into()),
    }
}

/// An operator has looked into why debits are blocked, or a bank account was frozen: they may be made again, by whoever else has the bank
/// account too.
pub async fn clear_block(system: &System, id: PersonId, caller: &str, note: &str) -> Result<Person, OperationError> {
    if fault!(OwnBlockCleared, false, own::is_own(system, caller, id).await?) {
        return Err(AutopayRefusal::OwnBlock.into());
    }
    let mut person = payers::load_person(system, id).await?;
    let mut changes = account_hold::reopen(system, id).await?;
    match person.clear_block(system.clock.business_now()) {
        Idempotent::AlreadyApplied => {}
        Idempotent::Executed => changes.push(replace(&mut person)?),
    }
    if !changes.is_empty() {
        changes.push(audit::entry(system, caller, "clear_debit_block", &id.to_string(), Some(note))?);
        system.table.write(changes).await?;
    }
    Ok(person)
}

/// A card of theirs; one that they said is another is that one.
pub async fn card(system: &System, person: PersonId, id: CardId) -> Result<Card, OperationError> {
    let card = card_now(system, id).await?;
    card.filter(|card| card.person_id == person).ok_or_else(|| OperationError::not_found("card", id))
}

pub async fn bank_account(system: &System, person: PersonId, id: BankAccountId) -> Result<BankAccount, OperationError> {
    let account: Option<BankAccount> = read(&*system.table, &keys::bank_account(id)).await?;
    account.filter(|account| account.person_id == person).ok_or_else(|| OperationError::not_found("bank account", id))
}

pub async fn item(system: &System, person: PersonId, id: &str) -> Result<Item, OperationError> {
    let item: Option<Item> = read(&*system.table, &keys::item(id)).await?;
    item.filter(|item| item.person_id == person).ok_or_else(|| OperationError::not_found("item", id))
}

pub async fn items(system: &System, person: PersonId) -> Result<Vec<Item>, OperationError> {
    lists::all(system, &keys::list_of_items(person)).await
}

pub async fn cards(system: &System, person: PersonId) -> Result<Vec<Card>, OperationError> {
    lists::all(system, &keys::list_of_cards(person)).await
}

/// Their bank accounts as they can be used: closed where the number is that debits of them go to.
pub async fn bank_accounts_now(system: &System, person: PersonId) -> Result<Vec<BankAccount>, OperationError> {
    let mut accounts = bank_accounts(system, person).await?;
    for account in &mut accounts {
        follow_number(system, account).await?;
    }
    Ok(accounts)
}

pub async fn bank_accounts(system: &System, person: PersonId) -> Result<Vec<BankAccount>, OperationError> {
    lists::all(system, &keys::list_of_bank_accounts(person)).await
}

/// The payments of a card of theirs, newest first.
pub async fn payments(
    system: &System,
    person: PersonId,
    card_id: CardId,
    after: Option<Cursor>,
    most: u32,
) -> Result<lists::Listed<Payment>, OperationError> {
    let card = card(system, person, card_id).await?;
    lists::payments_of_card(system, card.id, after, most).await
}
