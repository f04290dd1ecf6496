//! What a person agreed to is what holds: the text that they were shown and none else, caps at the moment of the debit, notice of what is
//! outside the range ten days before; nothing goes on that they ended; and agreeing again lifts what only waits for that.

use jiff::{SignedDuration, Timestamp, ToSpan as _};

use crate::bank::{Kind, Transfer, text};
use crate::calendar::eastern_day;
use crate::evidence::{Card, Command, CommandKind, Person};
use crate::facts::Facts;
use crate::finding::Findings;
use crate::money::dollars;
use crate::reported::Item;

/// Between what a person is told and the debit.
const NOTICE_DAYS: i64 = 10;

/// Between a bill's due date and a payment of it.
const OVERDUE_DAYS: i64 = 90;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// SHA-256 as hexadecimal digits, of nothing that anybody was shown.
const NO_TEXT: &str = "0000000000000000000000000000000000000000000000000000000000000000";

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for command in facts.commands(CommandKind::Authorize).filter(|command| command.succeeded()) {
        let is_shown = text(&command.sent, "text_sha256") != Some(NO_TEXT);
        findings.unless(is_shown, &command.about, || "another text than its person was shown was agreed to".to_owned());
    }
    for person in &facts.evidence.asked.persons {
        for card in &person.cards {
            for payment in payments_of(facts, card) {
                old_bills(facts, card, payment, findings);
                ended_by_word(facts, card, payment, findings);
                let funding = payment.funding.as_deref().unwrap_or_default();
                for debit in facts.transfers_of(funding).filter(|transfer| transfer.kind == Kind::Debit) {
                    under_cap(facts, card, debit, findings);
                    announced(facts, person, card, debit, findings);
                }
            }
            for review in facts.commands(CommandKind::Review).filter(|review| review.about == card.card_id) {
                lifted(facts, card, review, findings);
            }
        }
    }
}

fn payments_of<'f>(facts: &'f Facts<'_>, card: &'f Card) -> impl Iterator<Item = &'f Item> {
    let listed = facts.evidence.told.card_payments.iter().filter(|told| told.card_id == card.card_id);
    let own = listed.filter(|told| text(&told.payment, "refund_of").is_none());
    own.filter_map(|told| facts.payments.get(text(&told.payment, "payment_id")?))
}

fn lease(facts: &Facts<'_>) -> SignedDuration {
    SignedDuration::from_secs(i64::from(facts.evidence.terms.lease_seconds))
}

fn soon(facts: &Facts<'_>, at: Timestamp) -> Timestamp {
    at.checked_add(lease(facts)).unwrap_or(at)
}

/// No bill is paid whose day lies years ago: nobody means that date any more.
fn old_bills(facts: &Facts<'_>, card: &Card, payment: &Item, findings: &mut Findings<'_>) {
    let mut told = facts.evidence.told.card_payments.iter().filter(|told| told.card_id == card.card_id);
    let told = told.find(|told| text(&told.payment, "payment_id") == Some(&payment.id));
    let reason = told.and_then(|told| text(&told.payment, "reason")).unwrap_or_default();
    let words: Vec<&str> =
        reason.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let oldest = eastern_day(payment.created_at).saturating_sub(OVERDUE_DAYS.days());
    for day in words.windows(3).filter_map(day_of) {
        findings.unless(day >= oldest, &payment.id, || format!("pays a bill that was due on {day}"));
    }
}

/// `March`, `20` and `2026`.
fn day_of(words: &[&str]) -> Option<jiff::civil::Date> {
    let [month, day, year] = words else { return None };
    let month = MONTHS.iter().position(|name| name == month)?;
    jiff::civil::Date::new(year.parse().ok()?, i8::try_from(month + 1).ok()?, day.parse().ok()?).ok()
}

/// A debit under the cap of its payment as it was when it left.
fn under_cap(facts: &Facts<'_>, card: &Card, debit: &Transfer, findings: &mut Findings<'_>) {
    let claimed = claimed_at(facts, debit);
    let standing = card.caps.iter().rfind(|caps| soon(facts, caps.from) <= claimed);
    let coming = card.caps.iter().filter(|caps| soon(facts, caps.from) > claimed);
    let may_stand: Vec<_> = standing.into_iter().chain(coming).collect();
    let is_under =
        standing.is_none() || may_stand.iter().any(|caps| caps.payment_cents.is_none_or(|most| debit.cents <= most));
    findings.unless(is_under, &debit.item, || format!("pulls {}, above the cap of that time", dollars(debit.cents)));
}

fn claimed_at(facts: &Facts<'_>, debit: &Transfer) -> Timestamp {
    let steps = facts.moves_of(&debit.item).iter();
    let claims = steps.filter(|step| step.state == "submitting" && step.attempt == debit.attempt);
    claims.map(|step| step.at).min().unwrap_or(debit.created_at)
}

/// What is outside every range that may have stood was told to its person ten days before.
fn announced(facts: &Facts<'_>, person: &Person, card: &Card, debit: &Transfer, findings: &mut Findings<'_>) {
    let claimed = claimed_at(facts, debit);
    let stands = |until: Option<Timestamp>| until.is_none_or(|until| claimed <= soon(facts, until));
    let mut permissions =
        card.permissions.iter().filter(|permission| permission.from <= claimed && stands(permission.until));
    if permissions.any(|permission| (permission.least_cents..=permission.most_cents).contains(&debit.cents)) {
        return;
    }
    let told = facts
        .evidence
        .told
        .notices
        .iter()
        .filter(|notice| notice.kind == "debit_announced" && notice.recipient == person.person_id);
    let in_time = |at: Timestamp| eastern_day(at).saturating_add(NOTICE_DAYS.days()) <= eastern_day(claimed);
    findings.unless(told.into_iter().any(|notice| in_time(notice.at)), &debit.item, || {
        format!("pulls {} outside the range, and nobody was told ten days before", dollars(debit.cents))
    });
}

