//! Card autopay: linking, reading, setting up, deciding, opening payments. What becomes of a payment is the payment's matter.
//!
//! Guarantees: whoever asks for something of a person names that person, and gets nothing of another's: it is not there for them.

mod account_hold;
pub mod authorisation;
pub mod cancel;
pub(crate) mod corrected;
pub(crate) mod ends;
mod former_keys;
pub mod held;
mod holders;
mod in_parts;
pub mod items;
mod kept;
mod known;
pub(crate) mod life;
pub mod link;
pub mod notices;
mod open;
pub(crate) mod own;
pub mod people;
pub mod read;
mod reading;
mod real_accounts;
pub(crate) mod refund;
pub mod refund_again;
pub mod replace;
pub mod review;
pub mod same;
pub mod setup;
pub mod subjects;
mod typed;
