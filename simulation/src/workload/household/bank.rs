//! What persons' banks do with our debits: book them by the night after they settle, give them back, one after the other for the same reason,
//! and say of old numbers that they are closed.

use std::collections::BTreeMap;

use auditor::evidence::Account;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use simulators::column::{Control, Direction, ReturnMoment, ReturnPlan};

use super::super::banks::{in_days, look_at_reviews, transfers};
use crate::actor::Actor;
use crate::evidence::bank_list;

/// What a bank says of one debit after the other.
const ROWS: [&str; 9] = ["R01", "R01", "R01", "R02", "R10", "R24", "R29", "R99", "R99"];

/// What a bank says of a debit of a number that it has no more.
const OLD: [&str; 2] = ["R02", "R03"];

/// A debit, as the bank of its holder sees it.
struct Debit {
    id: String,
    real: String,
    cents: i64,
    is_of_now: bool,
    status: String,
    settled_at: Option<Timestamp>,
}

fn debits(actor: &Actor) -> Vec<Debit> {
    // What our bank has forgotten since, theirs has not.
    let known = bank_list(&actor.simulation, "/counterparties", "counterparties").into_iter();
    let ends: BTreeMap<String, Account> = known
        .chain(actor.hub.forgotten())
        .filter_map(|known| {
            let word = |name: &str| known[name].as_str().map(str::to_owned);
            let account = Account { routing_number: word("routing_number")?, account_number: word("account_number")? };
            Some((word("id")?, account))
        })
        .collect();
    let debit = |transfer: &Value| {
        let word = |name: &str| transfer[name].as_str().map(str::to_owned);
        let end = ends.get(transfer["counterparty_id"].as_str()?)?;
        let real = actor.hub.world.account_of(end).filter(|_| transfer["type"] == "DEBIT")?;
        Some(Debit {
            id: word("id")?,
            is_of_now: actor.hub.world.number(&real).as_ref() == Some(end),
            real,
            cents: transfer["amount"].as_i64()?,
            status: word("status")?,
            settled_at: word("settled_at").and_then(|at| at.parse().ok()),
        })
    };
    let mut found: Vec<Debit> = transfers(actor).iter().filter_map(debit).collect();
    found.reverse();
    found
}

/// Takes what settles out of its holder's account some hours later, and puts back what is returned.
pub(in super::super) async fn book_debits(actor: Actor, days: u64) {
    if actor.fault_injector.is_one_in(3) {
        let code = actor.fault_injector.pick(&ROWS).copied().unwrap_or("R01");
        let count = actor.fault_injector.between(1, 5);
        let plan = ReturnPlan::new(Direction::Debit, ReturnMoment::Settled, count, &[code]);
        actor.tell(format_args!("the next {count} debits come back: {code}"));
        let _ = actor.simulation.providers.tell_bank(Control::PlanReturns(plan));
    }
    let end = in_days(&actor, days);
    let mut booking: BTreeMap<String, Timestamp> = BTreeMap::new();
    let mut given_back: Vec<String> = Vec::new();
    while actor.now() < end {
        actor.wait_minutes(60, 3 * 60).await;
        for debit in debits(&actor) {
            let is_back = debit.status.starts_with("RETURN");
            let Some(settled_at) = debit.settled_at else { continue };
            let hours = SignedDuration::from_mins(i64::try_from(actor.fault_injector.between(5, 9 * 60)).unwrap_or(60));
            let at = *booking
                .entry(debit.id.clone())
                .or_insert_with(|| settled_at.saturating_add(hours).unwrap_or(settled_at));
            let is_booked = at <= actor.now() && !is_back;
            if is_booked && actor.hub.world.take(&debit.real, &debit.id, actor.now()) {
                actor.spend(&debit.real, debit.cents, 0);
            }
            if is_back && !given_back.contains(&debit.id) {
                given_back.push(debit.id.clone());
                // It never went out where it had not been booked.
                if !actor.hub.world.take(&debit.real, &debit.id, actor.now()) {
                    actor.spend(&debit.real, -debit.cents, 0);
                }
            }
            if !is_back && !debit.is_of_now && actor.fault_injector.is_one_in(40) {
                send_back(&actor, &debit);
            }
        }
    }
    actor.hub.world.rests(actor.now());
}

/// Our bank looks at a transfer for weeks before it lets it go.
pub(in super::super) async fn review_for_weeks(actor: Actor) {
    if actor.fault_injector.is_one_in(3) {
        actor.wait_minutes(24 * 60, 20 * 24 * 60).await;
        let _ = actor.simulation.providers.tell_bank(Control::ReviewNext { count: 1 });
        actor.tell(format_args!("the next transfer stays in review"));
        actor.wait_minutes(12 * 24 * 60, 24 * 24 * 60).await;
        look_at_reviews(&actor);
    }
}

/// No notice reaches anybody for some days.
pub(in super::super) async fn say_nothing_for_days(actor: Actor, days: u64) {
    let end = in_days(&actor, days);
    while actor.now() < end {
        actor.wait_minutes(24 * 60, 10 * 24 * 60).await;
        let until = in_days(&actor, actor.fault_injector.between(1, 6));
        actor.tell(format_args!("notices reach nobody until {until}"));
        actor.fault_injector.notices_are_down_until(until);
    }
}

fn send_back(actor: &Actor, debit: &Debit) {
    let code = actor.fault_injector.pick(&OLD).copied().unwrap_or("R02");
    actor.tell(format_args!("{} is sent back: {code}", debit.id));
    let (transfer_id, return_code) = (debit.id.clone(), code.to_owned());
    let returned = Control::Return { transfer_id, return_code, addenda: String::new() };
    let _ = actor.simulation.providers.tell_bank(returned);
}

/// A debit that was long good comes back after all.
pub(super) fn lose_debit(actor: &Actor, funding: &str) {
    let own = format!("{funding}:");
    let is_its = |transfer: &&Value| transfer["idempotency_key"].as_str().is_some_and(|key| key.starts_with(&own));
    let all = transfers(actor);
    let Some(transfer) = all.iter().find(is_its).filter(|_| !funding.is_empty()) else { return };
    let transfer_id = transfer["id"].as_str().unwrap_or_default().to_owned();
    actor.tell(format_args!("{transfer_id} is sent back: R01"));
    let returned = Control::Return { transfer_id, return_code: "R01".to_owned(), addenda: String::new() };
    let _ = actor.simulation.providers.tell_bank(returned);
}

/// A debit that is on its way finds the account closed.
pub(super) fn close_by_return(actor: &Actor, real: &str) {
    let is_on_its_way = |debit: &&Debit| debit.real == real && matches!(debit.status.as_str(), "SUBMITTED" | "SETTLED");
    if let Some(debit) = debits(actor).iter().find(is_on_its_way) {
        send_back(actor, debit);
    }
}
