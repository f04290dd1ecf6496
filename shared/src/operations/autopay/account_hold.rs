//! A real account that a debit came back from in a way that has to be settled first: nobody who has it is debited from it until then.
//!
//! Guarantees: what one person's debit left behind holds the debits of everybody else who has the account, under whatever login or number,
//! behind a correction as well; it is noted in the write of that return, and a claim is held to it. It ends with what it stands for: the
//! person's block, which an operator clears, or what they owe, which is booked. How many numbers the account had makes no difference to that
//! write. Limit: of returns from before this was noted nothing is known.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::former_keys::KEYS_NOTED;
use super::holders::{Holders, Own};
use super::people;
use super::real_accounts::Claims;
use super::review::unchanged;
use crate::domain::ach::return_codes::ReturnCode;
use crate::domain::autopay::bank_account::BankAccount;
use crate::domain::autopay::ids::{BankAccountId, PersonId};
use crate::domain::autopay::person::Person;
use crate::domain::autopay::retry::{Consequences, ReturnedDebit};
use crate::operations::{OperationError, System, payers};
use crate::ports::table::Change;
use crate::store::keys;
use crate::store::stored::replace;

/// What a return means for the real account that it came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noted {
    /// It forbids another debit of this number for good.
    pub closes: Option<ReturnCode>,
    /// It is settled with its person first.
    pub holds: bool,
}

impl Noted {
    pub(super) fn of(returned: Option<ReturnedDebit>, after: Option<Consequences>, is_late: bool) -> Self {
        let closing = returned.filter(|_| after.is_some_and(|after| after.closes_bank_account));
        let holds = is_late || after.is_some_and(|after| after.blocks_person);
        Self { closes: closing.map(|debit| debit.return_code), holds }
    }
}

/// The puts of what a return of a debit of this number leaves behind, for the write of that return.
pub(super) async fn note(
    system: &System,
    number: &str,
    holder: &BankAccount,
    noted: Noted,
) -> Result<Vec<Change>, OperationError> {
    let now = system.clock.business_now();
    let mut claims = Claims::default();
    if let Some(return_code) = noted.closes {
        claims.of(system, number).await?.close(return_code, now);
    }
    if fault!(AccountNotHeld, false, noted.holds) {
        let latest = holder.real_accounts.iter().rev().take(fault!(FormerKeysKept, usize::MAX, KEYS_NOTED));
        for fingerprint in latest.map(String::as_str).chain([number]) {
            claims.of(system, fingerprint).await?.note_return(holder.person_id, now);
        }
    }
    Ok(claims.changes()?)
}

/// The puts that have the person's bank accounts debited again which were frozen or not open to debits, whoever holds them: an operator has
/// found that they are open by now.
pub(super) async fn reopen(system: &System, person: PersonId) -> Result<Vec<Change>, OperationError> {
    let mut claims = Claims::default();
    let mut accounts: BTreeMap<BankAccountId, BankAccount> = BTreeMap::new();
    for account in people::bank_accounts(system, person).await? {
        let holders = Holders::of(system, Own { bank_account: Some(&account), ..Own::default() }).await?;
        for fingerprint in holders.keys.keys() {
            claims.of(system, fingerprint).await?.reopen();
        }
        accounts.extend(holders.bank_accounts.into_iter().chain([account]).map(|account| (account.id, account)));
    }
    let mut changes = claims.changes()?;
    let now = system.clock.business_now();
    for account in accounts.values_mut() {
        if account.reopen(now) {
            changes.push(replace(account)?);
        }
    }
    Ok(changes)
}

/// Whether a real account is held for this holder of it, as it was read.
pub(super) struct AccountHold {
    pub is_held: bool,
    holders: Holders,
    persons: BTreeMap<PersonId, Person>,
}

impl AccountHold {
    /// What others' debits left behind; what the holder's own did holds the holder themselves.
    pub(super) async fn of(system: &System, account: &BankAccount) -> Result<Self, OperationError> {
        let holders = Holders::of(system, Own { bank_account: Some(account), ..Own::default() }).await?;
        let came_back = holders.keys.values().flatten().flat_map(|key| key.came_back.clone());
        let of_others: Vec<_> = came_back.filter(|(person_id, _)| *person_id != account.person_id).collect();
        let mut hold = Self { is_held: false, holders, persons: BTreeMap::new() };
        for (person_id, at) in of_others {
            hold.is_held |= hold.person(system, person_id).await?.answers_for(at);
        }
        Ok(hold)
    }

    /// Somebody whose debit came back, owing no more if their books say so.
    async fn person(&mut self, system: &System, id: PersonId) -> Result<&Person, OperationError> {
        let free = match self.persons.entry(id) {
            Entry::Occupied(known) => return Ok(known.into_mut()),
            Entry::Vacant(free) => free,
        };
        let mut person: Person = payers::load_person(system, id).await?;
        if person.receivable_open && payers::settle_receivable::<Person>(system, &keys::person(id)).await? {
            person = payers::load_person(system, id).await?;
        }
        Ok(free.insert(person))
    }

    /// Adds the checks that hold a write back unless all of it is as it was read.
    pub(super) fn hold_to(mut self, changes: &mut Vec<Change>) {
        let persons = self.persons.into_values().map(|mut person| unchanged(&mut person));
        add_checks(changes, self.holders.unchanged().into_iter().chain(persons));
    }
}

/// Adds checks to a write. What the write names already is held to by that.
pub(super) fn add_checks(changes: &mut Vec<Change>, checks: impl IntoIterator<Item = Change>) {
    for check in checks {
        if changes.iter().all(|change| change.key() != check.key()) {
            changes.push(check);
        }
    }
}
