//! Card autopay: linking, reading, setting up, deciding, opening payments. What becomes of a payment is the payment's matter.
//!
//! Guarantees: whoever asks for something of a person names that person, and gets nothing of another's: it is not there for them.

mod account_hold;
pub mod authorization;
pub mod cancel;
pub(crate) mod corrected;
mod former_keys;
pub mod held;
mod holders;
mod in_parts;
pub mod items;
mod known;
pub mod link;
pub mod notices;
mod open;
pub(crate) mod own;
pub(crate) mod payment_accounts;
pub(crate) mod payment_effects;
pub mod people;
mod real_accounts;
pub(crate) mod refund;
pub mod refund_again;
pub mod replace;
pub mod review;
pub mod same;
pub mod setup;
mod snapshot;
pub mod subjects;
mod sync_accounts;
pub mod sync_item;
mod typed;
