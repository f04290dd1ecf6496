//! What people and the world do in a run, each as a script of its own.

mod banks;
mod books;
mod company;
mod content;
mod dead_letters;
mod deposits;
mod directory;
mod files;
mod held;
mod household;
mod mappings;
mod mixed_up;
mod operators;
mod payees;
mod payroll;
mod plaid;
mod receivers;
mod stops;
mod table;
mod unknown;
mod values;

use futures::future::LocalBoxFuture;

use crate::actor::Actor;
use crate::setup::Setup;
use scenarios::simulation::people::Caller;

/// Who reads reports.
pub(crate) const READER: Caller = Caller::Overseer("rita");
/// Who looks at reconciliations and dead letters.
pub(crate) const OPERATOR: Caller = Caller::Operator(payroll::OPERATORS[0]);
/// Who links cards and bank accounts.
pub(crate) const PERSONS: [&str; 3] = ["ann", "ben", "cleo"];

pub(crate) use banks::look_at_reviews;
pub(crate) use books::reconcile_everything;
pub(crate) use operators::look_a_last_time;
pub(crate) use payees::cash_the_rest;

pub(crate) type Script = LocalBoxFuture<'static, ()>;

/// Every script of a run.
pub(crate) fn scripts(setup: &Setup, actor: &Actor) -> Vec<Script> {
    let mut scripts = payroll::scripts(setup, actor);
    scripts.push(Box::pin(banks::send_back(actor.clone(), setup.days)));
    scripts.push(Box::pin(banks::trouble(actor.clone(), setup.days)));
    scripts.push(Box::pin(operators::look_after_attention(actor.clone(), setup.days)));
    scripts.push(Box::pin(dead_letters::look_after_letters(actor.clone(), setup.days)));
    scripts.push(Box::pin(books::reconcile_now_and_then(actor.clone(), setup.days)));
    scripts.push(Box::pin(books::settle_debts(actor.clone(), setup.days)));
    scripts.push(Box::pin(books::err_and_correct(actor.clone(), setup.days)));
    scripts.push(Box::pin(unknown::look_after_unknown(actor.clone(), setup.days)));
    if actor.fault_injector.is_one_in(6) {
        scripts.push(Box::pin(unknown::stop_for_a_month(actor.clone())));
    }
    if actor.fault_injector.is_one_in(2) {
        scripts.push(Box::pin(mixed_up::mix_up(actor.clone(), setup.days)));
    }
    if let Some(plan) = &setup.payroll {
        if plan.is_mapped {
            scripts.push(Box::pin(mappings::change(actor.clone(), setup.days)));
        }
        if actor.fault_injector.is_one_in(2) {
            scripts.push(Box::pin(held::decide_while_stopped(actor.clone(), setup.days)));
        }
        scripts.push(Box::pin(operators::pause_and_resume(actor.clone(), plan.clone())));
    }
    if setup.is_told {
        scripts.push(Box::pin(receivers::receive(actor.clone(), setup.days)));
    }
    scripts.push(Box::pin(directory::take_corrections_back(actor.clone(), setup.days)));
    if let Some(plan) = setup.payroll.as_ref().filter(|_| actor.fault_injector.is_one_in(3)) {
        scripts.push(Box::pin(directory::correct_institution(actor.clone(), plan.clone())));
    }
    if setup.households > 0 {
        scripts.push(Box::pin(plaid::trouble(actor.clone(), setup.days)));
    }
    scripts.push(Box::pin(stops::stop_and_go(actor.clone(), setup.sources(), setup.households, setup.days)));
    if setup.households > 0 {
        scripts.push(Box::pin(household::enter_remittance_address(actor.clone())));
        scripts.push(Box::pin(payees::cash(actor.clone(), banks::in_days(actor, setup.days))));
        scripts.push(Box::pin(operators::look_after_persons(actor.clone(), setup.days)));
        scripts.push(Box::pin(household::correct_addresses(actor.clone(), setup.days / 2)));
        scripts.push(Box::pin(household::look_after_autopay(actor.clone(), setup.days)));
        scripts.push(Box::pin(household::book_debits(actor.clone(), setup.days)));
        scripts.push(Box::pin(household::review_for_weeks(actor.clone())));
        if actor.fault_injector.is_one_in(8) {
            scripts.push(Box::pin(household::link_many(actor.clone())));
        }
        scripts.push(Box::pin(household::say_nothing_for_days(actor.clone(), setup.days / 2)));
    }
    for household in household::drawn(&actor.fault_injector, setup.households) {
        let end = banks::in_days(actor, setup.days * 4 / 5);
        scripts.push(Box::pin(household::live(actor.clone(), household, setup.acts_amid, end)));
    }
    scripts
}
