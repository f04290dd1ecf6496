//! Nobody's money was spent for somebody else: each account at the bank is one payer's; no source
//! paid out more of a batch than was pulled for it, nor was more pulled than the batch asks for; no person more than their funding.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::bank::Transfer;
use crate::contents::approval;
use crate::evidence::Account;
use crate::facts::Facts;
use crate::finding::Findings;
use crate::money::dollars;
use crate::reported::Item;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    one_payer_each(facts, findings);
    one_source_each(facts, findings);
    for (payer, batch) in payrolls(facts) {
        balance(facts, payer, batch, findings);
    }
    for funding in facts.fundings.values().filter(|funding| funding.batch.is_none()) {
        alone(facts, funding, findings);
    }
}

fn one_payer_each(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let mut payers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut accounts: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for transfer in &facts.transfers {
        let Some(item) = facts.item(&transfer.item) else { continue };
        payers.entry(&transfer.bank_account).or_default().insert(&item.payer);
        accounts.entry(&item.payer).or_default().insert(&transfer.bank_account);
    }
    for (account, payers) in payers {
        findings.unless(payers.len() == 1, account, || format!("moves money of {} payers", payers.len()));
    }
    for (payer, accounts) in accounts {
        findings.unless(accounts.len() == 1, payer, || format!("has money in {} accounts at the bank", accounts.len()));
    }
}

/// No account outside is debited for two companies at a time: for another one only once the first was approved with another account.
fn one_source_each(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let mut debits: BTreeMap<&Account, Vec<(&Transfer, &Item)>> = BTreeMap::new();
    for debit in facts.debits() {
        let funding = facts.fundings.get(&debit.item).filter(|funding| funding.batch.is_some());
        if let (Some(funding), Some(end)) = (funding, &debit.external_account) {
            debits.entry(end).or_default().push((debit, funding));
        }
    }
    for (account, debits) in debits {
        let pairs = debits.iter().zip(debits.iter().skip(1));
        let unclear = pairs.into_iter().find(|((_, first), (next, second))| {
            first.payer != second.payer && !has_let_go(facts, first, account, next.created_at)
        });
        if let Some(((_, first), (_, second))) = unclear {
            let mut sources = [&first.payer, &second.payer];
            sources.sort();
            findings.add(sources[0], format!("is debited at an account that is {}'s too", sources[1]));
        }
    }
}

/// Whether a later content that names another account for the source was approved by then.
fn has_let_go(facts: &Facts<'_>, funding: &Item, account: &Account, then: Timestamp) -> bool {
    let approved = |batch: &str| approval(facts.evidence, batch).filter(|approval| approval.at <= then);
    let since = funding.batch.as_deref().and_then(approved).map(|approval| approval.order);
    facts.files.values().any(|file| {
        let mut own = file.rows.iter().filter(|row| row.source_id == funding.payer);
        let is_later = approved(&file.batch_id).is_some_and(|approval| Some(approval.order) > since);
        is_later && own.any(|row| row.source_account != *account)
    })
}

fn payrolls<'f>(facts: &'f Facts<'_>) -> BTreeSet<(&'f str, &'f str)> {
    let of = |item: &'f Item| Some((item.payer.as_str(), item.batch.as_deref()?));
    facts.items().filter_map(of).collect()
}

/// One source and batch.
fn balance(facts: &Facts<'_>, payer: &str, batch: &str, findings: &mut Findings<'_>) {
    let is_its = |item: &&Item| item.payer == payer && item.batch.as_deref() == Some(batch);
    let fundings: Vec<&Item> = facts.fundings.values().filter(is_its).collect();
    let payments: Vec<&Item> = facts.payments.values().filter(is_its).collect();
    let pulled = sum(facts, fundings.iter().copied());
    let (refunds, rows): (Vec<&Item>, Vec<&Item>) =
        payments.into_iter().partition(|payment| crate::facts::is_refund_of_batch(&payment.id));
    let (paid, refunded) = (sum(facts, rows), sum(facts, refunds.iter().copied()));
    let planned: i64 = refunds.iter().filter(|refund| holds_money(refund)).map(|refund| refund.cents).sum();
    // After a late return what was paid out is owed; whether it was sent in time is the check of funding.
    let was_spent = fundings.iter().any(|funding| came_back_late(facts, funding));
    let out = paid + refunded.max(planned);
    findings.unless(was_spent || out <= pulled, batch, || {
        format!("{payer} pulled {} and pays out {}, refunds included", dollars(pulled), dollars(out))
    });
    let payable: i64 = payable(facts, payer, batch);
    findings.unless(pulled - refunded <= payable, batch, || {
        format!("{payer} was to pay {} and {} was pulled, less refunds", dollars(payable), dollars(pulled - refunded))
    });
}

fn payable(facts: &Facts<'_>, payer: &str, batch: &str) -> i64 {
    let rows = facts.files.get(batch).into_iter().flat_map(|file| &file.rows);
    rows.filter(|row| row.source_id == payer && row.payee_routing.is_some()).map(|row| row.cents).sum()
}

/// A person's funding pays one check, or its refund.
fn alone(facts: &Facts<'_>, funding: &Item, findings: &mut Findings<'_>) {
    let payments: Vec<&Item> =
        facts.payments.values().filter(|payment| payment.funding.as_ref() == Some(&funding.id)).collect();
    for payment in &payments {
        findings.unless(payment.payer == funding.payer, &payment.id, || "spends another payer's funding".to_owned());
        findings.unless(payment.cents == funding.cents, &payment.id, || {
            format!("pays {} of {} pulled", dollars(payment.cents), dollars(funding.cents))
        });
    }
    let (pulled, paid) = (sum(facts, [funding]), sum(facts, payments));
    let excused = came_back_late(facts, funding);
    findings.unless(excused || paid <= pulled, &funding.id, || {
        format!("pulled {}, and {} of it was paid out", dollars(pulled), dollars(paid))
    });
}

