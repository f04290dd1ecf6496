//! Queues of tasks, as a port. Standard queues: a message may come twice, late, in any order, or never (the sweep finds the work again).

use async_trait::async_trait;

pub use crate::domain::task::QueueName;

/// A message could not be handed over; some of the messages may have been. Retry, or leave it to the sweep.
#[derive(Debug, thiserror::Error)]
#[error("the queue cannot be reached: {0}")]
pub struct QueueError(pub String);

#[async_trait]
pub trait Queue: Send + Sync + std::fmt::Debug {
    /// Hands over any number of messages (the adapter cuts them into requests).
    async fn send(&self, queue: QueueName, bodies: Vec<String>) -> Result<(), QueueError>;
}
