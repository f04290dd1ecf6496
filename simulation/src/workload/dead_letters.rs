//! What operators do with dead letters: send them again, one or all, or discard them.

use auditor::evidence::CommandKind;
use scenarios::simulation::people::{Caller, Sent};
use serde_json::{Value, json};

use super::payroll::{OPERATORS, command};
use crate::actor::Actor;

pub(super) async fn look_after_letters(actor: Actor, days: u64) {
    let end = super::banks::in_days(&actor, days);
    let by = Caller::Operator(OPERATORS[1]);
    while actor.now() < end {
        actor.wait_minutes(24 * 60, 6 * 24 * 60).await;
        let Some(list) = actor.get(by, "/dead-letters").await else { continue };
        let letters: Vec<Value> = list["items"].as_array().cloned().unwrap_or_default();
        if letters.len() > 1 && actor.fault_injector.is_one_in(3) {
            let sent = Sent::Json(json!({ "reason": "the cause is mended" }));
            command(&actor, by, CommandKind::SendAllLettersAgain, "all", "/dead-letters/send-again", sent).await;
            continue;
        }
        for letter in &letters {
            if !actor.fault_injector.is_one_in(4) {
                decide(&actor, by, letter).await;
            }
        }
    }
}

async fn decide(actor: &Actor, by: Caller, letter: &Value) {
    let Some(id) = letter["dead_letter_id"].as_str() else { return };
    let is_task = letter["task"].is_object();
    // What is no task can only be discarded; somebody tries the other nevertheless.
    let sends = if is_task { !actor.fault_injector.is_one_in(4) } else { actor.fault_injector.is_one_in(4) };
    let (kind, verb) = match sends {
        true => (CommandKind::SendLetterAgain, "send-again"),
        false => (CommandKind::DiscardLetter, "discard"),
    };
    let sent = Sent::Json(json!({ "reason": "looked at" }));
    command(actor, by, kind, id, &format!("/dead-letters/{id}/{verb}"), sent).await;
}
