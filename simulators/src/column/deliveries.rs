//! Webhook deliveries and their retries (column.md sections 2.2 to 2.4).
//!
//! An event goes to the endpoint created first among those that enable its type. A failed attempt is repeated after 1, 2, 4, .. minutes, at most 25 times within 3 days.
//! A delivery taken and never reported on is lost only in this process: after a journal replay it is due again.

use hmac::{Hmac, Mac};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::Sha256;

use super::Column;
use super::error::ApiError;
use super::objects::json;
use crate::outbox::DeliveryStatus;

const MOST_RETRIES: u32 = 25;
const RETRY_WINDOW: SignedDuration = SignedDuration::from_hours(72);
/// Doubling from one minute stops here, so that the retries spread over the whole window.
const LONGEST_PAUSE_MINUTES: i64 = 240;

/// What an event's endpoint is to be told.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Webhook {
    event: usize,
    endpoint: usize,
    has_wrong_signature: bool,
}

/// A webhook to send now, ready to be posted as it stands.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingWebhook {
    /// For [`Column::report_delivery`].
    pub delivery: usize,
    pub url: String,
    pub endpoint_id: String,
    /// The value of `Column-Signature`.
    pub signature: String,
    pub body: String,
}

impl OutgoingWebhook {
    /// All headers of the request.
    #[must_use]
    pub fn headers(&self) -> [(&'static str, &str); 3] {
        [
            ("content-type", "application/json"),
            ("column-signature", &self.signature),
            ("webhook-endpoint-id", &self.endpoint_id),
        ]
    }
}

impl std::fmt::Debug for OutgoingWebhook {
    /// The body names receivers: it is not printed.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("OutgoingWebhook")
            .field("delivery", &self.delivery)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// How an attempt went. Success is any 2xx within 10 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryResult {
    Accepted,
    NotAccepted,
}

#[derive(Serialize)]
struct DeliveryView {
    event: Box<RawValue>,
    scheduled_at: Timestamp,
    status: DeliveryStatus,
}

impl Column {
    /// The deliveries of one event.
    pub(crate) fn deliveries_of_event(&self, id: &str) -> Result<String, ApiError> {
        #[derive(Serialize)]
        struct List {
            webhook_deliveries: Vec<DeliveryView>,
        }
        let event = self.events.position(id).ok_or_else(|| ApiError::not_found("event"))?;
        // Deliveries are in the order of their events.
        let deliveries = self.outbox.deliveries();
        let first = deliveries.partition_point(|delivery| delivery.webhook.event < event);
        let webhook_deliveries = deliveries[first..]
            .iter()
            .take_while(|delivery| delivery.webhook.event == event)
            .map(|delivery| DeliveryView {
                event: RawValue::from_string(self.event_json(event)).unwrap_or_default(),
                scheduled_at: delivery.due_at,
                status: delivery.status,
            })
            .collect();
        Ok(json(&List { webhook_deliveries }))
    }

    /// Queues the event for the endpoint, as the fault switches have it.
    pub(crate) fn announce(&mut self, event: usize, endpoint: usize) {
        let number = self.ids.number();
        let fate = self.faults.webhooks.fate(self.ids.scatter(number));
        let Some((transit, has_wrong_signature)) = fate else { return };
        let due_at = self.now.saturating_add(transit.delay).unwrap_or(Timestamp::MAX);
        for _ in 0..transit.copies {
            let webhook = Webhook { event, endpoint, has_wrong_signature };
            self.outbox.push(webhook, due_at, transit.order.unwrap_or(number));
        }
    }

    /// Takes up to `limit` webhooks that are due; each must be reported on with [`Column::report_delivery`].
    pub fn due_deliveries(&mut self, now: Timestamp, limit: usize) -> Vec<OutgoingWebhook> {
        self.advance(now);
        let mut outgoing = Vec::new();
        while outgoing.len() < limit
            && !self.faults.holds_webhooks
            && let Some(place) = self.outbox.take_due(self.now)
        {
            outgoing.extend(self.outgoing(place));
        }
        outgoing
    }

    fn outgoing(&self, place: usize) -> Option<OutgoingWebhook> {
        let webhook = &self.outbox.get(place)?.webhook;
        let endpoint = self.endpoints.at(webhook.endpoint);
        let body = self.event_json(webhook.event);
        let secret = if webhook.has_wrong_signature { "not the secret" } else { &endpoint.secret };
        Some(OutgoingWebhook {
            delivery: place,
            url: endpoint.url.clone(),
            endpoint_id: endpoint.id.clone(),
            signature: sign(secret, &body),
            body,
        })
    }

    /// Takes the result of an attempt back; a failed one is queued again or, after the last, given up.
    pub fn report_delivery(&mut self, now: Timestamp, place: usize, result: DeliveryResult) {
        self.advance(now);
        let now = self.now;
        match result {
            DeliveryResult::Accepted => self.outbox.succeed(place),
            DeliveryResult::NotAccepted => {
                let Some(delivery) = self.outbox.reported(place) else { return };
                let due_at = now.saturating_add(pause_after(delivery.failures)).unwrap_or(Timestamp::MAX);
                delivery.failures += 1;
                delivery.webhook.has_wrong_signature = false;
                if delivery.failures > MOST_RETRIES || delivery.since_first(due_at) > RETRY_WINDOW {
                    self.outbox.give_up(place);
                } else {
                    self.outbox.try_again(place, due_at);
                }
            }
        }
    }

    /// When the next webhook is due, on the caller's clock.
    #[must_use]
    pub fn next_delivery(&self) -> Option<Timestamp> {
        self.outbox.next_due().map(|due_at| self.caller_time(due_at))
    }
}

fn pause_after(failures: u32) -> SignedDuration {
    let minutes = 1_i64.checked_shl(failures).unwrap_or(LONGEST_PAUSE_MINUTES).clamp(1, LONGEST_PAUSE_MINUTES);
    SignedDuration::from_mins(minutes)
}

/// `hex(HMAC_SHA256(secret, body))`, over the bytes that are sent (column.md section 2.3).
fn sign(secret: &str, body: &str) -> String {
    Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map(|mut mac| {
            mac.update(body.as_bytes());
            hex::encode(mac.finalize().into_bytes())
        })
        .unwrap_or_default()
}
