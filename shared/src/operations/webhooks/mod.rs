//! Outgoing webhooks: events put in the write of what they tell of, delivered afterwards.
//!
//! Guarantees: what happened and its event are one write, so that none is lost and none is told of what did not happen; an event stays due
//! until each endpoint has taken it or its three days are over. A deployment without an endpoint reads the list of endpoints once a minute
//! in each process, and writes nothing. Limit: an endpoint hears of what happens from a minute after it was made.

mod deliver;
mod manage;
mod replay;
mod seen;

use super::save_step::HasLeg;
use super::{OperationError, System};
use crate::domain::autopay::notice::NoticeKind;
use crate::domain::batch::Batch;
use crate::domain::ids::ItemId;
use crate::domain::leg::{Attention, Leg};
use crate::domain::payment::Payment;
use crate::domain::webhooks::event::{BatchFacts, Event, EventData, EventType};
use crate::ports::table::Change;
use crate::store::history::HistoryEntry;
use crate::store::stored;
use crate::store::webhooks::endpoints;

pub use deliver::deliver;
pub use manage::{Deliveries, create, delete, deliveries, enable, list, load, rotate};
pub use replay::{go_on_with_replay, replay_one, replay_since};
pub(super) use seen::SeenEndpoints;

/// The put of an event, where an endpoint takes its type.
async fn put(
    system: &System,
    event_type: EventType,
    occasion: impl FnOnce() -> String + Send,
    data: impl FnOnce() -> EventData + Send,
) -> Result<Option<Change>, OperationError> {
    if !is_taken(system, event_type).await? {
        return Ok(None);
    }
    let event = Event::new(event_type, &occasion(), system.clock.business_now(), data());
    Ok(Some(stored::create(&event)?))
}

/// Whether an endpoint takes the type, as this process has read in the last minute.
async fn is_taken(system: &System, event_type: EventType) -> Result<bool, OperationError> {
    let now = system.clock.elapsed_now();
    if let Some(is_taken) = system.clients.webhooks.takes(event_type, now) {
        return Ok(is_taken);
    }
    let endpoints = endpoints(&*system.table).await?;
    Ok(system.clients.webhooks.note(&endpoints, now).contains(&event_type))
}

/// The put of what a step of a payment or funding tells. Its version, which the step has just made, tells it from every other.
pub(super) async fn of_step<T: HasLeg>(
    system: &System,
    item: &mut T,
    entry: &HistoryEntry,
) -> Result<Option<Change>, OperationError> {
    let moved = entry.from.zip(entry.to).filter(|(from, to)| from != to);
    let Some((from, to)) = moved else { return Ok(None) };
    fault!(
        LateReturnNotSent,
        if is_late_return(from, to) {
            return Ok(None);
        }
    );
    let (id, version) = (item.item_id(), *item.version_mut());
    let Some(event_type) = EventType::of_item(id, to) else { return Ok(None) };
    let (amount, leg) = (item.amount(), item.leg());
    let data = || EventData::of_item(id, amount, leg, Some(from));
    put(system, event_type, || format!("{id}\n{version}"), data).await
}

#[cfg(feature = "deliberate-faults")]
fn is_late_return(from: crate::domain::leg::State, to: crate::domain::leg::State) -> bool {
    use crate::domain::leg::State;
    from == State::Completed && to == State::Returned
}

/// The put of what a new payment tells: one that can never be paid has failed from the start.
pub(super) async fn of_new(system: &System, payment: &Payment) -> Result<Option<Change>, OperationError> {
    let id = ItemId::Payment(payment.id);
    let Some(event_type) = EventType::of_item(id, payment.leg.state) else { return Ok(None) };
    let data = || EventData::of_item(id, payment.amount, &payment.leg, None);
    put(system, event_type, || format!("{id}\n{}", payment.version), data).await
}

/// The put of what a batch tells that has just come to its state.
pub(super) async fn of_batch(system: &System, batch: &Batch) -> Result<Option<Change>, OperationError> {
    let Some(event_type) = EventType::of_batch(batch.state) else { return Ok(None) };
    of_batch_as(system, batch, event_type, BatchFacts::of(batch)).await
}

/// The same where more than the header is told, or the state alone does not say it.
pub(super) async fn of_batch_as(
    system: &System,
    batch: &Batch,
    event_type: EventType,
    facts: BatchFacts,
) -> Result<Option<Change>, OperationError> {
    put(system, event_type, || format!("{}\n{}", batch.id, batch.version), || EventData::Batch(facts)).await
}

/// The put of a flag that was raised. It goes with the notice of the same flag, which comes once.
pub(super) async fn of_notice(system: &System, notice: &NoticeKind) -> Result<Option<Change>, OperationError> {
    let NoticeKind::AttentionRaised { item_id, reason, since, .. } = notice else { return Ok(None) };
    let data = || EventData::of_flag(*item_id, reason, *since);
    put(system, EventType::AttentionRaised, || notice.occasion(), data).await
}

/// The put of a flag that a step took away: `before` is what the item bore.
pub(super) async fn of_cleared<T: HasLeg>(
    system: &System,
    item: &mut T,
    before: Option<Attention>,
) -> Result<Option<Change>, OperationError> {
    let Some(flag) = before.filter(|flag| is_gone(flag, item.leg())) else { return Ok(None) };
    let (id, version) = (item.item_id(), *item.version_mut());
    let data = || EventData::of_flag(id, flag.reason.as_str(), flag.since);
    put(system, EventType::AttentionCleared, || format!("{id}\n{version}"), data).await
}

fn is_gone(flag: &Attention, leg: &Leg) -> bool {
    leg.attention.as_ref() != Some(flag)
}

/// The put of a flag that was taken from a whole batch.
pub(super) async fn of_batch_cleared(
    system: &System,
    batch: &Batch,
    flag: &Attention,
) -> Result<Option<Change>, OperationError> {
    let data = || EventData::of_batch_flag(batch.id, flag);
    put(system, EventType::AttentionCleared, || format!("{}\n{}", batch.id, batch.version), data).await
}
