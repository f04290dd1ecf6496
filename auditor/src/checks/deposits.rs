//! A row that names a bank account is paid into exactly that one: its routing number, its number with every zero, and its kind; or into the
//! one that the bank of the account had said by then is to be used instead. It goes as wages do.

use jiff::Timestamp;

use crate::bank::{Transfer, corrected_type, correction, text, time, unspelled};
use crate::evidence::{Account, Row};
use crate::facts::Facts;
use crate::finding::Findings;

/// The entry class of what goes to persons, and what the network wants wages to be called (Nacha Operating Rules, company entry description).
const ENTRY: (&str, &str) = ("PPD", "PAYROLL");

/// An account with its kind.
type End = (Account, String);

/// A word of a bank: since then the second account is to be used instead of the first.
struct Word {
    since: Timestamp,
    was: End,
    new: End,
}

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let words = words(facts);
    for payout in facts.payouts() {
        let Some(named) = facts.row(&payout.item).and_then(|(_, row)| named(row)) else { continue };
        let end = payout.external_account.clone().map(|account| (account, payout.account_type.clone()));
        let arrives = end.is_some_and(|end| leads_to(&words, named, &end, payout.created_at));
        findings.unless(arrives, &payout.item, || {
            format!("{} arrives at another bank account than its row names, or at one of another kind", payout.id)
        });
        let entry = entry_of(facts, payout);
        findings.unless(entry == Some(ENTRY), &payout.item, || format!("{} does not go as wages do", payout.id));
    }
}

fn named(row: &Row) -> Option<End> {
    let account_number = unspelled(&row.payee_account);
    Some((Account { routing_number: row.payee_routing.clone()?, account_number }, row.payee_type.clone()?))
}

fn entry_of<'f>(facts: &Facts<'f>, payout: &Transfer) -> Option<(&'f str, &'f str)> {
    let objects = &facts.evidence.bank.ach_transfers;
    let object = objects.iter().find(|object| text(object, "id") == Some(&payout.id))?;
    Some((text(object, "entry_class_code")?, text(object, "company_entry_description")?))
}

fn words(facts: &Facts<'_>) -> Vec<Word> {
    let of = |event: &serde_json::Value| {
        let object = event.get("data")?;
        let id = text(object, "id")?;
        let transfer = facts.transfers.iter().find(|transfer| transfer.id == id)?;
        let was = (transfer.external_account.clone()?, transfer.account_type.clone());
        let new = (correction(object, &was.0)?, corrected_type(object, &was.1));
        Some(Word { since: time(event, "created_at")?, was, new })
    };
    facts.evidence.bank.events.iter().filter_map(of).collect()
}

/// Whether words of before lead from the named account to this one, at once or step by step.
fn leads_to(words: &[Word], named: End, end: &End, then: Timestamp) -> bool {
    let mut known = vec![named];
    let mut next = 0;
    while let Some(current) = known.get(next).cloned() {
        let of_it = words.iter().filter(|word| word.was == current && word.since <= then);
        for word in of_it {
            if !known.contains(&word.new) {
                known.push(word.new.clone());
            }
        }
        next += 1;
    }
    known.contains(end)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::evidence::Evidence;
    use crate::sample::{PAYMENT, findings_of, found_one, good, spoiled, transfer};

    /// The first row pays into a checking account.
    fn deposited(evidence: &mut Evidence) {
        let row = &mut evidence.asked.files[0].rows[0];
        row.payee_type = Some("checking".to_owned());
        row.institution_id = String::new();
        let sent = transfer(evidence, PAYMENT);
        sent["entry_class_code"] = json!("PPD");
        sent["company_entry_description"] = json!("PAYROLL");
        end(evidence)["account_type"] = json!("checking");
    }

    fn end(evidence: &mut Evidence) -> &mut Value {
        evidence.bank.counterparties.iter_mut().find(|known| known["account_number"] == "10000001").unwrap()
    }

    /// An earlier transfer to the account, and what its bank said of it then.
    fn corrected(evidence: &mut Evidence, at: &str, change: Value) {
        let mut earlier = transfer(evidence, PAYMENT).clone();
        earlier["id"] = json!("tr_earlier");
        earlier["idempotency_key"] = json!("pay_b0-01-0000001:1");
        earlier["counterparty_id"] = json!("cpty_before");
        evidence.bank.ach_transfers.push(earlier.clone());
        let before = json!({
            "id": "cpty_before", "routing_number": "021000021", "account_number": "10000001", "account_type": "checking",
        });
        evidence.bank.counterparties.push(before);
        earlier["notification_of_changes"] = change;
        evidence.bank.events.push(json!({ "type": "ach.outgoing_transfer.noc", "created_at": at, "data": earlier }));
    }

    #[test]
    fn wages_that_arrive_at_the_named_account_are_fine() {
        assert!(findings_of("deposits", &good()).is_empty());
        assert!(spoiled("deposits", deposited).is_empty());
    }

    #[test]
    fn another_number_another_kind_and_a_number_without_its_zeros_are_found() {
        found_one("deposits", PAYMENT, "another bank account", |evidence| {
            deposited(evidence);
            end(evidence)["account_type"] = json!("savings");
        });
        found_one("deposits", PAYMENT, "another bank account", |evidence| {
            deposited(evidence);
            evidence.asked.files[0].rows[0].payee_account = "0010000001".to_owned();
        });
        found_one("deposits", PAYMENT, "another bank account", |evidence| {
            deposited(evidence);
            evidence.asked.files[0].rows[0].payee_routing = Some("011000028".to_owned());
        });
    }

    #[test]
    fn wages_that_go_as_a_loan_does_are_found() {
        found_one("deposits", PAYMENT, "as wages do", |evidence| {
            deposited(evidence);
            transfer(evidence, PAYMENT)["company_entry_description"] = json!("LOAN PMT");
        });
    }

    #[test]
    fn what_its_bank_had_said_by_then_is_fine_and_what_it_said_later_is_found() {
        let to_savings = || json!({ "change_code": "C05", "account_type": "savings" });
        let found = spoiled("deposits", |evidence| {
            deposited(evidence);
            corrected(evidence, "2026-03-01T12:00:00Z", to_savings());
            end(evidence)["account_type"] = json!("savings");
        });
        assert!(found.is_empty(), "{found:#?}");
        found_one("deposits", PAYMENT, "another bank account", |evidence| {
            deposited(evidence);
            corrected(evidence, "2026-03-19T12:00:00Z", to_savings());
            end(evidence)["account_type"] = json!("savings");
        });
    }
}
