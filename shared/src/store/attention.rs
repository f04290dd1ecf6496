//! Where what waits for a person stands in the index `attention`: one part for each kind, oldest first.
//!
//! Guarantees: an item stands there exactly while it has a reason to, since every put says anew where it stands.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::keys;
use crate::domain::attention::{AttentionKind, Subject, since};
use crate::ports::table::Key;

/// Partitions of payments: one takes about 1,000 writes a second, and a bank may disagree about many of a batch at once.
const PAYMENT_SHARDS: u8 = 4;

/// The entry of a thing that waits, if it does.
pub(super) fn place(subject: Subject<'_>, key: &Key) -> Option<(String, String)> {
    let since = since(subject)?;
    Some((partition(subject.kind(), shard_of(subject.kind(), key)), sort_value(since, key)))
}

/// Every partition of a kind.
pub fn partitions(kind: AttentionKind) -> Vec<String> {
    (0..shards(kind)).map(|shard| partition(kind, shard)).collect()
}

const fn shards(kind: AttentionKind) -> u8 {
    match kind {
        AttentionKind::Payment => PAYMENT_SHARDS,
        AttentionKind::Batch
        | AttentionKind::Source
        | AttentionKind::Person
        | AttentionKind::Funding
        | AttentionKind::Card
        | AttentionKind::UnmatchedEvent
        | AttentionKind::DeadLetter
        | AttentionKind::LedgerCorrection
        | AttentionKind::AccountCorrection
        | AttentionKind::Biller => 1,
    }
}

fn partition(kind: AttentionKind, shard: u8) -> String {
    format!("ATTENTION#{}#{shard}", kind.as_str())
}

/// Rows of one partition of a batch are flagged one after the other: the whole key decides.
fn shard_of(kind: AttentionKind, key: &Key) -> u8 {
    keys::spread(&format!("{} {}", key.pk, key.sk), shards(kind))
}

/// In the order of time; a digest keeps two of one second apart, since an id may be longer than a sort value.
fn sort_value(since: Timestamp, key: &Key) -> String {
    let digest: [u8; 32] = Sha256::digest(format!("{} {}", key.pk, key.sk)).into();
    let [a, b, c, d, e, f, g, h, ..] = digest;
    format!("{}#{}", keys::sortable(since), hex::encode([a, b, c, d, e, f, g, h]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::batch::Batch;
    use crate::domain::ids::BatchId;
    use crate::domain::leg::{Attention, AttentionReason};

    fn now() -> Timestamp {
        "2026-03-02T18:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_thing_stands_there_while_it_has_a_reason() {
        let mut batch = Batch::draft(BatchId::new(uuid::Uuid::nil()), "ann".to_owned(), None, now());
        let key = Key::new("BATCH#1", "BATCH");
        assert_eq!(place(Subject::Batch(&batch), &key), None);
        batch.attention = Some(Attention { reason: AttentionReason::SourceChanged, since: now() });
        let (partition, sort) = place(Subject::Batch(&batch), &key).unwrap();
        assert_eq!(partitions(AttentionKind::Batch), [partition]);
        assert!(sort.starts_with("2026-03-02T18:00:00Z#"), "{sort}");
    }

    #[test]
    fn rows_of_one_partition_are_spread() {
        let shards: std::collections::BTreeSet<u8> = (0..64)
            .map(|row| shard_of(AttentionKind::Payment, &Key::new("BATCH#1#03", format!("PAYMENT#{row:07}"))))
            .collect();
        assert_eq!(shards.len(), partitions(AttentionKind::Payment).len());
    }
}
