//! How messages and webhooks reach us: once and in order, or as badly as the network allows.

use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use shared::adapters::memory_queue::Received;
use shared::domain::task::Task;
use shared::ports::random::{Random, random_u64};
use simulators::column::{DeliveryResult, OutgoingWebhook};
use tower::ServiceExt as _;

use crate::bank::{Bank, WEBHOOK_PATH};

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
                    items.swap(last, usize::try_from(other).unwrap());
                }
            }
        }
    }
}

/// How deliveries go. By default everything comes once and in order.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    pub arrival: Arrival,
    /// Every message is handled twice, by two workers at once.
    pub messages_twice: bool,
    /// Every webhook is delivered twice.
    pub webhooks_twice: bool,
    /// Messages that are lost on their way.
    pub lost: Option<fn(&Task) -> bool>,
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
            record
        })
        .collect();
    event
}

/// Posts a webhook, and answers the status.
pub async fn post_webhook(receiver: &Router, webhook: &OutgoingWebhook) -> StatusCode {
    let mut request = Request::post(WEBHOOK_PATH);
    for (name, value) in webhook.headers() {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(webhook.body.clone())).unwrap();
    receiver.clone().oneshot(request).await.unwrap().status()
}

/// Takes the webhooks that are due, lets `arrange` repeat or reorder them, posts them, and tells the bank how it went.
pub async fn deliver_webhooks(
    bank: &Bank,
    receiver: &Router,
    arrange: impl FnOnce(Vec<OutgoingWebhook>) -> Vec<OutgoingWebhook>,
) -> bool {
    let due = bank.take_webhooks();
    let any = !due.is_empty();
    let mut reports = Vec::new();
    for webhook in arrange(due) {
        let status = post_webhook(receiver, &webhook).await;
        let result = if status.is_success() { DeliveryResult::Accepted } else { DeliveryResult::NotAccepted };
        reports.push((webhook.delivery, result));
    }
    bank.report(reports);
    any
}
