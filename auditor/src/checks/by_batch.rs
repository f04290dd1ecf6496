//! Each batch spends its own money: what the books hold of a batch, and what its source owes for it, is never below zero. The sums of a
//! source can be right while one batch pays with another's money.

use std::collections::BTreeMap;

use serde_json::Value;

use super::corrections::CORRECTION;
use crate::bank::text;
use crate::evidence::CommandKind;
use crate::facts::Facts;
use crate::finding::Findings;
use crate::money::{cents, dollars};

/// Accounts of which each batch has a part of its own; both are told as what they hold.
const KINDS: [(&str, &str); 2] = [("funds", "credit"), ("receivable", "debit")];

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    if !facts.evidence.is_at_rest {
        return;
    }
    let mut parts: BTreeMap<(&str, &str, &str), i64> = BTreeMap::new();
    for posting in &facts.evidence.told.postings {
        let Some((kind, payer)) = text(posting, "account").and_then(|account| account.split_once(':')) else {
            continue;
        };
        if payer.starts_with("per_") {
            continue;
        }
        let Some((_, raised_by)) = KINDS.iter().find(|(known, _)| *known == kind) else { continue };
        let (Some(batch), Some(amount)) = (batch_of(facts, posting), text(posting, "amount").and_then(cents)) else {
            continue;
        };
        let is_raised = text(posting, "side") == Some(raised_by);
        *parts.entry((batch, payer, kind)).or_default() += if is_raised { amount } else { -amount };
    }
    for ((batch, payer, kind), held) in parts {
        findings.unless(held >= 0, batch, || {
            format!("has {} of {payer}'s {kind}: it used what was another batch's", dollars(held))
        });
    }
}

/// The batch that a line is about, by its payment or funding, or by the funding that a correction names.
fn batch_of<'f>(facts: &'f Facts<'_>, posting: &'f Value) -> Option<&'f str> {
    let cause = text(posting, "cause")?;
    if text(posting, "effect") != Some(CORRECTION) {
        return batch_in(cause);
    }
    let proposals = facts.evidence.asked.commands.iter().filter(|asked| asked.kind == CommandKind::ProposeCorrection);
    let proposal = proposals.into_iter().find(|proposal| text(&proposal.answer, "correction_id") == Some(cause))?;
    batch_in(text(&proposal.sent, "about")?)
}

/// `fnd_{batch}-{source}-{round}` and `pay_{batch}-{shard}-{row}` bear it; what is a person's does not.
fn batch_in(id: &str) -> Option<&str> {
    let (_, rest) = id.split_once('_')?;
    rest.split_once('-').map(|(batch, _)| batch)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::{CommandKind, Evidence};
    use crate::sample::{FUNDING, PAYMENT, SOURCE, command, findings_of, found_one, good, spoiled};

    const MOMENT: &str = "2026-03-12T12:00:00Z";

    fn post(evidence: &mut Evidence, cause: &str, effect: &str, [debit, credit]: [&str; 2]) {
        for (kind, side) in [(debit, "debit"), (credit, "credit")] {
            evidence.told.postings.push(json!({
                "account": format!("{kind}:{SOURCE}"), "side": side, "amount": "5.00", "cause": cause, "attempt": 1,
                "effect": effect, "at": MOMENT,
            }));
        }
    }

    #[test]
    fn a_batch_that_spends_its_own_is_fine() {
        assert!(findings_of("by_batch", &good()).is_empty());
    }

    #[test]
    fn a_debt_that_is_taken_off_and_was_none_of_this_batch_is_found() {
        let found = spoiled("by_batch", |evidence| post(evidence, PAYMENT, "unfunded_failed", ["funds", "receivable"]));
        let found: Vec<_> = found.iter().map(|finding| finding.what.clone()).collect();
        assert!(found.iter().any(|what| what.contains("has -5.00 of CORP-1's receivable")), "{found:#?}");
    }

    #[test]
    fn a_payout_of_another_batchs_money_is_found() {
        found_one("by_batch", "b1", "has -5.00 of CORP-1's funds", |evidence| {
            post(evidence, PAYMENT, "payout_accepted", ["funds", "cash"]);
        });
    }

    #[test]
    fn what_operators_book_about_a_funding_is_its_batchs() {
        found_one("by_batch", "b1", "has -5.00 of CORP-1's receivable", |evidence| {
            let mut proposal = command(CommandKind::ProposeCorrection, SOURCE, "olga", MOMENT);
            proposal.answer = json!({ "correction_id": "cor_1" });
            proposal.sent = json!({ "about": FUNDING });
            evidence.asked.commands.push(proposal);
            post(evidence, "cor_1", "correction", ["cash", "receivable"]);
        });
    }
}
