//! Card autopay: whether, when and how much to pay of a person's card from a person's bank account.
//!
//! Guarantees: pure functions over what is stored and read. Never more than the card's balance less what is in flight, never above a cap
//! or what the person agreed to, never a second open payment of a card, never two debits that the bank account cannot both bear; and every
//! answer has a reason that a person understands. How a payment is then carried out is the payment's and the funding's own matter.

pub mod agreement;
pub mod authorization;
pub mod bank_account;
pub mod card;
pub mod card_number;
pub mod decision;
pub mod explain;
pub mod facts;
pub mod freshness;
pub mod held;
pub mod identity;
pub mod ids;
pub mod in_flight;
pub mod item;
pub mod joining;
pub mod notice;
pub mod payment_effects;
pub mod person;
pub mod real_account;
pub mod refusal;
pub mod retry;
pub mod review;
pub mod rule;
pub mod sending;
pub mod setup;
pub mod utilization;
