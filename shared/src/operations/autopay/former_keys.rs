//! Former keys of a bank account, of which it keeps the latest: no write about it grows with how often its number has changed.
//!
//! Guarantees: the latest keys are kept, those that its link shows by now among them, and so is a key that alone joins it with another account
//! that is somebody's, or with a number that its bank put in the place of another; what a return left behind at a key goes on to the present
//! number, and that the number is closed stays known there. Limits: whoever links a number that the account had more than [`KEYS_MAX`] keys
//! ago, and shares no later one, has another account; an account that had more keys before there was a limit has so many until its next
//! readings.

use std::collections::{BTreeMap, BTreeSet};

use super::real_accounts::Claims;
use crate::domain::autopay::bank_account::BankAccount;
use crate::domain::autopay::ids::BankAccountId;
use crate::operations::{OperationError, System};

/// Keys that a bank account keeps: the id of its institution, and numbers. One with zeros before it has two, since what is known of a number
/// is kept as its transfers name it, and other institutions tell it without the zeros.
const KEYS_MAX: usize = 12;

/// Keys at which a return is noted, which leaves room for those that join accounts.
pub(super) const KEYS_NOTED: usize = 24;

/// So many are let go in one write, of an account that had more before there was a limit.
const LET_GO_AT_ONCE: usize = 40;

/// What a key is for a bank account that holds it.
enum Need {
    /// It alone joins the account with somebody, or with a number of its bank.
    Joins,
    /// These join the account with everybody whom it joins.
    Covered(Vec<String>),
}

impl Claims {
    /// Has a bank account let go of the keys that it was shown by longest ago, as far as it has too many.
    pub(super) async fn let_go_of_former(
        &mut self,
        system: &System,
        account: &mut BankAccount,
    ) -> Result<(), OperationError> {
        let kept = fault!(FormerKeysKept, usize::MAX, KEYS_MAX);
        let surplus = account.real_accounts.len().saturating_sub(kept);
        let former: Vec<String> = account.real_accounts.iter().take(surplus).cloned().collect();
        let mut let_go: usize = 0;
        let mut came_back = BTreeMap::new();
        for fingerprint in former {
            if let_go == LET_GO_AT_ONCE {
                break;
            }
            if account.has_number(&fingerprint) {
                continue;
            }
            let Need::Covered(by) = self.need(system, account, &fingerprint).await? else { continue };
            self.rely_on(by);
            let key = self.of(system, &fingerprint).await?;
            key.bank_accounts.remove(&account.id);
            for (person, at) in &key.came_back {
                let latest = came_back.entry(*person).or_insert(*at);
                *latest = (*latest).max(*at);
            }
            account.real_accounts.retain(|held| *held != fingerprint);
            let_go = let_go.saturating_add(1);
        }
        fault!(ReturnsLetGo, return Ok(()));
        if came_back.is_empty() {
            return Ok(());
        }
        self.of(system, &account.account.fingerprint).await?.take_returns(came_back);
        Ok(())
    }

    async fn need(
        &mut self,
        system: &System,
        account: &BankAccount,
        fingerprint: &str,
    ) -> Result<Need, OperationError> {
        fault!(JoiningKeyLetGo, return Ok(Need::Covered(Vec::new())));
        let key = self.of(system, fingerprint).await?;
        if key.other_numbers().next().is_some() || !key.led_here.is_empty() {
            return Ok(Need::Joins);
        }
        let mut others: BTreeSet<BankAccountId> = key.bank_accounts.keys().copied().collect();
        others.remove(&account.id);
        let mut by = Vec::new();
        for held in account.real_accounts.iter().filter(|held| *held != fingerprint) {
            let kept = self.of(system, held).await?;
            if kept.other_numbers().any(|number| number == fingerprint) {
                return Ok(Need::Joins);
            }
            let joined = others.len();
            others.retain(|id| !kept.bank_accounts.contains_key(id));
            if others.len() < joined {
                by.push(held.clone());
            }
        }
        Ok(if others.is_empty() { Need::Covered(by) } else { Need::Joins })
    }
}
