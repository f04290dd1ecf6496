//! Real accounts: the keys by which cards and bank accounts are known, who holds each, and what those who share one have under way.

use std::collections::{BTreeMap, BTreeSet};

use super::super::system::Vault;
use super::super::{OperationError, System};
use super::holders::{Holders, Own};
use super::review::unchanged;
use super::typed;
use crate::domain::autopay::bank_account::{BankAccount, UnusableReason};
use crate::domain::autopay::card::Card;
use crate::domain::autopay::card_number;
use crate::domain::autopay::ids::{BankAccountId, CardId, PersonId};
use crate::domain::autopay::real_account::{
    NumberNames, RealAccount, shared_bank_account, shared_card, telling_digits,
};
use crate::domain::plaid::auth::AchNumbers;
use crate::ports::table::{Change, Condition, TableError, decode};
use crate::store::keys;
use crate::store::stored::{create, read, replace};

/// What is read of keys, and what becomes of it, for one write.
#[derive(Default)]
pub(super) struct Claims {
    known: BTreeMap<String, Claim>,
    /// Keys that have to be as they were read, where this write does not change them.
    relied_on: BTreeSet<String>,
}

struct Claim {
    stored: Option<RealAccount>,
    now: RealAccount,
}

impl Claims {
    /// Goes on with what a write does to keys so far, which is taken out of it: one write puts an item once.
    pub(super) fn going_on_with(so_far: &mut Vec<Change>) -> Result<Self, TableError> {
        let mut claims = Self::default();
        for change in std::mem::take(so_far) {
            match change {
                Change::Put { key, attributes, condition, .. } if keys::is_real_account(&key) => {
                    let mut now: RealAccount = decode(attributes)?;
                    let stored = match condition {
                        Condition::VersionIs(version) => {
                            now.version = version;
                            Some(RealAccount { version, ..RealAccount::new(now.fingerprint.clone()) })
                        }
                        Condition::Absent
                        | Condition::AbsentOrExpired { .. }
                        | Condition::StateIn(_)
                        | Condition::Always => None,
                    };
                    claims.known.insert(now.fingerprint.clone(), Claim { stored, now });
                }
                change @ (Change::Put { .. } | Change::Delete { .. } | Change::Check { .. }) => so_far.push(change),
            }
        }
        Ok(claims)
    }

    /// The key as it stands, with what this write does to it so far.
    pub(super) async fn of(&mut self, system: &System, fingerprint: &str) -> Result<&mut RealAccount, OperationError> {
        if !self.known.contains_key(fingerprint) {
            let stored: Option<RealAccount> = read(&*system.table, &keys::real_account(fingerprint)).await?;
            let now = stored.clone().unwrap_or_else(|| RealAccount::new(fingerprint.to_owned()));
            self.known.insert(fingerprint.to_owned(), Claim { stored, now });
        }
        let claim = self.known.get_mut(fingerprint);
        Ok(&mut claim.ok_or_else(|| OperationError::Inconsistent("a key that was just read".to_owned()))?.now)
    }

    /// Holds the write back unless these keys are as they were read.
    pub(super) fn rely_on(&mut self, fingerprints: Vec<String>) {
        self.relied_on.extend(fingerprints);
    }

    /// The puts of what has changed, and the checks of what the write relies on.
    pub(super) fn changes(self) -> Result<Vec<Change>, TableError> {
        let Self { known, relied_on } = self;
        let is_relied_on = |claim: &Claim| relied_on.contains(&claim.now.fingerprint);
        let has_changed = |claim: &Claim| claim.stored.as_ref() != Some(&claim.now);
        let put = |Claim { stored, mut now }: Claim| match stored {
            Some(mut known) if known == now => Ok(unchanged(&mut known)),
            Some(_) => replace(&mut now),
            // A key that was looked for and not taken stays free.
            None => create(&now),
        };
        let wanted = known.into_values().filter(|claim| has_changed(claim) || is_relied_on(claim));
        wanted.filter(|claim| claim.stored.is_some() || !claim.now.is_free()).map(put).collect()
    }

    /// Has a bank account hold these keys from now on, as those that it was shown by last.
    pub(super) async fn hold_bank_account(
        &mut self,
        system: &System,
        account: &mut BankAccount,
        fingerprints: &[String],
    ) -> Result<(), OperationError> {
        for fingerprint in fingerprints {
            self.of(system, fingerprint).await?.bank_accounts.insert(account.id, account.person_id);
            account.real_accounts.retain(|known| known != fingerprint);
            account.real_accounts.push(fingerprint.clone());
        }
        self.let_go_of_former(system, account).await
    }

