//! What Plaid knows and says, from its JSON to our types: accounts, liabilities, transactions, errors, webhooks.
//!
//! Guarantees: unknown fields are ignored; unknown enum values, error codes and webhooks are kept as they came; `null`, an absent key and,
//! for lists, an empty list mean the same. Money is read from the digits as they were sent, never through a binary fraction. No message
//! quotes what could not be read.

pub mod account;
pub mod amount;
pub mod auth;
pub mod error;
pub mod item;
pub mod key_turns;
pub mod liability;
pub mod signature;
pub mod transaction;
pub mod webhook;
pub mod webhook_action;

use serde::{Deserialize, Deserializer};

/// A list that may be absent or `null`.
pub(crate) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Option::<Vec<T>>::deserialize(deserializer).map(Option::unwrap_or_default)
}
