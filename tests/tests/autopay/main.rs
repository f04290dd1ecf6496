//! Card autopay from a link to a cashed check: every scenario ends as a person would call right.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a story that cannot go on fails its test right there")]

mod announced;
mod bills_held_back;
mod broken_links;
mod changed_since;
mod checks_not_made;
mod checks_numbers;
mod held_accounts;
mod identity;
mod joint;
mod json;
mod laptop;
mod last_release;
mod logs;
mod operators;
mod persons;
mod privacy;
mod proofs_accounts;
mod proofs_cards;
mod proofs_numbers;
mod proofs_repaid_and_owed;
mod proofs_reviews_and_keys;
mod proofs_shared_checks;
mod reconciliation;
mod refunds_returned;
mod scenarios;
mod story;
mod stranded;
mod unknown_debits;
