//! Four eyes: nothing is paid that nobody approved, or that was approved by somebody through whose hands its content went: who made the
//! batch, was given a link for its file, stored what was approved, or had it summarized.

use serde_json::Value;

use crate::bank::text;
use crate::contents::{approval, approver_of, summary_of, touched_by};
use crate::evidence::{Command, CommandKind};
use crate::facts::Facts;
use crate::finding::Findings;
use crate::reported::Item;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for link in facts.commands(CommandKind::Link).filter(|link| link.succeeded()) {
        let makers =
            facts.commands(CommandKind::Create).filter(|made| text(&made.answer, "batch_id") == Some(&link.about));
        let is_makers = makers.into_iter().any(|made| made.by == link.by);
        findings.unless(is_makers, &link.about, || {
            format!("a link for its file was given to {}, who did not make it", link.by)
        });
    }
    for approval in facts.commands(CommandKind::Approve).filter(|approval| approval.succeeded()) {
        repeated(facts, approval, findings);
    }
    for confirmed in facts.commands(CommandKind::ConfirmOutcome).filter(|confirmed| confirmed.succeeded()) {
        said_by_two(facts, confirmed, findings);
    }
    for item in facts.items() {
        let was_claimed = facts.moves_of(&item.id).iter().any(|step| step.state == "submitting");
        if let (Some(batch), true) = (&item.batch, was_claimed) {
            approved(facts, item, batch, findings);
        }
    }
}

/// Whoever is told that it was approved is the one who did, of what they named, accepting all that their summary showed.
fn repeated(facts: &Facts<'_>, approval: &Command, findings: &mut Findings<'_>) {
    let named = text(&approval.sent, "manifest_hash");
    let same = [("approved_by", Some(approval.by.as_str())), ("manifest_hash", named)];
    let is_theirs = same
        .into_iter()
        .all(|(name, own)| text(&approval.answer, name).is_none_or(|told| own.is_none_or(|own| own == told)));
    findings.unless(is_theirs, &approval.about, || {
        format!("{} was answered an approval that is not theirs, or of something else", approval.by)
    });
    // New accounts may have become known meanwhile; what a bank has corrected stays to be accepted.
    let summary = named.and_then(|manifest| summary_of(facts.evidence, &approval.about, manifest));
    let corrections = summary.and_then(|summary| summary.answer.get("corrections")?.as_array());
    let accepted = approval.sent.get("accept_accounts").and_then(Value::as_array);
    let is_accepted = |correction: &Value| {
        let name = correction.get("name").unwrap_or(&Value::Null);
        accepted.is_some_and(|accepted| accepted.contains(name))
    };
    findings.unless(corrections.is_none_or(|shown| shown.iter().all(is_accepted)), &approval.about, || {
        format!("was approved by {}, who had not accepted that corrected accounts are paid", approval.by)
    });
}

/// How a send ended is said by two operators.
fn said_by_two(facts: &Facts<'_>, confirmed: &Command, findings: &mut Findings<'_>) {
    let is_before = |proposal: &&Command| {
        proposal.about == confirmed.about && proposal.may_have_happened() && proposal.order < confirmed.order
    };
    let last = facts.commands(CommandKind::ProposeOutcome).filter(is_before).max_by_key(|proposal| proposal.order);
    findings.unless(last.is_some_and(|proposal| proposal.by != confirmed.by), &confirmed.about, || {
        format!("was ended by {} alone, who said how its send ended", confirmed.by)
    });
}

