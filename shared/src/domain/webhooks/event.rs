//! Events: what happened, as a receiver is told it. Which step of which thing makes one is decided here.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::delivery::{Delivery, Tried};
use super::endpoint::{Endpoint, EndpointState};
use crate::domain::batch::{Batch, BatchState};
use crate::domain::ids::{BatchId, EventId, ItemId, WebhookEndpointId};
use crate::domain::leg::{Attention, AttentionReason, Leg, Reason, State};
use crate::domain::money::Cents;

/// Every type of event that an endpoint can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
pub enum EventType {
    /// A file was read and may be approved.
    #[serde(rename = "batch.summarized")]
    BatchSummarized,
    /// A file has errors.
    #[serde(rename = "batch.rejected")]
    BatchRejected,
    #[serde(rename = "batch.approved")]
    BatchApproved,
    #[serde(rename = "batch.declined")]
    BatchDeclined,
    /// Nobody approved it in time.
    #[serde(rename = "batch.expired")]
    BatchExpired,
    /// Nothing of it is open any more.
    #[serde(rename = "batch.completed")]
    BatchCompleted,
    /// Payments of it that failed or came back are tried again.
    #[serde(rename = "batch.retried")]
    BatchRetried,
    /// The stored file was not the one that was approved.
    #[serde(rename = "batch.failed")]
    BatchFailed,
    /// It was canceled, and nothing of it is open any more.
    #[serde(rename = "batch.canceled")]
    BatchCanceled,
    #[serde(rename = "payment.settled")]
    PaymentSettled,
    #[serde(rename = "payment.failed")]
    PaymentFailed,
    /// It came back, perhaps long after it had settled.
    #[serde(rename = "payment.returned")]
    PaymentReturned,
    #[serde(rename = "payment.canceled")]
    PaymentCanceled,
    /// Its money may be spent.
    #[serde(rename = "funding.available")]
    FundingAvailable,
    #[serde(rename = "funding.failed")]
    FundingFailed,
    /// It came back, perhaps after its money was available.
    #[serde(rename = "funding.returned")]
    FundingReturned,
    /// Something waits for an operator.
    #[serde(rename = "attention.raised")]
    AttentionRaised,
    #[serde(rename = "attention.cleared")]
    AttentionCleared,
}

impl EventType {
    pub const ALL: [EventType; 18] = [
        EventType::BatchSummarized,
        EventType::BatchRejected,
        EventType::BatchApproved,
        EventType::BatchDeclined,
        EventType::BatchExpired,
        EventType::BatchCompleted,
        EventType::BatchRetried,
        EventType::BatchFailed,
        EventType::BatchCanceled,
        EventType::PaymentSettled,
        EventType::PaymentFailed,
        EventType::PaymentReturned,
        EventType::PaymentCanceled,
        EventType::FundingAvailable,
        EventType::FundingFailed,
        EventType::FundingReturned,
        EventType::AttentionRaised,
        EventType::AttentionCleared,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            EventType::BatchSummarized => "batch.summarized",
            EventType::BatchRejected => "batch.rejected",
            EventType::BatchApproved => "batch.approved",
            EventType::BatchDeclined => "batch.declined",
            EventType::BatchExpired => "batch.expired",
            EventType::BatchCompleted => "batch.completed",
            EventType::BatchRetried => "batch.retried",
            EventType::BatchFailed => "batch.failed",
            EventType::BatchCanceled => "batch.canceled",
            EventType::PaymentSettled => "payment.settled",
            EventType::PaymentFailed => "payment.failed",
            EventType::PaymentReturned => "payment.returned",
            EventType::PaymentCanceled => "payment.canceled",
            EventType::FundingAvailable => "funding.available",
            EventType::FundingFailed => "funding.failed",
            EventType::FundingReturned => "funding.returned",
            EventType::AttentionRaised => "attention.raised",
            EventType::AttentionCleared => "attention.cleared",
        }
    }

    /// What a payment or funding tells when it comes to a state; nothing of what is still on its way.
    pub const fn of_item(item: ItemId, to: State) -> Option<Self> {
        match (item, to) {
            (_, State::Unprocessed | State::Submitting | State::Processing) => None,
            (ItemId::Payment(_), State::Completed | State::Available) => Some(Self::PaymentSettled),
            (ItemId::Payment(_), State::Failed) => Some(Self::PaymentFailed),
            (ItemId::Payment(_), State::Returned) => Some(Self::PaymentReturned),
            (ItemId::Payment(_), State::Canceled) => Some(Self::PaymentCanceled),
            // Settled is not yet available, and what was never sent pulled nothing.
            (ItemId::Funding(_), State::Completed | State::Canceled) => None,
            (ItemId::Funding(_), State::Available) => Some(Self::FundingAvailable),
            (ItemId::Funding(_), State::Failed) => Some(Self::FundingFailed),
            (ItemId::Funding(_), State::Returned) => Some(Self::FundingReturned),
        }
    }

    /// What a batch tells when it comes to a state. A retry brings it to one in which it was before, and is told apart.
    pub const fn of_batch(to: BatchState) -> Option<Self> {
        match to {
            BatchState::Draft | BatchState::Summarizing | BatchState::Paying | BatchState::Canceling => None,
            BatchState::Ready => Some(Self::BatchSummarized),
            BatchState::Rejected => Some(Self::BatchRejected),
            BatchState::Importing => Some(Self::BatchApproved),
            BatchState::Completed => Some(Self::BatchCompleted),
            BatchState::Canceled => Some(Self::BatchCanceled),
            BatchState::Declined => Some(Self::BatchDeclined),
            BatchState::Expired => Some(Self::BatchExpired),
            BatchState::Failed => Some(Self::BatchFailed),
        }
    }
}

