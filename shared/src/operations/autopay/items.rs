//! What happens to an item besides being read: a webhook's word, an error, its removal.

use super::super::system::minutes_from;
use super::super::{OperationError, System, audit};
use super::real_accounts::Claims;
use super::review::unchanged;
use super::{authorization, in_parts, link, notices, people};
use crate::domain::autopay::bank_account::{BankAccount, UnusableReason};
use crate::domain::autopay::card::Card;
use crate::domain::autopay::ids::{BankAccountId, CardId, PersonId};
use crate::domain::autopay::item::{Item, ItemEvent, ItemNotice};
use crate::domain::autopay::notice::{NoticeKind, Recipient};
use crate::domain::deadline::Deadline;
use crate::domain::task::Task;
use crate::ports::table::{Change, TableError};
use crate::store::keys;
use crate::store::stored::{read, replace};

/// Writes tried before others are asked to be quicker.
pub(super) const TRIES_MAX: usize = 5;

/// A token that could not be given back is tried again after this.
const AGAIN_MINUTES: i64 = 15;

/// What is done to an item.
#[derive(Clone, Copy)]
enum Doing<'a> {
    Event(ItemEvent),
    /// A person's own doing, as the audit calls it.
    DoneBy {
        person: PersonId,
        event: ItemEvent,
        action: &'a str,
    },
    StopUsing {
        account_ids: &'a [String],
        reason: UnusableReason,
    },
    ReadSoon,
}

/// What a write does to an item and to its bank accounts.
#[derive(Default)]
pub(super) struct ItemChanges {
    of_accounts: Vec<Change>,
    of_item: Vec<Change>,
}

impl ItemChanges {
    /// Writes all of it, the accounts first: a permission has ended for each of them before its link is over.
    pub(super) async fn write(self, system: &System, as_read: &Change) -> Result<(), TableError> {
        let Self { of_accounts, of_item } = self;
        fault!(LargeLinkNeverEnds, return system.table.write(of_accounts.into_iter().chain(of_item).collect()).await);
        in_parts::write(system, of_accounts, as_read, of_item).await
    }
}

/// What a write does to bank accounts of an item.
#[derive(Default)]
struct AccountChanges {
    accounts: Vec<Change>,
    /// What the accounts alone knew of returns.
    returns: Claims,
}

impl AccountChanges {
    /// The returns first: an account forgets its own in its put.
    fn changes(self) -> Result<Vec<Change>, TableError> {
        let mut changes = self.returns.changes()?;
        changes.extend(self.accounts);
        Ok(changes)
    }
}

/// Applies an event to an item, tells the person, and has it read where it is due.
pub(crate) async fn happened(system: &System, item_id: &str, event: ItemEvent) -> Result<(), OperationError> {
    apply(system, item_id, Doing::Event(event)).await
}

/// Applies what the person did to their item, with its entry in the audit.
pub(super) async fn done_by(
    system: &System,
    person: PersonId,
    item_id: &str,
    event: ItemEvent,
    action: &str,
) -> Result<(), OperationError> {
    apply(system, item_id, Doing::DoneBy { person, event, action }).await
}

/// Stops using bank accounts of an item at once: those named, or all; and has the item read.
pub(crate) async fn stop_using(
    system: &System,
    item_id: &str,
    account_ids: &[String],
    reason: UnusableReason,
) -> Result<(), OperationError> {
    apply(system, item_id, Doing::StopUsing { account_ids, reason }).await
}

/// Has the numbers of the person's other links to this institution read anew, and debits none of their accounts meanwhile: a bank account
/// that is new here may be one of theirs whose number has changed without a word.
pub(super) async fn compare_numbers(system: &System, item: &Item) -> Result<(), OperationError> {
    let others = people::items(system, item.person_id).await?.into_iter();
    let is_beside = |other: &Item| other.id != item.id && other.institution_id == item.institution_id;
    for other in others.filter(|other| is_beside(other) && !other.state.is_over() && !other.bank_accounts.is_empty()) {
        stop_using(system, &other.id, &[], UnusableReason::NumbersChanged).await?;
    }
    Ok(())
}

