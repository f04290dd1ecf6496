//! Two batches whose files share a row, and three persons: who uploads, replaces, summarizes, reads and approves, in any order and at once.
//!
//! What a batch accepts is the domain's word (`Batch`, `Manifest`, `Circumstances`). The world keeps the protocol around it: a summary and an
//! approval first read and then write, under the batch's version and the fence of approvals.

mod actions;
mod stored;

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::batch::Batch;
use shared::domain::batch::manifest::Manifest;

pub use actions::Action;

use crate::search::World;

/// The three persons; each holds every role.
pub(super) const PERSONS: [&str; 3] = ["uma", "vic", "wes"];

/// Files that can be put: the first two share a row, the third holds the payments of the first in another order.
pub(super) const FILES: usize = 3;

/// Reads that somebody has not written about yet.
const UNDER_WAY_MAX: usize = 2;

#[derive(Clone, Debug)]
pub struct Approvals {
    batches: [Upload; 2],
    /// Batches in the order in which they were approved: the fence counts them.
    approved: Vec<usize>,
    /// The file of the claim and the batch that holds it.
    claims: BTreeSet<(usize, usize)>,
    under_way: Vec<UnderWay>,
}

/// A batch, and what lies beside it.
#[derive(Clone, Debug)]
struct Upload {
    batch: Batch,
    /// The file that its object holds.
    file: Option<usize>,
    manifest: Option<Manifest>,
    /// Whoever put a file, or had one read.
    hands: BTreeSet<usize>,
    /// What the approver had read when they approved.
    approved_on: Option<Seen>,
}

/// What a person has read of a summary.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    person: usize,
    manifest_hash: String,
    /// The batches that it showed, and how often it had been decided to pay each.
    overlaps: BTreeMap<usize, u64>,
}

/// A request that has read and not written.
#[derive(Clone, Debug)]
enum UnderWay {
    Summary {
        person: usize,
        batch: usize,
        file: usize,
        version: u64,
        approvals_seen: usize,
        /// Other batches with a row of the file, as they were read.
        overlaps: BTreeMap<usize, u64>,
    },
    Approval {
        seen: Seen,
        batch: usize,
        version: u64,
        approvals_seen: usize,
        /// Approved since the summary, with a row of the file.
        overlaps: BTreeMap<usize, u64>,
        claimed_by: Option<usize>,
    },
}

/// The world of approvals.
#[derive(Clone, Copy, Debug)]
pub struct ApprovalWorld {
    /// Whether an approval holds only where no other came since it read.
    pub is_fenced: bool,
    /// Whether files are put and replaced; else the two that share a row are there from the beginning.
    pub may_put: bool,
}

impl World for ApprovalWorld {
    type State = Approvals;
    type Action = Action;

    fn initial(&self) -> Approvals {
        Approvals {
            batches: [0, 1].map(|number| Upload {
                batch: stored::draft(number),
                file: (!self.may_put).then_some(number),
                manifest: None,
                hands: BTreeSet::from([0]),
                approved_on: None,
            }),
            approved: Vec::new(),
            claims: BTreeSet::new(),
            under_way: Vec::new(),
        }
    }

    fn actions(&self, state: &Approvals) -> Vec<Action> {
        actions::possible(self.may_put, state)
    }

    fn after(&self, state: &Approvals, action: &Action) -> Option<Approvals> {
        let mut after = state.clone();
        actions::perform(self.is_fenced, &mut after, action).then_some(after)
    }

    fn identity(&self, state: &Approvals) -> String {
        format!("{state:?}")
    }

    fn violation(&self, state: &Approvals) -> Option<String> {
        approver_had_a_hand(state).or_else(|| unseen_overlap(state)).or_else(|| claimed_twice(state))
    }
}

fn approver_had_a_hand(state: &Approvals) -> Option<String> {
    let guilty = |upload: &&Upload| upload.approved_on.as_ref().is_some_and(|seen| upload.hands.contains(&seen.person));
    state
        .batches
        .iter()
        .find(guilty)
        .map(|upload| format!("{} is approved by somebody who had a hand in it", upload.batch.id))
}

/// A batch that pays a row of one approved before was approved by somebody who had been shown that one as approved, and the file is what they
/// saw.
fn unseen_overlap(state: &Approvals) -> Option<String> {
    let [first, second] = *state.approved.as_slice() else { return None };
    let seen = state.batches[second].approved_on.as_ref()?;
    (seen.overlaps.get(&first).is_none_or(|rounds| *rounds == 0))
        .then(|| "two files with a common row are approved, and nobody was shown that".to_owned())
}

fn claimed_twice(state: &Approvals) -> Option<String> {
    let files = |upload: &Upload| {
        upload.approved_on.as_ref().and(upload.batch.manifest.as_ref().map(|head| head.canonical_hash.clone()))
    };
    let [Some(first), Some(second)] = [files(&state.batches[0]), files(&state.batches[1])] else { return None };
    let both_stand = state.claims.len() < 2 && state.batches.iter().all(|upload| actions::may_have_paid(&upload.batch));
    let released = state.batches.iter().any(|upload| actions::is_over(&upload.batch));
    (first == second && both_stand && !released)
        .then(|| "the same payments of one pay period are approved twice".to_owned())
}
