//! What people and workers may do to a batch. Each command says whether it was executed or had been applied before; the check for a
//! replay comes before any other.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::manifest::Manifest;
use super::{Approval, Batch, BatchState, ManifestHead};
use crate::domain::bank::request::LARGEST_ENTRY;
use crate::domain::ids::BatchId;
use crate::domain::money::Cents;

/// The outcome of a command that may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Command {
    Executed,
    AlreadyApplied,
}

/// What an approval names: the approver has seen this and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approve {
    pub by: String,
    pub manifest_hash: String,
    pub total: Cents,
    pub accounts: BTreeSet<String>,
    pub overlaps: BTreeSet<BatchId>,
    /// Set where one person may do both.
    pub uploader_may_approve: bool,
}

/// Something that an approver must accept by naming it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acknowledgement {
    /// The source's account is new, or not the one we know: its fingerprint.
    Account { source_id: String, fingerprint: String },
    /// An earlier batch pays some of the same rows.
    Overlap { batch_id: BatchId, rows: u64 },
}

/// Why a command was not done. Final until the caller or the batch changes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchRefusal {
    #[error("the batch is {}, so it cannot be {wanted}", state.as_str())]
    WrongState { state: BatchState, wanted: &'static str },
    #[error("the uploader cannot approve the same batch; ask a second person")]
    ApproverIsUploader,
    #[error("the manifest has changed since you saw it; read the summary again and name its hash")]
    StaleManifest,
    #[error("the total named is {named}, the file's is {total}")]
    OtherTotal { named: Cents, total: Cents },
    #[error("the file's total is {total}, the control total given at upload {control}")]
    ControlTotal { control: Cents, total: Cents },
    #[error("name what you accept: {} accounts or overlapping batches are not acknowledged", .0.len())]
    NotAcknowledged(Vec<Acknowledgement>),
    #[error("a file of one source amounts to more than one ACH entry can carry (99,999,999.99): {source_id}")]
    SourceTotalTooLarge { source_id: String },
    #[error("nothing of the batch can be retried")]
    NothingToRetry,
}

impl Batch {
    pub fn draft(id: BatchId, created_by: String, control_total: Option<Cents>, now: Timestamp) -> Self {
        Self {
            id,
            version: 1,
            state: BatchState::Draft,
            created_by,
            created_at: now,
            updated_at: now,
            control_total,
            manifest: None,
            error_count: 0,
            approval: None,
            rounds: 0,
            retry_plan: None,
            refunds: 0,
            sweep: None,
            due_at: Some(now.saturating_add(SignedDuration::from_hours(24 * super::DRAFT_DAYS)).unwrap_or(now)),
            completed_at: None,
            attention: None,
        }
    }

    /// A summary may be made again while nobody has approved: it replaces the earlier one, whose hash is stale then.
    pub fn summarized(&mut self, head: ManifestHead) -> Result<Command, BatchRefusal> {
        self.may_summarize()?;
        if self.state == BatchState::Ready && self.manifest.as_ref() == Some(&head) {
            return Ok(Command::AlreadyApplied);
        }
        self.state = BatchState::Ready;
        self.manifest = Some(head);
        self.error_count = 0;
        Ok(Command::Executed)
    }

    pub fn rejected(&mut self, error_count: u64) -> Result<Command, BatchRefusal> {
        self.may_summarize()?;
        self.state = BatchState::Rejected;
        self.manifest = None;
        self.error_count = error_count;
        Ok(Command::Executed)
    }

    /// Hands the reading of a large file to a worker.
    pub fn summarizing(&mut self) -> Result<Command, BatchRefusal> {
        self.may_summarize()?;
        if self.state == BatchState::Summarizing {
            return Ok(Command::AlreadyApplied);
        }
        self.state = BatchState::Summarizing;
        Ok(Command::Executed)
    }

