//! Batches and manifests as they are stored.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::json;
use shared::domain::batch::manifest::Manifest;
use shared::domain::batch::{Batch, ManifestHead};
use shared::domain::ids::BatchId;

use super::PERSONS;

pub(super) const NOW: Timestamp = Timestamp::UNIX_EPOCH;

pub(super) fn id(number: usize) -> BatchId {
    let text = format!("bat_0000000000004000800000000000000{number}");
    text.parse().expect("a batch id is read")
}

pub(super) fn draft(number: usize) -> Batch {
    Batch::draft(id(number), PERSONS[0].to_owned(), None, NOW)
}

/// The third file holds the payments of the first.
pub(super) fn canonical_hash(file: usize) -> String {
    format!("canonical-{}", file % 2)
}

/// Rows that two files have in common.
pub(super) fn common_rows(file: usize, other: usize) -> u64 {
    if file % 2 == other % 2 { 2 } else { 1 }
}

/// Another batch as a summary shows it.
pub(super) struct Shown {
    pub batch: usize,
    pub file: usize,
    pub rounds: u64,
}

pub(super) fn manifest(batch: usize, file: usize, overlaps: &[Shown]) -> Manifest {
    let overlaps: Vec<_> = overlaps
        .iter()
        .map(|Shown { batch, file: theirs, rounds }| {
            json!({
                "batch_id": id(*batch), "rows": common_rows(file, *theirs), "canonical_hash": canonical_hash(*theirs),
                "rounds": rounds,
            })
        })
        .collect();
    let manifest = json!({
        "format": 1, "batch_id": id(batch), "summarized_on": "1970-01-01", "pay_period": "1970-01-01",
        "file_sha256": format!("file-{file}"), "canonical_hash": canonical_hash(file), "bytes": 100, "rows": 2,
        "total": "20.00", "payable_rows": 2, "payable_total": "20.00", "employees": 2, "loans": 2,
        "sources": [], "branches": [], "institutions": [], "warnings": [], "overlaps": overlaps, "chunks": [],
    });
    serde_json::from_value(manifest).expect("a manifest is read")
}

/// Named by what the manifest says; a hash is not needed for two of them to differ.
pub(super) fn head(manifest: &Manifest, approvals_seen: usize) -> ManifestHead {
    let overlaps: BTreeSet<_> =
        manifest.overlaps.iter().map(|shown| (shown.batch_id, &shown.canonical_hash, shown.rounds)).collect();
    let head = json!({
        "hash": format!("{} {overlaps:?}", manifest.file_sha256), "file_sha256": manifest.file_sha256,
        "canonical_hash": manifest.canonical_hash, "rows": 2, "total": "20.00", "payable_rows": 2,
        "payable_total": "20.00", "chunks": 1, "pay_period": "1970-01-01", "approvals_seen": approvals_seen,
    });
    serde_json::from_value(head).expect("a manifest's head is read")
}
