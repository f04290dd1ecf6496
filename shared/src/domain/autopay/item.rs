//! An item: a Plaid link to one institution, and what its state allows (Plaid documentation of errors and item webhooks).
//!
//! Guarantees: [`next`] is total over state and event. A payment is decided only while the item works; a removed item stays removed. The
//! same notice may come out of several events: it is delivered once per occasion. Limit: consent that ends at the bank sends no webhook, so the day it ends is compared with the clock.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ids::{BankAccountId, CardId, PersonId};
use crate::domain::plaid::error::PlaidError;

/// A link that works is read this often, webhooks or not.
pub const READ_EVERY_HOURS: i64 = 12;

/// What is not ready, throttled or out of reach is read again after this.
const NOT_READY_MINUTES: i64 = 15;

/// A broken login is asked about this often, whether or not a webhook says that it was repaired.
const LOGIN_ASKED_EVERY_HOURS: i64 = 24;

/// The pause after an institution's first failure doubles up to the longest.
const DOWN_FIRST_HOURS: i64 = 1;
const DOWN_LONGEST_HOURS: i64 = 12;

/// The person is told that an institution is down once it has been for this long.
const DOWN_TOLD_AFTER_HOURS: i64 = 24;

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Plaid's id.
    pub id: String,
    pub version: u64,
    pub person_id: PersonId,
    pub institution_id: String,
    pub institution_name: String,
    /// Sealed under the item's key; gone once Plaid has taken it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_access_token: Option<String>,
    pub state: ItemState,
    /// When the consent ends, where the institution ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent_expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transactions_cursor: Option<String>,
    /// Its accounts by Plaid's ids, as far as they were ever read.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cards: BTreeMap<String, CardId>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bank_accounts: BTreeMap<String, BankAccountId>,
    /// Elapsed time until which somebody is reading it, so that nobody else does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading_until: Option<Timestamp>,
    /// When it is read next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum ItemState {
    Healthy,
    /// Works until then; the person has been asked to renew.
    ConsentExpiring {
        #[schema(value_type = String, format = DateTime)]
        until: Timestamp,
    },
    /// The person has to log in again, or to share what is missing.
    LoginRequired {
        #[schema(value_type = String, format = DateTime)]
        since: Timestamp,
    },
    InstitutionDown {
        #[schema(value_type = String, format = DateTime)]
        since: Timestamp,
        failures: u32,
        #[schema(value_type = String, format = DateTime)]
        retry_at: Timestamp,
    },
    /// The person withdrew the permission, or Plaid knows the item no more: only a new link helps.
    Revoked {
        #[schema(value_type = String, format = DateTime)]
        since: Timestamp,
    },
    /// The person removed it in Clearway.
    Removed {
        #[schema(value_type = String, format = DateTime)]
        since: Timestamp,
    },
}

/// What happens to an item: a webhook, an answer of Plaid's, the clock, or the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemEvent {
    /// It was read.
    Read,
    /// The person went through update mode, or Plaid says that the login was repaired elsewhere.
    Repaired,
    LoginRequired,
    ConsentExpiring {
        until: Timestamp,
    },
    InstitutionDown,
    /// Not ready yet, throttled, or Plaid itself out of reach: says nothing of the item.
    NotReady,
    Revoked,
    Removed,
}

/// Where an event leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemStep {
    pub state: ItemState,
    /// When it is read next.
    pub read_at: Option<Timestamp>,
    /// What the person is told. The same is told once per occasion.
    pub notice: Option<ItemNotice>,
}

/// What a person is told of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum ItemNotice {
    LoginRequired { since: Timestamp },
    ConsentExpiring { until: Timestamp },
    InstitutionDown { since: Timestamp },
    Revoked { since: Timestamp },
}

impl std::fmt::Debug for Item {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Item({} {:?})", self.id, self.state)
    }
}

impl ItemState {
    /// Whether payments may be decided on what is read of it. Consent that is about to end still holds.
    pub fn lets_decide(self, now: Timestamp) -> bool {
        match self {
            ItemState::Healthy => true,
            ItemState::ConsentExpiring { until } => now < until,
            ItemState::LoginRequired { .. }
            | ItemState::InstitutionDown { .. }
            | ItemState::Revoked { .. }
            | ItemState::Removed { .. } => false,
        }
    }

    /// Whether the person's permission to debit its accounts is gone with it.
    pub const fn is_over(self) -> bool {
        match self {
            ItemState::Revoked { .. } | ItemState::Removed { .. } => true,
            ItemState::Healthy
            | ItemState::ConsentExpiring { .. }
            | ItemState::LoginRequired { .. }
            | ItemState::InstitutionDown { .. } => false,
        }
    }
}

impl Item {
    /// A new link, of which nothing was read yet. It is due at once.
    pub fn new(id: String, person_id: PersonId, sealed_access_token: String, now: Timestamp) -> Self {
        Self {
            id,
            version: 1,
            person_id,
            institution_id: String::new(),
            institution_name: String::new(),
            sealed_access_token: Some(sealed_access_token),
            state: ItemState::Healthy,
            consent_expires_at: None,
            read_at: None,
            transactions_cursor: None,
            cards: BTreeMap::new(),
            bank_accounts: BTreeMap::new(),
            reading_until: None,
            due_at: Some(now),
            created_at: now,
            updated_at: now,
        }
    }

