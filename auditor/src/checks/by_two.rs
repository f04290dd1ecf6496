//! What operators do for persons takes two where it moves money elsewhere, and none of them does it for themselves: checks go where two said,
//! refunds to an account that two looked at, and nobody lifts what holds their own debits back.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::bank::{Kind, Transfer, text};
use crate::evidence::{Command, CommandKind};
use crate::facts::Facts;
use crate::finding::Findings;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for kind in [CommandKind::ClearBlock, CommandKind::ClearHold] {
        for command in facts.commands(kind).filter(|command| command.succeeded()) {
            let is_own = facts.evidence.asked.persons.iter().any(|person| {
                let cards = person.cards.iter().any(|card| card.card_id == command.about);
                person.subject == command.by && (person.person_id == command.about || cards)
            });
            findings
                .unless(!is_own, &command.about, || format!("{} cleared what held their own debits back", command.by));
        }
    }
    let confirmations = [
        (CommandKind::ConfirmRefundAccount, CommandKind::SendRefundAgain, "bank_account_id"),
        (CommandKind::ConfirmReplacement, CommandKind::ReplaceCheck, "address"),
    ];
    for (confirm, propose, field) in confirmations {
        for command in facts.commands(confirm).filter(|command| command.succeeded()) {
            let is_seconds = proposers(facts, propose, command, field).any(|by| by != command.by);
            findings.unless(is_seconds, &command.about, || {
                format!("{} confirmed what they alone had proposed", command.by)
            });
        }
    }
    for check in facts.transfers.iter().filter(|transfer| transfer.kind == Kind::Check) {
        mailed_right(facts, check, findings);
    }
}

/// Who may have proposed the same before.
fn proposers<'f>(
    facts: &'f Facts<'_>,
    kind: CommandKind,
    confirmed: &'f Command,
    field: &'f str,
) -> impl Iterator<Item = &'f str> {
    let is_same = move |command: &&Command| {
        let is_it = command.about == confirmed.about && command.sent.get(field) == confirmed.sent.get(field);
        is_it && command.may_have_happened() && command.order < confirmed.order
    };
    facts.commands(kind).filter(is_same).map(|command| command.by.as_str())
}

/// It went where the directory sent checks when it was claimed, or where two sent this one.
fn mailed_right(facts: &Facts<'_>, check: &Transfer, findings: &mut Findings<'_>) {
    let steps = facts.moves_of(&check.item).iter();
    let claimed = steps.filter(|step| step.state == "submitting" && step.attempt == check.attempt).map(|step| step.at);
    let Some(claimed) = claimed.min() else { return };
    let object = facts.evidence.bank.checks.iter().find(|object| text(object, "id") == Some(&check.id));
    let Some(line) = object.and_then(|object| line_1(object.get("payee_address"))) else { return };
    let confirmed: Vec<&Command> =
        facts.commands(CommandKind::ConfirmRemittance).filter(|command| command.may_have_happened()).collect();
    if confirmed.is_empty() {
        return;
    }
    let of_directory = confirmed.iter().any(|command| {
        line_1(command.sent.get("address")) == Some(line) && may_stand(facts, &confirmed, command, claimed)
    });
    let replaced = facts.commands(CommandKind::ConfirmReplacement).filter(|command| command.may_have_happened());
    let is_replaced =
        |command: &Command| command.about == check.item && line_1(command.sent.get("address")) == Some(line);
    let of_two = replaced.into_iter().any(is_replaced);
    // One that is made anew where it went before takes no second person.
    let of_before = facts.transfers_of(&check.item).filter(|other| other.attempt < check.attempt).any(|other| {
        let object = facts.evidence.bank.checks.iter().find(|object| text(object, "id") == Some(&other.id));
        object.and_then(|object| line_1(object.get("payee_address"))) == Some(line)
    });
    findings.unless(of_directory || of_two || of_before, &check.item, || {
        format!("was claimed at {claimed} and mailed to an address that two operators had not confirmed for it")
    });
}

fn line_1(address: Option<&Value>) -> Option<&str> {
    text(address?, "line_1")
}

/// Whether it may have been what the directory said at that time.
fn may_stand(facts: &Facts<'_>, confirmed: &[&Command], command: &Command, at: Timestamp) -> bool {
    let lease = SignedDuration::from_secs(i64::from(facts.evidence.terms.lease_seconds));
    let surely_replaced = confirmed.iter().any(|later| {
        let is_sure = later.succeeded() && later.answered_at.and_then(|known| known.checked_add(lease).ok()) < Some(at);
        is_sure && later.at > command.answered_at.unwrap_or(command.at)
    });
    command.at <= at && !surely_replaced
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::{CommandKind, Evidence};
    use crate::sample::{CARD, CARD_PAYMENT, PERSON, command, findings_of, found_one, good, spoiled};

    #[test]
    fn operators_who_look_at_what_others_proposed_are_fine() {
        assert!(findings_of("by_two", &good()).is_empty());
    }

    #[test]
    fn whoever_clears_their_own_block_or_hold_is_found() {
        found_one("by_two", PERSON, "their own debits", |evidence| {
            evidence.asked.commands.push(command(CommandKind::ClearBlock, PERSON, "ann", "2026-03-10T12:00:00Z"));
        });
        found_one("by_two", CARD, "their own debits", |evidence| {
            evidence.asked.commands.push(command(CommandKind::ClearHold, CARD, "ann", "2026-03-10T12:00:00Z"));
        });
    }

    #[test]
    fn whoever_confirms_their_own_proposal_is_found() {
        let redirect = |evidence: &mut Evidence, second: &str| {
            for (kind, by) in [(CommandKind::SendRefundAgain, "olga"), (CommandKind::ConfirmRefundAccount, second)] {
                let mut asked = command(kind, "pay_l1-refund", by, "2026-03-10T12:00:00Z");
                asked.sent = json!({ "bank_account_id": "bnk_1" });
                asked.order = 1_000 + evidence.asked.commands.len() as u64;
                evidence.asked.commands.push(asked);
            }
        };
        assert!(spoiled("by_two", |evidence| redirect(evidence, "oscar")).is_empty());
        found_one("by_two", "pay_l1-refund", "they alone had proposed", |evidence| redirect(evidence, "olga"));
    }

    #[test]
    fn a_check_that_goes_where_nobody_said_is_found() {
        let confirm = |evidence: &mut Evidence, line: &str| {
            let mut asked = command(CommandKind::ConfirmRemittance, "ins_3", "oscar", "2026-03-01T12:00:00Z");
            asked.sent = json!({ "address": { "line_1": "PO Box 100" } });
            evidence.asked.commands.push(asked);
            let id = format!("tr_{CARD_PAYMENT}");
            let check = evidence.bank.checks.iter_mut().find(|check| check["id"] == id.as_str()).unwrap();
            check["payee_address"] = json!({ "line_1": line });
        };
        assert!(spoiled("by_two", |evidence| confirm(evidence, "PO Box 100")).is_empty());
        found_one("by_two", CARD_PAYMENT, "had not confirmed", |evidence| confirm(evidence, "PO Box 200"));
    }
}
