//! The books as a whole: the trial balance is what the postings come to, debits equal credits for every payer, and cash, debits in transit and
//! locked are what the bank holds for the payer.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::bank::text;
use crate::facts::Facts;
use crate::finding::Findings;
use crate::money::{cents, dollars};

/// Debits and credits of an account.
type Totals = (i64, i64);

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let summed = summed(facts);
    let Some(answered) = answered(&facts.evidence.told.trial_balance) else {
        findings.add("the evidence", "the trial balance cannot be read");
        return;
    };
    for account in answered.keys().chain(summed.keys().filter(|account| !answered.contains_key(*account))) {
        let [told, lines] = [&answered, &summed].map(|totals| totals.get(account).copied().unwrap_or_default());
        findings.unless(told == lines, account, || {
            format!("is {} in the trial balance, and its lines come to {}", shown(told), shown(lines))
        });
    }
    for payer in payers(&summed) {
        let sum: i64 = summed
            .iter()
            .filter(|(account, _)| of(account, payer).is_some())
            .map(|(_, totals)| totals.0 - totals.1)
            .sum();
        findings.unless(sum == 0, payer, || format!("has debits less credits of {}", dollars(sum)));
        if facts.evidence.is_at_rest {
            held_by_bank(facts, payer, &summed, findings);
        }
    }
}

fn summed(facts: &Facts<'_>) -> BTreeMap<String, Totals> {
    let mut sums: BTreeMap<String, Totals> = BTreeMap::new();
    for posting in &facts.evidence.told.postings {
        let (Some(account), Some(amount)) = (text(posting, "account"), text(posting, "amount").and_then(cents)) else {
            continue;
        };
        let totals = sums.entry(account.to_owned()).or_default();
        match text(posting, "side") {
            Some("debit") => totals.0 += amount,
            _ => totals.1 += amount,
        }
    }
    sums
}

fn answered(trial_balance: &Value) -> Option<BTreeMap<String, Totals>> {
    let accounts = trial_balance.get("accounts")?.as_object()?;
    let totals = |account: &Value| Some((cents(text(account, "debits")?)?, cents(text(account, "credits")?)?));
    accounts.iter().map(|(name, account)| Some((name.clone(), totals(account)?))).collect()
}

fn shown((debits, credits): Totals) -> String {
    format!("{} and {}", dollars(debits), dollars(credits))
}

fn payers(accounts: &BTreeMap<String, Totals>) -> BTreeSet<&str> {
    accounts.keys().filter_map(|account| account.split_once(':')).map(|(_, payer)| payer).collect()
}

/// The kind of an account of this payer.
fn of<'a>(account: &'a str, payer: &str) -> Option<&'a str> {
    account.split_once(':').filter(|(_, owner)| *owner == payer).map(|(kind, _)| kind)
}

fn held_by_bank(facts: &Facts<'_>, payer: &str, books: &BTreeMap<String, Totals>, findings: &mut Findings<'_>) {
    let items: Vec<_> = facts.items().filter(|item| item.payer == payer).collect();
    if items.iter().any(|item| item.was_disputed()) {
        return;
    }
    let transfers = items.iter().flat_map(|item| facts.transfers_of(&item.id));
    let accounts: BTreeSet<&str> = transfers.map(|transfer| transfer.bank_account.as_str()).collect();
    let held = |name: &str| -> Option<i64> { accounts.iter().map(|id| balance(facts, id, name)).sum() };
    let booked = |kind: &str| books.get(&format!("{kind}:{payer}")).map_or(0, |totals| totals.0 - totals.1);
    for (kind, name) in
        [("cash", "available_amount"), ("debits_in_transit", "pending_amount"), ("cash_locked", "locked_amount")]
    {
        match held(name) {
            Some(held) => findings.unless(booked(kind) == held, payer, || {
                format!("has {} of {kind} in the books, and {} at the bank", dollars(booked(kind)), dollars(held))
            }),
            None => findings.add(payer, "has an account whose balances the bank does not say"),
        }
    }
}

fn balance(facts: &Facts<'_>, account: &str, name: &str) -> Option<i64> {
    let found = facts.evidence.bank.accounts.iter().find(|known| text(known, "id") == Some(account))?;
    found.get("balances")?.get(name)?.as_i64()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::{SOURCE, findings_of, found_one, good, spoiled, told};

    #[test]
    fn books_that_are_what_the_bank_holds_are_fine() {
        assert!(findings_of("books", &good()).is_empty());
    }

    #[test]
    fn a_trial_balance_that_is_not_its_postings_is_found() {
        found_one("books", "cash:CORP-1", "is 30.01 and 30.00 in the trial balance", |evidence| {
            evidence.told.trial_balance["accounts"]["cash:CORP-1"]["debits"] = json!("30.01");
        });
        found_one("books", "cash:CORP-9", "is 1.00 and 1.00 in the trial balance", |evidence| {
            evidence.told.trial_balance["accounts"]["cash:CORP-9"] = json!({ "debits": "1.00", "credits": "1.00" });
        });
    }

    #[test]
    fn a_payer_whose_debits_are_not_its_credits_is_found() {
        let found = spoiled("books", |evidence| {
            evidence.told.postings.retain(|line| line["account"] != "funds_pending:CORP-1" || line["side"] != "credit");
        });
        assert!(found.iter().any(|finding| finding.about == SOURCE && finding.what.contains("30.00")), "{found:#?}");
    }

    #[test]
    fn cash_pulled_and_locked_that_are_not_the_banks_are_found() {
        for (kind, name) in
            [("cash", "available_amount"), ("debits_in_transit", "pending_amount"), ("cash_locked", "locked_amount")]
        {
            found_one("books", SOURCE, &format!("has 0.00 of {kind} in the books, and 0.01 at the bank"), |evidence| {
                evidence.bank.accounts[0]["balances"][name] = json!(1);
            });
        }
    }

    #[test]
    fn an_account_that_the_bank_does_not_know_is_found() {
        let found = spoiled("books", |evidence| evidence.bank.accounts.clear());
        assert!(found[0].what.contains("the bank does not say"), "{found:#?}");
        let found = spoiled("books", |evidence| {
            evidence.bank.accounts[0]["balances"]["available_amount"] = json!(1);
            told(evidence, crate::sample::PAYMENT).history[0]["attention"] = json!("bank_disagrees");
        });
        assert!(found.is_empty(), "what is disputed is a person's to explain: {found:#?}");
    }
}
