//! A refusal is the bank's word: nothing is called refused, nor put off for a reason of ours, that was not answered so. Silence is no answer.

use crate::facts::Facts;
use crate::finding::Findings;

/// The bank no longer has the object that we named the account by; the account is the same.
const FORGOTTEN: &str = "counterparty_not_found";

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for item in facts.items() {
        findings.unless(!item.reason.contains(FORGOTTEN), &item.id, || {
            "is called refused, and the bank had only forgotten a counterparty of ours".to_owned()
        });
        let steps = item.history.iter().filter(|step| matches!(step.what.as_str(), "refused" | "deferred"));
        for step in steps {
            let key = format!("{}:{}", item.id, step.attempt);
            let answers = facts.evidence.bank.answers.iter().filter(|answer| answer.idempotency_key == key);
            let was_refused =
                answers.into_iter().any(|answer| answer.status.is_some_and(|status| (400..500).contains(&status)));
            findings.unless(was_refused, &item.id, || format!("is called {} and nobody answered so", step.what));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::evidence::{Evidence, SendAnswer};
    use crate::sample::{PAYMENT, at, findings_of, found_one, good, spoiled, step, told};

    fn refused(evidence: &mut Evidence) {
        let steps = &mut told(evidence, PAYMENT).history;
        steps.push(step("refused", None, None, &[]));
    }

    fn answer(status: u16) -> SendAnswer {
        SendAnswer { at: at("2026-03-05T13:32:01Z"), idempotency_key: format!("{PAYMENT}:1"), status: Some(status) }
    }

    #[test]
    fn a_counterparty_that_was_forgotten_refuses_nothing() {
        found_one("refused", PAYMENT, "only forgotten", |evidence| {
            told(evidence, PAYMENT).item["reason"] = serde_json::json!("refused:counterparty_not_found");
        });
    }

    #[test]
    fn what_the_bank_refused_may_be_called_so() {
        assert!(findings_of("refused", &good()).is_empty());
        let found = spoiled("refused", |evidence| {
            refused(evidence);
            evidence.bank.answers.push(answer(400));
        });
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn silence_that_is_taken_for_a_refusal_is_found() {
        found_one("refused", PAYMENT, "nobody answered so", refused);
        found_one("refused", PAYMENT, "nobody answered so", |evidence| {
            refused(evidence);
            evidence.bank.answers.push(answer(503));
        });
    }
}
