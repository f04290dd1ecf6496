//! How messages and webhooks reach us: once and in order, or as badly as the network allows.

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use shared::domain::task::Task;
use simulators::column::{DeliveryResult, OutgoingWebhook};
use tower::ServiceExt as _;

pub use scenarios::simulation::delivery::{Arrival, event_of};

use crate::bank::{Bank, WEBHOOK_PATH};

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
