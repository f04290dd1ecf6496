//! Pure decisions about money: no AWS, no runtime, no clock, no randomness. Time and ids come in as parameters.

pub mod ach;
pub mod bank;
pub mod calendar;
pub mod deadline;
pub mod money;
