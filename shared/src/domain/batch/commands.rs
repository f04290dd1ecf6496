//! What people and workers may do to a batch. Each command says whether it was executed or had been applied before; the check for a
//! replay comes before any other.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::manifest::Overlap;
use super::{Acknowledgement, Batch, BatchState, Failure, ManifestHead};
use crate::domain::file_mapping::FileMapping;
use crate::domain::ids::BatchId;
use crate::domain::money::Cents;

/// A pay period is no further from the day of the upload than this: what is further is a slip of the pen.
const PAY_PERIOD_DAYS_MAX: u32 = 400;

/// The outcome of a command that may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Idempotent {
    Executed,
    AlreadyApplied,
}

/// Why a command was not done. Final until the caller or the batch changes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchRefusal {
    #[error("the batch is {}, so it cannot be {wanted}", state.as_str())]
    WrongState { state: BatchState, wanted: &'static str },
    #[error("who uploaded, linked or summarized a file cannot approve it, nor pay its rows again; ask somebody else")]
    ApproverIsUploader,
    #[error("only who made the batch may put its file; make a batch of your own")]
    NotTheCreator,
    #[error("only who made the batch may withdraw it; ask them, or somebody who approves to decline it")]
    WithdrawnByAnother,
    #[error("the batch was approved before, by another person or with another manifest")]
    ApprovedBefore { by: String, manifest_hash: String },
    #[error("the manifest has changed since you saw it; read the summary again and name its hash")]
    StaleManifest,
    #[error("the total named is {named}, the file's is {total}")]
    OtherTotal { named: Cents, total: Cents },
    #[error("the file's total is {total}, the control total given at upload {control}")]
    ControlTotal { control: Cents, total: Cents },
    #[error("name what you accept: {} accounts or overlapping batches are not acknowledged", .0.len())]
    NotAcknowledged(Vec<Acknowledgement>),
    #[error("{} accounts or overlapping batches are not as the summary showed them; make the summary again and look at it", .0.len())]
    NotShown(Vec<Acknowledgement>),
    #[error("the same payments of the same pay period are in batch {earlier}, which was approved before")]
    SamePayments { earlier: BatchId },
    #[error("a file of one source amounts to more than one ACH entry can carry (99,999,999.99): {source_id}")]
    SourceTotalTooLarge { source_id: String },
    #[error("a pay period is a day at most {PAY_PERIOD_DAYS_MAX} days from today")]
    PayPeriodFarAway,
    #[error(
        "the bank account of source {source_id} is the account of source {holder}; name one source id for it in the file"
    )]
    AccountOfAnotherSource { source_id: String, holder: String },
    #[error(
        "nothing of the batch can be retried; where one of its payments or debits bears attention, clear that first"
    )]
    NothingToRetry,
    #[error("{} later batches hold rows that this retry would pay; look at them and name those that you accept", .0.len())]
    OverlapNotAccepted(Vec<Overlap>),
}

impl Batch {
    pub fn draft(id: BatchId, created_by: String, control_total: Option<Cents>, now: Timestamp) -> Self {
        Self {
            id,
            version: 1,
            state: BatchState::Draft,
            created_by,
            uploaders: Default::default(),
            created_at: now,
            updated_at: now,
            control_total,
            pay_period: None,
            mapping: None,
            manifest: None,
            error_count: 0,
            approval: None,
            failure: None,
            ending: None,
            rounds: 0,
            retry_plan: None,
            refunds: 0,
            sweep: None,
            due_at: Some(a_week_from(now)),
            completed_at: None,
            attention: None,
            cleared_by: None,
        }
    }

    /// Sets what the uploader says the file pays for.
    pub fn pay_for(self, pay_period: Option<Date>, today: Date) -> Result<Self, BatchRefusal> {
        let is_near =
            |day: Date| today.until(day).is_ok_and(|span| span.get_days().unsigned_abs() <= PAY_PERIOD_DAYS_MAX);
        if pay_period.is_some_and(|day| !is_near(day)) {
            return Err(BatchRefusal::PayPeriodFarAway);
        }
        Ok(Self { pay_period, ..self })
    }

    /// Has its file read by a mapping. Whoever stored that has a hand in the content.
    pub fn read_by(mut self, mapping: FileMapping) -> Self {
        let _ = fault!(MapperApproves, Idempotent::AlreadyApplied, self.count_uploader(&mapping.stored_by));
        Self { mapping: Some(Box::new(mapping)), ..self }
    }

    /// Whether the person had a hand in the content of the file, whatever roles they hold.
    pub fn is_uploader(&self, subject: &str) -> bool {
        self.created_by == subject || fault!(SummarizerApproves, false, self.uploaders.contains(subject))
    }

    /// Counts a person as an uploader of the file. `AlreadyApplied` where they are one.
    pub fn count_uploader(&mut self, subject: &str) -> Idempotent {
        if self.created_by == subject || !self.uploaders.insert(subject.to_owned()) {
            return Idempotent::AlreadyApplied;
        }
        Idempotent::Executed
    }