    pub fn may_summarize(&self) -> Result<(), BatchRefusal> {
        match self.state {
            BatchState::Draft | BatchState::Summarizing | BatchState::Ready | BatchState::Rejected => Ok(()),
            state @ (BatchState::Importing
            | BatchState::Paying
            | BatchState::Completed
            | BatchState::Canceling
            | BatchState::Canceled
            | BatchState::Declined
            | BatchState::Expired
            | BatchState::Failed) => Err(BatchRefusal::WrongState { state, wanted: "summarized" }),
        }
    }

    /// Approves exactly what `approve` names. A repeat by anybody of an approved batch changes nothing.
    pub fn approve(&mut self, approve: &Approve, manifest: &Manifest, now: Timestamp) -> Result<Command, BatchRefusal> {
        match self.state {
            BatchState::Importing | BatchState::Paying | BatchState::Completed => return Ok(Command::AlreadyApplied),
            BatchState::Ready => {}
            state @ (BatchState::Draft
            | BatchState::Summarizing
            | BatchState::Rejected
            | BatchState::Canceling
            | BatchState::Canceled
            | BatchState::Declined
            | BatchState::Expired
            | BatchState::Failed) => return Err(BatchRefusal::WrongState { state, wanted: "approved" }),
        }
        let head = self.manifest.as_ref().ok_or(BatchRefusal::StaleManifest)?;
        if head.hash != approve.manifest_hash {
            return Err(BatchRefusal::StaleManifest);
        }
        if head.total != approve.total {
            return Err(BatchRefusal::OtherTotal { named: approve.total, total: head.total });
        }
        if let Some(control) = self.control_total.filter(|control| *control != head.total) {
            return Err(BatchRefusal::ControlTotal { control, total: head.total });
        }
        if fault!(UploaderApproves, false, approve.by == self.created_by) && !approve.uploader_may_approve {
            return Err(BatchRefusal::ApproverIsUploader);
        }
        if let Some(source) = manifest.sources.iter().find(|source| source.payable_total > LARGEST_ENTRY) {
            return Err(BatchRefusal::SourceTotalTooLarge { source_id: source.id.clone() });
        }
        let open: Vec<_> = manifest.to_acknowledge().filter(|needed| !approve.accepts(needed)).collect();
        if !open.is_empty() {
            return Err(BatchRefusal::NotAcknowledged(open));
        }
        self.state = BatchState::Importing;
        self.rounds = 1;
        self.approval = Some(Approval {
            by: approve.by.clone(),
            at: now,
            accounts: approve.accounts.clone(),
            overlaps: approve.overlaps.clone(),
        });
        self.due_at = Some(now);
        Ok(Command::Executed)
    }

    pub fn decline(&mut self) -> Result<Command, BatchRefusal> {
        self.end_unapproved(BatchState::Declined, "declined")
    }

    pub fn expire(&mut self) -> Result<Command, BatchRefusal> {
        self.end_unapproved(BatchState::Expired, "expired")
    }

    fn end_unapproved(&mut self, to: BatchState, wanted: &'static str) -> Result<Command, BatchRefusal> {
        if self.state == to {
            return Ok(Command::AlreadyApplied);
        }
        self.may_summarize().map_err(|_| BatchRefusal::WrongState { state: self.state, wanted })?;
        self.state = to;
        self.due_at = None;
        Ok(Command::Executed)
    }

    /// The barrier: called only when every chunk has been counted.
    pub fn imported(&mut self, now: Timestamp) -> Result<Command, BatchRefusal> {
        match self.state {
            BatchState::Importing => {
                self.state = BatchState::Paying;
                self.due_at = Some(now);
                Ok(Command::Executed)
            }
            BatchState::Paying | BatchState::Completed | BatchState::Canceling | BatchState::Canceled => {
                Ok(Command::AlreadyApplied)
            }
            state @ (BatchState::Draft
            | BatchState::Summarizing
            | BatchState::Ready
            | BatchState::Rejected
            | BatchState::Declined
            | BatchState::Expired
            | BatchState::Failed) => Err(BatchRefusal::WrongState { state, wanted: "imported" }),
        }
    }

