//! The other end of what is pulled and of what is given back: a batch's money comes from the account that its approved content names for the
//! source, a later round's from the account that is accepted by then; a person's from their own; and a refund goes to where the money came
//! from. In each case what the bank of that very account said to use instead will do, unless it is another source's by then.

use std::collections::{BTreeMap, BTreeSet};

use crate::bank::Transfer;
use crate::contents;
use crate::evidence::{Account, Command, CommandKind, Order};
use crate::facts::{Facts, is_refund_of_batch};
use crate::finding::Findings;
use crate::reported::Item;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for debit in facts.debits() {
        let (Some(funding), Some(end)) = (facts.fundings.get(&debit.item), &debit.external_account) else { continue };
        let own = accounts_of(facts, funding);
        findings.unless(is_one_of(facts, &own, end), &funding.id, || {
            format!("{} pulls from an account that nobody approved for it", debit.id)
        });
        let holder = holder(facts, debit, funding, end);
        findings.unless(holder.is_none(), &funding.id, || {
            format!("{} pulls from the account of {}", debit.id, holder.unwrap_or_default())
        });
    }
    for refund in facts.payouts() {
        let (Some(payment), Some(end)) = (facts.payments.get(&refund.item), &refund.external_account) else { continue };
        let Some(debits) = given_back(facts, payment) else { continue };
        let came_from: BTreeSet<&Account> = debits.iter().filter_map(|debit| debit.external_account.as_ref()).collect();
        findings.unless(is_one_of(facts, &came_from, end) || is_redirected(facts, refund, end), &payment.id, || {
            format!("{} gives money back to another account than it came from", refund.id)
        });
    }
}

/// Somebody looked at the account that somebody else had proposed for it.
fn is_redirected(facts: &Facts<'_>, refund: &Transfer, end: &Account) -> bool {
    facts.commands(CommandKind::ConfirmRefundAccount).any(|command| {
        let last4 = command.sent.get("account_last4").and_then(serde_json::Value::as_str);
        let is_seen = last4.is_some_and(|last4| end.account_number.ends_with(last4));
        let is_its = command.about == refund.item && command.may_have_happened();
        is_its && is_seen && command.at <= refund.created_at
    })
}

fn is_one_of(facts: &Facts<'_>, accounts: &BTreeSet<&Account>, end: &Account) -> bool {
    accounts.iter().any(|account| *account == end || facts.is_corrected(account, end))
}

fn accounts_of<'f>(facts: &Facts<'f>, funding: &Item) -> BTreeSet<&'f Account> {
    let Some(batch) = &funding.batch else {
        let persons = facts.evidence.asked.persons.iter();
        let of_payer = persons.filter(|person| person.person_id == funding.payer);
        return of_payer.flat_map(|person| &person.accounts).collect();
    };
    match round_of(&funding.id) {
        Some(1) | None => accounts_in(facts, batch, &funding.payer),
        Some(_) => accepted_by(facts, &funding.payer, made(facts, &funding.id)),
    }
}

/// The other source whose debits are pulled from this account by then: its last debit before was, nobody has accepted another account for
/// it since, and no correction has been taken back.
fn holder<'f>(facts: &'f Facts<'_>, debit: &Transfer, funding: &Item, end: &Account) -> Option<&'f str> {
    let is_of_batch = |item: &&Item| item.batch.is_some();
    is_of_batch(&funding).then_some(())?;
    let earlier = facts.debits().filter(|other| other.created_at < debit.created_at);
    let of_others = earlier.filter_map(|other| Some((other, facts.fundings.get(&other.item)?)));
    let mut last: BTreeMap<&str, &Transfer> = BTreeMap::new();
    for (other, item) in of_others.filter(|(_, item)| is_of_batch(item) && item.payer != funding.payer) {
        let known = last.entry(item.payer.as_str()).or_insert(other);
        if known.created_at <= other.created_at {
            *known = other;
        }
    }
    let then = made(facts, &funding.id);
    let is_its = |(source, last): &(&str, &Transfer)| {
        last.external_account.as_ref() == Some(end) && is_one_of(facts, &accepted_by(facts, source, then), end)
    };
    let taken_back = facts.commands(CommandKind::ConfirmWithdrawal).any(Command::succeeded);
    last.into_iter().filter(|_| !taken_back).find(is_its).map(|(source, _)| source)
}

/// Of `fnd_{batch}-{source}-{round}`.
fn round_of(funding: &str) -> Option<u32> {
    funding.rsplit('-').next()?.parse().ok()
}

/// As the content that was approved names it.
fn accounts_in<'f>(facts: &Facts<'f>, batch: &str, source: &str) -> BTreeSet<&'f Account> {
    let rows = facts.files.get(batch).into_iter().flat_map(|file| &file.rows);
    rows.filter(|row| row.source_id == source).map(|row| &row.source_account).collect()
}

