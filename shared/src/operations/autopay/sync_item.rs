//! Reading an item: its state, accounts, bills, transactions, and the numbers of its bank accounts.
//!
//! Guarantees: one reading of an item at a time; the cursor is written with the last of what was read up to it, never before; a
//! failed reading leaves everything as it was, with the item's state and the time of its next reading. A card or bank account that two
//! items show is read by the newer one.

use jiff::{SignedDuration, Timestamp};

use super::super::{OperationError, System};
use super::in_parts;
use super::items::{self, TRIES_MAX};
use super::link;
use super::review::unchanged;
use super::snapshot::{self, Found};
use super::sync_accounts::Kept;
use crate::adapters::plaid::PlaidClient;
use crate::domain::autopay::bank_account::{BankAccount, UnusableReason};
use crate::domain::autopay::item::{Item, ItemEvent, ItemState, event_of};
use crate::domain::deadline::Deadline;
use crate::domain::plaid::account::PlaidAccount;
use crate::domain::plaid::auth::AchNumbers;
use crate::domain::plaid::error::{PlaidError, of_fault};
use crate::domain::plaid::liability::CardLiability;
use crate::domain::plaid::transaction::TransactionChanges;
use crate::domain::secret::AccessToken;
use crate::domain::task::Task;
use crate::ports::table::{Change, TableError};
use crate::store::keys;
use crate::store::stored::{read as read_stored, replace};

/// The person is asked to renew a consent this long before it ends.
const RENEWAL_DAYS: i64 = 7;

/// Why a reading came to nothing.
enum Failure {
    /// Plaid's word about the item.
    Plaid(PlaidError),
    Ours(OperationError),
}

impl From<PlaidError> for Failure {
    fn from(error: PlaidError) -> Self {
        Self::Plaid(error)
    }
}

impl From<OperationError> for Failure {
    fn from(error: OperationError) -> Self {
        Self::Ours(error)
    }
}

/// Reads an item that is due and has its cards reviewed. One that is not due has been read meanwhile; one that somebody else is reading
/// becomes due again where that comes to nothing.
pub async fn sync_item(system: &System, item_id: &str, deadline: Deadline) -> Result<(), OperationError> {
    let Some(item) = read_stored::<Item>(&*system.table, &keys::item(item_id)).await? else { return Ok(()) };
    if item.state.is_over() {
        return items::revoke_access_token(system, item, deadline).await;
    }
    if !item.is_due(system.clock.business_now()) || item.is_being_read(system.clock.elapsed_now()) {
        return Ok(());
    }
    let Some(claimed) = claim(system, item).await? else { return Ok(()) };
    match find(system, &claimed, deadline).await {
        Ok(found) => keep(system, &claimed, &found, deadline).await,
        Err(Failure::Plaid(error)) => failed(system, &claimed, &error).await,
        Err(Failure::Ours(error)) => Err(error),
    }
}

