//! The stop switch: everything, or one payer, is stopped for a while, now and then before the payer is known at all.

use auditor::evidence::CommandKind;
use http::Method;
use scenarios::simulation::people::{Caller, Sent};
use serde_json::json;
use shared::operations::autopay::subjects;

use super::PERSONS;
use super::payroll::OPERATORS;
use crate::actor::{Actor, Request};

pub(super) const ALL: &str = "all";

pub(super) async fn stop_and_go(actor: Actor, sources: Vec<String>, households: usize, days: u64) {
    let mut payers = sources;
    for subject in PERSONS.into_iter().take(households) {
        payers.extend(subjects::keyed(&actor.simulation.system, subject).await.map(|id| id.to_string()));
    }
    let end = super::banks::in_days(&actor, days);
    let mut begins_at_once = actor.fault_injector.is_one_in(4);
    for _ in 0..actor.fault_injector.below(4) {
        if !std::mem::take(&mut begins_at_once) {
            actor.wait_minutes(60, 12 * 24 * 60).await;
        }
        if end < actor.now() {
            return;
        }
        let one = actor.fault_injector.pick(&payers).cloned().filter(|_| !actor.fault_injector.is_one_in(3));
        let scope = one.unwrap_or_else(|| ALL.to_owned());
        switch(&actor, &scope, true).await;
        actor.wait_minutes(30, 3 * 24 * 60).await;
        switch(&actor, &scope, false).await;
    }
}

pub(super) async fn switch(actor: &Actor, scope: &str, is_stopped: bool) {
    let sent = Sent::Json(json!({ "stopped": is_stopped, "reason": "looked at" }));
    let request = Request::post(Caller::Operator(OPERATORS[0]), format!("/stops/{scope}"), sent);
    actor.ask(Request { method: Method::PUT, ..request }.commands(CommandKind::Stop, scope)).await;
}

/// Whatever is still stopped goes on.
pub(super) async fn go_on(actor: &Actor) {
    let Some(stops) = actor.get(Caller::Operator(OPERATORS[0]), "/stops").await else { return };
    let stopped = stops["items"].as_array().into_iter().flatten().filter(|stop| stop["stopped"] == true);
    let scopes: Vec<String> = stopped.filter_map(|stop| stop["scope"].as_str().map(str::to_owned)).collect();
    for scope in scopes {
        switch(actor, &scope, false).await;
    }
}
