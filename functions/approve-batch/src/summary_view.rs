//! What a summary shows: everything that the approver answers for, and no account number beyond its last four.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;
use shared::domain::batch::manifest::{
    AccountStanding, InstitutionDecision, Manifest, ManifestBranch, ManifestCorrection, ManifestSource,
    ManifestWarning, Overlap,
};
use shared::domain::batch::{Batch, BatchRefusal, BatchState, ManifestBankAccounts, ManifestHead};
use shared::domain::ids::BatchId;
use shared::domain::money::{Cents, MoneyOverflow};
use shared::domain::payroll_file::{BankName, Layout};
use shared::domain::source::Pause;
use shared::http::problem::Problem;
use utoipa::ToSchema;

use crate::file_mappings::FileMappingView;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SummaryView {
    #[schema(value_type = String)]
    batch_id: BatchId,
    state: BatchState,
    /// Whether an approval that accepts what is in `to_acknowledge` would be taken as things are.
    ready: bool,
    /// Why it would not be.
    not_ready_because: Vec<Obstacle>,
    /// The day that stands for the period the file pays for.
    #[schema(value_type = String, format = Date)]
    pay_period: Date,
    /// An approval names it.
    manifest_hash: String,
    file_sha256: String,
    /// Of a CSV file: what each of its columns was taken for, from left to right; an empty name for one that nobody looks at, and of one that
    /// a mapping takes for several their names with `+` between.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    columns: Vec<String>,
    /// The columns that nobody looks at (`UNKNOWN_COLUMN`), as the file names them: the first hundred.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unknown_columns: Vec<String>,
    /// Which columns a stored mapping says are called otherwise, and what the file calls them.
    #[serde(skip_serializing_if = "Option::is_none")]
    mapping: Option<FileMappingView>,
    rows: u64,
    #[schema(value_type = String, example = "1234.50")]
    total: Cents,
    payable_rows: u64,
    #[schema(value_type = String)]
    payable_total: Cents,
    unpayable: UnpayableView,
    by_source: Vec<SourceSummary>,
    by_branch: Vec<ManifestBranch>,
    /// Different employees.
    employees: u64,
    /// Different loans.
    loans: u64,
    /// Rows that name a bank account as their payee; absent where all rows name loans.
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_accounts: Option<ManifestBankAccounts>,
    warnings: Vec<ManifestWarning>,
    /// Names that the bank will see otherwise than they are written (`NAME_TRANSLITERATED`), as it will see them: the first hundred.
    bank_names: Vec<BankName>,
    /// Other batches that hold some of the same rows, approved or not: those of the last ten days, open ones however old, and the latest
    /// equal payroll of another pay period.
    overlaps: Vec<Overlap>,
    /// Accounts of the file that the bank has corrected: what is sent to them goes to another account than the file names.
    corrections: Vec<ManifestCorrection>,
    to_acknowledge: ToAcknowledge,
}

/// Something that refuses any approval of this summary.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Obstacle {
    /// As an approval would be refused with: `control_total_differs`, `source_total_too_large`, `same_payments`, `not_shown`.
    code: &'static str,
    /// For people.
    detail: String,
}

/// Rows of institutions that cannot be paid: they end as failed, and no money is pulled for them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnpayableView {
    rows: u64,
    #[schema(value_type = String)]
    total: Cents,
    by_institution: BTreeMap<String, UnpayableInstitution>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnpayableInstitution {
    rows: u64,
    #[schema(value_type = String)]
    total: Cents,
    reason: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceSummary {
    id: String,
    name: String,
    account_last4: String,
    /// Stands for routing and account number: an approval accepts a new or changed account by it.
    fingerprint: String,
    standing: AccountStanding,
    /// The account is this other source's: the batch cannot be approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    account_of: Option<String>,
    /// Why nothing leaves the source now, where nothing does: its money is not pulled before that ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pause: Option<Pause>,
    rows: u64,
    #[schema(value_type = String)]
    total: Cents,
    payable_rows: u64,
    #[schema(value_type = String)]
    payable_total: Cents,
}

/// What an approval must accept by naming it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ToAcknowledge {
    /// Fingerprints of new or changed accounts, and names of corrected ones, for `accept_accounts`.
    accounts: Vec<String>,
    /// Overlapping batches, for `accept_overlaps`.
    #[schema(value_type = Vec<String>)]
    overlaps: Vec<BatchId>,
}

