//! What is one account stays one, and what only looks like one is two until its holder has said so: links, numbers and names come and go. A
//! number that a bank has closed is debited no more, and bars no other number.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::bank::{Kind, Transfer, text};
use crate::evidence::{Account, CommandKind, Shown};
use crate::facts::Facts;
use crate::finding::Findings;

/// Closed, or not known (Nacha Operating Rules, return reason codes).
const CLOSED: [&str; 3] = ["R02", "R03", "R04"];

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    accounts_stay_one(facts, findings);
    cards_are_joined_by_word(facts, findings);
    numbers_of_one_card(facts, findings);
    let closings = closings(facts);
    closed_numbers_rest(facts, &closings, findings);
    others_are_open(facts, findings);
}

/// A number that was seen under one id is not another bank account when its holder links it again.
fn accounts_stay_one(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let seen = &facts.evidence.asked.sightings;
    for (place, sighting) in seen.iter().enumerate() {
        let before =
            || seen.iter().take(place).filter(|other| other.subject == sighting.subject && other.at < sighting.at);
        let is_new = before().all(|other| other.bank_account_id != sighting.bank_account_id);
        let known = before().find(|other| other.last4 == sighting.last4);
        if let Some(known) = known.filter(|_| is_new) {
            findings.add(
                &sighting.bank_account_id,
                format!("shows the number of {} as that of another account", known.bank_account_id),
            );
        }
    }
}

/// No two links show one card unless its holder has said that it is one: nothing else tells.
fn cards_are_joined_by_word(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let mut by_card: BTreeMap<(&str, &str), Vec<&Shown>> = BTreeMap::new();
    for link in &facts.evidence.told.links {
        let cards = link.view.get("cards").and_then(serde_json::Value::as_array);
        for card in cards.into_iter().flatten().filter_map(serde_json::Value::as_str) {
            by_card.entry((&link.subject, card)).or_default().push(link);
        }
    }
    for ((subject, card), links) in by_card {
        let said = facts.commands(CommandKind::SayWhich).filter(|said| said.by == subject && said.may_have_happened());
        let joined = said.filter(|said| said.sent.get("is_same") == Some(&true.into())).count();
        findings.unless(links.len() <= 1 + joined, card, || {
            format!("is what {} links show, and its holder said {joined} times that two cards are one", links.len())
        });
    }
}

/// No number is entered for two cards of a person.
fn numbers_of_one_card(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let mut cards: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for command in facts.commands(CommandKind::SetAutopay).filter(|command| command.succeeded()) {
        let Some(number) = text(&command.sent, "card_number") else { continue };
        let first = *cards.entry((&command.by, number)).or_insert(&command.about);
        findings.unless(first == command.about, &command.about, || format!("was given the number that {first} has"));
    }
}

/// When each number was known to be closed.
fn closings<'f>(facts: &'f Facts<'_>) -> Vec<(&'f Account, Timestamp)> {
    let lease = SignedDuration::from_secs(i64::from(facts.evidence.terms.lease_seconds));
    let of_persons = facts.debits().filter(|debit| is_of_person(facts, debit));
    let closed = of_persons.filter(|debit| code_of(facts, debit).is_some_and(|code| CLOSED.contains(&code)));
    let known = closed.filter_map(|debit| {
        let known = facts.known_gone(debit)?.checked_add(lease).ok()?;
        Some((debit.external_account.as_ref()?, known))
    });
    known.collect()
}

fn is_of_person(facts: &Facts<'_>, debit: &Transfer) -> bool {
    debit.kind == Kind::Debit && facts.fundings.get(&debit.item).is_some_and(|funding| funding.batch.is_none())
}

fn closed_numbers_rest(facts: &Facts<'_>, closings: &[(&Account, Timestamp)], findings: &mut Findings<'_>) {
    for debit in facts.debits().filter(|debit| is_of_person(facts, debit)) {
        let steps = facts.moves_of(&debit.item).iter();
        let claims = steps.filter(|step| step.state == "submitting" && step.attempt == debit.attempt);
        let Some(claimed) = claims.map(|step| step.at).min() else { continue };
        let closed =
            closings.iter().find(|(end, known)| debit.external_account.as_ref() == Some(*end) && *known < claimed);
        findings.unless(closed.is_none(), &debit.item, || {
            let since = closed.map(|(_, known)| known.to_string()).unwrap_or_default();
            format!("was claimed at {claimed}, and its number was known to be closed since {since}")
        });
    }
}

