//! Simulated Column (the bank) and Plaid, for the laptop, the tests and the deterministic simulation.
//!
//! Each is a pure core (state, time passed in, answers and webhooks out: no runtime, no clock, no randomness) and a thin HTTP shell around the same functions. The same
//! requests at the same times give the same ids, answers and webhooks, so a journal of requests is the database of either.
//!
//! They are written against the providers' documented behavior and share no code with Clearway's own clients: a misunderstanding must not agree with itself. Limits:
//! of Column only entities, accounts, counterparties, outgoing ACH, incoming wires and webhooks; of Plaid what linking cards and bank accounts needs, and institutions. No overdraft, no transfers between two
//! accounts of the simulated bank.

pub mod column;
pub mod http;
mod ids;
mod outbox;
pub mod plaid;
pub mod shell;