/// When it was first written.
fn made(facts: &Facts<'_>, item: &str) -> Order {
    facts.moves_of(item).first().map_or(Order::MAX, |step| step.order)
}

/// Accounts of approved contents that no later approval had replaced by then. An approval counts from its first funding on.
fn accepted_by<'f>(facts: &Facts<'f>, source: &str, then: Order) -> BTreeSet<&'f Account> {
    let approvals = facts.files.keys().flat_map(|batch| {
        let approval = contents::approval(facts.evidence, batch);
        let fundings = facts.fundings.values().filter(|funding| {
            funding.payer == source && funding.batch.as_deref() == Some(*batch) && round_of(&funding.id) == Some(1)
        });
        let counts_from = fundings.map(|funding| made(facts, &funding.id)).min().unwrap_or(Order::MAX);
        let accounts = accounts_in(facts, batch, source).into_iter();
        accounts.filter_map(move |account| Some((approval?.order, counts_from, account)))
    });
    let approvals: Vec<(Order, Order, &Account)> = approvals.collect();
    let is_replaced = |(at, _, account): &(Order, Order, &Account)| {
        approvals.iter().any(|(later, counts_from, other)| later > at && *counts_from < then && other != account)
    };
    approvals.iter().filter(|approval| !is_replaced(approval)).map(|(_, _, account)| *account).collect()
}

