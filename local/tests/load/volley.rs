//! Webhooks on their way: the true ones, a tenth of all sent again, a tenth forged, in no order, at a steady rate.
//!
//! The rate does not wait for answers, and a webhook's time counts from the moment at which it was to be sent: a receiver that falls
//! behind shows.

use std::fmt;
use std::time::Duration;

use axum::body::Bytes;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use serde_json::json;
use shared::adapters::system::SystemClock;
use shared::ports::clock::Clock as _;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};

use crate::held::Webhook;

/// As both providers wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// What is not answered 200 is delivered again, each time after twice as long, as the providers do; but sooner, and not for days. At once it
/// would hold a receiver down that has fallen behind.
const DELIVERIES_MAX: u32 = 10;
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const PAUSE_MAX: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Sent once.
    Sent,
    /// The same again, at another time.
    Repeated,
    Forged,
}

/// How one came through.
#[derive(Debug)]
pub(crate) struct Hit {
    pub(crate) fate: Fate,
    /// 0 where there was no answer.
    pub(crate) status: u16,
    pub(crate) deliveries: u32,
    took: Duration,
}

pub(crate) struct Volley {
    shots: Vec<(Fate, Webhook)>,
    pub(crate) forged: Vec<Webhook>,
}

pub(crate) struct Landed {
    pub(crate) hits: Vec<Hit>,
    in_all: Duration,
}

impl Volley {
    /// A volley of `total`: all of the true ones, and forged and repeated ones to make them up, at least a tenth each.
    pub(crate) fn of(bank: &[Webhook], plaid: &[Webhook], total: usize) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut below = |bound: usize| usize::try_from(random.next_u64() % bound as u64).unwrap();
        let genuine: Vec<&Webhook> = bank.iter().chain(plaid).collect();
        let forged: Vec<Webhook> =
            (0..total / 10).map(|number| forged(genuine[below(genuine.len())], number)).collect();
        let repeats = total.saturating_sub(genuine.len() + forged.len());
        assert!(repeats >= total / 10, "{} true webhooks leave no room for repeats in {total}", genuine.len());
        let mut shots: Vec<(Fate, Webhook)> = genuine.iter().map(|webhook| (Fate::Sent, (*webhook).clone())).collect();
        shots.extend((0..repeats).map(|_| (Fate::Repeated, genuine[below(genuine.len())].clone())));
        shots.extend(forged.iter().map(|webhook| (Fate::Forged, webhook.clone())));
        for place in (1..shots.len()).rev() {
            shots.swap(place, below(place + 1));
        }
        Self { shots, forged }
    }

    pub(crate) async fn fly(&self, base_url: &str, per_second: u64) -> Landed {
        let http = reqwest::Client::builder().timeout(TIMEOUT).build().unwrap();
        let mut pace = tokio::time::interval(Duration::from_secs(1) / u32::try_from(per_second).unwrap());
        pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut flying = JoinSet::new();
        let begun = Instant::now();
        for (fate, webhook) in self.shots.iter().cloned() {
            let planned = pace.tick().await;
            let (http, base_url) = (http.clone(), base_url.to_owned());
            flying.spawn(async move { deliver(&http, &base_url, fate, &webhook, planned).await });
        }
        let hits = flying.join_all().await;
        Landed { hits, in_all: begun.elapsed() }
    }
}

async fn deliver(http: &reqwest::Client, base_url: &str, fate: Fate, webhook: &Webhook, planned: Instant) -> Hit {
    let (mut deliveries, mut status, mut pause) = (0, 0, FIRST_PAUSE);
    while deliveries < DELIVERIES_MAX && !matches!(status, 200 | 401) {
        if deliveries > 0 {
            SystemClock.pause(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
        deliveries += 1;
        status = match webhook.request(http, base_url).send().await {
            Ok(response) => response.status().as_u16(),
            Err(_) => 0,
        };
    }
    Hit { fate, status, deliveries, took: planned.elapsed() }
}

/// A webhook that nobody signed, in one of four ways: words of its own under the signature of another, or with none, or with nonsense;
/// or the true words under a signature that is nearly right.
fn forged(like: &Webhook, number: usize) -> Webhook {
    let mut words = like.json();
    let id = format!("evnt_forged{number:06}");
    if like.provider == "column" {
        (words["id"], words["data"]["amount"]) = (json!(id), json!(1));
    } else {
        words["webhook_code"] = json!("USER_PERMISSION_REVOKED");
    }
    let changed = Bytes::from(words.to_string());
    let genuine = like.proof.clone().unwrap();
    let (proof, body) = match number % 4 {
        0 => (Some(genuine), changed),
        1 => (None, changed),
        2 => (Some("0".repeat(64)), changed),
        // Not the last letter: it may bear bits that no decoder reads.
        _ => (Some(other_letter(&genuine, genuine.len() - 8)), like.body.clone()),
    };
    Webhook { provider: like.provider.clone(), proof, body }
}

fn other_letter(text: &str, at: usize) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'a' { b'b' } else { b'a' };
    String::from_utf8(bytes).unwrap()
}

impl fmt::Display for Landed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let again = self.hits.iter().filter(|hit| hit.deliveries > 1).count();
        let milliseconds = self.in_all.as_millis().max(1);
        let rate = self.hits.len() as u128 * 1_000 / milliseconds;
        write!(
            formatter,
            "{} webhooks in {milliseconds} ms, {rate} a second, {again} more than once",
            self.hits.len()
        )?;
        for fate in [Fate::Sent, Fate::Repeated, Fate::Forged] {
            let mut took: Vec<Duration> = self.hits.iter().filter(|hit| hit.fate == fate).map(|hit| hit.took).collect();
            took.sort_unstable();
            let at = |percent: usize| took.get(took.len() * percent / 100).or(took.last()).copied().unwrap_or_default();
            let (half, most, last) = (at(50), at(99), at(100));
            write!(formatter, "\n  {fate:?}: {}, p50 {half:?}, p99 {most:?}, slowest {last:?}", took.len())?;
        }
        Ok(())
    }
}
