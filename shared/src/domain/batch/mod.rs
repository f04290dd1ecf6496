//! A payroll batch: a file, approved once, paid, reported.
//!
//! The header never grows with the file: what a summary found out is the manifest, an object beside the upload, named here by its hash.

mod acceptance;
mod approval;
mod bank_accounts;
mod commands;
mod ending;
mod failure;
pub mod manifest;
pub mod retry;
pub mod retry_standing;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use acceptance::{Accepted, Acknowledgement, Circumstances};
pub use approval::Approve;
pub use bank_accounts::ManifestBankAccounts;
pub use commands::{BatchRefusal, Idempotent};
pub use ending::{DecidedBy, Ending, EndingKind};
pub use failure::{Failure, FailureCode};

use super::file_mapping::FileMapping;
use super::ids::BatchId;
use super::leg::Attention;
use super::money::Cents;

/// A draft that nobody approves expires after this many days, and its upload with it.
pub const DRAFT_DAYS: i64 = 7;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    pub id: BatchId,
    pub version: u64,
    pub state: BatchState,
    /// The subject of who made it. They alone put its file.
    pub created_by: String,
    /// Who else had a hand in its content, such as by a summary. None of them may approve it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub uploaders: BTreeSet<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// What the uploader says the file amounts to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control_total: Option<Cents>,
    /// What the uploader says the file pays for. See [`Batch::pay_period`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay_period: Option<Date>,
    /// What the columns of its file are called, where a mapping was named. It stays as it was then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<Box<FileMapping>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<ManifestHead>,
    /// Row errors, or the file error, of a rejected file.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub error_count: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// Why its import failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// How a person ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
    /// Rounds of funding so far: 1 after the approval, one more per retry.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rounds: u64,
    /// Hash of the plan object of the latest retry, once it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_plan: Option<String>,
    /// Refunds made so far, for their ids.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refunds: u64,
    /// What the last sweep saw, so that the next knows whether anything moved in between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<SweepMark>,
    /// When it is looked at again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<Attention>,
    /// The operator who cleared its last flag: said by them once more, that changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleared_by: Option<String>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    /// Has an id and a place for its file.
    Draft,
    /// A worker is reading the file.
    Summarizing,
    /// May be approved or declined.
    Ready,
    /// The file has errors: nothing of it can ever be paid.
    Rejected,
    /// Approved; its rows are being recorded. All rows or none.
    Importing,
    /// Its payments are on their way.
    Paying,
    /// No payment of it is open. A later return changes counts and reports, not this.
    Completed,
    /// Stopped by a person; what had left is followed to its end.
    Canceling,
    Canceled,
    Declined,
    Expired,
    /// The import found another file than the one summarized.
    Failed,
}

impl Batch {
    /// The day that stands for the period its file pays for: the same payments of one period are paid once. Given with the upload, else
    /// the day of the summary; none before that.
    pub fn pay_period(&self) -> Option<Date> {
        self.manifest.as_ref().and_then(|head| head.pay_period).or(self.pay_period)
    }
}

impl BatchState {
    pub const fn as_str(self) -> &'static str {
        match self {
            BatchState::Draft => "draft",
            BatchState::Summarizing => "summarizing",
            BatchState::Ready => "ready",
            BatchState::Rejected => "rejected",
            BatchState::Importing => "importing",
            BatchState::Paying => "paying",
            BatchState::Completed => "completed",
            BatchState::Canceling => "canceling",
            BatchState::Canceled => "canceled",
            BatchState::Declined => "declined",
            BatchState::Expired => "expired",
            BatchState::Failed => "failed",
        }
    }
}

/// What the header says of the manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestHead {
    /// SHA-256 of the manifest object, in hexadecimal digits. An approval names it.
    pub hash: String,
    pub file_sha256: String,
    /// Equal for every file with the same payments, whatever their order and spelling.
    pub canonical_hash: String,
    pub rows: u64,
    pub total: Cents,
    pub payable_rows: u64,
    pub payable_total: Cents,
    pub chunks: u32,
    /// None in batches that were summarized before periods were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay_period: Option<Date>,
    /// How many approvals there had been when overlaps were looked for: an approval looks at those that came after.
    #[serde(default)]
    pub approvals_seen: u64,
    /// Stands for all corrections of accounts that were in use when the file was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrections_seen: Option<String>,
    /// Rows whose accounts these may be about: they are stored beside the manifest.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub corrected_rows: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    pub by: String,
    pub at: Timestamp,
    /// Fingerprints of the new or changed accounts that the approver accepted.
    pub accounts: BTreeSet<String>,
    /// Earlier batches that pay some of the same rows and that the approver accepted.
    pub overlaps: BTreeSet<BatchId>,
}

/// Open payments by state at a sweep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepMark {
    pub unprocessed: u64,
    pub submitting: u64,
    pub processing: u64,
}

impl SweepMark {
    pub const fn open(self) -> u64 {
        self.unprocessed.saturating_add(self.submitting).saturating_add(self.processing)
    }
}
