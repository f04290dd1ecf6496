//! Checks that the bank prints, mails and pays from our account (Column documentation, check issuing): the request, the check as the bank
//! has it, and what its statuses mean for us.

pub mod delivery;
pub mod request;
pub mod return_reason;
pub mod snapshot;
pub mod status;
