//! What a process remembers of the endpoints: which events they take, for a minute, and which of them were silent just now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::domain::ids::WebhookEndpointId;
use crate::domain::webhooks::endpoint::Endpoint;
use crate::domain::webhooks::event::EventType;

/// How old the list of endpoints may be when it is decided whether an event is kept.
const LIST_AGE_MAX: Duration = Duration::from_secs(60);

/// A receiver that did not answer is spared for so long: the rest of its events fail at once and wait for their next try, instead of each
/// waiting for an answer that does not come.
const SPARED: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub(in crate::operations) struct SeenEndpoints(Mutex<Seen>);

/// Times are elapsed ones.
#[derive(Debug, Default)]
struct Seen {
    taken: BTreeSet<EventType>,
    read_at: Option<Timestamp>,
    silent_since: BTreeMap<WebhookEndpointId, Timestamp>,
}

impl SeenEndpoints {
    /// Whether an endpoint takes the type; `None` where that was read too long ago.
    pub(super) fn takes(&self, event_type: EventType, now: Timestamp) -> Option<bool> {
        let seen = self.locked();
        seen.read_at.filter(|read_at| is_within(*read_at, now, LIST_AGE_MAX)).map(|_| seen.taken.contains(&event_type))
    }

    /// Remembers what was read now. Answers the types that are taken.
    pub(super) fn note(&self, endpoints: &[Endpoint], now: Timestamp) -> BTreeSet<EventType> {
        let existing = endpoints.iter().filter(|endpoint| endpoint.exists());
        let taken: BTreeSet<EventType> = existing.flat_map(|endpoint| endpoint.event_types.iter().copied()).collect();
        let mut seen = self.locked();
        seen.taken.clone_from(&taken);
        seen.read_at = Some(now);
        taken
    }

    /// What this process has changed itself it reads anew.
    pub(super) fn forget(&self) {
        self.locked().read_at = None;
    }

    pub(super) fn was_silent(&self, endpoint: WebhookEndpointId, now: Timestamp) {
        self.locked().silent_since.insert(endpoint, now);
    }

    pub(super) fn answered(&self, endpoint: WebhookEndpointId) {
        self.locked().silent_since.remove(&endpoint);
    }

    pub(super) fn is_spared(&self, endpoint: WebhookEndpointId, now: Timestamp) -> bool {
        self.locked().silent_since.get(&endpoint).is_some_and(|since| is_within(*since, now, SPARED))
    }

    fn locked(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nothing of a time that is still to come counts: the clock was put back.
fn is_within(since: Timestamp, now: Timestamp, age: Duration) -> bool {
    since <= now && since.checked_add(age).is_ok_and(|over| now < over)
}
