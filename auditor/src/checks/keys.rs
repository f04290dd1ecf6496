//! Keys of sends: each names an item and an attempt of it, an attempt follows another only after the bank gave that one's money back,
//! and nobody sends what somebody else holds the lease of.

use jiff::SignedDuration;

use crate::bank::split_key;
use crate::evidence::BankCall;
use crate::facts::Facts;
use crate::finding::Findings;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for call in facts.evidence.bank.calls.iter().filter(|call| call.is_send()) {
        let key = call.idempotency_key.as_deref().unwrap_or_default();
        let is_known = split_key(key).is_some_and(|(item, _)| facts.item(item).is_some());
        findings.unless(is_known, key, || "is a key of a send that names nothing of ours".to_owned());
    }
    for (item, attempt, sends) in facts.sends_by_item() {
        if attempt > 1 {
            follows(facts, item, attempt, sends, findings);
        }
        for pair in sends.windows(2) {
            let [first, second] = pair else { continue };
            one_at_a_time(facts, item, first, second, findings);
        }
    }
}

fn follows(facts: &Facts<'_>, item: &str, attempt: u32, sends: &[&BankCall], findings: &mut Findings<'_>) {
    let Some(first) = sends.first() else { return };
    let mut earlier = facts.transfers_of(item).filter(|transfer| transfer.attempt + 1 == attempt);
    let is_back = earlier.any(|transfer| transfer.back_at.is_some_and(|back_at| back_at <= first.at));
    findings.unless(is_back, item, || {
        format!(
            "was sent as attempt {attempt} at {}, and the bank had not given back attempt {}",
            first.at,
            attempt - 1
        )
    });
}

/// A second send waits for the first one's answer, or for the end of its lease.
fn one_at_a_time(facts: &Facts<'_>, item: &str, first: &BankCall, second: &BankCall, findings: &mut Findings<'_>) {
    let lease = SignedDuration::from_secs(i64::from(facts.evidence.terms.lease_seconds));
    let is_over = first.elapsed_at.checked_add(lease).is_ok_and(|until| until <= second.elapsed_at);
    let was_heard = first.client_heard_at.is_some_and(|heard_at| heard_at <= second.elapsed_at);
    findings.unless(is_over || was_heard, item, || {
        format!("was sent again at {}, while the send of {} was another worker's", second.at, first.at)
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::{BankCall, Evidence};
    use crate::sample::{PAYMENT, at, findings_of, found_one, good, spoiled, transfer};

    fn send_again(evidence: &mut Evidence, attempt: u32, moment: &str) {
        let key = format!("{PAYMENT}:1");
        let is_first = |call: &&BankCall| call.idempotency_key.as_ref() == Some(&key);
        let mut again = evidence.bank.calls.iter().find(is_first).unwrap().clone();
        again.idempotency_key = Some(format!("{PAYMENT}:{attempt}"));
        again.at = at(moment);
        again.elapsed_at = at(moment);
        evidence.bank.calls.push(again);
    }

    #[test]
    fn one_send_of_each_is_fine_and_so_is_another_after_its_answer() {
        assert!(findings_of("keys", &good()).is_empty());
        let found = spoiled("keys", |evidence| send_again(evidence, 1, "2026-03-05T13:32:02Z"));
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn a_key_that_names_nothing_is_found() {
        let found = spoiled("keys", |evidence| evidence.bank.calls[0].idempotency_key = None);
        assert!(found[0].what.contains("names nothing of ours"), "{found:#?}");
    }

    #[test]
    fn a_new_attempt_while_the_first_may_pay_is_found() {
        found_one("keys", PAYMENT, "the bank had not given back attempt 1", |evidence| {
            send_again(evidence, 2, "2026-03-07T12:00:00Z");
        });
        let found = spoiled("keys", |evidence| {
            send_again(evidence, 2, "2026-03-07T12:00:00Z");
            let first = transfer(evidence, PAYMENT);
            first["status"] = json!("RETURNED");
            first["returned_at"] = json!("2026-03-07T11:00:00Z");
        });
        assert!(found.is_empty(), "{found:#?}");
    }

    fn unheard(evidence: &mut Evidence) {
        for call in &mut evidence.bank.calls {
            call.client_heard_at = None;
        }
    }

    #[test]
    fn a_send_under_another_workers_lease_is_found() {
        found_one("keys", PAYMENT, "was another worker's", |evidence| {
            unheard(evidence);
            send_again(evidence, 1, "2026-03-05T13:32:30Z");
        });
        let found = spoiled("keys", |evidence| {
            unheard(evidence);
            send_again(evidence, 1, "2026-03-05T13:33:01Z");
        });
        assert!(found.is_empty(), "after the lease: {found:#?}");
    }
}
