//! No bank account of a person's is debited for more than it held, less what was on its way from it: per real account, whoever shares it and
//! whatever number or link shows it.

use jiff::{SignedDuration, Timestamp};

use crate::bank::{Kind, Transfer, text};
use crate::evidence::{Account, Balance, RealAccount};
use crate::facts::Facts;
use crate::finding::Findings;
use crate::money::dollars;
use crate::reported::Item;

/// How old a balance may be when a debit is decided on, and some time to decide.
const AGE: SignedDuration = SignedDuration::from_mins(75);

/// A payment of a person, and the debits for it.
struct Pulled<'f> {
    payment: &'f Item,
    funding: &'f str,
    debits: Vec<&'f Transfer>,
}

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let pulled: Vec<Pulled<'_>> = pulled(facts);
    for real in &facts.evidence.asked.real_accounts {
        let own: Vec<&Pulled<'_>> = pulled.iter().filter(|one| is_from(facts, one, real)).collect();
        let until = real.until.unwrap_or(facts.evidence.gathered_at);
        for one in own.iter().filter(|one| one.payment.created_at <= until) {
            let most = most_bearable(facts, real, &own, one);
            findings.unless(one.payment.cents <= most, &one.payment.id, || {
                let cents = dollars(one.payment.cents);
                format!("pulls {cents}, and with what was under way its account bore {}", dollars(most.max(0)))
            });
        }
    }
}

fn pulled<'f>(facts: &'f Facts<'_>) -> Vec<Pulled<'f>> {
    let listed = facts.evidence.told.card_payments.iter().filter(|told| text(&told.payment, "refund_of").is_none());
    let pulled = listed.filter_map(|told| {
        let payment = facts.payments.get(text(&told.payment, "payment_id")?)?;
        let funding = payment.funding.as_deref()?;
        let debits = facts.transfers_of(funding).filter(|transfer| transfer.kind == Kind::Debit).collect();
        Some(Pulled { payment, funding, debits })
    });
    pulled.collect()
}

fn is_from(facts: &Facts<'_>, pulled: &Pulled<'_>, real: &RealAccount) -> bool {
    let end = pulled.debits.first().and_then(|debit| debit.external_account.as_ref());
    let is_its = |end: &Account| real.numbers.iter().any(|number| number == end || facts.is_corrected(number, end));
    end.is_some_and(is_its)
}

/// The most that a balance of that time can have shown, less what the others were about to take.
fn most_bearable(facts: &Facts<'_>, real: &RealAccount, own: &[&Pulled<'_>], one: &Pulled<'_>) -> i64 {
    let at = one.payment.created_at;
    let is_before = |other: &&&Pulled<'_>| {
        let is_first = (other.payment.created_at, &other.payment.id) < (at, &one.payment.id);
        is_first && is_under_way(facts, other, at)
    };
    let others: Vec<&Pulled<'_>> = own.iter().filter(is_before).copied().collect();
    let bearable_at = |balance: &Balance, shown: Timestamp| {
        let untaken = others.iter().filter(|other| !is_taken(real, other, shown));
        balance.cents - untaken.map(|other| other.payment.cents).sum::<i64>()
    };
    let oldest = at.checked_sub(AGE).unwrap_or(Timestamp::MIN);
    let standing = real.held.iter().rfind(|balance| balance.at <= oldest).map(|balance| bearable_at(balance, oldest));
    let later = real.held.iter().filter(|balance| balance.at > oldest && balance.at <= at);
    standing.into_iter().chain(later.map(|balance| bearable_at(balance, balance.at))).max().unwrap_or_default()
}

/// Whether its debit had not ended by then.
fn is_under_way(facts: &Facts<'_>, pulled: &Pulled<'_>, at: Timestamp) -> bool {
    let before = facts.moves_of(pulled.funding).iter().rfind(|step| step.at <= at);
    before.is_some_and(|step| !matches!(step.state.as_str(), "failed" | "returned" | "canceled"))
}

fn is_taken(real: &RealAccount, pulled: &Pulled<'_>, by: Timestamp) -> bool {
    let is_its = |id: &str| pulled.debits.iter().any(|debit| debit.id == id);
    real.taken.iter().any(|taken| taken.at <= by && is_its(&taken.transfer))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::{Balance, Evidence, RealAccount, ToldCardPayment};
    use crate::sample::{CARD, CARD_FUNDING, CARD_PAYMENT, account, at, findings_of, found_one, good, spoiled, told};

    fn hold(evidence: &mut Evidence, cents: i64) {
        evidence.asked.real_accounts.push(RealAccount {
            key: "real".to_owned(),
            numbers: vec![account("80000001")],
            held: vec![Balance { at: at("2026-03-01T12:00:00Z"), cents }],
            ..RealAccount::default()
        });
    }

    /// Another payment is pulled from the account on the same day.
    fn pull_again(evidence: &mut Evidence) {
        let mut again = told(evidence, CARD_PAYMENT).clone();
        again.item["payment_id"] = json!("pay_l2");
        again.item["funding_id"] = json!("fnd_l2");
        again.item["created_at"] = json!("2026-03-02T20:00:00Z");
        evidence.told.payments.push(again);
        let payment = json!({ "payment_id": "pay_l2" });
        evidence.told.card_payments.push(ToldCardPayment { card_id: CARD.to_owned(), payment });
        let debit =
            evidence.bank.ach_transfers.iter().find(|debit| debit["idempotency_key"] == format!("{CARD_FUNDING}:1"));
        let mut debit = debit.unwrap().clone();
        debit["id"] = json!("tr_l2");
        debit["idempotency_key"] = json!("fnd_l2:1");
        evidence.bank.ach_transfers.push(debit);
    }

    #[test]
    fn a_debit_of_what_is_there_is_fine() {
        assert!(findings_of("held", &good()).is_empty());
        assert!(spoiled("held", |evidence| hold(evidence, 4_000)).is_empty());
    }

    #[test]
    fn more_than_the_account_held_is_found_and_what_is_under_way_counts() {
        found_one("held", CARD_PAYMENT, "its account bore 39.99", |evidence| hold(evidence, 3_999));
        found_one("held", "pay_l2", "its account bore 39.99", |evidence| {
            hold(evidence, 7_999);
            pull_again(evidence);
        });
        let found = spoiled("held", |evidence| {
            hold(evidence, 8_000);
            pull_again(evidence);
        });
        assert!(found.is_empty(), "{found:#?}");
    }
}
