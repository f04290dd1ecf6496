//! Webhook deliveries and their retries (plaid.md section 2.4).
//!
//! Only 200 within 10 seconds is success. A failed attempt is repeated after 30 seconds and then four times as long each time, for 24 hours; after a 429 as `Retry-After`
//! says, at most four hours. Nothing is repeated for an address that refused more than 90 % of its webhooks in 24 hours, once there were ten (Plaid names no least number).
//! A delivery taken and never reported on is lost only in this process: after a journal replay it is due again.

use std::collections::VecDeque;

use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Plaid;
use super::faults::Forgery;

const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(30);
const RETRY_WINDOW: SignedDuration = SignedDuration::from_hours(24);
const LONGEST_RETRY_AFTER: SignedDuration = SignedDuration::from_hours(4);
/// Fewer attempts say nothing about an address.
const LEAST_ATTEMPTS_TO_JUDGE: usize = 10;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Webhook {
    url: String,
    body: String,
    /// How the next attempt is forged.
    forgery: Option<Forgery>,
}

/// When an address was tried in the last 24 hours, and whether it accepted.
pub(crate) type Attempts = VecDeque<(Timestamp, bool)>;

/// A webhook to send now, ready to be posted as it stands.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingWebhook {
    /// For [`Plaid::report_delivery`].
    pub delivery: usize,
    pub url: String,
    /// The value of `Plaid-Verification`; absent only when forged so.
    pub verification: Option<String>,
    pub body: String,
}

impl OutgoingWebhook {
    /// All headers of the request.
    #[must_use]
    pub fn headers(&self) -> Vec<(&'static str, &str)> {
        let verification = self.verification.as_deref().map(|value| ("plaid-verification", value));
        std::iter::once(("content-type", "application/json")).chain(verification).collect()
    }
}

impl std::fmt::Debug for OutgoingWebhook {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("OutgoingWebhook")
            .field("delivery", &self.delivery)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// How an attempt went. Success is exactly 200 within 10 seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryResult {
    Accepted,
    NotAccepted,
    /// 429, with the text of `Retry-After` if there was one.
    TooManyRequests {
        retry_after: Option<String>,
    },
}

impl DeliveryResult {
    /// What an answer with this status means.
    #[must_use]
    pub fn of_status(status: u16, retry_after: Option<&str>) -> Self {
        match status {
            200 => Self::Accepted,
            429 => Self::TooManyRequests { retry_after: retry_after.map(str::to_owned) },
            _ => Self::NotAccepted,
        }
    }
}

impl Plaid {
    /// Queues a webhook, as the fault switches have it; a forgery of its own goes before theirs.
    pub(crate) fn queue_webhook(&mut self, url: String, body: String, forgery: Option<Forgery>) {
        let number = self.ids.number();
        let fate = self.faults.webhooks.fate(self.ids.scatter(number));
        let Some((transit, switched)) = fate else { return };
        let due_at = self.now.saturating_add(transit.delay).unwrap_or(Timestamp::MAX);
        for _ in 0..transit.copies {
            let webhook = Webhook { url: url.clone(), body: body.clone(), forgery: forgery.or(switched) };
            self.outbox.push(webhook, due_at, transit.order.unwrap_or(number));
        }
    }

    /// Takes up to `limit` webhooks that are due; each must be reported on with [`Plaid::report_delivery`].
    pub fn due_deliveries(&mut self, now: Timestamp, limit: usize) -> Vec<OutgoingWebhook> {
        self.advance(now);
        let mut outgoing = Vec::new();
        while outgoing.len() < limit
            && !self.faults.holds_webhooks
            && let Some(place) = self.outbox.take_due(self.now)
        {
            outgoing.extend(self.outgoing(place));
        }
        outgoing
    }

    /// Each attempt is signed anew: a signature counts for five minutes only.
    fn outgoing(&self, place: usize) -> Option<OutgoingWebhook> {
        let Webhook { url, body, forgery } = &self.outbox.get(place)?.webhook;
        let verification = self.keys.sign(self.now, body, *forgery);
        let body = if *forgery == Some(Forgery::CorruptedBody) {
            body.replacen("\"environment\"", "\"environmenT\"", 1)
        } else {
            body.clone()
        };
        Some(OutgoingWebhook { delivery: place, url: url.clone(), verification, body })
    }

    /// Takes the result of an attempt back; a failed one is queued again or, after the last, given up.
    pub fn report_delivery(&mut self, now: Timestamp, place: usize, result: DeliveryResult) {
        self.advance(now);
        let now = self.now;
        let Some(delivery) = self.outbox.reported(place) else { return };
        let attempts = self.attempts.entry(delivery.webhook.url.clone()).or_default();
        attempts.push_back((now, result == DeliveryResult::Accepted));
        let is_hopeless = is_hopeless(attempts, now);
        let standard = pause_after(delivery.failures);
        let pause = match result {
            DeliveryResult::Accepted => return self.outbox.succeed(place),
            DeliveryResult::NotAccepted => standard,
            DeliveryResult::TooManyRequests { retry_after } => {
                retry_after.and_then(|text| wait(&text, now)).unwrap_or(standard).min(LONGEST_RETRY_AFTER)
            }
        };
        let due_at = now.saturating_add(pause).unwrap_or(Timestamp::MAX);
        delivery.failures += 1;
        delivery.webhook.forgery = None;
        if is_hopeless || delivery.since_first(due_at) > RETRY_WINDOW {
            self.outbox.give_up(place);
        } else {
            self.outbox.try_again(place, due_at);
        }
    }

    /// When the next webhook is due, on the caller's clock.
    #[must_use]
    pub fn next_delivery(&self) -> Option<Timestamp> {
        self.outbox.next_due().map(|due_at| self.caller_time(due_at))
    }
}

fn pause_after(failures: u32) -> SignedDuration {
    FIRST_PAUSE.saturating_mul(4_i32.saturating_pow(failures))
}

/// Forgets what is older than 24 hours, then tells whether more than 90 % of the rest was refused.
fn is_hopeless(attempts: &mut Attempts, now: Timestamp) -> bool {
    while attempts.front().is_some_and(|(at, _)| now.duration_since(*at) > RETRY_WINDOW) {
        attempts.pop_front();
    }
    let refused = attempts.iter().filter(|(_, is_accepted)| !is_accepted).count();
    attempts.len() >= LEAST_ATTEMPTS_TO_JUDGE && refused * 10 > attempts.len() * 9
}

/// `Retry-After` as whole seconds, an HTTP date or an ISO 8601 time.
fn wait(retry_after: &str, now: Timestamp) -> Option<SignedDuration> {
    let text = retry_after.trim();
    let at = || text.parse().ok().or_else(|| rfc2822::parse(text).ok().map(|at| at.timestamp()));
    let wait =
        text.parse().ok().map(SignedDuration::from_secs).or_else(|| at().map(|at: Timestamp| at.duration_since(now)));
    wait.map(|wait| wait.max(SignedDuration::ZERO))
}
