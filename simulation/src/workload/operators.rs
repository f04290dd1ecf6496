//! What operators do: pauses, and whatever wants attention.

use auditor::evidence::CommandKind;
use scenarios::simulation::people::{Caller, Sent};
use serde_json::{Value, json};

use super::payroll::{OPERATORS, command};
use crate::actor::{Actor, Request};
use crate::setup::PayrollPlan;

/// Looks every few days at what wants attention, and says that it may go on; not always at once.
pub(super) async fn look_after_attention(actor: Actor, days: u64) {
    let end = super::banks::in_days(&actor, days);
    while actor.now() < end {
        actor.wait_minutes(24 * 60, 5 * 24 * 60).await;
        for (kind, id) in flagged(&actor) {
            if !actor.fault_injector.is_one_in(3) {
                clear(&actor, kind, &id).await;
            }
        }
        resume_paused(&actor).await;
    }
}

async fn clear(actor: &Actor, kind: &str, id: &str) {
    if is_lost_refund(actor, id) {
        return send_refund_again(actor, id).await;
    }
    let path = format!("/{kind}/{id}/attention/clear");
    let mut said = json!({ "note": "looked at" });
    if kind != "batches" {
        // A word of the bank that does not fit is taken only where it is how the bank has it.
        // Some take whatever it says.
        let is_careless = actor.fault_injector.is_one_in(4);
        let is_taken = is_careless || (!actor.fault_injector.is_one_in(4) && word_holds(actor, kind, id).await);
        said["apply"] = is_taken.into();
    }
    command(actor, Caller::Operator(OPERATORS[1]), CommandKind::ClearAttention, id, &path, Sent::Json(said)).await;
}

/// A refund to a person that did not arrive: clearing its flag alone would leave the money with us.
fn is_lost_refund(actor: &Actor, id: &str) -> bool {
    actor.simulation.table.dump().into_iter().any(|item| {
        let is_it = item.get("id").and_then(Value::as_str) == Some(id);
        let reason = item.get("leg").and_then(|leg| leg.get("attention")?.get("reason")?.as_str());
        is_it && item.contains_key("autopay") && reason == Some("refund_returned")
    })
}

async fn send_refund_again(actor: &Actor, id: &str) {
    let path = format!("/payments/{id}/refund/send-again");
    actor.ask(Request::post(Caller::Operator(OPERATORS[1]), &path, Sent::Json(json!({})))).await;
}

/// Whether what the bank said of it and was not applied is how the bank has it.
async fn word_holds(actor: &Actor, kind: &str, id: &str) -> bool {
    let history = actor.get(super::READER, &format!("/{kind}/{id}/history")).await.unwrap_or_default();
    let lines: Vec<Value> = history["items"].as_array().cloned().unwrap_or_default();
    let disputed = lines.iter().filter(|line| line["attention"] == "bank_disagrees");
    let Some(word) = disputed.filter_map(|line| line["what"].as_str()?.rsplit('.').next()).next_back() else {
        return false;
    };
    let own = format!("{id}:");
    super::banks::transfers(actor).iter().any(|transfer| {
        let is_its = transfer["idempotency_key"].as_str().is_some_and(|key| key.starts_with(&own));
        is_its && transfer["status"].as_str().is_some_and(|status| status.eq_ignore_ascii_case(word))
    })
}

/// Everything that waits for somebody is seen to, so that whatever can end does.
pub(crate) async fn look_a_last_time(actor: Actor) {
    for (kind, id) in flagged(&actor) {
        clear(&actor, kind, &id).await;
    }
    super::unknown::settle_unknown(&actor).await;
    super::stops::go_on(&actor).await;
    resume_paused(&actor).await;
    lift_blocks(&actor).await;
    give_back(&actor).await;
    for debt in super::books::debts(&actor).await {
        super::books::settle(&actor, debt).await;
    }
}