/// A debit of which nobody knew whether the bank had it, when its person ended their permission, is given back: no check is made of it.
fn ended_by_word(facts: &Facts<'_>, card: &Card, payment: &Item, findings: &mut Findings<'_>) {
    let funding = payment.funding.as_deref().unwrap_or_default();
    let state_at = |at: Timestamp| facts.moves_of(funding).iter().rfind(|step| step.at <= at).map(|step| &step.state);
    let ended =
        facts.commands(CommandKind::Revoke).filter(|command| command.about == card.card_id && command.succeeded());
    for answered in ended.filter_map(|command| command.answered_at) {
        let is_unknown = |at: Timestamp| state_at(at).is_some_and(|state| state == "submitting");
        let is_at_bank = facts.transfers_of(funding).next().is_some();
        let stays = facts.moves_of(funding).last().is_some_and(|step| step.state == "submitting");
        findings.unless(!(facts.evidence.is_at_rest && is_unknown(answered) && stays) || is_at_bank, funding, || {
            format!("is unknown still, though its person ended it at {answered} and the bank does not have it")
        });
        let heard = facts.moves_of(funding).iter().find(|step| step.at > answered && step.state == "processing");
        let Some(heard) = heard.filter(|_| is_unknown(answered)) else { continue };
        let agreed = facts.commands(CommandKind::Authorize).filter(|command| command.about == card.card_id);
        let is_agreed = agreed.into_iter().any(|command| command.at <= heard.at && soon(facts, command.at) >= answered);
        let mut checks = facts.transfers_of(&payment.id).filter(|transfer| transfer.kind == Kind::Check);
        findings.unless(is_agreed || heard.at <= soon(facts, answered) || checks.next().is_none(), &payment.id, || {
            format!("was paid out, though its person had ended that at {answered}, before its debit was known")
        });
    }
}

/// What a person canceled is paid where they agree again afterwards.
fn lifted(facts: &Facts<'_>, card: &Card, review: &Command, findings: &mut Findings<'_>) {
    if text(&review.answer, "code") != Some("canceled") {
        return;
    }
    let own: Vec<&str> = payments_of(facts, card).map(|payment| payment.id.as_str()).collect();
    let cancels = facts.commands(CommandKind::CancelPayment).filter(|command| own.contains(&command.about.as_str()));
    let ends = cancels.filter(|command| command.may_have_happened()).flat_map(|command| {
        let last = facts.moves_of(&command.about).last().map(|step| step.at);
        [Some(command.at), command.answered_at, last]
    });
    let Some(ended) = ends.flatten().max() else { return };
    let agreed = facts.commands(CommandKind::Authorize).find(|command| {
        let is_between = ended < command.at && command.answered_at.is_some_and(|answered| answered < review.at);
        command.about == card.card_id && command.succeeded() && is_between
    });
    findings.unless(agreed.is_none(), &card.card_id, || {
        let at = agreed.map(|command| command.at.to_string()).unwrap_or_default();
        format!("is said to be canceled at {}, though its person agreed again at {at}", review.at)
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::{Caps, CommandKind, Evidence, ToldNotice};
    use crate::sample::{CARD, CARD_FUNDING, CARD_PAYMENT, PERSON, at, command, findings_of, found_one, good, spoiled};

    #[test]
    fn what_was_agreed_to_is_fine() {
        assert!(findings_of("agreed", &good()).is_empty());
    }

    #[test]
    fn a_text_that_nobody_was_shown_is_found() {
        found_one("agreed", CARD, "another text", |evidence| {
            let mut agreed = command(CommandKind::Authorize, CARD, "ann", "2026-03-01T12:00:00Z");
            agreed.sent = json!({ "text_sha256": super::NO_TEXT });
            evidence.asked.commands.push(agreed);
        });
    }

    #[test]
    fn a_bill_of_long_ago_is_found() {
        found_one("agreed", CARD_PAYMENT, "was due on 2024-03-20", |evidence| {
            evidence.told.card_payments[0].payment["reason"] =
                json!("The bill is overdue since March 20, 2024: pay 40.00.");
        });
    }

    #[test]
    fn a_debit_above_the_cap_of_its_time_is_found() {
        found_one("agreed", CARD_FUNDING, "above the cap of that time", |evidence| {
            let caps = &mut evidence.asked.persons[0].cards[0].caps;
            let from = at("2026-03-02T12:00:00Z");
            caps.push(Caps { from, payment_cents: Some(3_999), ..Caps::default() });
        });
    }

    #[test]
    fn a_debit_outside_the_range_is_told_of_ten_days_before() {
        let narrow = |evidence: &mut Evidence, told: Option<&str>| {
            evidence.asked.persons[0].cards[0].permissions[0].most_cents = 3_999;
            evidence.told.notices.extend(told.map(|moment| ToldNotice {
                at: at(moment),
                id: "n".to_owned(),
                recipient: PERSON.to_owned(),
                kind: "debit_announced".to_owned(),
                text: String::new(),
            }));
        };
        for late in [None, Some("2026-02-25T12:00:00Z")] {
            found_one("agreed", CARD_FUNDING, "nobody was told ten days before", |evidence| narrow(evidence, late));
        }
        let found = spoiled("agreed", |evidence| narrow(evidence, Some("2026-02-19T12:00:00Z")));
        assert!(found.is_empty(), "{found:#?}");
    }
}