    /// Keeps with its number what a bank account alone knew of a return, before something else takes its place there.
    pub(super) async fn hold_returns_of(
        &mut self,
        system: &System,
        account: &BankAccount,
    ) -> Result<(), OperationError> {
        match account.unusable.map(|unusable| unusable.reason) {
            Some(UnusableReason::Returned(code)) => {
                let number = self.of(system, &account.account.fingerprint).await?;
                number.bank_accounts.insert(account.id, account.person_id);
                number.close(code, system.clock.business_now());
            }
            Some(UnusableReason::Withdrawn | UnusableReason::NumbersChanged) | None => {}
        }
        Ok(())
    }

    /// The same of a card.
    pub(super) async fn hold_card(
        &mut self,
        system: &System,
        card: &mut Card,
        fingerprints: &[String],
    ) -> Result<(), OperationError> {
        for fingerprint in fingerprints {
            self.of(system, fingerprint).await?.take_card(card.id, card.person_id);
            add(&mut card.real_accounts, fingerprint);
            card.numbers.put_down.retain(|put_down| put_down != fingerprint);
        }
        Ok(())
    }

    /// Has a card hold these keys no more. Where somebody else holds or held one as well, the card remembers it, so that whoever puts a
    /// number down does not become a stranger to those who share their card.
    pub(super) async fn release_card(
        &mut self,
        system: &System,
        card: &mut Card,
        fingerprints: &[String],
    ) -> Result<(), OperationError> {
        for fingerprint in fingerprints {
            let key = self.of(system, fingerprint).await?;
            if key.put_down(card.id, card.person_id) {
                add(&mut card.numbers.put_down, fingerprint);
            }
            card.real_accounts.retain(|held| held != fingerprint);
        }
        Ok(())
    }
}

fn add(fingerprints: &mut Vec<String>, fingerprint: &str) {
    if !fingerprints.iter().any(|known| known == fingerprint) {
        fingerprints.push(fingerprint.to_owned());
    }
}

/// The keys by which a link shows a bank account: its number, where it is given, and the id that its institution keeps.
pub(super) fn keys_of_bank_account(
    vault: &Vault,
    persistent_account_id: Option<&str>,
    numbers: Option<&AchNumbers>,
) -> Vec<String> {
    let names = numbers.map(|numbers| vault.number(&numbers.routing_number, numbers.account_number.expose()));
    let names = names.iter().flat_map(NumberNames::all).cloned();
    let persistent = persistent_account_id.filter(|id| !id.is_empty());
    let persistent = persistent.map(|id| vault.fingerprint(&["institution's bank account", id]));
    names.chain(persistent).collect()
}

/// The key by which a link shows a card: the id that its institution keeps, where there is one.
pub(super) fn key_of_card(vault: &Vault, institution_id: &str, persistent_account_id: Option<&str>) -> Option<String> {
    let persistent = persistent_account_id.filter(|id| !id.is_empty())?;
    Some(vault.fingerprint(&["institution's card", institution_id, persistent]))
}

impl Vault {
    fn fingerprint(&self, parts: &[&str]) -> String {
        self.fingerprints.fingerprint(parts).as_str().to_owned()
    }

    /// As an external account has it, and without the zeros before it.
    pub(super) fn number(&self, routing_number: &str, account_number: &str) -> NumberNames {
        let telling = fault!(ZerosMakeAnotherAccount, account_number, telling_digits(account_number));
        let other = Some(telling).filter(|telling| *telling != account_number);
        let without_zeros = other.map(|telling| self.fingerprint(&[routing_number, telling]));
        NumberNames { number: self.fingerprint(&[routing_number, account_number]), without_zeros }
    }

    pub(super) fn card_number(&self, number: &str) -> String {
        self.fingerprint(&["card number", card_number::telling_digits(number)])
    }
}

/// The card of this id, or the one that its person said it is.
pub(super) async fn card_now(system: &System, id: CardId) -> Result<Option<Card>, OperationError> {
    let mut card: Option<Card> = read(&*system.table, &keys::card(id)).await?;
    let mut seen = BTreeSet::from([id]);
    while let Some(same) = card.as_ref().and_then(|card| card.same_as).filter(|same| seen.insert(*same)) {
        card = read(&*system.table, &keys::card(same)).await?;
    }
    Ok(card)
}

