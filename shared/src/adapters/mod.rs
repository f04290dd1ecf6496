//! The outside world behind the ports: AWS, Column, Plaid, and their in-memory twins.

pub mod api_key;
pub mod column;
pub mod http_transport;
pub mod plaid;
pub mod provider_call;
#[cfg(test)]
mod scripted;
