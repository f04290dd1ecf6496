//! The manifest: what a summary found out about a file, and the decisions pinned by it. An object beside the upload; immutable, named by
//! its SHA-256. An approval names that hash, so what is paid is what was looked at.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::acceptance::Acknowledgement;
use super::bank_accounts::ManifestBankAccounts;
use crate::domain::bank::request::{AccountType, EntryClass};
use crate::domain::ids::BatchId;
use crate::domain::money::Cents;
use crate::domain::payroll_file::{BankName, Layout, Warning};
use crate::domain::source::ExternalAccount;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Of this structure: 1.
    pub format: u32,
    pub batch_id: BatchId,
    /// The day, in Eastern time, by which the rows were judged: the import judges them by the same.
    pub summarized_on: Date,
    /// None in manifests that were made before periods were kept: then the day of the summary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay_period: Option<Date>,
    pub file_sha256: String,
    pub canonical_hash: String,
    pub bytes: u64,
    pub rows: u64,
    pub total: Cents,
    pub payable_rows: u64,
    pub payable_total: Cents,
    pub employees: u64,
    pub loans: u64,
    pub sources: Vec<ManifestSource>,
    pub branches: Vec<ManifestBranch>,
    pub institutions: Vec<ManifestInstitution>,
    /// Rows that name a bank account; none in files whose rows all name loans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_accounts: Option<ManifestBankAccounts>,
    pub warnings: Vec<ManifestWarning>,
    /// The first hundred names that the bank will see otherwise than they are written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bank_names: Vec<BankName>,
    /// The first hundred columns of a table that nobody looks at, as its header names them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_columns: Vec<String>,
    /// Other batches that hold some of the same rows, approved or not.
    pub overlaps: Vec<Overlap>,
    /// Accounts of the file that the bank has corrected: what is sent to them goes to another account than the file names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<ManifestCorrection>,
    pub chunks: Vec<Chunk>,
    /// How the rows are written, as they were read: an import reads them so again.
    #[serde(default, skip_serializing_if = "Layout::is_xml")]
    pub layout: Layout,
    /// The upload is gzip: its rows are in the pieces that the summary unpacked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub packed: bool,
}

/// An account of the file that the bank has corrected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ManifestCorrection {
    /// An approval accepts the correction by this name, among the accounts. It stands for all steps where corrections lead on from one to
    /// another.
    pub name: String,
    /// Stands for the account, as `GET /account-corrections` lists it.
    pub fingerprint: String,
    /// The notification of change; of several steps the one that leads to where the money goes.
    pub change_code: String,
    /// As the file names the account.
    pub account_last4: String,
    /// Where it goes instead, by all steps; absent where the number is right and something else was corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected_last4: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected_routing_number: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// The source whose own account it is; absent where it is a payee's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_id: Option<String>,
    /// The first row that pays it; absent for a source's own account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_row: Option<u64>,
    pub rows: u64,
    #[schema(value_type = String)]
    pub total: Cents,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ManifestSource {
    pub id: String,
    pub name: String,
    /// Sealed under the source's key.
    pub account: ExternalAccount,
    pub standing: AccountStanding,
    /// Fingerprint of the account that was known when the summary was made, where this is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// Of a changed account: the version of the one that it takes the place of. An acceptance is valid for that one only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces_version: Option<u64>,
    /// The source whose account this is, where it is another one's: one account is of one source, so that the batch cannot be approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_of: Option<String>,
    pub rows: u64,
    pub total: Cents,
    pub payable_rows: u64,
    pub payable_total: Cents,
}

/// Whether we know the source's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountStanding {
    New,
    Known,
    Changed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ManifestBranch {
    pub id: String,
    pub rows: u64,
    #[schema(value_type = String)]
    pub total: Cents,
    pub payable_rows: u64,
    #[schema(value_type = String)]
    pub payable_total: Cents,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestInstitution {
    pub id: String,
    pub rows: u64,
    pub total: Cents,
    pub decision: InstitutionDecision,
}

/// How rows of an institution are paid, decided at the summary. An approval is refused where two operators have decided otherwise since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "how")]
pub enum InstitutionDecision {
    Ach { routing_number: String, account_type: AccountType, entry_class: EntryClass, entry_description: String },
    Unpayable { reason: String },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ManifestWarning {
    #[schema(value_type = String)]
    pub code: Warning,
    pub count: u64,
    pub first_row: u64,
}

/// Another batch that holds some of the same rows: one of the last ten days, one that is still open, or an equal payroll of another pay
/// period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Overlap {
    #[schema(value_type = String)]
    pub batch_id: BatchId,
    pub rows: u64,
    /// Of the other batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub pay_period: Option<Date>,
    /// When the other batch was approved; absent where it was not, yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub approved_at: Option<Timestamp>,
    /// How often it was decided to pay the other batch: 0 where it was not approved yet, 1 where it was, and one more with each retry. Absent
    /// in manifests that were made before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounds: Option<u64>,
    /// Stands for the other batch's rows.
    #[serde(default)]
    pub canonical_hash: String,
}

/// A run of whole rows: the bytes to fetch, and what they must hash to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// Counts from 1.
    pub number: u32,
    pub first_row: u64,
    pub rows: u32,
    /// First byte.
    pub start: u64,
    /// The byte after the last.
    pub end: u64,
    pub sha256: String,
}

impl ManifestSource {
    pub fn acknowledgement(&self) -> Acknowledgement {
        Acknowledgement::Account {
            source_id: self.id.clone(),
            fingerprint: self.account.fingerprint.clone(),
            replaces: self.replaces.clone(),
        }
    }
}

impl Overlap {
    pub fn acknowledgement(&self) -> Acknowledgement {
        let Overlap { batch_id, rows, ref canonical_hash, .. } = *self;
        let rounds = fault!(DecisionOfOtherUnseen, None, self.rounds);
        Acknowledgement::Overlap { batch_id, rows, canonical_hash: canonical_hash.clone(), rounds }
    }
}

impl ManifestCorrection {
    pub fn acknowledgement(&self) -> Acknowledgement {
        Acknowledgement::Correction { name: self.name.clone() }
    }
}

impl Manifest {
    /// What an approver must accept by naming it.
    pub fn to_acknowledge(&self) -> BTreeSet<Acknowledgement> {
        let accounts = self.sources.iter().filter(|source| source.standing != AccountStanding::Known);
        let accounts = accounts.map(ManifestSource::acknowledgement);
        let corrections = self.corrections.iter().map(ManifestCorrection::acknowledgement);
        accounts.chain(self.overlaps.iter().map(Overlap::acknowledgement)).chain(corrections).collect()
    }

    pub fn pay_period(&self) -> Date {
        self.pay_period.unwrap_or(self.summarized_on)
    }

    pub fn institution(&self, id: &str) -> Option<&ManifestInstitution> {
        self.institutions
            .binary_search_by(|known| known.id.as_str().cmp(id))
            .ok()
            .and_then(|at| self.institutions.get(at))
    }

    pub fn source(&self, id: &str) -> Option<&ManifestSource> {
        self.sources.binary_search_by(|known| known.id.as_str().cmp(id)).ok().and_then(|at| self.sources.get(at))
    }

    pub fn chunk(&self, number: u32) -> Option<&Chunk> {
        self.chunks.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }
}
