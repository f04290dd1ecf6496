//! Rows whose account a bank may have corrected, compared with the rows of other batches without their account: a person who is paid by two
//! numbers of one account is paid twice.
//!
//! Guarantees: a row counts where its number ends like one that a bank has corrected, or like one that it said to use instead, in use or taken
//! back; it is another batch's too where that one pays the same employee the same amount from the same source, whatever number it names. So
//! no chain is missed, wherever it begins; a row may be shown that only looks so. Limit: a batch that was summarized by a release before this
//! one is compared by the numbers that it names.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::{OperationError, System};
use crate::domain::batch::ManifestHead;
use crate::domain::ids::BatchId;
use crate::domain::payroll_file::{PayDigest, Row, RowDigest, Summary, WatchedPayee, ends_so};
use crate::ports::objects::ObjectError;

const ROW_DIGEST_BYTES: usize = 16;
const PAY_DIGEST_BYTES: usize = 8;
const RECORD_BYTES: usize = ROW_DIGEST_BYTES + PAY_DIGEST_BYTES;

/// Each row by its digest, and by that of what it pays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CorrectedRows(Vec<(RowDigest, PayDigest)>);

/// What the rows of a batch's file pay, whichever account gets it: sorted, 8 bytes each.
fn pay_object(batch_id: BatchId, canonical_hash: &str) -> String {
    format!("batches/{batch_id}/digests-pay-{canonical_hash}")
}

/// The rows of a batch's file that may be corrected, by the corrections that its summary saw.
fn object(batch_id: BatchId, head: &ManifestHead) -> String {
    let seen = head.corrections_seen.as_deref().unwrap_or_default();
    format!("batches/{batch_id}/digests-corrected-{}-{seen}", head.canonical_hash)
}

impl CorrectedRows {
    pub(crate) fn of_watched(watched: &[WatchedPayee]) -> Self {
        fault!(ComparedAsNamed, Self::default(), Self(watched.iter().flat_map(|payee| payee.digests.clone()).collect()))
    }

    /// Adds a row if its number ends so.
    pub(super) fn add(&mut self, row: &Row, endings: &BTreeSet<String>) {
        if fault!(ComparedAsNamed, false, ends_so(row.payee.number().expose(), endings)) {
            self.0.push((row.digest(), row.pay_digest()));
        }
    }

