//! Card autopay: linking, reading, setting up, deciding, opening payments. What becomes of a payment is the payment's matter.
//!
//! Guarantees: whoever asks for something of a person names that person, and gets nothing of another's: it is not there for them.

pub mod cancel;
pub(crate) mod life;
pub mod notices;
pub(crate) mod refund;
pub mod replace;
