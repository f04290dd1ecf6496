//! What an approver saw is what is paid, whatever becomes of the mapping of a file's columns: a batch keeps the mapping that was stored when it
//! was made, its summary says which that is and amounts to what the file holds by it, and whoever stored it approves nothing that it reads.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::bank::text;
use crate::contents::{approval, approver_of, manifest_of, summary_of};
use crate::evidence::{Command, CommandKind};
use crate::facts::Facts;
use crate::finding::Findings;
use crate::money::{cents, dollars};

/// A batch may have been made by an earlier try of its request, whose answer was lost.
const TRIED_FOR: SignedDuration = SignedDuration::from_hours(2);

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let kinds = [CommandKind::Summarize, CommandKind::ReadSummary];
    for summary in kinds.into_iter().flat_map(|kind| facts.commands(kind)).filter(|summary| summary.succeeded()) {
        let Some(columns) = columns(&summary.answer) else { continue };
        amounts_to(facts, summary, columns, findings);
        let is_stored = stored(facts, &summary.about)
            .is_none_or(|mut stored| stored.any(|put| put.sent.get("columns") == Some(columns)));
        findings.unless(is_stored, &summary.about, || {
            "was read by another mapping than was stored when it was made".to_owned()
        });
    }
    for batch in facts.files.keys() {
        approved_by_another(facts, batch, findings);
    }
}

fn columns(summary: &Value) -> Option<&Value> {
    summary.get("mapping")?.get("columns")
}

fn amounts_to(facts: &Facts<'_>, summary: &Command, columns: &Value, findings: &mut Findings<'_>) {
    let files = &facts.evidence.asked.files;
    let read = files.iter().find(|file| {
        let is_content = text(&summary.answer, "file_sha256") == Some(&file.sha256) && file.batch_id == summary.about;
        is_content && file.amounts.as_deref() == text(columns, "amount")
    });
    let (Some(read), Some(total)) = (read, text(&summary.answer, "total").and_then(cents)) else { return };
    let holds: i64 = read.rows.iter().map(|row| row.cents).sum();
    findings.unless(total == holds, &summary.about, || {
        format!(
            "was summarized as {}, and by the mapping that it shows the file holds {}",
            dollars(total),
            dollars(holds)
        )
    });
}

/// The storings of which one was in force when the batch was made; nothing where nobody knows when that was.
fn stored<'f>(facts: &'f Facts<'_>, batch: &str) -> Option<impl Iterator<Item = &'f Command>> {
    let made = facts.commands(CommandKind::Create).find(|made| text(&made.answer, "batch_id") == Some(batch))?;
    let (since, until) = (made.at.checked_sub(TRIED_FOR).ok()?, made.answered_at?);
    let puts = || facts.commands(CommandKind::StoreMapping).filter(|put| put.may_have_happened());
    let is_replaced = move |put: &Command| {
        puts().any(|later| {
            // The same columns again change nothing, whoever stores them.
            let is_another = later.sent.get("columns") != put.sent.get("columns");
            let is_later = put.answered_at.is_some_and(|at| at < later.at);
            is_another && is_later && later.succeeded() && later.answered_at.is_some_and(|at: Timestamp| at < since)
        })
    };
    Some(puts().filter(move |put| put.at <= until && !is_replaced(put)))
}

/// Where nobody else can have stored it.
fn approved_by_another(facts: &Facts<'_>, batch: &str, findings: &mut Findings<'_>) {
    let Some(approval) = approval(facts.evidence, batch).filter(|approval| approval.succeeded()) else { return };
    let summary = manifest_of(approval).and_then(|manifest| summary_of(facts.evidence, batch, manifest));
    let Some(columns) = summary.and_then(|summary| columns(&summary.answer)) else { return };
    let approver = approver_of(approval);
    let mut storers = stored(facts, batch).into_iter().flatten().filter(|put| put.sent.get("columns") == Some(columns));
    let is_own = storers.next().is_some_and(|first| first.by == approver) && storers.all(|put| put.by == approver);
    findings.unless(!is_own, batch, || format!("was approved by {approver}, who had stored the mapping of its file"));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::{CommandKind, Evidence};
    use crate::sample::{BATCH, command, findings_of, found_one, good, spoiled};

    /// The file is read by a mapping that somebody had stored the day before, and holds other amounts in another column.
    fn mapped(evidence: &mut Evidence, by: &str, total: &str) {
        let columns = json!({ "amount": "Net" });
        let mut put = command(CommandKind::StoreMapping, "acme", by, "2026-03-01T18:00:00Z");
        put.sent = json!({ "columns": columns });
        evidence.asked.commands.insert(0, put);
        let mut gross = evidence.asked.files[0].clone();
        gross.amounts = Some("Gross".to_owned());
        gross.rows[0].cents += 1;
        evidence.asked.files[0].amounts = Some("Net".to_owned());
        evidence.asked.files.push(gross);
        let summary = evidence.asked.commands.iter_mut().find(|asked| asked.kind == CommandKind::Summarize).unwrap();
        summary.answer["mapping"] = json!({ "columns": columns });
        summary.answer["total"] = json!(total);
    }

    #[test]
    fn a_file_that_is_read_as_it_was_made_is_fine() {
        assert!(findings_of("mapped", &good()).is_empty());
        let found = spoiled("mapped", |evidence| mapped(evidence, "ulf", "35.00"));
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn a_file_that_is_read_by_another_column_than_it_says_is_found() {
        found_one("mapped", BATCH, "the file holds 35.00", |evidence| mapped(evidence, "ulf", "35.01"));
    }

    #[test]
    fn a_mapping_that_was_stored_later_is_found() {
        found_one("mapped", BATCH, "another mapping than was stored", |evidence| {
            mapped(evidence, "ulf", "35.00");
            evidence.asked.commands[0].sent["columns"]["amount"] = json!("Gross");
            let mut later = command(CommandKind::StoreMapping, "acme", "ulf", "2026-03-05T18:00:00Z");
            later.sent = json!({ "columns": { "amount": "Net" } });
            evidence.asked.commands.push(later);
        });
    }

    #[test]
    fn an_approval_by_who_stored_the_mapping_is_found() {
        found_one("mapped", BATCH, "who had stored the mapping", |evidence| mapped(evidence, "bob", "35.00"));
    }
}