/// What moved or will, by the bank.
fn sum<'i>(facts: &Facts<'_>, items: impl IntoIterator<Item = &'i Item>) -> i64 {
    let transfers = items.into_iter().flat_map(|item| facts.transfers_of(&item.id));
    transfers.filter(|transfer| transfer.is_live()).map(|transfer| transfer.cents).sum()
}

fn came_back_late(facts: &Facts<'_>, funding: &Item) -> bool {
    facts.transfers_of(&funding.id).any(|debit| debit.was_settled() && !debit.is_live())
}

fn holds_money(item: &Item) -> bool {
    matches!(item.state.as_str(), "unprocessed" | "submitting" | "processing" | "completed" | "available")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::{CommandKind, Evidence};
    use crate::sample::{
        BATCH, CARD_PAYMENT, FUNDING, OTHER_PAYMENT, PAYMENT, command, findings_of, found_one, good, spoiled, told,
        transfer,
    };

    #[test]
    fn payers_who_spend_their_own_money_are_fine() {
        assert!(findings_of("fund_isolation", &good()).is_empty());
    }

    /// Another source is debited at the account as well, a day later.
    fn debit_another(evidence: &mut Evidence) {
        let mut other = told(evidence, FUNDING).clone();
        other.item["funding_id"] = json!("fnd_b1-s2-1");
        other.item["source_id"] = json!("CORP-2");
        evidence.told.fundings.push(other);
        let mut debit = transfer(evidence, FUNDING).clone();
        debit["id"] = json!("tr_other");
        debit["idempotency_key"] = json!("fnd_b1-s2-1:1");
        debit["created_at"] = json!("2026-03-09T18:00:00Z");
        evidence.bank.ach_transfers.push(debit);
    }

    #[test]
    fn an_account_outside_that_is_debited_for_two_sources_is_found() {
        let found = spoiled("fund_isolation", debit_another);
        assert!(found.iter().any(|finding| finding.what.contains("that is CORP-2's too")), "{found:#?}");
    }

    #[test]
    fn an_account_that_its_source_had_let_go_is_fine() {
        let found = spoiled("fund_isolation", |evidence| {
            debit_another(evidence);
            let mut file = evidence.asked.files[0].clone();
            file.batch_id = "bat_b2".to_owned();
            file.rows[0].source_account.account_number = "90000009".to_owned();
            evidence.asked.files.push(file);
            let mut approval = command(CommandKind::Approve, "bat_b2", "bob", "2026-03-08T12:00:00Z");
            approval.order = 1_000;
            evidence.asked.commands.push(approval);
        });
        assert!(found.iter().all(|finding| !finding.what.contains("that is CORP-2's too")), "{found:#?}");
    }

    #[test]
    fn an_account_that_two_payers_share_is_found() {
        let found =
            spoiled("fund_isolation", |evidence| transfer(evidence, PAYMENT)["bank_account_id"] = json!("bacc_2"));
        let found: Vec<_> = found.iter().map(|finding| finding.what.as_str()).collect();
        assert_eq!(found, ["moves money of 2 payers", "has money in 2 accounts at the bank"]);
    }

    #[test]
    fn a_batch_that_pays_out_more_than_was_pulled_is_found() {
        found_one("fund_isolation", BATCH, "CORP-1 pulled 15.00 and pays out 30.00", |evidence| {
            transfer(evidence, FUNDING)["amount"] = json!(1_500);
        });
    }

    #[test]
    fn a_refund_of_what_was_spent_is_found_before_it_is_sent() {
        found_one("fund_isolation", BATCH, "pays out 40.00, refunds included", |evidence| {
            let mut refund = told(evidence, PAYMENT).clone();
            refund.item["payment_id"] = json!("pay_b1-refund-s1-1");
            refund.item["state"] = json!("unprocessed");
            evidence.told.payments.push(refund);
        });
    }

    #[test]
    fn a_batch_for_which_too_much_was_pulled_is_found() {
        found_one("fund_isolation", BATCH, "was to pay 30.00 and 60.00 was pulled", |evidence| {
            let mut again = transfer(evidence, FUNDING).clone();
            again["id"] = json!("tr_again");
            evidence.bank.ach_transfers.push(again);
        });
    }

    #[test]
    fn what_was_paid_before_a_late_return_is_owed_and_no_finding_here() {
        let found = spoiled("fund_isolation", |evidence| transfer(evidence, FUNDING)["status"] = json!("RETURNED"));
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn a_check_for_more_than_its_funding_is_found() {
        let found = spoiled("fund_isolation", |evidence| {
            told(evidence, CARD_PAYMENT).item["amount"] = json!("50.00");
            transfer(evidence, CARD_PAYMENT)["positive_pay_amount"] = json!(5_000);
        });
        let found: Vec<_> = found.iter().map(|finding| finding.what.as_str()).collect();
        assert_eq!(found, ["pays 50.00 of 40.00 pulled", "pulled 40.00, and 50.00 of it was paid out"]);
    }

    #[test]
    fn a_payment_on_another_payers_funding_is_found() {
        let found =
            spoiled("fund_isolation", |evidence| told(evidence, CARD_PAYMENT).item["source_id"] = json!("per_2"));
        assert!(found.iter().any(|finding| finding.what == "spends another payer's funding"), "{found:#?}");
        let found =
            spoiled("fund_isolation", |evidence| told(evidence, OTHER_PAYMENT).item["source_id"] = json!("CORP-2"));
        assert!(found.iter().any(|finding| finding.what.contains("CORP-2 pulled 0.00")), "{found:#?}");
    }
}
