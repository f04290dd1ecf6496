//! What the table holds: keys, items, and how they are read and written. Decisions are made in [`crate::domain`].

pub mod account_holder;
pub mod approvals;
pub mod attention;
pub mod audit;
pub mod autopay;
pub mod bank_words;
pub mod counterparty;
pub mod dead_letters;
mod file_mappings;
pub mod history;
pub mod keys;
pub mod ledger;
pub mod metered;
pub mod payments;
pub mod plaid_keys;
pub mod received_webhooks;
pub mod stored;
pub mod webhooks;
