//! What people stopped stays stopped: nothing of a canceled or declined batch is claimed afterwards, nothing of a paused source, no check
//! of a canceled payment; and nothing at all, or nothing of a payer, while the stop switch is on.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::evidence::{Command, CommandKind};
use crate::facts::{Facts, is_refund_of_batch};
use crate::finding::Findings;
use crate::reported::Item;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for item in facts.items() {
        let claims = claims(facts, item);
        let Some(last) = claims.last().copied() else { continue };
        for at in &claims {
            switched_off(facts, item, *at, findings);
        }
        if let Some(batch) = &item.batch {
            not_after(facts, facts.done(CommandKind::Decline, batch), item, last, findings);
            if !is_refund_of_batch(&item.id) {
                not_after(facts, facts.done(CommandKind::Cancel, batch), item, last, findings);
            }
            for at in &claims {
                paused(facts, item, *at, findings);
            }
        } else {
            not_after(facts, facts.done(CommandKind::CancelPayment, &item.id), item, last, findings);
        }
    }
}

fn claims(facts: &Facts<'_>, item: &Item) -> Vec<Timestamp> {
    let steps = facts.moves_of(&item.id).windows(2);
    let is_claim = |pair: &&[&crate::evidence::Move]| pair[0].state == "unprocessed" && pair[1].state == "submitting";
    steps.filter(is_claim).map(|pair| pair[1].at).collect()
}

/// A run that had looked before lasts no longer than a lease.
fn not_after(
    facts: &Facts<'_>,
    command: Option<&Command>,
    item: &Item,
    claimed: Timestamp,
    findings: &mut Findings<'_>,
) {
    let Some(command) = command else { return };
    let Some(until) = command.answered_at.and_then(|at| at.checked_add(slack(facts)).ok()) else { return };
    findings.unless(claimed <= until, &item.id, || {
        format!("was claimed at {claimed}, after {:?} of {}", command.kind, command.about)
    });
}

fn slack(facts: &Facts<'_>) -> SignedDuration {
    SignedDuration::from_secs(i64::from(facts.evidence.terms.lease_seconds))
}

fn paused(facts: &Facts<'_>, item: &Item, claimed: Timestamp, findings: &mut Findings<'_>) {
    let about = |command: &&Command| command.about == item.payer;
    let was_paused = facts.commands(CommandKind::PauseSource).filter(about).any(|pause| {
        let since = pause.answered_at.filter(|_| pause.succeeded()).and_then(|at| at.checked_add(slack(facts)).ok());
        // Resumed from the moment of the asking: its effect may come before its answer.
        let resumed = facts
            .commands(CommandKind::ResumeSource)
            .filter(about)
            .any(|resume| resume.order > pause.order && resume.at <= claimed);
        since.is_some_and(|since| since < claimed) && !resumed
    });
    findings.unless(!was_paused, &item.id, || format!("was claimed at {claimed}, while {} was paused", item.payer));
}

/// A stop holds once it has been answered, and until somebody asks for its end.
fn switched_off(facts: &Facts<'_>, item: &Item, claimed: Timestamp, findings: &mut Findings<'_>) {
    let is_on = |command: &Command| command.sent.get("stopped") == Some(&Value::Bool(true));
    let concerns = |command: &&Command| command.about == "all" || command.about == item.payer;
    let switches: Vec<&Command> = facts.commands(CommandKind::Stop).filter(concerns).collect();
    let stop = switches.iter().filter(|command| is_on(command) && command.succeeded()).find(|stop| {
        let since = stop.answered_at.and_then(|at| at.checked_add(slack(facts)).ok());
        let ended = switches
            .iter()
            .any(|other| other.about == stop.about && !is_on(other) && other.order > stop.order && other.at <= claimed);
        since.is_some_and(|since| since < claimed) && !ended
    });
    findings.unless(stop.is_none(), &item.id, || {
        format!("was claimed at {claimed}, while {} was stopped", stop.map_or("", |stop| &stop.about))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Evidence;
    use crate::sample::{BATCH, CARD_PAYMENT, CLAIMED, PAYMENT, SOURCE, command, findings_of, good, spoiled};

    fn ask(kind: CommandKind, about: &'static str, moment: &'static str) -> impl FnOnce(&mut Evidence) {
        move |evidence| evidence.asked.commands.push(command(kind, about, "bob", moment))
    }

    fn about(found: &[crate::Finding]) -> Vec<&str> {
        found.iter().map(|finding| finding.about.as_str()).collect()
    }

    #[test]
    fn an_approved_batch_that_nobody_stopped_is_fine() {
        assert!(findings_of("stopped", &good()).is_empty());
    }

    #[test]
    fn a_claim_after_a_cancel_or_decline_is_found_but_not_within_a_run() {
        for kind in [CommandKind::Cancel, CommandKind::Decline] {
            let found = spoiled("stopped", ask(kind, BATCH, "2026-03-05T13:30:00Z"));
            assert!(about(&found).contains(&PAYMENT), "{kind:?}: {found:#?}");
        }
        let found = spoiled("stopped", ask(CommandKind::Cancel, BATCH, "2026-03-05T13:31:30Z"));
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn a_check_sent_after_its_person_canceled_is_found() {
        let found = spoiled("stopped", ask(CommandKind::CancelPayment, CARD_PAYMENT, "2026-03-05T13:30:00Z"));
        assert_eq!(about(&found), [CARD_PAYMENT]);
    }

    #[test]
    fn a_claim_of_a_paused_source_is_found_until_it_is_resumed() {
        let pause = |evidence: &mut Evidence| ask(CommandKind::PauseSource, SOURCE, "2026-03-04T12:00:00Z")(evidence);
        assert!(about(&spoiled("stopped", pause)).contains(&PAYMENT));
        let found = spoiled("stopped", |evidence| {
            pause(evidence);
            let mut resume = command(CommandKind::ResumeSource, SOURCE, "bob", CLAIMED);
            resume.order = 1;
            evidence.asked.commands.push(resume);
        });
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn a_claim_while_all_or_its_payer_is_stopped_is_found() {
        let switch = |evidence: &mut Evidence, scope: &str, is_on: bool, moment: &str, order: u64| {
            let mut asked = command(CommandKind::Stop, scope, "olga", moment);
            asked.sent = serde_json::json!({ "stopped": is_on, "reason": "looked at" });
            asked.order = order;
            evidence.asked.commands.push(asked);
        };
        let all = spoiled("stopped", |evidence| switch(evidence, "all", true, "2026-03-04T12:00:00Z", 0));
        assert!(about(&all).contains(&PAYMENT) && about(&all).contains(&CARD_PAYMENT), "{all:#?}");
        let one = spoiled("stopped", |evidence| switch(evidence, SOURCE, true, "2026-03-04T12:00:00Z", 0));
        assert!(about(&one).contains(&PAYMENT) && !about(&one).contains(&CARD_PAYMENT), "{one:#?}");
        let ended = spoiled("stopped", |evidence| {
            switch(evidence, "all", true, "2026-03-04T12:00:00Z", 1);
            switch(evidence, "all", false, CLAIMED, 2);
        });
        assert!(ended.is_empty(), "{ended:#?}");
    }
}
