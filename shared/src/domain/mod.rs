//! Pure decisions about money: no AWS, no runtime, no clock, no randomness. Time and ids come in as parameters.

pub mod aba;
pub mod ach;
pub mod autopay;
pub mod bank;
pub mod batch;
pub mod biller;
pub mod calendar;
pub mod dead_letter;
pub mod deadline;
pub mod funding;
pub mod ids;
pub mod ledger;
pub mod leg;
pub mod money;
pub mod other_end;
pub mod payment;
pub mod payroll_file;
pub mod people;
pub mod plaid;
pub mod reconciliation;
pub mod secret;
pub mod source;
pub mod stop;
pub mod task;
