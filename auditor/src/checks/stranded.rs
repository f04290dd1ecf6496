//! No money that was pulled strands: when everything has come to rest it has been paid out or given back, or somebody is asked about it. Of a
//! batch what is left stays with us until an operator asks for its refund; then it goes. What a source repaid of a debit that came back is
//! its batch's money again.

use serde_json::Value;

use super::corrections::{repaid_of, repayments, set_off_of};
use crate::bank::{Transfer, text};
use crate::evidence::{CommandKind, Order, StandingKind};
use crate::facts::Facts;
use crate::finding::Findings;
use crate::money::dollars;
use crate::reported::Item;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    if !facts.evidence.is_at_rest {
        return;
    }
    let mut batches: Vec<(&str, &str)> = facts
        .fundings
        .values()
        .filter_map(|funding| Some((funding.payer.as_str(), funding.batch.as_deref()?)))
        .collect();
    batches.dedup();
    for (payer, batch) in batches {
        let is_its = |item: &&Item| item.payer == payer && item.batch.as_deref() == Some(batch);
        let items: Vec<&Item> = facts.items().filter(is_its).collect();
        let last = last_move(facts, &items).max(last_repayment(facts, &items)).max(last_cleared(facts, &items));
        let was_asked = facts.last_refund_asked(batch, payer).is_some_and(|asked| last < asked);
        if was_asked && !is_attended(facts, &items, Some(batch)) {
            nothing_left(facts, &items, batch, findings);
        }
    }
    for funding in facts.fundings.values().filter(|funding| funding.batch.is_none()) {
        let paid = facts.payments.values().filter(|payment| payment.funding.as_ref() == Some(&funding.id));
        let paid: Vec<&Item> = paid.collect();
        let refunds = facts
            .payments
            .values()
            .filter(|refund| facts.refund_of(&refund.id).is_some_and(|of| paid.iter().any(|payment| payment.id == of)));
        let items: Vec<&Item> = [funding].into_iter().chain(paid.iter().copied()).chain(refunds).collect();
        let came_back = items.iter().any(|item| !item.is_funding && item.state == "returned");
        if !came_back && !is_attended(facts, &items, None) {
            nothing_left(facts, &items, &funding.id, findings);
        }
    }
}

fn nothing_left(facts: &Facts<'_>, items: &[&Item], about: &str, findings: &mut Findings<'_>) {
    let sum = |is_funding: bool| -> i64 {
        let of_kind = items.iter().filter(|item| item.is_funding == is_funding);
        of_kind
            .flat_map(|item| facts.transfers_of(&item.id))
            .filter(|moved| is_here(moved))
            .map(|moved| moved.cents)
            .sum()
    };
    let set_off: i64 = items.iter().filter(|item| item.is_funding).map(|funding| set_off_of(facts, funding)).sum();
    let left = sum(true) + repaid(facts, items) - set_off - sum(false);
    findings.unless(left <= 0, about, || {
        format!("{} of what was pulled is neither paid, nor given back, nor does anybody look at it", dollars(left))
    });
}

/// What operators booked as repaid of a source's debits that came back.
fn repaid(facts: &Facts<'_>, items: &[&Item]) -> i64 {
    let is_lost = |item: &&&Item| item.is_funding && item.batch.is_some() && !facts.transfers_of(&item.id).any(is_here);
    items.iter().filter(is_lost).map(|funding| repaid_of(facts, funding).min(funding.cents)).sum()
}

fn repayments_of<'f>(facts: &'f Facts<'_>, funding: &'f Item) -> impl Iterator<Item = &'f Value> {
    repayments(facts, &funding.payer).filter(move |posting| text(posting, "about") == Some(&funding.id))
}

/// When somebody booked such a repayment last.
fn last_repayment(facts: &Facts<'_>, items: &[&Item]) -> Order {
    let booked = items.iter().filter(|item| item.is_funding).flat_map(|funding| repayments_of(facts, funding));
    let causes: Vec<&str> = booked.filter_map(|posting| text(posting, "cause")).collect();
    let confirmed =
        facts.commands(CommandKind::ConfirmCorrection).filter(|command| causes.contains(&command.about.as_str()));
    confirmed.map(|command| command.order).max().unwrap_or_default()
}

fn is_here(moved: &Transfer) -> bool {
    moved.is_live()
}

fn last_move(facts: &Facts<'_>, items: &[&Item]) -> Order {
    items.iter().filter_map(|item| facts.moves_of(&item.id).last()).map(|step| step.order).max().unwrap_or_default()
}

