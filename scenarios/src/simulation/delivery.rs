//! How messages and webhooks reach us: once and in order, or as badly as the network allows.

use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use shared::adapters::memory_queue::Received;
use shared::ports::random::{Random, random_u64};

/// In which order what came together is taken.
#[derive(Clone, Debug, Default)]
pub enum Arrival {
    #[default]
    AsSent,
    Reversed,
    Shuffled(Arc<dyn Random>),
}

impl Arrival {
    pub fn arrange<T>(&self, items: &mut [T]) {
        match self {
            Arrival::AsSent => {}
            Arrival::Reversed => items.reverse(),
            Arrival::Shuffled(random) => {
                for last in (1..items.len()).rev() {
                    let other = random_u64(&**random) % (last as u64 + 1);
                    items.swap(last, usize::try_from(other).unwrap_or(last));
                }
            }
        }
    }
}

/// The event that Lambda would make of received messages.
pub fn event_of(received: &[Received]) -> SqsEvent {
    let mut event = SqsEvent::default();
    event.records = received
        .iter()
        .map(|message| {
            let mut record = SqsMessage::default();
            record.message_id = Some(message.message_id.clone());
            record.body = Some(message.body.clone());
            let tries = message.receive_count.to_string();
            record.attributes.insert("ApproximateReceiveCount".to_owned(), tries);
            record
        })
        .collect();
    event
}
