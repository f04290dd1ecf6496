//! One unanswered call pauses nobody: a payer rests for want of answers only where the bank left more than one send without an answer.

use jiff::SignedDuration;

use crate::facts::Facts;
use crate::finding::Findings;

/// What silence counts for a pause.
const LATELY: SignedDuration = SignedDuration::from_hours(2);

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for pause in facts.evidence.pauses.iter().filter(|pause| pause.reason == "no_answer") {
        let since = pause.at.checked_sub(LATELY).unwrap_or(pause.at);
        let lately = facts.evidence.bank.answers.iter().filter(|answer| (since..=pause.at).contains(&answer.at));
        let silent = lately.filter(|answer| answer.status.is_none_or(|status| status >= 500)).count();
        findings.unless(silent > 1, &pause.payer, || {
            format!("was paused at {} for want of answers, and {silent} sends had none", pause.at)
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::evidence::{Evidence, Pause, SendAnswer};
    use crate::sample::{PAYMENT, SOURCE, at, findings_of, found_one, good, spoiled};

    const MOMENT: &str = "2026-03-05T13:32:01Z";

    fn silence(evidence: &mut Evidence, times: usize) {
        let silent = SendAnswer { at: at(MOMENT), idempotency_key: format!("{PAYMENT}:1"), status: None };
        evidence.bank.answers.extend(vec![silent; times]);
        evidence.pauses.push(Pause { at: at(MOMENT), payer: SOURCE.to_owned(), reason: "no_answer".to_owned() });
    }

    #[test]
    fn a_pause_after_several_silences_is_fine() {
        assert!(findings_of("pauses", &good()).is_empty());
        assert!(spoiled("pauses", |evidence| silence(evidence, 3)).is_empty());
    }

    #[test]
    fn a_pause_after_one_silence_is_found() {
        found_one("pauses", SOURCE, "for want of answers", |evidence| silence(evidence, 1));
    }
}