impl SummaryView {
    pub(crate) fn new(
        batch: &Batch,
        head: &ManifestHead,
        manifest: &Manifest,
        obstacles: Vec<BatchRefusal>,
        pauses: &BTreeMap<String, Pause>,
    ) -> Result<Self, MoneyOverflow> {
        Ok(Self {
            batch_id: batch.id,
            state: batch.state,
            ready: batch.state == BatchState::Ready && obstacles.is_empty(),
            not_ready_because: obstacles.into_iter().map(Obstacle::from).collect(),
            pay_period: manifest.pay_period(),
            manifest_hash: head.hash.clone(),
            columns: match &manifest.layout {
                Layout::Xml => Vec::new(),
                Layout::Csv(columns) => columns.names(),
            },
            unknown_columns: manifest.unknown_columns.clone(),
            mapping: batch.mapping.as_deref().cloned().map(FileMappingView::from),
            file_sha256: manifest.file_sha256.clone(),
            rows: manifest.rows,
            total: manifest.total,
            payable_rows: manifest.payable_rows,
            payable_total: manifest.payable_total,
            unpayable: unpayable(manifest)?,
            by_source: manifest.sources.iter().map(|source| SourceSummary::new(source, pauses)).collect(),
            by_branch: manifest.branches.clone(),
            employees: manifest.employees,
            loans: manifest.loans,
            bank_accounts: manifest.bank_accounts.clone(),
            warnings: manifest.warnings.clone(),
            bank_names: manifest.bank_names.clone(),
            overlaps: manifest.overlaps.clone(),
            corrections: manifest.corrections.clone(),
            to_acknowledge: ToAcknowledge {
                accounts: unacknowledged(manifest)
                    .map(|source| source.account.fingerprint.clone())
                    .chain(manifest.corrections.iter().map(|correction| correction.name.clone()))
                    .collect(),
                overlaps: manifest.overlaps.iter().map(|overlap| overlap.batch_id).collect(),
            },
        })
    }
}

impl From<BatchRefusal> for Obstacle {
    fn from(refusal: BatchRefusal) -> Self {
        let problem = Problem::from(refusal);
        Self { code: problem.code(), detail: problem.detail().to_owned() }
    }
}

fn unacknowledged(manifest: &Manifest) -> impl Iterator<Item = &ManifestSource> {
    manifest.sources.iter().filter(|source| source.standing != AccountStanding::Known)
}

fn unpayable(manifest: &Manifest) -> Result<UnpayableView, MoneyOverflow> {
    let by_institution = manifest
        .institutions
        .iter()
        .filter_map(|institution| match &institution.decision {
            InstitutionDecision::Unpayable { reason } => {
                let (rows, total, reason) = (institution.rows, institution.total, reason.clone());
                Some((institution.id.clone(), UnpayableInstitution { rows, total, reason }))
            }
            InstitutionDecision::Ach { .. } => None,
        })
        .collect();
    let total = manifest.total.minus(manifest.payable_total)?;
    Ok(UnpayableView { rows: manifest.rows.saturating_sub(manifest.payable_rows), total, by_institution })
}

impl SourceSummary {
    fn new(source: &ManifestSource, pauses: &BTreeMap<String, Pause>) -> Self {
        Self {
            id: source.id.clone(),
            name: source.name.clone(),
            account_last4: source.account.account_last4.clone(),
            fingerprint: source.account.fingerprint.clone(),
            standing: source.standing,
            account_of: source.account_of.clone(),
            pause: pauses.get(&source.id).cloned(),
            rows: source.rows,
            total: source.total,
            payable_rows: source.payable_rows,
            payable_total: source.payable_total,
        }
    }
}
