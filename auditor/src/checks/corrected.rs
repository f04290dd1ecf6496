//! What a receiving bank corrected is used from the next payment on: nothing is sent any more to an account after our receiver took the
//! news that another one is to be used.

use jiff::{SignedDuration, Timestamp};

use crate::bank::{correction, text};
use crate::evidence::Account;
use crate::facts::Facts;
use crate::finding::Findings;

/// An account that is not to be used, since our receiver took the news.
struct Gone {
    account: Account,
    since: Timestamp,
}

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let gone = gone(facts);
    // A run that had looked before lasts no longer than a lease.
    let lease = SignedDuration::from_secs(i64::from(facts.evidence.terms.lease_seconds));
    for transfer in &facts.transfers {
        let is_claim = |step: &&&crate::evidence::Move| step.state == "submitting" && step.attempt == transfer.attempt;
        let Some(claimed) = facts.moves_of(&transfer.item).iter().find(is_claim) else { continue };
        let is_late = |known: &&Gone| known.since.checked_add(lease).is_ok_and(|until| until < claimed.at);
        let known = gone.iter().filter(is_late).find(|known| transfer.other_end.as_ref() == Some(&known.account));
        findings.unless(known.is_none(), &transfer.item, || {
            let since = known.map_or(claimed.at, |known| known.since);
            format!("was sent by {} to an account that its bank had corrected at {since}", transfer.id)
        });
    }
}

/// Without those that another correction leads back to.
fn gone(facts: &Facts<'_>) -> Vec<Gone> {
    let taken = facts.evidence.bank.deliveries.iter().filter(|delivery| delivery.status == Some(200));
    let corrections = taken.filter_map(|delivery| {
        let object = delivery.body.get("data")?;
        let of = facts.transfers.iter().find(|transfer| text(object, "id") == Some(&transfer.id))?;
        let was = of.other_end.clone()?;
        let new = correction(object, &was)?;
        (was != new).then_some((was, new, delivery.at))
    });
    let corrections: Vec<_> = corrections.collect();
    let leads_back = |account: &Account| corrections.iter().any(|(_, new, _)| new == account);
    let gone = corrections.iter().filter(|(was, _, _)| !leads_back(was));
    gone.map(|(was, _, at)| Gone { account: was.clone(), since: *at }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::{Delivery, Evidence};
    use crate::sample::{PAYMENT, at, findings_of, found_one, good, spoiled, transfer};

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
    fn a_payment_that_left_for_the_old_account_afterwards_is_found() {
        found_one("corrected", PAYMENT, "had corrected", corrected("2026-03-04T12:00:00Z"));
    }
}
