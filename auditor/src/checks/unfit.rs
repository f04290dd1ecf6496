//! What the bank signed and we cannot use is not lost: every event that fits nothing, or that this version cannot read, is listed for
//! operators when all else has come to rest; and a word that an operator had applied has been.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::bank::text;
use crate::evidence::CommandKind;
use crate::facts::Facts;
use crate::finding::Findings;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let listed: BTreeSet<&str> =
        facts.evidence.told.unmatched_events.iter().filter_map(|event| text(event, "event_id")).collect();
    for id in facts.evidence.bank.unfit.iter().filter(|_| facts.evidence.is_at_rest) {
        findings.unless(listed.contains(id.as_str()), id, || {
            "is an event that fits nothing, and nobody is asked".to_owned()
        });
    }
    for clearing in facts.commands(CommandKind::ClearAttention) {
        let is_applied = clearing.status == Some(202) && clearing.sent.get("apply") == Some(&Value::Bool(true));
        if !is_applied || !facts.evidence.is_at_rest {
            continue;
        }
        let told = facts.evidence.told.payments.iter().chain(&facts.evidence.told.fundings);
        let mut its = told.filter(|told| {
            ["payment_id", "funding_id"].iter().any(|name| text(&told.item, name) == Some(&clearing.about))
        });
        let was_taken = its.any(|told| told.history.iter().any(|line| is_taken(line, &told.history)));
        findings.unless(was_taken, &clearing.about, || {
            format!("{} had the bank's word applied at {}, and it was not", clearing.by, clearing.at)
        });
    }
}

/// The word was applied, or the bank asked and found to have said so before, or otherwise; or another attempt has begun since.
fn is_taken(line: &Value, history: &[Value]) -> bool {
    let attempt = |line: &Value| line.get("attempt").and_then(Value::as_u64);
    match text(line, "what") {
        Some("bank_word_taken" | "bank_word_known" | "bank_word_refuted") => true,
        Some("bank_word_outdated") => {
            let mut disputed = history.iter().filter(|line| text(line, "attention").is_some());
            disputed.any(|disputed| attempt(disputed) < attempt(line))
        }
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::{CommandKind, Evidence};
    use crate::sample::{PAYMENT, command, findings_of, found_one, good, spoiled, step, told};

    #[test]
    fn where_all_fits_nothing_is_found() {
        assert!(findings_of("unfit", &good()).is_empty());
    }

    #[test]
    fn an_event_that_fits_nothing_is_listed() {
        found_one("unfit", "evnt_u", "nobody is asked", |evidence| evidence.bank.unfit.push("evnt_u".to_owned()));
        let found = spoiled("unfit", |evidence| {
            evidence.bank.unfit.push("evnt_u".to_owned());
            evidence.told.unmatched_events.push(json!({ "event_id": "evnt_u" }));
        });
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn a_word_that_was_to_be_applied_and_was_not_is_found() {
        let apply = |evidence: &mut Evidence| {
            let mut asked = command(CommandKind::ClearAttention, PAYMENT, "olga", "2026-03-07T12:00:00Z");
            asked.sent = json!({ "note": "looked at", "apply": true });
            asked.status = Some(202);
            evidence.asked.commands.push(asked);
            let mut disputed = step("event", None, None, &[]);
            disputed["attention"] = json!("bank_disagrees");
            told(evidence, PAYMENT).history.push(disputed);
        };
        found_one("unfit", PAYMENT, "and it was not", apply);
        let found = spoiled("unfit", |evidence| {
            apply(evidence);
            told(evidence, PAYMENT).history.push(step("bank_word_taken", None, None, &[]));
        });
        assert!(found.is_empty(), "{found:#?}");
    }
}
