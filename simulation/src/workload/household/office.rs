//! What operators do for autopay: where issuers take checks, checks that are made anew, refunds that came back, what holds a card back. Some
//! do alone what two have to do, and some have a card themselves.

use auditor::evidence::CommandKind;
use http::Method;
use scenarios::simulation::people::{Caller, Sent};
use serde_json::{Value, json};
use shared::ports::table::Attributes;

use super::super::banks::in_days;
use super::super::payroll::{OPERATORS, command};
use super::ISSUER;
use crate::actor::{Actor, Request};

fn remittance(line_1: &str) -> Value {
    json!({
        "name": "Example Card Services",
        "address": { "line_1": line_1, "city": "Wilmington", "state": "DE", "postal_code": "19886" },
    })
}

/// Two operators enter where the issuer takes checks.
pub(in super::super) async fn enter_remittance_address(actor: Actor) {
    say_where(&actor, "PO Box 100").await;
}

async fn say_where(actor: &Actor, line_1: &str) {
    let path = format!("/billers/{ISSUER}/remittance");
    let [first, second] = OPERATORS.map(Caller::Operator);
    let sent = || Sent::Json(remittance(line_1));
    let proposal = Request { method: Method::PUT, ..Request::post(first, path.clone(), sent()) };
    actor.ask(proposal.commands(CommandKind::ProposeRemittance, ISSUER)).await;
    let confirm = |by| Request::post(by, format!("{path}/confirm"), sent());
    if actor.fault_injector.is_one_in(4) {
        actor.ask(confirm(first).commands(CommandKind::ConfirmRemittance, ISSUER)).await;
    }
    actor.ask(confirm(second).commands(CommandKind::ConfirmRemittance, ISSUER)).await;
}

/// The issuer moves, now and then.
pub(in super::super) async fn correct_addresses(actor: Actor, days: u64) {
    let end = in_days(&actor, days);
    while actor.now() < end {
        actor.wait_minutes(3 * 24 * 60, 16 * 24 * 60).await;
        let line_1 = format!("PO Box {}", 100 * actor.fault_injector.between(1, 9));
        actor.tell(format_args!("{ISSUER} takes checks at {line_1}"));
        say_where(&actor, &line_1).await;
    }
}

/// Looks every day or so at what autopay leaves to operators.
pub(in super::super) async fn look_after_autopay(actor: Actor, days: u64) {
    let end = in_days(&actor, days);
    while actor.now() < end {
        actor.wait_minutes(12 * 60, 3 * 24 * 60).await;
        for item in actor.simulation.table.dump() {
            look_at(&actor, &item).await;
        }
    }
}

async fn look_at(actor: &Actor, item: &Attributes) {
    let word = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
    let (pk, sk, id) = (word("pk"), word("sk"), word("id"));
    let leg = item.get("leg").cloned().unwrap_or_default();
    match (pk.split('#').next(), sk) {
        (Some("PERSON"), "PERSON") if item.get("debit_block").is_some_and(|block| !block.is_null()) => {
            clear_own(actor, id).await;
        }
        (Some("CARD"), "CARD") if actor.fault_injector.is_one_in(25) => clear_hold(actor, id).await,
        (Some("PAYMENT"), _) if leg["state"] == "returned" && leg["attention"]["reason"] == "refund_returned" => {
            redirect_refund(actor, id, word("payer_id")).await;
        }
        (Some("PAYMENT"), _) if leg["state"] == "returned" && item.contains_key("autopay") => {
            if leg["attention"].is_object() && actor.fault_injector.is_one_in(3) {
                super::bank::lose_debit(actor, item.get("funding_id").and_then(Value::as_str).unwrap_or_default());
                actor.wait_minutes(2 * 60, 24 * 60).await;
            }
            if actor.fault_injector.is_one_in(2) {
                replace_check(actor, id).await;
            }
        }
        _ => {}
    }
}

/// The person whose block it is has the role as well, and tries.
async fn clear_own(actor: &Actor, person_id: &str) {
    let own = actor.hub.persons().into_iter().find(|person| person.person_id == person_id);
    let subject = own.and_then(|own| super::super::PERSONS.into_iter().find(|subject| *subject == own.subject));
    if let (Some(subject), true) = (subject, actor.fault_injector.is_one_in(2)) {
        let path = format!("/people/{person_id}/block/clear");
        let note = Sent::Json(json!({ "note": "it was me" }));
        command(actor, Caller::Operator(subject), CommandKind::ClearBlock, person_id, &path, note).await;
    }
}

async fn clear_hold(actor: &Actor, card_id: &str) {
    let path = format!("/cards/{card_id}/hold/clear");
    let note = Sent::Json(json!({ "note": "looked at" }));
    command(actor, Caller::Operator(OPERATORS[0]), CommandKind::ClearHold, card_id, &path, note).await;
}

/// A check that came back is made anew: where it went, or at another address, which one alone does not decide.
async fn replace_check(actor: &Actor, id: &str) {
    let line_1 = format!("PO Box {}", 100 * actor.fault_injector.between(1, 9));
    let sent = || Sent::Json(json!({ "address": remittance(&line_1)["address"] }));
    let path = format!("/payments/{id}/check/replace");
    let [first, second] = OPERATORS.map(Caller::Operator);
    command(actor, first, CommandKind::ReplaceCheck, id, &path, sent()).await;
    if actor.fault_injector.is_one_in(4) {
        return;
    }
    let by = if actor.fault_injector.is_one_in(4) { first } else { second };
    command(actor, by, CommandKind::ConfirmReplacement, id, &format!("{path}/confirm"), sent()).await;
}

/// A refund that did not arrive goes to another account of its person's, or the same as it is now.
async fn redirect_refund(actor: &Actor, id: &str, person_id: &str) {
    let accounts = actor.simulation.table.dump().into_iter().filter(|item| {
        let word = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
        word("id").starts_with("bnk_") && word("person_id") == person_id && item.contains_key("account")
    });
    let accounts: Vec<Attributes> = accounts.collect();
    let Some(account) = actor.fault_injector.pick(&accounts) else { return };
    let account_id = account.get("id").cloned().unwrap_or_default();
    let last4 = account.get("account").map(|known| known["account_last4"].clone()).unwrap_or_default();
    let path = format!("/payments/{id}/refund/send-again");
    let [first, second] = OPERATORS.map(Caller::Operator);
    let to = Sent::Json(json!({ "bank_account_id": account_id }));
    command(actor, first, CommandKind::SendRefundAgain, id, &path, to).await;
    let by = if actor.fault_injector.is_one_in(2) { first } else { second };
    let seen = Sent::Json(json!({ "bank_account_id": account_id, "account_last4": last4 }));
    command(actor, by, CommandKind::ConfirmRefundAccount, id, &format!("{path}/confirm"), seen).await;
}
