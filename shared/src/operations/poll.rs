//! Finding the events that the webhook missed: the bank's list is looked through from a stored watermark on, and what has no record here
//! is applied as its webhook would have been.
//!
//! Guarantees: an event goes the webhook's own way, so it is applied once, whoever comes first; an event that cannot be applied now does
//! not hide older ones, and the watermark passes it only once it is in the inbox; a run takes so many pages, and the next one goes on.

use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;

use super::bank_events::{self, Applied};
use super::bank_object::ObjectEvent;
use super::submit::replace_or_leave;
use super::{OperationError, System, unmatched_events};
use crate::adapters::column::{EventPage, EventQuery, PageCursor};
use crate::domain::bank::error::BankError;
use crate::domain::bank::event::{BankEvent, UnreadableEvent};
use crate::domain::bank::watermark::Watermark;
use crate::domain::deadline::Deadline;
use crate::domain::ids::TransferKey;
use crate::domain::task::Task;
use crate::ports::table::TableError;
use crate::store::bank_words::key_of_event;
use crate::store::keys;
use crate::store::stored::{read, replace};

/// Pages of a hundred events that one run takes at most.
const PAGES_PER_RUN: usize = 20;

/// Records of a page looked for at once.
const READS_AT_ONCE: usize = 16;

/// A page is asked for only while there is this much time: to read it, and to apply a hundred events.
const PAGE_TIME: Duration = Duration::from_secs(20);

/// Up to when every event of the bank is recorded here, or waits in the inbox. Nothing before the first payer's account is opened.
pub async fn recorded_until(system: &System) -> Result<Option<Timestamp>, OperationError> {
    Ok(read::<Watermark>(&*system.table, &keys::watermark()).await?.map(|watermark| watermark.recorded_until))
}

/// Takes the next pages of the open window, or opens the next one.
pub async fn poll(system: &System, deadline: Deadline) -> Result<(), OperationError> {
    let Some(mut watermark) = read::<Watermark>(&*system.table, &keys::watermark()).await? else { return Ok(()) };
    let now = || system.clock.business_now();
    if !watermark.is_due(now()) {
        return Ok(());
    }
    if watermark.window.is_none() {
        unmatched_events::look_again(system, deadline).await?;
    }
    for _ in 0..PAGES_PER_RUN {
        if !deadline.allows(system.clock.elapsed_now(), PAGE_TIME) {
            break;
        }
        let page = page(system, &mut watermark, now(), deadline).await?;
        let older = page.older.clone();
        take_in(system, page).await?;
        watermark.page_taken(older.map(|cursor| cursor.0), now());
        // Whoever was faster goes on.
        if !save(system, &mut watermark).await? || watermark.window.is_none() {
            return Ok(());
        }
    }
    watermark.go_on_at_once(now());
    if save(system, &mut watermark).await? {
        system.hint([Task::PollEvents]).await;
    }
    Ok(())
}

async fn page(
    system: &System,
    watermark: &mut Watermark,
    now: Timestamp,
    deadline: Deadline,
) -> Result<EventPage, OperationError> {
    let window = watermark.open(now).clone();
    let query = EventQuery {
        created_from: window.from,
        created_until: window.until,
        older_than: window.older_than.map(PageCursor),
    };
    match system.column().await?.events(&query, deadline).await {
        Ok(page) => Ok(page),
        Err(error) => {
            let place_refused = match &error {
                BankError::AboutUs { status, .. } => matches!(status, 400 | 404),
                BankError::Refused { .. } => true,
                BankError::Unavailable { .. } | BankError::Unreadable { .. } => false,
            };
            watermark.no_page(place_refused, now);
            replace_or_leave(system, watermark).await?;
            Err(error.into())
        }
    }
}

/// Answers whether the write happened.
async fn save(system: &System, watermark: &mut Watermark) -> Result<bool, OperationError> {
    match system.table.write(vec![replace(watermark)?]).await {
        Ok(()) => Ok(true),
        Err(TableError::ConditionFailed { .. }) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

/// Applies what has no record here, oldest first.
async fn take_in(system: &System, page: EventPage) -> Result<(), OperationError> {
    let looked_up: Vec<_> = page.events.into_iter().map(|listed| missing(system, listed)).collect();
    let missing: Vec<Option<ObjectEvent>> = stream::iter(looked_up).buffered(READS_AT_ONCE).try_collect().await?;
    for event in missing.into_iter().flatten().rev() {
        apply(system, &event).await?;
    }
    Ok(())
}

/// The event, where it is about something of ours and has no record here. One that cannot be read goes to the inbox, where it waits for
/// a version that can.
async fn missing(
    system: &System,
    listed: Result<BankEvent, UnreadableEvent>,
) -> Result<Option<ObjectEvent>, OperationError> {
    let event: ObjectEvent = match listed {
        Ok(BankEvent::Transfer(event)) => event.into(),
        Ok(BankEvent::Check(event)) => event.into(),
        Ok(BankEvent::Other { .. }) => return Ok(None),
        Err(UnreadableEvent { body, why }) => {
            unmatched_events::keep_body(system, body.as_bytes(), why).await?;
            return Ok(None);
        }
    };
    let record = match event.object.idempotency_key().unwrap_or_default().parse::<TransferKey>() {
        Ok(key) => keys::history_event(key.item, &event.event_id),
        Err(_) => key_of_event(&unmatched_events::name_of_keyless(event.object.id())),
    };
    let record = system.table.get(&record).await?;
    Ok(record.is_none().then_some(event))
}

/// What a repeat may mend stops the run; anything else goes to the inbox, where it is tried again and hides nothing.
async fn apply(system: &System, event: &ObjectEvent) -> Result<(), OperationError> {
    match bank_events::apply(system, event).await {
        Ok(Applied::Transition | Applied::Recorded) => {
            tracing::warn!(
                metric = "event_missed",
                event = event.event_id,
                kind = event.event_type,
                "an event that no webhook brought was found in the bank's list"
            );
            Ok(())
        }
        Ok(Applied::Replayed | Applied::Waiting | Applied::NotOurs) => Ok(()),
        Err(error) if error.is_retryable() => Err(error),
        Err(error) => {
            tracing::error!(event = event.event_id, %error, "attention: an event of the bank cannot be applied");
            unmatched_events::keep_unreadable(system, &event.event_id).await
        }
    }
}
