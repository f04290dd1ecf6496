//! Queues in memory with the meaning of SQS, for the laptop and the tests: a message that is received stays in flight until it is
//! deleted, comes back when its visibility runs out, and goes to the dead letters when it came back too often. Nothing outlives
//! the process: the sweep finds the work of a former run again. Order is that of sending, as far as nothing comes back.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use crate::ports::clock::Clock;
use crate::ports::queue::{Queue, QueueError, QueueName};

/// The most messages that one receive answers, as in SQS.
pub const RECEIVE_MAX: usize = 10;

/// How long and how often a message may be tried. Both queues have the same.
#[derive(Clone, Copy, Debug)]
pub struct QueueSettings {
    /// How long a received message stays hidden, in elapsed time.
    pub visibility: Duration,
    /// Receives of one message before it is a dead letter.
    pub receives_max: u32,
}

/// Both queues and their dead letters.
#[derive(Debug)]
pub struct MemoryQueue {
    queues: Mutex<[Messages; 2]>,
    changed: Notify,
    clock: Arc<dyn Clock>,
    settings: QueueSettings,
}

/// Names one receive of a message. A later receive of the same message makes it worthless.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Receipt(u64);

/// A message in the hands of a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub receipt: Receipt,
    pub body: String,
    /// This receive included.
    pub receive_count: u32,
    pub message_id: String,
}

/// A message that nobody could finish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    pub message_id: String,
    pub body: String,
    pub receive_count: u32,
}

/// What happened in one queue, and what is in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueCounters {
    pub sent: u64,
    pub received: u64,
    pub deleted: u64,
    pub waiting: usize,
    pub in_flight: usize,
    pub dead: usize,
}

#[derive(Debug, Default)]
struct Messages {
    waiting: VecDeque<Message>,
    in_flight: BTreeMap<Receipt, (Timestamp, Message)>,
    /// Of those in flight: what nobody is at work on any more.
    failed: BTreeSet<Receipt>,
    dead: Vec<DeadLetter>,
    counters: QueueCounters,
    last_receipt: u64,
}

#[derive(Debug)]
struct Message {
    id: String,
    body: String,
    receive_count: u32,
}

impl MemoryQueue {
    pub fn new(clock: Arc<dyn Clock>, settings: QueueSettings) -> Self {
        Self { queues: Mutex::default(), changed: Notify::new(), clock, settings }
    }

    /// Up to `max` messages, never more than ten; none where nothing is visible.
    pub fn receive(&self, queue: QueueName, max: usize) -> Vec<Received> {
        let now = self.clock.elapsed_now();
        let hidden_until =
            SignedDuration::try_from(self.settings.visibility).ok().and_then(|time| now.checked_add(time).ok());
        let received = self.with(queue, |messages| {
            messages.return_overdue(now);
            messages.take(max.min(RECEIVE_MAX), self.settings.receives_max, hidden_until.unwrap_or(Timestamp::MAX))
        });
        self.changed.notify_waiters();
        received
    }

    /// Makes visible again what was hidden until now, without receiving anything.
    pub fn return_overdue(&self, queue: QueueName) {
        let now = self.clock.elapsed_now();
        self.with(queue, |messages| messages.return_overdue(now));
        self.changed.notify_waiters();
    }

    /// Ends a message's life. False where the receipt is no longer the message's latest: it will come, or came, again.
    pub fn delete(&self, queue: QueueName, receipt: &Receipt) -> bool {
        let deleted = self.with(queue, |messages| {
            let deleted = messages.in_flight.remove(receipt).is_some();
            messages.failed.remove(receipt);
            messages.counters.deleted += u64::from(deleted);
            deleted
        });
        self.changed.notify_waiters();
        deleted
    }

    /// Notes that a receive came to nothing. The message comes again when its visibility runs out, and until then nobody is at work on it.
    pub fn fail(&self, queue: QueueName, receipt: &Receipt) {
        self.with(queue, |messages| {
            if messages.in_flight.contains_key(receipt) {
                messages.failed.insert(receipt.clone());
            }
        });
        self.changed.notify_waiters();
    }

    /// What nobody could finish, oldest first.
    pub fn dead_letters(&self, queue: QueueName) -> Vec<DeadLetter> {
        self.with(queue, |messages| messages.dead.clone())
    }

    /// Ends a dead letter's life, once somebody has it.
    pub fn delete_dead_letter(&self, queue: QueueName, message_id: &str) {
        self.with(queue, |messages| messages.dead.retain(|letter| letter.message_id != message_id));
    }

