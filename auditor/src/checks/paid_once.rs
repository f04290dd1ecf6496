//! Each payment and each funding moved money at most once, to whom and for what was asked; exactly once where the bank took it and
//! nothing came back; and our word for it is the bank's.

use crate::bank::{Fate, Kind, Transfer, unspelled};
use crate::evidence::Account;
use crate::facts::Facts;
use crate::finding::Findings;
use crate::money::dollars;
use crate::reported::Item;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for item in facts.items() {
        let found: Vec<&Transfer> = facts.transfers_of(&item.id).collect();
        at_most_once(item, &found, findings);
        as_asked(facts, item, &found, findings);
        if facts.evidence.is_at_rest && !item.was_disputed() {
            as_told(item, &found, findings);
        }
    }
    for transfer in &facts.transfers {
        let is_known = facts.item(&transfer.item).is_some();
        findings.unless(is_known, &transfer.id, || {
            format!("the bank has a transfer of {}, which is nothing of ours", transfer.item)
        });
    }
}

fn at_most_once(item: &Item, found: &[&Transfer], findings: &mut Findings<'_>) {
    let live = found.iter().filter(|transfer| transfer.is_live()).count();
    findings.unless(live <= 1, &item.id, || format!("moved money {live} times"));
}

fn as_asked(facts: &Facts<'_>, item: &Item, found: &[&Transfer], findings: &mut Findings<'_>) {
    let row = facts.row(&item.id).map(|(_, row)| row);
    for transfer in found {
        let is_debit = transfer.kind == Kind::Debit;
        findings.unless(is_debit == item.is_funding, &item.id, || format!("{} moves money the wrong way", transfer.id));
        let amount = row.map_or(item.cents, |row| row.cents);
        findings.unless(transfer.cents == amount, &item.id, || {
            format!("{} moves {} instead of {}", transfer.id, dollars(transfer.cents), dollars(amount))
        });
        if let (Some(row), Some(end)) = (row, &transfer.external_account) {
            let asked = row
                .payee_routing
                .clone()
                .map(|routing_number| Account { routing_number, account_number: unspelled(&row.payee_account) });
            let is_payee = asked.is_some_and(|asked| asked == *end || facts.is_corrected(&asked, end));
            findings.unless(is_payee, &item.id, || format!("{} pays somebody else than the row names", transfer.id));
        }
    }
}

/// At rest everything that the bank said has been heard.
fn as_told(item: &Item, found: &[&Transfer], findings: &mut Findings<'_>) {
    let live = found.iter().find(|transfer| transfer.is_live());
    let fits = match (item.state.as_str(), live.map(|transfer| transfer.fate())) {
        ("processing", Some(Fate::Open)) | ("completed" | "available", Some(Fate::Settled)) => true,
        ("returned", None) => !found.is_empty(),
        ("failed" | "canceled" | "unprocessed", None) => true,
        // Its outcome is unknown, which is what the state says; that nothing stays so is another check's.
        ("submitting", _) => true,
        _ => false,
    };
    findings.unless(fits, &item.id, || {
        let bank = live
            .map_or("nothing that moves money".to_owned(), |transfer| format!("{} {}", transfer.id, transfer.status));
        format!("is {}, and the bank has {bank}", item.state)
    });
    if let (Some(live), Some(named)) = (live, &item.transfer) {
        findings
            .unless(live.id == *named, &item.id, || format!("names {named}, and the bank moved money by {}", live.id));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::{FUNDING, OTHER_PAYMENT, PAYMENT, findings_of, found_one, good, spoiled, told, transfer};

    #[test]
    fn a_payment_that_arrived_once_is_fine() {
        assert!(findings_of("paid_once", &good()).is_empty());
    }

    #[test]
    fn a_second_transfer_that_moves_money_is_found() {
        found_one("paid_once", PAYMENT, "moved money 2 times", |evidence| {
            let mut second = transfer(evidence, PAYMENT).clone();
            second["idempotency_key"] = json!(format!("{PAYMENT}:2"));
            evidence.bank.ach_transfers.push(second);
        });
    }

    #[test]
    fn an_amount_that_is_not_the_rows_is_found() {
        found_one("paid_once", PAYMENT, "moves 10.01 instead of 10.00", |evidence| {
            transfer(evidence, PAYMENT)["amount"] = json!(1_001);
        });
    }

    #[test]
    fn another_payee_than_the_rows_is_found() {
        found_one("paid_once", PAYMENT, "pays somebody else", |evidence| {
            transfer(evidence, PAYMENT)["counterparty_id"] = json!("cpty_10000002");
        });
    }

    #[test]
    fn another_spelling_of_the_rows_payee_is_fine() {
        let found = spoiled("paid_once", |evidence| {
            evidence.asked.files[0].rows[0].payee_account = "1-0000001".to_owned();
        });
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn a_payee_whose_bank_said_what_to_use_instead_is_fine() {
        let found = spoiled("paid_once", |evidence| {
            let corrected = json!({ "account_number": "10000009", "routing_number": "" });
            let mut earlier = transfer(evidence, PAYMENT).clone();
            earlier["id"] = json!("tr_earlier");
            earlier["status"] = json!("RETURNED");
            earlier["notification_of_changes"] = corrected;
            evidence.bank.ach_transfers.push(earlier);
            let end = json!({ "id": "cpty_9", "routing_number": "021000021", "account_number": "10000009" });
            evidence.bank.counterparties.push(end);
            transfer(evidence, PAYMENT)["counterparty_id"] = json!("cpty_9");
        });
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn money_that_moves_the_wrong_way_is_found() {
        let found = spoiled("paid_once", |evidence| transfer(evidence, FUNDING)["type"] = json!("CREDIT"));
        assert!(found.iter().any(|finding| finding.what.contains("the wrong way")), "{found:#?}");
    }

    #[test]
    fn a_transfer_that_belongs_to_nothing_is_found() {
        found_one("paid_once", "tr_stray", "nothing of ours", |evidence| {
            let mut stray = transfer(evidence, PAYMENT).clone();
            stray["id"] = json!("tr_stray");
            stray["idempotency_key"] = json!("pay_unknown:1");
            evidence.bank.ach_transfers.push(stray);
        });
    }

    #[test]
    fn a_payment_that_is_told_paid_and_came_back_is_found() {
        found_one("paid_once", PAYMENT, "is completed, and the bank has nothing", |evidence| {
            transfer(evidence, PAYMENT)["status"] = json!("RETURNED");
        });
    }

    #[test]
    fn a_payment_that_is_told_failed_and_arrived_is_found() {
        found_one("paid_once", OTHER_PAYMENT, "is failed", |evidence| {
            told(evidence, OTHER_PAYMENT).item["state"] = json!("failed");
        });
    }

    #[test]
    fn a_payment_that_names_another_transfer_is_found() {
        found_one("paid_once", PAYMENT, "names tr_other", |evidence| {
            told(evidence, PAYMENT).item["transfer_id"] = json!("tr_other");
        });
    }

    #[test]
    fn what_is_disputed_or_still_under_way_need_not_follow_the_bank() {
        let found = spoiled("paid_once", |evidence| {
            transfer(evidence, PAYMENT)["status"] = json!("RETURNED");
            told(evidence, PAYMENT).history[0]["attention"] = json!("bank_disagrees");
        });
        assert!(found.is_empty(), "{found:#?}");
        let found = spoiled("paid_once", |evidence| {
            transfer(evidence, PAYMENT)["status"] = json!("RETURNED");
            evidence.is_at_rest = false;
        });
        assert!(found.is_empty(), "{found:#?}");
    }
}
