//! Endpoints of outgoing webhooks, and the events that are sent to them.

use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::keys;
use super::stored::Stored;
use crate::domain::webhooks::EVENT_DAYS;
use crate::domain::webhooks::endpoint::Endpoint;
use crate::domain::webhooks::event::Event;
use crate::ports::table::{Indexing, Key, Order, Query, Range, Table, TableError, decode};

impl Stored for Endpoint {
    fn key(&self) -> Key {
        keys::webhook_endpoint(self.id)
    }

    fn indexing(&self) -> Indexing {
        Indexing {
            due: self.due_at.map(|at| keys::due(&self.key(), at)),
            lists: None,
            attention: None,
            expires_at: self.expires_at().map(Timestamp::as_second),
        }
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for Event {
    fn key(&self) -> Key {
        keys::webhook_event(self.id)
    }

    fn indexing(&self) -> Indexing {
        let over = self.at.checked_add(SignedDuration::from_hours(24 * EVENT_DAYS)).ok();
        Indexing {
            due: self.due_at.map(|at| keys::due(&self.key(), at)),
            lists: None,
            attention: None,
            expires_at: over.map(Timestamp::as_second),
        }
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

/// Every endpoint, those that were deleted lately too, read consistently.
pub async fn endpoints(table: &dyn Table) -> Result<Vec<Endpoint>, TableError> {
    let mut endpoints = Vec::new();
    let mut query = Query::primary(keys::WEBHOOK_ENDPOINTS);
    loop {
        let page = table.query(&query).await?;
        for item in page.items {
            endpoints.push(decode(item)?);
        }
        match page.next {
            Some(next) => query.start_after = Some(next),
            None => return Ok(endpoints),
        }
    }
}

/// Up to `most` events of one shard of a day, oldest or newest first, after the one of this id.
pub async fn events_of_shard(
    table: &dyn Table,
    (day, shard): (Date, u8),
    order: Order,
    after: Option<&str>,
    most: u32,
) -> Result<Vec<Event>, TableError> {
    let range = match (after, order) {
        (None, _) => Range::All,
        (Some(after), Order::Ascending) => Range::Between(after.to_owned(), AFTER_ALL.to_owned()),
        (Some(after), Order::Descending) => Range::AtMost(after.to_owned()),
    };
    // One more than wanted: the event after which it goes on comes again.
    let page_items = Some(most.saturating_add(1));
    let mut query = Query { range, order, page_items, ..Query::primary(keys::webhook_events(day, shard)) };
    let (wanted, mut events) = (usize::try_from(most).unwrap_or(usize::MAX), Vec::new());
    loop {
        let page = table.query(&query).await?;
        for item in page.items {
            let event: Event = decode(item)?;
            if Some(event.id.to_string().as_str()) != after {
                events.push(event);
            }
        }
        match page.next {
            Some(next) if events.len() < wanted => query.start_after = Some(next),
            Some(_) | None => {
                events.truncate(wanted);
                return Ok(events);
            }
        }
    }
}

/// Sorts behind the id of every event.
const AFTER_ALL: &str = "~";

/// Up to `most` events of a day, newest first, before the one of this id.
pub async fn events_of_day(
    table: &dyn Table,
    day: Date,
    before: Option<&str>,
    most: u32,
) -> Result<Vec<Event>, TableError> {
    let shards = 0..keys::WEBHOOK_EVENT_SHARDS;
    let reads = shards.map(|shard| events_of_shard(table, (day, shard), Order::Descending, before, most));
    let reads: Vec<_> = reads.collect();
    let found: Vec<Vec<Event>> = stream::iter(reads).buffered(keys::WEBHOOK_EVENT_SHARDS.into()).try_collect().await?;
    // The newest of all shards together are among the newest of each.
    let mut found: Vec<Event> = found.into_iter().flatten().collect();
    found.sort_by_key(|event| std::cmp::Reverse(event.id));
    found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok(found)
}