/// A bank account is barred by a return only where a debit of its own number came back so.
fn others_are_open(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for shown in &facts.evidence.told.bank_accounts {
        let code = text(&shown.view, "unusable").filter(|code| code.starts_with('R'));
        let (Some(code), Some(last4)) = (code, text(&shown.view, "account_last4")) else { continue };
        let numbers = facts.evidence.asked.real_accounts.iter().flat_map(|real| &real.numbers);
        let own: Vec<&Account> = numbers.filter(|number| number.account_number.ends_with(last4)).collect();
        let is_its = |debit: &&Transfer| {
            // What its bank said to use instead is its number as well.
            let is_end = |end: &Account| {
                end.account_number.ends_with(last4) || own.iter().any(|number| facts.is_corrected(number, end))
            };
            debit.external_account.as_ref().is_some_and(is_end) && code_of(facts, debit) == Some(code)
        };
        let id = text(&shown.view, "bank_account_id").unwrap_or_default();
        findings.unless(facts.debits().any(|debit| is_its(&debit)), id, || {
            format!("is barred for {code}, and no debit of its number came back so")
        });
    }
}

/// What a debit came back with.
fn code_of<'f>(facts: &'f Facts<'_>, debit: &Transfer) -> Option<&'f str> {
    let object = facts.evidence.bank.ach_transfers.iter().find(|object| text(object, "id") == Some(&debit.id))?;
    text(object.get("return_details")?.as_array()?.last()?, "return_code")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::{CommandKind, Evidence, Shown, Sighting};
    use crate::sample::{CARD, CARD_FUNDING, at, command, findings_of, found_one, good, spoiled, transfer};

    #[test]
    fn accounts_that_stay_what_they_are_are_fine() {
        assert!(findings_of("identity", &good()).is_empty());
    }

    #[test]
    fn an_account_that_is_another_one_when_it_is_linked_again_is_found() {
        let seen = |evidence: &mut Evidence, ids: [&str; 2]| {
            for (id, moment) in ids.into_iter().zip(["2026-03-02T12:00:00Z", "2026-03-04T12:00:00Z"]) {
                evidence.asked.sightings.push(Sighting {
                    at: at(moment),
                    subject: "ann".to_owned(),
                    bank_account_id: id.to_owned(),
                    last4: "0001".to_owned(),
                });
            }
        };
        assert!(spoiled("identity", |evidence| seen(evidence, ["bnk_1", "bnk_1"])).is_empty());
        found_one("identity", "bnk_2", "shows the number of bnk_1", |evidence| seen(evidence, ["bnk_1", "bnk_2"]));
    }

    #[test]
    fn a_card_that_two_links_show_without_a_word_is_found() {
        let link_twice = |evidence: &mut Evidence| {
            for item in ["item_1", "item_2"] {
                let view = json!({ "item_id": item, "cards": [CARD] });
                evidence.told.links.push(Shown { subject: "ann".to_owned(), view });
            }
        };
        found_one("identity", CARD, "is what 2 links show", link_twice);
        let found = spoiled("identity", |evidence| {
            link_twice(evidence);
            let mut said = command(CommandKind::SayWhich, "card_2", "ann", "2026-03-04T12:00:00Z");
            said.sent = json!({ "card_id": CARD, "is_same": true });
            evidence.asked.commands.push(said);
        });
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn a_number_of_two_cards_is_found() {
        found_one("identity", "card_2", "was given the number", |evidence| {
            for card in [CARD, "card_2"] {
                let mut entered = command(CommandKind::SetAutopay, card, "ann", "2026-03-04T12:00:00Z");
                entered.sent = json!({ "card_number": "4000000000000002" });
                evidence.asked.commands.push(entered);
            }
        });
    }

    #[test]
    fn a_bank_account_that_is_barred_for_a_return_of_another_number_is_found() {
        let bar = |evidence: &mut Evidence, last4: &str| {
            transfer(evidence, CARD_FUNDING)["return_details"] = json!([{ "return_code": "R02" }]);
            let view = json!({ "bank_account_id": "bnk_1", "account_last4": last4, "unusable": "R02" });
            evidence.told.bank_accounts.push(Shown { subject: "ann".to_owned(), view });
        };
        assert!(spoiled("identity", |evidence| bar(evidence, "0001")).is_empty());
        found_one("identity", "bnk_1", "no debit of its number", |evidence| bar(evidence, "0009"));
    }
}
