//! Dead letters: what a queue gave up after its tries, as things that an operator looks at, sends again or discards.
//!
//! Guarantees: a message counts once, however often it is handed over; what says the same is one dead letter, so that a task which fails
//! for days is one line and not hundreds. Sending again is decided first (`sending`) and done after; until it is known to be done the
//! letter stays open. Given up once more, a letter that was sent again or discarded is open again. Limit: only the last messages are
//! known again; one that is handed over after many others counts as a new one, which an operator sees and nothing suffers from.

mod task_text;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::autopay::ids::{hex_id, leading_bits};
use super::batch::Idempotent;
use super::ids::IdFormat;
use super::task::{QueueName, Task, TaskFormat};

pub use task_text::task_text;

/// Messages of a letter that are known again.
const MESSAGES_KNOWN_MAX: usize = 20;

hex_id!(
    /// `dl_` and the first 128 bits, in hexadecimal digits, of the SHA-256 of what the message says.
    DeadLetterId,
    "dl_",
    "dead letter"
);

impl DeadLetterId {
    pub fn of_body(body: &str) -> Self {
        Self(leading_bits(body))
    }
}

/// A message that a queue gave up.
#[derive(Clone, Copy)]
pub struct GivenUp<'a> {
    pub queue: QueueName,
    /// The queue service's id of it; empty where it has none.
    pub message_id: &'a str,
    pub body: &'a str,
    /// Who put it on the queue, as the queue service names them.
    pub sender: Option<&'a str>,
}

impl fmt::Debug for GivenUp<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "GivenUp({:?} {})", self.queue, self.message_id)
    }
}

/// What a message says. Of one that is no task of ours only what describes it: it may hold anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Contents {
    Task { task: Task },
    OtherVersion { task_version: u32, body: BodyFacts },
    NotATask { body: BodyFacts },
}

/// A body that is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BodyFacts {
    pub bytes: u64,
    /// In hexadecimal digits.
    pub sha256: String,
    /// Who put it on the queue, as the queue service names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
}

impl Contents {
    fn of(message: &GivenUp<'_>) -> Self {
        let body = || BodyFacts {
            bytes: message.body.len() as u64,
            sha256: hex::encode(Sha256::digest(message.body.as_bytes())),
            sender: message.sender.map(str::to_owned),
        };
        match Task::from_body(message.body) {
            Ok(task) => Contents::Task { task },
            Err(TaskFormat::OtherVersion(task_version)) => Contents::OtherVersion { task_version, body: body() },
            Err(TaskFormat::Unreadable(_)) => Contents::NotATask { body: body() },
        }
    }
}

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The same may succeed later: a service was busy or out of reach.
    MayPass,
    /// The same fails again until something is changed.
    Final,
    /// A defect in the code.
    Panicked,
    /// What came is no task that this code reads.
    NotATask,
}

/// The last try of what a message says, as the worker answered it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Failure {
    pub kind: FailureKind,
    /// For people; of a message that is no task nothing that it holds.
    pub error: String,
    /// Tries of that message, this one included, as the queue counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries: Option<u32>,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeadLetterState {
    /// Waits for an operator.
    Open,
    /// An operator sends it again; whether it reached the queue is not known.
    Sending,
    SentAgain,
    Discarded,
}

impl DeadLetterState {
    /// Whether an operator still has to do something.
    pub const fn is_open(self) -> bool {
        match self {
            DeadLetterState::Open | DeadLetterState::Sending => true,
            DeadLetterState::SentAgain | DeadLetterState::Discarded => false,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            DeadLetterState::Open => "open",
            DeadLetterState::Sending => "sending",
            DeadLetterState::SentAgain => "sent_again",
            DeadLetterState::Discarded => "discarded",
        }
    }
}

/// What an operator decided last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LetterDecision {
    pub action: LetterAction,
    pub by: String,
    pub reason: String,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LetterAction {
    SendAgain,
    Discard,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    pub id: DeadLetterId,
    pub version: u64,
    /// The queue that gave it up, and to which it is sent again.
    pub queue: QueueName,
    pub contents: Contents,
    pub state: DeadLetterState,
    /// Messages that say this and were given up since it is open.
    pub times: u64,
    /// Since when it is open.
    pub since: Timestamp,
    pub last_at: Timestamp,
    /// Absent where the worker ended without a word: it ran out of time, or could not write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<LetterDecision>,
    message_ids: Vec<String>,
}

