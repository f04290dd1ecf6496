//! Whoever waits is told, and nobody's bank is asked without end: of a review at our bank that lasts; a link of any size is read; a bill that
//! presses is not hidden behind a payment that is on its way.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde_json::Value;

use crate::bank::{split_key, text, time};
use crate::calendar::eastern_day;
use crate::evidence::{Card, CommandKind};
use crate::facts::Facts;
use crate::finding::Findings;
use crate::reported::Item;

/// A review of the bank's that lasts so long is told of, and those who tell look once a day.
const REVIEW_LASTS: SignedDuration = SignedDuration::from_hours(16 * 24);

/// Questions for the balance of one link in a day.
const ASKED_MAX: usize = 40;

/// What an issuer tells is known by then.
const KNOWN_AFTER: SignedDuration = SignedDuration::from_hours(40);

/// A bill that is due in so many days presses: a check needs longer.
const PRESSING_DAYS: i64 = 6;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    long_reviews(facts, findings);
    questions(facts, findings);
    for link in &facts.evidence.asked.large_links {
        findings.unless(link.shown >= link.shared, &link.subject, || {
            format!("shared {} cards, and is shown {} of them", link.shared, link.shown)
        });
    }
    for person in &facts.evidence.asked.persons {
        let guess = GUESSES.iter().find(|(subject, _)| *subject == person.subject);
        findings.unless(guess.is_none_or(|(_, id)| !person.person_id.ends_with(id)), &person.person_id, || {
            "is an id that whoever guesses the subject can compute".to_owned()
        });
        for card in &person.cards {
            hidden_bills(facts, card, findings);
        }
    }
}

/// The leading half of a subject's SHA-256, as any tool computes it.
const GUESSES: [(&str, &str); 3] = [
    ("ann", "49915e0d7d4b402e3017d010bc1c0e83"),
    ("ben", "6700869c8ff7480e34a70a708b028700"),
    ("cleo", "cbdd10d72000b3a4068a0ea6c99aec6b"),
];

/// Reviews at the bank, by its own events: when one began, and when it said something else.
fn long_reviews(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let mut words: BTreeMap<&str, Vec<(Timestamp, bool, &Value)>> = BTreeMap::new();
    for event in &facts.evidence.bank.events {
        let Some(data) = event.get("data") else { continue };
        let (Some(id), Some(at)) = (text(data, "id"), time(event, "created_at")) else { continue };
        let is_review = text(event, "type").is_some_and(|kind| kind.ends_with(".manual_review"));
        words.entry(id).or_default().push((at, is_review, data));
    }
    for said in words.values_mut() {
        said.sort_by_key(|(at, _, _)| *at);
        for (place, (at, is_review, data)) in said.iter().enumerate() {
            let next = said.get(place + 1).map_or(facts.evidence.gathered_at, |(at, _, _)| *at);
            let key = text(data, "idempotency_key").and_then(split_key);
            let Some((item, _)) = key.filter(|(item, _)| facts.item(item).is_some()) else { continue };
            if !is_review || next.duration_since(*at) < REVIEW_LASTS {
                continue;
            }
            // Whoever is told that it needs a person sees how the bank has it.
            let is_told = |kind: &str| kind == "review_lasts" || kind == "attention_raised";
            let told = facts.evidence.told.notices.iter().filter(|notice| is_told(&notice.kind));
            findings.unless(told.into_iter().any(|notice| notice.text.contains(item)), item, || {
                format!("was in the bank's review from {at} to {next}, and nobody was told")
            });
        }
    }
}

fn questions(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let mut by_day: BTreeMap<(usize, jiff::civil::Date), usize> = BTreeMap::new();
    for asked in &facts.evidence.asked.balances_asked {
        *by_day.entry((asked.link, eastern_day(asked.at))).or_default() += 1;
    }
    for ((link, day), count) in by_day {
        findings.unless(count <= ASKED_MAX, &format!("link {link}"), || {
            format!("was asked for its balance {count} times on {day}")
        });
    }
}

