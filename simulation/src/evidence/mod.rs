//! What a run hands to the auditor, gathered from outside when nothing moves any more: the bank by its own API, our answers by ours.

mod bank;
mod reported;
mod standing;
mod webhooks;

use auditor::evidence::{Asked, Bank, Evidence, Forbidden, Logs, Terms, Told};
use axum::Router;
use scenarios::simulation::Simulation;

pub(crate) use bank::all as bank_list;

use crate::engine::Engine;

/// Everything about a run. `api` answers undisturbed.
pub(crate) fn gather(engine: &Engine, api: &Router, log: Vec<String>, is_at_rest: bool) -> Evidence {
    let simulation: &Simulation = &engine.simulation;
    let seen = engine.recorder.seen();
    let settings = &simulation.system.settings;
    let items = simulation.table.dump();
    let asked = Asked {
        files: engine.hub.files(),
        commands: seen.commands,
        persons: engine.hub.persons(),
        real_accounts: engine.hub.world.accounts(),
        real_cards: engine.hub.world.cards(),
        sightings: engine.hub.sightings(),
        large_links: engine.hub.large_links(),
        balances_asked: seen.balances_asked,
        endpoints: engine.hub.endpoints(),
    };
    let forbidden = forbidden(engine, &asked);
    let events = webhooks::verified(seen.received, &asked.endpoints);
    Evidence {
        gathered_at: simulation.now(),
        is_at_rest,
        terms: Terms {
            hold_banking_days: settings.hold_banking_days,
            hold_new_banking_days: HOLD_NEW_BANKING_DAYS,
            lease_seconds: u32::try_from(settings.lease.as_secs()).unwrap_or(u32::MAX),
        },
        bank: Bank {
            calls: seen.calls,
            answers: seen.answers,
            deliveries: seen.deliveries,
            unfit: seen.unfit.into_iter().collect(),
            ..bank::read(simulation, engine.hub.forgotten())
        },
        told: Told { notices: seen.notices, events, ..reported::read(simulation, api, &items) },
        standing: standing::of(&items, simulation.now()),
        moves: seen.moves,
        pauses: seen.pauses,
        given_up: seen.dead_letter_queues,
        logs: Logs { lines: log, forbidden },
        asked,
    }
}

/// As the documentation tells persons.
const HOLD_NEW_BANKING_DAYS: u32 = 4;

/// Shorter numbers would be found by chance.
const SHORTEST_SECRET: usize = 8;

/// What no log line may hold: numbers and names of the files and persons.
fn forbidden(engine: &Engine, asked: &Asked) -> Vec<Forbidden> {
    let mut found: Vec<(&str, String)> = Vec::new();
    for row in asked.files.iter().flat_map(|file| &file.rows) {
        // What is short may be part of anything.
        if row.payee_account.len() >= SHORTEST_SECRET {
            found.push(("account number of a payee", row.payee_account.clone()));
        }
        found.push(("account number of a source", row.source_account.account_number.clone()));
    }
    if let Some(plan) = &engine.setup.payroll
        && let Ok(rows) = generator::rows(&plan.company)
    {
        for row in rows {
            found.push(("date of birth", row.employee.date_of_birth));
            found.push(("phone number", row.employee.phone_number));
            found.push(("tax id of a source", row.source.ein));
        }
    }
    for person in &asked.persons {
        found.extend(
            person.accounts.iter().map(|account| ("account number of a person", account.account_number.clone())),
        );
        found.extend(person.cards.iter().map(|card| ("card number", card.card_number.clone())));
    }
    found.sort();
    found.dedup();
    found.into_iter().map(|(what, text)| Forbidden { what: what.to_owned(), text }).collect()
}
