//! Persons and their accounts at institutions, and how Plaid comes to see what changes there.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::accounts::Account;
use super::error::{self, Failure};
use super::items::{ItemState, SharedAccount};
use super::liabilities::changed_fields;
use super::transactions::Change;
use super::webhooks::{AuthChange, Notice};
use super::{Due, Plaid};

/// One person's access to one institution.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Login {
    pub(crate) user_id: String,
    pub(crate) institution_id: String,
    pub(crate) accounts: Vec<Account>,
    /// Every change of transactions, in order; never shortened.
    pub(crate) changes: Vec<Change>,
}

impl Plaid {
    /// A person becomes a customer of an institution, or opens more accounts there.
    pub(crate) fn add_login(
        &mut self,
        user_id: String,
        institution_id: String,
        accounts: Vec<Account>,
    ) -> Result<(), Failure> {
        self.known_institution(&institution_id)?;
        let mut keys: Vec<&str> = accounts.iter().map(|account| account.key.as_str()).collect();
        let of_person = self.logins.iter().filter(|login| login.user_id == user_id);
        keys.extend(of_person.flat_map(|login| login.accounts.iter().map(|account| account.key.as_str())));
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Failure::field("key", "must be unique among the person's accounts"));
        }
        match self.find_login(&user_id, &institution_id) {
            None => self.logins.push(Login { user_id, institution_id, accounts, changes: Vec::new() }),
            Some(login) => {
                self.logins[login].accounts.extend(accounts);
                for item in self.items_of_login(login) {
                    self.announce(item, Notice::NewAccountsAvailable);
                }
            }
        }
        Ok(())
    }

    pub(crate) fn find_login(&self, user_id: &str, institution_id: &str) -> Option<usize> {
        self.logins.iter().position(|login| login.user_id == user_id && login.institution_id == institution_id)
    }

    /// Where the person has the account of this key.
    pub(crate) fn find_account(&self, user_id: &str, key: &str) -> Result<(usize, usize), Failure> {
        let of_person = self.logins.iter().enumerate().filter(|(_, login)| login.user_id == user_id);
        let mut found = of_person.filter_map(|(position, login)| {
            login.accounts.iter().position(|account| account.key == key).map(|account| (position, account))
        });
        found.next().ok_or_else(|| Failure::new(error::INVALID_ACCOUNT_ID, "this person has no such account"))
    }

    /// Changes an account at its institution by a JSON merge patch: objects are merged, everything else is replaced, null included.
    pub(crate) fn set_account(
        &mut self,
        user_id: &str,
        key: &str,
        change: Map<String, Value>,
        seen_after_s: u32,
    ) -> Result<(), Failure> {
        let (login, account) = self.find_account(user_id, key)?;
        let unreadable =
            |problem: serde_json::Error| Failure::field("change", &format!("does not fit an account: {problem}"));
        let place = &mut self.logins[login].accounts[account];
        let mut value = serde_json::to_value(&*place).map_err(unreadable)?;
        merge(&mut value, Value::Object(change));
        let changed: Account = serde_json::from_value(value).map_err(unreadable)?;
        if changed.key != place.key {
            return Err(Failure::field("key", "cannot be changed"));
        }
        *place = changed;
        self.see_after(login, seen_after_s);
        Ok(())
    }

    /// Plaid looks at this institution's accounts of the person, now or later.
    pub(crate) fn see_after(&mut self, login: usize, seen_after_s: u32) {
        if seen_after_s == 0 {
            self.see_login(login);
        } else {
            self.schedule(self.now.saturating_add(seconds(seen_after_s)).unwrap_or(Timestamp::MAX), Due::See(login));
        }
    }

    pub(crate) fn see_login(&mut self, login: usize) {
        for item in self.items_of_login(login) {
            self.see(item);
        }
    }

    fn items_of_login(&self, login: usize) -> Vec<usize> {
        (0..self.items.len()).filter(|item| self.items[*item].login == login).collect()
    }

    /// Plaid looks at one item's accounts and transactions, and tells what is new. It cannot look into an item that is not healthy.
    pub(crate) fn see(&mut self, item: usize) {
        if self.items[item].state != ItemState::Healthy {
            return;
        }
        self.items[item].last_update_at = Some(self.now);
        let login = &self.logins[self.items[item].login];
        let mut liabilities = Vec::new();
        let mut auth = Vec::new();
        for SharedAccount { account_id, seen } in &mut self.items[item].accounts {
            let Some(now) = login.accounts.iter().find(|account| account.key == seen.key) else { continue };
            if now.is_card() && (now.credit != seen.credit || now.balances != seen.balances) {
                liabilities.push((account_id.clone(), changed_fields(seen, now)));
            }
            let changed = AuthChange::between(seen.numbers.as_ref(), now.numbers.as_ref());
            if !changed.is_empty() {
                auth.push((account_id.clone(), changed));
            }
            seen.clone_from(now);
        }
        if !liabilities.is_empty() {
            self.announce(item, Notice::LiabilitiesUpdate { updated: liabilities });
        }
        if !auth.is_empty() {
            self.announce(item, Notice::AuthUpdate { updated: auth });
        }
        self.see_transactions(item);
    }

    /// Plaid reads the balances of one item and nothing else.
    pub(crate) fn see_balances(&mut self, item: usize) {
        let login = &self.logins[self.items[item].login];
        for shared in &mut self.items[item].accounts {
            if let Some(now) = login.accounts.iter().find(|account| account.key == shared.seen.key) {
                shared.seen.balances.clone_from(&now.balances);
            }
        }
    }
}

fn merge(target: &mut Value, change: Value) {
    match (target, change) {
        (Value::Object(target), Value::Object(change)) => {
            for (name, value) in change {
                merge(target.entry(name).or_insert(Value::Null), value);
            }
        }
        (target, change) => *target = change,
    }
}

pub(crate) fn seconds(seconds: u32) -> SignedDuration {
    SignedDuration::from_secs(i64::from(seconds))
}
