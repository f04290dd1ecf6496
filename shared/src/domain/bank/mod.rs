//! What the bank says, in our types: transfer requests, statuses, events, errors and signatures. Pure; the client that talks to the
//! bank is an adapter.

pub mod error;
pub mod event;
pub mod refusal;
pub mod request;
pub mod signature;
pub mod status;