    /// Returns once a message of the queue was given up, or at once where one is there.
    pub async fn wait_given_up(&self, queue: QueueName) {
        self.wait_until(queue, |messages, _| !messages.dead.is_empty()).await;
    }

    pub fn counters(&self, queue: QueueName) -> QueueCounters {
        self.with(queue, |messages| QueueCounters {
            waiting: messages.waiting.len(),
            in_flight: messages.in_flight.len(),
            dead: messages.dead.len(),
            ..messages.counters
        })
    }

    /// Returns once a message of the queue is visible. Another worker may still take it first.
    pub async fn wait(&self, queue: QueueName) {
        self.wait_until(queue, |messages, now| {
            !messages.waiting.is_empty() || messages.in_flight.values().any(|(hidden_until, _)| *hidden_until <= now)
        })
        .await;
    }

    /// Returns once nothing of the queue waits or is worked on. Dead letters do not count, nor does what failed and will come again.
    pub async fn wait_idle(&self, queue: QueueName) {
        self.wait_until(queue, |messages, _| messages.is_idle()).await;
    }

    /// Whether nothing of the queue waits or is worked on now, as [`Self::wait_idle`] counts it.
    pub fn is_idle(&self, queue: QueueName) -> bool {
        self.with(queue, |messages| messages.is_idle())
    }

    async fn wait_until(&self, queue: QueueName, reached: impl Fn(&Messages, Timestamp) -> bool) {
        loop {
            // Listening begins before looking: a change in between is not missed.
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let now = self.clock.elapsed_now();
            let (done, next_return) = self.with(queue, |messages| (reached(messages, now), messages.next_return()));
            if done {
                return;
            }
            match next_return.filter(|hidden_until| *hidden_until > now) {
                Some(hidden_until) => {
                    let hidden_for = Duration::try_from(hidden_until.duration_since(now)).unwrap_or(Duration::ZERO);
                    tokio::select! {
                        () = changed => {}
                        () = self.clock.pause(hidden_for) => {}
                    }
                }
                None => changed.await,
            }
        }
    }

    fn with<T>(&self, queue: QueueName, act: impl FnOnce(&mut Messages) -> T) -> T {
        let mut queues: MutexGuard<'_, [Messages; 2]> = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let [bulk, other] = &mut *queues;
        act(match queue {
            QueueName::Bulk => bulk,
            QueueName::Other => other,
        })
    }
}

#[async_trait]
impl Queue for MemoryQueue {
    async fn send(&self, queue: QueueName, bodies: Vec<String>) -> Result<(), QueueError> {
        self.with(queue, |messages| {
            for body in bodies {
                messages.counters.sent += 1;
                let id = format!("{queue:?}-{}", messages.counters.sent);
                messages.waiting.push_back(Message { id, body, receive_count: 0 });
            }
        });
        self.changed.notify_waiters();
        Ok(())
    }
}

impl Messages {
    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.in_flight.len() == self.failed.len()
    }

    fn return_overdue(&mut self, now: Timestamp) {
        let overdue: Vec<_> =
            self.in_flight.iter().filter(|(_, (until, _))| *until <= now).map(|(receipt, _)| receipt.clone()).collect();
        for receipt in overdue {
            self.failed.remove(&receipt);
            if let Some((_, message)) = self.in_flight.remove(&receipt) {
                self.waiting.push_back(message);
            }
        }
    }

    fn take(&mut self, max: usize, receives_max: u32, hidden_until: Timestamp) -> Vec<Received> {
        let mut received = Vec::new();
        while received.len() < max {
            let Some(mut message) = self.waiting.pop_front() else { break };
            if message.receive_count >= receives_max {
                let Message { id, body, receive_count } = message;
                self.dead.push(DeadLetter { message_id: id, body, receive_count });
                continue;
            }
            message.receive_count += 1;
            self.counters.received += 1;
            self.last_receipt += 1;
            let receipt = Receipt(self.last_receipt);
            received.push(Received {
                receipt: receipt.clone(),
                body: message.body.clone(),
                receive_count: message.receive_count,
                message_id: message.id.clone(),
            });
            self.in_flight.insert(receipt, (hidden_until, message));
        }
        received
    }

    fn next_return(&self) -> Option<Timestamp> {
        self.in_flight.values().map(|(hidden_until, _)| *hidden_until).min()
    }
}
