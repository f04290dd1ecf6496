//! Clearway's domain crate: every decision about money is here.
//!
//! The direction of imports is one way: [`domain`] (pure: no AWS, no runtime, no clock, no randomness) ← [`ports`] (traits) ←
//! [`adapters`] (DynamoDB, SQS, S3, Column, Plaid) and [`store`] (the table's items) ← [`http`] (what every HTTP function keeps to) ←
//! [`operations`] (load, tell the domain, save). The test `layering` fails when an import points the wrong way.

#[macro_use]
pub mod deliberate_faults;

pub mod adapters;
pub mod domain;
pub mod http;
pub mod operations;
pub mod ports;
pub mod store;
