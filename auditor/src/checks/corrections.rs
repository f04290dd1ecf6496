//! Corrections of the books: each entry is what one operator proposed and another one confirmed, and each that was confirmed is in the books
//! once.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::bank::text;
use crate::evidence::{Command, CommandKind};
use crate::facts::Facts;
use crate::finding::Findings;
use crate::money::cents;
use crate::reported::Item;

/// The effect under which a correction's lines are booked.
pub(super) const CORRECTION: &str = "correction";

/// What operators booked as repaid by this payer from outside.
pub(super) fn repayments<'f>(facts: &'f Facts<'_>, payer: &str) -> impl Iterator<Item = &'f Value> {
    let receivable = format!("receivable:{payer}");
    facts.evidence.told.postings.iter().filter(move |posting| {
        text(posting, "effect") == Some(CORRECTION)
            && text(posting, "side") == Some("credit")
            && text(posting, "account") == Some(&receivable)
    })
}

/// What operators booked as made good of this funding, in cents, less what they took back.
pub(super) fn repaid_of(facts: &Facts<'_>, funding: &Item) -> i64 {
    let receivable = format!("receivable:{}", funding.payer);
    let lines = facts.evidence.told.postings.iter().filter(|posting| {
        let of = |name: &str| text(posting, name).unwrap_or_default();
        of("effect") == CORRECTION && of("account") == receivable && of("about") == funding.id
    });
    let booked = |posting: &Value| {
        let amount = text(posting, "amount").and_then(cents).unwrap_or_default();
        if text(posting, "side") == Some("credit") { amount } else { -amount }
    };
    lines.map(booked).sum()
}

/// What operators set of this funding's money against a debt, in cents, less what they took back.
pub(super) fn set_off_of(facts: &Facts<'_>, funding: &Item) -> i64 {
    let funds = format!("funds:{}", funding.payer);
    let uses_it = |id: &str| {
        let mut proposals = facts.commands(CommandKind::ProposeCorrection);
        proposals.any(|proposal| {
            text(&proposal.answer, "correction_id") == Some(id) && text(&proposal.sent, "uses") == Some(&funding.id)
        })
    };
    let lines = facts.evidence.told.postings.iter().filter(|posting| {
        let of = |name: &str| text(posting, name).unwrap_or_default();
        of("effect") == CORRECTION && of("account") == funds && uses_it(of("cause"))
    });
    let used = |posting: &Value| {
        let amount = text(posting, "amount").and_then(cents).unwrap_or_default();
        if text(posting, "side") == Some("debit") { amount } else { -amount }
    };
    lines.map(used).sum()
}

type Line<'a> = (&'a str, &'a str, &'a str);

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let mut entries: BTreeMap<&str, Vec<Line<'_>>> = BTreeMap::new();
    for posting in &facts.evidence.told.postings {
        let of = |name: &str| text(posting, name).unwrap_or_default();
        if of("effect") == CORRECTION {
            entries.entry(of("cause")).or_default().push((of("account"), of("side"), of("amount")));
        }
    }
    for (id, lines) in &entries {
        agreed(facts, id, lines, findings);
    }
    for confirmed in facts.commands(CommandKind::ConfirmCorrection).filter(|command| command.succeeded()) {
        findings.unless(entries.contains_key(confirmed.about.as_str()), &confirmed.about, || {
            "was confirmed and is not in the books".to_owned()
        });
    }
}

fn agreed(facts: &Facts<'_>, id: &str, lines: &[Line<'_>], findings: &mut Findings<'_>) {
    let is_it = |command: &&Command| text(&command.answer, "correction_id") == Some(id);
    let Some(proposal) = facts.commands(CommandKind::ProposeCorrection).find(is_it) else {
        // Of one whose answer was lost nobody knows the id, and nobody can confirm it.
        findings.add(id, "is booked, and nobody proposed it");
        return;
    };
    let mut lines = lines.to_vec();
    lines.sort_unstable();
    let asked = asked(&proposal.answer);
    let asked: Vec<Line<'_>> =
        asked.iter().map(|(account, side, amount)| (account.as_str(), *side, amount.as_str())).collect();
    findings.unless(lines == asked, id, || "is booked otherwise than it was proposed, or more than once".to_owned());
    let may_have = |command: &Command| {
        command.about == id && command.by != proposal.by && (command.succeeded() || command.status.is_none())
    };
    let is_confirmed = facts.commands(CommandKind::ConfirmCorrection).any(may_have);
    findings.unless(is_confirmed, id, || "is booked, and nobody but its proposer confirmed it".to_owned());
}