/// Has an item read soon, even if somebody is reading it now: what they found may be older than what this hint is about.
pub async fn read_soon(system: &System, item_id: &str) -> Result<(), OperationError> {
    apply(system, item_id, Doing::ReadSoon).await
}

/// An item that nobody linked here is none of ours.
async fn apply(system: &System, item_id: &str, doing: Doing<'_>) -> Result<(), OperationError> {
    for _ in 0..TRIES_MAX {
        let Some(mut item) = read::<Item>(&*system.table, &keys::item(item_id)).await? else { return Ok(()) };
        let as_read = unchanged(&mut item);
        let changes = match doing {
            Doing::Event(event) => changes(system, &mut item, event).await?,
            Doing::DoneBy { person, event, action } => {
                let mut changes = changes(system, &mut item, event).await?;
                changes.of_item.push(audit::entry(system, &person.to_string(), action, item_id, None)?);
                changes
            }
            Doing::StopUsing { account_ids, reason } => stopped(system, &mut item, account_ids, reason).await?,
            Doing::ReadSoon => ItemChanges { of_item: vec![due_now(system, &mut item)?], ..ItemChanges::default() },
        };
        match changes.write(system, &as_read).await {
            Ok(()) => {
                if item.is_due(system.clock.business_now()) {
                    system.hint([Task::ReadItem { item_id: item.id }]).await;
                }
                return Ok(());
            }
            Err(TableError::ConditionFailed { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(OperationError::Contended(format!("item {item_id}")))
}

fn due_now(system: &System, item: &mut Item) -> Result<Change, TableError> {
    item.due_at = Some(system.clock.business_now());
    replace(item)
}

async fn stopped(
    system: &System,
    item: &mut Item,
    account_ids: &[String],
    reason: UnusableReason,
) -> Result<ItemChanges, OperationError> {
    let is_meant = |account_id: &str| account_ids.is_empty() || account_ids.iter().any(|meant| meant == account_id);
    let ids = item.bank_accounts_of(is_meant);
    let of_item = vec![due_now(system, item)?];
    let mut of_accounts = AccountChanges::default();
    for id in ids {
        unusable(system, &mut of_accounts, item, id, reason).await?;
    }
    Ok(ItemChanges { of_accounts: of_accounts.changes()?, of_item })
}

/// The write of an event: the item, its notice, and, where the permission is gone, its bank accounts.
pub(super) async fn changes(system: &System, item: &mut Item, event: ItemEvent) -> Result<ItemChanges, OperationError> {
    let was_over = item.state.is_over();
    let told = item.apply(event, system.clock.business_now());
    let mut of_item = vec![replace(item)?];
    of_item.extend(notice(system, item, told).await?);
    let mut of_accounts = AccountChanges::default();
    if item.state.is_over() && !was_over {
        for id in item.each_bank_account() {
            ended(system, &mut of_accounts, item, id).await?;
        }
    }
    Ok(ItemChanges { of_accounts: of_accounts.changes()?, of_item })
}

/// The put of what the person is told of an item, once per occasion.
pub(super) async fn notice(
    system: &System,
    item: &Item,
    what: Option<ItemNotice>,
) -> Result<Vec<Change>, OperationError> {
    let Some(what) = what else { return Ok(Vec::new()) };
    let (item_id, institution_name) = (item.id.clone(), item.institution_name.clone());
    let kind = NoticeKind::Item { item_id, institution_name, what };
    notices::puts(system, Recipient::Person(item.person_id), [kind]).await
}

/// Ends what was agreed to for a bank account of a link that is over.
async fn ended(
    system: &System,
    changes: &mut AccountChanges,
    item: &Item,
    id: BankAccountId,
) -> Result<(), OperationError> {
    let Some(mut account) = of_item(system, item, id).await? else { return Ok(()) };
    changes.returns.hold_returns_of(system, &account).await?;
    let now = system.clock.business_now();
    account.permission_ended_at = Some(now);
    account.stop_using(UnusableReason::Withdrawn, now);
    account.updated_at = now;
    changes.accounts.push(replace(&mut account)?);
    Ok(())
}

/// A bank account of this item, unless another item reads it by now.
async fn of_item(system: &System, item: &Item, id: BankAccountId) -> Result<Option<BankAccount>, OperationError> {
    let account: Option<BankAccount> = read(&*system.table, &keys::bank_account(id)).await?;
    Ok(account.filter(|account| account.item_id == item.id))
}

/// Keeps a bank account of this item from being debited. One that is read by another item by now stays as it is.
async fn unusable(
    system: &System,
    changes: &mut AccountChanges,
    item: &Item,
    id: BankAccountId,
    reason: UnusableReason,
) -> Result<(), OperationError> {
    let Some(mut account) = of_item(system, item, id).await? else { return Ok(()) };
    let before = account.clone();
    let now = system.clock.business_now();
    if account.stop_using(reason, now) {
        changes.returns.hold_returns_of(system, &before).await?;
        account.updated_at = now;
        changes.accounts.push(replace(&mut account)?);
    }
    Ok(())
}

/// The person removes a link: no debit is made for its cards or from its bank accounts any more, Plaid takes the token back, and the
/// history stays.
pub async fn remove(
    system: &System,
    person: PersonId,
    item_id: &str,
    ip_address: &str,
    deadline: Deadline,
) -> Result<Item, OperationError> {
    let item = people::item(system, person, item_id).await?;
    for card_id in item.cards.values() {
        let card = people::card(system, person, *card_id).await?;
        if card.item_id == item.id && card.authorization.is_some() {
            authorization::revoke(system, person, card.id, ip_address).await?;
        }
    }
    for card_id in debiting(system, &item).await? {
        authorization::revoke(system, person, card_id, ip_address).await?;
    }
    done_by(system, person, item_id, ItemEvent::Removed, "remove_item").await?;
    let item = people::item(system, person, item_id).await?;
    if let Err(error) = revoke_access_token(system, item, deadline).await {
        tracing::warn!(item = item_id, %error, "the token of a removed item is given back later");
    }
    people::item(system, person, item_id).await
}

/// The person's cards that are paid from a bank account of this item. What the list does not show yet is barred by the end of the link.
async fn debiting(system: &System, item: &Item) -> Result<Vec<CardId>, OperationError> {
    let mut ending = Vec::new();
    for id in item.each_bank_account() {
        ending.extend(of_item(system, item, id).await?.map(|account| account.id));
    }
    let is_ending = |card: &Card| {
        card.authorization.as_ref().is_some_and(|known| known.stands() && ending.contains(&known.bank_account_id))
    };
    let cards = people::cards(system, item.person_id).await?;
    Ok(fault!(
        PermissionOutlivesLink,
        Vec::new(),
        cards.iter().filter(|card| is_ending(card)).map(|card| card.id).collect()
    ))
}

/// Has Plaid end an item that is over here, and forgets its token. Stays due until that is done.
pub(super) async fn revoke_access_token(
    system: &System,
    mut item: Item,
    deadline: Deadline,
) -> Result<(), OperationError> {
    if item.sealed_access_token.is_none() {
        return Ok(());
    }
    item.due_at = Some(minutes_from(system.clock.business_now(), AGAIN_MINUTES));
    match system.table.write(vec![replace(&mut item)?]).await {
        Ok(()) => {}
        Err(TableError::ConditionFailed { .. }) => return Ok(()),
        Err(other) => return Err(other.into()),
    }
    let token = link::access_token(system, &item).await?;
    system.plaid().await?.remove_item(&token, deadline).await?;
    item.forget_token(system.clock.business_now());
    match system.table.write(vec![replace(&mut item)?]).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}