    /// Every row of a batch's file, where nothing but what its rows pay is known any more.
    pub(super) async fn of_whole_file(
        system: &System,
        batch_id: BatchId,
        head: &ManifestHead,
    ) -> Result<Self, OperationError> {
        let pay = pay_digests(system, batch_id, &head.canonical_hash).await?;
        let unknown = RowDigest::from_bytes([0; ROW_DIGEST_BYTES]);
        let digests = as_pay_digests(&pay).iter().map(|pay| (unknown, PayDigest::from_bytes(*pay))).collect();
        Ok(fault!(ComparedAsNamed, Self::default(), Self(digests)))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// How many of them a batch pays as well, other than as they are named. Its digests are sorted.
    fn named_otherwise(&self, theirs: &[u8], their_pay: &[u8]) -> usize {
        let (theirs, _) = theirs.as_chunks::<ROW_DIGEST_BYTES>();
        let their_pay = as_pay_digests(their_pay);
        let is_named_otherwise = |(row, pay): &&(RowDigest, PayDigest)| {
            theirs.binary_search(row.as_bytes()).is_err() && their_pay.binary_search(pay.as_bytes()).is_ok()
        };
        self.0.iter().filter(is_named_otherwise).count()
    }

    /// How many of them another batch pays as well, other than as they are named; `theirs` are the digests of its rows.
    pub(super) async fn also_paid_by(
        &self,
        system: &System,
        other: BatchId,
        canonical_hash: &str,
        theirs: &[u8],
    ) -> Result<usize, OperationError> {
        if self.is_empty() {
            return Ok(0);
        }
        let their_pay = pay_digests(system, other, canonical_hash).await?;
        Ok(self.named_otherwise(theirs, &their_pay))
    }

    fn to_bytes(&self) -> Bytes {
        let mut bytes = Vec::with_capacity(self.0.len().saturating_mul(RECORD_BYTES));
        for (row, pay) in &self.0 {
            bytes.extend_from_slice(row.as_bytes());
            bytes.extend_from_slice(pay.as_bytes());
        }
        bytes.into()
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        let (records, _) = bytes.as_chunks::<RECORD_BYTES>();
        let read = |record: &[u8; RECORD_BYTES]| {
            let (row, pay) = record.split_first_chunk::<ROW_DIGEST_BYTES>()?;
            Some((RowDigest::from_bytes(*row), PayDigest::from_bytes(pay.try_into().ok()?)))
        };
        Self(records.iter().filter_map(read).collect())
    }
}

fn as_pay_digests(bytes: &[u8]) -> &[[u8; PAY_DIGEST_BYTES]] {
    bytes.as_chunks().0
}

/// None of a batch that was summarized before they were kept.
async fn pay_digests(system: &System, batch_id: BatchId, canonical_hash: &str) -> Result<Bytes, OperationError> {
    match system.objects.get(&pay_object(batch_id, canonical_hash)).await {
        Ok(bytes) => Ok(bytes),
        Err(ObjectError::Missing(_)) => Ok(Bytes::new()),
        Err(other) => Err(other.into()),
    }
}

/// Stores what later summaries and approvals compare.
pub(super) async fn store(
    system: &System,
    batch_id: BatchId,
    head: &ManifestHead,
    summary: &Summary,
    corrected: &CorrectedRows,
) -> Result<(), OperationError> {
    let mut pay = Vec::with_capacity(summary.pay_digests.len().saturating_mul(PAY_DIGEST_BYTES));
    for digest in &summary.pay_digests {
        pay.extend_from_slice(digest.as_bytes());
    }
    let kind = "application/octet-stream";
    system.objects.put(&pay_object(batch_id, &head.canonical_hash), kind, pay.into()).await?;
    if !corrected.is_empty() {
        system.objects.put(&object(batch_id, head), kind, corrected.to_bytes()).await?;
    }
    Ok(())
}

/// The rows that may be corrected, as the batch's summary found them.
pub(super) async fn of_summary(
    system: &System,
    batch_id: BatchId,
    head: &ManifestHead,
) -> Result<CorrectedRows, OperationError> {
    if head.corrected_rows == 0 {
        return Ok(CorrectedRows::default());
    }
    Ok(CorrectedRows::from_bytes(&system.objects.get(&object(batch_id, head)).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: u8) -> RowDigest {
        RowDigest::from_bytes([number; ROW_DIGEST_BYTES])
    }

    fn pay(number: u8) -> PayDigest {
        PayDigest::from_bytes([number; PAY_DIGEST_BYTES])
    }

    #[test]
    fn a_row_is_named_otherwise_where_its_pay_is_there_and_it_is_not() {
        let ours = CorrectedRows(vec![(row(1), pay(1)), (row(2), pay(2)), (row(9), pay(2)), (row(4), pay(4))]);
        let run = |digests: &[u8], bytes: usize| -> Vec<u8> {
            digests.iter().flat_map(|digest| std::iter::repeat_n(*digest, bytes)).collect()
        };
        // Digests of the other batch's rows, what these pay, and how many of ours it pays under another name.
        let cases: [(&[u8], &[u8], usize); 5] =
            [(&[], &[], 0), (&[1, 2], &[1, 2], 1), (&[3], &[1], 1), (&[5, 6], &[2, 3], 2), (&[5], &[3, 5], 0)];
        for (theirs, their_pay, expected) in cases {
            let found = ours.named_otherwise(&run(theirs, ROW_DIGEST_BYTES), &run(their_pay, PAY_DIGEST_BYTES));
            assert_eq!(found, expected, "{theirs:?} {their_pay:?}");
        }
        assert_eq!(CorrectedRows::from_bytes(&ours.to_bytes()), ours);
    }
}
