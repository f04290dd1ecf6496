//! Endpoints of outgoing webhooks, and what became of the events that were sent to them.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use shared::domain::caller::Caller;
use shared::domain::ids::{EventId, WebhookEndpointId};
use shared::domain::webhooks::WebhookRefusal;
use shared::domain::webhooks::delivery::DeliveryState;
use shared::domain::webhooks::endpoint::{Endpoint, NewEndpoint, OVERLAP_HOURS};
use shared::domain::webhooks::event::EventType;
use shared::http::body::{JsonBody, PathParameters, QueryParameters};
use shared::http::pages::{PageBody, PageQuery, cursor_invalid};
use shared::http::problem::{Problem, Refused};
use shared::operations::{OperationError, System, webhooks};
use shared::ports::table::Cursor;
use utoipa::{IntoParams, ToSchema};

use crate::webhook_views::{WebhookDeliveryView, WebhookEndpointView, WebhookSecretView};

/// Every endpoint of the deployment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookEndpointList {
    items: Vec<WebhookEndpointView>,
}

/// Where events are to be sent, and which.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateWebhookEndpoint {
    /// An https URL at a public host, without user name and fragment.
    #[schema(example = "https://payroll.example.com/clearway", max_length = 2048)]
    url: String,
    /// The types it takes; at least one.
    #[schema(value_type = Vec<EventType>)]
    event_types: BTreeSet<EventType>,
    /// What people call it; at most 200 characters.
    #[serde(default)]
    #[schema(max_length = 200)]
    description: Option<String>,
}

/// For how long both secrets are to be valid.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateSecret {
    /// Hours for which deliveries are signed with the secret before as well, 0 to 168; 24 where it is left out. 0 for a secret that leaked.
    #[serde(default)]
    #[schema(maximum = 168, default = 24)]
    overlap_hours: Option<u32>,
}

/// What is to be sent again: one event, or all that happened since a time.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayWebhooks {
    /// One event, whatever became of it.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "evt_0190f3a1b2c37d4e8f5061728394a5b6")]
    event_id: Option<EventId>,
    /// Every event of the endpoint's types from then on, at most 30 days ago.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
}

/// Which deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedDeliveries {
    /// The day of the events in UTC, `2026-03-02`; today where it is left out.
    #[param(value_type = Option<String>, format = Date)]
    day: Option<Date>,
    /// Only those in this state.
    state: Option<DeliveryState>,
}

fn view(system: &System, endpoint: Endpoint) -> WebhookEndpointView {
    WebhookEndpointView::new(endpoint, system.clock.elapsed_now())
}

