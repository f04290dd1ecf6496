//! A bill is presented to a person's bank three times at most, over all payments of its time; and a debit that came back for a reason that is
//! nobody's to mend but an operator's is not followed by another.

use jiff::{SignedDuration, Timestamp};

use crate::bank::{Kind, Transfer, text};
use crate::evidence::{Card, CommandKind};
use crate::facts::Facts;
use crate::finding::Findings;

/// Debits for one bill (Nacha Operating Rules: an entry, and two more that present it again).
const PRESENTMENTS_MAX: usize = 3;

/// A bill is known this long after it was issued, and one that is announced is debited later.
const KNOWN_AFTER: SignedDuration = SignedDuration::from_hours(24 * 5);

/// Codes that say nothing of the account or of the person.
const UNKNOWN: [&str; 2] = ["R24", "R99"];

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for card in facts.evidence.asked.persons.iter().flat_map(|person| &person.cards) {
        let debits = debits_of(facts, card);
        three_times(facts, card, &debits, findings);
        for (number, (_, debit)) in debits.iter().enumerate() {
            let code = code_of(facts, debit).filter(|code| UNKNOWN.contains(code));
            if let Some(code) = code {
                not_followed(facts, card, (debit, code), &debits[number + 1..], findings);
            }
        }
    }
}

/// Every debit for the card, with when its payment was opened, oldest first.
fn debits_of<'f>(facts: &'f Facts<'_>, card: &Card) -> Vec<(Timestamp, &'f Transfer)> {
    let listed = facts.evidence.told.card_payments.iter().filter(|told| told.card_id == card.card_id);
    let own = listed.filter(|told| text(&told.payment, "refund_of").is_none());
    let payments = own.filter_map(|told| facts.payments.get(text(&told.payment, "payment_id")?));
    let of_payment = |payment: &'f crate::reported::Item| {
        let funding = payment.funding.as_deref().unwrap_or_default();
        let debits = facts.transfers_of(funding).filter(|transfer| transfer.kind == Kind::Debit);
        debits.map(move |debit| (payment.created_at, debit))
    };
    let mut debits: Vec<(Timestamp, &Transfer)> = payments.flat_map(of_payment).collect();
    debits.sort_by_key(|(_, debit)| debit.created_at);
    debits
}

fn three_times(facts: &Facts<'_>, card: &Card, debits: &[(Timestamp, &Transfer)], findings: &mut Findings<'_>) {
    let real = facts.evidence.asked.real_cards.iter().find(|real| real.key == card.real);
    let statements = real.map(|real| real.statements.as_slice()).unwrap_or_default();
    let bounds: Vec<Timestamp> =
        std::iter::once(Timestamp::MIN).chain(statements.iter().map(|statement| statement.at)).collect();
    for (number, issued) in bounds.iter().enumerate() {
        let from = issued.checked_add(KNOWN_AFTER).unwrap_or(*issued);
        let until = bounds.get(number + 1).copied().unwrap_or(Timestamp::MAX);
        let is_of_bill = |(opened, debit): &&(Timestamp, &Transfer)| {
            from <= *opened && *opened < until && code_of(facts, debit) == Some("R01")
        };
        let came_back = debits.iter().filter(is_of_bill).count();
        findings.unless(came_back <= PRESENTMENTS_MAX, &card.card_id, || {
            format!("was presented {came_back} times for one bill, and came back each time")
        });
    }
}

/// What a debit came back with.
fn code_of<'f>(facts: &'f Facts<'_>, debit: &Transfer) -> Option<&'f str> {
    let object = facts.evidence.bank.ach_transfers.iter().find(|object| text(object, "id") == Some(&debit.id))?;
    text(object.get("return_details")?.as_array()?.last()?, "return_code")
}

/// Nothing is debited for the card after it, until an operator says so or another account is debited.
fn not_followed(
    facts: &Facts<'_>,
    card: &Card,
    (debit, code): (&Transfer, &str),
    later: &[(Timestamp, &Transfer)],
    findings: &mut Findings<'_>,
) {
    let Some(known) = facts.known_gone(debit) else { return };
    let lease = SignedDuration::from_secs(i64::from(facts.evidence.terms.lease_seconds));
    let known_for_sure = known.checked_add(lease).unwrap_or(known);
    let end = |debit: &Transfer| (debit.external_account.clone(), debit.account_type.clone());
    let is_same = |(opened, next): &&(Timestamp, &Transfer)| *opened > known_for_sure && end(next) == end(debit);
    let cleared = |until: Timestamp| {
        let kinds = [CommandKind::ClearHold, CommandKind::ClearAttention, CommandKind::ClearBlock];
        kinds.into_iter().flat_map(|kind| facts.commands(kind)).any(|command| {
            let is_its = command.about == card.card_id || command.about == debit.item;
            is_its && command.may_have_happened() && command.at <= until
        })
    };
    for (opened, next) in later.iter().filter(is_same) {
        findings.unless(cleared(*opened), &next.item, || {
            format!("was opened after {} had come back with {code}, and no operator had said so", debit.item)
        });
    }
}
