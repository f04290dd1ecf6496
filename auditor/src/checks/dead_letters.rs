//! Dead letters: every message that a queue gave up is told of, and is dealt with only where an operator did.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::bank::{text, time};
use crate::evidence::{Command, CommandKind};
use crate::facts::Facts;
use crate::finding::Findings;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let told: BTreeMap<&str, &Value> = facts
        .evidence
        .told
        .dead_letters
        .iter()
        .filter_map(|letter| Some((text(letter, "dead_letter_id")?, letter)))
        .collect();
    let mut given_up: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for message in &facts.evidence.given_up {
        given_up.insert(&message.dead_letter_id, message.at);
    }
    for (id, at) in &given_up {
        let last_at = told.get(id).and_then(|letter| time(letter, "last_at"));
        findings.unless(!facts.evidence.is_at_rest || last_at.is_some_and(|last_at| last_at >= *at), id, || {
            format!("was given up by its queue at {at}, and nothing tells of it")
        });
    }
    for (id, letter) in told {
        findings.unless(given_up.contains_key(id), id, || "is a dead letter of nothing that was given up".to_owned());
        let state = text(letter, "state").unwrap_or_default();
        findings.unless(is_open(state) || was_decided(facts, id, state), id, || {
            format!("is {state}, and no operator asked for that")
        });
    }
}

fn is_open(state: &str) -> bool {
    matches!(state, "open" | "sending")
}

/// A command whose answer was lost may have happened.
fn was_decided(facts: &Facts<'_>, id: &str, state: &str) -> bool {
    let may_have = |command: &Command| command.succeeded() || command.status.is_none_or(|status| status >= 500);
    facts.evidence.asked.commands.iter().filter(|command| may_have(command)).any(|command| match command.kind {
        CommandKind::SendLetterAgain => state == "sent_again" && command.about == id,
        CommandKind::SendAllLettersAgain => state == "sent_again",
        CommandKind::DiscardLetter => state == "discarded" && command.about == id,
        CommandKind::Create
        | CommandKind::Link
        | CommandKind::Summarize
        | CommandKind::ReadSummary
        | CommandKind::StoreMapping
        | CommandKind::Stop
        | CommandKind::ConfirmBiller
        | CommandKind::WithdrawCorrection
        | CommandKind::ConfirmWithdrawal
        | CommandKind::Approve
        | CommandKind::Decline
        | CommandKind::Cancel
        | CommandKind::Retry
        | CommandKind::Refund
        | CommandKind::PauseSource
        | CommandKind::ResumeSource
        | CommandKind::ClearAttention
        | CommandKind::CancelPayment
        | CommandKind::Authorize
        | CommandKind::Revoke
        | CommandKind::SetAutopay
        | CommandKind::SayWhich
        | CommandKind::Review
        | CommandKind::Unlink
        | CommandKind::ReplaceCheck
        | CommandKind::ConfirmReplacement
        | CommandKind::SendRefundAgain
        | CommandKind::ConfirmRefundAccount
        | CommandKind::ProposeRemittance
        | CommandKind::ConfirmRemittance
        | CommandKind::ClearHold
        | CommandKind::ClearBlock
        | CommandKind::Reconcile
        | CommandKind::ProposeCorrection
        | CommandKind::ConfirmCorrection
        | CommandKind::ProposeOutcome
        | CommandKind::ConfirmOutcome => false,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::{CommandKind, Evidence, GivenUp};
    use crate::sample::{at, command, findings_of, found_one, good, spoiled};

    const ID: &str = "dl_1";
    const MOMENT: &str = "2026-03-10T12:00:00Z";

    fn given_up(evidence: &mut Evidence) {
        evidence.given_up.push(GivenUp { at: at(MOMENT), dead_letter_id: ID.to_owned() });
        evidence.told.dead_letters.push(json!({ "dead_letter_id": ID, "state": "open", "last_at": MOMENT }));
    }

    #[test]
    fn one_that_is_told_of_and_one_that_an_operator_sent_again_are_fine() {
        assert!(findings_of("dead_letters", &good()).is_empty());
        assert!(spoiled("dead_letters", given_up).is_empty());
        let found = spoiled("dead_letters", |evidence| {
            given_up(evidence);
            evidence.told.dead_letters[0]["state"] = json!("sent_again");
            evidence.asked.commands.push(command(CommandKind::SendAllLettersAgain, "all", "olga", MOMENT));
        });
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn a_message_that_nothing_tells_of_is_found() {
        found_one("dead_letters", ID, "nothing tells of it", |evidence| {
            given_up(evidence);
            evidence.told.dead_letters.clear();
        });
        found_one("dead_letters", ID, "nothing tells of it", |evidence| {
            given_up(evidence);
            evidence.told.dead_letters[0]["last_at"] = json!("2026-03-09T12:00:00Z");
        });
    }

    #[test]
    fn a_letter_of_nothing_and_one_that_nobody_decided_on_are_found() {
        found_one("dead_letters", ID, "of nothing that was given up", |evidence| {
            given_up(evidence);
            evidence.given_up.clear();
        });
        found_one("dead_letters", ID, "no operator asked for that", |evidence| {
            given_up(evidence);
            evidence.told.dead_letters[0]["state"] = json!("discarded");
        });
    }
}
