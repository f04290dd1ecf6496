//! Setting the simulated bank up, through its own API.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use shared::adapters::movable_clock::MovableClock;
use shared::ports::clock::Clock as _;
use simulators::column::Config;
use simulators::http::{Answer, Request};
use simulators::shell::ColumnServer;

use super::{COLUMN_API_KEY, Stack};
use crate::error::LocalError;

/// Only the events that move a state: every other one costs a delivery and changes nothing. As docs/integrate.md lists them.
pub const EVENTS: [&str; 22] = [
    "ach.outgoing_transfer.manual_review",
    "ach.outgoing_transfer.settled",
    "ach.outgoing_transfer.returned",
    "ach.outgoing_transfer.return_dishonored",
    "ach.outgoing_transfer.return_contested",
    "ach.outgoing_transfer.canceled",
    "ach.outgoing_transfer.noc",
    "check.incoming_debit.issued",
    "check.incoming_debit.manual_review",
    "check.incoming_debit.rejected",
    "check.incoming_debit.pending_deposit",
    "check.incoming_debit.settled",
    "check.incoming_debit.first_return",
    "check.incoming_debit.returned",
    "check.incoming_debit.second_return",
    "check.incoming_debit.stopped",
    "check.incoming_debit.user_initiated_returned",
    "check.incoming_debit.user_initiated_return_dishonored",
    "check.incoming_debit.delivery.mailed",
    "check.incoming_debit.delivery.delivered",
    "check.incoming_debit.delivery.returned_to_sender",
    "check.incoming_debit.delivery.failed",
];

pub(super) struct Registration {
    pub(super) entity_id: String,
    pub(super) secret: String,
}

pub(super) fn open(
    clock: &Arc<MovableClock>,
    data: Option<&Path>,
    api_key: &str,
) -> Result<Arc<ColumnServer>, LocalError> {
    let config = Config { api_key: api_key.to_owned(), seed: 1, root_entity_name: "Clearway Local".to_owned() };
    let clock = clock.clone();
    let business: simulators::shell::Clock = Arc::new(move || clock.business_now());
    match data {
        Some(folder) => {
            let journal = folder.join("bank.journal");
            ColumnServer::open(config, business, &journal).map(Arc::new).map_err(LocalError::start)
        }
        None => Ok(Arc::new(ColumnServer::new(config, business))),
    }
}

/// Registers our webhook, or points the registered one at this run's port.
pub(super) fn register_webhook(column: &ColumnServer, url: &str, api_key: &str) -> Result<Registration, LocalError> {
    let entity_id = entity_id(column, api_key)?;
    let endpoints = call(column, api_key, "GET", "/webhook-endpoints", None)?;
    let body = json!({ "url": url, "enabled_events": EVENTS, "description": "local" });
    let endpoint = match endpoints["webhook_endpoints"][0]["id"].as_str() {
        Some(id) => call(column, api_key, "PATCH", &format!("/webhook-endpoints/{id}"), Some(&body))?,
        None => call(column, api_key, "POST", "/webhook-endpoints", Some(&body))?,
    };
    Ok(Registration { entity_id, secret: text(&endpoint["secret"])? })
}

/// The entity under which each source gets its own account.
pub(super) fn entity_id(column: &ColumnServer, api_key: &str) -> Result<String, LocalError> {
    let entities = call(column, api_key, "GET", "/entities", None)?;
    text(&entities["entities"][0]["id"])
}

impl Stack {
    /// Returns a page of the bank's own list of ACH transfers, newest first.
    pub(crate) fn bank_transfers(&self, after: Option<&str>) -> Result<Value, LocalError> {
        let after = after.map(|id| format!("&starting_after={id}")).unwrap_or_default();
        call(&self.column, COLUMN_API_KEY, "GET", &format!("/transfers/ach?limit=100{after}"), None)
    }
}

fn text(value: &Value) -> Result<String, LocalError> {
    value.as_str().map(str::to_owned).ok_or_else(|| LocalError::Bank("an answer lacks an id".to_owned()))
}

fn call(
    column: &ColumnServer,
    api_key: &str,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Result<Value, LocalError> {
    let credentials = base64_of(&format!(":{api_key}"));
    let mut request = Request::new(method, path).with_header("authorization", &format!("Basic {credentials}"));
    if let Some(body) = body {
        request = request.with_header("content-type", "application/json").with_body(body.to_string().as_bytes());
    }
    match column.call(&request) {
        Answer::Reply(response) if response.status == 200 => Ok(serde_json::from_str(&response.body)?),
        Answer::Reply(response) => Err(LocalError::Bank(format!("{method} {path} answered {}", response.status))),
        Answer::Silence => Err(LocalError::Bank(format!("{method} {path} was not answered"))),
    }
}

fn base64_of(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
