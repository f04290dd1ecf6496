//! Pure decisions about money: no AWS, no runtime, no clock, no randomness. Time and ids come in as parameters.

pub mod aba;
pub mod money;
pub mod payroll_file;
pub mod secret;
