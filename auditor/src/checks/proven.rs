//! The money of a bank account whose number nobody has debited before is held longer than that of one that has shown itself good.

use crate::bank::Transfer;
use crate::calendar;
use crate::evidence::Account;
use crate::facts::Facts;
use crate::finding::Findings;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for funding in facts.fundings.values().filter(|funding| funding.batch.is_none()) {
        for step in facts.moves_of(&funding.id).iter().filter(|step| step.state == "available") {
            let debits = facts.transfers_of(&funding.id).filter(|debit| debit.created_at <= step.at);
            let Some(debit) = debits.last() else { continue };
            let (Some(end), Some(settled_at)) = (&debit.external_account, debit.settled_at) else { continue };
            if is_proven(facts, &funding.payer, end, debit, step.at) || facts.has_correction(end) {
                continue;
            }
            let settled_on = calendar::eastern_day(settled_at);
            let until = calendar::spendable_at(
                debit.effective_on.unwrap_or(settled_on),
                settled_on,
                facts.evidence.terms.hold_new_banking_days,
            );
            findings.unless(until <= step.at, &funding.id, || {
                format!("was called available at {}, and no debit of its number had been good before {until}", step.at)
            });
        }
    }
}

/// Whether a debit of the same number had become available before.
fn is_proven(facts: &Facts<'_>, payer: &str, end: &Account, debit: &Transfer, at: jiff::Timestamp) -> bool {
    let others = facts.fundings.values().filter(|other| other.payer == payer && other.id != debit.item);
    others.into_iter().any(|other| {
        let is_same = facts.transfers_of(&other.id).any(|known| known.external_account.as_ref() == Some(end));
        let was_good = facts.moves_of(&other.id).iter().any(|step| step.state == "available" && step.at <= at);
        is_same && was_good
    })
}

#[cfg(test)]
mod tests {
    use crate::sample::{CARD_FUNDING, findings_of, found_one, good};

    #[test]
    fn money_that_is_held_as_long_as_a_new_number_asks_for_is_fine() {
        assert!(findings_of("proven", &good()).is_empty());
        found_one("proven", CARD_FUNDING, "no debit of its number had been good", |evidence| {
            evidence.terms.hold_new_banking_days = 3;
        });
    }
}