/// The lines that a proposal asks for, in their order.
fn asked(terms: &Value) -> Vec<(String, &'static str, String)> {
    let of = |name: &str| text(terms, name).unwrap_or_default();
    let line = |kind: &str, side| (format!("{kind}:{}", of("payer_id")), side, of("amount").to_owned());
    let mut lines = vec![line(of("debit"), "debit"), line(of("credit"), "credit")];
    lines.sort_unstable();
    lines
}

/// Of several debts of a payer, one may have been repaid with what another one left: then nothing is owed in all.
pub(super) fn is_netted(facts: &Facts<'_>, funding: &Item) -> bool {
    let own = facts.fundings.values().filter(|other| other.payer == funding.payer);
    let is_lost = |other: &&Item| facts.transfers_of(&other.id).any(|debit| debit.was_settled() && !debit.is_live());
    let account = format!("receivable:{}", funding.payer);
    let postings = facts.evidence.told.postings.iter().filter(|line| text(line, "account") == Some(&account));
    let signed = postings.filter_map(|line| {
        let amount = cents(text(line, "amount")?)?;
        Some(if text(line, "side")? == "debit" { amount } else { -amount })
    });
    own.filter(is_lost).count() > 1 && signed.sum::<i64>() == 0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::{CommandKind, Evidence};
    use crate::sample::{SOURCE, command, findings_of, found_one, good};

    const ID: &str = "cor_1";
    const MOMENT: &str = "2026-03-10T12:00:00Z";

    /// One that two operators agreed on, and its entry.
    fn corrected(evidence: &mut Evidence) {
        let mut proposal = command(CommandKind::ProposeCorrection, SOURCE, "olga", MOMENT);
        proposal.answer = json!({
            "correction_id": ID, "payer_id": SOURCE, "debit": "cash", "credit": "receivable", "amount": "5.00",
        });
        evidence.asked.commands.push(proposal);
        evidence.asked.commands.push(command(CommandKind::ConfirmCorrection, ID, "oscar", MOMENT));
        for (kind, side) in [("cash", "debit"), ("receivable", "credit")] {
            evidence.told.postings.push(json!({
                "account": format!("{kind}:{SOURCE}"), "side": side, "amount": "5.00", "cause": ID, "attempt": 1,
                "effect": "correction", "at": MOMENT,
            }));
        }
    }

    #[test]
    fn what_two_operators_agreed_on_is_fine() {
        let mut evidence = good();
        corrected(&mut evidence);
        assert!(findings_of("corrections", &evidence).is_empty());
    }

    #[test]
    fn an_entry_that_nobody_proposed_or_that_its_proposer_confirmed_is_found() {
        found_one("corrections", ID, "nobody proposed it", |evidence| {
            corrected(evidence);
            evidence.asked.commands.retain(|command| command.kind != CommandKind::ProposeCorrection);
        });
        found_one("corrections", ID, "nobody but its proposer", |evidence| {
            corrected(evidence);
            let confirmed = evidence.asked.commands.last_mut().unwrap();
            confirmed.by = "olga".to_owned();
        });
    }

    #[test]
    fn an_entry_of_another_amount_and_one_booked_twice_are_found() {
        found_one("corrections", ID, "otherwise than it was proposed", |evidence| {
            corrected(evidence);
            evidence.told.postings.last_mut().unwrap()["amount"] = json!("6.00");
        });
        found_one("corrections", ID, "more than once", |evidence| {
            corrected(evidence);
            let again = evidence.told.postings.last().cloned().unwrap();
            evidence.told.postings.push(again);
        });
    }

    #[test]
    fn one_that_was_confirmed_and_is_not_booked_is_found() {
        found_one("corrections", ID, "is not in the books", |evidence| {
            corrected(evidence);
            evidence.told.postings.retain(|posting| posting["cause"] != ID);
        });
    }
}