/// A bill that is more than what is on its way is not put off because something is.
fn hidden_bills(facts: &Facts<'_>, card: &Card, findings: &mut Findings<'_>) {
    let Some(real) = facts.evidence.asked.real_cards.iter().find(|real| real.key == card.real) else { return };
    // Of everybody who holds the card.
    let persons = facts.evidence.asked.persons.iter().flat_map(|person| &person.cards);
    let same: Vec<&str> = persons.filter(|other| other.real == card.real).map(|other| other.card_id.as_str()).collect();
    let payments: Vec<&Item> = facts
        .evidence
        .told
        .card_payments
        .iter()
        .filter(|told| same.contains(&told.card_id.as_str()) && text(&told.payment, "refund_of").is_none())
        .filter_map(|told| facts.payments.get(text(&told.payment, "payment_id")?))
        .collect();
    for review in facts.commands(CommandKind::Review).filter(|review| review.about == card.card_id) {
        let Some(statement) = real.statements.iter().rfind(|statement| statement.at <= review.at) else { continue };
        let is_known = statement.at.checked_add(KNOWN_AFTER).is_ok_and(|known| known <= review.at);
        let today = eastern_day(review.at);
        let due_on = statement.due_on.parse::<jiff::civil::Date>().ok();
        let presses = due_on.is_some_and(|due| today <= due && due <= today.saturating_add(PRESSING_DAYS.days()));
        let is_put_off = text(&review.answer, "code") == Some("payment_open");
        let ended = |payment: &Item| facts.moves_of(&payment.id).last().is_some_and(|step| step.at <= review.at);
        let before: Vec<&&Item> = payments.iter().filter(|payment| payment.created_at <= review.at).collect();
        // What ended otherwise, or was canceled, may hold the next one back, and so may a cap.
        let is_plain = card.caps.is_empty()
            && before.iter().all(|payment| {
                matches!(payment.state.as_str(), "completed" | "processing" | "submitting" | "unprocessed")
                    || !ended(payment)
            });
        let under_way: i64 = before.iter().map(|payment| payment.cents).sum();
        let paid_since = real.owed.windows(2).filter(|pair| pair[1].at >= statement.at && pair[1].at <= review.at);
        let paid: i64 = paid_since.map(|pair| (pair[0].cents - pair[1].cents).max(0)).sum();
        let is_hidden = is_put_off && presses && is_known && is_plain && statement.minimum_cents > under_way + paid;
        findings.unless(!is_hidden, &card.card_id, || {
            format!("has a bill due on {} that waits for a payment which leaves some of it unpaid", statement.due_on)
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::{BalanceAsked, LargeLink};
    use crate::sample::{FUNDING, at, findings_of, found_one, good, spoiled};

    #[test]
    fn those_who_wait_for_nothing_are_fine() {
        assert!(findings_of("told_of", &good()).is_empty());
    }

    #[test]
    fn a_review_that_lasts_without_a_word_is_found() {
        found_one("told_of", FUNDING, "and nobody was told", |evidence| {
            evidence.bank.events.push(json!({
                "type": "ach.outgoing_transfer.manual_review", "created_at": "2026-03-01T12:00:00Z",
                "data": { "id": "tr_waits", "idempotency_key": format!("{FUNDING}:1") },
            }));
        });
    }

    #[test]
    fn a_link_that_is_not_read_to_its_end_and_a_bank_that_is_asked_without_end_are_found() {
        found_one("told_of", "cleo", "is shown 20 of them", |evidence| {
            let link = LargeLink { subject: "cleo".to_owned(), shared: 110, shown: 20 };
            evidence.asked.large_links.push(link);
        });
        let ask = |times: usize| {
            move |evidence: &mut crate::evidence::Evidence| {
                let asked = (0..times).map(|_| BalanceAsked { at: at("2026-03-10T12:00:00Z"), link: 0 });
                evidence.asked.balances_asked.extend(asked);
            }
        };
        assert!(spoiled("told_of", ask(super::ASKED_MAX)).is_empty());
        found_one("told_of", "link 0", "41 times", ask(super::ASKED_MAX + 1));
    }

    #[test]
    fn an_id_that_anybody_can_compute_is_found() {
        let guessed = format!("per_{}", super::GUESSES[0].1);
        let found = spoiled("told_of", |evidence| evidence.asked.persons[0].person_id = guessed.clone());
        assert_eq!(found.len(), 1, "{found:#?}");
    }
}
