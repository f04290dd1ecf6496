//! What becomes of checks in the mail: cashed, cashed for another amount, lost, sent back, or cashed against a stop.

use jiff::Timestamp;
use serde_json::Value;
use simulators::column::{Control, MailStatus};

use super::household::ISSUER;
use crate::actor::Actor;
use crate::evidence::bank_list;
use crate::faults::Fault;

pub(super) async fn cash(actor: Actor, end: Timestamp) {
    while actor.now() < end {
        actor.wait_minutes(6 * 60, 4 * 24 * 60).await;
        for check in bank_list(&actor.simulation, "/transfers/checks", "transfers") {
            // A letter lies around for a while.
            if actor.fault_injector.is_one_in(2) {
                befall(&actor, &check);
            }
        }
    }
}

/// Whoever still has a check cashes it, as far as it is delivered.
pub(crate) fn cash_the_rest(actor: &Actor) {
    for check in bank_list(&actor.simulation, "/transfers/checks", "transfers") {
        let is_there = check["status"] == "issued" && check["delivery_status"] == "delivered";
        if let Some(transfer_id) = check["id"].as_str().filter(|_| is_there) {
            cash_one(actor, &check, transfer_id.to_owned());
        }
    }
}

fn befall(actor: &Actor, check: &Value) {
    let word = |name: &str| check[name].as_str().unwrap_or_default();
    let Some(transfer_id) = check["id"].as_str().map(str::to_owned) else { return };
    let (status, letter) = (word("status"), word("delivery_status"));
    let told = |control: Control, fault: Fault| {
        if actor.simulation.providers.tell_bank(control).is_ok() {
            actor.fault_injector.count(fault);
        }
    };
    match (status, letter, actor.fault_injector.below(10)) {
        ("pending_stop", _, _) => {
            let beats_stop = actor.fault_injector.is_one_in(2);
            let cash = Control::CashCheck { transfer_id: transfer_id.clone(), amount: None, beats_stop };
            if actor.simulation.providers.tell_bank(cash).is_ok() {
                actor.fault_injector.count(Fault::StopRaced);
                if beats_stop {
                    book(actor, check, &transfer_id);
                }
            }
        }
        ("pending_deposit" | "pending_reclear", _, 0 | 1) => {
            told(Control::ReturnCheck { transfer_id, reason: "A".to_owned() }, Fault::CheckReturned);
        }
        ("first_return", _, 0..=5) => told(Control::ReclearCheck { transfer_id }, Fault::CheckPresentedAgain),
        ("issued", "mailed" | "in_transit" | "in_local_area" | "processed_for_delivery", 0 | 1) => {
            told(Control::MoveMail { transfer_id, to: MailStatus::ReturnedToSender }, Fault::CheckSentBack);
        }
        ("issued", "delivered", 0) => {
            let altered = Control::CashCheck { transfer_id, amount: Some(123_400), beats_stop: false };
            told(altered, Fault::CheckAltered);
        }
        ("issued", "delivered", 1..=7) => cash_one(actor, check, transfer_id),
        ("issued", "delivered", 8) => {
            cash_one(actor, check, transfer_id.clone());
            told(Control::ReturnCheck { transfer_id, reason: "A".to_owned() }, Fault::CheckReturned);
        }
        _ => {}
    }
}

/// The issuer cashes it and books it on the card it names.
fn cash_one(actor: &Actor, check: &Value, transfer_id: String) {
    let check_id = transfer_id.clone();
    let control = Control::CashCheck { transfer_id, amount: None, beats_stop: false };
    if actor.simulation.providers.tell_bank(control).is_ok() {
        book(actor, check, &check_id);
    }
}

/// It pays what is owed on the card that its letter names.
fn book(actor: &Actor, check: &Value, transfer: &str) {
    let Some(card) = actor.hub.world.card_in(&check.to_string()) else { return };
    let cents = ["positive_pay_amount", "amount"].iter().find_map(|name| check[*name].as_i64()).unwrap_or_default();
    // Some issuers say which check it was.
    let number = check["check_number"].as_str().filter(|_| !actor.fault_injector.is_one_in(3));
    actor.pay_card(&card, cents, Some((transfer, number)), 3_600 * actor.fault_injector.between(1, 72));
    actor.tell(format_args!("the issuer {ISSUER} books a check for {card}"));
}
