//! What operators correct about accounts and institutions: what a bank asked to correct is taken back, an institution is paid otherwise.

use auditor::evidence::CommandKind;
use http::Method;
use scenarios::simulation::people::{Caller, Sent};
use serde_json::{Value, json};
use shared::domain::bank::request::{AccountType, EntryClass};
use shared::domain::batch::manifest::InstitutionDecision;

use super::payroll::{OPERATORS, command};
use crate::actor::{Actor, Request};
use crate::setup::PayrollPlan;

/// Two operators take back what a bank corrected; now and then the first one tries both.
pub(super) async fn take_corrections_back(actor: Actor, days: u64) {
    let end = super::banks::in_days(&actor, days);
    let [first, second] = OPERATORS.map(Caller::Operator);
    while actor.now() < end {
        actor.wait_minutes(2 * 24 * 60, 14 * 24 * 60).await;
        let Some(list) = actor.get(first, "/account-corrections").await else { continue };
        let items: Vec<Value> = list["items"].as_array().cloned().unwrap_or_default();
        let in_use: Vec<&Value> = items.iter().filter(|correction| correction["standing"] == "in_use").collect();
        let Some(account) = actor.fault_injector.pick(&in_use).and_then(|one| one["fingerprint"].as_str()) else {
            continue;
        };
        let path = format!("/account-corrections/{account}/withdraw");
        let sent = Sent::Json(json!({ "reason": "the account is as it was" }));
        command(&actor, first, CommandKind::WithdrawCorrection, account, &path, sent).await;
        let path = format!("/account-corrections/{account}/confirm-withdrawal");
        let kind = CommandKind::ConfirmWithdrawal;
        if actor.fault_injector.is_one_in(3) {
            command(&actor, first, kind, account, &path, Sent::Nothing).await;
        }
        actor.wait_minutes(1, 24 * 60).await;
        command(&actor, second, kind, account, &path, Sent::Nothing).await;
    }
}

/// An institution's loans are paid like checking accounts from some day on.
pub(super) async fn correct_institution(actor: Actor, plan: PayrollPlan) {
    let Ok(rows) = generator::rows(&plan.company) else { return };
    let dead = rows.dead_servicers().to_vec();
    let mut known: Vec<String> = rows.map(|row| row.payee.institution_id).filter(|id| !dead.contains(id)).collect();
    known.sort();
    known.dedup();
    actor.wait_minutes(60, 12 * 24 * 60).await;
    let Some(institution_id) = actor.fault_injector.pick(&known) else { return };
    let decision = InstitutionDecision::Ach {
        routing_number: simulators::plaid::routing_number(institution_id),
        account_type: AccountType::Checking,
        entry_class: EntryClass::Ppd,
        entry_description: "LOAN PMT".to_owned(),
    };
    let Ok(body) = serde_json::to_value(decision) else { return };
    let [first, second] = OPERATORS.map(Caller::Operator);
    let path = format!("/billers/{institution_id}");
    let proposal = Request::post(first, path.clone(), Sent::Json(body.clone()));
    actor.ask(Request { method: Method::PUT, ..proposal }).await;
    let path = format!("{path}/confirm");
    command(&actor, second, CommandKind::ConfirmBiller, institution_id, &path, Sent::Json(body)).await;
}