/// Takes the item for as long as a reading may last. It is due again when that has passed, in case this one never ends.
async fn claim(system: &System, mut item: Item) -> Result<Option<Item>, OperationError> {
    let lease = SignedDuration::try_from(system.settings.lease).unwrap_or(SignedDuration::ZERO);
    item.reading_until = system.clock.elapsed_now().checked_add(lease).ok();
    item.due_at = system.clock.business_now().checked_add(lease).ok();
    match system.table.write(vec![replace(&mut item)?]).await {
        Ok(()) => Ok(Some(item)),
        Err(TableError::ConditionFailed { .. }) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

async fn find(system: &System, item: &Item, deadline: Deadline) -> Result<Found, Failure> {
    let token = link::access_token(system, item).await?;
    let plaid = system.plaid().await?;
    let at = system.clock.business_now();
    let answer = plaid.item(&token, deadline).await?;
    if let Some(fault) = &answer.item.error {
        return Err(of_fault(fault).into());
    }
    let (accounts, liabilities) = accounts_and_bills(&plaid, &token, item, deadline).await?;
    let transactions = match plaid.transactions(&token, item.transactions_cursor.as_deref(), deadline).await {
        Ok(changes) => changes,
        Err(PlaidError::NotSupported { .. }) => TransactionChanges::default(),
        Err(other) => return Err(other.into()),
    };
    let mut found = Found {
        at,
        item: answer.item,
        status: answer.status,
        accounts,
        liabilities,
        transactions,
        numbers: Vec::new(),
    };
    if wants_numbers(system, item, &found).await? {
        found.numbers = numbers(&plaid, &token, deadline).await?;
    }
    Ok(found)
}

/// The accounts, and the bills of the cards among them. An item of which no card is known is asked for its accounts first, so that a
/// bank is never asked for bills.
async fn accounts_and_bills(
    plaid: &PlaidClient,
    token: &AccessToken,
    item: &Item,
    deadline: Deadline,
) -> Result<(Vec<PlaidAccount>, Vec<CardLiability>), PlaidError> {
    if item.cards.is_empty() {
        let accounts = plaid.accounts(token, deadline).await?.accounts;
        if !accounts.iter().any(snapshot::is_card) {
            return Ok((accounts, Vec::new()));
        }
    }
    match plaid.liabilities(token, deadline).await {
        Ok(answer) => Ok((answer.accounts, answer.cards)),
        Err(PlaidError::NoLiabilities | PlaidError::NotSupported { .. }) => {
            Ok((plaid.accounts(token, deadline).await?.accounts, Vec::new()))
        }
        Err(other) => Err(other),
    }
}

/// Numbers are asked for once, and again when the bank has changed them or the account was away.
async fn wants_numbers(system: &System, item: &Item, found: &Found) -> Result<bool, OperationError> {
    for account in found.accounts.iter().filter(|account| snapshot::bank_account_type(account).is_some()) {
        let Some(id) = item.bank_accounts.get(&account.account_id) else { return Ok(true) };
        let known: Option<BankAccount> = read_stored(&*system.table, &keys::bank_account(*id)).await?;
        let has_changed = |known: BankAccount| match known.unusable.map(|unusable| unusable.reason) {
            Some(UnusableReason::NumbersChanged | UnusableReason::Withdrawn) => true,
            Some(UnusableReason::Returned(_)) | None => false,
        };
        if known.is_none_or(has_changed) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The numbers of the accounts that let themselves be debited.
async fn numbers(plaid: &PlaidClient, token: &AccessToken, deadline: Deadline) -> Result<Vec<AchNumbers>, PlaidError> {
    match plaid.auth(token, deadline).await {
        Ok(answer) => Ok(answer.ach.into_iter().filter(|numbers| numbers.can_be_debited != Some(false)).collect()),
        Err(PlaidError::NotSupported { .. }) => Ok(Vec::new()),
        // None of the accounts can be debited: no login of the person's would change that.
        Err(PlaidError::ConsentOrPermission { code }) if code == "NO_AUTH_ACCOUNTS" => Ok(Vec::new()),
        Err(other) => Err(other),
    }
}

/// Notes what Plaid's error says of the item.
async fn failed(system: &System, claimed: &Item, error: &PlaidError) -> Result<(), OperationError> {
    let event = event_of(error);
    if event == ItemEvent::NotReady && !error.retryable() {
        tracing::error!(item = claimed.id, %error, "alarm: an item cannot be read until an operator has looked into it");
    } else {
        tracing::warn!(item = claimed.id, %error, "an item could not be read");
    }
    release(system, &claimed.id, event).await
}

/// Ends the claim with what was learned of the item.
async fn release(system: &System, item_id: &str, event: ItemEvent) -> Result<(), OperationError> {
    for _ in 0..TRIES_MAX {
        let Some(mut item) = read_stored::<Item>(&*system.table, &keys::item(item_id)).await? else { return Ok(()) };
        let as_read = unchanged(&mut item);
        item.reading_until = None;
        let changes = items::changes(system, &mut item, event).await?;
        match changes.write(system, &as_read).await {
            Ok(()) => return Ok(()),
            Err(TableError::ConditionFailed { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(OperationError::Contended(format!("item {item_id}")))
}

/// Writes what was found, with the item. Whoever changed the item meanwhile asked for something newer: then it is read again at once.
async fn keep(system: &System, claimed: &Item, found: &Found, deadline: Deadline) -> Result<(), OperationError> {
    let vault = system.vault().await?;
    for _ in 0..TRIES_MAX {
        let Some(mut item) = read_stored::<Item>(&*system.table, &keys::item(&claimed.id)).await? else {
            return Ok(());
        };
        if item.state.is_over() {
            return items::revoke_access_token(system, item, deadline).await;
        }
        if item.reading_until != claimed.reading_until {
            // The claim ran out, and another reading has begun or ended since.
            return Ok(());
        }
        let was_changed = item.version != claimed.version;
        if let Some(id) = &found.item.institution_id {
            item.institution_id.clone_from(id);
        }
        if let Some(name) = &found.item.institution_name {
            item.institution_name.clone_from(name);
        }
        let as_read = unchanged(&mut item);
        let kept = Kept::of(system, &mut item, found, &vault).await?;
        if fault!(NumbersNotCompared, false, kept.has_new_bank_account) {
            items::compare_numbers(system, &item).await?;
        }
        let of_item = item_changes(system, &mut item, found, was_changed).await?;
        let written = fault!(
            LargeLinkUnread,
            system.table.write(kept.changes.into_iter().chain(of_item).collect()).await,
            in_parts::write(system, kept.changes, &as_read, of_item).await
        );
        match written {
            Ok(()) => {
                system.hint(kept.reviews.into_iter().map(|card_id| Task::Review { card_id })).await;
                if was_changed {
                    system.hint([Task::ReadItem { item_id: item.id.clone() }]).await;
                }
                return Ok(());
            }
            Err(TableError::ConditionFailed { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(OperationError::Contended(format!("item {}", claimed.id)))
}

/// The item after a reading, and what its person is told.
async fn item_changes(
    system: &System,
    item: &mut Item,
    found: &Found,
    was_changed: bool,
) -> Result<Vec<Change>, OperationError> {
    let now = system.clock.business_now();
    let until = found.item.consent_expiration_time;
    if is_repaired(item.state, until) {
        item.apply(ItemEvent::Repaired, now);
    }
    item.consent_expires_at = until;
    let mut told = item.apply(ItemEvent::Read, now);
    if let Some(until) = until.filter(|until| ends_soon(*until, now)) {
        told = item.apply(ItemEvent::ConsentExpiring { until }, now);
    }
    if let Some(cursor) = &found.transactions.next_cursor {
        item.transactions_cursor = Some(cursor.clone());
    }
    item.reading_until = None;
    if was_changed {
        item.due_at = Some(now);
    }
    let notice = items::notice(system, item, told).await?;
    Ok([replace(item)?].into_iter().chain(notice).collect())
}

/// Plaid answers the item without an error, and with another end of its consent than the one that was about to come.
fn is_repaired(state: ItemState, consent_ends: Option<Timestamp>) -> bool {
    match state {
        ItemState::LoginRequired { .. } => true,
        ItemState::ConsentExpiring { until } => consent_ends.is_some_and(|ends| ends > until),
        ItemState::Healthy
        | ItemState::InstitutionDown { .. }
        | ItemState::Revoked { .. }
        | ItemState::Removed { .. } => false,
    }
}

fn ends_soon(until: Timestamp, now: Timestamp) -> bool {
    until.duration_since(now) <= SignedDuration::from_hours(24 * RENEWAL_DAYS)
}
