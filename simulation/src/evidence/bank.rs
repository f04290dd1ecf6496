//! The bank, as its own API tells it.

use auditor::evidence::Bank;
use scenarios::simulation::Simulation;
use serde_json::{Value, json};

/// `forgotten` are counterparties that it knew.
pub(super) fn read(simulation: &Simulation, forgotten: Vec<Value>) -> Bank {
    Bank {
        accounts: all(simulation, "/bank-accounts", "bank_accounts"),
        counterparties: [all(simulation, "/counterparties", "counterparties"), forgotten].concat(),
        ach_transfers: all(simulation, "/transfers/ach", "transfers"),
        checks: all(simulation, "/transfers/checks", "transfers"),
        events: all(simulation, "/events", "events"),
        calls: Vec::new(),
        answers: Vec::new(),
        deliveries: Vec::new(),
        unfit: Vec::new(),
    }
}

/// Every object of a list, oldest first.
pub(crate) fn all(simulation: &Simulation, path: &str, field: &str) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    loop {
        let last = found.last().and_then(|last| last["id"].as_str()).map(|id| format!("&starting_after={id}"));
        let target = format!("{path}?limit=100{}", last.unwrap_or_default());
        let Ok(page) = simulation.providers.bank_get(&target) else { break };
        found.extend(page[field].as_array().into_iter().flatten().cloned());
        if page["has_more"] != json!(true) {
            break;
        }
    }
    found.reverse();
    found
}
