//! Webhooks on their way to us: taken from the providers, and delivered as well as the network allows.

use axum::body::Body;
use hmac::{Hmac, Mac as _};
use http::Request;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sha2::Sha256;
use simulators::{column, plaid};

use crate::engine::Engine;
use crate::faults::Fault;
use crate::processes::Origin;

/// A webhook in the air.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    pub arrives_at: Timestamp,
    pub path: &'static str,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// Whom to tell how it went; nobody for a copy.
    pub from: From,
    pub is_forged: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum From {
    Column(usize),
    Plaid(usize),
    Nobody,
}

const COLUMN_PATH: &str = "/webhooks/column";
const PLAID_PATH: &str = "/webhooks/plaid";

impl Engine {
    /// Takes what the providers have to tell into the air.
    pub(crate) fn collect_webhooks(&mut self) {
        let owned = |headers: &[(&str, &str)]| -> Vec<(String, String)> {
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let arrives_at = self.simulation.now();
        for webhook in self.simulation.providers.column.due_deliveries(100) {
            let headers = owned(&webhook.headers());
            let from = From::Column(webhook.delivery);
            self.take_off(Flight {
                arrives_at,
                path: COLUMN_PATH,
                headers,
                body: webhook.body,
                from,
                is_forged: false,
            });
        }
        for webhook in self.simulation.providers.plaid.due_deliveries(100) {
            let headers = owned(&webhook.headers());
            let from = From::Plaid(webhook.delivery);
            self.take_off(Flight { arrives_at, path: PLAID_PATH, headers, body: webhook.body, from, is_forged: false });
        }
    }

    fn take_off(&mut self, mut flight: Flight) {
        if self.weather.strikes(Fault::WebhookForged) {
            let forged = self.forged(&flight);
            self.air.push(forged);
        }
        if flight.path == COLUMN_PATH && self.weather.strikes(Fault::WebhookAltered) {
            self.air.extend(self.altered(&flight));
        }
        if self.weather.strikes(Fault::WebhookDropped) {
            self.story.tell(format_args!("a webhook is dropped for good"));
            return self.report(flight.from, true);
        }
        if self.weather.strikes(Fault::WebhookDelayedByDays) {
            flight.arrives_at = self.in_minutes(60, 5 * 24 * 60);
        }
        if self.weather.strikes(Fault::WebhookDuplicated) {
            let arrives_at =
                if self.weather.is_one_in(2) { flight.arrives_at } else { self.in_minutes(0, 3 * 24 * 60) };
            self.air.push(Flight { arrives_at, from: From::Nobody, ..flight.clone() });
        }
        self.air.push(flight);
    }

    /// Somebody else's: the body or the signature is not the provider's.
    fn forged(&self, flight: &Flight) -> Flight {
        let mut forged = Flight { from: From::Nobody, is_forged: true, ..flight.clone() };
        match self.weather.below(3) {
            0 => forged.headers.retain(|(name, _)| name == "content-type"),
            1 => forged.body = forged.body.replacen('{', "{ ", 1),
            _ => {
                for (_, value) in forged.headers.iter_mut().filter(|(name, _)| name != "content-type") {
                    *value = value.chars().rev().collect();
                }
            }
        }
        forged
    }

    /// The bank's own mistake: an event that it lists nowhere, about another amount than it moved.
    fn altered(&self, flight: &Flight) -> Option<Flight> {
        let mut event: Value = serde_json::from_str(&flight.body).ok()?;
        event["id"] = format!("{}x", event["id"].as_str()?).into();
        let amount = ["amount", "positive_pay_amount"].into_iter().find(|name| event["data"][*name].is_i64())?;
        event["data"][amount] = (event["data"][amount].as_i64()? + 100).into();
        let body = event.to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(self.simulation.providers.webhook_secret.as_bytes()).ok()?;
        mac.update(body.as_bytes());
        let signature = hex::encode(mac.finalize().into_bytes());
        let headers = flight.headers.iter().map(|(name, value)| {
            let value = if name == "column-signature" { signature.clone() } else { value.clone() };
            (name.clone(), value)
        });
        Some(Flight { headers: headers.collect(), body, from: From::Nobody, ..flight.clone() })
    }

    fn in_minutes(&self, least: u64, most: u64) -> Timestamp {
        let minutes = i64::try_from(self.weather.between(least, most)).unwrap_or_default();
        self.simulation.now().saturating_add(SignedDuration::from_mins(minutes)).unwrap_or(Timestamp::MAX)
    }

    /// Webhooks that have arrived; the first to be taken is any of them.
    pub(crate) fn arrived_flight(&mut self) -> Option<Flight> {
        let now = self.simulation.now();
        let arrived: Vec<usize> = self
            .air
            .iter()
            .enumerate()
            .filter(|(_, flight)| flight.arrives_at <= now)
            .map(|(place, _)| place)
            .collect();
        let reorders = arrived.len() > 1 && self.weather.strikes(Fault::WebhookReordered);
        let place = if reorders { self.weather.pick(&arrived) } else { arrived.first() };
        place.copied().map(|place| self.air.remove(place))
    }

    /// A webhook is handed to our receiver.
    pub(crate) fn receive(&mut self, flight: Flight) {
        let request = flight
            .headers
            .iter()
            .fold(Request::post(flight.path), |request, (name, value)| request.header(name.as_str(), value.as_str()));
        let Ok(request) = request.body(Body::from(flight.body.clone())) else { return };
        let router = self.simulation.receivers.clone();
        let what =
            format!("{}webhook to {}: {}", if flight.is_forged { "forged " } else { "" }, flight.path, told(&flight));
        self.begin(&what, Origin::Webhook(Box::new(flight)), Box::pin(crate::moves::ask(router, request)));
    }

    /// Our receiver answered, or died.
    pub(crate) fn land(&mut self, flight: Flight, status: Option<u16>) {
        self.story.tell(format_args!("the webhook was answered {status:?}"));
        if flight.is_forged {
            // 503 says that the signature could not be checked now.
            if !matches!(status, None | Some(400 | 401 | 503)) {
                self.wrong.push(format!("a forged webhook to {} was answered {status:?}", flight.path));
            }
            return;
        }
        if flight.path == COLUMN_PATH {
            self.witness.delivered(&flight.body, status);
        }
        self.report(flight.from, status.is_some_and(|status| (200..300).contains(&status)));
    }

    fn report(&self, from: From, is_accepted: bool) {
        match from {
            From::Column(delivery) => {
                let result =
                    if is_accepted { column::DeliveryResult::Accepted } else { column::DeliveryResult::NotAccepted };
                self.simulation.providers.column.report(vec![(delivery, result)]);
            }
            From::Plaid(delivery) => {
                let result = plaid::DeliveryResult::of_status(if is_accepted { 200 } else { 503 }, None);
                self.simulation.providers.plaid.report(vec![(delivery, result)]);
            }
            From::Nobody => {}
        }
    }
}

/// The event's type and id, or the notice's.
fn told(flight: &Flight) -> String {
    let body: serde_json::Value = serde_json::from_str(&flight.body).unwrap_or_default();
    let word = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    match flight.path {
        COLUMN_PATH => {
            let about = body["data"]["idempotency_key"].as_str().unwrap_or_default().to_owned();
            format!("{} {} about {about}", word("type"), word("id"))
        }
        _ => format!("{} {}", word("webhook_type"), word("webhook_code")),
    }
}
