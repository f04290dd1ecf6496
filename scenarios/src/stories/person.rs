//! What the person does in the middle.

use futures::FutureExt as _;
use futures::future::LocalBoxFuture;
use http::Method;
use serde_json::Value;
use shared::domain::autopay::review::Action;
use shared::domain::leg::State;

use super::deciding::only_payments;
use super::household::{
    ANN, CARD, ENOUGH, WIDE_RANGE, authorize, choose, debited, enter_number, link_both, mailed, open_accounts, opened,
    pass_threshold, pay_otherwise, pay_to_the_end, set_up_usual, settled,
};
use crate::catalog::{Expected, Scenario};
use crate::error::{Played, ScenarioError};
use crate::simulation::Simulation;
use crate::simulation::people::Caller;
use crate::simulation::standing::Standing;

/// The person takes a payment back.
const TAKEN_BACK: Expected = Expected {
    action: Action::Pay,
    cents: Some(165_500),
    payment: Some("canceled"),
    funding: Some("available"),
    notices: &["payment_canceled", "payment_started", "refund_sent"],
    ..Expected::NOTHING
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "authorization-revoked",
        about: "The authorization is revoked: nothing new is pulled.",
        play: authorization_revoked,
        expected: Expected { notices: &["authorization_revoked"], ..Expected::NOTHING },
    },
    Scenario {
        name: "setup-left-half-way-and-resumed",
        about: "A set-up is left half way, says what is missing, and is resumed days later.",
        play: resumed,
        expected: Expected::paid(165_500),
    },
    Scenario {
        name: "issuer-address-unknown",
        about: "Nobody has entered where the issuer takes checks: nothing is pulled until two operators have.",
        play: issuer_address_unknown,
        expected: Expected { notices: &["address_wanted"], ..Expected::NOTHING },
    },
    Scenario {
        name: "canceled-before-debit-settled",
        about: "The person cancels while the debit is under way: no check is issued, and the money goes back.",
        play: canceled_before_settled,
        expected: TAKEN_BACK,
    },
    Scenario {
        name: "canceled-after-debit-settled",
        about: "The person cancels while the money is held: no check is issued, and the money goes back.",
        play: canceled_after_settled,
        expected: TAKEN_BACK,
    },
    Scenario {
        name: "canceled-with-check-out",
        about: "The person cancels with the check in the mail: it is stopped, and the money goes back.",
        play: canceled_with_check_out,
        expected: Expected {
            payment: Some("returned"),
            check: Some(("stopped", "delivered")),
            notices: &["check_mailed", "payment_canceled", "payment_started", "refund_sent"],
            ..TAKEN_BACK
        },
    },
    Scenario {
        name: "canceled-and-still-owed",
        about: "The person cancels and still owes: before the next statement no review opens the payment again.",
        play: canceled_and_still_owed,
        expected: TAKEN_BACK,
    },
];

fn card_id(standing: &Standing) -> Played<String> {
    standing.card().map(|card| card.id.to_string()).ok_or_else(|| ScenarioError::wrong("no card was found"))
}

fn authorization_revoked(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        set_up_usual(simulation).await?;
        let path = format!("/cards/{}/authorization", card_id(&simulation.standing()?)?);
        simulation.call(Caller::Person(ANN), Method::DELETE, &path, Value::Null).await?;
        pass_threshold(simulation)?;
        simulation.let_days_pass(3).await?;
        only_payments(simulation, 0)
    }
    .boxed_local()
}

fn resumed(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        open_accounts(simulation, ENOUGH, &[CARD])?;
        simulation.enter_remittance_address(super::household::ISSUER).await?;
        link_both(simulation).await?;
        let card_id = card_id(&simulation.standing()?)?;
        choose(simulation, &card_id).await?;
        pass_threshold(simulation)?;
        simulation.let_days_pass(2).await?;
        only_payments(simulation, 0)?;
        let card = simulation.call(Caller::Person(ANN), Method::GET, &format!("/cards/{card_id}"), Value::Null).await?;
        let missing = card["missing"].to_string();
        if !missing.contains("card_number") || !missing.contains("authorization") || missing.contains("rule") {
            return Err(ScenarioError::wrong(format!("the card says that this is missing: {missing}")));
        }
        enter_number(simulation, &card_id).await?;
        authorize(simulation, &card_id, WIDE_RANGE).await?;
        opened(simulation).await?;
        pay_to_the_end(simulation).await
    }
    .boxed_local()
}

fn issuer_address_unknown(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        open_accounts(simulation, ENOUGH, &[CARD])?;
        link_both(simulation).await?;
        let card_id = card_id(&simulation.standing()?)?;
        choose(simulation, &card_id).await?;
        enter_number(simulation, &card_id).await?;
        authorize(simulation, &card_id, WIDE_RANGE).await?;
        pass_threshold(simulation)?;
        simulation.let_days_pass(2).await?;
        only_payments(simulation, 0)
    }
    .boxed_local()
}

/// Ann has paid her bill otherwise, and takes our payment back.
async fn cancel(simulation: &Simulation) -> Played<()> {
    pay_otherwise(simulation, "3155.00")?;
    take_back(simulation).await
}

/// Ann takes our payment back, and gets her money.
async fn take_back(simulation: &Simulation) -> Played<()> {
    simulation.settle().await?;
    let standing = simulation.standing()?;
    let payment_id = standing.payment().map(|payment| payment.id.to_string()).unwrap_or_default();
    let path = format!("/cards/{}/payments/{payment_id}/cancel", card_id(&standing)?);
    simulation.call(Caller::Person(ANN), Method::POST, &path, Value::Null).await?;
    let is_refunded = |now: &Standing| now.refunds.iter().any(|refund| refund.leg.state == State::Completed);
    simulation.until("the money is back in the bank account", is_refunded).await?;
    only_payments(simulation, 1)
}

fn canceled_before_settled(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        set_up_usual(simulation).await?;
        pass_threshold(simulation)?;
        debited(simulation).await?;
        cancel(simulation).await
    }
    .boxed_local()
}

fn canceled_after_settled(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        set_up_usual(simulation).await?;
        pass_threshold(simulation)?;
        settled(simulation).await?;
        cancel(simulation).await
    }
    .boxed_local()
}

fn canceled_with_check_out(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        set_up_usual(simulation).await?;
        pass_threshold(simulation)?;
        mailed(simulation).await?;
        cancel(simulation).await
    }
    .boxed_local()
}

fn canceled_and_still_owed(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        set_up_usual(simulation).await?;
        pass_threshold(simulation)?;
        debited(simulation).await?;
        take_back(simulation).await?;
        simulation.let_days_pass(5).await?;
        only_payments(simulation, 1)
    }
    .boxed_local()
}
