//! Every scenario of card autopay, with each function on a system of its own that notes what it asks for.

use journeys::recording::{Function, Invocation, Recorded};
use scenarios::Scenario;
use scenarios::simulation::{Simulation, Systems};

pub(crate) async fn all() -> Vec<Invocation> {
    let mut invocations = Vec::new();
    for scenario in scenarios::all() {
        invocations.extend(played(scenario).await);
    }
    invocations
}

/// Its runs are not told apart: all that a function asks for in the scenario counts as one.
async fn played(scenario: &Scenario) -> Vec<Invocation> {
    let mut simulation = Simulation::start().unwrap();
    let recorded = Recorded::new(&simulation.system);
    for function in Function::ALL {
        recorded.records.begin(function, 1);
    }
    let system_of = |function| recorded.system_of(function).clone();
    simulation.run_on(Systems {
        accounts: system_of(Function::Accounts),
        approve_batch: system_of(Function::ApproveBatch),
        column_webhook: system_of(Function::ColumnWebhook),
        plaid_webhook: system_of(Function::PlaidWebhook),
        payment_worker: system_of(Function::PaymentWorker),
        scheduler: system_of(Function::Scheduler),
    });
    if let Err(failure) = scenario.play_on(&mut simulation).await {
        panic!("{}: {failure}", scenario.name);
    }
    recorded.records.invocations()
}
