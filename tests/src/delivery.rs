//! How messages and webhooks reach us: once and in order, or as badly as the network allows.

use axum::Router;
use axum::body::Body;
use hmac::{Hmac, Mac as _};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;
use shared::domain::payment::Payment;
use shared::domain::task::Task;
use shared::operations::System;
use shared::ports::secrets::{SecretName, webhook_secrets};
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

/// Posts an event of one's own, signed as the bank signs, and answers the status.
pub async fn post_signed(system: &System, receiver: &Router, event: &Value) -> StatusCode {
    let stored = system.secrets.get(SecretName::ColumnWebhookSecrets).await.unwrap();
    let secrets = webhook_secrets(&stored).unwrap();
    let body = event.to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(secrets[0].expose().as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    let (url, endpoint_id) = (WEBHOOK_PATH.to_owned(), "whep_1".to_owned());
    post_webhook(receiver, &OutgoingWebhook { delivery: 0, url, endpoint_id, signature, body }).await
}

/// The bank's word that a payout came back, as it would be if all was well. Its times have forms that are documented and rare.
pub fn came_back(payment: &Payment, event_id: &str) -> Value {
    json!({
        "id": event_id, "created_at": "2026-03-09T13:30:02Z", "type": "ach.outgoing_transfer.returned",
        "data": {
            "id": payment.leg.transfer_id, "type": "CREDIT", "status": "RETURNED", "amount": payment.amount.get(),
            "currency_code": "USD", "bank_account_id": payment.leg.bank_account_id, "is_incoming": false,
            "idempotency_key": format!("{}:{}", payment.id, payment.leg.attempt), "created_at": "2026-03-06T18:04:05Z",
            "settled_at": "", "returned_at": "2026-03-09", "return_details": [{"return_code": "R02", "created_at": ""}]
        }
    })
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