    /// Its bank accounts, each once: a link may have shown one under several of Plaid's ids.
    pub fn each_bank_account(&self) -> Vec<BankAccountId> {
        self.bank_accounts_of(|_| true)
    }

    /// The same of those that it has shown under ids which are meant.
    pub fn bank_accounts_of(&self, is_meant: impl Fn(&str) -> bool) -> Vec<BankAccountId> {
        let meant = self.bank_accounts.iter().filter(|(account_id, _)| is_meant(account_id)).map(|(_, id)| *id);
        fault!(AccountWalkedTwice, meant.collect(), meant.collect::<BTreeSet<_>>().into_iter().collect())
    }

    /// Forgets the ids under which it no longer shows bank accounts that it shows under others.
    pub fn let_go_of_former_ids(&mut self, is_shown: impl Fn(&str) -> bool) {
        let shown: BTreeSet<BankAccountId> = self.bank_accounts_of(&is_shown).into_iter().collect();
        self.bank_accounts.retain(|account_id, id| is_shown(account_id) || !shown.contains(id));
    }

    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due_at.is_some_and(|at| at <= now)
    }

    /// Whether somebody is reading it.
    pub fn is_being_read(&self, elapsed_now: Timestamp) -> bool {
        self.reading_until.is_some_and(|until| elapsed_now < until)
    }

    /// Applies an event. Answers what the person is to be told.
    pub fn apply(&mut self, event: ItemEvent, now: Timestamp) -> Option<ItemNotice> {
        let step = next(self.state, event, now);
        match event {
            ItemEvent::Read => self.read_at = Some(now),
            // A renewed consent has a new end, which the next reading brings.
            ItemEvent::Repaired => self.consent_expires_at = None,
            ItemEvent::ConsentExpiring { until } => self.consent_expires_at = Some(until),
            ItemEvent::LoginRequired
            | ItemEvent::InstitutionDown
            | ItemEvent::NotReady
            | ItemEvent::Revoked
            | ItemEvent::Removed => {}
        }
        self.state = step.state;
        self.due_at = step.read_at.filter(|_| !step.state.is_over() || self.sealed_access_token.is_some());
        self.updated_at = now;
        step.notice
    }

    /// Plaid has taken the token back (`/item/remove`), or does not know it any more.
    pub fn forget_token(&mut self, now: Timestamp) {
        self.sealed_access_token = None;
        self.transactions_cursor = None;
        self.due_at = None;
        self.updated_at = now;
    }
}

/// The state machine of an item.
pub fn next(state: ItemState, event: ItemEvent, now: Timestamp) -> ItemStep {
    use ItemEvent as E;
    use ItemState as S;
    match (state, event) {
        (S::Removed { .. }, _) => ended(state, now, None),
        (_, E::Removed) => ended(S::Removed { since: now }, now, None),
        // A permission that is gone comes back only with another item.
        (S::Revoked { .. }, _) => ended(state, now, None),
        (_, E::Revoked) => ended(S::Revoked { since: now }, now, Some(ItemNotice::Revoked { since: now })),

        (S::Healthy | S::InstitutionDown { .. }, E::Read) => healthy(now),
        // Told already.
        (S::ConsentExpiring { until }, E::Read) if now < until => ItemStep { notice: None, ..expiring(until, now) },
        (S::ConsentExpiring { until }, E::Read) => expiring(until, now),
        // Plaid may still answer from its cache while the login is broken: that repairs nothing.
        (S::LoginRequired { since }, E::Read) => login_required(since, now),

        (S::Healthy | S::ConsentExpiring { .. } | S::LoginRequired { .. } | S::InstitutionDown { .. }, E::Repaired) => {
            ItemStep { read_at: Some(now), ..healthy(now) }
        }

        (S::LoginRequired { since }, E::LoginRequired) => login_required(since, now),
        (S::Healthy | S::ConsentExpiring { .. } | S::InstitutionDown { .. }, E::LoginRequired) => {
            login_required(now, now)
        }

        // The person has to log in anyway, which renews the consent.
        (S::LoginRequired { since }, E::ConsentExpiring { .. }) => login_required(since, now),
        (S::Healthy | S::ConsentExpiring { .. } | S::InstitutionDown { .. }, E::ConsentExpiring { until }) => {
            expiring(until, now)
        }

        (S::LoginRequired { since }, E::InstitutionDown | E::NotReady) => login_required(since, now),
        (S::Healthy | S::ConsentExpiring { .. }, E::InstitutionDown) => down(now, 1, now),
        (S::InstitutionDown { since, failures, .. }, E::InstitutionDown) => {
            down(since, failures.saturating_add(1), now)
        }
        (S::Healthy | S::ConsentExpiring { .. } | S::InstitutionDown { .. }, E::NotReady) => {
            let read_at = now.checked_add(SignedDuration::from_mins(NOT_READY_MINUTES)).ok();
            ItemStep { state, read_at, notice: None }
        }
    }
}

