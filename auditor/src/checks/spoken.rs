//! What a person is told is so: nobody hears that autopay is on while a return of theirs holds every debit back.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::bank::{Transfer, text};
use crate::evidence::{Command, CommandKind, Person};
use crate::facts::Facts;
use crate::finding::Findings;

/// Not authorized, says the person's bank: every debit of theirs waits for an operator (Nacha Operating Rules, return reason codes).
const BLOCKING: [&str; 2] = ["R10", "R29"];

/// How the person reads that nothing holds their debits back.
const IS_ON: &str = "Autopay is on.";

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for person in &facts.evidence.asked.persons {
        let told = facts.evidence.told.notices.iter();
        let of_agreeing = told.filter(|notice| notice.recipient == person.person_id && notice.text.contains(IS_ON));
        // The same notice may come more than once, and long after what it tells of.
        let told: BTreeSet<&str> = of_agreeing.map(|notice| notice.id.as_str()).collect();
        let agreed = facts.commands(CommandKind::Authorize).filter(|command| command.by == person.subject);
        let agreed = agreed.filter(|command| command.may_have_happened());
        let (stopped, so): (Vec<&Command>, Vec<&Command>) =
            agreed.partition(|command| blocked_since(facts, person, command.at).is_some());
        let is_so = stopped.is_empty() || told.len() <= so.len();
        findings.unless(is_so, &person.person_id, || {
            format!(
                "was told {} times that autopay is on, and agreed to it {} times while no return had stopped it",
                told.len(),
                so.len()
            )
        });
    }
}

/// Since when their debits had been stopped by then, with nobody having cleared it.
fn blocked_since(facts: &Facts<'_>, person: &Person, by: Timestamp) -> Option<Timestamp> {
    let lease = SignedDuration::from_secs(i64::from(facts.evidence.terms.lease_seconds));
    let is_persons =
        |debit: &&Transfer| facts.fundings.get(&debit.item).is_some_and(|own| own.payer == person.person_id);
    let returns = facts.debits().filter(is_persons).filter(|debit| is_blocking(facts, debit));
    let known = returns
        .filter_map(|debit| facts.known_gone(debit))
        .filter(|known| known.checked_add(lease).is_ok_and(|sure| sure < by));
    let is_cleared = |since: &Timestamp| {
        let kinds = [CommandKind::ClearBlock, CommandKind::ClearAttention];
        kinds.into_iter().flat_map(|kind| facts.commands(kind)).any(|command| {
            let ended = command.answered_at.unwrap_or(Timestamp::MAX);
            command.about == person.person_id && command.may_have_happened() && ended >= *since && command.at <= by
        })
    };
    known.filter(|since| !is_cleared(since)).min()
}

fn is_blocking(facts: &Facts<'_>, debit: &Transfer) -> bool {
    let object = facts.evidence.bank.ach_transfers.iter().find(|object| text(object, "id") == Some(&debit.id));
    let returns = object.and_then(|object| object.get("return_details")?.as_array());
    let code = returns.and_then(|returns| text(returns.last()?, "return_code"));
    code.is_some_and(|code| BLOCKING.contains(&code))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::{CommandKind, Evidence, ToldNotice};
    use crate::sample::{CARD, CARD_FUNDING, PERSON, at, command, findings_of, found_one, good, spoiled, transfer};

    /// The debit comes back as not authorized, and the person agrees again.
    fn agree_again(evidence: &mut Evidence) {
        transfer(evidence, CARD_FUNDING)["return_details"] = json!([{ "return_code": "R10" }]);
        let mut gone = evidence.moves.iter().rfind(|step| step.id == CARD_FUNDING).unwrap().clone();
        gone.state = "returned".to_owned();
        gone.at = at("2026-03-09T13:00:00Z");
        evidence.moves.push(gone);
        evidence.asked.commands.push(command(CommandKind::Authorize, CARD, "ann", "2026-03-11T12:00:00Z"));
        evidence.told.notices.push(ToldNotice {
            at: at("2026-03-11T12:00:00Z"),
            id: "n".to_owned(),
            recipient: PERSON.to_owned(),
            kind: "authorization_given".to_owned(),
            text: format!("You agreed. {}", super::IS_ON),
        });
    }

    #[test]
    fn whoever_is_told_what_is_so_is_fine() {
        assert!(findings_of("spoken", &good()).is_empty());
    }

    #[test]
    fn whoever_hears_that_autopay_is_on_while_nothing_is_debited_is_found() {
        found_one("spoken", PERSON, "was told 1 times that autopay is on", agree_again);
        let found = spoiled("spoken", |evidence| {
            agree_again(evidence);
            evidence.asked.commands.push(command(CommandKind::ClearBlock, PERSON, "olga", "2026-03-10T12:00:00Z"));
        });
        assert!(found.is_empty(), "{found:#?}");
    }
}
