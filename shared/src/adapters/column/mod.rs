//! The client of Column, our bank (`column.md`).
//!
//! Guarantees: answers are typed; errors say whose fault they are and whether the bank may have acted; a create call always carries an
//! idempotency key and every try of it sends the same bytes. Limit: only the calls that payroll needs.

mod answers;
mod client;
mod query;

pub use answers::{
    Balances, BankAccount, BankAccountStatus, CancelOutcome, EventPage, Institution, PageCursor, TransferPage,
};
pub use client::{ColumnClient, ColumnSettings};
pub use query::{EventQuery, TransferQuery};

#[cfg(test)]
mod tests;
