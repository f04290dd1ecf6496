//! Fault switches: what the simulated Plaid does wrong on request. All are part of the core's state and act the same on every replay.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::outbox::Transit;

/// What happens to a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CallFaultKind {
    /// 429 with the endpoint's own code, no effect.
    RateLimited,
    /// 500, no effect.
    ErrorBefore,
    /// The effect, then 500.
    ErrorAfter,
    /// No effect and no answer.
    SilenceBefore,
    /// The effect, but no answer.
    SilenceAfter,
    /// The error of this code, with the status that belongs to it, no effect. A code that Plaid does not document comes as an item error with 400.
    Refuse { code: String },
    /// A page that is not JSON, from something in front of Plaid; no effect.
    Gateway { status: u16 },
}

/// A fault for the next `count` calls that begin with this path, about this item or institution where one is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallFault {
    pub fault: CallFaultKind,
    /// Without a number: until it is cleared.
    #[serde(default = "always")]
    pub count: u64,
    #[serde(default)]
    pub path_prefix: String,
    #[serde(default)]
    pub item_id: Option<String>,
    #[serde(default)]
    pub institution_id: Option<String>,
    /// Over at this time, however many calls are left.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

fn always() -> u64 {
    u64::MAX
}

impl CallFault {
    /// For the next `count` calls of every kind.
    #[must_use]
    pub fn next(count: u64, fault: CallFaultKind) -> Self {
        Self { fault, count, path_prefix: String::new(), item_id: None, institution_id: None, until: None }
    }

    /// Only for calls to this path.
    #[must_use]
    pub fn on(self, path: &str) -> Self {
        Self { path_prefix: path.to_owned(), ..self }
    }
}

/// What is wrong with a webhook's signature or body. A retry is sent right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forgery {
    /// One byte of the body differs from what was signed.
    CorruptedBody,
    /// Signed six minutes ago.
    StaleIat,
    AlgNone,
    /// An HMAC with the public key as secret.
    Hs256,
    /// A key id that Plaid does not know.
    UnknownKid,
    /// The right key id, another key.
    ForeignKey,
    /// The key before the last rotation. Without a rotation there is none, and no signature either.
    RetiredKey,
    DerSignature,
    /// No `Plaid-Verification` at all.
    NoSignature,
}

/// What happens to webhooks; replaces the earlier setting as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WebhookFaults {
    /// Every webhook is sent twice.
    pub duplicate: bool,
    /// The next so many webhooks are never sent.
    pub drop_next: u64,
    /// The next webhooks are forged so, one each, on their first attempt.
    pub forge_next: VecDeque<Forgery>,
    /// Every webhook is sent so much later.
    pub delay_s: i64,
    /// Every webhook is sent later by something between nothing and this, so that they overtake each other; those due at the same time are shuffled.
    pub reorder_window_s: i64,
}

impl WebhookFaults {
    /// How one webhook is sent, and how it is forged; none where it is not sent.
    pub(crate) fn fate(&mut self, scatter: u64) -> Option<(Transit, Option<Forgery>)> {
        let transit = Transit::new(self.duplicate, self.delay_s, self.reorder_window_s, scatter);
        let is_dropped = self.drop_next > 0;
        self.drop_next = self.drop_next.saturating_sub(1);
        (!is_dropped).then(|| (transit, self.forge_next.pop_front()))
    }
}

/// The simplest faults, set as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Faults {
    /// The next so many calls answer 429.
    pub rate_limit_next: u64,
    /// The next so many calls answer 500.
    pub error_next: u64,
    /// The next so many calls get no answer.
    pub silence_next: u64,
    /// The next so many calls answer that the institution is down.
    pub institution_down_next: u64,
    /// All calls answer 503 until then.
    pub outage_until: Option<Timestamp>,
}

impl Faults {
    fn calls(&self) -> Vec<CallFault> {
        let down = CallFaultKind::Refuse { code: "INSTITUTION_DOWN".to_owned() };
        let all = [
            CallFault::next(self.rate_limit_next, CallFaultKind::RateLimited),
            CallFault::next(self.error_next, CallFaultKind::ErrorBefore),
            CallFault::next(self.institution_down_next, down),
            CallFault::next(self.silence_next, CallFaultKind::SilenceBefore),
        ];
        all.into_iter().filter(|fault| fault.count > 0).collect()
    }
}

/// So many calls of one kind in so much time, of one item or of the client as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    pub path: String,
    pub is_per_item: bool,
    pub calls: usize,
    pub per_s: u32,
}

/// What a call is about, as far as faults and limits choose by it.
#[derive(Debug, Default)]
pub(crate) struct Subject<'a> {
    pub(crate) path: &'a str,
    pub(crate) item_id: Option<&'a str>,
    pub(crate) institution_id: Option<&'a str>,
}

/// All switches.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Switches {
    pub(crate) calls: Vec<CallFault>,
    pub(crate) outage_until: Option<Timestamp>,
    pub(crate) webhooks: WebhookFaults,
    pub(crate) holds_webhooks: bool,
    /// The next so many calls for a further page of transactions find that they changed.
    pub(crate) mutate_next: u64,
}

impl Switches {
    pub(crate) fn set(&mut self, faults: &Faults) {
        self.calls = faults.calls();
        self.outage_until = faults.outage_until;
    }

    /// The fault of this call, used up by it.
    pub(crate) fn takes_call(&mut self, now: Timestamp, subject: &Subject<'_>) -> Option<CallFaultKind> {
        self.calls.retain(|fault| fault.count > 0 && fault.until.is_none_or(|until| now < until));
        let is_about =
            |wanted: &Option<String>, given: Option<&str>| wanted.as_deref().is_none_or(|wanted| given == Some(wanted));
        let fault = self.calls.iter_mut().find(|fault| {
            subject.path.starts_with(&fault.path_prefix)
                && is_about(&fault.item_id, subject.item_id)
                && is_about(&fault.institution_id, subject.institution_id)
        })?;
        if fault.count != always() {
            fault.count -= 1;
        }
        Some(fault.fault.clone())
    }
}

/// When calls were made, for the limits in force.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Limiter {
    calls: BTreeMap<(usize, String), VecDeque<Timestamp>>,
}

impl Limiter {
    /// Counts the call; answers the limit that it is above.
    pub(crate) fn takes<'a>(
        &mut self,
        now: Timestamp,
        limits: &'a [Limit],
        subject: &Subject<'_>,
    ) -> Option<&'a Limit> {
        for (position, limit) in limits.iter().enumerate().filter(|(_, limit)| limit.path == subject.path) {
            let owner = match (limit.is_per_item, subject.item_id) {
                (true, None) => continue,
                (true, Some(item_id)) => item_id.to_owned(),
                (false, _) => String::new(),
            };
            let window = SignedDuration::from_secs(i64::from(limit.per_s));
            let calls = self.calls.entry((position, owner)).or_default();
            while calls.front().is_some_and(|at| now.duration_since(*at) >= window) {
                calls.pop_front();
            }
            if calls.len() >= limit.calls {
                return Some(limit);
            }
            calls.push_back(now);
        }
        None
    }
}
