//! What other banks do, and what befalls ours: returns at any time, notices of change, reviews, outages.

use std::collections::BTreeMap;

use auditor::evidence::Account;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use simulators::column::{Control, Direction, ReturnMoment, ReturnPlan};

use crate::actor::Actor;
use crate::evidence::bank_list;
use crate::fault_injector::Refusal;
use crate::faults::Fault;

/// Why a receiving bank sends a credit back.
const PAYOUT_CODES: [&str; 8] = ["R02", "R03", "R04", "R16", "R20", "R23", "R01", "R17"];
/// Why a debited bank does: what says that nobody authorized it comes twice as often.
const FUNDING_CODES: [&str; 11] = ["R01", "R02", "R08", "R09", "R29", "R16", "R10", "R05", "R07", "R29", "R10"];

/// What the bank answers for hours when it refuses us.
const REFUSALS: [Refusal; 4] = [
    Refusal::Status(401),
    Refusal::Status(403),
    Refusal::Code("limit_exceeded"),
    Refusal::Code("transfer_amount_limit_exceeded"),
];

/// Transfers come back, one now and one then.
pub(super) async fn send_back(actor: Actor, days: u64) {
    for _ in 0..actor.fault_injector.below(3) {
        let codes: Vec<&str> = actor.fault_injector.pick(&PAYOUT_CODES).copied().into_iter().collect();
        let plan = ReturnPlan::new(Direction::Credit, ReturnMoment::Settled, 1 + actor.fault_injector.below(3), &codes);
        control(&actor, Control::PlanReturns(plan), &[Fault::PayoutReturned]);
    }
    for moment in [ReturnMoment::Settled, ReturnMoment::Available] {
        if actor.fault_injector.is_one_in(6) {
            let codes: Vec<&str> = actor.fault_injector.pick(&FUNDING_CODES).copied().into_iter().collect();
            let fault = match moment {
                ReturnMoment::Settled => Fault::FundingReturnedEarly,
                ReturnMoment::Available => Fault::FundingReturnedLate,
            };
            control(&actor, Control::PlanReturns(ReturnPlan::new(Direction::Debit, moment, 1, &codes)), &[fault]);
        }
    }
    let end = in_days(&actor, days);
    let mut corrections = Corrections::new();
    while actor.now() < end {
        actor.wait_minutes(60, 8 * 24 * 60).await;
        send_one_back(&actor, &mut corrections);
    }
}

/// What the bank of an account says is to be used instead, by the account: the same, as often as it is asked.
type Corrections = BTreeMap<String, Value>;

pub(super) fn in_days(actor: &Actor, days: u64) -> Timestamp {
    let days = SignedDuration::from_hours(24 * i64::try_from(days).unwrap_or(60));
    actor.now().saturating_add(days).unwrap_or(Timestamp::MAX)
}

fn control(actor: &Actor, control: Control, faults: &[Fault]) {
    if actor.simulation.providers.tell_bank(control).is_ok() {
        for fault in faults {
            actor.fault_injector.count(*fault);
        }
    }
}

/// Every ACH transfer of the bank.
pub(crate) fn transfers(actor: &Actor) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    loop {
        let last = found.last().and_then(|last| last["id"].as_str()).map(|id| format!("&starting_after={id}"));
        let target = format!("/transfers/ach?limit=100{}", last.unwrap_or_default());
        let Ok(page) = actor.simulation.providers.bank_get(&target) else { return found };
        found.extend(page["transfers"].as_array().into_iter().flatten().cloned());
        if page["has_more"] != json!(true) {
            return found;
        }
    }
}

