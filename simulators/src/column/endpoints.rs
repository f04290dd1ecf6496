//! Webhook endpoints (column.md section 2.1).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Column;
use super::error::ApiError;
use super::events::{EventKind, Subject};
use super::input::{Flag, bounded, read, required};
use super::objects::json;
use crate::http::Request;

#[derive(Clone, PartialEq, Serialize)]
pub(crate) struct Endpoint {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) description: String,
    pub(crate) enabled_events: Vec<String>,
    pub(crate) secret: String,
    pub(crate) is_disabled: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl Endpoint {
    /// Exact names, `*`, or a family such as `ach.*`.
    pub(crate) fn wants(&self, event: &str) -> bool {
        !self.is_disabled
            && self.enabled_events.iter().any(|enabled| {
                enabled == event || enabled.strip_suffix('*').is_some_and(|family| event.starts_with(family))
            })
    }
}

#[derive(Deserialize)]
struct EndpointInput {
    url: Option<String>,
    description: Option<String>,
    enabled_events: Option<Vec<String>>,
    is_disabled: Option<Flag>,
}

#[derive(Deserialize)]
struct VerifyInput {
    event_type: Option<String>,
}

impl Column {
    pub(crate) fn create_endpoint(&mut self, request: &Request) -> Result<String, ApiError> {
        let input: EndpointInput = read(request)?;
        let enabled_events = input
            .enabled_events
            .filter(|events| !events.is_empty())
            .ok_or_else(|| ApiError::missing("enabled_events"))?;
        let endpoint = Endpoint {
            id: self.ids.next("whep", self.now),
            url: endpoint_url(required(input.url, "url")?)?,
            description: bounded(input.description, "description", 255)?,
            enabled_events,
            secret: self.ids.secret(),
            is_disabled: false,
            created_at: self.now,
            updated_at: self.now,
        };
        let body = json(&endpoint);
        let id = endpoint.id.clone();
        self.endpoints.push(&id, endpoint);
        Ok(body)
    }

    pub(crate) fn list_endpoints(&self) -> String {
        #[derive(Serialize)]
        struct List<'a> {
            webhook_endpoints: Vec<&'a Endpoint>,
        }
        let visible = self.endpoints.iter().filter(|endpoint| self.endpoints.is_visible(&endpoint.id));
        json(&List { webhook_endpoints: visible.rev().collect() })
    }

    pub(crate) fn get_endpoint(&self, id: &str) -> Result<String, ApiError> {
        self.endpoints.find(id).map(json).ok_or_else(|| ApiError::not_found("webhook endpoint"))
    }

    pub(crate) fn change_endpoint(&mut self, id: &str, request: &Request) -> Result<String, ApiError> {
        let input: EndpointInput = read(request)?;
        let url = input.url.map(endpoint_url).transpose()?;
        let now = self.now;
        let endpoint = self.endpoints.find_mut(id).ok_or_else(|| ApiError::not_found("webhook endpoint"))?;
        if let Some(url) = url {
            endpoint.url = url;
        }
        if let Some(description) = input.description {
            endpoint.description = description;
        }
        if let Some(enabled_events) = input.enabled_events {
            endpoint.enabled_events = enabled_events;
        }
        if let Some(is_disabled) = input.is_disabled {
            endpoint.is_disabled = is_disabled.0;
        }
        endpoint.updated_at = now;
        Ok(json(endpoint))
    }

    /// Answers the deleted endpoint.
    pub(crate) fn delete_endpoint(&mut self, id: &str) -> Result<String, ApiError> {
        let body = self.get_endpoint(id)?;
        self.endpoints.hide(id);
        Ok(body)
    }

    /// Sends a signed test event of the asked type to this endpoint.
    pub(crate) fn verify_endpoint(&mut self, id: &str, request: &Request) -> Result<String, ApiError> {
        let input: VerifyInput = read(request)?;
        let endpoint = self.endpoints.position(id).ok_or_else(|| ApiError::not_found("webhook endpoint"))?;
        let event_type = required(input.event_type, "event_type")?;
        let event = self.record_event(EventKind::Test(event_type), Subject::Nothing, true);
        self.announce(event, endpoint);
        Ok("{}".to_owned())
    }
}

/// The real bank wants https; a simulated one must also reach a laptop.
fn endpoint_url(url: String) -> Result<String, ApiError> {
    if url.starts_with("https://") || url.starts_with("http://") {
        Ok(url)
    } else {
        Err(ApiError::field("url", "must be an address that begins with https://"))
    }
}
