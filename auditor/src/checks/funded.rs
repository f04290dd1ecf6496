//! No payout was claimed before its money could be spent, none after its funding was known to be gone, and no money was called
//! available before its time.

use jiff::{SignedDuration, Timestamp};

use crate::bank::Transfer;
use crate::calendar;
use crate::facts::Facts;
use crate::finding::Findings;
use crate::told::Item;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for payment in facts.payments.values() {
        let debits = debits_for(facts, payment);
        for at in claims(facts, payment) {
            let is_funded =
                debits.iter().any(|debit| is_spendable(facts, debit, at) && !is_known_gone(facts, debit, at));
            findings.unless(is_funded, &payment.id, || reason(facts, &debits, at));
        }
    }
    for funding in facts.fundings.values() {
        for step in facts.moves_of(&funding.id).iter().filter(|step| step.state == "available") {
            let is_available = facts.transfers_of(&funding.id).any(|debit| is_spendable(facts, debit, step.at));
            findings.unless(is_available, &funding.id, || {
                format!("was called available at {}, before its money could be spent", step.at)
            });
        }
    }
}

fn reason(facts: &Facts<'_>, debits: &[&Transfer], at: Timestamp) -> String {
    if debits.iter().any(|debit| is_spendable(facts, debit, at)) {
        format!("was claimed at {at}, though its funding was known to be gone")
    } else {
        format!("was claimed at {at}, before any of its money could be spent")
    }
}

/// The times at which somebody took it for a send that had nothing out before.
fn claims(facts: &Facts<'_>, payment: &Item) -> Vec<Timestamp> {
    let mut before = "";
    let mut claims = Vec::new();
    for step in facts.moves_of(&payment.id) {
        if before != "submitting" && step.state == "submitting" {
            claims.push(step.at);
        }
        before = &step.state;
    }
    claims
}

/// Of a payroll payment those of every funding of its source and batch: a later round spends what an earlier one left.
fn debits_for<'f>(facts: &'f Facts<'_>, payment: &Item) -> Vec<&'f Transfer> {
    let is_its = |funding: &&Item| match &payment.batch {
        Some(batch) => funding.batch.as_ref() == Some(batch) && funding.payer == payment.payer,
        None => payment.funding.as_ref() == Some(&funding.id),
    };
    facts.fundings.values().filter(is_its).flat_map(|funding| facts.transfers_of(&funding.id)).collect()
}

/// Whether it had settled and both holds had passed by then.
fn is_spendable(facts: &Facts<'_>, debit: &Transfer, at: Timestamp) -> bool {
    let Some(settled_at) = debit.settled_at else { return false };
    let settled_on = calendar::eastern_day(settled_at);
    let effective_on = debit.effective_on.unwrap_or(settled_on);
    calendar::spendable_at(effective_on, settled_on, facts.evidence.terms.hold_banking_days) <= at
}

/// A run that had read the funding before the news came lasts no longer than a lease.
fn is_known_gone(facts: &Facts<'_>, debit: &Transfer, at: Timestamp) -> bool {
    let slack = SignedDuration::from_secs(i64::from(facts.evidence.terms.lease_seconds));
    facts.known_gone(debit).and_then(|known| known.checked_add(slack).ok()).is_some_and(|until| until < at)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::Evidence;
    use crate::sample::{FUNDING, PAYMENT, at, findings_of, found_one, good, spoiled, transfer};

    fn claim(evidence: &mut Evidence, payment: &str, moment: &str) {
        let claim = evidence.moves.iter_mut().find(|step| step.id == payment && step.state == "submitting").unwrap();
        claim.at = at(moment);
    }

    #[test]
    fn a_payment_claimed_when_its_money_is_there_is_fine() {
        assert!(findings_of("funded", &good()).is_empty());
    }

    #[test]
    fn a_claim_before_the_hold_has_passed_is_found() {
        found_one("funded", PAYMENT, "before any of its money could be spent", |evidence| {
            claim(evidence, PAYMENT, "2026-03-05T13:29:59Z");
        });
    }

    #[test]
    fn a_longer_hold_of_ours_counts() {
        let found = spoiled("funded", |evidence| evidence.terms.hold_banking_days = 3);
        assert!(found.iter().any(|finding| finding.about == PAYMENT), "{found:#?}");
    }

    #[test]
    fn money_that_is_called_available_too_early_is_found() {
        found_one("funded", FUNDING, "was called available", |evidence| {
            let step = evidence.moves.iter_mut().find(|step| step.id == FUNDING && step.state == "available").unwrap();
            step.at = at("2026-03-04T13:30:00Z");
        });
    }

    #[test]
    fn a_claim_after_the_funding_was_known_to_be_gone_is_found_but_not_within_a_run() {
        let returned = |moment: &'static str| {
            move |evidence: &mut Evidence| {
                transfer(evidence, FUNDING)["status"] = json!("RETURNED");
                let mut end = evidence.moves.iter().rfind(|step| step.id == FUNDING).unwrap().clone();
                end.at = at(moment);
                end.state = "returned".to_owned();
                evidence.moves.push(end);
            }
        };
        let found = spoiled("funded", returned("2026-03-05T13:30:30Z"));
        assert!(found.iter().any(|finding| finding.what.contains("known to be gone")), "{found:#?}");
        let found = spoiled("funded", returned("2026-03-05T13:31:30Z"));
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn a_funding_that_was_refused_and_was_there_after_all_is_not_gone() {
        let found = spoiled("funded", |evidence| {
            let claimed =
                evidence.moves.iter().position(|step| step.id == FUNDING && step.state == "submitting").unwrap();
            let mut refused = evidence.moves[claimed].clone();
            refused.state = "failed".to_owned();
            evidence.moves.insert(claimed + 1, refused);
        });
        assert!(found.is_empty(), "{found:#?}");
    }
}
