//! What we say of the bank's word is the latest that we took: an earlier one never stands over it, and a return keeps its code.

use serde_json::Value;

use crate::bank::{Transfer, text};
use crate::evidence::Bank;
use crate::facts::Facts;
use crate::finding::Findings;
use crate::reported::Item;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for item in facts.items().filter(|item| !item.was_disputed()) {
        let Some(transfer) = facts.transfers_of(&item.id).find(|transfer| item.transfer.as_ref() == Some(&transfer.id))
        else {
            continue;
        };
        latest(&facts.evidence.bank, item, transfer, findings);
        with_code(&facts.evidence.bank, item, transfer, findings);
    }
}

fn latest(bank: &Bank, item: &Item, transfer: &Transfer, findings: &mut Findings<'_>) {
    let words = words(bank, &transfer.id);
    let place = |word: &str| words.iter().rposition(|known| *known == word);
    let taken = bank.deliveries.iter().filter(|delivery| delivery.status == Some(200));
    let heard = taken.filter_map(|delivery| about(&delivery.body, &transfer.id)).filter_map(place).max();
    let told = item.bank_status.as_deref().and_then(place);
    findings.unless(heard.is_none() || heard <= told, &item.id, || {
        let (told, heard) =
            (item.bank_status.as_deref().unwrap_or("nothing"), heard.and_then(|place| words.get(place)));
        format!("says that the bank says {told}, and {} was heard", heard.unwrap_or(&"more"))
    });
}

/// The statuses of an object in the order in which the bank reached them.
fn words<'b>(bank: &'b Bank, id: &str) -> Vec<&'b str> {
    let time = |event: &Value| text(event, "created_at").and_then(|at| at.parse::<jiff::Timestamp>().ok());
    let mut events: Vec<&Value> = bank.events.iter().collect();
    // A list may begin with the newest.
    if events.first().map(|event| time(event)) > events.last().map(|event| time(event)) {
        events.reverse();
    }
    events.sort_by_key(|event| time(event));
    events.into_iter().filter_map(|event| about(event, id)).collect()
}

/// The status in an event about this object.
fn about<'b>(event: &'b Value, id: &str) -> Option<&'b str> {
    let object = event.get("data").filter(|object| text(object, "id") == Some(id))?;
    text(object, "status")
}

fn with_code(bank: &Bank, item: &Item, transfer: &Transfer, findings: &mut Findings<'_>) {
    if item.state != "returned" {
        return;
    }
    let object = bank.ach_transfers.iter().find(|object| text(object, "id") == Some(&transfer.id));
    let returns = object.and_then(|object| object.get("return_details")).and_then(Value::as_array);
    let Some(code) = returns.and_then(|returns| text(returns.last()?, "return_code")) else { return };
    findings.unless(item.reason == format!("returned:{code}"), &item.id, || {
        format!("gives as its reason {:?}, and the bank returned it with {code}", item.reason)
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::Evidence;
    use crate::sample::{PAYMENT, findings_of, found_one, good, spoiled, told, transfer};

    #[test]
    fn the_word_that_was_heard_last_is_fine() {
        assert!(findings_of("bank_status", &good()).is_empty());
    }

    /// The bank settled it after it had submitted it.
    fn submitted_before(evidence: &mut Evidence) {
        let settled =
            evidence.bank.events.iter().position(|event| event["data"]["id"] == format!("tr_{PAYMENT}")).unwrap();
        let mut earlier = evidence.bank.events[settled].clone();
        earlier["data"]["status"] = json!("SUBMITTED");
        earlier["created_at"] = json!("2026-03-05T20:00:00Z");
        evidence.bank.events.insert(0, earlier);
    }

    #[test]
    fn an_earlier_word_over_a_later_one_is_found() {
        found_one("bank_status", PAYMENT, "says that the bank says SUBMITTED, and SETTLED was heard", |evidence| {
            submitted_before(evidence);
            told(evidence, PAYMENT).item["bank_status"] = json!("SUBMITTED");
        });
    }

    #[test]
    fn a_later_word_that_was_asked_for_is_fine() {
        let found = spoiled("bank_status", |evidence| {
            submitted_before(evidence);
            let is_its = |delivery: &&mut crate::evidence::Delivery| delivery.event_id.ends_with(PAYMENT);
            evidence.bank.deliveries.iter_mut().find(is_its).unwrap().body["data"]["status"] = json!("SUBMITTED");
        });
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn a_return_that_lost_its_code_is_found() {
        found_one("bank_status", PAYMENT, "the bank returned it with R03", |evidence| {
            transfer(evidence, PAYMENT)["return_details"] = json!([{ "return_code": "R03" }]);
            told(evidence, PAYMENT).item["state"] = json!("returned");
        });
    }
}
