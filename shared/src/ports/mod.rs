//! What the domain needs from the outside, as traits: nothing here knows which service stands behind one.

pub mod clock;
pub mod confirmed_keys;
pub mod notices;
pub mod objects;
pub mod queue;
pub mod random;
pub mod secrets;
pub mod table;
pub mod transport;
pub mod webhook_sender;
