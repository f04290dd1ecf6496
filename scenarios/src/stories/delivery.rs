//! Webhooks that are forged, repeated, or out of order.

use futures::FutureExt as _;
use futures::future::LocalBoxFuture;
use serde_json::json;
use simulators::column;

use super::deciding::only_payments;
use super::household::{opened, pass_threshold, pay_to_the_end, set_up_usual};
use crate::catalog::{Expected, Scenario};
use crate::error::{Played, ScenarioError};
use crate::simulation::Simulation;
use crate::simulation::delivery::Arrival;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "webhook-forged-stale-replayed-wrong-body",
        about: "Webhooks that Plaid did not sign, signed long ago, sent before or of another body: none leaves anything behind.",
        play: forged,
        expected: Expected::NOTHING,
    },
    Scenario {
        name: "webhooks-duplicated-and-reordered",
        about: "Every webhook of both providers comes twice and out of order: one payment, each step once.",
        play: duplicated_and_reordered,
        expected: Expected::paid(165_500),
    },
];

/// What can be wrong with a webhook, as the simulated Plaid knows it.
const FORGERIES: [&str; 8] =
    ["corrupted_body", "stale_iat", "alg_none", "hs256", "unknown_kid", "foreign_key", "der_signature", "no_signature"];

fn forged(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        set_up_usual(simulation).await?;
        let item_id = simulation.standing()?.items.last().map(|item| item.id.clone()).unwrap_or_default();
        let calls = provider_calls(simulation);
        let before = simulation.dump();
        for forgery in FORGERIES {
            simulation.providers.tell_plaid(json!({
                "control": "fire_webhook", "item_id": item_id, "webhook_type": "LIABILITIES",
                "webhook_code": "DEFAULT_UPDATE", "forgery": forgery,
            }))?;
        }
        let refused = simulation.take_forged().await?;
        if refused != FORGERIES.len() {
            return Err(ScenarioError::wrong(format!("{refused} of {} forged webhooks were refused", FORGERIES.len())));
        }
        simulation.replay_last_webhook().await?;
        if simulation.dump() != before {
            return Err(ScenarioError::wrong("a forged or replayed webhook left something behind"));
        }
        if provider_calls(simulation) != calls {
            return Err(ScenarioError::wrong(
                "a forged webhook cost a call of a provider beyond the look-up of its key",
            ));
        }
        // Plaid sends each again, rightly signed: what they say is acted on once.
        simulation.let_days_pass(1).await?;
        only_payments(simulation, 0)
    }
    .boxed_local()
}

/// Calls of both providers besides the look-ups of keys.
fn provider_calls(simulation: &Simulation) -> (usize, u64) {
    let plaid = simulation.providers.plaid.counters();
    let keys = plaid.calls_by_path.get("/webhook_verification_key/get").copied().unwrap_or_default();
    (simulation.providers.column.counters().transfers, plaid.calls - keys)
}

fn duplicated_and_reordered(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        simulation.arrival = Arrival::Reversed;
        set_up_usual(simulation).await?;
        simulation.providers.tell_plaid(json!({
            "control": "fault_webhooks", "duplicate": true, "reorder_window_s": 3600,
        }))?;
        let faults = column::WebhookFaults { duplicate: true, reorder_window_s: 7_200, ..Default::default() };
        simulation.providers.tell_bank(column::Control::FaultWebhooks(faults))?;
        pass_threshold(simulation)?;
        opened(simulation).await?;
        pay_to_the_end(simulation).await?;
        only_payments(simulation, 1)
    }
    .boxed_local()
}
