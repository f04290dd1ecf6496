//! What is decided about a source's money while nothing may leave: a refund or a retry is asked for, a debit comes back, a debt is repaid,
//! and then all of it goes on at once.

use auditor::evidence::CommandKind;
use scenarios::simulation::people::{Caller, Sent};
use serde_json::Value;

use super::banks::{in_days, take_debit_back};
use super::payroll::{OPERATORS, command, try_again};
use super::stops::switch;
use crate::actor::Actor;

/// A funding whose money is here, as the table has it.
struct Held {
    id: String,
    batch_id: String,
    source_id: String,
}

pub(super) async fn decide_while_stopped(actor: Actor, days: u64) {
    let end = in_days(&actor, days);
    while actor.now() < end {
        actor.wait_minutes(24 * 60, 10 * 24 * 60).await;
        let held = held(&actor);
        let Some(funding) = actor.fault_injector.pick(&held) else { continue };
        switch(&actor, &funding.source_id, true).await;
        if actor.fault_injector.is_one_in(2) {
            try_again(&actor, &funding.batch_id).await;
        }
        if actor.fault_injector.is_one_in(2) {
            ask_for_refund(&actor, &funding.batch_id).await;
        }
        actor.wait_minutes(5, 24 * 60).await;
        if !actor.fault_injector.is_one_in(3) {
            take_debit_back(&actor, &funding.id);
            actor.wait_minutes(5, 2 * 24 * 60).await;
        }
        if actor.fault_injector.is_one_in(2) {
            for debt in super::books::debts(&actor).await {
                super::books::settle(&actor, debt).await;
            }
        }
        switch(&actor, &funding.source_id, false).await;
    }
}

pub(super) async fn ask_for_refund(actor: &Actor, batch_id: &str) {
    let path = format!("/batches/{batch_id}/refund");
    command(actor, Caller::Operator(OPERATORS[0]), CommandKind::Refund, batch_id, &path, Sent::Nothing).await;
}

/// Fundings whose money is here, of batches that have ended.
fn held(actor: &Actor) -> Vec<Held> {
    let items = actor.simulation.table.dump();
    let ended: Vec<&str> = items
        .iter()
        .filter(|item| item.get("sk").is_some_and(|sk| sk == "BATCH"))
        .filter(|item| item.get("state").and_then(Value::as_str).is_some_and(|state| state == "completed"))
        .filter_map(|item| item.get("id")?.as_str())
        .collect();
    let held = items.iter().filter_map(|item| {
        let word = |name: &str| item.get(name)?.as_str().map(str::to_owned);
        let is_here = item.get("leg")?.get("state")? == "available";
        let id = word("id").filter(|_| is_here && item.get("pk").is_some_and(is_funding))?;
        let batch_id = format!("bat_{}", id.trim_start_matches("fnd_").split_once('-')?.0);
        ended.contains(&batch_id.as_str()).then_some(Held { id, batch_id, source_id: word("payer_id")? })
    });
    held.collect()
}

fn is_funding(pk: &Value) -> bool {
    pk.as_str().is_some_and(|pk| pk.starts_with("FUNDING#"))
}
