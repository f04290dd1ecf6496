//! A company's system that is told of what happens: its endpoint is made, it falls silent for up to two days and comes back, gets another
//! secret, and has itself told again what it has taken.

use auditor::evidence::{Endpoint, EndpointSecret};
use jiff::SignedDuration;
use scenarios::simulation::people::Sent;
use serde_json::{Value, json};
use shared::ports::clock::Clock as _;

use super::OPERATOR;
use crate::actor::{Actor, Request};
use crate::receiver::Mood;

const URL: &str = "https://payroll.example.com/clearway";

/// Everything that an endpoint can be told, as docs/integrate.md lists it.
const TYPES: [&str; 18] = [
    "batch.summarized",
    "batch.rejected",
    "batch.approved",
    "batch.declined",
    "batch.expired",
    "batch.completed",
    "batch.retried",
    "batch.canceled",
    "batch.failed",
    "payment.settled",
    "payment.failed",
    "payment.canceled",
    "payment.returned",
    "funding.available",
    "funding.failed",
    "funding.returned",
    "attention.raised",
    "attention.cleared",
];

/// An endpoint hears of what happens from a minute of machines' time after it was made; whoever had begun before may stand still for longer.
const HEARD_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// A receiver is out of reach for at most so many hours: three days of tries outlast that.
const OUTAGE_HOURS_MAX: u64 = 44;

/// After an outage it is there for longer than any wait between two tries.
const REACHABLE_HOURS: u64 = 60;

/// Askings for a new secret, where an answer that was lost held it.
const ASKED_MAX: u32 = 8;

pub(super) async fn receive(actor: Actor, days: u64) {
    let end = super::banks::in_days(&actor, days);
    actor.wait_minutes(0, 24 * 60).await;
    let types: Vec<&str> = if actor.fault_injector.is_one_in(3) { TYPES[5..17].to_vec() } else { TYPES.to_vec() };
    let Some((endpoint_id, secret)) = make(&actor, &types).await else { return };
    wait_elapsed(&actor, HEARD_AFTER).await;
    let endpoint = Endpoint {
        endpoint_id: endpoint_id.clone(),
        url: URL.to_owned(),
        event_types: types.iter().map(|name| (*name).to_owned()).collect(),
        hears_from: actor.now(),
        secrets: vec![secret],
    };
    actor.with_endpoints(|known| known.push(endpoint));
    let path = format!("/webhook-endpoints/{endpoint_id}");
    while actor.now() < end {
        actor.wait_minutes(REACHABLE_HOURS * 60, 10 * 24 * 60).await;
        match actor.fault_injector.below(5) {
            0 => rotate(&actor, &endpoint_id, &path).await,
            1 => replay(&actor, &path).await,
            _ => fall_silent(&actor).await,
        }
    }
}

/// The endpoint's id and first secret. One whose making was not answered gets another secret.
async fn make(actor: &Actor, types: &[&str]) -> Option<(String, EndpointSecret)> {
    let body = json!({ "url": URL, "event_types": types });
    let made = actor.ask(Request::post(OPERATOR, "/webhook-endpoints", Sent::Json(body))).await?;
    let endpoint_id = made.body["endpoint_id"].as_str()?.to_owned();
    let told = secret_in(actor, &made.body);
    let secret = match told {
        Some(secret) => secret,
        None => new_secret(actor, &format!("/webhook-endpoints/{endpoint_id}")).await?,
    };
    Some((endpoint_id, secret))
}

/// Whoever was not told the secret asks for another one.
async fn new_secret(actor: &Actor, path: &str) -> Option<EndpointSecret> {
    let asked_at = actor.simulation.clock.elapsed_now();
    for _ in 0..ASKED_MAX {
        let sent = Sent::Json(json!({ "overlap_hours": 48 }));
        let rotated = actor.ask(Request::post(OPERATOR, format!("{path}/rotate-secret"), sent)).await?;
        if let Some(secret) = secret_in(actor, &rotated.body) {
            return Some(EndpointSecret { asked_at, ..secret });
        }
    }
    None
}

fn secret_in(actor: &Actor, answer: &Value) -> Option<EndpointSecret> {
    let secret = answer["secret"].as_str()?.to_owned();
    let now = actor.simulation.clock.elapsed_now();
    Some(EndpointSecret { secret, asked_at: now, known_at: now })
}

async fn rotate(actor: &Actor, endpoint_id: &str, path: &str) {
    if let Some(secret) = new_secret(actor, path).await {
        actor.with_endpoints(|known| {
            let own = known.iter_mut().find(|known| known.endpoint_id == endpoint_id);
            if let Some(own) = own {
                own.secrets.push(secret);
            }
        });
    }
}

/// Has itself told again what happened in the last days.
async fn replay(actor: &Actor, path: &str) {
    let since = actor.now().saturating_sub(SignedDuration::from_hours(72)).unwrap_or_default();
    let sent = Sent::Json(json!({ "since": since.to_string() }));
    actor.ask(Request::post(OPERATOR, format!("{path}/replay"), sent)).await;
}

async fn fall_silent(actor: &Actor) {
    let moods = [Mood::Fails(500), Mood::Fails(404), Mood::Fails(302), Mood::Silent, Mood::Slow];
    let mood = actor.fault_injector.pick(&moods).copied().unwrap_or(Mood::Silent);
    actor.tell(format_args!("the receiver of webhooks is {mood:?}"));
    actor.receiver.is(mood);
    actor.wait_minutes(1, OUTAGE_HOURS_MAX * 60).await;
    actor.receiver.is(Mood::Takes);
}

/// Business time may run ahead of the machines'.
async fn wait_elapsed(actor: &Actor, time: SignedDuration) {
    let clock = actor.simulation.clock.clone();
    let until = clock.elapsed_now().saturating_add(time).unwrap_or_default();
    while clock.elapsed_now() < until {
        actor.wait(SignedDuration::from_mins(10)).await;
    }
}
