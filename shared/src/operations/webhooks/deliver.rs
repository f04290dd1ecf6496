//! Delivering events: signed, tried again as often as their deliveries are due, and what failing tells of an endpoint.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::super::autopay::notices;
use super::super::submit::replace_or_leave;
use super::super::{OperationError, System};
use crate::domain::autopay::notice::{NoticeKind, Recipient};
use crate::domain::deadline::Deadline;
use crate::domain::ids::{EventId, WebhookEndpointId};
use crate::domain::webhooks::ANSWER_TIME;
use crate::domain::webhooks::delivery::{SendFailure, Tried, is_taken};
use crate::domain::webhooks::endpoint::{Endpoint, Health};
use crate::domain::webhooks::event::Event;
use crate::domain::webhooks::signature::{ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};
use crate::ports::table::{Key, TableError};
use crate::ports::webhook_sender::WebhookCall;
use crate::store::stored::{Stored as _, read, replace};
use crate::store::{keys, webhooks as stored};

/// Events of one task that are sent at once.
const SENT_AT_ONCE: usize = 10;

/// What a call takes at most, and the write of what came of it.
const CALL_TIME: Duration = Duration::from_secs(ANSWER_TIME.as_secs() + 2);

/// Sends what is due of these events. What there is no time for stays due.
pub async fn deliver(system: &System, event_ids: &[EventId], deadline: Deadline) -> Result<(), OperationError> {
    let endpoints = stored::endpoints(&*system.table).await?;
    let all = &endpoints;
    let sent: Vec<_> = event_ids.iter().map(|id| deliver_one(system, *id, all, deadline)).collect();
    let tried: Vec<Vec<(WebhookEndpointId, Tried)>> =
        stream::iter(sent).buffer_unordered(SENT_AT_ONCE).try_collect().await?;
    let mut taken: BTreeMap<WebhookEndpointId, bool> = BTreeMap::new();
    for (id, tried) in tried.into_iter().flatten() {
        *taken.entry(id).or_default() |= is_taken(tried);
    }
    for endpoint in endpoints {
        if let Some(is_taken) = taken.get(&endpoint.id) {
            note_delivery(system, endpoint, *is_taken).await?;
        }
    }
    Ok(())
}

/// Answers what became of each try.
async fn deliver_one(
    system: &System,
    id: EventId,
    endpoints: &[Endpoint],
    deadline: Deadline,
) -> Result<Vec<(WebhookEndpointId, Tried)>, OperationError> {
    let Some(mut event) = read::<Event>(&*system.table, &keys::webhook_event(id)).await? else { return Ok(Vec::new()) };
    let now = system.clock.business_now();
    if event.due_at.is_none_or(|due_at| now < due_at) {
        return Ok(Vec::new());
    }
    event.address(endpoints, now);
    let mut all_tried = Vec::new();
    for due in event.due_endpoints(now) {
        let Some(endpoint) = endpoints.iter().find(|endpoint| endpoint.id == due) else { continue };
        if !deadline.allows(system.clock.elapsed_now(), CALL_TIME) {
            break;
        }
        let tried = send(system, endpoint, &event).await?;
        event.tried(due, tried, now);
        all_tried.push((due, tried));
    }
    event.schedule();
    // Another run of the same task may have been faster: then what it noted stands, and the receiver tells the two by their id.
    replace_or_leave(system, &mut event).await?;
    Ok(all_tried)
}

async fn send(system: &System, endpoint: &Endpoint, event: &Event) -> Result<Tried, OperationError> {
    let now = system.clock.elapsed_now();
    if system.clients.webhooks.is_spared(endpoint.id, now) {
        return Ok(Err(SendFailure::Unreachable));
    }
    let tried = system.webhooks.send(signed(system, endpoint, event).await?).await;
    match tried {
        Ok(_) => system.clients.webhooks.answered(endpoint.id),
        Err(failure) => {
            tracing::warn!(endpoint = %endpoint.id, event = %event.id, ?failure, "a receiver of webhooks did not answer");
            system.clients.webhooks.was_silent(endpoint.id, system.clock.elapsed_now());
        }
    }
    Ok(tried)
}

/// The call, signed under every secret that is valid now. Its time is the machine's own, by which receivers judge it.
async fn signed(system: &System, endpoint: &Endpoint, event: &Event) -> Result<WebhookCall, OperationError> {
    let now = system.clock.elapsed_now();
    let vault = system.vault().await?;
    let bound_to = secret_of(&endpoint.key());
    let mut secrets = Vec::new();
    for secret in endpoint.valid_secrets(now) {
        secrets.push(vault.sealing.open(&secret.sealed_secret.clone().into(), &bound_to)?);
    }
    let unwritable = |cause: String| OperationError::Inconsistent(format!("{}: {cause}", event.id));
    let body = event.payload().map_err(|cause| unwritable(cause.to_string()))?;
    let seconds = now.as_second();
    let id = fault!(WebhookIdPerTry, format!("{}-{}", event.id, event.version), event.id.to_string());
    let signed_id = fault!(WebhookIdUnsigned, String::new(), id.clone());
    let signature = sign(secrets.iter().map(|secret| secret.expose()), &signed_id, seconds, &body)
        .map_err(|cause| unwritable(cause.to_string()))?;
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        (ID_HEADER, id),
        (TIMESTAMP_HEADER, seconds.to_string()),
        (SIGNATURE_HEADER, signature),
    ];
    Ok(WebhookCall { url: endpoint.url.clone(), headers, body: body.into() })
}

/// What an endpoint's secrets are sealed for. All endpoints lie in one partition.
pub(super) fn secret_of(key: &Key) -> String {
    format!("{}#{}", key.pk, key.sk)
}

/// Notes whether the receiver took anything. One that has taken nothing for three days is disabled, and operators are told.
async fn note_delivery(system: &System, mut endpoint: Endpoint, is_taken: bool) -> Result<(), OperationError> {
    let now = system.clock.business_now();
    let told = match endpoint.note_delivery(is_taken, now) {
        Health::AsBefore => return Ok(()),
        Health::Changed => None,
        Health::DisabledNow { since } => {
            tracing::error!(endpoint = %endpoint.id, %since, "attention: an endpoint of webhooks is disabled");
            Some(NoticeKind::WebhookEndpointDisabled { endpoint_id: endpoint.id, since })
        }
    };
    endpoint.updated_at = now;
    let mut changes = vec![replace(&mut endpoint)?];
    changes.extend(notices::puts(system, Recipient::Operators, told).await?);
    match system.table.write(changes).await {
        // Somebody changed the endpoint meanwhile: what it is now is told by the next try.
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}
