//! Events of the bank that could not be applied: about nothing that is here, or unreadable. None is lost: it is looked at again, and in the
//! end it wants a person, who closes it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::batch::Idempotent;

/// Between two looks, while its item may still turn up.
const RETRY_MINUTES: i64 = 10;

/// As long as the bank itself goes on delivering, and a day more.
const PATIENCE_DAYS: i64 = 4;

/// Why an event was not applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It names a payment or funding that is not here, or not yet.
    #[default]
    Unmatched,
    /// The bank signed it, and this version cannot read it.
    Unreadable,
    /// It bears no key of ours. It wants an operator where it is about an account of one of our payers.
    Keyless,
}

/// What an operator decided about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Closing {
    pub by: String,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmatchedEvent {
    /// The bank's; one of ours where the event has none that can be read.
    pub event_id: String,
    pub version: u64,
    /// While its item is waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    pub since: Timestamp,
    #[serde(default)]
    pub why: Why,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// The payment or funding that it names; of one without a key the transfer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Of one without a key: the account at the bank that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_account_id: Option<String>,
    /// What came, sealed under this item's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_body: Option<String>,
    /// Since when it wants an operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention_since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing: Option<Closing>,
}

impl UnmatchedEvent {
    /// About something that is not here yet.
    pub fn unmatched(event_id: String, event_type: String, about: String, now: Timestamp) -> Self {
        let (event_type, about) = (Some(event_type), Some(about));
        Self { due_at: Some(next_look(now)), event_type, about, ..Self::new(event_id, Why::Unmatched, now) }
    }

    /// About a transfer that was not made by us. Whose account it is about is looked at next.
    pub fn keyless(event_id: String, event_type: String, transfer_id: String, account: String, now: Timestamp) -> Self {
        let (event_type, about, bank_account_id) = (Some(event_type), Some(transfer_id), Some(account));
        Self { due_at: Some(now), event_type, about, bank_account_id, ..Self::new(event_id, Why::Keyless, now) }
    }

    /// Whose it is cannot be seen now.
    pub fn look_later(&mut self, now: Timestamp) {
        self.due_at = Some(next_look(now));
    }

    /// Nothing makes it fit: it wants an operator from now on.
    pub const fn wants_operator(&mut self, now: Timestamp) {
        self.attention_since = Some(now);
        self.due_at = None;
    }

    /// It wants a person at once: nothing but another version can help.
    pub fn unreadable(event_id: String, sealed_body: Option<String>, now: Timestamp) -> Self {
        Self { sealed_body, attention_since: Some(now), ..Self::new(event_id, Why::Unreadable, now) }
    }

    const fn new(event_id: String, why: Why, now: Timestamp) -> Self {
        Self {
            event_id,
            version: 1,
            due_at: None,
            since: now,
            why,
            event_type: None,
            about: None,
            bank_account_id: None,
            sealed_body: None,
            attention_since: None,
            closing: None,
        }
    }

    pub const fn is_open(&self) -> bool {
        self.closing.is_none()
    }

    /// It was looked at again, and still cannot be applied. Answers whether it wants an operator from now on.
    pub fn still_waits(&mut self, now: Timestamp) -> bool {
        if self.attention_since.is_some() {
            self.due_at = None;
            return false;
        }
        let patience = self.since.checked_add(SignedDuration::from_hours(24 * PATIENCE_DAYS));
        if patience.is_ok_and(|until| now <= until) {
            self.due_at = Some(next_look(now));
            return false;
        }
        self.wants_operator(now);
        true
    }

    /// An operator gives it up. Closed again, it stays as it was closed first.
    pub fn close(&mut self, by: &str, reason: &str, at: Timestamp) -> Idempotent {
        if self.closing.is_some() {
            return Idempotent::AlreadyApplied;
        }
        self.closing = Some(Closing { by: by.to_owned(), at, reason: reason.to_owned() });
        self.due_at = None;
        Idempotent::Executed
    }
}

fn next_look(now: Timestamp) -> Timestamp {
    now.saturating_add(SignedDuration::from_mins(RETRY_MINUTES)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        let start: Timestamp = "2026-03-02T18:00:00Z".parse().unwrap();
        start + SignedDuration::from_hours(hours)
    }

    fn unmatched() -> UnmatchedEvent {
        let text = |text: &str| text.to_owned();
        UnmatchedEvent::unmatched(text("evnt_1"), text("ach.outgoing_transfer.settled"), text("pay_1:1"), at(0))
    }

    #[test]
    fn an_event_without_a_match_is_waited_for_and_then_wants_a_person_once() {
        let mut event = unmatched();
        assert!(!event.still_waits(at(96)) && event.due_at > Some(at(96)));
        assert!(event.still_waits(at(97)));
        assert_eq!((event.attention_since, event.due_at), (Some(at(97)), None));
        assert!(!event.still_waits(at(98)));
        assert_eq!(event.attention_since, Some(at(97)));
    }

    #[test]
    fn an_event_that_cannot_be_read_wants_a_person_at_once() {
        assert_eq!(UnmatchedEvent::unreadable("evnt_1".to_owned(), None, at(0)).attention_since, Some(at(0)));
    }

    #[test]
    fn it_is_closed_once() {
        let mut event = unmatched();
        assert_eq!(event.close("olga", "a test of the bank's", at(1)), Idempotent::Executed);
        assert_eq!(event.close("otto", "another reason", at(2)), Idempotent::AlreadyApplied);
        assert_eq!(event.closing.as_ref().map(|closing| closing.by.as_str()), Some("olga"));
        assert!(!event.is_open() && event.due_at.is_none());
    }

    #[test]
    fn what_was_kept_before_there_was_a_reason_is_still_read() {
        let kept =
            r#"{"event_id":"evnt_1","version":3,"due_at":"2026-03-02T18:00:00Z","since":"2026-03-02T17:00:00Z"}"#;
        let event: UnmatchedEvent = serde_json::from_str(kept).unwrap();
        assert_eq!((event.why, event.due_at.is_some(), event.is_open()), (Why::Unmatched, true, true));
    }
}
