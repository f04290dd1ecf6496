//! Reconciliations: each comes to an end; what it calls a difference that nothing but a defect makes is one; and where everything has come
//! to rest it finds none at all, since this audit finds none.

use jiff::Timestamp;
use serde_json::Value;

use crate::bank::{split_key, text, time};
use crate::evidence::CommandKind;
use crate::facts::Facts;
use crate::finding::Findings;

/// What a bank that is ahead of us for a while may look like: news that are late, money on its way, wires that are not booked yet.
const MAY_PASS: [&str; 2] = ["other_state", "other_balance"];

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let at_rest_since = at_rest_since(facts);
    for told in &facts.evidence.told.reconciliations {
        let one = &told.reconciliation;
        let Some(id) = text(one, "reconciliation_id") else {
            findings.add("the evidence", "a reconciliation cannot be read");
            continue;
        };
        findings.unless(!facts.evidence.is_at_rest || text(one, "state") == Some("completed"), id, || {
            format!("is {} though everything has come to rest", text(one, "state").unwrap_or("nothing"))
        });
        let is_of_rest = facts.evidence.is_at_rest && time(one, "as_of") > at_rest_since;
        for finding in told.items.iter().filter(|finding| finding["remedied"] != Value::Bool(true)) {
            let verdict = text(finding, "verdict").unwrap_or_default();
            let is_expected = is_disputed(facts, finding) || (!is_of_rest && MAY_PASS.contains(&verdict));
            findings.unless(is_expected, id, || format!("finds {verdict}: {}", shown(finding)));
        }
    }
}

/// When the last thing moved, or was asked to.
fn at_rest_since(facts: &Facts<'_>) -> Option<Timestamp> {
    let moved = facts.evidence.moves.iter().map(|step| step.at);
    let commands = facts.evidence.asked.commands.iter().filter(|command| command.kind != CommandKind::Reconcile);
    moved.chain(commands.filter_map(|command| command.answered_at.or(Some(command.at)))).max()
}

/// It is about something that the bank and we do not agree on, or about the balance of whoever has such a thing.
fn is_disputed(facts: &Facts<'_>, finding: &Value) -> bool {
    let subject = text(finding, "subject").unwrap_or_default();
    match split_key(subject).and_then(|(item, _)| facts.item(item)) {
        Some(item) => item.was_disputed(),
        None => {
            let payer = text(finding, "payer_id").unwrap_or_default();
            facts.items().any(|item| item.payer == payer && item.was_disputed())
        }
    }
}

fn shown(finding: &Value) -> String {
    let of = |name: &str| text(finding, name).unwrap_or("nothing");
    format!("{} of {} is {} here and {} there", of("subject"), of("payer_id"), of("here"), of("there"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::evidence::{Evidence, ToldReconciliation};
    use crate::sample::{PAYMENT, SOURCE, findings_of, found_one, good, spoiled, told};

    const ID: &str = "rec_1";

    fn reconciled(as_of: &str, items: Vec<Value>) -> impl FnOnce(&mut Evidence) {
        let reconciliation = json!({ "reconciliation_id": ID, "state": "completed", "as_of": as_of });
        move |evidence| evidence.told.reconciliations.push(ToldReconciliation { reconciliation, items })
    }

    fn finding(verdict: &str, remedied: bool) -> Value {
        json!({ "payer_id": SOURCE, "subject": format!("{PAYMENT}:1"), "verdict": verdict, "remedied": remedied })
    }

    const IN_BETWEEN: &str = "2026-03-05T00:00:00Z";
    const AT_REST: &str = "2026-03-19T00:00:00Z";

    #[test]
    fn one_that_is_completed_and_finds_nothing_that_stays_is_fine() {
        assert!(findings_of("reconciled", &good()).is_empty());
        assert!(spoiled("reconciled", reconciled(AT_REST, vec![finding("other_state", true)])).is_empty());
        assert!(spoiled("reconciled", reconciled(IN_BETWEEN, vec![finding("other_state", false)])).is_empty());
    }

    #[test]
    fn a_difference_at_rest_and_one_that_never_may_be_are_found() {
        found_one("reconciled", ID, "finds other_state", reconciled(AT_REST, vec![finding("other_state", false)]));
        found_one("reconciled", ID, "finds duplicate", reconciled(IN_BETWEEN, vec![finding("duplicate", false)]));
    }

    #[test]
    fn what_bank_and_we_do_not_agree_on_may_differ() {
        let found = spoiled("reconciled", |evidence| {
            reconciled(AT_REST, vec![finding("other_amount", false)])(evidence);
            told(evidence, PAYMENT).history[0]["attention"] = json!("bank_disagrees");
        });
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn one_that_never_ends_is_found() {
        found_one("reconciled", ID, "is running though", |evidence| {
            reconciled(AT_REST, Vec::new())(evidence);
            evidence.told.reconciliations[0].reconciliation["state"] = json!("running");
        });
    }
}
