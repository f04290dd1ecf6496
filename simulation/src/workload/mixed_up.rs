//! Words of the bank, signed and wrong: what became of one transfer is said under the key of another payment, or with another amount.

use serde_json::{Value, json};

use super::banks::{in_days, transfers};
use crate::actor::Actor;

pub(super) async fn mix_up(actor: Actor, days: u64) {
    let end = in_days(&actor, days);
    while actor.now() < end {
        actor.wait_minutes(2 * 24 * 60, 20 * 24 * 60).await;
        mix_up_two(&actor);
    }
}

/// A transfer came back, and the word about it bears the key of another one of the same kind.
fn mix_up_two(actor: &Actor) {
    let all = transfers(actor);
    let returned: Vec<&Value> = all.iter().filter(|transfer| transfer["status"] == "RETURNED").collect();
    let Some(from) = actor.fault_injector.pick(&returned) else { return };
    let of_kind: Vec<&Value> = all.iter().filter(|to| to["type"] == from["type"] && to["id"] != from["id"]).collect();
    // Another of the same amount would be the worst.
    let alike: Vec<&Value> = of_kind.iter().copied().filter(|to| to["amount"] == from["amount"]).collect();
    let Some(to) = actor.fault_injector.pick(if alike.is_empty() { &of_kind } else { &alike }) else { return };
    let mut said = (*from).clone();
    said["idempotency_key"] = to["idempotency_key"].clone();
    said["amount"] = to["amount"].clone();
    returned_said(actor, said);
}

/// Words come that some payments of a batch came back once more, with another amount than they had.
pub(super) fn disturb(actor: &Actor, batch_id: &str) {
    let own = format!("pay_{}-", batch_id.trim_start_matches("bat_"));
    let is_own = |transfer: &Value| transfer["idempotency_key"].as_str().is_some_and(|key| key.starts_with(&own));
    for mut transfer in transfers(actor).into_iter().filter(is_own) {
        if transfer["status"] == "RETURNED" && actor.fault_injector.is_one_in(2) {
            transfer["amount"] = (transfer["amount"].as_i64().unwrap_or_default() + 100).into();
            returned_said(actor, transfer);
        }
    }
}

fn returned_said(actor: &Actor, data: Value) {
    let event = json!({
        "id": format!("evnt_{:016x}", actor.fault_injector.below(u64::MAX)), "created_at": data["returned_at"],
        "type": "ach.outgoing_transfer.returned", "data": data,
    });
    actor.bank_says(event);
}
