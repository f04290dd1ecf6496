//! What a company's own system was told, and where it takes that.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Order;

/// Where a company's system takes what it is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Endpoint {
    pub endpoint_id: String,
    pub url: String,
    pub event_types: Vec<String>,
    /// Whatever happens from then on, in business time, is told.
    pub hears_from: Timestamp,
    /// What its receiver verifies with, oldest first. Where one takes the place of another, both sign for two days.
    pub secrets: Vec<EndpointSecret>,
}

/// Times are elapsed ones.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndpointSecret {
    /// As the answer named it: `whsec_…`.
    pub secret: String,
    pub asked_at: Timestamp,
    pub known_at: Timestamp,
}

/// A call that its receiver kept, whether or not the answer was in time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Received {
    pub order: Order,
    /// Business time.
    pub at: Timestamp,
    pub elapsed_at: Timestamp,
    pub url: String,
    /// Of the header `webhook-id`.
    pub event_id: String,
    /// Of the header `webhook-timestamp`, in seconds.
    pub signed_at: i64,
    /// The header `webhook-signature`, whole.
    pub signature: String,
    pub body: String,
    /// Places of the endpoint's secrets under which a signature of it holds.
    pub signed_under: Vec<usize>,
}
