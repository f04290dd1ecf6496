//! What the bank says, in our types: transfer and check requests, statuses, events, errors and signatures. Pure; the client that talks to the
//! bank is an adapter.

pub mod body;
pub mod check;
pub mod disputed;
pub mod error;
pub mod event;
pub mod institution;
pub mod limits;
pub mod mailing_address;
pub mod reach;
pub mod refusal;
pub mod request;
pub mod signature;
pub mod status;
mod transfer;
pub mod unmatched;
pub mod watermark;
mod wire;
