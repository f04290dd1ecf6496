//! Whoever holds one real account or card, under whatever link, name or number: the one answer that holds, what is under way, and whose money
//! it is are judged by.
//!
//! Guarantees: every key is followed that belongs to it: those that its holders have, the numbers that their bank put in the place of one
//! another, and those in whose place these stand, because whoever holds a corrected number stands in the new one as well. Of another
//! person's card only one that is shared by an institution's word counts, and its keys.

use std::collections::{BTreeMap, BTreeSet};

use super::real_accounts::as_read;
use super::review::unchanged;
use crate::domain::autopay::bank_account::BankAccount;
use crate::domain::autopay::card::Card;
use crate::domain::autopay::ids::{BankAccountId, CardId, PersonId};
use crate::domain::autopay::real_account::{RealAccount, is_shared};
use crate::domain::ids::PaymentId;
use crate::operations::{OperationError, System};
use crate::ports::table::Change;
use crate::store::keys;
use crate::store::stored::read;

/// What the others are looked for of.
#[derive(Clone, Copy, Default)]
pub(super) struct Own<'a> {
    pub card: Option<&'a Card>,
    pub bank_account: Option<&'a BankAccount>,
    /// Whether a number of a card counts that its holder has typed over: for whose money it is.
    pub with_put_down: bool,
}

/// The keys, and whoever else holds one of them, as they were read.
#[derive(Default)]
pub(super) struct Holders {
    pub keys: BTreeMap<String, Option<RealAccount>>,
    pub bank_accounts: Vec<BankAccount>,
    /// Other bank accounts whose debits a correction led here that was taken back since, with those debits alone: for counting, not for
    /// writing.
    pub led_here: Vec<BankAccount>,
    pub cards: Vec<Card>,
}

impl Holders {
    pub(super) async fn of(system: &System, own: Own<'_>) -> Result<Self, OperationError> {
        let mut holders = Self::default();
        let mut waiting: Vec<String> = own.card.map(|card| own.keys_of_card(card)).unwrap_or_default();
        waiting.extend(own.bank_account.into_iter().flat_map(keys_of_bank_account));
        while let Some(fingerprint) = waiting.pop() {
            if holders.keys.contains_key(&fingerprint) {
                continue;
            }
            let key: Option<RealAccount> = read(&*system.table, &keys::real_account(&fingerprint)).await?;
            if let Some(key) = &key {
                waiting.extend(holders.take(system, own, key).await?);
            }
            holders.keys.insert(fingerprint, key);
        }
        holders.take_led_here(system, own).await?;
        Ok(holders)
    }

    /// Takes in who holds a key. Answers the other keys of what they hold.
    async fn take(&mut self, system: &System, own: Own<'_>, key: &RealAccount) -> Result<Vec<String>, OperationError> {
        let mut others: Vec<String> = key.other_numbers().cloned().collect();
        for id in key.bank_accounts.keys().filter(|id| own.bank_account.is_none_or(|account| account.id != **id)) {
            if self.bank_accounts.iter().any(|known| known.id == *id) {
                continue;
            }
            let other: Option<BankAccount> = read(&*system.table, &keys::bank_account(*id)).await?;
            others.extend(other.iter().flat_map(keys_of_bank_account));
            self.bank_accounts.extend(other);
        }
        let Some(card) = own.card else { return Ok(others) };
        for id in own.cards_of_key(key).filter(|id| *id != card.id) {
            if self.cards.iter().any(|known| known.id == id) {
                continue;
            }
            let other: Option<Card> = read(&*system.table, &keys::card(id)).await?;
            let other = other.filter(|other| is_shared(card, other));
            others.extend(other.iter().flat_map(|other| own.keys_of_card(other)));
            self.cards.extend(other);
        }
        Ok(fault!(OtherNumbersNotFollowed, Vec::new(), others))
    }

    /// Takes in the bank accounts whose debits were led here.
    async fn take_led_here(&mut self, system: &System, own: Own<'_>) -> Result<(), OperationError> {
        let mut led: BTreeMap<BankAccountId, BTreeSet<PaymentId>> = BTreeMap::new();
        for (payment_id, account) in self.keys.values().flatten().flat_map(|key| &key.led_here) {
            led.entry(*account).or_default().insert(*payment_id);
        }
        for (id, debits) in led {
            let is_own = own.bank_account.is_some_and(|account| account.id == id);
            if is_own || self.bank_accounts.iter().any(|known| known.id == id) {
                continue;
            }
            let account: Option<BankAccount> = read(&*system.table, &keys::bank_account(id)).await?;
            self.led_here.extend(account.map(|mut account| {
                account.open_debits.retain(|debit| debits.contains(&debit.payment_id));
                account
            }));
        }
        Ok(())
    }

    /// Everybody who holds it besides the card and bank account that were begun with.
    pub(super) fn persons(&self) -> BTreeSet<PersonId> {
        let of_accounts = self.bank_accounts.iter().chain(&self.led_here).map(|account| account.person_id);
        of_accounts.chain(self.cards.iter().map(|card| card.person_id)).collect()
    }

    /// Holds a write back unless all of it is as it was read.
    pub(super) fn unchanged(&mut self) -> Vec<Change> {
        let keys = std::mem::take(&mut self.keys).into_iter();
        let keys = keys.map(|(fingerprint, key)| as_read(&fingerprint, key));
        let accounts = self.bank_accounts.iter_mut().chain(&mut self.led_here).map(unchanged);
        keys.chain(accounts).chain(self.cards.iter_mut().map(unchanged)).collect()
    }
}

impl Own<'_> {
    fn keys_of_card(self, card: &Card) -> Vec<String> {
        let put_down = card.numbers.put_down.iter().filter(|_| self.with_put_down);
        card.real_accounts.iter().chain(put_down).cloned().collect()
    }

    fn cards_of_key(self, key: &RealAccount) -> impl Iterator<Item = CardId> {
        let put_down = key.put_down_by.keys().filter(move |_| self.with_put_down);
        key.cards.keys().chain(put_down).copied()
    }
}

/// The keys of a bank account, its number among them where it was known before keys were kept.
fn keys_of_bank_account(account: &BankAccount) -> Vec<String> {
    account.real_accounts.iter().chain([&account.account.fingerprint]).cloned().collect()
}
