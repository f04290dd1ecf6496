//! An endpoint: where a company's system receives events, which ones it takes, and the secrets that they are signed with.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::event::EventType;
use super::{DESCRIPTION_CHARACTERS_MAX, ENDPOINTS_MAX, EVENT_DAYS, WebhookRefusal};
use crate::domain::batch::Idempotent;
use crate::domain::ids::WebhookEndpointId;

/// An endpoint of which every try fails for so long is disabled.
pub const FAILING_HOURS_MAX: i64 = 72;

/// After a rotation both secrets are valid for so long, where nothing else is asked for.
pub const OVERLAP_HOURS: u32 = 24;
pub const OVERLAP_HOURS_MAX: u32 = 7 * 24;

/// A deleted endpoint is kept for so long, so that its deliveries can still be told.
const DELETED_DAYS: i64 = EVENT_DAYS;

/// Whether an endpoint is sent events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndpointState {
    Enabled,
    /// Every try failed for three days. Events are kept for a replay, and none is sent.
    Disabled,
    /// Nobody is shown it any more.
    Deleted,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    pub id: WebhookEndpointId,
    pub version: u64,
    pub url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub event_types: BTreeSet<EventType>,
    pub state: EndpointState,
    /// The newest first; at most two.
    pub secrets: Vec<EndpointSecret>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Since when every try has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
    /// A replay that is being made due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<Replay>,
    /// When the replay goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
}

/// A signing secret, sealed. Its times are elapsed ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointSecret {
    pub sealed_secret: String,
    pub made_at: Timestamp,
    /// When it signs no more; absent for the current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
}

/// Which events are sent again, and how far that has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    pub since: Timestamp,
    pub until: Timestamp,
    pub place: ReplayPlace,
}

/// The day's shard that is next, and the event of it after which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayPlace {
    pub day: jiff::civil::Date,
    pub shard: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// What somebody asks to have made.
#[derive(Clone, Debug)]
pub struct NewEndpoint {
    pub url: String,
    pub description: Option<String>,
    pub event_types: BTreeSet<EventType>,
}

impl NewEndpoint {
    /// Whether it may be made beside those that exist. Its URL is judged apart.
    pub fn check(&self, existing: &[Endpoint]) -> Result<(), WebhookRefusal> {
        if self.event_types.is_empty() {
            return Err(WebhookRefusal::NoEventTypes);
        }
        if self.description.as_ref().is_some_and(|text| text.chars().count() > DESCRIPTION_CHARACTERS_MAX) {
            return Err(WebhookRefusal::Description);
        }
        let mut existing = existing.iter().filter(|endpoint| endpoint.exists());
        if let Some(same) = existing.clone().find(|endpoint| endpoint.url == self.url) {
            return Err(WebhookRefusal::SameUrl { endpoint_id: same.id.to_string() });
        }
        if existing.nth(ENDPOINTS_MAX.saturating_sub(1)).is_some() {
            return Err(WebhookRefusal::TooManyEndpoints);
        }
        Ok(())
    }
}

/// Whether the receiver takes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Nothing is new.
    AsBefore,
    /// Its failures began, or ended.
    Changed,
    /// It has failed for so long that it is disabled now.
    DisabledNow { since: Timestamp },
}

impl Endpoint {
    pub fn new(id: WebhookEndpointId, asked: NewEndpoint, secret: EndpointSecret, now: Timestamp) -> Self {
        Self {
            id,
            version: 1,
            url: asked.url,
            description: asked.description,
            event_types: asked.event_types,
            state: EndpointState::Enabled,
            secrets: vec![secret],
            created_at: now,
            updated_at: now,
            failing_since: None,
            replay: None,
            due_at: None,
        }
    }

    pub fn exists(&self) -> bool {
        match self.state {
            EndpointState::Enabled | EndpointState::Disabled => true,
            EndpointState::Deleted => false,
        }
    }

    /// Whether events of the type are kept for it: for a disabled one too, which may ask for them later.
    pub fn keeps(&self, event_type: EventType) -> bool {
        self.exists() && self.event_types.contains(&event_type)
    }

    pub fn takes(&self, event_type: EventType) -> bool {
        self.state == EndpointState::Enabled && self.keeps(event_type)
    }

    /// The secrets that sign now, the current one first.
    pub fn valid_secrets(&self, elapsed_now: Timestamp) -> impl Iterator<Item = &EndpointSecret> {
        self.secrets.iter().filter(move |secret| secret.ends_at.is_none_or(|ends_at| elapsed_now < ends_at))
    }

    /// Puts a new secret in the place of the current one, which stays valid for some hours. One that was on its way out ends now.
    pub fn rotate(&mut self, secret: EndpointSecret, overlap_hours: u32) -> Result<(), WebhookRefusal> {
        if overlap_hours > OVERLAP_HOURS_MAX {
            return Err(WebhookRefusal::OverlapTooLong);
        }
        let overlap = SignedDuration::from_hours(i64::from(overlap_hours));
        let ends_at = secret.made_at.checked_add(overlap).unwrap_or(secret.made_at);
        self.secrets.truncate(1);
        if let Some(before) = self.secrets.first_mut() {
            before.ends_at = Some(ends_at);
        }
        self.secrets.insert(0, secret);
        Ok(())
    }

    /// Notes whether its receiver took what was sent just now.
    pub fn note_delivery(&mut self, is_taken: bool, now: Timestamp) -> Health {
        match (is_taken, self.failing_since) {
            (true, None) => Health::AsBefore,
            (true, Some(_)) => {
                self.failing_since = None;
                Health::Changed
            }
            (false, None) => {
                self.failing_since = Some(now);
                Health::Changed
            }
            (false, Some(since)) => {
                let too_long = SignedDuration::from_hours(FAILING_HOURS_MAX);
                if self.state != EndpointState::Enabled || now.duration_since(since) < too_long {
                    return Health::AsBefore;
                }
                self.state = EndpointState::Disabled;
                Health::DisabledNow { since }
            }
        }
    }

    /// Sends to it again.
    pub fn enable(&mut self) -> Idempotent {
        if self.state == EndpointState::Enabled {
            return Idempotent::AlreadyApplied;
        }
        self.state = EndpointState::Enabled;
        self.failing_since = None;
        Idempotent::Executed
    }

    /// Its secrets go with it.
    pub fn delete(&mut self) {
        self.state = EndpointState::Deleted;
        self.secrets.clear();
        self.replay = None;
        self.due_at = None;
    }

    /// When nobody asks for it any more.
    pub fn expires_at(&self) -> Option<Timestamp> {
        let over = || self.updated_at.checked_add(SignedDuration::from_hours(24 * DELETED_DAYS)).ok();
        if self.exists() { None } else { over() }
    }

    /// Begins to send again what happened since then.
    pub fn replay(&mut self, since: Timestamp, now: Timestamp) -> Result<(), WebhookRefusal> {
        if self.state != EndpointState::Enabled {
            return Err(WebhookRefusal::Disabled);
        }
        if self.replay.is_some() {
            return Err(WebhookRefusal::ReplayUnderWay);
        }
        let earliest = now.checked_sub(SignedDuration::from_hours(24 * EVENT_DAYS)).unwrap_or(since);
        if since > now || since < earliest {
            return Err(WebhookRefusal::ReplayRange);
        }
        let day = since.to_zoned(jiff::tz::TimeZone::UTC).date();
        self.replay = Some(Replay { since, until: now, place: ReplayPlace { day, shard: 0, after: None } });
        self.due_at = Some(now);
        Ok(())
    }
}
