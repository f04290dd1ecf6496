//! Card autopay, scenario by scenario: what is set up, what happens when, and what must come out.
//!
//! Guarantees: each scenario runs the whole system as it is deployed, in one process and without waiting; the same scenario takes the
//! same steps every time; an outcome is only given where the ledger balances and the simulated bank agrees with it to the cent.

pub mod catalog;
pub mod error;
pub mod outcome;
pub mod simulation;
mod stories;
pub mod timeline;

pub use catalog::{Scenario, all, find};
pub use error::ScenarioError;
pub use outcome::Outcome;

/// The account and card numbers of every scenario, so that a test can look for them where they must not be.
pub const MADE_UP_NUMBERS: [&str; 3] =
    [stories::household::BANK_ACCOUNT_NUMBER, stories::household::CARD_NUMBER, stories::household::SECOND_CARD_NUMBER];
