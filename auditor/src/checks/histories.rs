//! Every history is complete: each step that was seen is told, each event that our receiver took is told once, what the bank has is
//! named, and an event that disagrees with what the bank itself lists moved nothing.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::bank::{split_key, text};
use crate::evidence::{Command, CommandKind, Delivery};
use crate::facts::Facts;
use crate::finding::Findings;
use crate::reported::Item;

type Steps<'a> = BTreeMap<(&'a str, &'a str), usize>;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for item in facts.items() {
        each_step_told(facts, item, findings);
        let mut events: BTreeMap<&str, usize> = BTreeMap::new();
        for event in item.history.iter().filter_map(|step| step.event.as_deref()) {
            *events.entry(event).or_default() += 1;
        }
        for (event, times) in events.iter().filter(|(_, times)| **times > 1) {
            findings.add(&item.id, format!("tells of {event} {times} times"));
        }
        for transfer in facts.transfers_of(&item.id) {
            let is_named = item.history.iter().any(|step| {
                step.attempt == transfer.attempt && step.effects.len() + usize::from(step.event.is_some()) > 0
            });
            findings.unless(!facts.evidence.is_at_rest || is_named, &item.id, || {
                format!("says nothing of {}, which the bank has for attempt {}", transfer.id, transfer.attempt)
            });
        }
    }
    for delivery in facts.evidence.bank.deliveries.iter().filter(|delivery| delivery.status == Some(200)) {
        if let Some(item) = about(facts, delivery) {
            told(facts, item, delivery, findings);
        }
    }
}

/// Claims are told by what came of them.
fn each_step_told(facts: &Facts<'_>, item: &Item, findings: &mut Findings<'_>) {
    let mut seen: Steps<'_> = BTreeMap::new();
    for pair in facts.moves_of(&item.id).windows(2) {
        let [from, to] = pair else { continue };
        if from.state != to.state && to.state != "submitting" {
            *seen.entry((&from.state, &to.state)).or_default() += 1;
        }
    }
    let mut told: Steps<'_> = BTreeMap::new();
    for step in &item.history {
        if let (Some(from), Some(to)) = (&step.from, &step.to)
            && from != to
        {
            *told.entry((from, to)).or_default() += 1;
        }
    }
    for step in seen.keys().chain(told.keys().filter(|step| !seen.contains_key(*step))) {
        let [seen, told] = [&seen, &told].map(|steps| steps.get(step).copied().unwrap_or_default());
        findings.unless(seen == told, &item.id, || {
            format!("went from {} to {} {seen} times, and its history tells {told}", step.0, step.1)
        });
    }
}

fn about<'f>(facts: &'f Facts<'_>, delivery: &Delivery) -> Option<&'f Item> {
    let key = text(delivery.body.get("data")?, "idempotency_key")?;
    facts.item(split_key(key)?.0)
}

fn told(facts: &Facts<'_>, item: &Item, delivery: &Delivery, findings: &mut Findings<'_>) {
    let steps: Vec<_> = item.history.iter().filter(|step| step.event.as_deref() == Some(&delivery.event_id)).collect();
    findings.unless(!facts.evidence.is_at_rest || !steps.is_empty(), &item.id, || {
        format!("does not tell of {}, which our receiver took", delivery.event_id)
    });
    if agrees_with_bank(facts, &delivery.body) {
        return;
    }
    // An operator who has a word applied takes its transfer for ours: its other words count as well.
    let is_accepted = |command: &Command| command.about == item.id && command.sent["apply"] == Value::Bool(true);
    if facts.commands(CommandKind::ClearAttention).any(|command| is_accepted(command) && command.succeeded()) {
        return;
    }
    let has_moved = steps.iter().any(|step| step.to.is_some() || !step.effects.is_empty());
    findings.unless(!has_moved, &item.id, || {
        format!("moved by {}, which is not about what the bank has", delivery.event_id)
    });
}

/// Whether the delivered object is the bank's own: amount, currency, direction, our account.
fn agrees_with_bank(facts: &Facts<'_>, body: &Value) -> bool {
    let Some(delivered) = body.get("data") else { return true };
    let listed = facts.evidence.bank.ach_transfers.iter().chain(&facts.evidence.bank.checks);
    let Some(own) = listed.into_iter().find(|object| object.get("id") == delivered.get("id")) else { return false };
    let terms = ["amount", "positive_pay_amount", "currency_code", "type", "bank_account_id", "idempotency_key"];
    terms.iter().all(|term| own.get(term) == delivered.get(term))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::Delivery;

    use crate::sample::{PAYMENT, findings_of, found_one, good, spoiled, told};

    #[test]
    fn histories_that_tell_everything_are_fine() {
        assert!(findings_of("histories", &good()).is_empty());
    }

    #[test]
    fn a_step_that_is_not_told_is_found() {
        found_one(
            "histories",
            PAYMENT,
            "went from submitting to processing 1 times, and its history tells 0",
            |evidence| {
                told(evidence, PAYMENT).history.remove(0);
            },
        );
    }

    #[test]
    fn an_event_that_is_not_told_or_told_twice_is_found() {
        found_one("histories", PAYMENT, "does not tell of evnt_", |evidence| {
            told(evidence, PAYMENT).history[1]["event_id"] = json!("evnt_other");
        });
        found_one("histories", PAYMENT, "tells of evnt_pay_b1-01-0000001 2 times", |evidence| {
            let mut again = told(evidence, PAYMENT).history[1].clone();
            again["to"] = again["from"].clone();
            told(evidence, PAYMENT).history.push(again);
        });
    }

    #[test]
    fn a_transfer_of_which_nothing_is_told_is_found() {
        let found = spoiled("histories", |evidence| {
            for line in &mut told(evidence, PAYMENT).history {
                line["attempt"] = json!(2);
            }
        });
        assert!(found[0].what.contains("says nothing of tr_"), "{found:#?}");
    }

    #[test]
    fn an_event_of_another_amount_must_not_move_anything() {
        found_one("histories", PAYMENT, "which is not about what the bank has", |evidence| {
            let is_its = |delivery: &&mut Delivery| delivery.event_id.ends_with(PAYMENT);
            evidence.bank.deliveries.iter_mut().find(is_its).unwrap().body["data"]["amount"] = json!(999);
        });
    }
}