/// What an event is about: ids, states, amounts, codes and times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "object", rename_all = "snake_case")]
pub enum EventData {
    Batch(BatchFacts),
    Payment(ItemFacts),
    Funding(ItemFacts),
    Attention(AttentionFacts),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchFacts {
    pub batch_id: BatchId,
    pub state: BatchState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Cents>,
    /// 1 after the approval, one more for each retry.
    pub rounds: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_paid: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemFacts {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub funding_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_id: Option<BatchId>,
    pub amount: Cents,
    pub state: State,
    /// The state it came from: `completed` before a return that came after the settlement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_state: Option<State>,
    pub attempt: u32,
    /// Why, as `code` or `code:detail`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_code: Option<String>,
    /// The bank's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttentionFacts {
    /// The payment or funding; absent where a whole batch bore the flag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_id: Option<ItemId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_id: Option<BatchId>,
    pub reason: String,
    pub since: Timestamp,
}

impl BatchFacts {
    pub fn of(batch: &Batch) -> Self {
        let head = batch.manifest.as_ref();
        Self {
            batch_id: batch.id,
            state: batch.state,
            rows: head.map(|head| head.rows),
            total: head.map(|head| head.total),
            rounds: batch.rounds,
            paid: None,
            not_paid: None,
            failure: batch.failure.as_ref().map(|failure| failure.code.as_str().to_owned()),
        }
    }
}

impl EventData {
    /// Of a payment or funding as it stands after a step.
    pub fn of_item(item: ItemId, amount: Cents, leg: &Leg, from: Option<State>) -> Self {
        let return_code = match &leg.reason {
            Some(Reason::Returned(code)) => Some(code.clone()),
            Some(
                Reason::UnpayableInstitution(_)
                | Reason::Refused(_)
                | Reason::Deferred(_)
                | Reason::CanceledByBank
                | Reason::Unfunded
                | Reason::CanceledByUs,
            )
            | None => None,
        };
        let facts = ItemFacts {
            payment_id: None,
            funding_id: None,
            batch_id: batch_of(item),
            amount,
            state: leg.state,
            previous_state: from,
            attempt: leg.attempt,
            reason: leg.reason.as_ref().map(Reason::to_string),
            return_code,
            transfer_id: leg.transfer_id.clone(),
        };
        match item {
            ItemId::Payment(id) => Self::Payment(ItemFacts { payment_id: Some(id.to_string()), ..facts }),
            ItemId::Funding(id) => Self::Funding(ItemFacts { funding_id: Some(id.to_string()), ..facts }),
        }
    }

    /// Of a flag on a payment or funding. `reason` is an [`AttentionReason`], or that of a debit that has ended.
    pub fn of_flag(item: ItemId, reason: &str, since: Timestamp) -> Self {
        let (item_id, batch_id) = (Some(item), batch_of(item));
        Self::Attention(AttentionFacts { item_id, batch_id, reason: reason.to_owned(), since })
    }

    /// Of a flag on a whole batch.
    pub fn of_batch_flag(batch_id: BatchId, flag: &Attention) -> Self {
        let reason = AttentionReason::as_str(flag.reason).to_owned();
        Self::Attention(AttentionFacts { item_id: None, batch_id: Some(batch_id), reason, since: flag.since })
    }
}

const fn batch_of(item: ItemId) -> Option<BatchId> {
    match item {
        ItemId::Payment(id) => id.batch(),
        ItemId::Funding(id) => id.batch(),
    }
}

/// An event, and its way to every endpoint that takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub id: EventId,
    pub version: u64,
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// When it happened, in business time.
    pub at: Timestamp,
    pub data: EventData,
    /// It is known which endpoints take it. Until then `deliveries` is empty.
    #[serde(default)]
    pub is_addressed: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub deliveries: BTreeMap<WebhookEndpointId, Delivery>,
    /// When the next try of any delivery is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
}

/// What is sent.
#[derive(Serialize)]
struct Payload<'e> {
    #[serde(rename = "type")]
    event_type: EventType,
    timestamp: Timestamp,
    data: &'e EventData,
}