fn approved(facts: &Facts<'_>, item: &Item, batch: &str, findings: &mut Findings<'_>) {
    let Some(approval) = approval(facts.evidence, batch) else {
        return findings.add(&item.id, "was claimed, and nobody had approved its batch");
    };
    let approver = approver_of(approval);
    let hands = touched_by(facts.evidence, batch, approval);
    let lost = facts
        .evidence
        .asked
        .commands
        .iter()
        .filter(|command| command.kind == approval.kind && command.about == batch && command.status.is_none());
    // Where no answer tells who it was, it may have been any of those who asked.
    let is_second = !hands.contains(approver)
        || (!approval.succeeded() && lost.into_iter().any(|command| !hands.contains(command.by.as_str())));
    findings.unless(is_second, &item.id, || {
        format!("was claimed, and {approver}, who approved its batch, had made, stored, linked or summarized it")
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::{Command, CommandKind, Evidence};
    use crate::sample::{BATCH, FUNDING, PAYMENT, command, findings_of, found_one, good, spoiled};

    #[test]
    fn an_outcome_that_one_operator_settles_alone_is_found() {
        let say = |evidence: &mut Evidence, by: [&str; 2]| {
            let kinds = [CommandKind::ProposeOutcome, CommandKind::ConfirmOutcome];
            for (place, (kind, by)) in (1..).zip(kinds.into_iter().zip(by)) {
                let mut said = command(kind, PAYMENT, by, "2026-03-12T17:00:00Z");
                said.order = 1_000 + place;
                evidence.asked.commands.push(said);
            }
        };
        assert!(spoiled("four_eyes", |evidence| say(evidence, ["olga", "oscar"])).is_empty());
        found_one("four_eyes", PAYMENT, "by olga alone", |evidence| say(evidence, ["olga", "olga"]));
    }

    #[test]
    fn a_link_for_somebody_elses_batch_is_found() {
        found_one("four_eyes", BATCH, "was given to ulf", |evidence| {
            evidence.asked.commands.push(command(CommandKind::Link, BATCH, "ulf", "2026-03-02T17:00:00Z"));
        });
    }

    #[test]
    fn an_approval_that_is_answered_to_anybody_or_for_another_content_is_found() {
        found_one("four_eyes", BATCH, "that is not theirs", |evidence| {
            let mut repeat = approval(evidence).clone();
            repeat.by = "bea".to_owned();
            evidence.asked.commands.push(repeat);
        });
        found_one("four_eyes", BATCH, "of something else", |evidence| {
            approval(evidence).sent = json!({ "manifest_hash": "m0" });
        });
    }

    #[test]
    fn an_approval_without_what_was_to_be_accepted_is_found() {
        let shown = |evidence: &mut Evidence, accepted: serde_json::Value| {
            let summary =
                evidence.asked.commands.iter_mut().find(|asked| asked.kind == CommandKind::Summarize).unwrap();
            summary.answer["corrections"] = json!([{ "name": "f" }]);
            approval(evidence).sent = json!({ "manifest_hash": "m1", "accept_accounts": accepted });
        };
        assert!(spoiled("four_eyes", |evidence| shown(evidence, json!(["f"]))).is_empty());
        found_one("four_eyes", BATCH, "had not accepted that corrected", |evidence| shown(evidence, json!([])));
    }

    fn found_both(spoil: impl FnOnce(&mut Evidence)) {
        let found = spoiled("four_eyes", spoil);
        let about: Vec<&str> = found.iter().map(|finding| finding.about.as_str()).collect();
        assert!(about.contains(&PAYMENT) && about.contains(&FUNDING), "{found:#?}");
    }

    fn approval(evidence: &mut Evidence) -> &mut Command {
        evidence.asked.commands.iter_mut().find(|command| command.kind == CommandKind::Approve).unwrap()
    }

    /// Bob, who approves, does this before.
    fn bob_does(evidence: &mut Evidence, kind: CommandKind) {
        let mut asked = command(kind, BATCH, "bob", "2026-03-02T17:00:00Z");
        asked.answer = json!({ "manifest_hash": "m1", "file_sha256": "f1", "batch_id": BATCH });
        evidence.asked.commands.push(asked);
    }

    #[test]
    fn a_batch_that_a_second_person_approved_is_fine() {
        assert!(findings_of("four_eyes", &good()).is_empty());
    }

    #[test]
    fn a_batch_that_nobody_approved_is_found() {
        found_both(|evidence| evidence.asked.commands.clear());
        found_both(|evidence| approval(evidence).status = Some(409));
    }

    #[test]
    fn a_batch_that_its_maker_approved_is_found() {
        found_both(|evidence| {
            approval(evidence).by = "ann".to_owned();
            approval(evidence).answer["approved_by"] = json!("ann");
        });
    }

    #[test]
    fn an_approval_by_whoever_had_a_link_stored_or_summarized_it_is_found() {
        found_both(|evidence| bob_does(evidence, CommandKind::Create));
        found_both(|evidence| bob_does(evidence, CommandKind::Summarize));
        found_both(|evidence| {
            let mut stored = evidence.asked.files[0].clone();
            stored.uploaded_by = "bob".to_owned();
            evidence.asked.files.push(stored);
        });
    }

    #[test]
    fn whoever_touched_another_content_may_approve_this_one() {
        let found = spoiled("four_eyes", |evidence| {
            bob_does(evidence, CommandKind::Summarize);
            evidence.asked.commands.last_mut().unwrap().answer["manifest_hash"] = json!("m0");
            let mut stored = evidence.asked.files[0].clone();
            stored.uploaded_by = "bob".to_owned();
            stored.sha256 = "f0".to_owned();
            evidence.asked.files.insert(0, stored);
        });
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn an_approval_whose_answer_was_lost_may_have_happened() {
        let found = spoiled("four_eyes", |evidence| {
            approval(evidence).status = None;
            approval(evidence).answer = json!(null);
            approval(evidence).sent = json!({ "manifest_hash": "m1" });
        });
        assert!(found.is_empty(), "{found:#?}");
    }
}