/// Has a card and a bank account that were known before keys were kept hold theirs, and lets go of what the card holds no more, and of what
/// the bank account has too many of. Answers whether something was written: then both are to be read again.
pub(super) async fn hold_what_is_known(
    system: &System,
    card: &Card,
    bank_account: Option<&BankAccount>,
) -> Result<bool, OperationError> {
    let mut claims = Claims::default();
    let mut changes = Vec::new();
    if let Some(mut card) = typed::settled(system, &mut claims, card).await? {
        changes.push(replace(&mut card)?);
    }
    if let Some(account) = bank_account {
        let mut now = account.clone();
        let number = account.account.fingerprint.clone();
        if now.real_accounts.contains(&number) {
            claims.let_go_of_former(system, &mut now).await?;
        } else {
            claims.hold_bank_account(system, &mut now, &[number]).await?;
        }
        if now.real_accounts != account.real_accounts {
            changes.push(replace(&mut now)?);
        }
    }
    if changes.is_empty() {
        return Ok(false);
    }
    changes.extend(claims.changes()?);
    match system.table.write(changes).await {
        // Whoever was faster has changed them.
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(true),
        Err(other) => Err(other.into()),
    }
}

/// Marks a bank account whose number a return closed, whoever's debit that was, or the number that its bank put in that one's place. Answers
/// the checks that hold a write back once one has.
pub(super) async fn follow_number(system: &System, account: &mut BankAccount) -> Result<Vec<Change>, OperationError> {
    let mut checks = Vec::new();
    let mut next = Some(account.account.fingerprint.clone());
    while let Some(fingerprint) = next.take() {
        let stored: Option<RealAccount> = read(&*system.table, &keys::real_account(&fingerprint)).await?;
        account.unusable = account.unusable.or(stored.as_ref().and_then(RealAccount::unusable));
        if checks.is_empty() {
            next = stored.as_ref().and_then(|named| named.corrected_to.clone()).map(|sent| sent.number);
        }
        checks.push(as_read(&fingerprint, stored));
    }
    Ok(checks)
}

pub(super) fn as_read(fingerprint: &str, stored: Option<RealAccount>) -> Change {
    match stored {
        Some(mut known) => unchanged(&mut known),
        None => Change::Check { key: keys::real_account(fingerprint), condition: Condition::Absent },
    }
}

/// Who else holds a card or bank account under another id or as another person, as it was read.
#[derive(Default)]
pub(super) struct Sharing {
    own_account: Option<BankAccount>,
    holders: Holders,
}

impl Sharing {
    pub(super) async fn of(
        system: &System,
        card: &Card,
        bank_account: Option<&BankAccount>,
    ) -> Result<Self, OperationError> {
        let own = Own { card: Some(card), bank_account, ..Own::default() };
        Ok(Self { own_account: bank_account.cloned(), holders: Holders::of(system, own).await? })
    }

    /// The card as it is decided on.
    pub(super) fn card(&self, own: &Card) -> Card {
        shared_card(own, self.own_account.as_ref(), &self.holders.cards)
    }

    /// The cards of others, and the person's own under other ids.
    pub(super) fn into_cards(self) -> Vec<Card> {
        self.holders.cards
    }

    /// The bank account as it is decided on.
    pub(super) fn bank_account(&self, own: &BankAccount) -> BankAccount {
        let key = |fingerprint: &String| self.holders.keys.get(fingerprint).and_then(Option::as_ref);
        let named = key(&own.account.fingerprint);
        let sent = named.and_then(|named| key(&named.corrected_to.as_ref()?.number));
        let numbers: Vec<&RealAccount> = [named, sent].into_iter().flatten().collect();
        shared_bank_account(own, &numbers, self.holders.bank_accounts.iter().chain(&self.holders.led_here))
    }

    /// Holds a write back unless all of it is as it was read.
    pub(super) fn unchanged(&mut self) -> Vec<Change> {
        self.holders.unchanged()
    }
}

/// The person's bank account that one of these keys names.
pub(super) async fn bank_account_of(
    system: &System,
    claims: &mut Claims,
    person: PersonId,
    fingerprints: &[String],
) -> Result<Option<BankAccountId>, OperationError> {
    for fingerprint in fingerprints {
        if let Some(known) = claims.of(system, fingerprint).await?.bank_account_of(person) {
            return Ok(Some(known));
        }
    }
    Ok(None)
}