/// The debits whose money a refund gives back; nothing for a payment that is none.
fn given_back<'f>(facts: &'f Facts<'_>, payment: &Item) -> Option<Vec<&'f Transfer>> {
    if let Some(batch) = payment.batch.as_ref().filter(|_| is_refund_of_batch(&payment.id)) {
        let fundings = facts.fundings.values();
        let its = fundings.filter(|funding| funding.payer == payment.payer && funding.batch.as_ref() == Some(batch));
        return Some(its.flat_map(|funding| facts.transfers_of(&funding.id)).collect());
    }
    let refunded = facts.refund_of(&payment.id)?;
    let funding = facts.payments.get(refunded)?.funding.as_ref()?;
    Some(facts.transfers_of(funding).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::{CommandKind, Evidence, Order, ToldCardPayment};
    use crate::sample::{
        BATCH, CARD, CARD_FUNDING, CARD_PAYMENT, FUNDING, PAYMENT, account, command, findings_of, found_one, good,
        spoiled, told, transfer,
    };

    #[test]
    fn money_from_the_accounts_that_were_approved_is_fine() {
        assert!(findings_of("ends", &good()).is_empty());
    }

    #[test]
    fn a_debit_of_another_account_is_found() {
        found_one("ends", FUNDING, "pulls from an account that nobody approved", |evidence| {
            transfer(evidence, FUNDING)["counterparty_id"] = json!("cpty_80000001");
        });
        found_one("ends", CARD_FUNDING, "pulls from an account that nobody approved", |evidence| {
            transfer(evidence, CARD_FUNDING)["counterparty_id"] = json!("cpty_90000001");
        });
    }

    /// The bank of the first account said to use the second.
    fn corrected(evidence: &mut Evidence, item: &str, number: &str) {
        transfer(evidence, item)["notification_of_changes"] = json!({ "change_code": "C01", "account_number": number });
        let end = json!({ "id": "cpty_new", "routing_number": "021000021", "account_number": number });
        evidence.bank.counterparties.push(end);
    }

    #[test]
    fn a_corrected_account_will_do_but_not_one_that_was_corrected_for_another() {
        let pull = |evidence: &mut Evidence, item: &str| {
            let mut again = transfer(evidence, FUNDING).clone();
            again["id"] = json!("tr_again");
            again["status"] = json!("RETURNED");
            again["counterparty_id"] = json!("cpty_new");
            evidence.bank.ach_transfers.push(again);
            corrected(evidence, item, "90000009");
        };
        let found = spoiled("ends", |evidence| pull(evidence, FUNDING));
        assert!(found.is_empty(), "{found:#?}");
        found_one("ends", FUNDING, "tr_again pulls from an account", |evidence| pull(evidence, CARD_FUNDING));
    }

    /// A later batch pulls for another source from this account, which its file names.
    fn other_source(evidence: &mut Evidence, number: &'static str) {
        change_account(evidence, 1_000, number);
        for row in &mut evidence.asked.files[1].rows {
            row.source_id = "CORP-2".to_owned();
        }
        told(evidence, "fnd_b2-s1-1").item["source_id"] = json!("CORP-2");
        transfer(evidence, "fnd_b2-s1-1")["created_at"] = json!("2026-03-09T18:00:00Z");
    }

    #[test]
    fn a_debit_of_another_sources_account_is_found_where_a_correction_led_there() {
        let corrected_then = |number: &'static str| {
            move |evidence: &mut Evidence| {
                let mut again = transfer(evidence, FUNDING).clone();
                again["id"] = json!("tr_again");
                again["status"] = json!("RETURNED");
                again["counterparty_id"] = json!("cpty_new");
                again["created_at"] = json!("2026-03-03T18:00:00Z");
                evidence.bank.ach_transfers.push(again);
                corrected(evidence, FUNDING, "90000009");
                other_source(evidence, number);
            }
        };
        assert!(spoiled("ends", corrected_then("90000008")).is_empty());
        found_one("ends", "fnd_b2-s1-1", "pulls from the account of CORP-1", corrected_then("90000009"));
    }

    fn refund(evidence: &mut Evidence, end: &str) {
        let id = "pay_b1-refund-s1-1";
        let mut refund = told(evidence, PAYMENT).clone();
        refund.item["payment_id"] = json!(id);
        refund.item["transfer_id"] = json!("tr_refund");
        evidence.told.payments.push(refund);
        let mut sent = transfer(evidence, PAYMENT).clone();
        sent["id"] = json!("tr_refund");
        sent["idempotency_key"] = json!(format!("{id}:1"));
        sent["counterparty_id"] = json!(end);
        evidence.bank.ach_transfers.push(sent);
    }

    #[test]
    fn a_refund_to_another_account_than_the_money_came_from_is_found() {
        let found = spoiled("ends", |evidence| refund(evidence, "cpty_90000001"));
        assert!(found.is_empty(), "{found:#?}");
        found_one("ends", "pay_b1-refund-s1-1", "gives money back to another account", |evidence| {
            refund(evidence, "cpty_10000001");
        });
    }

    #[test]
    fn a_refund_to_a_person_goes_to_where_the_money_came_from() {
        let give_back = |evidence: &mut Evidence, end: &str| {
            let mut refund = told(evidence, CARD_PAYMENT).clone();
            refund.item["payment_id"] = json!("pay_l2");
            evidence.told.payments.push(refund);
            let payment = json!({ "payment_id": "pay_l2", "refund_of": CARD_PAYMENT });
            evidence.told.card_payments.push(ToldCardPayment { card_id: CARD.to_owned(), payment });
            let mut sent = transfer(evidence, CARD_FUNDING).clone();
            sent["type"] = json!("CREDIT");
            sent["id"] = json!("tr_refund");
            sent["idempotency_key"] = json!("pay_l2:1");
            sent["counterparty_id"] = json!(end);
            evidence.bank.ach_transfers.push(sent);
        };
        assert!(spoiled("ends", |evidence| give_back(evidence, "cpty_80000001")).is_empty());
        found_one("ends", "pay_l2", "gives money back to another account", |evidence| {
            give_back(evidence, "cpty_90000001");
        });
    }

    /// A second batch names another account of the source, and its money was pulled from there.
    fn change_account(evidence: &mut Evidence, approved: Order, number: &str) {
        let mut file = evidence.asked.files[0].clone();
        file.batch_id = "bat_b2".to_owned();
        for row in &mut file.rows {
            row.source_account = account(number);
        }
        evidence.asked.files.push(file);
        let mut approval = command(CommandKind::Approve, "bat_b2", "bob", "2026-03-06T18:00:00Z");
        approval.order = approved;
        evidence.asked.commands.push(approval);
        pull(evidence, "fnd_b2-s1-1", "bat_b2", approved + 1, number);
    }

    fn pull(evidence: &mut Evidence, id: &str, batch: &str, order: Order, number: &str) {
        let mut funding = told(evidence, FUNDING).clone();
        funding.item["funding_id"] = json!(id);
        funding.item["batch_id"] = json!(batch);
        evidence.told.fundings.push(funding);
        let mut step = evidence.moves.iter().find(|step| step.id == FUNDING).unwrap().clone();
        step.id = id.to_owned();
        step.order = order;
        evidence.moves.push(step);
        let mut sent = transfer(evidence, FUNDING).clone();
        sent["id"] = json!(format!("tr_{id}"));
        sent["idempotency_key"] = json!(format!("{id}:1"));
        sent["counterparty_id"] = json!(format!("cpty_{number}"));
        evidence.bank.ach_transfers.push(sent);
        let end = json!({ "id": format!("cpty_{number}"), "routing_number": "021000021", "account_number": number });
        evidence.bank.counterparties.push(end);
    }

    #[test]
    fn a_later_round_comes_from_the_account_that_is_accepted_by_then() {
        let again = |number: &'static str| {
            move |evidence: &mut Evidence| {
                change_account(evidence, 1_000, "90000002");
                pull(evidence, "fnd_b1-s1-2", BATCH, 1_100, number);
            }
        };
        assert!(spoiled("ends", again("90000002")).is_empty());
        found_one("ends", "fnd_b1-s1-2", "pulls from an account that nobody approved", again("90000001"));
        let back = spoiled("ends", |evidence| {
            change_account(evidence, 1_000, "90000002");
            evidence.asked.files[1].batch_id = "bat_b2".to_owned();
            pull(evidence, "fnd_b1-s1-2", BATCH, 900, "90000001");
        });
        assert!(back.is_empty(), "before the change: {back:#?}");
    }
}
