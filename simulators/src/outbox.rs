//! Webhooks on their way out: which are due, and what became of each.
//!
//! What a provider repeats, when, and how long is its own; that a webhook waits in the order of its due time and is reported on once is the
//! same for all. A webhook that was taken and never reported on stays pending.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct DeliveryCounts {
    /// Waiting for an attempt, or for its result.
    pub pending: usize,
    pub succeeded: usize,
    pub failed: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DeliveryStatus {
    Pending,
    Succeeded,
    Failed,
}

/// A webhook and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Delivery<W> {
    pub(crate) webhook: W,
    first_due_at: Timestamp,
    pub(crate) due_at: Timestamp,
    order: u64,
    pub(crate) failures: u32,
    pub(crate) status: DeliveryStatus,
}

impl<W> Delivery<W> {
    /// How long after its first attempt's time one at `at` would be.
    pub(crate) fn since_first(&self, at: Timestamp) -> SignedDuration {
        at.duration_since(self.first_due_at)
    }
}

/// Every webhook so far, in the order in which they came up.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outbox<W> {
    deliveries: Vec<Delivery<W>>,
    /// Time, order within that time, place of the delivery.
    queue: BTreeSet<(Timestamp, u64, usize)>,
    counts: DeliveryCounts,
}

impl<W> Default for Outbox<W> {
    fn default() -> Self {
        Self { deliveries: Vec::new(), queue: BTreeSet::new(), counts: DeliveryCounts::default() }
    }
}

impl<W> Outbox<W> {
    /// Queues a webhook for that time; of those due at the same time the one with the lower `order` is first.
    pub(crate) fn push(&mut self, webhook: W, due_at: Timestamp, order: u64) {
        self.queue.insert((due_at, order, self.deliveries.len()));
        self.counts.pending += 1;
        let (first_due_at, failures, status) = (due_at, 0, DeliveryStatus::Pending);
        self.deliveries.push(Delivery { webhook, first_due_at, due_at, order, failures, status });
    }

    /// Takes the place of the next webhook that is due by now.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<usize> {
        self.queue
            .first()
            .is_some_and(|(due_at, ..)| *due_at <= now)
            .then(|| self.queue.pop_first())
            .flatten()
            .map(|(.., place)| place)
    }

    pub(crate) fn get(&self, place: usize) -> Option<&Delivery<W>> {
        self.deliveries.get(place)
    }

    /// All of them.
    pub(crate) fn deliveries(&self) -> &[Delivery<W>] {
        &self.deliveries
    }

    /// The delivery, out of the queue; none where its end is known already.
    pub(crate) fn reported(&mut self, place: usize) -> Option<&mut Delivery<W>> {
        let delivery = self.deliveries.get_mut(place).filter(|delivery| delivery.status == DeliveryStatus::Pending)?;
        self.queue.remove(&(delivery.due_at, delivery.order, place));
        Some(delivery)
    }

    /// It was accepted.
    pub(crate) fn succeed(&mut self, place: usize) {
        if self.end(place, DeliveryStatus::Succeeded) {
            self.counts.succeeded += 1;
        }
    }

    /// It was not, and is not tried again.
    pub(crate) fn give_up(&mut self, place: usize) {
        if self.end(place, DeliveryStatus::Failed) {
            self.counts.failed += 1;
        }
    }

    /// It was not, and is tried again then.
    pub(crate) fn try_again(&mut self, place: usize, due_at: Timestamp) {
        if let Some(delivery) = self.reported(place) {
            delivery.due_at = due_at;
            let order = delivery.order;
            self.queue.insert((due_at, order, place));
        }
    }

    fn end(&mut self, place: usize, status: DeliveryStatus) -> bool {
        let Some(delivery) = self.reported(place) else { return false };
        delivery.status = status;
        self.counts.pending -= 1;
        true
    }

    /// Webhooks that were taken and not reported on.
    pub(crate) fn under_way(&self) -> usize {
        self.counts.pending.saturating_sub(self.queue.len())
    }

    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.queue.first().map(|(due_at, ..)| *due_at)
    }

    pub(crate) fn counts(&self) -> DeliveryCounts {
        self.counts
    }
}

/// How one webhook travels, as switches have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Transit {
    pub(crate) copies: u8,
    pub(crate) delay: SignedDuration,
    /// Among those due at the same time, where they are shuffled.
    pub(crate) order: Option<u64>,
}

impl Transit {
    /// Every webhook twice, `delay_s` later, and by up to `reorder_window_s` more as `scatter` falls.
    pub(crate) fn new(duplicate: bool, delay_s: i64, reorder_window_s: i64, scatter: u64) -> Self {
        let spread = u64::try_from(reorder_window_s).ok().filter(|window| *window > 0);
        let extra_s = spread.map_or(0, |window| i64::try_from(scatter % (window + 1)).unwrap_or(0));
        Self {
            copies: if duplicate { 2 } else { 1 },
            delay: SignedDuration::from_secs(delay_s.saturating_add(extra_s)),
            order: spread.map(|_| scatter),
        }
    }
}
