//! What persons can do to two batches, one read or one write at a time.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::batch::manifest::Manifest;
use shared::domain::batch::{Accepted, Approve, Batch, BatchState, Circumstances, Idempotent};

use super::stored::{self, NOW, Shown, id};
use super::{Approvals, FILES, PERSONS, Seen, UNDER_WAY_MAX, UnderWay};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A person puts a file under a batch by the link that they were given.
    Put {
        person: usize,
        batch: usize,
        file: usize,
    },
    /// A summary reads the file, and what other batches hold.
    ReadForSummary {
        person: usize,
        batch: usize,
    },
    /// Whoever has read the summary approves exactly that: the approval reads what is true now.
    ReadForApproval {
        person: usize,
        batch: usize,
    },
    /// What was read is written, where nothing of it has changed.
    Write(usize),
    Decline {
        batch: usize,
    },
    Cancel {
        batch: usize,
    },
}

pub(super) fn possible(may_put: bool, state: &Approvals) -> Vec<Action> {
    let mut actions = Vec::new();
    for batch in 0..state.batches.len() {
        for person in 0..PERSONS.len() {
            if may_put {
                actions.extend((0..FILES).map(|file| Action::Put { person, batch, file }));
            }
            if state.under_way.len() < UNDER_WAY_MAX {
                actions.push(Action::ReadForSummary { person, batch });
                actions.push(Action::ReadForApproval { person, batch });
            }
        }
        actions.push(Action::Decline { batch });
        actions.push(Action::Cancel { batch });
    }
    actions.extend((0..state.under_way.len()).map(Action::Write));
    actions
}

/// Answers whether anything happened.
pub(super) fn perform(is_fenced: bool, state: &mut Approvals, action: &Action) -> bool {
    match *action {
        Action::Put { person, batch, file } => put(state, person, batch, file),
        Action::ReadForSummary { person, batch } => read_for_summary(state, person, batch),
        Action::ReadForApproval { person, batch } => read_for_approval(state, person, batch),
        Action::Write(position) => match state.under_way.remove(position) {
            UnderWay::Summary { person, batch, file, version, approvals_seen, overlaps } => {
                write_summary(state, Summary { person, batch, file, approvals_seen, overlaps }, version)
            }
            UnderWay::Approval { seen, batch, version, approvals_seen, overlaps, claimed_by } => {
                let is_first = approvals_seen == state.approved.len() || !is_fenced;
                is_first && write_approval(state, seen, batch, version, &overlaps, claimed_by)
            }
        },
        Action::Decline { batch } => change(state, batch, |header, _| header.decline()),
        Action::Cancel { batch } => change(state, batch, Batch::cancel) && end_canceled(state, batch),
    }
}

fn change<E>(
    state: &mut Approvals,
    batch: usize,
    command: impl FnOnce(&mut Batch, jiff::Timestamp) -> Result<Idempotent, E>,
) -> bool {
    let header = &mut state.batches[batch].batch;
    let has_changed = matches!(command(header, NOW), Ok(Idempotent::Executed));
    header.version += u64::from(has_changed);
    has_changed
}

/// Nothing of it was sent: its claim is released.
fn end_canceled(state: &mut Approvals, batch: usize) -> bool {
    change(state, batch, Batch::complete);
    state.claims.retain(|(_, holder)| *holder != batch);
    true
}

fn put(state: &mut Approvals, person: usize, batch: usize, file: usize) -> bool {
    let upload = &mut state.batches[batch];
    if upload.batch.may_upload(PERSONS[person]).is_err() || upload.file == Some(file) {
        return false;
    }
    upload.file = Some(file);
    upload.hands.insert(person);
    true
}

fn read_for_summary(state: &mut Approvals, person: usize, batch: usize) -> bool {
    let upload = &state.batches[batch];
    let (Some(file), Ok(())) = (upload.file, upload.batch.may_summarize()) else { return false };
    let overlaps = others(state, batch, |other| holds_rows(&other.batch));
    let (version, approvals_seen) = (upload.batch.version, state.approved.len());
    state.under_way.push(UnderWay::Summary { person, batch, file, version, approvals_seen, overlaps });
    true
}

struct Summary {
    person: usize,
    batch: usize,
    file: usize,
    approvals_seen: usize,
    overlaps: BTreeMap<usize, u64>,
}

