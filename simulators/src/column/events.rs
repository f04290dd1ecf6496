//! The event log: one event per state change, kept for ever, with the object as it was at that moment (column.md sections 2.2, 2.5, 2.6).

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use super::Column;
use super::ach::AchStatus;
use super::error::ApiError;
use super::list::PageQuery;
use super::objects::json;
use crate::http::Request;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EventKind {
    AchInitiated,
    AchManualReview,
    AchManualReviewApproved,
    AchPendingSubmission,
    AchSubmitted,
    AchSettled,
    AchCompleted,
    AchCanceled,
    AchReturned,
    AchReturnDishonored,
    AchReturnContested,
    AchNotificationOfChange,
    WireCompleted,
    /// Of a check or its letter, by its name.
    Check(&'static str),
    /// Asked for by the endpoint's verify call.
    Test(String),
}

impl EventKind {
    pub(crate) fn of_status(status: AchStatus) -> Self {
        match status {
            AchStatus::Initiated => Self::AchInitiated,
            AchStatus::ManualReview => Self::AchManualReview,
            AchStatus::ManualReviewApproved => Self::AchManualReviewApproved,
            AchStatus::PendingSubmission => Self::AchPendingSubmission,
            AchStatus::Submitted => Self::AchSubmitted,
            AchStatus::Settled => Self::AchSettled,
            AchStatus::Completed => Self::AchCompleted,
            AchStatus::Canceled => Self::AchCanceled,
            AchStatus::Returned => Self::AchReturned,
            AchStatus::ReturnDishonored => Self::AchReturnDishonored,
            AchStatus::ReturnContested => Self::AchReturnContested,
        }
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::AchInitiated => "ach.outgoing_transfer.initiated",
            Self::AchManualReview => "ach.outgoing_transfer.manual_review",
            Self::AchManualReviewApproved => "ach.outgoing_transfer.manual_review_approved",
            Self::AchPendingSubmission => "ach.outgoing_transfer.pending_submission",
            Self::AchSubmitted => "ach.outgoing_transfer.submitted",
            Self::AchSettled => "ach.outgoing_transfer.settled",
            Self::AchCompleted => "ach.outgoing_transfer.completed",
            Self::AchCanceled => "ach.outgoing_transfer.canceled",
            Self::AchReturned => "ach.outgoing_transfer.returned",
            Self::AchReturnDishonored => "ach.outgoing_transfer.return_dishonored",
            Self::AchReturnContested => "ach.outgoing_transfer.return_contested",
            Self::AchNotificationOfChange => "ach.outgoing_transfer.noc",
            Self::WireCompleted => "wire.incoming_transfer.completed",
            Self::Check(name) => name,
            Self::Test(name) => name,
        }
    }
}

/// Which object an event is about, and how far it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Ach { transfer: usize, steps: usize },
    Check { check: usize, steps: usize },
    Wire(usize),
    Nothing,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    number: u64,
    at: Timestamp,
    kind: EventKind,
    subject: Subject,
    /// Whether an endpoint was there for it.
    has_webhook: bool,
}

#[derive(Serialize)]
struct EventView<'a> {
    id: String,
    created_at: Timestamp,
    #[serde(rename = "type")]
    kind: &'a str,
    data: Box<RawValue>,
}

#[derive(Serialize)]
struct EventList<'a> {
    events: Vec<EventView<'a>>,
    has_more: bool,
}

impl Column {
    /// Records an event and, when an endpoint wants it, its delivery. Answers its position.
    pub(crate) fn emit(&mut self, kind: EventKind, subject: Subject) -> usize {
        let endpoint = self
            .endpoints
            .iter()
            .position(|endpoint| self.endpoints.is_visible(&endpoint.id) && endpoint.wants(kind.name()));
        let position = self.record_event(kind, subject, endpoint.is_some());
        if let Some(endpoint) = endpoint {
            self.announce(position, endpoint);
        }
        position
    }

    pub(crate) fn record_event(&mut self, kind: EventKind, subject: Subject, has_webhook: bool) -> usize {
        let number = self.ids.number();
        let at = self.now;
        let id = self.ids.id("evnt", at, number);
        self.events.push(&id, Event { number, at, kind, subject, has_webhook })
    }

    /// The body of the event's webhook, which is also what `GET /events/{id}` shows.
    pub(crate) fn event_json(&self, position: usize) -> String {
        json(&self.event_view(position))
    }

    fn event_view(&self, position: usize) -> EventView<'_> {
        let event = self.events.at(position);
        let data = match event.subject {
            Subject::Ach { transfer, steps } => self.ach_json(transfer, steps),
            Subject::Check { check, steps } => self.check_json(check, steps),
            Subject::Wire(wire) => self.wire_json(wire),
            Subject::Nothing => "{}".to_owned(),
        };
        EventView {
            id: self.event_id(position),
            created_at: event.at,
            kind: event.kind.name(),
            data: RawValue::from_string(data).unwrap_or_default(),
        }
    }

    pub(crate) fn event_id(&self, position: usize) -> String {
        let event = self.events.at(position);
        self.ids.id("evnt", event.at, event.number)
    }

    pub(crate) fn get_event(&self, id: &str) -> Result<String, ApiError> {
        self.events.position(id).map(|position| self.event_json(position)).ok_or_else(|| ApiError::not_found("event"))
    }

    pub(crate) fn list_events(&self, request: &Request, with_webhook_only: bool) -> Result<String, ApiError> {
        let query = PageQuery::read(request, "created.")?;
        let types = values(request, "types");
        let objects = values(request, "object_ids");
        let keep = |event: &Event| {
            (!with_webhook_only || event.has_webhook) && (types.is_empty() || types.contains(&event.kind.name()))
        };
        let page = match self.events_of(&objects) {
            None => query.select(
                self.events.len(),
                |position| self.events.at(position).at,
                |id| self.events.position(id),
                |position| keep(self.events.at(position)),
            )?,
            Some(chosen) => {
                let mut page = query.select(
                    chosen.len(),
                    |index| self.events.at(chosen[index]).at,
                    |id| self.events.position(id).and_then(|position| chosen.binary_search(&position).ok()),
                    |index| keep(self.events.at(chosen[index])),
                )?;
                page.positions.iter_mut().for_each(|index| *index = chosen[*index]);
                page
            }
        };
        let events = page.positions.into_iter().map(|position| self.event_view(position)).collect();
        Ok(json(&EventList { events, has_more: page.has_more }))
    }

    /// Positions of the events about these objects, or `None` when no object is named.
    fn events_of(&self, objects: &[&str]) -> Option<Vec<usize>> {
        if objects.is_empty() {
            return None;
        }
        let transfers = objects
            .iter()
            .filter_map(|id| self.transfers.find(id))
            .flat_map(|transfer| transfer.events.iter().copied());
        let wires = objects.iter().filter_map(|id| self.wires.find(id)).map(|wire| wire.event);
        let checks =
            objects.iter().filter_map(|id| self.checks.find(id)).flat_map(|check| check.events.iter().copied());
        let mut chosen: Vec<usize> = transfers.chain(wires).chain(checks).collect();
        chosen.sort_unstable();
        chosen.dedup();
        Some(chosen)
    }
}

/// The values of an array parameter, however the client writes it: `a=1&a=2`, `a[]=1&a[]=2` or `a=1,2`.
fn values<'a>(request: &'a Request, name: &str) -> Vec<&'a str> {
    request
        .query
        .iter()
        .filter(|(key, _)| key.strip_suffix("[]").unwrap_or(key) == name)
        .flat_map(|(_, value)| value.split(','))
        .filter(|value| !value.is_empty())
        .collect()
}
