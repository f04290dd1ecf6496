//! Nothing is open without something due that will move it, or attention; and when everything has come to rest, what could end has ended.

use std::collections::BTreeMap;

use crate::evidence::{Standing, StandingKind};
use crate::facts::Facts;
use crate::finding::Findings;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let is_batch = |standing: &&Standing| standing.kind == StandingKind::Batch;
    let batches: BTreeMap<&str, &Standing> =
        facts.evidence.standing.iter().filter(is_batch).map(|batch| (batch.id.as_str(), batch)).collect();
    for standing in &facts.evidence.standing {
        if !is_open(standing) || standing.attention.is_some() {
            continue;
        }
        // A row is swept by its batch.
        let mover = match &standing.batch_id {
            Some(batch) if standing.kind == StandingKind::Row => batches.get(batch.as_str()).copied(),
            _ => Some(standing),
        };
        let will_move = mover.is_some_and(|mover| mover.due_at.is_some() || mover.attention.is_some());
        findings.unless(will_move, &standing.id, || {
            format!("is {:?} {} and nothing due will move it", standing.kind, standing.state)
        });
        let is_attended = mover.is_some_and(|mover| mover.attention.is_some()) || waits_for_person(facts, standing);
        let may_rest = !facts.evidence.is_at_rest || standing.is_paused || is_attended || may_stay(standing);
        findings.unless(may_rest, &standing.id, || {
            format!("is {:?} {} though everything else has come to rest", standing.kind, standing.state)
        });
    }
}

fn is_open(standing: &Standing) -> bool {
    match standing.kind {
        StandingKind::Batch => {
            matches!(standing.state.as_str(), "draft" | "summarizing" | "ready" | "importing" | "paying" | "canceling")
        }
        StandingKind::Row | StandingKind::LonePayment => {
            matches!(standing.state.as_str(), "unprocessed" | "submitting" | "processing")
        }
        StandingKind::Funding => {
            matches!(standing.state.as_str(), "unprocessed" | "submitting" | "processing" | "completed")
        }
        StandingKind::Card | StandingKind::Item => true,
    }
}

/// What the bank has goes its way, however long; that it is told as the bank has it is the check of paid once. A batch stays as long as
/// one of its payments does; a card and an item are looked at for ever.
fn may_stay(standing: &Standing) -> bool {
    match standing.kind {
        StandingKind::Row | StandingKind::LonePayment | StandingKind::Funding => standing.state == "processing",
        StandingKind::Batch => matches!(standing.state.as_str(), "paying" | "canceling"),
        StandingKind::Card | StandingKind::Item => true,
    }
}

/// Its money bears attention.
fn waits_for_person(facts: &Facts<'_>, standing: &Standing) -> bool {
    let Some(payment) = facts.payments.get(&standing.id) else { return false };
    facts.fundings.values().any(|funding| {
        let is_its = match &payment.batch {
            Some(batch) => funding.batch.as_ref() == Some(batch) && funding.payer == payment.payer,
            None => payment.funding.as_ref() == Some(&funding.id),
        };
        is_its && funding.has_attention
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::{
        BATCH, CARD, CARD_FUNDING, FUNDING, PAYMENT, at, findings_of, found_one, good, spoiled, standing, told,
    };

    #[test]
    fn what_has_ended_or_is_due_is_fine() {
        assert!(findings_of("open", &good()).is_empty());
    }

    #[test]
    fn something_open_that_nothing_will_move_is_found() {
        found_one("open", CARD, "nothing due will move it", |evidence| standing(evidence, CARD).due_at = None);
        found_one("open", CARD_FUNDING, "is Funding processing and nothing due will move it", |evidence| {
            standing(evidence, CARD_FUNDING).state = "processing".to_owned();
        });
        found_one("open", PAYMENT, "is Row processing and nothing due will move it", |evidence| {
            standing(evidence, PAYMENT).state = "processing".to_owned();
        });
    }

    #[test]
    fn a_row_is_moved_by_its_batch() {
        let found = spoiled("open", |evidence| {
            standing(evidence, PAYMENT).state = "processing".to_owned();
            standing(evidence, BATCH).state = "paying".to_owned();
            standing(evidence, BATCH).due_at = Some(at("2026-03-21T00:00:00Z"));
        });
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn something_that_does_not_end_though_all_else_has_is_found() {
        let wait = |evidence: &mut crate::evidence::Evidence| {
            let waiting = standing(evidence, CARD_FUNDING);
            waiting.state = "unprocessed".to_owned();
            waiting.due_at = Some(at("2026-03-21T00:00:00Z"));
        };
        found_one("open", CARD_FUNDING, "though everything else has come to rest", wait);
        let found = spoiled("open", |evidence| {
            wait(evidence);
            evidence.is_at_rest = false;
        });
        assert!(found.is_empty(), "{found:#?}");
        let found = spoiled("open", |evidence| {
            wait(evidence);
            standing(evidence, CARD_FUNDING).is_paused = true;
        });
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn attention_on_it_or_on_its_money_excuses() {
        let found = spoiled("open", |evidence| {
            let flagged = standing(evidence, CARD_FUNDING);
            flagged.state = "processing".to_owned();
            flagged.attention = Some("bank_disagrees".to_owned());
        });
        assert!(found.is_empty(), "{found:#?}");
        let found = spoiled("open", |evidence| {
            standing(evidence, PAYMENT).state = "unprocessed".to_owned();
            standing(evidence, BATCH).state = "paying".to_owned();
            standing(evidence, BATCH).due_at = Some(at("2026-03-21T00:00:00Z"));
            told(evidence, FUNDING).item["attention"] = json!({ "reason": "outcome_unknown" });
        });
        assert!(found.is_empty(), "{found:#?}");
    }
}
