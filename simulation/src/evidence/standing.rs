//! What the table holds of everything that can still move.

use std::collections::BTreeSet;

use auditor::evidence::{Standing, StandingKind};
use jiff::Timestamp;
use serde_json::Value;
use shared::ports::table::Attributes;

pub(super) fn of(items: &[Attributes], now: Timestamp) -> Vec<Standing> {
    let paused: BTreeSet<String> = items.iter().filter_map(|item| paused_payer(item, now)).collect();
    items.iter().filter_map(|item| standing(item, &paused)).collect()
}

/// The scope of a stop of everything.
const EVERYBODY: &str = "all";

fn word(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(str::to_owned)
}

/// The id of a source or person from whom nothing leaves now.
fn paused_payer(item: &Attributes, now: Timestamp) -> Option<String> {
    let pk = item.get("pk")?.as_str()?;
    if pk.starts_with("STOP#") {
        let is_on = item.get("stopped") == Some(&Value::Bool(true));
        return is_on.then(|| word(item.get("scope"))).flatten();
    }
    if !pk.starts_with("SOURCE#") && !pk.starts_with("PERSON#") {
        return None;
    }
    let pause = item.get("pause").filter(|pause| !pause.is_null());
    let until = pause.and_then(|pause| pause.get("until")?.as_str()?.parse::<Timestamp>().ok());
    let is_blocked = item.get("debit_block").is_some_and(|block| !block.is_null());
    let is_paused = pause.is_some() && until.is_none_or(|until| now < until);
    let owes = item.get("receivable_open") == Some(&Value::Bool(true));
    (is_paused || is_blocked || owes).then(|| word(item.get("id"))).flatten()
}

fn standing(item: &Attributes, paused: &BTreeSet<String>) -> Option<Standing> {
    let (pk, sk, id) = (item.get("pk")?.as_str()?, item.get("sk")?.as_str()?, word(item.get("id"))?);
    let kind = match (pk.split('#').next()?, sk) {
        ("BATCH", "BATCH") => StandingKind::Batch,
        ("BATCH", sk) if sk.starts_with("PAYMENT#") => StandingKind::Row,
        ("PAYMENT", _) => StandingKind::LonePayment,
        ("FUNDING", _) => StandingKind::Funding,
        ("CARD", "CARD") => StandingKind::Card,
        ("ITEM", "ITEM") => StandingKind::Item,
        _ => return None,
    };
    let is_counted = match kind {
        // Autopay is on, and the item is still linked.
        StandingKind::Card => item.get("authorization").is_some_and(|given| {
            let has = |name: &str| given.get(name).is_some_and(|at| !at.is_null());
            has("agreed_at") && !has("revoked_at") && !has("ended_by_return")
        }),
        StandingKind::Item => item.get("sealed_access_token").is_some_and(|token| !token.is_null()),
        StandingKind::Batch | StandingKind::Row | StandingKind::LonePayment | StandingKind::Funding => true,
    };
    let leg = item.get("leg");
    let flag = leg.and_then(|leg| leg.get("attention")).or_else(|| item.get("attention"));
    let state = word(leg.and_then(|leg| leg.get("state"))).or_else(|| word(item.get("state")));
    let payer = word(item.get("payer_id")).or_else(|| word(item.get("person_id")));
    is_counted.then(|| Standing {
        id,
        kind,
        state: state.unwrap_or_default(),
        batch_id: (kind == StandingKind::Row).then(|| pk.split('#').nth(1).map(str::to_owned)).flatten(),
        due_at: item.get("due_sk").and_then(|due| due.as_str()?.parse().ok()),
        attention: flag.and_then(|flag| word(flag.get("reason"))),
        is_paused: payer.is_some_and(|payer| paused.contains(&payer) || paused.contains(EVERYBODY)),
    })
}
