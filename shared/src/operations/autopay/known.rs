//! Which card or bank account of the person an account of a link is: known by the link, by a key that their institution gives, or new.
//!
//! Guarantees: two accounts that one link shows are two. A card that only looks like another is a card of its own, and waits for the
//! person's word.

use super::super::system::Vault;
use super::super::{OperationError, System};
use super::real_accounts::{self, Claims, card_now};
use super::snapshot::{Found, FoundBankAccount, FoundCard};
use crate::domain::autopay::card::Card;
use crate::domain::autopay::identity::{IdentityParts, bank_account_parts, card_of_link_parts};
use crate::domain::autopay::ids::{BankAccountId, CardId};
use crate::domain::autopay::item::Item;

/// A link's card, as it is known here.
pub(super) struct KnownCard {
    pub id: CardId,
    pub stored: Option<Card>,
    pub looks_like: Option<CardId>,
    /// By which it is known from now on.
    pub keys: Vec<String>,
}

/// What a link's accounts are compared with.
pub(super) struct Comparing<'a> {
    pub system: &'a System,
    pub vault: &'a Vault,
    pub item: &'a Item,
    pub found: &'a Found,
}

impl Comparing<'_> {
    /// The card that an account of the link is. `seen` are those of its other accounts.
    pub(super) async fn card(
        &self,
        claims: &mut Claims,
        here: &FoundCard<'_>,
        seen: &[CardId],
    ) -> Result<KnownCard, OperationError> {
        let Comparing { system, vault, item, found } = *self;
        let key = real_accounts::key_of_card(vault, &found.institution_id(item), here.persistent_account_id());
        let keys: Vec<String> = key.into_iter().collect();
        let same =
            |stored: Card| KnownCard { id: stored.id, stored: Some(stored), looks_like: None, keys: keys.clone() };
        if let Some(id) = item.cards.get(here.account_id())
            && let Some(stored) = card_now(system, *id).await?
            && (stored.item_id != item.id || stored.account_id == here.account_id())
        {
            return Ok(same(stored));
        }
        let described = self.fingerprint(&found.described(item, here));
        let first = CardId::of_fingerprint(&self.fingerprint(&found.identity(item, here)))?;
        let mut named: Vec<CardId> = Vec::new();
        for key in &keys {
            named.extend(claims.of(system, key).await?.cards_of(item.person_id));
            named.push(first);
        }
        for id in named.into_iter().filter(|id| !seen.contains(id)) {
            if let Some(stored) = card_now(system, id).await?.filter(|stored| !self.is_beside(stored, here)) {
                return Ok(same(stored));
            }
        }
        let mut looks_like = None;
        let alike: Vec<CardId> = claims.of(system, &described).await?.cards_of(item.person_id).collect();
        for id in alike.into_iter().chain([first]) {
            match card_now(system, id).await? {
                // An earlier run of this reading, which did not come to its end.
                Some(stored) if stored.item_id == item.id && stored.account_id == here.account_id() => {
                    return Ok(same(stored));
                }
                Some(stored) => looks_like = looks_like.or(Some(stored)),
                None => {}
            }
        }
        if let Some(alike) = looks_like.as_ref().filter(|_| fault!(LookalikeIsSame, true, false)) {
            return Ok(same(alike.clone()));
        }
        let looks_like = looks_like.map(|alike| alike.id).or_else(|| seen.contains(&first).then_some(first));
        let own = self.fingerprint(&card_of_link_parts(item.person_id, &item.id, here.account_id()));
        let id = if looks_like.is_none() { first } else { CardId::of_fingerprint(&own)? };
        claims.of(system, &described).await?.cards.insert(id, item.person_id);
        Ok(KnownCard { id, stored: None, looks_like, keys })
    }

    /// Whether the link shows it as another of its accounts.
    fn is_beside(&self, stored: &Card, here: &FoundCard<'_>) -> bool {
        let is_shown = |account_id: &str| self.found.accounts.iter().any(|account| account.account_id == account_id);
        stored.item_id == self.item.id && stored.account_id != here.account_id() && is_shown(&stored.account_id)
    }

    /// The bank account that an account of the link is, with the keys by which it is known from now on. Nothing where neither the link
    /// nor a key tells.
    pub(super) async fn bank_account(
        &self,
        claims: &mut Claims,
        here: &FoundBankAccount<'_>,
    ) -> Result<Option<(BankAccountId, Vec<String>)>, OperationError> {
        let Comparing { system, vault, item, .. } = *self;
        let persistent = here.account.persistent_account_id.as_deref();
        let keys = real_accounts::keys_of_bank_account(vault, persistent, here.numbers);
        if let Some(known) = item.bank_accounts.get(&here.account.account_id) {
            return Ok(Some((*known, keys)));
        }
        let Some(numbers) = here.numbers else { return Ok(None) };
        let held = real_accounts::bank_account_of(system, claims, item.person_id, &keys).await?;
        if let Some(known) = fault!(NumberChangeForgotten, None, held) {
            return Ok(Some((known, keys)));
        }
        let parts = bank_account_parts(item.person_id, persistent, &numbers.routing_number, &numbers.account_number);
        Ok(Some((BankAccountId::of_fingerprint(&self.fingerprint(&parts))?, keys)))
    }

    fn fingerprint(&self, parts: &IdentityParts) -> String {
        self.vault.fingerprints.fingerprint(&parts.expose()).as_str().to_owned()
    }
}
