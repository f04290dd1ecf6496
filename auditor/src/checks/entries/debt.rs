//! What a source owes for a batch: no more is made good than was lost for it, by payments that never left and by what operators booked.

use std::collections::{BTreeMap, BTreeSet};

use super::super::corrections::repaid_of;
use super::{Cause, Entry, REPEATABLE};
use crate::facts::Facts;
use crate::finding::Findings;
use crate::money::dollars;
use crate::reported::Item;

pub(super) fn check(facts: &Facts<'_>, entries: &BTreeMap<Cause<'_>, Entry<'_>>, findings: &mut Findings<'_>) {
    let of = |funding: &Item| Some((funding.payer.clone(), funding.batch.clone()?));
    let payrolls: BTreeSet<(String, String)> = facts.fundings.values().filter_map(of).collect();
    for (payer, batch) in payrolls {
        let debt = Debt::of(facts, &payer, &batch, entries);
        findings.unless(debt.settled <= debt.lost, &batch, || {
            format!("{payer} lost {} for it, and made good {}", dollars(debt.lost), dollars(debt.settled))
        });
    }
}

/// What a source lost for a batch after it was available, and how much of that was made good, in cents.
pub(super) struct Debt {
    lost: i64,
    settled: i64,
}

impl Debt {
    pub(super) fn of(facts: &Facts<'_>, payer: &str, batch: &str, entries: &BTreeMap<Cause<'_>, Entry<'_>>) -> Self {
        let is_its = |item: &&Item| item.payer == payer && item.batch.as_deref() == Some(batch);
        let fundings: Vec<&Item> = facts.fundings.values().filter(is_its).collect();
        let lost = fundings.iter().map(|funding| sum(entries, &funding.id, "funding_returned_available")).sum();
        let unfunded = facts.payments.values().filter(is_its).map(|item| -sum(entries, &item.id, REPEATABLE));
        let booked = fundings.iter().map(|funding| repaid_of(facts, funding));
        Self { lost, settled: unfunded.chain(booked).sum() }
    }

    pub(super) fn is_open(&self) -> bool {
        self.settled < self.lost
    }
}

/// What an effect of an item debited to what its payer owes, less what it credited.
fn sum(entries: &BTreeMap<Cause<'_>, Entry<'_>>, item: &str, effect: &str) -> i64 {
    let of_item = entries.range((item, 0, "")..).take_while(|((id, _, _), _)| *id == item);
    let of_item = of_item.filter(|((_, _, known), _)| *known == effect);
    let lines = of_item.flat_map(|(_, entry)| &entry.lines).filter(|line| line.kind == "receivable");
    lines.map(|line| if line.side == "debit" { line.cents } else { -line.cents }).sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{TAKEN_OFF, lose_funding};
    use crate::evidence::Evidence;
    use crate::sample::{BATCH, FUNDING, OTHER_PAYMENT, SOURCE, found_one, post, spoiled};

    /// Some cents of what operators booked about the funding that was lost.
    fn repay(evidence: &mut Evidence, amount: &str) {
        evidence.told.postings.push(json!({
            "account": format!("receivable:{SOURCE}"), "side": "credit", "amount": amount, "cause": "cor_1", "attempt": 1,
            "effect": "correction", "about": FUNDING,
        }));
    }

    #[test]
    fn no_more_is_made_good_than_was_lost_for_the_batch() {
        // 20.00 of 30.00 are repaid: of a payment of 20.00 half is still owed for.
        let found = spoiled("entries", |evidence| {
            lose_funding(evidence);
            repay(evidence, "20.00");
            post(evidence, OTHER_PAYMENT, SOURCE, 1_000, "unfunded_failed", &TAKEN_OFF);
        });
        assert!(found.is_empty(), "{found:#?}");
        let found = spoiled("entries", |evidence| {
            lose_funding(evidence);
            repay(evidence, "30.00");
        });
        assert!(found.is_empty(), "nothing is left to take it off: {found:#?}");
        found_one("entries", BATCH, "lost 30.00 for it, and made good 30.01", |evidence| {
            lose_funding(evidence);
            repay(evidence, "10.01");
            post(evidence, OTHER_PAYMENT, SOURCE, 2_000, "unfunded_failed", &TAKEN_OFF);
        });
        found_one("entries", OTHER_PAYMENT, "of another payer or amount", |evidence| {
            lose_funding(evidence);
            post(evidence, OTHER_PAYMENT, SOURCE, 2_001, "unfunded_failed", &TAKEN_OFF);
        });
    }
}
