//! The delivery of one event to one endpoint: tried over three days with growing waits.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Minutes between a try that failed and the next one: three days and an hour and a half in all.
pub const WAIT_MINUTES: [i64; 9] = [1, 5, 30, 2 * 60, 5 * 60, 10 * 60, 14 * 60, 18 * 60, 24 * 60];

/// Where the delivery of an event to an endpoint stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is tried, or tried again, when it is due.
    Waiting,
    /// The receiver answered with a status of success.
    Delivered,
    /// Every try failed. A replay begins anew.
    GivenUp,
    /// The endpoint was disabled or deleted before the event reached it. A replay begins anew.
    NotSent,
}

/// Why no answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SendFailure {
    /// The receiver did not answer within five seconds.
    TimedOut,
    /// No connection, or one without trust; or it did not answer a moment ago and was spared.
    Unreachable,
    /// Its host's name stands for an address that is not called.
    AddressRefused,
}

/// How one try ended: with a status, or without an answer.
pub type Tried = Result<u16, SendFailure>;

/// Whether the receiver has taken the event. A redirect is not followed, and takes nothing.
pub const fn is_taken(tried: Tried) -> bool {
    matches!(tried, Ok(200..=299))
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    pub state: DeliveryState,
    /// Tries since it began, or began anew.
    pub tries: u32,
    /// When it is tried; absent where it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_try_at: Option<Timestamp>,
    /// The status of the last answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_status: Option<u16>,
    /// Why the last try had no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<SendFailure>,
}

impl Delivery {
    /// A delivery that begins now, or one that begins anew.
    pub const fn due(now: Timestamp) -> Self {
        Self {
            state: DeliveryState::Waiting,
            tries: 0,
            due_at: Some(now),
            last_try_at: None,
            last_status: None,
            last_failure: None,
        }
    }

    /// A delivery to an endpoint that takes nothing now.
    pub const fn not_sent() -> Self {
        Self {
            state: DeliveryState::NotSent,
            tries: 0,
            due_at: None,
            last_try_at: None,
            last_status: None,
            last_failure: None,
        }
    }

    /// Notes how a try ended, and when the next one is.
    pub fn tried(&mut self, tried: Tried, now: Timestamp) {
        let waits = fault!(WebhookGivenUpEarly, WAIT_MINUTES.get(..4).unwrap_or_default(), WAIT_MINUTES.as_slice());
        let wait = usize::try_from(self.tries).ok().and_then(|tries| waits.get(tries));
        let next = wait.and_then(|minutes| now.checked_add(SignedDuration::from_mins(*minutes)).ok());
        self.tries = self.tries.saturating_add(1);
        self.last_try_at = Some(now);
        (self.last_status, self.last_failure) = match tried {
            Ok(status) => (Some(status), None),
            Err(failure) => (None, Some(failure)),
        };
        (self.state, self.due_at) = match (is_taken(tried), next) {
            (true, _) => (DeliveryState::Delivered, None),
            (false, Some(next)) => (DeliveryState::Waiting, Some(next)),
            (false, None) => (DeliveryState::GivenUp, None),
        };
    }

    /// Its endpoint takes nothing any more.
    pub fn end(&mut self) {
        self.state = DeliveryState::NotSent;
        self.due_at = None;
    }

    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due_at.is_some_and(|due_at| due_at <= now)
    }
}