fn write_summary(state: &mut Approvals, summary: Summary, version: u64) -> bool {
    let Summary { person, batch, file, approvals_seen, overlaps } = summary;
    let manifest = stored::manifest(batch, file, &shown(state, &overlaps));
    let upload = &mut state.batches[batch];
    if upload.batch.version != version {
        return false;
    }
    if upload.batch.summarized(stored::head(&manifest, approvals_seen), NOW).is_err() {
        return false;
    }
    // The same again counts the person nevertheless.
    let _ = upload.batch.count_uploader(PERSONS[person]);
    upload.batch.version += 1;
    upload.manifest = Some(manifest);
    upload.hands.insert(person);
    true
}

fn read_for_approval(state: &mut Approvals, person: usize, batch: usize) -> bool {
    let upload = &state.batches[batch];
    let (Some(head), Some(manifest), BatchState::Ready) =
        (&upload.batch.manifest, &upload.manifest, upload.batch.state)
    else {
        return false;
    };
    let shown = manifest.overlaps.iter().filter_map(|overlap| {
        let number = (0..2).find(|number| id(*number) == overlap.batch_id)?;
        Some((number, overlap.rounds.unwrap_or_default()))
    });
    let seen = Seen { person, manifest_hash: head.hash.clone(), overlaps: shown.collect() };
    let since = usize::try_from(head.approvals_seen).unwrap_or(usize::MAX);
    let lately: BTreeSet<usize> = state.approved.iter().skip(since).copied().collect();
    let overlaps = others(state, batch, |other| may_have_paid(&other.batch));
    let overlaps = overlaps.into_iter().filter(|(other, _)| lately.contains(other)).collect();
    let file = file_of(manifest);
    let claimed_by = state.claims.iter().find(|(claimed, _)| *claimed == file % 2).map(|(_, holder)| *holder);
    let (version, approvals_seen) = (upload.batch.version, state.approved.len());
    state.under_way.push(UnderWay::Approval { seen, batch, version, approvals_seen, overlaps, claimed_by });
    true
}

fn write_approval(
    state: &mut Approvals,
    seen: Seen,
    batch: usize,
    version: u64,
    overlaps: &BTreeMap<usize, u64>,
    claimed_by: Option<usize>,
) -> bool {
    let Some(manifest) = state.batches[batch].manifest.clone() else { return false };
    let file = file_of(&manifest);
    let circumstances = Circumstances {
        to_acknowledge: stored::manifest(batch, file, &shown(state, overlaps)).to_acknowledge(),
        same_payments: claimed_by.map(id),
        ..Circumstances::default()
    };
    let approve = Approve {
        by: PERSONS[seen.person].to_owned(),
        manifest_hash: seen.manifest_hash.clone(),
        total: manifest.total,
        accepted: Accepted { overlaps: seen.overlaps.keys().map(|other| id(*other)).collect(), ..Accepted::default() },
        uploader_may_approve: false,
    };
    let upload = &mut state.batches[batch];
    if upload.batch.version != version || state.claims.iter().any(|(claimed, _)| *claimed == file % 2) {
        return false;
    }
    if !matches!(upload.batch.approve(&approve, &manifest, &circumstances, NOW), Ok(Idempotent::Executed)) {
        return false;
    }
    upload.batch.version += 1;
    upload.approved_on = Some(seen);
    state.claims.insert((file % 2, batch));
    state.approved.push(batch);
    true
}

/// The other batches as a summary shows them: with their files, and how often it had been decided to pay them.
fn shown(state: &Approvals, overlaps: &BTreeMap<usize, u64>) -> Vec<Shown> {
    let describe = |(other, rounds): (&usize, &u64)| {
        let file = file_of(state.batches[*other].manifest.as_ref()?);
        Some(Shown { batch: *other, file, rounds: *rounds })
    };
    overlaps.iter().filter_map(describe).collect()
}

fn others(state: &Approvals, batch: usize, counts: impl Fn(&super::Upload) -> bool) -> BTreeMap<usize, u64> {
    let numbered = state.batches.iter().enumerate();
    numbered
        .filter(|(number, upload)| *number != batch && upload.manifest.is_some() && counts(upload))
        .map(|(number, upload)| (number, upload.batch.rounds))
        .collect()
}

fn file_of(manifest: &Manifest) -> usize {
    manifest.file_sha256.strip_prefix("file-").and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// A batch whose rows a summary of another shows.
fn holds_rows(batch: &Batch) -> bool {
    matches!(batch.state, BatchState::Ready | BatchState::Summarizing) || may_have_paid(batch)
}

pub(super) fn may_have_paid(batch: &Batch) -> bool {
    batch.approval.is_some() && batch.state != BatchState::Failed
}

pub(super) fn is_over(batch: &Batch) -> bool {
    batch.state == BatchState::Canceled
}
