//! Payroll from a file to the bank: what must hold, story by story.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a story that cannot go on fails its test right there")]

mod approval;
mod bank_refusals;
mod disputed;
mod funding_returns;
mod given_up;
mod happy_path;
mod killed;
mod last_release;
mod limits;
mod missed_events;
mod notices;
mod other_end;
mod outgoing_webhooks;
mod overlapping;
mod owed_by_funding;
mod payees_by_bank_account;
mod people;
mod proofs_account_of_another;
mod proofs_corrected_ends;
mod proofs_lost_fundings;
mod proofs_shown_and_gone;
mod proofs_spelled_and_chained;
mod proofs_undecided;
mod questions;
mod reconciliation;
mod repaid;
mod repeated;
mod restore;
mod returns;
mod secrets;
mod shapes;
mod stops;
mod stored_mappings;
mod tables;
mod unknown;
