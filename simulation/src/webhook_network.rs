//! Webhooks on their way to us: taken from the providers, and delivered as well as the network allows.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use http::Request;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::Sha256;
use shared::ports::clock::Clock as _;
use simulators::{column, plaid};

use crate::engine::Engine;
use crate::faults::Fault;
use crate::processes::Origin;

/// A webhook under way.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    pub arrives_at: Timestamp,
    pub path: &'static str,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// Whom to tell how it went; nobody for a copy.
    pub from: From,
    pub nature: Nature,
}

/// Whose a webhook is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    Genuine,
    /// Not the provider's.
    Forged,
    /// Signed by the provider, and not what it should be: it has to be taken, and must move nothing.
    Misfit,
    /// Signed by the provider; it is about nothing here, or nobody can read it: it has to be taken, and somebody asked.
    Unfit,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum From {
    Column(usize),
    Plaid(usize),
    Nobody,
}

/// So many forgeries come before each webhook of Plaid while it is flooded: more than keys are looked up in a minute.
const FLOOD: u64 = 24;

/// So long a key of Plaid's counts without being asked for again.
const KEY_KEPT: SignedDuration = SignedDuration::from_hours(1);

/// So often in a row a genuine webhook may be told to come again.
const KEPT_OUT_MAX: u32 = 4;

const COLUMN_PATH: &str = "/webhooks/column";
const PLAID_PATH: &str = "/webhooks/plaid";

