//! Pure decisions about money: no AWS, no runtime, no clock, no randomness. Time and ids come in as parameters.

pub mod money;
pub mod people;
