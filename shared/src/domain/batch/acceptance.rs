//! What an approver answers for: what the summary showed, what is true at the moment of the approval, and what the approver accepted.

use std::collections::BTreeSet;

use super::BatchRefusal;
use crate::domain::ids::BatchId;

/// Something that an approver must accept by naming it. Two are equal only where the approver saw the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Acknowledgement {
    /// The source's account is new, or not the one we know.
    Account {
        source_id: String,
        fingerprint: String,
        /// Fingerprint of the account that it takes the place of; none where the source is new.
        replaces: Option<String>,
    },
    /// Another batch holds some of the same rows.
    Overlap {
        batch_id: BatchId,
        rows: u64,
        /// Canonical hash of that batch's file: another file in its place has to be seen anew.
        canonical_hash: String,
        /// How often it was decided to pay that batch: its approval or retry after the summary has to be seen anew.
        rounds: Option<u64>,
    },
    /// The bank corrected an account of the file: what is sent goes elsewhere than the file says.
    Correction { name: String },
}

/// What an approver accepts, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Fingerprints of new or changed accounts, and names of corrections.
    pub accounts: BTreeSet<String>,
    /// Overlapping batches.
    pub overlaps: BTreeSet<BatchId>,
}

impl Accepted {
    fn names(&self, needed: &Acknowledgement) -> bool {
        match needed {
            Acknowledgement::Account { fingerprint, .. } => self.accounts.contains(fingerprint),
            Acknowledgement::Overlap { batch_id, .. } => self.overlaps.contains(batch_id),
            Acknowledgement::Correction { name } => fault!(CorrectionUnseen, true, self.accounts.contains(name)),
        }
    }
}

/// What is true at the moment of an approval, whatever the summary found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// What would have to be accepted if the summary were made now.
    pub to_acknowledge: BTreeSet<Acknowledgement>,
    /// The other batch that holds the claim on the same payments and pay period.
    pub same_payments: Option<BatchId>,
    /// The bank has corrected accounts since, and which of the file's cannot be told without another summary.
    pub needs_new_summary: bool,
}

/// What is true and was not shown: an approval cannot have accepted it, whatever it names.
pub(super) fn not_shown(shown: &BTreeSet<Acknowledgement>, now: &BTreeSet<Acknowledgement>) -> Vec<Acknowledgement> {
    now.difference(shown).cloned().collect()
}

/// Refuses what was not shown first, then what was shown and is not accepted.
pub(super) fn judge(
    shown: &BTreeSet<Acknowledgement>,
    now: &BTreeSet<Acknowledgement>,
    accepted: &Accepted,
) -> Result<(), BatchRefusal> {
    let unseen = not_shown(shown, now);
    if !unseen.is_empty() {
        return Err(BatchRefusal::NotShown(unseen));
    }
    let open: Vec<_> = shown.iter().filter(|needed| !accepted.names(needed)).cloned().collect();
    if open.is_empty() { Ok(()) } else { Err(BatchRefusal::NotAcknowledged(open)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(fingerprint: &str, replaces: Option<&str>) -> Acknowledgement {
        Acknowledgement::Account {
            source_id: "CORP-1".to_owned(),
            fingerprint: fingerprint.to_owned(),
            replaces: replaces.map(str::to_owned),
        }
    }

    fn batch(number: u128) -> BatchId {
        BatchId::new(uuid::Uuid::from_u128(number))
    }

    fn overlap(number: u128, rows: u64, file: &str) -> Acknowledgement {
        decided(number, rows, file, 1)
    }

    fn decided(number: u128, rows: u64, file: &str, rounds: u64) -> Acknowledgement {
        let canonical_hash = file.to_owned();
        Acknowledgement::Overlap { batch_id: batch(number), rows, canonical_hash, rounds: Some(rounds) }
    }

    fn accepted(accounts: &[&str], overlaps: &[u128]) -> Accepted {
        Accepted {
            accounts: accounts.iter().map(|text| (*text).to_owned()).collect(),
            overlaps: overlaps.iter().map(|number| batch(*number)).collect(),
        }
    }

    /// Shown, true now, accepted: and what becomes of it.
    #[test]
    fn only_what_was_shown_and_named_is_approved() {
        let cases: [(&[Acknowledgement], &[Acknowledgement], Accepted, &str); 14] = [
            (&[], &[], accepted(&[], &[]), "approved"),
            (&[account("y", Some("x"))], &[account("y", Some("x"))], accepted(&["y"], &[]), "approved"),
            (&[account("y", Some("x"))], &[account("y", Some("x"))], accepted(&["x"], &[]), "not accepted"),
            // Became known in between, by another batch that was accepted.
            (&[account("y", Some("x"))], &[], accepted(&["y"], &[]), "approved"),
            (&[account("y", Some("x"))], &[account("y", Some("z"))], accepted(&["y"], &[]), "not shown"),
            (&[account("y", None)], &[account("y", Some("x"))], accepted(&["y"], &[]), "not shown"),
            (&[], &[account("y", Some("x"))], accepted(&["y"], &[]), "not shown"),
            (&[overlap(1, 20, "a")], &[overlap(1, 20, "a")], accepted(&[], &[1]), "approved"),
            (&[overlap(1, 20, "a")], &[], accepted(&[], &[]), "not accepted"),
            (&[], &[overlap(1, 20, "a")], accepted(&[], &[1]), "not shown"),
            (&[overlap(1, 20, "a")], &[overlap(1, 21, "a")], accepted(&[], &[1]), "not shown"),
            (&[overlap(1, 20, "a")], &[overlap(1, 20, "b")], accepted(&[], &[1]), "not shown"),
            // Seen as a draft, and approved since; seen as approved, and retried since.
            (&[decided(1, 20, "a", 0)], &[decided(1, 20, "a", 1)], accepted(&[], &[1]), "not shown"),
            (&[decided(1, 20, "a", 1)], &[decided(1, 20, "a", 2)], accepted(&[], &[1]), "not shown"),
        ];
        for (shown, now, accepted, outcome) in cases {
            let (shown, now): (BTreeSet<_>, BTreeSet<_>) =
                (shown.iter().cloned().collect(), now.iter().cloned().collect());
            let found = match judge(&shown, &now, &accepted) {
                Ok(()) => "approved",
                Err(BatchRefusal::NotShown(_)) => "not shown",
                Err(BatchRefusal::NotAcknowledged(_)) => "not accepted",
                Err(other) => panic!("{other:?}"),
            };
            assert_eq!(found, outcome, "shown {shown:?}, now {now:?}, accepted {accepted:?}");
        }
    }
}
