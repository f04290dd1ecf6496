//! The client of Column, our bank (Column documentation, API reference).
//!
//! Guarantees: answers are typed; errors say whose fault they are and whether the bank may have acted; a create call always carries an
//! idempotency key and every try of it sends the same bytes. Limit: only the calls that payroll and the autopay of
//! cards need. A person's account is opened under the company's own entity, so that no personal data goes to the bank for it.

mod answers;
mod checks;
mod client;
mod query;

pub use answers::{
    Balances, BankAccount, BankAccountStatus, CancelOutcome, CheckPage, EventPage, Found, PageCursor, StopOutcome,
    TransferPage,
};
pub use client::{ColumnClient, ColumnSettings, FIND_PAGES};
pub use query::{EventQuery, TransferQuery};

#[cfg(test)]
mod check_tests;
#[cfg(test)]
mod tests;