fn healthy(now: Timestamp) -> ItemStep {
    ItemStep { state: ItemState::Healthy, read_at: after_hours(now, READ_EVERY_HOURS), notice: None }
}

/// Asked about once a day all the same: the webhook that says it was repaired may be lost.
fn login_required(since: Timestamp, now: Timestamp) -> ItemStep {
    ItemStep {
        state: ItemState::LoginRequired { since },
        read_at: after_hours(now, LOGIN_ASKED_EVERY_HOURS),
        notice: Some(ItemNotice::LoginRequired { since }),
    }
}

fn expiring(until: Timestamp, now: Timestamp) -> ItemStep {
    if until <= now {
        return login_required(now, now);
    }
    ItemStep {
        state: ItemState::ConsentExpiring { until },
        read_at: after_hours(now, READ_EVERY_HOURS).map(|at| at.min(until)),
        notice: Some(ItemNotice::ConsentExpiring { until }),
    }
}

/// At once, because its token still has to be given back to Plaid.
fn ended(state: ItemState, now: Timestamp, notice: Option<ItemNotice>) -> ItemStep {
    ItemStep { state, read_at: Some(now), notice }
}

fn down(since: Timestamp, failures: u32, now: Timestamp) -> ItemStep {
    let doubled = 1_i64.checked_shl(failures.saturating_sub(1).min(8)).unwrap_or(DOWN_LONGEST_HOURS);
    let retry_at = after_hours(now, (DOWN_FIRST_HOURS * doubled).min(DOWN_LONGEST_HOURS)).unwrap_or(Timestamp::MAX);
    let is_long = now.duration_since(since) >= SignedDuration::from_hours(DOWN_TOLD_AFTER_HOURS);
    ItemStep {
        state: ItemState::InstitutionDown { since, failures, retry_at },
        read_at: Some(retry_at),
        notice: is_long.then_some(ItemNotice::InstitutionDown { since }),
    }
}

fn after_hours(now: Timestamp, hours: i64) -> Option<Timestamp> {
    now.checked_add(SignedDuration::from_hours(hours)).ok()
}

/// What an answer of Plaid's to a call about an item means for the item. What speaks of our request or settings says nothing of the item:
/// it is asked again later, until an operator has repaired them.
pub fn event_of(error: &PlaidError) -> ItemEvent {
    match error {
        PlaidError::Unavailable { cause } => event_of_error(cause).unwrap_or(ItemEvent::NotReady),
        PlaidError::LoginRequired { .. } | PlaidError::ConsentOrPermission { .. } => ItemEvent::LoginRequired,
        PlaidError::Revoked { .. } | PlaidError::Gone { .. } => ItemEvent::Revoked,
        PlaidError::RateLimited { .. }
        | PlaidError::NotReady { .. }
        | PlaidError::RestartSync
        | PlaidError::NoLiabilities
        | PlaidError::NotSupported { .. }
        | PlaidError::AccountUnknown { .. }
        | PlaidError::LinkAgain { .. }
        | PlaidError::BalanceTooOld { .. }
        | PlaidError::CursorUnknown
        | PlaidError::Refused { .. }
        | PlaidError::Unreadable { .. } => ItemEvent::NotReady,
    }
}

/// What an error code of Plaid's means for an item; nothing where it speaks of our request or settings, which an operator repairs.
pub fn event_of_error(error_code: &str) -> Option<ItemEvent> {
    match error_code {
        "ITEM_LOGIN_REQUIRED"
        | "ITEM_LOCKED"
        | "PASSWORD_RESET_REQUIRED"
        | "USER_SETUP_REQUIRED"
        | "ACCESS_NOT_GRANTED"
        | "ADDITIONAL_CONSENT_REQUIRED"
        | "NO_ACCOUNTS"
        | "INVALID_CREDENTIALS"
        | "INVALID_MFA"
        | "INVALID_UPDATED_USERNAME"
        | "INSUFFICIENT_CREDENTIALS"
        | "USER_INPUT_TIMEOUT" => Some(ItemEvent::LoginRequired),
        "ITEM_NOT_FOUND" | "ITEM_CONCURRENTLY_DELETED" | "USER_PERMISSION_REVOKED" => Some(ItemEvent::Revoked),
        "INSTITUTION_DOWN" | "INSTITUTION_NOT_RESPONDING" | "INSTITUTION_NOT_AVAILABLE" => {
            Some(ItemEvent::InstitutionDown)
        }
        "PRODUCT_NOT_READY" | "INTERNAL_SERVER_ERROR" | "PLANNED_MAINTENANCE" => Some(ItemEvent::NotReady),
        // The free quota does not come back by waiting.
        "CREDITS_EXHAUSTED" => None,
        limited if limited.ends_with("_LIMIT") => Some(ItemEvent::NotReady),
        _ => None,
    }
}

#[cfg(test)]
#[path = "item_tests.rs"]
mod tests;
