//! Links to institutions that break, come back, or are made twice.

use futures::FutureExt as _;
use futures::future::LocalBoxFuture;
use http::Method;
use jiff::SignedDuration;
use serde_json::json;
use shared::domain::autopay::item::ItemState;
use shared::domain::autopay::review::Action;

use super::deciding::only_payments;
use super::household::{ANN, ISSUER, opened, pass_threshold, pay_to_the_end, set_up_usual};
use crate::catalog::{Expected, Scenario};
use crate::error::{Played, ScenarioError};
use crate::simulation::Simulation;
use crate::simulation::people::Caller;
use crate::simulation::standing::Standing;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "login-required-then-repaired",
        about: "The issuer asks for a new login: nothing is paid on old figures until it is repaired.",
        play: login_required,
        expected: Expected {
            notices: &["check_cashed", "check_mailed", "login_required", "payment_started"],
            ..Expected::paid(165_500)
        },
    },
    Scenario {
        name: "permission-revoked",
        about: "The permission is withdrawn at Plaid: the link is over, and so is autopay for what was linked there.",
        play: permission_revoked,
        expected: Expected { action: Action::Skip, notices: &["link_revoked"], ..Expected::NOTHING },
    },
    Scenario {
        name: "card-linked-twice",
        about: "The same card is linked again, which only its holder can know: told so, it is the same card, and is paid once.",
        play: card_linked_twice,
        expected: Expected {
            notices: &["card_needs", "check_cashed", "check_mailed", "payment_started"],
            ..Expected::paid(165_500)
        },
    },
    Scenario {
        name: "plaid-down-for-a-day",
        about: "Plaid does not answer for a day: nothing is paid on old figures, and then what is due is.",
        play: plaid_down,
        expected: Expected {
            notices: &["card_needs", "check_cashed", "check_mailed", "payment_started"],
            ..Expected::paid(165_500)
        },
    },
];

/// The item of Ann's issuer.
fn item_of_issuer(standing: &Standing) -> Played<String> {
    let item = standing.items.iter().find(|item| item.institution_id == ISSUER);
    item.map(|item| item.id.clone()).ok_or_else(|| ScenarioError::wrong("the issuer is not linked"))
}

fn login_required(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        set_up_usual(simulation).await?;
        let item_id = item_of_issuer(&simulation.standing()?)?;
        simulation.providers.tell_plaid(json!({ "control": "require_login", "item_id": item_id }))?;
        simulation.until("the person is told", |now| now.has_notice("login_required")).await?;
        pass_threshold(simulation)?;
        simulation.let_days_pass(3).await?;
        only_payments(simulation, 0)?;
        simulation.repair(ANN, &item_id).await?;
        opened(simulation).await?;
        pay_to_the_end(simulation).await
    }
    .boxed_local()
}

fn permission_revoked(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        set_up_usual(simulation).await?;
        let item_id = item_of_issuer(&simulation.standing()?)?;
        simulation.providers.tell_plaid(json!({ "control": "revoke_permission", "item_id": item_id }))?;
        let is_over = |now: &Standing| now.items.iter().any(|item| matches!(item.state, ItemState::Revoked { .. }));
        simulation.until("the link is over", is_over).await?;
        pass_threshold(simulation)?;
        simulation.let_days_pass(3).await?;
        only_payments(simulation, 0)
    }
    .boxed_local()
}

fn card_linked_twice(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        set_up_usual(simulation).await?;
        simulation.link(ANN, ISSUER).await?;
        simulation.let_days_pass(1).await?;
        let cards = simulation.standing()?.cards;
        let [first, again] = cards.as_slice() else {
            return Err(ScenarioError::wrong(format!("two links show {} cards", cards.len())));
        };
        let path = format!("/cards/{}/identity", again.id);
        let said = json!({ "card_id": first.id, "is_same": true });
        simulation.call(Caller::Person(ANN), Method::PUT, &path, said).await?;
        pass_threshold(simulation)?;
        opened(simulation).await?;
        pay_to_the_end(simulation).await?;
        only_payments(simulation, 1)
    }
    .boxed_local()
}

fn plaid_down(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        set_up_usual(simulation).await?;
        let until = simulation.now().saturating_add(SignedDuration::from_hours(24)).unwrap_or_default();
        simulation.providers.tell_plaid(json!({ "control": "outage", "until": until }))?;
        pass_threshold(simulation)?;
        simulation.let_pass(SignedDuration::from_hours(23)).await?;
        only_payments(simulation, 0)?;
        opened(simulation).await?;
        pay_to_the_end(simulation).await
    }
    .boxed_local()
}