/// One of the transfers that can still come back does, or something else befalls it.
fn send_one_back(actor: &Actor, corrections: &mut Corrections) {
    let transfers = transfers(actor);
    let is_returnable =
        |transfer: &&Value| matches!(transfer["status"].as_str(), Some("SUBMITTED" | "SETTLED" | "COMPLETED"));
    let returnable: Vec<&Value> = transfers.iter().filter(is_returnable).collect();
    let Some(transfer) = actor.fault_injector.pick(&returnable) else { return };
    let transfer_id = transfer["id"].as_str().unwrap_or_default().to_owned();
    if actor.fault_injector.is_one_in(6) {
        let counterparty = transfer["counterparty_id"].as_str().unwrap_or_default();
        let Ok(end) = actor.simulation.providers.bank_get(&format!("/counterparties/{counterparty}")) else { return };
        // Another spelling is the same account to its bank.
        let number = end["account_number"].as_str().unwrap_or_default().replace('-', "").to_ascii_uppercase();
        let account = format!("{} {number}", end["routing_number"]);
        let change = corrections.entry(account).or_insert_with(|| correction(actor, &end)).clone();
        let word = |from: &Value, name: &str| from[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let number = |of: &Value| {
            let part = |name: &str| word(of, name).or_else(|| word(&end, name)).unwrap_or_default();
            Account { routing_number: part("routing_number"), account_number: part("account_number") }
        };
        actor.hub.world.corrects(&number(&end), number(&change));
        let Ok(change) = serde_json::from_value(change) else { return };
        control(actor, Control::NotificationOfChange { transfer_id, change }, &[Fault::AccountCorrected]);
        return;
    }
    if actor.fault_injector.is_one_in(12) {
        let in_dispute =
            |transfer: &&Value| matches!(transfer["status"].as_str(), Some("RETURNED" | "RETURN_DISHONORED"));
        let disputable: Vec<&Value> = transfers.iter().filter(in_dispute).collect();
        let Some(transfer) = actor.fault_injector.pick(&disputable) else { return };
        let transfer_id = transfer["id"].as_str().unwrap_or_default().to_owned();
        let next = match transfer["status"] == "RETURNED" {
            true => Control::DishonorReturn { transfer_id },
            false => Control::ContestDishonor { transfer_id },
        };
        control(actor, next, &[Fault::ReturnDishonored]);
        return;
    }
    let is_debit = transfer["type"] == "DEBIT";
    let created_at = transfer["created_at"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let age = created_at.map_or(SignedDuration::ZERO, |created_at| actor.now().duration_since(created_at));
    let is_late = age > SignedDuration::from_hours(24 * 10);
    let is_released = transfer["status"] == "COMPLETED";
    let fault = match (is_debit, is_late, is_released) {
        (true, _, true) => Fault::FundingReturnedLate,
        (true, _, false) => Fault::FundingReturnedEarly,
        (false, true, _) => Fault::PayoutReturnedLate,
        (false, false, _) => Fault::PayoutReturned,
    };
    let codes: &[&str] = if is_debit { &FUNDING_CODES } else { &PAYOUT_CODES };
    // A debit comes back more rarely than a credit, and a person's, which most of what happens there rests on, more rarely still.
    let is_persons = !actor.hub.world.is_empty();
    if is_debit && !actor.fault_injector.is_one_in(if is_persons { 9 } else { 3 }) {
        return;
    }
    let return_code = actor.fault_injector.pick(codes).copied().unwrap_or("R02").to_owned();
    actor.tell(format_args!("{transfer_id} is sent back: {return_code}"));
    control(actor, Control::Return { transfer_id, return_code, addenda: String::new() }, &[fault]);
}

/// The bank of a source takes a debit back.
pub(super) fn take_debit_back(actor: &Actor, funding_id: &str) {
    let own = format!("{funding_id}:");
    let all = transfers(actor);
    let is_its = |transfer: &&Value| transfer["idempotency_key"].as_str().is_some_and(|key| key.starts_with(&own));
    let debit =
        all.iter().filter(is_its).find(|debit| matches!(debit["status"].as_str(), Some("SETTLED" | "COMPLETED")));
    let Some(transfer_id) = debit.and_then(|debit| debit["id"].as_str()).map(str::to_owned) else { return };
    let return_code = actor.fault_injector.pick(&FUNDING_CODES).copied().unwrap_or("R01").to_owned();
    actor.tell(format_args!("{transfer_id} is sent back: {return_code}"));
    let back = Control::Return { transfer_id, return_code, addenda: String::new() };
    control(actor, back, &[Fault::FundingReturnedLate]);
}

/// What a receiving bank asks to be corrected: the number, the bank, the kind of account, or several of them.
fn correction(actor: &Actor, end: &Value) -> Value {
    let other_type = if end["account_type"] == "savings" { "checking" } else { "savings" };
    let account_number = actor.fault_injector.between(10_000_000, 99_999_999).to_string();
    let routing_number = simulators::plaid::routing_number("ins_9");
    match actor.fault_injector.below(6) {
        0 | 1 => json!({ "change_code": "C01", "account_number": account_number }),
        2 => json!({ "change_code": "C02", "routing_number": routing_number }),
        3 => json!({ "change_code": "C03", "routing_number": routing_number, "account_number": account_number }),
        4 => json!({ "change_code": "C06", "account_number": account_number, "account_type": other_type }),
        _ => json!({ "change_code": "C05", "account_type": other_type }),
    }
}

/// The bank is down for hours, or looks at transfers before it lets them go.
pub(super) async fn trouble(actor: Actor, days: u64) {
    let end = in_days(&actor, days / 3);
    while actor.now() < end {
        actor.wait_minutes(60, 10 * 24 * 60).await;
        if actor.fault_injector.is_one_in(3) {
            forget_one(&actor);
        }
        if actor.fault_injector.is_one_in(3) {
            let hours = if actor.fault_injector.is_one_in(4) {
                actor.fault_injector.between(48, 120)
            } else {
                actor.fault_injector.between(1, 30)
            };
            let hours = i64::try_from(hours).unwrap_or(1);
            let until = actor.now().saturating_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX);
            if let Some(refusal) = actor.fault_injector.pick(&REFUSALS).copied() {
                actor.tell(format_args!("the bank refuses: {refusal:?} until {until}"));
                actor.fault_injector.refuse_until(until, refusal);
                actor.fault_injector.count(Fault::BankRefusedForHours);
            }
        } else if actor.fault_injector.is_one_in(2) {
            let hours = i64::try_from(actor.fault_injector.between(1, 30)).unwrap_or(1);
            let until = actor.now().saturating_add(SignedDuration::from_hours(hours));
            if let Ok(until) = until {
                control(&actor, Control::Outage { until }, &[Fault::BankDown]);
            }
        } else {
            control(&actor, Control::ReviewNext { count: 1 + actor.fault_injector.below(2) }, &[]);
            actor.wait_minutes(60, 3 * 24 * 60).await;
            look_at_reviews(&actor);
        }
    }
}

/// A counterparty is known no more; what was sent to it stays as it was.
fn forget_one(actor: &Actor) {
    let known = bank_list(&actor.simulation, "/counterparties", "counterparties");
    let Some(counterparty) = actor.fault_injector.pick(&known) else { return };
    let id = counterparty["id"].as_str().unwrap_or_default();
    if actor.simulation.providers.bank_delete(&format!("/counterparties/{id}")).is_ok() {
        actor.tell(format_args!("the bank forgets {id}"));
        actor.fault_injector.count(Fault::CounterpartyForgotten);
        actor.is_forgotten(counterparty.clone());
    }
}

/// Somebody at the bank decides about every transfer and check that waits for it.
pub(crate) fn look_at_reviews(actor: &Actor) {
    let checks = bank_list(&actor.simulation, "/transfers/checks", "transfers");
    let all = transfers(actor).into_iter().chain(checks);
    let waiting = all.filter(|one| matches!(one["status"].as_str(), Some("MANUAL_REVIEW" | "manual_review")));
    for transfer_id in waiting.filter_map(|one| one["id"].as_str().map(str::to_owned)) {
        let is_rejected = actor.fault_injector.is_one_in(3);
        actor.tell(format_args!("{transfer_id} was looked at: {}", if is_rejected { "rejected" } else { "approved" }));
        let verdict = match is_rejected {
            true => Control::RejectReview { transfer_id },
            false => Control::ApproveReview { transfer_id },
        };
        control(actor, verdict, &[]);
    }
}
