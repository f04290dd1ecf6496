//! What a reading of an item changes besides the item: its cards and bank accounts, each under the version it was read at.

use std::collections::BTreeMap;

use super::super::system::Vault;
use super::super::{OperationError, System};
use super::known::{Comparing, KnownCard};
use super::real_accounts::Claims;
use super::snapshot::{self, Found, FoundBankAccount, Keys};
use crate::domain::autopay::bank_account::BankAccount;
use crate::domain::autopay::card::Card;
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
    /// A bank account that the person had not before.
    pub has_new_bank_account: bool,
    claims: Claims,
}

impl Kept {
    /// All of it, with the keys that are held from now on.
    pub(super) async fn of(
        system: &System,
        item: &mut Item,
        found: &Found,
        vault: &Vault,
    ) -> Result<Self, OperationError> {
        let mut kept = Self::default();
        kept.cards(system, item, found, vault).await?;
        kept.bank_accounts(system, item, found, vault).await?;
        let claims = std::mem::take(&mut kept.claims);
        kept.changes.extend(claims.changes()?);
        Ok(kept)
    }

    async fn cards(
        &mut self,
        system: &System,
        item: &mut Item,
        found: &Found,
        vault: &Vault,
    ) -> Result<(), OperationError> {
        let known = item.cards.clone();
        let mut seen = Vec::new();
        for here in found.cards(item) {
            let comparing = Comparing { system, vault, item, found };
            let card = comparing.card(&mut self.claims, &here, &seen).await?;
            item.cards.insert(here.account_id().to_owned(), card.id);
            if seen.contains(&card.id) {
                continue;
            }
            seen.push(card.id);
            let KnownCard { id, stored, looks_like, keys } = card;
            match stored {
                None => {
                    let mut first = here.first(id, looks_like, item, found);
                    self.claims.hold_card(system, &mut first, &keys).await?;
                    self.reviews.extend(looks_like.map(|_| id));
                    self.changes.push(create(&first)?);
                }
                Some(stored) if !may_read(system, &stored.item_id, item).await? => {}
                Some(mut stored) => {
                    here.update(&mut stored, item, found);
                    self.claims.hold_card(system, &mut stored, &keys).await?;
                    self.put_card(stored)?;
                }
            }
        }
        let gone: BTreeMap<_, _> = known.into_iter().map(|(account_id, id)| (id, account_id)).collect();
        for id in gone.into_keys().filter(|id| !seen.contains(id)) {
            let stored: Option<Card> = read(&*system.table, &keys::card(id)).await?;
            if let Some(mut stored) = stored.filter(|stored| stored.item_id == item.id) {
                snapshot::mark_gone(&mut stored, found.at);
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

    async fn bank_accounts(
        &mut self,
        system: &System,
        item: &mut Item,
        found: &Found,
        vault: &Vault,
    ) -> Result<(), OperationError> {
        let known = item.each_bank_account();
        let mut seen: Vec<BankAccountId> = Vec::new();
        for account in &found.accounts {
            let Some(account_type) = snapshot::bank_account_type(account) else { continue };
            let numbers = found.numbers.iter().find(|numbers| numbers.account_id == account.account_id);
            let here = FoundBankAccount { account, account_type, numbers };
            let comparing = Comparing { system, vault, item, found };
            let Some((id, keys)) = comparing.bank_account(&mut self.claims, &here).await? else { continue };
            item.bank_accounts.insert(account.account_id.clone(), id);
            if seen.contains(&id) {
                continue;
            }
            seen.push(id);
            self.bank_account(system, item, found, vault, (id, &here, &keys)).await?;
        }
        item.let_go_of_former_ids(|account_id| found.accounts.iter().any(|account| account.account_id == account_id));
        for id in known.into_iter().filter(|id| !seen.contains(id)) {
            let stored: Option<BankAccount> = read(&*system.table, &keys::bank_account(id)).await?;
            if let Some(mut stored) = stored.filter(|stored| stored.item_id == item.id)
                && let before = stored.clone()
                && snapshot::mark_withdrawn(&mut stored, found.at)
            {
                self.claims.hold_returns_of(system, &before).await?;
                self.changes.push(replace(&mut stored)?);
            }
        }
        Ok(())
    }

    async fn bank_account(
        &mut self,
        system: &System,
        item: &Item,
        found: &Found,
        vault: &Vault,
        (id, here, keys): (BankAccountId, &FoundBankAccount<'_>, &[String]),
    ) -> Result<(), OperationError> {
        let keys_at_hand = Keys { vault, random: &*system.random };
        let stored: Option<BankAccount> = read(&*system.table, &keys::bank_account(id)).await?;
        let is_new = stored.is_none();
        let mut account = match stored {
            None => {
                let Some(first) = here.first(id, item, found, &keys_at_hand)? else { return Ok(()) };
                self.has_new_bank_account = true;
                first
            }
            Some(stored) if !may_read(system, &stored.item_id, item).await? => return Ok(()),
            Some(mut stored) => {
                here.update(&mut stored, item, found, &keys_at_hand)?;
                stored
            }
        };
        let number = account.account.fingerprint.clone();
        let keys: Vec<String> = keys.iter().cloned().chain([number.clone()]).collect();
        self.claims.hold_bank_account(system, &mut account, &keys).await?;
        let closed = self.claims.of(system, &number).await?.unusable();
        account.unusable = account.unusable.or(closed);
        self.changes.push(if is_new { create(&account)? } else { replace(&mut account)? });
        Ok(())
    }
}

/// Whether this item may change what another one has read until now: the newer link is the one that the person uses.
pub(super) async fn may_read(system: &System, reader_id: &str, item: &Item) -> Result<bool, OperationError> {
    if reader_id == item.id {
        return Ok(true);
    }
    let reader: Option<Item> = read(&*system.table, &keys::item(reader_id)).await?;
    let is_newer = |reader: &Item| (item.created_at, &item.id) > (reader.created_at, &reader.id);
    Ok(reader.is_none_or(|reader| reader.state.is_over() || is_newer(&reader)))
}
