//! The outside world behind the ports: AWS, Column, Plaid, and their in-memory twins.

pub mod sealing;
pub mod secrets_aws;
pub mod secrets_cached;
pub mod secrets_fixed;
pub mod tokens;
