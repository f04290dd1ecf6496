//! Stories of a batch: who may do what to it when, and what a retry takes and needs.

mod approving;
mod commands;
mod retrying;
mod standing;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

use super::manifest::{AccountStanding, Manifest, ManifestSource, Overlap};
use super::retry::{RetryPlan, SourceMoney, SourceNeed, came_back_from, goes_elsewhere, is_spent, may_retry};
use super::*;
use crate::domain::bank::request::{AccountType, EntryClass, LARGEST_ENTRY};
use crate::domain::ids::PaymentId;
use crate::domain::leg::{AttentionReason, EarlierAttempt, Leg, Reason, SentCorrected, State};
use crate::domain::payment::{AccountPayee, Payee, Payment};
use crate::domain::payroll_file::Layout;
use crate::domain::source::ExternalAccount;

const TOTAL: Cents = Cents::new(5_000);

const STATES: [BatchState; 12] = [
    BatchState::Draft,
    BatchState::Summarizing,
    BatchState::Ready,
    BatchState::Rejected,
    BatchState::Importing,
    BatchState::Paying,
    BatchState::Completed,
    BatchState::Canceling,
    BatchState::Canceled,
    BatchState::Declined,
    BatchState::Expired,
    BatchState::Failed,
];

fn start() -> Timestamp {
    "2026-03-02T18:00:00Z".parse().unwrap()
}

fn id(number: u128) -> BatchId {
    BatchId::new(Uuid::from_u128(number))
}

fn head(hash: &str) -> ManifestHead {
    ManifestHead {
        hash: hash.to_owned(),
        file_sha256: "file".to_owned(),
        canonical_hash: "canonical".to_owned(),
        rows: 4,
        total: TOTAL,
        payable_rows: 4,
        payable_total: TOTAL,
        chunks: 1,
        pay_period: Some(jiff::civil::date(2026, 3, 6)),
        approvals_seen: 0,
        corrections_seen: None,
        corrected_rows: 0,
    }
}

fn ready() -> Batch {
    let mut batch = Batch::draft(id(1), "uploader".to_owned(), None, start());
    assert_eq!(batch.summarized(head("hash-1"), start()), Ok(Idempotent::Executed));
    batch
}

/// As the commands before would have left it: approved, where its state says so.
fn in_state(state: BatchState) -> Batch {
    let is_approved = matches!(state, BatchState::Importing | BatchState::Paying | BatchState::Completed);
    let approval = is_approved.then(|| Approval {
        by: "approver".to_owned(),
        at: start(),
        accounts: BTreeSet::new(),
        overlaps: BTreeSet::new(),
    });
    Batch { state, approval, ..ready() }
}

/// What is true where nothing has changed since the summary.
fn as_shown(manifest: &Manifest) -> Circumstances {
    Circumstances { to_acknowledge: manifest.to_acknowledge(), ..Circumstances::default() }
}

fn failure() -> Failure {
    Failure::new(FailureCode::FileReplaced, 1)
}

fn source(standing: AccountStanding) -> ManifestSource {
    ManifestSource {
        id: "CORP-1".to_owned(),
        name: "EXAMPLE COMPANY".to_owned(),
        account: ExternalAccount {
            routing_number: "021000021".to_owned(),
            sealed_account: "sealed".to_owned(),
            account_last4: "6789".to_owned(),
            fingerprint: "fingerprint-1".to_owned(),
        },
        standing,
        replaces: None,
        replaces_version: None,
        account_of: None,
        rows: 4,
        total: TOTAL,
        payable_rows: 4,
        payable_total: TOTAL,
    }
}

fn manifest(standing: AccountStanding) -> Manifest {
    Manifest {
        format: 1,
        summarized_on: jiff::civil::date(2026, 3, 2),
        pay_period: Some(jiff::civil::date(2026, 3, 6)),
        batch_id: id(1),
        file_sha256: "file".to_owned(),
        canonical_hash: "canonical".to_owned(),
        bytes: 4_096,
        rows: 4,
        total: TOTAL,
        payable_rows: 4,
        payable_total: TOTAL,
        employees: 2,
        loans: 4,
        sources: vec![source(standing)],
        branches: Vec::new(),
        institutions: Vec::new(),
        bank_accounts: None,
        warnings: Vec::new(),
        bank_names: Vec::new(),
        unknown_columns: Vec::new(),
        overlaps: Vec::new(),
        corrections: Vec::new(),
        chunks: Vec::new(),
        layout: Layout::Xml,
        packed: false,
    }
}

fn approval() -> Approve {
    Approve {
        by: "approver".to_owned(),
        manifest_hash: "hash-1".to_owned(),
        total: TOTAL,
        accepted: Accepted::default(),
        uploader_may_approve: false,
    }
}
