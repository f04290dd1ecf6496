//! Unknown stays unknown: nothing is called canceled or failed while a send of that attempt may have reached the bank, and did.

use crate::facts::Facts;
use crate::finding::Findings;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for item in facts.items() {
        for step in facts.moves_of(&item.id).iter().filter(|step| is_end(&step.state)) {
            let key = format!("{}:{}", item.id, step.attempt);
            let sends = facts.sends.get(key.as_str()).map_or(&[][..], Vec::as_slice);
            if !sends.iter().any(|send| send.sent_order < step.order) {
                continue;
            }
            // What was tried again under the same key is another send's, which nobody had given up.
            let sent_later = sends.iter().filter(|send| send.sent_order > step.order).map(|send| send.at).min();
            let of_attempt = facts.transfers_of(&item.id).filter(|transfer| {
                let is_of_later = sent_later.is_some_and(|later| later > step.at && transfer.created_at >= later);
                transfer.attempt == step.attempt && !is_of_later
            });
            let out = of_attempt.into_iter().find(|transfer| transfer.back_at.is_none_or(|back| step.at < back));
            findings.unless(out.is_none(), &item.id, || {
                let transfer = out.map_or("", |transfer| &transfer.id);
                format!(
                    "was called {} at {}, though it had been sent and {transfer} moves its money",
                    step.state, step.at
                )
            });
        }
    }
}

fn is_end(state: &str) -> bool {
    matches!(state, "canceled" | "failed")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::Evidence;
    use crate::sample::{PAYMENT, findings_of, found_one, good, spoiled, transfer};

    /// After its send it is told to have come to this.
    fn told_to_be(evidence: &mut Evidence, state: &str) {
        let mut step =
            evidence.moves.iter().find(|step| step.id == PAYMENT && step.state == "processing").unwrap().clone();
        step.state = state.to_owned();
        step.order += 1;
        evidence.moves.push(step);
    }

    #[test]
    fn what_was_sent_and_paid_is_fine() {
        assert!(findings_of("unknown", &good()).is_empty());
    }

    #[test]
    fn what_was_sent_and_is_called_canceled_or_failed_is_found() {
        for state in ["canceled", "failed"] {
            found_one("unknown", PAYMENT, &format!("was called {state}"), |evidence| told_to_be(evidence, state));
        }
    }

    #[test]
    fn what_the_bank_gave_back_before_or_never_had_may_be_called_so() {
        let found = spoiled("unknown", |evidence| {
            told_to_be(evidence, "failed");
            transfer(evidence, PAYMENT)["cancelled_at"] = json!("2026-03-05T13:00:00Z");
        });
        assert!(found.is_empty(), "{found:#?}");
        let found = spoiled("unknown", |evidence| {
            told_to_be(evidence, "failed");
            evidence.bank.ach_transfers.retain(|object| object["id"] != format!("tr_{PAYMENT}"));
        });
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn a_send_that_left_after_it_was_called_failed_is_another_try() {
        let found = spoiled("unknown", |evidence| {
            told_to_be(evidence, "failed");
            evidence.moves.last_mut().unwrap().order = 0;
        });
        assert!(found.is_empty(), "{found:#?}");
    }
}
