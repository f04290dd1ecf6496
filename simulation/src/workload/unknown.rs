//! What operators do where even the bank's whole list does not tell how a send ended: they ask the bank by another way, one says what it
//! said, and another confirms it. Some name another transfer, some try both, and some say it of what nobody has looked for yet.

use auditor::evidence::CommandKind;
use http::Method;
use scenarios::simulation::people::{Caller, Sent};
use serde_json::{Value, json};

use super::payroll::{OPERATORS, command};
use super::stops::switch;
use crate::actor::{Actor, Request};
use crate::evidence::bank_list;

/// Looks before nobody waits any more for a send without an answer.
const LOOKS_MAX: u32 = 400;

pub(super) async fn look_after_unknown(actor: Actor, days: u64) {
    let end = super::banks::in_days(&actor, days);
    while actor.now() < end {
        actor.wait_minutes(12 * 60, 6 * 24 * 60).await;
        if actor.fault_injector.is_one_in(3)
            && let Some(key) = actor.fault_injector.pick(&submitting(&actor, None)).cloned()
        {
            say(&actor, &key, &json!({ "outcome": "never_reached" })).await;
        }
        settle_unknown(&actor).await;
    }
}

/// Somebody stops a payer while a send of its is unanswered, and comes back when that is too old to be sent again.
pub(super) async fn stop_for_a_month(actor: Actor) {
    actor.wait_minutes(0, 12 * 24 * 60).await;
    for _ in 0..LOOKS_MAX {
        if let Some(payer) = actor.fault_injector.pick(&payers_in_doubt(&actor)).cloned() {
            switch(&actor, &payer, true).await;
            actor.wait_minutes(30 * 24 * 60, 33 * 24 * 60).await;
            return switch(&actor, &payer, false).await;
        }
        actor.wait_minutes(5, 60).await;
    }
}

/// Payers of what has been sent for some minutes and has no answer.
fn payers_in_doubt(actor: &Actor) -> Vec<String> {
    let found = actor.simulation.table.dump().into_iter().filter_map(|item| {
        let leg = item.get("leg")?;
        let is_in_doubt = leg.get("state")? == "submitting" && leg.get("claim")?.get("outcome")? != "awaited";
        is_in_doubt.then(|| item.get("payer_id")?.as_str().map(str::to_owned))?
    });
    found.collect()
}

/// Every send whose outcome nobody knows is ended, as far as the bank knows it.
pub(super) async fn settle_unknown(actor: &Actor) {
    for key in submitting(actor, Some("outcome_unknown")) {
        // The bank cannot say yet what has still to reach it.
        if actor.fault_injector.is_astray(&key) {
            continue;
        }
        if actor.fault_injector.is_one_in(3)
            && let Some(other) = another_transfer(actor, &key)
        {
            say(actor, &key, &json!({ "outcome": "found", "transfer_id": other })).await;
        }
        let told = match transfers(actor).iter().find(|transfer| transfer["idempotency_key"] == key.as_str()) {
            Some(transfer) => json!({ "outcome": "found", "transfer_id": transfer["id"] }),
            None => json!({ "outcome": "never_reached" }),
        };
        say(actor, &key, &told).await;
    }
}

/// One operator says it, perhaps tries to confirm it as well, and the other one does.
async fn say(actor: &Actor, key: &str, told: &Value) {
    let Some((id, _)) = key.rsplit_once(':') else { return };
    let [first, second] = OPERATORS.map(Caller::Operator);
    let mut proposal = told.clone();
    proposal["reason"] = "asked the bank by telephone".into();
    let path = format!("/unknown-outcomes/{id}");
    let proposed = Request { method: Method::PUT, ..Request::post(first, path.clone(), Sent::Json(proposal)) };
    let answer = actor.ask(proposed.commands(CommandKind::ProposeOutcome, id)).await;
    if !answer.is_some_and(|answer| answer.status.is_success()) {
        return;
    }
    let path = format!("{path}/confirm");
    let kind = CommandKind::ConfirmOutcome;
    if actor.fault_injector.is_one_in(3) {
        command(actor, first, kind, id, &path, Sent::Json(told.clone())).await;
    }
    actor.wait_minutes(1, 12 * 60).await;
    command(actor, second, kind, id, &path, Sent::Json(told.clone())).await;
}

/// The keys of the sends that may be out: all of them, or those that bear a flag.
fn submitting(actor: &Actor, flag: Option<&str>) -> Vec<String> {
    let found = actor.simulation.table.dump().into_iter().filter_map(|item| {
        let (id, leg) = (item.get("id")?.as_str()?, item.get("leg")?);
        let reason = leg.get("attention").and_then(|attention| attention.get("reason")?.as_str());
        let is_it = leg.get("state")? == "submitting" && (flag.is_none() || flag == reason);
        is_it.then(|| Some(format!("{id}:{}", leg.get("attempt")?.as_u64()?)))?
    });
    found.collect()
}

fn transfers(actor: &Actor) -> Vec<Value> {
    let checks = bank_list(&actor.simulation, "/transfers/checks", "transfers");
    super::banks::transfers(actor).into_iter().chain(checks).collect()
}

/// The id of a transfer that was made for something else.
fn another_transfer(actor: &Actor, key: &str) -> Option<String> {
    let transfers = super::banks::transfers(actor);
    let others: Vec<&Value> = transfers.iter().filter(|transfer| transfer["idempotency_key"] != key).collect();
    actor.fault_injector.pick(&others)?["id"].as_str().map(str::to_owned)
}
