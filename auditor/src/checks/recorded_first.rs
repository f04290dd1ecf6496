//! Record, then call: whatever was sent to the bank had been claimed in the table before, under the attempt of its key.

use crate::facts::Facts;
use crate::finding::Findings;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for (item, attempt, sends) in facts.sends_by_item() {
        let Some(first) = sends.first() else { continue };
        let is_claim = |step: &&crate::evidence::Move| step.state == "submitting" && step.attempt == attempt;
        let claimed = facts.moves_of(item).iter().copied().any(|step| is_claim(&step) && step.order < first.order);
        findings.unless(claimed, item, || format!("was sent as attempt {attempt} at {} without a claim", first.at));
    }
}

#[cfg(test)]
mod tests {
    use crate::sample::{PAYMENT, findings_of, found_one, good};

    #[test]
    fn a_send_that_was_claimed_is_fine() {
        assert!(findings_of("recorded_first", &good()).is_empty());
    }

    #[test]
    fn a_send_without_a_claim_is_found() {
        found_one("recorded_first", PAYMENT, "without a claim", |evidence| {
            evidence.moves.retain(|step| step.id != PAYMENT || step.state != "submitting");
        });
    }

    #[test]
    fn a_claim_that_came_after_its_send_or_for_another_attempt_is_found() {
        found_one("recorded_first", PAYMENT, "without a claim", |evidence| {
            for step in evidence.moves.iter_mut().filter(|step| step.id == PAYMENT && step.state == "submitting") {
                step.order += 1_000;
            }
        });
        found_one("recorded_first", PAYMENT, "sent as attempt 1", |evidence| {
            for step in evidence.moves.iter_mut().filter(|step| step.id == PAYMENT) {
                step.attempt = 2;
            }
        });
    }
}