impl Event {
    /// The event of an occasion, which is due at once. `occasion` tells it from every other of its type.
    pub fn new(event_type: EventType, occasion: &str, at: Timestamp, data: EventData) -> Self {
        let id = id_of(event_type, occasion, at);
        let (is_addressed, deliveries) = (false, BTreeMap::new());
        Self { id, version: 1, event_type, at, data, is_addressed, deliveries, due_at: Some(at) }
    }

    /// The body of every delivery, the same each time.
    pub fn payload(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&Payload { event_type: self.event_type, timestamp: self.at, data: &self.data })
    }

    /// Decides which endpoints it goes to, where that is still open; and ends what is on its way to one that takes nothing any more.
    pub fn address(&mut self, endpoints: &[Endpoint], now: Timestamp) {
        if !self.is_addressed {
            for endpoint in endpoints.iter().filter(|endpoint| endpoint.keeps(self.event_type)) {
                let is_sent = endpoint.takes(self.event_type);
                let delivery = if is_sent { Delivery::due(now) } else { Delivery::not_sent() };
                self.deliveries.insert(endpoint.id, delivery);
            }
            self.is_addressed = true;
        }
        for (id, delivery) in &mut self.deliveries {
            let endpoint = endpoints.iter().find(|endpoint| endpoint.id == *id);
            let is_enabled = endpoint.is_some_and(|endpoint| endpoint.state == EndpointState::Enabled);
            if delivery.due_at.is_some() && !is_enabled {
                delivery.end();
            }
        }
    }

    /// The endpoints that it is to be sent to now.
    pub fn due_endpoints(&self, now: Timestamp) -> Vec<WebhookEndpointId> {
        self.deliveries.iter().filter(|(_, delivery)| delivery.is_due(now)).map(|(id, _)| *id).collect()
    }

    pub fn tried(&mut self, endpoint: WebhookEndpointId, tried: Tried, now: Timestamp) {
        if let Some(delivery) = self.deliveries.get_mut(&endpoint) {
            delivery.tried(tried, now);
        }
    }

    /// Begins anew to send it to an endpoint, whatever became of it before. A delivery that waits already waits no longer.
    pub fn replay(&mut self, endpoint: WebhookEndpointId, now: Timestamp) {
        self.deliveries.insert(endpoint, Delivery::due(now));
    }

    /// Sets when it is looked at next. One that was not addressed keeps its time.
    pub fn schedule(&mut self) {
        if self.is_addressed {
            self.due_at = self.deliveries.values().filter_map(|delivery| delivery.due_at).min();
        }
    }
}

/// A time-ordered id that follows from what happened and when: a UUID of version 7 whose random part is a hash.
fn id_of(event_type: EventType, occasion: &str, at: Timestamp) -> EventId {
    let digest: [u8; 32] = Sha256::digest(format!("{}\n{occasion}", event_type.as_str())).into();
    let [a, b, c, d, e, f, g, h, i, j, ..] = digest;
    let milliseconds = u64::try_from(at.as_millisecond()).unwrap_or_default();
    let tail = [a, b, c, d, e, f, g, h, i, j];
    EventId::new(uuid::Builder::from_unix_timestamp_millis(milliseconds, &tail).into_uuid())
}
