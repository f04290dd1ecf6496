//! The manifest: what a summary found out about a file, and the decisions pinned by it. An object beside the upload; immutable, named by
//! its SHA-256. An approval names that hash, so what is paid is what was looked at.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::commands::Acknowledgement;
use crate::domain::bank::request::{AccountType, EntryClass};
use crate::domain::ids::BatchId;
use crate::domain::money::Cents;
use crate::domain::payroll_file::Warning;
use crate::domain::source::ExternalAccount;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Of this structure: 1.
    pub format: u32,
    pub batch_id: BatchId,
    /// The day, in Eastern time, by which the rows were judged: the import judges them by the same.
    pub summarized_on: Date,
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
    pub warnings: Vec<ManifestWarning>,
    /// Batches of the last ten days that pay some of the same rows.
    pub overlaps: Vec<Overlap>,
    pub chunks: Vec<Chunk>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ManifestSource {
    pub id: String,
    pub name: String,
    /// Sealed under the source's key.
    pub account: ExternalAccount,
    pub standing: AccountStanding,
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

/// How rows of an institution are paid, decided at the summary and not again.
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

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Overlap {
    #[schema(value_type = String)]
    pub batch_id: BatchId,
    pub rows: u64,
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

impl Manifest {
    /// What an approver must accept by naming it.
    pub fn to_acknowledge(&self) -> impl Iterator<Item = Acknowledgement> + '_ {
        let accounts = self.sources.iter().filter(|source| source.standing != AccountStanding::Known).map(|source| {
            Acknowledgement::Account { source_id: source.id.clone(), fingerprint: source.account.fingerprint.clone() }
        });
        let overlaps = self
            .overlaps
            .iter()
            .map(|overlap| Acknowledgement::Overlap { batch_id: overlap.batch_id, rows: overlap.rows });
        accounts.chain(overlaps)
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