    /// The file is not the one that was summarized: nothing of it may be paid, and what was recorded of it is canceled.
    pub fn import_failed(&mut self, now: Timestamp) -> Result<Command, BatchRefusal> {
        match self.state {
            BatchState::Importing => {
                self.state = BatchState::Failed;
                self.due_at = Some(now);
                Ok(Command::Executed)
            }
            BatchState::Failed => Ok(Command::AlreadyApplied),
            state @ (BatchState::Draft
            | BatchState::Summarizing
            | BatchState::Ready
            | BatchState::Rejected
            | BatchState::Paying
            | BatchState::Completed
            | BatchState::Canceling
            | BatchState::Canceled
            | BatchState::Declined
            | BatchState::Expired) => Err(BatchRefusal::WrongState { state, wanted: "failed" }),
        }
    }

    /// Stops what has not left.
    pub fn cancel(&mut self, now: Timestamp) -> Result<Command, BatchRefusal> {
        match self.state {
            BatchState::Canceling | BatchState::Canceled => Ok(Command::AlreadyApplied),
            BatchState::Importing | BatchState::Paying => {
                self.state = BatchState::Canceling;
                self.due_at = Some(now);
                Ok(Command::Executed)
            }
            state @ (BatchState::Draft
            | BatchState::Summarizing
            | BatchState::Ready
            | BatchState::Rejected
            | BatchState::Completed
            | BatchState::Declined
            | BatchState::Expired
            | BatchState::Failed) => Err(BatchRefusal::WrongState { state, wanted: "canceled" }),
        }
    }

    /// No payment of it is open any more, as read after this header's version.
    pub fn complete(&mut self, now: Timestamp) -> Result<Command, BatchRefusal> {
        let to = match self.state {
            BatchState::Paying => BatchState::Completed,
            BatchState::Canceling => BatchState::Canceled,
            BatchState::Completed | BatchState::Canceled => return Ok(Command::AlreadyApplied),
            state @ (BatchState::Draft
            | BatchState::Summarizing
            | BatchState::Ready
            | BatchState::Rejected
            | BatchState::Importing
            | BatchState::Declined
            | BatchState::Expired
            | BatchState::Failed) => return Err(BatchRefusal::WrongState { state, wanted: "completed" }),
        };
        self.state = to;
        self.completed_at = Some(now);
        self.sweep = None;
        self.due_at = None;
        Ok(Command::Executed)
    }

    /// Opens the next round for what failed or came back. Which payments take part is pinned by the plan.
    pub fn retry(&mut self, now: Timestamp) -> Result<Command, BatchRefusal> {
        match self.state {
            BatchState::Completed => {
                self.state = BatchState::Paying;
                self.rounds = self.rounds.saturating_add(1);
                self.retry_plan = None;
                self.due_at = Some(now);
                Ok(Command::Executed)
            }
            // The plan of a retry that was asked for is still being carried out.
            BatchState::Paying if self.rounds > 1 => Ok(Command::AlreadyApplied),
            state @ (BatchState::Paying
            | BatchState::Draft
            | BatchState::Summarizing
            | BatchState::Ready
            | BatchState::Rejected
            | BatchState::Importing
            | BatchState::Canceling
            | BatchState::Canceled
            | BatchState::Declined
            | BatchState::Expired
            | BatchState::Failed) => Err(BatchRefusal::WrongState { state, wanted: "retried" }),
        }
    }
}

impl Approve {
    fn accepts(&self, needed: &Acknowledgement) -> bool {
        match needed {
            Acknowledgement::Account { fingerprint, .. } => self.accounts.contains(fingerprint),
            Acknowledgement::Overlap { batch_id, .. } => self.overlaps.contains(batch_id),
        }
    }
}
