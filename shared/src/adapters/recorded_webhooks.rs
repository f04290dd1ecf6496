//! Receivers of webhooks in memory, for tests and the simulation: what they were sent can be read, and they fail as they are told.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::domain::webhooks::address::AddressRule;
use crate::domain::webhooks::delivery::Tried;
use crate::ports::webhook_sender::{WebhookCall, WebhookSender};

/// Takes everything until it is told otherwise.
#[derive(Debug, Default)]
pub struct RecordedWebhooks {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    calls: Vec<(WebhookCall, Tried)>,
    /// What the next calls are answered.
    next: VecDeque<Tried>,
    /// What every other call is answered; success where nothing is set.
    always: Option<Tried>,
}

impl RecordedWebhooks {
    /// From now on every call ends so; `None` takes everything again.
    pub fn always(&self, answer: Option<Tried>) {
        self.locked().always = answer;
    }

    /// The next call ends so, and those after it as before.
    pub fn once(&self, answer: Tried) {
        self.locked().next.push_back(answer);
    }

    /// Every call so far and how it ended, in order.
    pub fn calls(&self) -> Vec<(WebhookCall, Tried)> {
        self.locked().calls.clone()
    }

    fn locked(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl WebhookSender for RecordedWebhooks {
    fn addresses(&self) -> AddressRule {
        AddressRule::PublicHttps
    }

    async fn send(&self, call: WebhookCall) -> Tried {
        let mut inner = self.locked();
        let answer = inner.next.pop_front().or(inner.always).unwrap_or(Ok(204));
        inner.calls.push((call, answer));
        answer
    }
}
