//! Plaid's webhooks as they were received, each under the fingerprint of its token: an exact replay finds itself there.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::keys;
use super::stored::Stored;
use crate::domain::plaid::webhook::Webhook;
use crate::ports::table::{Indexing, Key};

const PROVIDER: &str = "plaid";

/// How long one that needs nothing more is kept: far longer than its token verifies.
const KEEP_HOURS: i64 = 24 * 7;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivedWebhook {
    /// SHA-256 of the token in hexadecimal digits.
    pub event_id: String,
    pub version: u64,
    pub webhook: Webhook,
    pub received_at: Timestamp,
    /// `None` when nothing is to be done about it, or all is.
    pub due_at: Option<Timestamp>,
}

pub fn key(event_id: &str) -> Key {
    keys::inbox(PROVIDER, event_id)
}

impl Stored for ReceivedWebhook {
    fn key(&self) -> Key {
        key(&self.event_id)
    }

    fn indexing(&self) -> Indexing {
        let kept_until = self.received_at.checked_add(SignedDuration::from_hours(KEEP_HOURS));
        Indexing {
            due: self.due_at.map(|at| keys::due(&self.key(), at)),
            expires_at: self.due_at.is_none().then(|| kept_until.ok().map(Timestamp::as_second)).flatten(),
            ..Indexing::default()
        }
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}
