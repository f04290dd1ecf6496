//! What a receiving bank corrected is used from the next payment on: nothing is sent any more to an account after our receiver took the
//! news that another one is to be used.

use jiff::{SignedDuration, Timestamp};

use crate::bank::{corrected_type, correction, text};
use crate::evidence::{Account, Command, CommandKind};
use crate::facts::Facts;
use crate::finding::Findings;

/// An account that is not to be used, since our receiver took the news.
struct Gone {
    account: Account,
    /// Its kind: of two accounts that differ in it alone, each is corrected by itself.
    account_type: String,
    since: Timestamp,
    /// When the transfer was made that the news are about: whatever is said of it later repeats them.
    made: Timestamp,
    /// The account as that transfer's item names it: corrections are taken back of that one.
    named: Option<Account>,
}

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let gone = gone(facts);
    let taken_back = taken_back(facts);
    // A run that had looked before lasts no longer than a lease.
    let lease = SignedDuration::from_secs(i64::from(facts.evidence.terms.lease_seconds));
    for transfer in &facts.transfers {
        let is_claim = |step: &&&crate::evidence::Move| step.state == "submitting" && step.attempt == transfer.attempt;
        let Some(claimed) = facts.moves_of(&transfer.item).iter().find(is_claim) else { continue };
        let is_late = |known: &&Gone| known.since.checked_add(lease).is_ok_and(|until| until < claimed.at);
        let is_back = |known: &&Gone| {
            // One correction may follow another: taken back is all that was said of the account that was named first.
            let is_its = |back: &&Gone| {
                let is_same = back.account == known.account || Some(&back.account) == known.named.as_ref();
                is_same || facts.is_corrected(&known.account, &back.account)
            };
            let later = taken_back.iter().filter(is_its);
            later.into_iter().any(|back| known.made <= back.since.checked_add(lease).unwrap_or(back.since))
        };
        let known = gone.iter().filter(is_late).filter(|known| !is_back(known));
        let known = known.into_iter().find(|known| {
            transfer.external_account.as_ref() == Some(&known.account) && transfer.account_type == known.account_type
        });
        findings.unless(known.is_none(), &transfer.item, || {
            let since = known.map_or(claimed.at, |known| known.since);
            format!("was sent by {} to an account that its bank had corrected at {since}", transfer.id)
        });
        let back = taken_back.iter().filter(is_late).find(|back| named(facts, &transfer.item) == Some(&back.account));
        let heard_since = back.is_some_and(|back| said_of(facts, &back.account).iter().any(|made| back.since <= *made));
        let is_as_named =
            back.is_none_or(|back| transfer.external_account.as_ref() == Some(&back.account)) || heard_since;
        findings.unless(is_as_named, &transfer.item, || {
            format!("was sent by {} to a corrected account, and two operators had taken that back", transfer.id)
        });
    }
}

/// The account that a first round's funding is about, as its file names it. A later round's is the one that is accepted by then.
fn named<'f>(facts: &Facts<'f>, item: &str) -> Option<&'f Account> {
    let funding = facts.fundings.get(item).filter(|_| item.ends_with("-1"))?;
    let file = facts.files.get(funding.batch.as_deref()?)?;
    Some(&file.rows.iter().find(|row| row.source_id == funding.payer)?.source_account)
}

/// Accounts whose corrections two operators took back, and since when.
fn taken_back(facts: &Facts<'_>) -> Vec<Gone> {
    let confirmed = facts.commands(CommandKind::ConfirmWithdrawal).filter(|command| command.succeeded());
    let of = |command: &Command| {
        let item = text(&command.answer, "said_of")?;
        let account =
            named(facts, item).cloned().or_else(|| facts.transfers_of(item).next()?.external_account.clone())?;
        let (since, account_type) = (command.answered_at?, String::new());
        Some(Gone { account, account_type, since, made: since, named: None })
    };
    confirmed.filter_map(of).collect()
}

/// When the transfers were made of which our receiver took a bank's words about this account.
fn said_of(facts: &Facts<'_>, account: &Account) -> Vec<Timestamp> {
    let taken = facts.evidence.bank.deliveries.iter().filter(|delivery| delivery.status == Some(200));
    let of = |delivery: &crate::evidence::Delivery| {
        let object = delivery.body.get("data")?;
        let transfer = facts.transfers.iter().find(|transfer| text(object, "id") == Some(&transfer.id))?;
        correction(object, transfer.external_account.as_ref()?)
            .filter(|_| transfer.external_account.as_ref() == Some(account))?;
        Some(transfer.created_at)
    };
    taken.filter_map(of).collect()
}