/// When somebody last ended an open question about one of them: until then its money is held back.
fn last_cleared(facts: &Facts<'_>, items: &[&Item]) -> Order {
    let cleared = facts.commands(CommandKind::ClearAttention).filter(|cleared| cleared.may_have_happened());
    let of_these = cleared.filter(|cleared| items.iter().any(|item| item.id == cleared.about));
    of_these.map(|cleared| cleared.order).max().unwrap_or_default()
}

/// Somebody is asked, or nothing leaves the payer now.
fn is_attended(facts: &Facts<'_>, items: &[&Item], batch: Option<&str>) -> bool {
    let is_its = |id: &str| items.iter().any(|item| item.id == id) || Some(id) == batch;
    let standing = facts.evidence.standing.iter().filter(|standing| is_its(&standing.id));
    standing.into_iter().any(|standing| {
        let is_open =
            standing.kind == StandingKind::Batch && !matches!(standing.state.as_str(), "completed" | "canceled");
        standing.attention.is_some() || standing.is_paused || is_open
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::{CommandKind, Evidence};
    use crate::sample::{
        BATCH, CARD_FUNDING, CARD_PAYMENT, FUNDING, PAYMENT, SOURCE, command, findings_of, found_one, good, spoiled,
        standing, transfer,
    };

    #[test]
    fn money_that_was_paid_out_is_fine() {
        assert!(findings_of("stranded", &good()).is_empty());
    }

    /// A row came back, and an operator asks for what is left.
    fn leave_money(evidence: &mut Evidence) {
        transfer(evidence, PAYMENT)["status"] = json!("RETURNED");
        let mut asked = command(CommandKind::Refund, BATCH, "olga", "2026-03-15T12:00:00Z");
        asked.order = 10_000;
        evidence.asked.commands.push(asked);
    }

    #[test]
    fn money_of_a_batch_that_is_not_given_back_when_asked_is_found() {
        found_one("stranded", BATCH, "10.00 of what was pulled", leave_money);
        let found = spoiled("stranded", |evidence| {
            leave_money(evidence);
            evidence.asked.commands.pop();
        });
        assert!(found.is_empty(), "nobody asked: {found:#?}");
        let found = spoiled("stranded", |evidence| {
            leave_money(evidence);
            let asked = evidence.asked.commands.last_mut().unwrap();
            asked.answer = json!({ "refunds": [], "withheld": [{ "source_id": SOURCE, "amount": "10.00" }] });
        });
        assert!(found.is_empty(), "the payer owes: {found:#?}");
    }

    #[test]
    fn what_a_source_repaid_of_a_lost_debit_is_money_of_its_batch() {
        let repay = |evidence: &mut Evidence| {
            leave_money(evidence);
            transfer(evidence, FUNDING)["status"] = json!("RETURNED");
            evidence.told.postings.push(json!({
                "account": format!("receivable:{SOURCE}"), "side": "credit", "amount": "30.00", "cause": "cor_1",
                "attempt": 1, "effect": "correction", "at": "2026-03-14T12:00:00Z", "about": FUNDING,
            }));
        };
        found_one("stranded", BATCH, "10.00 of what was pulled", repay);
        let found = spoiled("stranded", |evidence| {
            repay(evidence);
            let mut confirmed = command(CommandKind::ConfirmCorrection, "cor_1", "oscar", "2026-03-16T12:00:00Z");
            confirmed.order = 10_001;
            evidence.asked.commands.push(confirmed);
        });
        assert!(found.is_empty(), "nobody asked since: {found:#?}");
    }

    #[test]
    fn what_bears_attention_or_waits_for_its_payer_is_fine() {
        let found = spoiled("stranded", |evidence| {
            leave_money(evidence);
            standing(evidence, BATCH).attention = Some("source_changed".to_owned());
        });
        assert!(found.is_empty(), "{found:#?}");
        let found = spoiled("stranded", |evidence| {
            leave_money(evidence);
            standing(evidence, FUNDING).is_paused = true;
        });
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn money_of_a_person_whose_check_was_not_paid_is_found() {
        found_one("stranded", CARD_FUNDING, "40.00 of what was pulled", |evidence| {
            transfer(evidence, CARD_PAYMENT)["status"] = json!("stopped");
        });
        let found = spoiled("stranded", |evidence| {
            transfer(evidence, CARD_PAYMENT)["status"] = json!("stopped");
            standing(evidence, CARD_PAYMENT).attention = Some("check_undeliverable".to_owned());
        });
        assert!(found.is_empty(), "{found:#?}");
    }
}