/// What is left of each batch that has ended goes back to its sources.
async fn give_back(actor: &Actor) {
    let ended = actor.simulation.table.dump().into_iter().filter_map(|item| {
        let word = |name: &str| item.get(name)?.as_str().map(str::to_owned);
        let has_ended = matches!(word("state")?.as_str(), "completed" | "canceled");
        (word("sk")? == "BATCH" && has_ended && item.get("approval").is_some_and(|by| !by.is_null()))
            .then(|| word("id"))?
    });
    for id in ended.collect::<Vec<_>>() {
        super::held::ask_for_refund(actor, &id).await;
    }
}

/// What bears a flag, as operators are told: by its path and id.
fn flagged(actor: &Actor) -> Vec<(&'static str, String)> {
    let found = actor.simulation.table.dump().into_iter().filter_map(|item| {
        let pk = item.get("pk")?.as_str()?;
        let sk = item.get("sk")?.as_str()?;
        let id = item.get("id")?.as_str()?.to_owned();
        let of_leg = item.get("leg").and_then(|leg| leg.get("attention"));
        let flag = of_leg.or_else(|| item.get("attention")).filter(|flag| !flag.is_null());
        flag?;
        match (pk.split('#').next()?, sk) {
            ("BATCH", "BATCH") => Some(("batches", id)),
            ("BATCH" | "PAYMENT", _) => Some(("payments", id)),
            ("FUNDING", _) => Some(("fundings", id)),
            _ => None,
        }
    });
    found.collect()
}

/// A source that a refusal of the bank or a return paused is resumed once somebody has looked.
async fn resume_paused(actor: &Actor) {
    let by = Caller::Operator(OPERATORS[1]);
    let Some(sources) = actor.get(by, "/sources").await else { return };
    let paused = sources["items"].as_array().into_iter().flatten().filter(|source| source["paused"] == true);
    let ids: Vec<String> = paused.filter_map(|source| source["source_id"].as_str().map(str::to_owned)).collect();
    for id in ids {
        let path = format!("/sources/{id}/resume");
        let sent = Sent::Json(json!({ "reason": "looked at" }));
        command(actor, by, CommandKind::ResumeSource, &id, &path, sent).await;
    }
}

/// Blocks are lifted, now and then.
pub(super) async fn look_after_persons(actor: Actor, days: u64) {
    let end = super::banks::in_days(&actor, days);
    while actor.now() < end {
        actor.wait_minutes(2 * 24 * 60, 9 * 24 * 60).await;
        lift_blocks(&actor).await;
    }
}

/// Persons whose debits were stopped, by a return or by a reconciliation.
async fn lift_blocks(actor: &Actor) {
    let blocked = actor.simulation.table.dump().into_iter().filter_map(|item| {
        let word = |name: &str| item.get(name)?.as_str().map(str::to_owned);
        let is_set = |name: &str| item.get(name).is_some_and(|value| !value.is_null());
        let is_blocked = is_set("debit_block") || is_set("pause");
        (word("pk")?.starts_with("PERSON#") && is_blocked).then(|| word("id")).flatten()
    });
    for id in blocked.collect::<Vec<_>>() {
        let sent = Sent::Json(json!({ "note": "looked at" }));
        let path = format!("/people/{id}/block/clear");
        command(actor, Caller::Operator(OPERATORS[0]), CommandKind::ClearBlock, &id, &path, sent).await;
    }
}

/// Now and then a source is paused for a while.
pub(super) async fn pause_and_resume(actor: Actor, plan: PayrollPlan) {
    let Ok(rows) = generator::rows(&plan.company) else { return };
    let ids: Vec<String> = rows.sources().iter().map(|source| source.source_id.clone()).collect();
    for _ in 0..actor.fault_injector.below(4) {
        actor.wait_minutes(60, 6 * 24 * 60).await;
        let Some(id) = actor.fault_injector.pick(&ids).cloned() else { return };
        let by = Caller::Operator(OPERATORS[0]);
        let path = format!("/sources/{id}/pause");
        command(&actor, by, CommandKind::PauseSource, &id, &path, Sent::Nothing).await;
        actor.wait_minutes(10, 2 * 24 * 60).await;
        let path = format!("/sources/{id}/resume");
        let sent = Sent::Json(json!({ "reason": "looked at" }));
        command(&actor, by, CommandKind::ResumeSource, &id, &path, sent).await;
    }
}