impl Engine {
    /// Takes what the providers have to tell on its way.
    pub(crate) fn collect_webhooks(&mut self) {
        let owned = |headers: &[(&str, &str)]| -> Vec<(String, String)> {
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let arrives_at = self.simulation.now();
        for webhook in self.simulation.providers.column.due_deliveries(100) {
            let headers = owned(&webhook.headers());
            let from = From::Column(webhook.delivery);
            self.depart(Flight {
                arrives_at,
                path: COLUMN_PATH,
                headers,
                body: webhook.body,
                from,
                nature: Nature::Genuine,
            });
        }
        for event in self.hub.take_said() {
            self.fault_injector.count(Fault::WebhookMisfit);
            let headers = owned(&[("content-type", "application/json"), ("column-signature", "")]);
            let (from, nature) = (From::Nobody, Nature::Misfit);
            let unsigned = Flight { arrives_at, path: COLUMN_PATH, headers, body: String::new(), from, nature };
            self.webhook_network.extend(self.signed(&unsigned, event.to_string()));
        }
        for webhook in self.simulation.providers.plaid.due_deliveries(100) {
            let headers = owned(&webhook.headers());
            let from = From::Plaid(webhook.delivery);
            self.depart(Flight {
                arrives_at,
                path: PLAID_PATH,
                headers,
                body: webhook.body,
                from,
                nature: Nature::Genuine,
            });
        }
    }

    fn depart(&mut self, mut flight: Flight) {
        if self.fault_injector.strikes(Fault::WebhookForged) {
            let forged = self.forged(&flight);
            self.webhook_network.push(forged);
        }
        if flight.path == COLUMN_PATH {
            self.spoil(&mut flight);
        } else {
            self.flood(&flight);
        }
        if self.fault_injector.strikes(Fault::WebhookDropped) {
            self.trace.tell(format_args!("a webhook is dropped for good"));
            return self.report(flight.from, true);
        }
        if self.fault_injector.strikes(Fault::WebhookDelayedByDays) {
            flight.arrives_at = self.in_minutes(60, 5 * 24 * 60);
        }
        if self.fault_injector.strikes(Fault::WebhookDuplicated) {
            let arrives_at =
                if self.fault_injector.is_one_in(2) { flight.arrives_at } else { self.in_minutes(0, 3 * 24 * 60) };
            self.webhook_network.push(Flight { arrives_at, from: From::Nobody, ..flight.clone() });
        }
        self.webhook_network.push(flight);
    }

    /// Somebody else's: the body or the signature is not the provider's.
    fn forged(&self, flight: &Flight) -> Flight {
        let mut forged = Flight { from: From::Nobody, nature: Nature::Forged, ..flight.clone() };
        match self.fault_injector.below(3) {
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

    /// The bank's own mistakes about an event.
    fn spoil(&mut self, flight: &mut Flight) {
        if self.fault_injector.strikes(Fault::WebhookAltered) {
            self.webhook_network.extend(self.altered(flight));
        }
        if self.fault_injector.strikes(Fault::WebhookMisfit) {
            self.webhook_network.extend(self.misfit(flight));
        }
        if self.fault_injector.strikes(Fault::WebhookUnreadable) {
            let number = self.fault_injector.below(u64::MAX);
            let body = match self.fault_injector.below(5) {
                0 => "\"hello\"".to_owned(),
                1 => format!(r#"{{"id":"evnt_{number}","type":"ach.outgoing_transfer.settled"}}"#),
                2 => format!(r#"{{"id":"evnt_{number}","type":"ach.outgoing_transfer.settled","data":{{"id":7}}}}"#),
                3 => about_nothing(flight, number).unwrap_or_default(),
                _ => flight.body.replacen("\"data\"", "\"date\"", 1).replacen("evnt_", &format!("evnt_{number}"), 1),
            };
            let unfit = self.signed(flight, body);
            self.webhook_network.extend(unfit.map(|unfit| Flight { nature: Nature::Unfit, ..unfit }));
        }
        if self.fault_injector.strikes(Fault::WebhookOddlySpelled)
            && let Some(odd) = self.oddly_spelled(flight)
        {
            *flight = odd;
        }
    }

    /// An event that the bank lists nowhere, about another amount than it moved.
    fn altered(&self, flight: &Flight) -> Option<Flight> {
        let mut event: Value = serde_json::from_str(&flight.body).ok()?;
        event["id"] = format!("{}x", event["id"].as_str()?).into();
        let amount = ["amount", "positive_pay_amount"].into_iter().find(|name| event["data"][*name].is_i64())?;
        event["data"][amount] = (event["data"][amount].as_i64()? + 100).into();
        let altered = self.signed(flight, event.to_string())?;
        Some(Flight { nature: Nature::Genuine, ..altered })
    }

    /// An event that says that a transfer came back, which did not; and something in it is not as it should be.
    fn misfit(&self, flight: &Flight) -> Option<Flight> {
        let mut event: Value = serde_json::from_str(&flight.body).ok()?;
        let is_ach = event["type"].as_str()?.starts_with("ach.");
        event["id"] = format!("{}y", event["id"].as_str()?).into();
        if is_ach {
            event["type"] = "ach.outgoing_transfer.returned".into();
            event["data"]["status"] = "RETURNED".into();
            event["data"]["returned_at"] = event["created_at"].clone();
            event["data"]["return_details"] =
                json!([{ "return_code": "R03", "created_at": event["created_at"], "addenda": "" }]);
        }
        match self.fault_injector.below(4) {
            0 => event["data"]["id"] = "".into(),
            1 => event["data"]["is_incoming"] = is_ach.into(),
            2 if is_ach => event["type"] = "check.incoming_debit.returned".into(),
            2 => event["type"] = "ach.outgoing_transfer.returned".into(),
            _ => {
                event["id"] = "".into();
                event["data"]["id"] = format!("{}z", event["data"]["id"].as_str()?).into();
            }
        }
        self.signed(flight, event.to_string())
    }

    /// The same event with what may be left out left empty, or a day without its time.
    fn oddly_spelled(&self, flight: &Flight) -> Option<Flight> {
        let mut event: Value = serde_json::from_str(&flight.body).ok()?;
        let data = event.get_mut("data")?.as_object_mut()?;
        for (name, value) in data.iter_mut().filter(|(name, _)| name.ends_with("_at") || *name == "effective_on") {
            if value.is_null() {
                *value = "".into();
            } else if name == "effective_on"
                && let Some(day) = value.as_str().and_then(|text| text.get(..10)).map(str::to_owned)
            {
                *value = day.into();
            }
        }
        let odd = self.signed(flight, event.to_string())?;
        Some(Flight { nature: Nature::Genuine, from: flight.from, ..odd })
    }

    /// Another body with the bank's signature.
    fn signed(&self, flight: &Flight, body: String) -> Option<Flight> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.simulation.providers.webhook_secret.as_bytes()).ok()?;
        mac.update(body.as_bytes());
        let signature = hex::encode(mac.finalize().into_bytes());
        let headers = flight.headers.iter().map(|(name, value)| {
            let value = if name == "column-signature" { signature.clone() } else { value.clone() };
            (name.clone(), value)
        });
        let (from, nature) = (From::Nobody, Nature::Misfit);
        Some(Flight { headers: headers.collect(), body, from, nature, ..flight.clone() })
    }

    /// Forgeries, each under a key that nobody has heard of, come just before a webhook of Plaid.
    fn flood(&mut self, flight: &Flight) {
        if !self.fault_injector.is_flooded() {
            return;
        }
        self.fault_injector.count(Fault::PlaidKeysFlooded);
        for _ in 0..FLOOD {
            let header =
                format!(r#"{{"alg":"ES256","kid":"{:032x}","typ":"JWT"}}"#, self.fault_injector.below(u64::MAX));
            let mut forged = Flight { from: From::Nobody, nature: Nature::Forged, ..flight.clone() };
            for (_, value) in forged.headers.iter_mut().filter(|(name, _)| name == "plaid-verification") {
                let rest = value.split_once('.').map(|(_, rest)| rest.to_owned()).unwrap_or_default();
                *value = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(&header));
            }
            self.webhook_network.push(forged);
        }
    }

    fn in_minutes(&self, least: u64, most: u64) -> Timestamp {
        let minutes = i64::try_from(self.fault_injector.between(least, most)).unwrap_or_default();
        self.simulation.now().saturating_add(SignedDuration::from_mins(minutes)).unwrap_or(Timestamp::MAX)
    }

    /// Webhooks that have arrived; the first to be taken is any of them.
    pub(crate) fn arrived_flight(&mut self) -> Option<Flight> {
        let now = self.simulation.now();
        let arrived: Vec<usize> = self
            .webhook_network
            .iter()
            .enumerate()
            .filter(|(_, flight)| flight.arrives_at <= now)
            .map(|(place, _)| place)
            .collect();
        let reorders = arrived.len() > 1 && self.fault_injector.strikes(Fault::WebhookReordered);
        let place = if reorders { self.fault_injector.pick(&arrived) } else { arrived.first() };
        place.copied().map(|place| self.webhook_network.remove(place))
    }

    /// A webhook is handed to our receiver.
    pub(crate) fn receive(&mut self, flight: Flight) {
        let request = flight
            .headers
            .iter()
            .fold(Request::post(flight.path), |request, (name, value)| request.header(name.as_str(), value.as_str()));
        let Ok(request) = request.body(Body::from(flight.body.clone())) else { return };
        if self.fault_injector.takes_fresh_receivers() {
            self.replace_receivers();
        }
        let router = self.receivers.clone();
        let what = format!(
            "{}webhook to {}: {}",
            if flight.nature == Nature::Forged { "forged " } else { "" },
            flight.path,
            told(&flight)
        );
        self.begin(&what, Origin::Webhook(Box::new(flight)), Box::pin(crate::scheduler::ask(router, request)));
    }

    /// Our receiver answered, or died.
    pub(crate) fn arrive(&mut self, flight: Flight, status: Option<u16>) {
        self.trace.tell(format_args!("the webhook was answered {status:?}"));
        if flight.nature == Nature::Forged {
            // 503 says that the signature could not be checked now.
            if !matches!(status, None | Some(400 | 401 | 503)) {
                self.wrong.push(format!("a forged webhook to {} was answered {status:?}", flight.path));
            }
            return;
        }
        if flight.path == COLUMN_PATH {
            if matches!(status, Some(400..=499)) {
                self.wrong
                    .push(format!("an event that the bank had signed was answered {status:?}: {}", told(&flight)));
            }
            match flight.nature {
                Nature::Genuine | Nature::Forged => {}
                Nature::Misfit => return,
                Nature::Unfit => {
                    if let (Some(200), Some(id)) = (status, event_id(&flight)) {
                        self.recorder.took_unfit(&id);
                    }
                    return;
                }
            }
            self.recorder.delivered(&flight.body, status);
        }
        self.count_kept_out(&flight, status);
        self.report(flight.from, status.is_some_and(|status| (200..300).contains(&status)));
    }

    /// A genuine webhook of Plaid is not kept out for long: neither by forgeries, whose keys are another matter than its own, nor because
    /// Plaid is out of reach where its key was confirmed before.
    fn count_kept_out(&mut self, flight: &Flight, status: Option<u16>) {
        let From::Plaid(delivery) = flight.from else { return };
        let is_confirmed =
            self.fault_injector.is_plaid_down() && self.is_confirmed(&key_id(flight).unwrap_or_default());
        let is_flooded = self.fault_injector.is_flooded() && !self.fault_injector.is_plaid_down();
        let plaid_failed = self.fault_injector.struck().count(Fault::PlaidFailed);
        let (times, failed) = self.kept_out.entry(delivery).or_insert((0, plaid_failed));
        let has_failed = std::mem::replace(failed, plaid_failed) != plaid_failed;
        if status != Some(503) || !(is_confirmed || is_flooded) || (has_failed && !is_confirmed) {
            *times = 0;
            return;
        }
        *times += 1;
        if *times == KEPT_OUT_MAX {
            self.wrong.push(format!("a genuine webhook of Plaid was told to come again {times} times in a row"));
        }
    }

    /// Whether Plaid gave the key to one of our processes within the last hour, for which it counts.
    fn is_confirmed(&self, key: &str) -> bool {
        let now = self.simulation.clock.elapsed_now();
        let confirmed = self.simulation.table.dump().into_iter().filter_map(|item| {
            let is_it = item.get("pk")?.as_str()? == "PLAIDKEYS" && item.get("sk")?.as_str()? == key;
            is_it.then(|| item.get("confirmed_at")?.as_str()?.parse::<Timestamp>().ok())?
        });
        confirmed.into_iter().any(|at| now.duration_since(at) < KEY_KEPT)
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

/// An event of the same kind about a payment that never was.
fn about_nothing(flight: &Flight, number: u64) -> Option<String> {
    let mut event: Value = serde_json::from_str(&flight.body).ok()?;
    event["id"] = format!("evnt_{number}").into();
    event["data"]["id"] = format!("acht_{number}").into();
    event["data"]["idempotency_key"] = format!("pay_{number:032x}:1").into();
    Some(event.to_string())
}

/// The key that a webhook of Plaid names.
fn key_id(flight: &Flight) -> Option<String> {
    let (_, token) = flight.headers.iter().find(|(name, _)| name == "plaid-verification")?;
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
    serde_json::from_slice::<Value>(&header).ok()?["kid"].as_str().map(str::to_owned)
}

/// The id of an event that has one.
fn event_id(flight: &Flight) -> Option<String> {
    let event: Value = serde_json::from_str(&flight.body).ok()?;
    event["id"].as_str().filter(|id| !id.is_empty()).map(str::to_owned)
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
