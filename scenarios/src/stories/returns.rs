//! Debits that come back.

use futures::FutureExt as _;
use futures::future::LocalBoxFuture;
use serde_json::json;
use shared::domain::autopay::review::Action;
use shared::domain::leg::State;
use simulators::column::{Control, Direction, ReturnMoment, ReturnPlan};

use super::deciding::only_payments;
use super::household::{
    ANN, check_id, debit_id, delivered, issued, mailed, opened, pass_threshold, pay_to_the_end, set_up_usual,
};
use crate::catalog::{Expected, Scenario};
use crate::error::Played;
use crate::simulation::Simulation;
use crate::simulation::standing::Standing;

/// The debit came back before a check was issued.
const UNPAID: Expected =
    Expected { action: Action::Pay, cents: Some(165_500), payment: Some("failed"), ..Expected::NOTHING };

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "funding-returned-r01-then-good",
        about: "The debit comes back for lack of money, is tried again, and is good.",
        play: r01_then_good,
        expected: Expected {
            notices: &["check_cashed", "check_mailed", "debit_tried_again", "payment_started"],
            ..Expected::paid(165_500)
        },
    },
    Scenario {
        name: "funding-returned-r01-three-times",
        about: "The debit comes back for lack of money three times, and is given up.",
        play: r01_three_times,
        expected: Expected {
            funding: Some("returned R01"),
            notices: &["debit_failed_no_money", "debit_tried_again", "debit_tried_again", "payment_started"],
            ..UNPAID
        },
    },
    Scenario {
        name: "funding-returned-r10-unauthorized",
        about: "The holder says that the debit was not authorized: no new debit until an operator has looked into it.",
        play: r10_unauthorized,
        expected: Expected {
            funding: Some("returned R10"),
            notices: &["attention_raised", "debit_failed_unauthorized", "payment_started"],
            attention: &["debits_blocked:R10"],
            ..UNPAID
        },
    },
    Scenario {
        name: "funding-returned-r02-account-closed",
        about: "The bank account is closed: nothing more is pulled from it.",
        play: r02_account_closed,
        expected: Expected {
            funding: Some("returned R02"),
            notices: &["card_needs", "debit_failed_account_closed", "payment_started"],
            ..UNPAID
        },
    },
    Scenario {
        name: "funding-returned-after-mailing-stop-wins",
        about: "The debit comes back after the check was mailed, and the check is stopped in time.",
        play: stop_wins,
        expected: Expected {
            payment: Some("returned"),
            funding: Some("returned R10"),
            check: Some(("stopped", "delivered")),
            notices: &[
                "attention_raised",
                "check_mailed",
                "check_stopped",
                "debit_failed_unauthorized",
                "payment_started",
                "receivable_ended",
                "receivable_opened",
            ],
            attention: &["debits_blocked:R10"],
            ..UNPAID
        },
    },
    Scenario {
        name: "funding-returned-after-mailing-stop-loses",
        about: "The debit comes back after the check was mailed, and the check is cashed all the same: the person owes the sum.",
        play: stop_loses,
        expected: Expected {
            payment: Some("completed"),
            funding: Some("returned R10"),
            check: Some(("settled", "delivered")),
            notices: &[
                "attention_raised",
                "attention_raised",
                "check_cashed",
                "check_mailed",
                "debit_failed_unauthorized",
                "payment_started",
                "receivable_opened",
            ],
            attention: &["debits_blocked:R10", "receivable_open"],
            receivable: 165_500,
            ..UNPAID
        },
    },
];

fn return_next(simulation: &Simulation, codes: &[&str]) -> Played<()> {
    let count = codes.len() as u64;
    let plan = ReturnPlan::new(Direction::Debit, ReturnMoment::Settled, count, codes);
    simulation.providers.tell_bank(Control::PlanReturns(plan))
}

/// The money that Plaid showed is gone when the debit comes.
fn empty_account(simulation: &Simulation) -> Played<()> {
    let change = json!({ "balances": { "available": "12.00", "current": "12.00" } });
    let emptied = json!({ "control": "set_account", "user_id": ANN, "account": "checking", "change": change });
    simulation.providers.tell_plaid(emptied).map(drop)
}

/// The debit is given up, and the payment with it.
async fn given_up(simulation: &Simulation) -> Played<()> {
    let is_over = |now: &Standing| now.payment().is_some_and(|payment| payment.leg.state == State::Failed);
    simulation.until("the payment is given up", is_over).await?;
    simulation.let_days_pass(3).await?;
    only_payments(simulation, 1)
}

fn r01_then_good(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        set_up_usual(simulation).await?;
        return_next(simulation, &["R01"])?;
        pass_threshold(simulation)?;
        opened(simulation).await?;
        simulation.until("it is tried again", |now| now.has_notice("debit_tried_again")).await?;
        pay_to_the_end(simulation).await
    }
    .boxed_local()
}

fn r01_three_times(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        set_up_usual(simulation).await?;
        return_next(simulation, &["R01", "R01", "R01"])?;
        pass_threshold(simulation)?;
        opened(simulation).await?;
        empty_account(simulation)?;
        given_up(simulation).await
    }
    .boxed_local()
}

fn r10_unauthorized(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    returned_for_good(simulation, "R10")
}

fn r02_account_closed(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    returned_for_good(simulation, "R02")
}

fn returned_for_good<'a>(simulation: &'a mut Simulation, code: &'static str) -> LocalBoxFuture<'a, Played<()>> {
    async move {
        set_up_usual(simulation).await?;
        return_next(simulation, &[code])?;
        pass_threshold(simulation)?;
        opened(simulation).await?;
        given_up(simulation).await
    }
    .boxed_local()
}

/// The debit comes back, weeks after it settled.
fn return_late(simulation: &Simulation, standing: &Standing) -> Played<()> {
    let transfer_id = debit_id(standing)?;
    let returned = Control::Return { transfer_id, return_code: "R10".to_owned(), addenda: String::new() };
    simulation.providers.tell_bank(returned)
}

fn stop_wins(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        set_up_usual(simulation).await?;
        pass_threshold(simulation)?;
        issued(simulation).await?;
        let standing = mailed(simulation).await?;
        return_late(simulation, &standing)?;
        let is_stopped = |now: &Standing| now.payment().is_some_and(|payment| payment.leg.state == State::Returned);
        simulation.until("the check is stopped", is_stopped).await?;
        let is_settled = |now: &Standing| now.persons.iter().all(|person| !person.receivable_open);
        simulation.until("nothing is owed any more", is_settled).await?;
        simulation.let_days_pass(2).await?;
        only_payments(simulation, 1)
    }
    .boxed_local()
}

fn stop_loses(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        set_up_usual(simulation).await?;
        pass_threshold(simulation)?;
        issued(simulation).await?;
        let standing = delivered(simulation).await?;
        return_late(simulation, &standing)?;
        simulation.until("the person owes the sum", |now| now.has_notice("receivable_opened")).await?;
        let transfer_id = check_id(&simulation.standing()?)?;
        simulation.providers.tell_bank(Control::CashCheck { transfer_id, amount: None, beats_stop: true })?;
        let is_paid = |now: &Standing| now.payment().is_some_and(|payment| payment.leg.state == State::Completed);
        simulation.until("the check is cashed", is_paid).await?;
        simulation.let_days_pass(3).await?;
        only_payments(simulation, 1)
    }
    .boxed_local()
}
