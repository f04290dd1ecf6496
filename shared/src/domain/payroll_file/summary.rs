//! What reading a file found out: the content of the manifest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::hash::{PayDigest, RowDigest, Sha256Hash};
use super::layout::Layout;
use super::sources::SourceDetails;
use super::warning::Warning;
use super::watched::WatchedPayee;
use crate::domain::money::{Cents, MoneyOverflow};

/// A valid file. Serialized it holds no account number, name or row digest: `sources` has to be sealed and stored apart, and
/// `row_digests` (16 bytes a row) and `pay_digests` (8 bytes) stored apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub rows: u64,
    pub total: Cents,
    /// Of the unpacked bytes as uploaded.
    pub file_sha256: Sha256Hash,
    /// Of the rows' content: the same for the same payments in another order or with other blanks.
    pub canonical_hash: Sha256Hash,
    pub file_bytes: u64,
    pub employees: u64,
    /// Different (employee, institution, loan account number).
    pub loans: u64,
    /// Different bank accounts that rows name as their payees.
    #[serde(default)]
    pub payee_accounts: u64,
    pub by_source: BTreeMap<String, Total>,
    pub by_branch: BTreeMap<String, Total>,
    /// Rows that name a bank account stand under [`PAID_BY_ACCOUNT`](super::PAID_BY_ACCOUNT), here and below.
    pub by_institution: BTreeMap<String, Total>,
    /// Source id, then institution id: a funding leaves out what unpayable institutions would get.
    pub by_source_and_institution: BTreeMap<String, BTreeMap<String, Total>>,
    /// Branch id, then institution id.
    pub by_branch_and_institution: BTreeMap<String, BTreeMap<String, Total>>,
    pub warnings: BTreeMap<Warning, WarningCount>,
    /// The first hundred employees' names that the bank will see otherwise than they are written.
    #[serde(skip)]
    pub bank_names: Vec<BankName>,
    /// The first hundred columns of a table that nobody looks at, as its header names them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_columns: Vec<String>,
    pub chunks: Vec<Chunk>,
    /// How the rows are written: what reading a chunk again needs.
    #[serde(default, skip_serializing_if = "Layout::is_xml")]
    pub layout: Layout,
    /// Sorted by source id.
    #[serde(skip)]
    pub sources: Vec<SourceDetails>,
    /// Payees whose numbers end as [`FileReader::watch`](super::FileReader::watch) was told.
    #[serde(skip)]
    pub watched: Vec<WatchedPayee>,
    /// Sorted, one per row.
    #[serde(skip)]
    pub row_digests: Vec<RowDigest>,
    /// Sorted, one per row.
    #[serde(skip)]
    pub pay_digests: Vec<PayDigest>,
}

/// Payments counted and summed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    pub rows: u64,
    pub total: Cents,
}

impl Total {
    pub fn add(&mut self, other: Total) -> Result<(), MoneyOverflow> {
        self.total = self.total.plus(other.total)?;
        self.rows += other.rows;
        Ok(())
    }

    pub(super) fn add_row(&mut self, amount: Cents) -> Result<(), MoneyOverflow> {
        self.add(Total { rows: 1, total: amount })
    }
}

/// A name as the bank will see it, and the first row that has it. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BankName {
    pub row: u64,
    pub name: String,
}

impl std::fmt::Debug for BankName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "BankName(row {})", self.row)
    }
}

/// How many rows a warning concerns, and the first of them (0: only the root element).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarningCount {
    pub count: u64,
    pub first_row: u64,
}

/// Complete rows that one import task reads: [`Limits::rows_per_chunk`](super::Limits::rows_per_chunk) of them, fewer in the last chunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// From 1.
    pub number: u32,
    pub first_row: u64,
    pub rows: u32,
    /// The first row's first byte in the unpacked file.
    pub start: u64,
    /// Behind the last row's last byte. Between two chunks there are at most blanks, comments and ignored elements.
    pub end: u64,
    /// Of the bytes from `start` up to `end`.
    pub sha256: Sha256Hash,
}
