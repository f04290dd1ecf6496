//! What befalls Plaid and those who receive its webhooks: other keys, floods of forgeries, outages, fresh processes.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::actor::Actor;
use crate::faults::Fault;

pub(super) async fn trouble(actor: Actor, days: u64) {
    let end = super::banks::in_days(&actor, days);
    while actor.now() < end {
        actor.wait_minutes(60, 14 * 24 * 60).await;
        if actor.fault_injector.is_one_in(2) {
            let _ = actor.simulation.providers.tell_plaid(json!({ "control": "rotate_keys" }));
        }
        actor.fault_injector.replace_receivers();
        let hours = i64::try_from(actor.fault_injector.between(10, 30)).unwrap_or(10);
        let until = actor.now().saturating_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX);
        if actor.fault_injector.is_one_in(3) {
            actor.fault_injector.plaid_is_down_until(until);
            actor.fault_injector.count(Fault::PlaidDown);
        } else {
            actor.fault_injector.flood_until(until);
        }
    }
}
