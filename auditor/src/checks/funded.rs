//! No payout was claimed before its money could be spent, none claimed or sent again after its funding was known to be gone, and no money was
//! called available before its time.

use jiff::{SignedDuration, Timestamp};

use super::corrections::repayments;
use crate::bank::{Transfer, text, time};
use crate::calendar;
use crate::evidence::BankCall;
use crate::facts::Facts;
use crate::finding::Findings;
use crate::money;
use crate::reported::Item;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for payment in facts.payments.values() {
        let debits = debits_for(facts, payment);
        for at in claims(facts, payment) {
            let is_funded =
                debits.iter().any(|debit| is_spendable(facts, debit, at) && !is_known_gone(facts, debit, at));
            findings.unless(is_funded || is_repaid(facts, payment, at), &payment.id, || reason(facts, &debits, at));
        }
    }
    for (item, _, sends) in facts.sends_by_item() {
        if let Some(payment) = facts.payments.get(item).filter(|payment| payment.batch.is_some()) {
            let is_late = |send: &&&BankCall| is_sent_on_lost(facts, payment, send);
            let late = sends.iter().find(is_late);
            findings.unless(late.is_none(), &payment.id, || {
                "was sent again, though its funding was known to be gone".to_owned()
            });
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

/// Whether a run that sent it had begun when its whole money was known to be gone. A call may arrive long after it was sent.
fn is_sent_on_lost(facts: &Facts<'_>, payment: &Item, send: &BankCall) -> bool {
    let debits = debits_for(facts, payment);
    let slack = SignedDuration::from_secs(i64::from(facts.evidence.terms.lease_seconds));
    let gone = |debit: &&Transfer| facts.known_gone(debit).and_then(|known| known.checked_add(slack).ok());
    let Some(until) = debits.iter().map(gone).collect::<Option<Vec<_>>>().and_then(|gone| gone.into_iter().max())
    else {
        return false;
    };
    let had_passed = facts.evidence.moves.iter().any(|step| step.at > until && step.order < send.sent_order);
    had_passed && send.at > until && !is_repaid(facts, payment, send.at)
}

fn reason(facts: &Facts<'_>, debits: &[&Transfer], at: Timestamp) -> String {
    if debits.iter().any(|debit| is_spendable(facts, debit, at)) {
        format!("was claimed at {at}, though its funding was known to be gone")
    } else {
        format!("was claimed at {at}, before any of its money could be spent")
    }
}

/// What a payer has wired since a debit was lost may be paid out, once operators have booked that.
fn is_repaid(facts: &Facts<'_>, payment: &Item, at: Timestamp) -> bool {
    let booked = repayments(facts, &payment.payer)
        .filter(|posting| time(posting, "at").is_some_and(|booked_at| booked_at <= at));
    let repaid: i64 = booked.filter_map(|posting| money::cents(text(posting, "amount")?)).sum();
    repaid >= payment.cents
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

    use crate::evidence::{BankCall, Evidence};
    use crate::sample::{FUNDING, PAYMENT, SOURCE, at, findings_of, found_one, good, spoiled, transfer};

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
    fn a_payment_that_is_sent_again_after_its_funding_was_known_to_be_gone_is_found() {
        let sent_again = |evidence: &mut Evidence, seen_at: &str| {
            transfer(evidence, FUNDING)["status"] = json!("RETURNED");
            let last = evidence.moves.iter().map(|step| step.order).max().unwrap();
            let mut gone = evidence.moves.iter().rfind(|step| step.id == FUNDING).unwrap().clone();
            (gone.at, gone.state, gone.order) = (at("2026-03-07T12:00:00Z"), "returned".to_owned(), last + 1);
            let mut seen = evidence.moves.iter().rfind(|step| step.id == PAYMENT).unwrap().clone();
            (seen.at, seen.order) = (at(seen_at), last + 2);
            evidence.moves.extend([gone, seen]);
            let key = format!("{PAYMENT}:1");
            let is_first = |call: &&BankCall| call.idempotency_key.as_ref() == Some(&key);
            let mut again = evidence.bank.calls.iter().find(is_first).unwrap().clone();
            (again.sent_order, again.at) = (last + 3, at("2026-03-08T12:00:01Z"));
            evidence.bank.calls.push(again);
        };
        found_one("funded", PAYMENT, "was sent again", |evidence| sent_again(evidence, "2026-03-08T12:00:00Z"));
        // Sent by a run that had begun before the news, and arrived late.
        let found = spoiled("funded", |evidence| sent_again(evidence, "2026-03-07T12:00:01Z"));
        assert!(found.is_empty(), "{found:#?}");
    }

    /// Claimed when its funding has long been gone; what its source wired since was booked then.
    fn refund_claimed_late(evidence: &mut Evidence, repaid: &str, booked_at: &str) {
        const REFUND: &str = "pay_b1-refund-s1-1";
        transfer(evidence, FUNDING)["status"] = json!("RETURNED");
        let mut gone = evidence.moves.iter().rfind(|step| step.id == FUNDING).unwrap().clone();
        gone.at = at("2026-03-06T12:00:00Z");
        gone.state = "returned".to_owned();
        let mut claimed = evidence.moves.iter().find(|step| step.id == PAYMENT).unwrap().clone();
        (claimed.id, claimed.state, claimed.at) =
            (REFUND.to_owned(), "submitting".to_owned(), at("2026-03-11T12:00:00Z"));
        evidence.moves.extend([gone, claimed]);
        let paid = evidence.told.payments.iter().find(|told| told.item["payment_id"] == PAYMENT).unwrap();
        let mut refund = paid.clone();
        refund.item["payment_id"] = json!(REFUND);
        evidence.told.payments.push(refund);
        evidence.told.postings.push(json!({
            "account": format!("receivable:{SOURCE}"), "side": "credit", "amount": repaid, "cause": "cor_1", "attempt": 1,
            "effect": "correction", "at": booked_at,
        }));
    }

    #[test]
    fn a_refund_after_its_funding_was_lost_gives_back_only_what_was_repaid_before() {
        let found = |repaid, booked_at| spoiled("funded", |evidence| refund_claimed_late(evidence, repaid, booked_at));
        assert!(found("10.00", "2026-03-10T12:00:00Z").is_empty());
        for (repaid, booked_at) in [("9.99", "2026-03-10T12:00:00Z"), ("10.00", "2026-03-11T12:00:01Z")] {
            let found = found(repaid, booked_at);
            assert!(found.iter().any(|one| one.what.contains("known to be gone")), "{repaid} {booked_at}: {found:#?}");
        }
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
