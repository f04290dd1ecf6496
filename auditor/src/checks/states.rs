//! No state went backwards: each step is one that the table of states knows (design, section 3), and an attempt is counted up only when
//! something that failed or came back is tried again.

use crate::evidence::Move;
use crate::facts::Facts;
use crate::finding::Findings;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for (id, moves) in &facts.moves {
        let is_batch = id.starts_with("bat_");
        for pair in moves.windows(2) {
            let [from, to] = pair else { continue };
            let is_known = if is_batch { is_step_of_batch(from, to) } else { is_step(from, to) };
            findings.unless(is_known, id, || format!("went from {} to {} at {}", from.state, to.state, to.at));
            if !is_batch {
                attempts(id, from, to, findings);
            }
        }
        let told = facts.item(id).map(|item| item.state.as_str());
        if let (Some(told), Some(last)) = (told, moves.last()) {
            findings.unless(told == last.state, id, || {
                format!("is told to be {told}, and its last step led to {}", last.state)
            });
        }
    }
    for item in facts.items() {
        findings
            .unless(facts.moves.contains_key(item.id.as_str()), &item.id, || "was never seen to be made".to_owned());
    }
}

fn is_step(from: &Move, to: &Move) -> bool {
    let next: &[&str] = match from.state.as_str() {
        // The bank may say what we have not asked for yet: a send that was thought lost.
        "unprocessed" => &["submitting", "failed", "canceled", "processing", "completed", "returned"],
        "submitting" => &["unprocessed", "processing", "completed", "failed", "returned"],
        "processing" => &["completed", "failed", "returned"],
        "completed" => &["available", "returned"],
        "available" => &["returned"],
        // Tried again, or the bank has what was given up.
        "failed" => &["unprocessed", "processing", "completed", "returned"],
        "returned" => &["unprocessed"],
        "canceled" => &["processing", "completed", "returned"],
        _ => &[],
    };
    from.state == to.state || next.contains(&to.state.as_str())
}

fn is_step_of_batch(from: &Move, to: &Move) -> bool {
    const BEFORE: [&str; 4] = ["draft", "summarizing", "ready", "rejected"];
    let next: &[&str] = match from.state.as_str() {
        state if BEFORE.contains(&state) => {
            &["draft", "summarizing", "ready", "rejected", "importing", "declined", "expired", "canceled", "canceling"]
        }
        "importing" => &["paying", "failed", "canceling"],
        "paying" => &["completed", "canceling"],
        "canceling" => &["canceled"],
        // A retry.
        "completed" => &["paying"],
        _ => &[],
    };
    from.state == to.state || next.contains(&to.state.as_str())
}

fn attempts(id: &str, from: &Move, to: &Move, findings: &mut Findings<'_>) {
    let is_retry = matches!(from.state.as_str(), "failed" | "returned") && to.state == "unprocessed";
    let may_count = to.attempt == from.attempt || (is_retry && to.attempt == from.attempt + 1);
    findings.unless(may_count, id, || {
        format!("went from attempt {} to {} as it became {}", from.attempt, to.attempt, to.state)
    });
}

#[cfg(test)]
mod tests {
    use crate::evidence::Evidence;
    use crate::sample::{BATCH, PAYMENT, UNPAYABLE, findings_of, found_one, good, spoiled, told};

    /// One more step at its end, and the API tells it.
    fn go_on(evidence: &mut Evidence, id: &str, state: &str, attempt: u32) {
        let mut step = evidence.moves.iter().rfind(|step| step.id == id).unwrap().clone();
        step.state = state.to_owned();
        step.attempt = attempt;
        evidence.moves.push(step);
        if !id.starts_with("bat_") {
            told(evidence, id).item["state"] = state.into();
        }
    }

    #[test]
    fn steps_that_the_table_knows_are_fine() {
        assert!(findings_of("states", &good()).is_empty());
        let found = spoiled("states", |evidence| {
            go_on(evidence, PAYMENT, "returned", 1);
            go_on(evidence, PAYMENT, "unprocessed", 2);
            go_on(evidence, BATCH, "paying", 0);
        });
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn a_step_backwards_is_found() {
        found_one("states", PAYMENT, "went from completed to processing", |evidence| {
            go_on(evidence, PAYMENT, "processing", 1)
        });
        found_one("states", BATCH, "went from completed to importing", |evidence| {
            go_on(evidence, BATCH, "importing", 0)
        });
    }

    #[test]
    fn an_attempt_that_counts_up_without_a_retry_or_down_is_found() {
        found_one("states", PAYMENT, "went from attempt 1 to 2", |evidence| go_on(evidence, PAYMENT, "returned", 2));
        found_one("states", UNPAYABLE, "went from attempt 1 to 0", |evidence| {
            go_on(evidence, UNPAYABLE, "unprocessed", 0)
        });
    }

    #[test]
    fn a_state_that_no_step_led_to_is_found() {
        found_one("states", PAYMENT, "is told to be returned", |evidence| {
            told(evidence, PAYMENT).item["state"] = "returned".into();
        });
        found_one("states", PAYMENT, "was never seen to be made", |evidence| {
            evidence.moves.retain(|step| step.id != PAYMENT);
        });
    }
}
