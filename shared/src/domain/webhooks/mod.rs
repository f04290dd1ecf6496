//! Outgoing webhooks: what a deployment tells the systems of its company, by the Standard Webhooks specification
//! (<https://github.com/standard-webhooks/standard-webhooks>).
//!
//! Guarantees: an event is put in the write of the state that it tells of, once per occasion, under an id that every delivery of it bears; it
//! holds ids, states, amounts, codes and times, never a name or an account number. Limits: an event may arrive more than once and in any
//! order; the receiver tells repeats by the id.

pub mod address;
pub mod delivery;
pub mod endpoint;
pub mod event;
pub mod signature;
#[cfg(test)]
mod tests;

use std::time::Duration;

use address::UrlFault;

/// How long a receiver has for its answer.
pub const ANSWER_TIME: Duration = Duration::from_secs(5);

/// Endpoints of one deployment.
pub const ENDPOINTS_MAX: usize = 10;

pub const DESCRIPTION_CHARACTERS_MAX: usize = 200;

/// Events, their deliveries with them, can be replayed and looked at for so many days.
pub const EVENT_DAYS: i64 = 30;

/// Why an endpoint is not made or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookRefusal {
    #[error(transparent)]
    Url(#[from] UrlFault),
    #[error("name at least one type of event")]
    NoEventTypes,
    #[error("describe the endpoint in at most {DESCRIPTION_CHARACTERS_MAX} characters")]
    Description,
    #[error("there are {ENDPOINTS_MAX} endpoints already; delete one first")]
    TooManyEndpoints,
    #[error("an endpoint with this URL exists already; rotate its secret if it is lost, or delete it first")]
    SameUrl { endpoint_id: String },
    #[error("the endpoint is disabled; enable it first")]
    Disabled,
    #[error("the events of an earlier replay are still being made due; ask again later")]
    ReplayUnderWay,
    #[error("a replay begins at most {EVENT_DAYS} days ago and not in the future; older events are not kept")]
    ReplayRange,
    #[error("name either one event or the time from which on events are sent again")]
    ReplayUnclear,
    #[error("the endpoint does not take events of this type")]
    OtherType,
    #[error("two secrets are valid for at most {} hours", endpoint::OVERLAP_HOURS_MAX)]
    OverlapTooLong,
}
