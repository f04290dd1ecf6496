//! Whose money it is that an operator acts on: nobody decides about their own, or about that of somebody with whom they have a bank account
//! or card in common.
//!
//! Guarantees: whoever stands in a key of a bank account or card has it in common with everybody else there, under whatever link, name or
//! number. Stopping money is everybody's; the switch of all is nobody's own. Limit: a caller is known by the subject of their token, so that
//! somebody with two subjects is two.

use std::collections::BTreeSet;

use super::{people, subjects};
use crate::domain::autopay::bank_account::BankAccount;
use crate::domain::autopay::card::Card;
use crate::domain::autopay::ids::PersonId;
use crate::domain::autopay::real_account::RealAccount;
use crate::domain::autopay::refusal::AutopayRefusal;
use crate::operations::{OperationError, System};
use crate::store::keys;
use crate::store::stored::read;

/// Holds an operator back from deciding about money of this payer that is their own or that they have a share in. A source is a company's.
pub(crate) async fn refuse(system: &System, caller: &str, payer_id: &str) -> Result<(), OperationError> {
    let Ok(person_id) = payer_id.parse::<PersonId>() else { return Ok(()) };
    if fault!(OwnMoneyDecided, false, is_own(system, caller, person_id).await?) {
        return Err(AutopayRefusal::OwnMoney.into());
    }
    Ok(())
}

/// Whether a person is whoever calls, or has a bank account or card in common with them.
pub(super) async fn is_own(system: &System, caller: &str, person_id: PersonId) -> Result<bool, OperationError> {
    let callers = subjects::persons_of(system, caller).await?;
    if callers.contains(&person_id) {
        return Ok(true);
    }
    fault!(SharedIsNobodys, return Ok(false));
    for own in callers {
        if sharers(system, own).await?.contains(&person_id) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Everybody who has a bank account or card in common with a person.
async fn sharers(system: &System, person_id: PersonId) -> Result<BTreeSet<PersonId>, OperationError> {
    let cards = people::cards(system, person_id).await?.into_iter().flat_map(|card| card.real_accounts);
    let accounts =
        people::bank_accounts(system, person_id).await?.into_iter().flat_map(|account| account.real_accounts);
    let mut waiting: Vec<String> = cards.chain(accounts).collect();
    let (mut seen, mut persons) = (BTreeSet::new(), BTreeSet::new());
    while let Some(fingerprint) = waiting.pop() {
        if !seen.insert(fingerprint.clone()) {
            continue;
        }
        let key: Option<RealAccount> = read(&*system.table, &keys::real_account(&fingerprint)).await?;
        let Some(key) = key else { continue };
        persons.extend(key.bank_accounts.values().chain(key.cards.values()).copied());
        waiting.extend(other_keys(system, &key).await?);
    }
    Ok(persons)
}

/// The keys of whatever holds this one: a number that one link shows may be an earlier number of what another link shows.
async fn other_keys(system: &System, key: &RealAccount) -> Result<Vec<String>, OperationError> {
    let mut others = Vec::new();
    for id in key.bank_accounts.keys() {
        let account: Option<BankAccount> = read(&*system.table, &keys::bank_account(*id)).await?;
        others.extend(account.into_iter().flat_map(|account| account.real_accounts));
    }
    for id in key.cards.keys() {
        let card: Option<Card> = read(&*system.table, &keys::card(*id)).await?;
        others.extend(card.into_iter().flat_map(|card| card.real_accounts));
    }
    Ok(others)
}