/// Without those that another correction leads back to.
fn gone(facts: &Facts<'_>) -> Vec<Gone> {
    let taken = facts.evidence.bank.deliveries.iter().filter(|delivery| delivery.status == Some(200));
    let corrections = taken.filter_map(|delivery| {
        let object = delivery.body.get("data")?;
        let of = facts.transfers.iter().find(|transfer| text(object, "id") == Some(&transfer.id))?;
        let was = (of.external_account.clone()?, of.account_type.clone());
        let new = (correction(object, &was.0)?, corrected_type(object, &was.1));
        (was != new).then_some((was, new, delivery.at, of))
    });
    let corrections: Vec<_> = corrections.collect();
    let leads_back = |account: &(Account, String)| corrections.iter().any(|(_, new, _, _)| new == account);
    let gone = corrections.iter().filter(|(was, _, _, _)| !leads_back(was));
    let gone = gone.map(|(was, _, at, of)| {
        let named = named(facts, &of.item).cloned();
        let (account, account_type) = was.clone();
        Gone { account, account_type, since: *at, made: of.created_at, named }
    });
    gone.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::{CommandKind, Delivery, Evidence};
    use crate::sample::{FUNDING, PAYMENT, at, command, findings_of, found_one, good, spoiled, transfer};

    /// Our receiver takes the news about the payment's account then.
    fn corrected(moment: &'static str) -> impl FnOnce(&mut Evidence) {
        move |evidence| {
            let mut object = transfer(evidence, PAYMENT).clone();
            object["notification_of_changes"] = json!({ "change_code": "C01", "account_number": "10000009" });
            let body = json!({ "id": "evnt_noc", "type": "ach.outgoing_transfer.noc", "data": object });
            let event_id = "evnt_noc".to_owned();
            let delivery = Delivery { order: 0, at: at(moment), event_id, body, status: Some(200) };
            evidence.bank.deliveries.push(delivery);
        }
    }

    #[test]
    fn a_payment_that_left_before_is_fine() {
        assert!(findings_of("corrected", &good()).is_empty());
        assert!(spoiled("corrected", corrected("2026-03-06T12:00:00Z")).is_empty());
    }

    #[test]
    fn a_payment_to_another_spelling_of_the_old_account_is_found() {
        found_one("corrected", PAYMENT, "had corrected", |evidence| {
            let mut old = transfer(evidence, PAYMENT).clone();
            old["id"] = json!("tr_old");
            old["idempotency_key"] = json!("pay_b0-01-0000001:1");
            old["counterparty_id"] = json!("cpty_spelled");
            evidence.bank.ach_transfers.push(old.clone());
            let end = json!({
                "id": "cpty_spelled", "routing_number": "021000021", "account_number": "1-0000001", "account_type": "checking",
            });
            evidence.bank.counterparties.push(end);
            old["notification_of_changes"] = json!({ "change_code": "C01", "account_number": "10000009" });
            let body = json!({ "id": "evnt_noc", "type": "ach.outgoing_transfer.noc", "data": old });
            let (event_id, at) = ("evnt_noc".to_owned(), at("2026-03-04T12:00:00Z"));
            evidence.bank.deliveries.push(Delivery { order: 0, at, event_id, body, status: Some(200) });
        });
    }

    fn take_back(evidence: &mut Evidence, moment: &'static str) {
        let mut confirmed = command(CommandKind::ConfirmWithdrawal, "f", "oscar", moment);
        confirmed.answer = json!({ "said_of": PAYMENT });
        evidence.asked.commands.push(confirmed);
    }

    #[test]
    fn a_payment_to_the_old_account_after_that_was_taken_back_is_fine() {
        let found = spoiled("corrected", |evidence| {
            transfer(evidence, PAYMENT)["created_at"] = json!("2026-03-04T11:00:00Z");
            corrected("2026-03-04T12:00:00Z")(evidence);
            take_back(evidence, "2026-03-04T13:00:00Z");
        });
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn a_debit_of_a_corrected_account_after_that_was_taken_back_is_found() {
        found_one("corrected", FUNDING, "two operators had taken that back", |evidence| {
            let end = json!({ "id": "cpty_new", "routing_number": "021000021", "account_number": "90000009" });
            evidence.bank.counterparties.push(end);
            transfer(evidence, FUNDING)["counterparty_id"] = json!("cpty_new");
            let mut confirmed = command(CommandKind::ConfirmWithdrawal, "f", "oscar", "2026-03-01T12:00:00Z");
            confirmed.answer = json!({ "said_of": FUNDING });
            evidence.asked.commands.push(confirmed);
        });
    }

    #[test]
    fn a_payment_that_left_for_the_old_account_afterwards_is_found() {
        found_one("corrected", PAYMENT, "had corrected", corrected("2026-03-04T12:00:00Z"));
    }
}
