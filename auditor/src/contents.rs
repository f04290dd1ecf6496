//! What was stored for a batch, which of it was approved, and through whose hands it went.

use std::collections::{BTreeMap, BTreeSet};

use crate::bank::text;
use crate::evidence::{Command, CommandKind, Evidence, PayrollFile};

/// What each batch stands for: the content that was approved, else the one that was stored last.
pub(crate) fn of(evidence: &Evidence) -> BTreeMap<&str, &PayrollFile> {
    let mut files: BTreeMap<&str, &PayrollFile> = BTreeMap::new();
    for file in &evidence.asked.files {
        files.insert(&file.batch_id, file);
    }
    for (batch, file) in &mut files {
        let manifest = approval(evidence, batch).and_then(manifest_of);
        let sha256 = manifest.and_then(|manifest| content_of(evidence, batch, manifest));
        let amounts = manifest.and_then(|manifest| amounts_of(evidence, batch, manifest));
        let is_approved = |known: &&PayrollFile| {
            let is_read_so = known.amounts.as_deref() == amounts || amounts.is_none();
            known.batch_id == *batch && Some(known.sha256.as_str()) == sha256 && is_read_so
        };
        if let Some(approved) = evidence.asked.files.iter().find(is_approved) {
            *file = approved;
        }
    }
    files
}

/// The approval of a batch: the first that succeeded, else one whose answer was lost and that may have happened.
pub(crate) fn approval<'e>(evidence: &'e Evidence, batch: &str) -> Option<&'e Command> {
    let of_batch = || commands(evidence, CommandKind::Approve, batch);
    let succeeded = of_batch().filter(|command| command.succeeded()).min_by_key(|command| command.order);
    succeeded.or_else(|| of_batch().find(|command| command.may_have_happened()))
}

/// The hash that an approval names.
pub(crate) fn manifest_of(approval: &Command) -> Option<&str> {
    text(&approval.answer, "manifest_hash").or_else(|| text(&approval.sent, "manifest_hash"))
}

/// Who approved: as the answer says, since a repeat by somebody else is answered the same.
pub(crate) fn approver_of(approval: &Command) -> &str {
    text(&approval.answer, "approved_by").unwrap_or(&approval.by)
}

/// The SHA-256 of the content that a manifest was made of.
fn content_of<'e>(evidence: &'e Evidence, batch: &str, manifest: &str) -> Option<&'e str> {
    summaries(evidence, batch)
        .filter(|summary| text(&summary.answer, "manifest_hash") == Some(manifest))
        .find_map(|summary| text(&summary.answer, "file_sha256"))
}

/// The column that the amounts were taken from, as the summary says; nothing where no mapping names one.
fn amounts_of<'e>(evidence: &'e Evidence, batch: &str, manifest: &str) -> Option<&'e str> {
    text(summary_of(evidence, batch, manifest)?.answer.get("mapping")?.get("columns")?, "amount")
}

fn commands<'e>(evidence: &'e Evidence, kind: CommandKind, batch: &str) -> impl Iterator<Item = &'e Command> {
    let is_it = move |command: &&Command| command.kind == kind && command.about == batch;
    evidence.asked.commands.iter().filter(is_it)
}

fn summaries<'e>(evidence: &'e Evidence, batch: &str) -> impl Iterator<Item = &'e Command> {
    let kinds = [CommandKind::Summarize, CommandKind::ReadSummary];
    kinds.into_iter().flat_map(move |kind| commands(evidence, kind, batch))
}

/// The summary with this hash, as somebody was shown it.
pub(crate) fn summary_of<'e>(evidence: &'e Evidence, batch: &str, manifest: &str) -> Option<&'e Command> {
    summaries(evidence, batch).find(|summary| text(&summary.answer, "manifest_hash") == Some(manifest))
}

/// Whoever made the batch, was given a place to put its file, stored what was approved, or had it summarized.
pub(crate) fn touched_by<'e>(evidence: &'e Evidence, batch: &'e str, approval: &Command) -> BTreeSet<&'e str> {
    let manifest = manifest_of(approval);
    let creations = evidence.asked.commands.iter().filter(|command| command.kind == CommandKind::Create);
    let made = creations.filter(|made| text(&made.answer, "batch_id") == Some(batch));
    let linked = commands(evidence, CommandKind::Link, batch).filter(|link| link.succeeded());
    let is_of_it = |summary: &&Command| {
        let shown = text(&summary.answer, "manifest_hash");
        summary.succeeded() && (shown.is_none() || shown == manifest)
    };
    let summarized = commands(evidence, CommandKind::Summarize, batch).filter(is_of_it);
    let asked = made.chain(linked).chain(summarized).map(|command| command.by.as_str());
    let stored = of(evidence).get(batch).copied();
    let is_same = |file: &&PayrollFile| {
        stored.is_some_and(|stored| file.batch_id == stored.batch_id && file.sha256 == stored.sha256)
    };
    let storers = evidence.asked.files.iter().filter(is_same).map(|file| file.uploaded_by.as_str());
    asked.chain(storers).collect()
}