    /// Whether the person may put the file of this draft: only who made it, so that nobody replaces what somebody else uploaded.
    pub fn may_upload(&self, subject: &str) -> Result<(), BatchRefusal> {
        self.may_summarize()?;
        let is_creator = fault!(LinkForAnybody, true, self.created_by == subject);
        if is_creator { Ok(()) } else { Err(BatchRefusal::NotTheCreator) }
    }

    /// A summary may be made again while nobody has approved: it replaces the earlier one, whose hash is stale then. A draft has a week
    /// from its summary, whoever read the file and however long that took.
    pub fn summarized(&mut self, head: ManifestHead, now: Timestamp) -> Result<Idempotent, BatchRefusal> {
        self.may_summarize()?;
        if self.state == BatchState::Ready && self.manifest.as_ref() == Some(&head) {
            return Ok(Idempotent::AlreadyApplied);
        }
        self.state = BatchState::Ready;
        self.manifest = Some(head);
        self.error_count = 0;
        self.keep_a_week(now);
        Ok(Idempotent::Executed)
    }

    pub fn rejected(&mut self, error_count: u64, now: Timestamp) -> Result<Idempotent, BatchRefusal> {
        self.may_summarize()?;
        self.state = BatchState::Rejected;
        self.manifest = None;
        self.error_count = error_count;
        self.keep_a_week(now);
        Ok(Idempotent::Executed)
    }

    /// A draft has a week from the summary that was asked for last.
    pub fn keep_a_week(&mut self, now: Timestamp) {
        self.due_at = fault!(ShortLivedDraft, self.due_at, Some(a_week_from(now)));
    }

    /// Hands the reading of a large file to a worker.
    pub fn summarizing(&mut self) -> Result<Idempotent, BatchRefusal> {
        self.may_summarize()?;
        if self.state == BatchState::Summarizing {
            return Ok(Idempotent::AlreadyApplied);
        }
        self.state = BatchState::Summarizing;
        Ok(Idempotent::Executed)
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

    pub fn decline(&mut self) -> Result<Idempotent, BatchRefusal> {
        self.end_unapproved(BatchState::Declined, "declined")
    }

    pub fn expire(&mut self) -> Result<Idempotent, BatchRefusal> {
        self.end_unapproved(BatchState::Expired, "expired")
    }

    pub(super) fn end_unapproved(&mut self, to: BatchState, wanted: &'static str) -> Result<Idempotent, BatchRefusal> {
        if self.state == to {
            return Ok(Idempotent::AlreadyApplied);
        }
        self.may_summarize().map_err(|_| BatchRefusal::WrongState { state: self.state, wanted })?;
        self.state = to;
        self.due_at = None;
        Ok(Idempotent::Executed)
    }

    /// The barrier: called only when every chunk has been counted.
    pub fn imported(&mut self, now: Timestamp) -> Result<Idempotent, BatchRefusal> {
        match self.state {
            BatchState::Importing => {
                self.state = BatchState::Paying;
                self.due_at = Some(now);
                Ok(Idempotent::Executed)
            }
            BatchState::Paying | BatchState::Completed | BatchState::Canceling | BatchState::Canceled => {
                Ok(Idempotent::AlreadyApplied)
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
    pub fn import_failed(&mut self, failure: Failure, now: Timestamp) -> Result<Idempotent, BatchRefusal> {
        match self.state {
            BatchState::Importing => {
                self.state = BatchState::Failed;
                self.failure = Some(failure);
                self.due_at = Some(now);
                Ok(Idempotent::Executed)
            }
            BatchState::Failed => Ok(Idempotent::AlreadyApplied),
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
    pub fn cancel(&mut self, now: Timestamp) -> Result<Idempotent, BatchRefusal> {
        match self.state {
            BatchState::Canceling | BatchState::Canceled => Ok(Idempotent::AlreadyApplied),
            BatchState::Importing | BatchState::Paying => {
                self.state = BatchState::Canceling;
                self.due_at = Some(now);
                Ok(Idempotent::Executed)
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
    pub fn complete(&mut self, now: Timestamp) -> Result<Idempotent, BatchRefusal> {
        let to = match self.state {
            BatchState::Paying => BatchState::Completed,
            BatchState::Canceling => BatchState::Canceled,
            BatchState::Completed | BatchState::Canceled => return Ok(Idempotent::AlreadyApplied),
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
        Ok(Idempotent::Executed)
    }

    /// Opens the next round for what failed or came back. Which payments take part is pinned by the plan.
    pub fn retry(&mut self, now: Timestamp) -> Result<Idempotent, BatchRefusal> {
        match self.state {
            BatchState::Completed => {
                self.state = BatchState::Paying;
                self.rounds = self.rounds.saturating_add(1);
                self.retry_plan = None;
                self.due_at = Some(now);
                Ok(Idempotent::Executed)
            }
            // The plan of a retry that was asked for is still being carried out.
            BatchState::Paying if self.rounds > 1 => Ok(Idempotent::AlreadyApplied),
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

/// When a draft ends that was made or summarized now.
fn a_week_from(now: Timestamp) -> Timestamp {
    now.saturating_add(SignedDuration::from_hours(24 * super::DRAFT_DAYS)).unwrap_or(now)
}
