//! Whole journeys of money: the system as it is deployed, on ports in memory, with the simulated bank and Plaid behind the transport.
//!
//! Guarantees: in process, without a socket, a wait or a wall clock; the handlers are the ones Lambda runs; the same story takes the same
//! steps every time. What comes out is judged by [`audit`], which asks the bank through its own API and counts for itself.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a story that cannot go on fails its test right there")]

pub mod api;
pub mod audit;
pub mod bank;
pub mod delivery;
pub mod file;
pub mod journey;
pub mod network;
pub mod recording;
