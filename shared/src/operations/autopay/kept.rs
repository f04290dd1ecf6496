//! What a reading of an item changes besides the item: its cards and bank accounts, each under the version it was read at.

use std::collections::BTreeMap;

use super::super::system::Vault;
use super::super::{OperationError, System};
use super::reading::{self, Found, FoundBankAccount, Keys};
use crate::domain::autopay::bank_account::BankAccount;
use crate::domain::autopay::card::Card;
use crate::domain::autopay::identity::bank_account_parts;
use crate::domain::autopay::ids::{BankAccountId, CardId};
use crate::domain::autopay::item::Item;
use crate::ports::table::{Change, TableError};
use crate::store::keys;
use crate::store::stored::{create, read, replace};

/// The writes of a reading besides the item's.
#[derive(Default)]
pub(super) struct Kept {
    pub changes: Vec<Change>,
    /// Cards that are due for a review.
    pub reviews: Vec<CardId>,
}

impl Kept {
    pub(super) async fn cards(
        &mut self,
        system: &System,
        item: &mut Item,
        found: &Found,
        vault: &Vault,
    ) -> Result<(), OperationError> {
        let known = item.cards.clone();
        let mut seen = Vec::new();
        for card in found.cards(item, vault)? {
            item.cards.insert(card.account_id().to_owned(), card.id);
            seen.push(card.id);
            match read::<Card>(&*system.table, &keys::card(card.id)).await? {
                None => self.changes.push(create(&card.first(item, found))?),
                Some(stored) if !may_read(system, &stored.item_id, item).await? => {}
                Some(mut stored) => {
                    card.update(&mut stored, item, found);
                    self.put_card(stored)?;
                }
            }
        }
        let gone: BTreeMap<_, _> = known.into_iter().map(|(account_id, id)| (id, account_id)).collect();
        for id in gone.into_keys().filter(|id| !seen.contains(id)) {
            let stored: Option<Card> = read(&*system.table, &keys::card(id)).await?;
            if let Some(mut stored) = stored.filter(|stored| stored.item_id == item.id) {
                reading::mark_gone(&mut stored, found.at);
                self.put_card(stored)?;
            }
        }
        Ok(())
    }

    fn put_card(&mut self, mut card: Card) -> Result<(), TableError> {
        if card.due_at.is_some() {
            self.reviews.push(card.id);
        }
        self.changes.push(replace(&mut card)?);
        Ok(())
    }

    pub(super) async fn bank_accounts(
        &mut self,
        system: &System,
        item: &mut Item,
        found: &Found,
        vault: &Vault,
    ) -> Result<(), OperationError> {
        let known = item.bank_accounts.clone();
        let mut seen: Vec<BankAccountId> = Vec::new();
        let keys_at_hand = Keys { vault, random: &*system.random };
        for account in &found.accounts {
            let Some(account_type) = reading::bank_account_type(account) else { continue };
            let numbers = found.numbers.iter().find(|numbers| numbers.account_id == account.account_id);
            let here = FoundBankAccount { account, account_type, numbers };
            let Some(id) = id_of(item, &here, vault)? else { continue };
            item.bank_accounts.insert(account.account_id.clone(), id);
            if seen.contains(&id) {
                continue;
            }
            seen.push(id);
            match read::<BankAccount>(&*system.table, &keys::bank_account(id)).await? {
                None => {
                    let first = here.first(id, item, found, &keys_at_hand)?;
                    self.changes.extend(first.map(|first| create(&first)).transpose()?);
                }
                Some(stored) if !may_read(system, &stored.item_id, item).await? => {}
                Some(mut stored) => {
                    here.update(&mut stored, item, found, &keys_at_hand)?;
                    self.changes.push(replace(&mut stored)?);
                }
            }
        }
        for id in known.into_values().filter(|id| !seen.contains(id)) {
            let stored: Option<BankAccount> = read(&*system.table, &keys::bank_account(id)).await?;
            if let Some(mut stored) = stored.filter(|stored| stored.item_id == item.id)
                && reading::mark_withdrawn(&mut stored, found.at)
            {
                self.changes.push(replace(&mut stored)?);
            }
        }
        Ok(())
    }
}

/// What the account is known by: as before, else by its identity, which takes its numbers.
fn id_of(item: &Item, here: &FoundBankAccount<'_>, vault: &Vault) -> Result<Option<BankAccountId>, OperationError> {
    if let Some(known) = item.bank_accounts.get(&here.account.account_id) {
        return Ok(Some(*known));
    }
    let Some(numbers) = here.numbers else { return Ok(None) };
    let persistent = here.account.persistent_account_id.as_deref();
    let parts = bank_account_parts(item.person_id, persistent, &numbers.routing_number, &numbers.account_number);
    Ok(Some(BankAccountId::of_fingerprint(vault.fingerprints.fingerprint(&parts.expose()).as_str())?))
}

/// Whether this item may change what another one has read until now: the newer link is the one that the person uses.
async fn may_read(system: &System, reader_id: &str, item: &Item) -> Result<bool, OperationError> {
    if reader_id == item.id {
        return Ok(true);
    }
    let reader: Option<Item> = read(&*system.table, &keys::item(reader_id)).await?;
    let is_newer = |reader: &Item| (item.created_at, &item.id) > (reader.created_at, &reader.id);
    Ok(reader.is_none_or(|reader| reader.state.is_over() || is_newer(&reader)))
}
