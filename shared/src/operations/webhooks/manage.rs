//! What operators do with endpoints. A secret is sealed when it is made, and shown to whoever had it made, once.

use jiff::civil::Date;

use super::super::{OperationError, System, audit};
use super::deliver::secret_of;
use crate::domain::batch::Idempotent;
use crate::domain::ids::WebhookEndpointId;
use crate::domain::webhooks::WebhookRefusal;
use crate::domain::webhooks::address::check_url;
use crate::domain::webhooks::delivery::DeliveryState;
use crate::domain::webhooks::endpoint::{Endpoint, EndpointSecret, NewEndpoint};
use crate::domain::webhooks::event::Event;
use crate::domain::webhooks::signature::{SECRET_BYTES, secret_text};
use crate::ports::secrets::SecretText;
use crate::store::stored::{create as put_new, replace};
use crate::store::{keys, webhooks as stored};

/// Makes an endpoint. Answers it with its secret, which nobody is shown again.
pub async fn create(
    system: &System,
    asked: NewEndpoint,
    caller: &str,
) -> Result<(Endpoint, SecretText), OperationError> {
    check_url(&asked.url, system.webhooks.addresses()).map_err(WebhookRefusal::from)?;
    asked.check(&stored::endpoints(&*system.table).await?)?;
    let id = WebhookEndpointId::new(system.new_uuid());
    let (sealed, secret) = new_secret(system, id).await?;
    let endpoint = Endpoint::new(id, asked, sealed, system.clock.business_now());
    let entry = audit::entry(system, caller, "create_webhook_endpoint", &id.to_string(), None)?;
    system.table.write(vec![put_new(&endpoint)?, entry]).await?;
    system.clients.webhooks.forget();
    Ok((endpoint, secret))
}

async fn new_secret(system: &System, id: WebhookEndpointId) -> Result<(EndpointSecret, SecretText), OperationError> {
    let mut bytes = [0; SECRET_BYTES];
    system.random.fill(&mut bytes);
    let secret = secret_text(&bytes);
    let bound_to = secret_of(&keys::webhook_endpoint(id));
    let sealed = system.vault().await?.sealing.seal(&secret, &bound_to, &*system.random)?;
    let made_at = system.clock.elapsed_now();
    let sealed = EndpointSecret { sealed_secret: sealed.as_str().to_owned(), made_at, ends_at: None };
    Ok((sealed, SecretText::new(secret)))
}

/// Every endpoint that is not deleted, oldest first.
pub async fn list(system: &System) -> Result<Vec<Endpoint>, OperationError> {
    let mut endpoints = stored::endpoints(&*system.table).await?;
    endpoints.retain(Endpoint::exists);
    endpoints.sort_by_key(|endpoint| (endpoint.created_at, endpoint.id));
    Ok(endpoints)
}

pub async fn load(system: &System, id: WebhookEndpointId) -> Result<Endpoint, OperationError> {
    let found = list(system).await?.into_iter().find(|endpoint| endpoint.id == id);
    found.ok_or_else(|| OperationError::not_found("webhook endpoint", id))
}

/// The endpoint with what was changed, and the audit's entry, in one write.
pub(super) async fn save(
    system: &System,
    endpoint: &mut Endpoint,
    action: &str,
    caller: &str,
    detail: Option<&str>,
) -> Result<(), OperationError> {
    endpoint.updated_at = system.clock.business_now();
    let entry = audit::entry(system, caller, action, &endpoint.id.to_string(), detail)?;
    system.table.write(vec![replace(endpoint)?, entry]).await?;
    system.clients.webhooks.forget();
    Ok(())
}

/// Nothing is sent to it any more. Its secrets are gone.
pub async fn delete(system: &System, id: WebhookEndpointId, caller: &str) -> Result<(), OperationError> {
    let mut endpoint = load(system, id).await?;
    endpoint.delete();
    save(system, &mut endpoint, "delete_webhook_endpoint", caller, None).await
}

/// Makes a new secret. For so many hours deliveries are signed with the one before as well.
pub async fn rotate(
    system: &System,
    id: WebhookEndpointId,
    overlap_hours: u32,
    caller: &str,
) -> Result<(Endpoint, SecretText), OperationError> {
    let mut endpoint = load(system, id).await?;
    let (sealed, secret) = new_secret(system, id).await?;
    endpoint.rotate(sealed, overlap_hours)?;
    save(system, &mut endpoint, "rotate_webhook_secret", caller, None).await?;
    Ok((endpoint, secret))
}

/// Sends to it again. What it missed comes with a replay.
pub async fn enable(system: &System, id: WebhookEndpointId, caller: &str) -> Result<Endpoint, OperationError> {
    let mut endpoint = load(system, id).await?;
    if endpoint.enable() == Idempotent::Executed {
        save(system, &mut endpoint, "enable_webhook_endpoint", caller, None).await?;
    }
    Ok(endpoint)
}

/// Which deliveries of an endpoint are looked at.
#[derive(Clone, Copy, Debug)]
pub struct Deliveries<'a> {
    /// The day of their events, in UTC.
    pub day: Date,
    pub state: Option<DeliveryState>,
    /// The event before which.
    pub before: Option<&'a str>,
    pub most: u32,
}

/// Events of a day that go to an endpoint, newest first, and the event before which the next page begins.
pub async fn deliveries(
    system: &System,
    id: WebhookEndpointId,
    wanted: Deliveries<'_>,
) -> Result<(Vec<Event>, Option<String>), OperationError> {
    load(system, id).await?;
    let Deliveries { day, state, most, .. } = wanted;
    let is_wanted = |event: &Event| {
        let delivery = event.deliveries.get(&id);
        delivery.is_some_and(|delivery| state.is_none_or(|state| delivery.state == state))
    };
    let (page, mut found) = (usize::try_from(most).unwrap_or(usize::MAX), Vec::new());
    let mut before = wanted.before.map(str::to_owned);
    for _ in 0..PAGES_LOOKED_THROUGH {
        let events = stored::events_of_day(&*system.table, day, before.as_deref(), most).await?;
        let is_last = events.len() < page;
        for event in events {
            before = Some(event.id.to_string());
            if is_wanted(&event) {
                found.push(event);
            }
            if found.len() == page {
                return Ok((found, before));
            }
        }
        if is_last {
            return Ok((found, None));
        }
    }
    Ok((found, before))
}

/// Pages of a day's events that one request looks through: it may then answer fewer than asked for and not be the last.
const PAGES_LOOKED_THROUGH: usize = 10;
