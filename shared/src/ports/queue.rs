//! Queues of tasks, as a port. Standard queues: a message may come twice, late, in any order, or never (the sweep finds the work again).

use async_trait::async_trait;

/// The bulk queue carries the thousands of tasks of one batch; the other everything else, so that a batch never holds a webhook's work up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueueName {
    Bulk,
    Other,
}

/// A message could not be handed over; some of the messages may have been. Retry, or leave it to the sweep.
#[derive(Debug, thiserror::Error)]
#[error("the queue cannot be reached: {0}")]
pub struct QueueError(pub String);

#[async_trait]
pub trait Queue: Send + Sync + std::fmt::Debug {
    /// Hands over any number of messages (the adapter cuts them into requests).
    async fn send(&self, queue: QueueName, bodies: Vec<String>) -> Result<(), QueueError>;
}
