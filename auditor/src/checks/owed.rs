//! A card is paid no more than its issuer says is owed, less what is on its way there: whoever holds the card, and whatever link shows it.

use jiff::{SignedDuration, Timestamp};

use crate::bank::{Kind, text};
use crate::evidence::{Balance, RealCard};
use crate::facts::Facts;
use crate::finding::Findings;
use crate::money::dollars;
use crate::reported::Item;

/// How old what is decided on may be: a reading of a day and a half, of what the issuer told some hours later.
const AGE: SignedDuration = SignedDuration::from_hours(40);

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for real in &facts.evidence.asked.real_cards {
        let payments = payments_of(facts, real);
        for payment in &payments {
            let most = most_unpaid(facts, real, &payments, payment);
            findings.unless(payment.cents <= most, &payment.id, || {
                let paid = dollars(payment.cents);
                format!("pays {paid}, and with what was on its way at most {} was unpaid", dollars(most.max(0)))
            });
        }
    }
}

/// Of everybody who holds the card, without refunds.
fn payments_of<'f>(facts: &'f Facts<'_>, real: &RealCard) -> Vec<&'f Item> {
    let cards = facts.evidence.asked.persons.iter().flat_map(|person| &person.cards);
    let ids: Vec<&str> = cards.filter(|card| card.real == real.key).map(|card| card.card_id.as_str()).collect();
    let listed = facts.evidence.told.card_payments.iter().filter(|told| ids.contains(&told.card_id.as_str()));
    let own = listed.filter(|told| text(&told.payment, "refund_of").is_none());
    own.filter_map(|told| facts.payments.get(text(&told.payment, "payment_id")?)).collect()
}

/// The most that a reading of that time can have shown as owed, beyond what the others will bring.
fn most_unpaid(facts: &Facts<'_>, real: &RealCard, payments: &[&Item], payment: &Item) -> i64 {
    let at = payment.created_at;
    let is_before = |other: &&&Item| (other.created_at, &other.id) < (at, &payment.id) && counts_at(facts, other, at);
    let others: Vec<&Item> = payments.iter().filter(is_before).copied().collect();
    let unpaid_at = |balance: &Balance, shown: Timestamp| {
        let unbooked = others.iter().filter(|other| booked_at(facts, real, other).is_none_or(|booked| booked > shown));
        balance.cents - unbooked.map(|other| other.cents).sum::<i64>()
    };
    let oldest = at.checked_sub(AGE).unwrap_or(Timestamp::MIN);
    let standing = real.owed.iter().rfind(|balance| balance.at <= oldest).map(|balance| unpaid_at(balance, oldest));
    let later = real.owed.iter().filter(|balance| balance.at > oldest && balance.at <= at);
    standing.into_iter().chain(later.map(|balance| unpaid_at(balance, balance.at))).max().unwrap_or_default()
}

/// Whether it was on its way then, or had arrived.
fn counts_at(facts: &Facts<'_>, payment: &Item, at: Timestamp) -> bool {
    let before = facts.moves_of(&payment.id).iter().rfind(|step| step.at <= at);
    before.is_none_or(|step| !matches!(step.state.as_str(), "failed" | "returned" | "canceled"))
}

fn booked_at(facts: &Facts<'_>, real: &RealCard, payment: &Item) -> Option<Timestamp> {
    let mut checks = facts.transfers_of(&payment.id).filter(|transfer| transfer.kind == Kind::Check);
    checks.find_map(|check| real.booked.iter().find(|booked| booked.transfer == check.id)).map(|booked| booked.at)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::{Balance, Booked, Evidence, ToldCardPayment};
    use crate::sample::{CARD, CARD_PAYMENT, at, findings_of, found_one, good, spoiled, told};

    /// A second payment of the card, for 25.00.
    fn pay_again(evidence: &mut Evidence) {
        let mut again = told(evidence, CARD_PAYMENT).clone();
        again.item["payment_id"] = json!("pay_l2");
        again.item["created_at"] = json!("2026-03-08T12:00:00Z");
        again.item["amount"] = json!("25.00");
        evidence.told.payments.push(again);
        let payment = json!({ "payment_id": "pay_l2" });
        evidence.told.card_payments.push(ToldCardPayment { card_id: CARD.to_owned(), payment });
    }

    #[test]
    fn a_payment_of_what_is_owed_is_fine() {
        assert!(findings_of("owed", &good()).is_empty());
    }

    #[test]
    fn what_is_on_its_way_is_not_paid_again() {
        found_one("owed", "pay_l2", "at most 0.00 was unpaid", pay_again);
        let found = spoiled("owed", |evidence| {
            pay_again(evidence);
            let transfer = format!("tr_{CARD_PAYMENT}");
            let card = &mut evidence.asked.real_cards[0];
            card.booked.push(Booked { transfer, at: at("2026-03-07T12:00:00Z") });
            card.owed.push(Balance { at: at("2026-03-07T12:00:00Z"), cents: 2_500 });
        });
        assert!(found.is_empty(), "booked, and spent again: {found:#?}");
    }
}
