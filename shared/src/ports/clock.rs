//! Time, in its two meanings.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

/// Business time decides when money moves; elapsed time decides leases, tokens and links. On AWS they are the same; on a laptop
/// business time can be moved forward while no task is in flight.
#[async_trait]
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The time by which banking days, holds and due dates are judged.
    fn business_now(&self) -> Timestamp;

    /// The time by which leases, tokens and links run out. Never moved by hand.
    fn elapsed_now(&self) -> Timestamp;

    /// A pause between two tries of one call (backoff, rate limit).
    async fn pause(&self, duration: Duration);
}
