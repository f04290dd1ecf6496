//! What the system does: load, tell the domain, save. Every operation may run twice, at once, late, or stop at any point; run again it
//! ends the same. Decisions are in [`crate::domain`], keys and items in [`crate::store`].

mod ach;
pub mod advance;
pub mod approve;
pub mod attention;
pub mod audit;
pub mod autopay;
pub mod bank_events;
pub mod bank_object;
pub mod billers;
mod check;
pub mod dead_letters;
pub mod due;
pub mod error;
pub mod follow_up;
pub mod fund;
pub mod heed;
pub mod import;
pub mod inbox;
pub mod ledger;
mod listener;
pub mod lists;
pub(crate) mod manifest;
pub(crate) mod overlaps;
mod payers;
pub mod plaid_inbox;
mod problem;
pub mod refund;
pub mod release;
pub mod report_text;
pub mod reports;
pub mod retry;
pub mod run;
mod send;
pub mod sources;
mod step;
pub mod submit;
pub mod summarize;
pub mod sweep;
pub mod system;
pub mod upload;

pub use error::OperationError;
pub use system::{Settings, System};