/// Every endpoint, oldest first; no secret is shown.
#[utoipa::path(get, path = "/webhook-endpoints", tag = "webhooks",
    operation_id = "list_webhook_endpoints",
    responses((status = 200, description = "Every endpoint", body = WebhookEndpointList), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn list(State(system): State<System>) -> Result<Json<WebhookEndpointList>, Problem> {
    let endpoints = webhooks::list(&system).await?;
    Ok(Json(WebhookEndpointList { items: endpoints.into_iter().map(|endpoint| view(&system, endpoint)).collect() }))
}

/// Makes an endpoint: from a minute later on it is sent what happens. The answer holds its secret, which is not shown again. There is one
/// endpoint for each URL, so that a request that is sent again makes no second one, and there are at most 10 endpoints, disabled ones included
/// (409 `too_many_webhook_endpoints`): delete one to make another.
#[utoipa::path(post, path = "/webhook-endpoints", tag = "webhooks",
    operation_id = "create_webhook_endpoint",
    request_body = CreateWebhookEndpoint,
    responses((status = 201, description = "The endpoint with its secret", body = WebhookSecretView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn create(
    State(system): State<System>,
    caller: Caller,
    body: JsonBody<CreateWebhookEndpoint>,
) -> Result<(StatusCode, Json<WebhookSecretView>), Problem> {
    let CreateWebhookEndpoint { url, event_types, description } = body.value;
    let asked = NewEndpoint { url, description, event_types };
    let (endpoint, secret) = webhooks::create(&system, asked, &caller.subject).await?;
    Ok((StatusCode::CREATED, Json(WebhookSecretView::new(view(&system, endpoint), &secret))))
}

/// One endpoint, without its secrets.
#[utoipa::path(get, path = "/webhook-endpoints/{endpoint_id}", tag = "webhooks",
    operation_id = "read_webhook_endpoint",
    params(("endpoint_id" = String, Path, description = "The endpoint's id, `whe_…`")),
    responses((status = 200, description = "The endpoint", body = WebhookEndpointView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn read(
    State(system): State<System>,
    PathParameters(id): PathParameters<WebhookEndpointId>,
) -> Result<Json<WebhookEndpointView>, Problem> {
    Ok(Json(view(&system, webhooks::load(&system, id).await?)))
}

/// Deletes an endpoint and its secrets: nothing more is sent to it, what waits neither.
#[utoipa::path(delete, path = "/webhook-endpoints/{endpoint_id}", tag = "webhooks",
    operation_id = "delete_webhook_endpoint",
    params(("endpoint_id" = String, Path, description = "The endpoint's id, `whe_…`")),
    responses((status = 204, description = "It is deleted"), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn delete(
    State(system): State<System>,
    caller: Caller,
    PathParameters(id): PathParameters<WebhookEndpointId>,
) -> Result<StatusCode, Problem> {
    webhooks::delete(&system, id, &caller.subject).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a new secret, which the answer shows once. Until the overlap is over each delivery bears two signatures, so that receivers can
/// change to the new one in their own time.
#[utoipa::path(post, path = "/webhook-endpoints/{endpoint_id}/rotate-secret", tag = "webhooks",
    operation_id = "rotate_webhook_secret",
    params(("endpoint_id" = String, Path, description = "The endpoint's id, `whe_…`")),
    request_body = RotateSecret,
    responses((status = 200, description = "The endpoint with its new secret", body = WebhookSecretView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn rotate_secret(
    State(system): State<System>,
    caller: Caller,
    PathParameters(id): PathParameters<WebhookEndpointId>,
    body: JsonBody<RotateSecret>,
) -> Result<Json<WebhookSecretView>, Problem> {
    let overlap_hours = body.value.overlap_hours.unwrap_or(OVERLAP_HOURS);
    let (endpoint, secret) = webhooks::rotate(&system, id, overlap_hours, &caller.subject).await?;
    Ok(Json(WebhookSecretView::new(view(&system, endpoint), &secret)))
}

/// Sends to a disabled endpoint again. What it missed comes with a replay. Asked for again, nothing changes.
#[utoipa::path(post, path = "/webhook-endpoints/{endpoint_id}/enable", tag = "webhooks",
    operation_id = "enable_webhook_endpoint",
    params(("endpoint_id" = String, Path, description = "The endpoint's id, `whe_…`")),
    responses((status = 200, description = "The endpoint", body = WebhookEndpointView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn enable(
    State(system): State<System>,
    caller: Caller,
    PathParameters(id): PathParameters<WebhookEndpointId>,
) -> Result<Json<WebhookEndpointView>, Problem> {
    Ok(Json(view(&system, webhooks::enable(&system, id, &caller.subject).await?)))
}

/// Sends one event again, or every one since a time, under the ids that they had. Events are kept for 30 days.
#[utoipa::path(post, path = "/webhook-endpoints/{endpoint_id}/replay", tag = "webhooks",
    operation_id = "replay_webhooks",
    params(("endpoint_id" = String, Path, description = "The endpoint's id, `whe_…`")),
    request_body = ReplayWebhooks,
    responses((status = 202, description = "They are sent soon", body = WebhookEndpointView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn replay(
    State(system): State<System>,
    caller: Caller,
    PathParameters(id): PathParameters<WebhookEndpointId>,
    body: JsonBody<ReplayWebhooks>,
) -> Result<(StatusCode, Json<WebhookEndpointView>), Problem> {
    let endpoint = match (body.value.event_id, body.value.since) {
        (Some(event_id), None) => webhooks::replay_one(&system, id, event_id, &caller.subject).await?,
        (None, Some(since)) => webhooks::replay_since(&system, id, since, &caller.subject).await?,
        (Some(_), Some(_)) | (None, None) => return Err(OperationError::from(WebhookRefusal::ReplayUnclear).into()),
    };
    Ok((StatusCode::ACCEPTED, Json(view(&system, endpoint))))
}

/// What became of the events of a day on their way to the endpoint, newest first.
#[utoipa::path(get, path = "/webhook-endpoints/{endpoint_id}/deliveries", tag = "webhooks",
    operation_id = "list_webhook_deliveries",
    params(("endpoint_id" = String, Path, description = "The endpoint's id, `whe_…`"), WantedDeliveries, PageQuery),
    responses((status = 200, description = "Deliveries of that day", body = PageBody<WebhookDeliveryView>), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn deliveries(
    State(system): State<System>,
    PathParameters(id): PathParameters<WebhookEndpointId>,
    QueryParameters(wanted): QueryParameters<WantedDeliveries>,
    QueryParameters(page): QueryParameters<PageQuery>,
) -> Result<Json<PageBody<WebhookDeliveryView>>, Problem> {
    // A cursor is the id of the event before which the page begins.
    let cursor = page.start_after()?.map(|cursor| cursor.0.parse::<EventId>()).transpose();
    let before = cursor.map_err(|_| cursor_invalid())?.map(|event_id| event_id.to_string());
    let today = || system.clock.business_now().to_zoned(TimeZone::UTC).date();
    let wanted = webhooks::Deliveries {
        day: wanted.day.unwrap_or_else(today),
        state: wanted.state,
        before: before.as_deref(),
        most: page.limit()?,
    };
    let (events, next) = webhooks::deliveries(&system, id, wanted).await?;
    let views = events.iter().filter_map(|event| Some(WebhookDeliveryView::new(event, event.deliveries.get(&id)?)));
    Ok(Json(PageBody::new(views.collect(), next.map(Cursor))))
}
