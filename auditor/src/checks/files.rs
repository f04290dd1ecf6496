//! The file is what is paid: each of its payments is one of ours, none is missing, nothing else is paid; the same payments are not
//! approved twice for one pay period.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use crate::bank::text;
use crate::contents;
use crate::evidence::{CommandKind, PayrollFile, Row};
use crate::facts::{Facts, is_refund_of_batch, row_of};
use crate::finding::Findings;
use crate::money::dollars;

/// How long nobody need have approved a batch.
const DRAFT_LIFE: SignedDuration = SignedDuration::from_hours(24 * 7);

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let mut rows: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    for payment in facts.payments.values() {
        let Some((batch, number)) = row_of(&payment.id) else { continue };
        rows.entry(batch).or_default().insert(number);
        match facts.row(&payment.id) {
            None => findings.add(&payment.id, "is no row of its file"),
            Some((_, row)) => {
                findings.unless(row.cents == payment.cents && row.source_id == payment.payer, &payment.id, || {
                    let (told, asked) = (dollars(payment.cents), dollars(row.cents));
                    format!("is {told} of {} and the row asks for {asked} of {}", payment.payer, row.source_id)
                });
            }
        }
    }
    for file in facts.files.values() {
        let recorded = rows.get(&file.batch_id).map_or(0, BTreeSet::len);
        if facts.evidence.is_at_rest && is_imported(facts, file) {
            findings.unless(recorded == file.rows.len(), &file.batch_id, || {
                format!("has {recorded} payments for {} rows", file.rows.len())
            });
        }
    }
    approved_once(facts, findings);
    for file in facts.files.values() {
        expired_in_time(facts, file, findings);
    }
}

/// A draft has a week from its last summary.
fn expired_in_time(facts: &Facts<'_>, file: &PayrollFile, findings: &mut Findings<'_>) {
    let Some(expired) = facts.moves_of(&file.batch_id).iter().find(|step| step.state == "expired") else { return };
    let asked =
        facts.commands(CommandKind::Summarize).filter(|asked| asked.about == file.batch_id && asked.succeeded());
    let Some(last) = asked.map(|asked| asked.at).max() else { return };
    findings.unless(expired.at.duration_since(last) >= DRAFT_LIFE, &file.batch_id, || {
        format!("expired at {}, and its summary was asked for at {last}", expired.at)
    });
}

/// All rows are there, or none is paid.
fn is_imported(facts: &Facts<'_>, file: &PayrollFile) -> bool {
    facts.moves_of(&file.batch_id).iter().any(|step| matches!(step.state.as_str(), "paying" | "completed"))
}

/// Of two files with the same payments only one may stand: the other may be approved after the first ended without having paid.
fn approved_once(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let mut by_content: BTreeMap<(Vec<&Row>, &str), Vec<&PayrollFile>> = BTreeMap::new();
    for file in facts.files.values() {
        let mut content: Vec<&Row> = file.rows.iter().collect();
        content.sort();
        if !content.is_empty() && facts.done(CommandKind::Approve, &file.batch_id).is_some() {
            by_content.entry((content, period(facts, file))).or_default().push(file);
        }
    }
    for same in by_content.values().filter(|same| same.len() > 1) {
        let standing: Vec<&str> =
            same.iter().filter(|file| stands(facts, file)).map(|file| file.batch_id.as_str()).collect();
        if let [first, others @ ..] = standing.as_slice() {
            findings.unless(others.is_empty(), first, || format!("holds the same payments as {}", others.join(", ")));
        }
    }
}

/// The pay period that the approver was shown; one for all where none is shown.
fn period<'f>(facts: &Facts<'f>, file: &PayrollFile) -> &'f str {
    let approval = contents::approval(facts.evidence, &file.batch_id);
    let manifest = approval.and_then(contents::manifest_of);
    let summary = manifest.and_then(|manifest| contents::summary_of(facts.evidence, &file.batch_id, manifest));
    summary.and_then(|summary| text(&summary.answer, "pay_period")).unwrap_or_default()
}

fn stands(facts: &Facts<'_>, file: &PayrollFile) -> bool {
    let last = facts.moves_of(&file.batch_id).last().map_or("", |step| step.state.as_str());
    let has_sent = facts.payouts().any(|transfer| {
        !is_refund_of_batch(&transfer.item) && row_of(&transfer.item).is_some_and(|(batch, _)| batch == file.batch_id)
    });
    has_sent || !matches!(last, "canceled" | "failed" | "declined" | "expired")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{BATCH, PAYMENT, UNPAYABLE, command, findings_of, found_one, good, spoiled, told};

    #[test]
    fn a_file_whose_rows_are_all_payments_is_fine() {
        assert!(findings_of("files", &good()).is_empty());
    }

    #[test]
    fn a_row_without_payment_is_found() {
        found_one("files", BATCH, "has 2 payments for 3 rows", |evidence| {
            evidence.told.payments.retain(|told| told.item["payment_id"] != UNPAYABLE);
        });
    }

    #[test]
    fn a_payment_without_row_is_found() {
        let found = spoiled("files", |evidence| {
            told(evidence, PAYMENT).item["payment_id"] = "pay_b1-09-0000009".into();
        });
        assert!(found.iter().any(|finding| finding.what == "is no row of its file"), "{found:#?}");
    }

    #[test]
    fn a_payment_of_another_amount_than_its_row_is_found() {
        found_one("files", PAYMENT, "is 10.01 of CORP-1 and the row asks for 10.00", |evidence| {
            told(evidence, PAYMENT).item["amount"] = "10.01".into();
        });
    }

    #[test]
    fn a_draft_that_ends_within_a_week_of_its_summary_is_found() {
        found_one("files", BATCH, "expired at", |evidence| {
            let mut end = evidence.moves.last().unwrap().clone();
            end.id = BATCH.to_owned();
            end.state = "expired".to_owned();
            end.at = crate::sample::at("2026-03-03T18:00:00Z");
            evidence.moves.push(end);
        });
    }

    fn approve_again(evidence: &mut crate::evidence::Evidence) {
        let mut copy = evidence.asked.files[0].clone();
        copy.batch_id = "bat_b2".to_owned();
        copy.rows.reverse();
        evidence.asked.files.push(copy);
        evidence.asked.commands.push(command(CommandKind::Approve, "bat_b2", "bob", "2026-03-02T19:00:00Z"));
    }

    #[test]
    fn the_same_payments_approved_in_another_file_are_found() {
        found_one("files", BATCH, "holds the same payments as bat_b2", approve_again);
    }

    #[test]
    fn the_same_payments_for_another_pay_period_are_fine() {
        let found = spoiled("files", |evidence| {
            approve_again(evidence);
            let mut summary = command(CommandKind::Summarize, "bat_b2", "ann", "2026-03-02T18:00:00Z");
            summary.answer =
                serde_json::json!({ "manifest_hash": "m2", "file_sha256": "f1", "pay_period": "2026-03-16" });
            evidence.asked.commands.push(summary);
            let approval = evidence
                .asked
                .commands
                .iter_mut()
                .rfind(|asked| asked.about == "bat_b2" && asked.kind == CommandKind::Approve);
            approval.unwrap().sent = serde_json::json!({ "manifest_hash": "m2" });
        });
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn the_same_payments_after_a_batch_that_paid_nothing_are_fine() {
        let found = spoiled("files", |evidence| {
            approve_again(evidence);
            let mut end = evidence.moves.last().unwrap().clone();
            end.id = "bat_b2".to_owned();
            end.state = "canceled".to_owned();
            evidence.moves.push(end);
        });
        assert!(found.is_empty(), "{found:#?}");
    }
}
