//! Tasks: what a message on the queue asks for. Ids only, never data; a versioned, tagged JSON enum.
//!
//! Every task may run twice, at once, late, or never: it reads the table and decides again. A lost one is found by the sweep.

use serde::{Deserialize, Serialize};

use super::autopay::ids::CardId;
use super::autopay::notice::Recipient;
use super::ids::{BatchId, EventId, FundingId, ItemId, PaymentId, ReconciliationId, WebhookEndpointId};

/// The bulk queue carries the thousands of tasks of one batch; the other everything else, so that a batch never holds other work up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QueueName {
    Bulk,
    Other,
}

/// The version this code writes; it reads no other.
pub const TASK_VERSION: u32 = 1;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskMessage {
    pub version: u32,
    pub task: Task,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Task {
    /// Read a large file and make its manifest.
    Summarize { batch_id: BatchId },
    /// Record the rows of one chunk.
    Import { batch_id: BatchId, chunk: u32 },
    /// Count the finished chunks; when all are there, and only then, go on to funding.
    FinishImport { batch_id: BatchId },
    /// Pull one source's money for one round.
    Fund { batch_id: BatchId, source_id: String, round: u32 },
    /// Look at fundings of a batch that are due: end their holds, send them again, ask about them; then release.
    ReviewFundings { batch_id: BatchId, funding_ids: Vec<FundingId> },
    /// Pushes every payment of one shard that can move: queue, fail or cancel it.
    Release { batch_id: BatchId, shard: u8 },
    /// Pay one payment: claim, call, record.
    Submit { payment_id: PaymentId },
    /// Pushes whichever leg of a single payment is due: its funding, or itself.
    Advance { payment_id: PaymentId },
    /// Ask the bank how a transfer stands whose events stay away.
    FollowUp { item_id: ItemId },
    /// Count what is open in a batch; push what is stuck; complete it when nothing is.
    Sweep { batch_id: BatchId },
    /// Make the plan of a retry.
    PlanRetry { batch_id: BatchId },
    /// Carry the plan of a retry out for one shard.
    Retry { batch_id: BatchId, shard: u8 },
    /// Try again to find the item of a bank event that matched nothing.
    MatchBankEvent { event_id: String },
    /// Apply the bank's word about an item that an operator took, although it is not what was asked for.
    TakeWord { item_id: ItemId, word_id: String },
    /// Carry out what two operators said of a send whose outcome is unknown.
    SettleOutcome { item_id: ItemId },
    /// Look in the bank's list for events that the webhook missed.
    PollEvents,
    /// Close the next day of the books that is over.
    CloseBooks,
    /// Begin the daily reconciliation.
    BeginReconciliation,
    /// Go on with a reconciliation: find its payers and see whether all are compared, or compare one.
    Reconcile {
        reconciliation_id: ReconciliationId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payer_id: Option<String>,
    },
    /// Do what a webhook of Plaid asks for.
    ProcessPlaidWebhook { event_id: String },
    /// Read an item's accounts, bills and transactions at Plaid; give its token back where it is over.
    ReadItem { item_id: String },
    /// Decide whether a card is paid.
    Review { card_id: CardId },
    /// Hand a notice over to whoever delivers it.
    Notify { recipient: Recipient, occasion: String },
    /// Read an institution's address in the bank's directory, for a proposal that waits for it.
    LookUpAddress { institution_id: String },
    /// See that what was claimed before a stop is over, and count what had left.
    ConfirmStop { scope: String },
    /// Send events to the endpoints that have not taken them.
    DeliverEvents { event_ids: Vec<EventId> },
    /// Make the events due again that an endpoint is to be sent once more.
    ReplayEvents { endpoint_id: WebhookEndpointId },
    /// Write a large report as an object.
    Report { batch_id: BatchId, report: ReportKind, format: ReportFormat },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    Payments,
    Sources,
    Branches,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportFormat {
    Csv,
    /// CSV that begins with a byte order mark, by which spreadsheets know that it is UTF-8.
    CsvBom,
    Json,
}

/// A message that is not a task of ours. Final: it belongs in the dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TaskFormat {
    #[error("the message is not a task: {0}")]
    Unreadable(String),
    #[error("the task is of version {0}, this code reads version {TASK_VERSION}")]
    OtherVersion(u32),
}

impl Task {
    /// Import, release and submit come by the thousand; the rest must not wait behind them.
    pub const fn queue(&self) -> QueueName {
        match self {
            Task::Import { .. }
            | Task::Submit { .. }
            | Task::Retry { .. }
            | Task::Summarize { .. }
            | Task::Report { .. } => QueueName::Bulk,
            Task::FinishImport { .. }
            | Task::Fund { .. }
            | Task::ReviewFundings { .. }
            | Task::Release { .. }
            | Task::Advance { .. }
            | Task::FollowUp { .. }
            | Task::Sweep { .. }
            | Task::PlanRetry { .. }
            | Task::MatchBankEvent { .. }
            | Task::TakeWord { .. }
            | Task::SettleOutcome { .. }
            | Task::PollEvents
            | Task::CloseBooks
            | Task::BeginReconciliation
            | Task::Reconcile { .. }
            | Task::ProcessPlaidWebhook { .. }
            | Task::ReadItem { .. }
            | Task::Review { .. }
            | Task::LookUpAddress { .. }
            | Task::ConfirmStop { .. }
            | Task::DeliverEvents { .. }
            | Task::ReplayEvents { .. }
            | Task::Notify { .. } => QueueName::Other,
        }
    }

    pub fn to_body(&self) -> String {
        let message = TaskMessage { version: TASK_VERSION, task: self.clone() };
        // A task holds ids and numbers only, all of which JSON can express.
        serde_json::to_string(&message).unwrap_or_default()
    }

    pub fn from_body(body: &str) -> Result<Self, TaskFormat> {
        #[derive(Deserialize)]
        struct VersionOnly {
            version: u32,
        }
        let unreadable = |cause: serde_json::Error| TaskFormat::Unreadable(cause.to_string());
        let VersionOnly { version } = serde_json::from_str(body).map_err(unreadable)?;
        if version != TASK_VERSION {
            return Err(TaskFormat::OtherVersion(version));
        }
        serde_json::from_str::<TaskMessage>(body).map(|message| message.task).map_err(unreadable)
    }
}
