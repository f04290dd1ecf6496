//! Sending events again: one at once, or all since a time by the worker, which keeps its place.

use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::submit::replace_or_leave;
use super::super::{OperationError, System, audit};
use super::manage::{load, save};
use crate::domain::deadline::Deadline;
use crate::domain::ids::{EventId, WebhookEndpointId};
use crate::domain::task::Task;
use crate::domain::webhooks::WebhookRefusal;
use crate::domain::webhooks::endpoint::{Endpoint, EndpointState, Replay, ReplayPlace};
use crate::domain::webhooks::event::Event;
use crate::ports::table::{Order, TableError};
use crate::store::stored::{read, replace};
use crate::store::{keys, webhooks as stored};

/// Events read and made due together.
const PAGE_EVENTS: u32 = 200;
const WRITES_AT_ONCE: usize = 8;

/// What a page takes, on the dear side.
const PAGE_TIME: Duration = Duration::from_secs(10);

/// Begins to send every event again that happened since then and whose type the endpoint takes.
pub async fn replay_since(
    system: &System,
    id: WebhookEndpointId,
    since: Timestamp,
    caller: &str,
) -> Result<Endpoint, OperationError> {
    let mut endpoint = load(system, id).await?;
    endpoint.replay(since, system.clock.business_now())?;
    save(system, &mut endpoint, "replay_webhooks", caller, Some(&format!("since {since}"))).await?;
    system.hint([Task::ReplayEvents { endpoint_id: id }]).await;
    Ok(endpoint)
}

/// Sends one event again.
pub async fn replay_one(
    system: &System,
    id: WebhookEndpointId,
    event_id: EventId,
    caller: &str,
) -> Result<Endpoint, OperationError> {
    let endpoint = load(system, id).await?;
    if endpoint.state != EndpointState::Enabled {
        return Err(WebhookRefusal::Disabled.into());
    }
    let found = read::<Event>(&*system.table, &keys::webhook_event(event_id)).await?;
    let mut event = found.ok_or_else(|| OperationError::not_found("event", event_id))?;
    if !endpoint.takes(event.event_type) {
        return Err(WebhookRefusal::OtherType.into());
    }
    make_due(&mut event, id, system.clock.business_now());
    let entry = audit::entry(system, caller, "replay_webhooks", &id.to_string(), Some(&event_id.to_string()))?;
    system.table.write(vec![replace(&mut event)?, entry]).await?;
    system.hint([Task::DeliverEvents { event_ids: vec![event_id] }]).await;
    Ok(endpoint)
}

fn make_due(event: &mut Event, endpoint: WebhookEndpointId, now: Timestamp) {
    event.replay(endpoint, now);
    event.schedule();
}

/// Goes on with a replay, as far as the time allows. It is due until it is over.
pub async fn go_on_with_replay(
    system: &System,
    id: WebhookEndpointId,
    deadline: Deadline,
) -> Result<(), OperationError> {
    let found = read::<Endpoint>(&*system.table, &keys::webhook_endpoint(id)).await?;
    let Some((mut endpoint, mut replay)) = found.and_then(|endpoint| endpoint.replay.clone().map(|r| (endpoint, r)))
    else {
        return Ok(());
    };
    let mut is_over = false;
    while !is_over && deadline.allows(system.clock.elapsed_now(), PAGE_TIME) {
        is_over = page(system, &endpoint, &mut replay).await?;
    }
    endpoint.due_at = if is_over { None } else { endpoint.due_at };
    endpoint.replay = if is_over { None } else { Some(replay) };
    replace_or_leave(system, &mut endpoint).await
}

/// Makes one page due, and moves the place behind it. Answers whether it was the last.
async fn page(system: &System, endpoint: &Endpoint, replay: &mut Replay) -> Result<bool, OperationError> {
    let ReplayPlace { day, shard, after } = replay.place.clone();
    if day > replay.until.to_zoned(TimeZone::UTC).date() {
        return Ok(true);
    }
    let found =
        stored::events_of_shard(&*system.table, (day, shard), Order::Ascending, after.as_deref(), PAGE_EVENTS).await?;
    let last = found.last().map(|event| event.id.to_string());
    let is_whole = u64::try_from(found.len()).unwrap_or(u64::MAX) < u64::from(PAGE_EVENTS);
    let (since, until) = (replay.since, replay.until);
    let is_wanted = |event: &Event| since <= event.at && event.at <= until && endpoint.takes(event.event_type);
    let writes: Vec<_> =
        found.into_iter().filter(is_wanted).map(|event| send_again(system, event, endpoint.id)).collect();
    stream::iter(writes).buffer_unordered(WRITES_AT_ONCE).try_collect::<Vec<()>>().await?;
    replay.place = match (is_whole, shard.saturating_add(1)) {
        (false, _) => ReplayPlace { day, shard, after: last },
        (true, next) if next < keys::WEBHOOK_EVENT_SHARDS => ReplayPlace { day, shard: next, after: None },
        (true, _) => ReplayPlace { day: day.tomorrow().unwrap_or(day), shard: 0, after: None },
    };
    Ok(false)
}

async fn send_again(system: &System, mut event: Event, endpoint: WebhookEndpointId) -> Result<(), OperationError> {
    for _ in 0..TRIES_MAX {
        make_due(&mut event, endpoint, system.clock.business_now());
        match system.table.write(vec![replace(&mut event)?]).await {
            Ok(()) => return Ok(()),
            Err(TableError::ConditionFailed { key, .. }) => match read::<Event>(&*system.table, &key).await? {
                Some(fresh) => event = fresh,
                None => return Ok(()),
            },
            Err(other) => return Err(other.into()),
        }
    }
    Err(OperationError::Contended(event.id.to_string()))
}

/// Writes of one event against those that are just sending it.
const TRIES_MAX: usize = 5;
