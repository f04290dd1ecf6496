//! The loop that both simulated services deliver their webhooks with.

use std::time::Duration;

use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;

const MOST_CONCURRENT_DELIVERIES: usize = 32;
/// A receiver that takes longer has failed, at Column (column.md section 2.4) and at Plaid (plaid.md section 2.4).
const TIMEOUT: Duration = Duration::from_secs(10);
/// How often the deliverer looks at the clock when nobody wakes it.
const TICK: Duration = Duration::from_millis(20);

/// Delivers what is due, at most 32 webhooks at a time, until it is dropped.
pub(super) async fn deliver<Webhook, Reported, Posted: Future<Output = Reported>>(
    wake: &Notify,
    take_due: impl Fn(usize) -> Vec<Webhook>,
    post: impl Fn(Webhook) -> Posted,
    report: impl Fn(Vec<Reported>),
) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut in_flight = FuturesUnordered::new();
    loop {
        let room = MOST_CONCURRENT_DELIVERIES.saturating_sub(in_flight.len());
        in_flight.extend(take_due(room).into_iter().map(&post));
        tokio::select! {
            Some(first) = in_flight.next(), if !in_flight.is_empty() => {
                let mut reports = vec![first];
                while let Some(Some(next)) = in_flight.next().now_or_never() {
                    reports.push(next);
                }
                report(reports);
            }
            () = wake.notified(), if room > 0 => {}
            _ = tick.tick() => {}
        }
    }
}

/// A webhook as a request, ready to be sent.
pub(super) fn request<'a>(
    http: &reqwest::Client,
    url: &str,
    headers: impl IntoIterator<Item = (&'static str, &'a str)>,
    body: &str,
) -> reqwest::RequestBuilder {
    let request = http.post(url).timeout(TIMEOUT).body(body.to_owned());
    headers.into_iter().fold(request, |request, (name, value)| request.header(name, value))
}