/// Why a dead letter is not sent again or discarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeadLetterRefusal {
    #[error("this is no task that can be run: discard it")]
    NotATask,
    #[error("the dead letter was {} before", .0.as_str())]
    Decided(DeadLetterState),
}

impl DeadLetter {
    pub fn new(message: &GivenUp<'_>, failure: Option<Failure>, now: Timestamp) -> Self {
        let mut letter = Self {
            id: DeadLetterId::of_body(message.body),
            version: 1,
            queue: message.queue,
            contents: Contents::of(message),
            state: DeadLetterState::Open,
            times: 1,
            since: now,
            last_at: now,
            failure,
            decision: None,
            message_ids: Vec::new(),
        };
        letter.remember(message.message_id);
        letter
    }

    /// A message that says the same was given up. One that is known already changes nothing.
    pub fn given_up_again(&mut self, message: &GivenUp<'_>, failure: Option<Failure>, now: Timestamp) -> Idempotent {
        if self.message_ids.iter().any(|known| known == message.message_id) {
            return Idempotent::AlreadyApplied;
        }
        if self.state.is_open() {
            self.times = self.times.saturating_add(1);
        } else {
            (self.times, self.since) = (1, now);
        }
        self.state = DeadLetterState::Open;
        self.queue = message.queue;
        self.last_at = now;
        self.failure = failure;
        self.remember(message.message_id);
        Idempotent::Executed
    }

    fn remember(&mut self, message_id: &str) {
        if message_id.is_empty() {
            return;
        }
        if self.message_ids.len() >= MESSAGES_KNOWN_MAX {
            self.message_ids.remove(0);
        }
        self.message_ids.push(message_id.to_owned());
    }

    /// An operator wants it sent again: it is `sending` until [`Self::sent`].
    pub fn send_again(&mut self, by: &str, reason: &str, now: Timestamp) -> Result<Idempotent, DeadLetterRefusal> {
        let Contents::Task { .. } = &self.contents else { return Err(DeadLetterRefusal::NotATask) };
        match self.state {
            DeadLetterState::Open => {
                self.state = DeadLetterState::Sending;
                self.decide(LetterAction::SendAgain, by, reason, now);
                Ok(Idempotent::Executed)
            }
            DeadLetterState::Sending | DeadLetterState::SentAgain => Ok(Idempotent::AlreadyApplied),
            state @ DeadLetterState::Discarded => Err(DeadLetterRefusal::Decided(state)),
        }
    }

    /// What is to be put on the queue, while it is `sending`.
    pub fn to_send(&self) -> Option<&Task> {
        match (&self.contents, self.state) {
            (Contents::Task { task }, DeadLetterState::Sending) => Some(task),
            (
                Contents::Task { .. },
                DeadLetterState::Open | DeadLetterState::SentAgain | DeadLetterState::Discarded,
            )
            | (Contents::OtherVersion { .. } | Contents::NotATask { .. }, _) => None,
        }
    }

    /// The queue has taken it.
    pub fn sent(&mut self) {
        if self.state == DeadLetterState::Sending {
            self.state = DeadLetterState::SentAgain;
        }
    }

    pub fn discard(&mut self, by: &str, reason: &str, now: Timestamp) -> Result<Idempotent, DeadLetterRefusal> {
        match self.state {
            DeadLetterState::Open | DeadLetterState::Sending => {
                self.state = DeadLetterState::Discarded;
                self.decide(LetterAction::Discard, by, reason, now);
                Ok(Idempotent::Executed)
            }
            DeadLetterState::Discarded => Ok(Idempotent::AlreadyApplied),
            state @ DeadLetterState::SentAgain => Err(DeadLetterRefusal::Decided(state)),
        }
    }

    fn decide(&mut self, action: LetterAction, by: &str, reason: &str, now: Timestamp) {
        self.decision = Some(LetterDecision { action, by: by.to_owned(), reason: reason.to_owned(), at: now });
    }
}

#[cfg(test)]
mod tests;
