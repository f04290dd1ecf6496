//! How endpoints of webhooks and their deliveries are shown.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use shared::domain::ids::{EventId, WebhookEndpointId};
use shared::domain::webhooks::delivery::{Delivery, DeliveryState, SendFailure};
use shared::domain::webhooks::endpoint::{Endpoint, EndpointState};
use shared::domain::webhooks::event::{Event, EventType};
use shared::ports::secrets::SecretText;
use utoipa::ToSchema;

/// An endpoint, without its secrets.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookEndpointView {
    /// The endpoint's id.
    #[schema(value_type = String, example = "whe_0190f3a1b2c37d4e8f5061728394a5b6")]
    endpoint_id: WebhookEndpointId,
    #[schema(example = "https://payroll.example.com/clearway")]
    url: String,
    /// What the people who made it call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// The types of event that it takes.
    event_types: BTreeSet<EventType>,
    state: EndpointState,
    /// Since when every try has failed; absent while its receiver takes events.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    failing_since: Option<Timestamp>,
    /// When the secret before the last rotation signs no more; absent where one secret alone is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    previous_secret_until: Option<Timestamp>,
    /// The events of a replay are still being made due.
    replay_under_way: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl WebhookEndpointView {
    pub(crate) fn new(endpoint: Endpoint, elapsed_now: Timestamp) -> Self {
        let previous_secret_until = endpoint.valid_secrets(elapsed_now).find_map(|secret| secret.ends_at);
        Self {
            endpoint_id: endpoint.id,
            url: endpoint.url,
            description: endpoint.description,
            event_types: endpoint.event_types,
            state: endpoint.state,
            failing_since: endpoint.failing_since,
            previous_secret_until,
            replay_under_way: endpoint.replay.is_some(),
            created_at: endpoint.created_at,
            updated_at: endpoint.updated_at,
        }
    }
}

/// An endpoint with its new secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookSecretView {
    #[serde(flatten)]
    endpoint: WebhookEndpointView,
    /// What deliveries are signed with. It is shown this once: store it with the receiver.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: String,
}

impl WebhookSecretView {
    pub(crate) fn new(endpoint: WebhookEndpointView, secret: &SecretText) -> Self {
        Self { endpoint, secret: secret.expose().to_owned() }
    }
}

/// One event on its way to an endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookDeliveryView {
    /// The header `webhook-id` of every try.
    #[schema(value_type = String, example = "evt_0190f3a1b2c37d4e8f5061728394a5b6")]
    event_id: EventId,
    /// What happened.
    #[serde(rename = "type")]
    event_type: EventType,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    state: DeliveryState,
    /// Tries since it began, or was last replayed.
    tries: u32,
    /// When it was tried last; absent before the first try.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    last_try_at: Option<Timestamp>,
    /// The status of the last answer; absent where none came.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_status: Option<u16>,
    /// Why the last try had no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure: Option<SendFailure>,
    /// When it is tried next; absent where that is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    next_try_at: Option<Timestamp>,
}

impl WebhookDeliveryView {
    pub(crate) fn new(event: &Event, delivery: &Delivery) -> Self {
        Self {
            event_id: event.id,
            event_type: event.event_type,
            at: event.at,
            state: delivery.state,
            tries: delivery.tries,
            last_try_at: delivery.last_try_at,
            last_status: delivery.last_status,
            last_failure: delivery.last_failure,
            next_try_at: delivery.due_at,
        }
    }
}
