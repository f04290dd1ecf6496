//! The simulated Column and Plaid and the issuer of tokens behind the transport port, without a socket; and a journal of what passed.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use base64::Engine as _;
use issuer::LocalIssuer;
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::adapters::simulated::ManualClock;
use shared::ports::clock::Clock as _;
use shared::ports::transport::{ProviderRequest, ProviderResponse, Transport, TransportError};
use simulators::http::{Answer, Request};
use simulators::shell::{ColumnServer, PlaidServer};
use simulators::{column, plaid};

use super::Setup;
use crate::error::{Played, ScenarioError};

const COLUMN_URL: &str = "http://column.test";
const PLAID_URL: &str = "http://plaid.test";
pub(super) const ISSUER_URL: &str = "http://issuer.test";

/// Something that passed between us and a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Business time.
    pub at: Timestamp,
    pub what: String,
    /// Of the item, transfer or check that it is about.
    pub id: String,
}

#[derive(Debug)]
pub struct Providers {
    pub column: ColumnServer,
    pub plaid: PlaidServer,
    pub(super) issuer: LocalIssuer,
    pub(super) entity_id: String,
    /// Signs the bank's webhooks.
    pub webhook_secret: String,
    clock: Arc<ManualClock>,
    journal: Mutex<Vec<Moment>>,
}

impl Providers {
    /// An empty bank that sends every event, and a Plaid that nobody has linked anything at.
    pub(super) fn open(clock: &Arc<ManualClock>, setup: &Setup) -> Played<Self> {
        let mut providers = Self {
            column: ColumnServer::new(bank(setup), business(clock)),
            plaid: PlaidServer::with_settings(directory(setup), behavior(), business(clock)),
            issuer: LocalIssuer::new(ISSUER_URL),
            entity_id: String::new(),
            webhook_secret: String::new(),
            clock: clock.clone(),
            journal: Mutex::default(),
        };
        providers.entity_id = text(&providers.bank_get("/entities")?["entities"][0]["id"])?;
        let endpoint = json!({ "url": "https://clearway.test/webhooks/column", "enabled_events": ["*"] });
        providers.webhook_secret =
            text(&providers.bank_call("POST", "/webhook-endpoints", Some(&endpoint))?["secret"])?;
        Ok(providers)
    }

    /// Both as they were at a moment of the release before.
    pub(super) fn of_moment(clock: &Arc<ManualClock>, setup: &Setup, moment: &world::Moment) -> Self {
        Self {
            column: moment.column(bank(setup), business(clock)),
            plaid: moment.plaid(directory(setup), behavior(), business(clock)),
            issuer: LocalIssuer::new(ISSUER_URL),
            entity_id: moment.entity_id().to_owned(),
            webhook_secret: moment.webhook_secret().to_owned(),
            clock: clock.clone(),
            journal: Mutex::default(),
        }
    }

    /// What the bank answers.
    pub fn bank_get(&self, target: &str) -> Played<Value> {
        self.bank_call("GET", target, None)
    }

    /// What the bank answers to a call of somebody else's, such as whoever wires money to an account of ours.
    pub fn bank_post(&self, target: &str, body: &Value) -> Played<Value> {
        self.bank_call("POST", target, Some(body))
    }

    /// The bank forgets what is there.
    pub fn bank_delete(&self, target: &str) -> Played<Value> {
        self.bank_call("DELETE", target, None)
    }

    fn bank_call(&self, method: &str, target: &str, body: Option<&Value>) -> Played<Value> {
        let credentials = base64::engine::general_purpose::STANDARD.encode(format!(":{}", world::BANK_KEY));
        let mut request = Request::new(method, target).with_header("authorization", &format!("Basic {credentials}"));
        if let Some(body) = body {
            request = request.with_header("content-type", "application/json").with_body(body.to_string().as_bytes());
        }
        match self.column.call(&request) {
            Answer::Reply(reply) if reply.status == 200 => Ok(serde_json::from_str(&reply.body)?),
            Answer::Reply(reply) => Err(ScenarioError::Provider(format!("{method} {target}: {}", reply.status))),
            Answer::Silence => Err(ScenarioError::Provider(format!("{method} {target}: no answer"))),
        }
    }

    /// What the bank is told by whoever plays the other banks, the mail and the payee.
    pub fn tell_bank(&self, control: column::Control) -> Played<()> {
        let refused = |refusal| ScenarioError::Provider(format!("{refusal:?}"));
        self.column.control(control).map(drop).map_err(refused)
    }

    /// What Plaid is told by whoever plays the persons and their institutions.
    pub fn tell_plaid(&self, control: Value) -> Played<Value> {
        let control: plaid::Control = serde_json::from_value(control)?;
        self.plaid.control(control).map_err(|refusal| ScenarioError::Provider(format!("{refusal:?}")))
    }

    pub(crate) fn note(&self, what: impl Into<String>, id: impl Into<String>) {
        let moment = Moment { at: self.clock.business_now(), what: what.into(), id: id.into() };
        self.journal.lock().unwrap_or_else(PoisonError::into_inner).push(moment);
    }

    /// What passed so far, in order.
    pub fn journal(&self) -> Vec<Moment> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note_reading(&self, path: &str, answer: &Answer) {
        let Answer::Reply(reply) = answer else { return };
        if path != "/liabilities/get" || reply.status != 200 {
            return;
        }
        let body: Value = serde_json::from_str(&reply.body).unwrap_or_default();
        self.note("read from Plaid", body["item"]["item_id"].as_str().unwrap_or_default());
    }
}

fn business(clock: &Arc<ManualClock>) -> simulators::shell::Clock {
    let clock = clock.clone();
    Arc::new(move || clock.business_now())
}

fn bank(setup: &Setup) -> column::Config {
    column::Config {
        api_key: world::BANK_KEY.to_owned(),
        seed: setup.seed,
        root_entity_name: "Clearway Scenarios".to_owned(),
    }
}

fn directory(setup: &Setup) -> plaid::Config {
    plaid::Config {
        client_id: world::PLAID_KEYS.to_owned(),
        secret: world::PLAID_KEYS.to_owned(),
        unknown_institutions: setup.unknown_institutions.clone(),
        without_routing_numbers: BTreeSet::new(),
    }
}

/// Institutions are asked about once a day.
fn behavior() -> plaid::Settings {
    plaid::Settings { looks_every_s: Some(24 * 3_600), ..plaid::Settings::default() }
}

pub(crate) fn text(value: &Value) -> Played<String> {
    value.as_str().map(str::to_owned).ok_or_else(|| ScenarioError::Provider("an answer lacks an id".to_owned()))
}

#[async_trait]
impl Transport for Providers {
    async fn exchange(&self, request: ProviderRequest) -> Result<ProviderResponse, TransportError> {
        let reply = |status, body: String| Ok(ProviderResponse { status, headers: Vec::new(), body: body.into() });
        match request.url.strip_prefix(ISSUER_URL) {
            Some("/.well-known/openid-configuration") => return reply(200, self.issuer.discovery().to_string()),
            Some("/.well-known/jwks.json") => return reply(200, self.issuer.keys().to_string()),
            Some(_) | None => {}
        }
        let simulated = |target: &str| {
            let asked = Request::new(request.method.as_str(), target).with_body(&request.body);
            request.headers.iter().fold(asked, |asked, (name, value)| asked.with_header(name, value))
        };
        let answer = if let Some(target) = request.url.strip_prefix(COLUMN_URL) {
            self.column.call(&simulated(target))
        } else if let Some(target) = request.url.strip_prefix(PLAID_URL) {
            let answer = self.plaid.call(&simulated(target));
            self.note_reading(target, &answer);
            answer
        } else {
            return Err(TransportError::Broken("nobody listens there".to_owned()));
        };
        match answer {
            Answer::Reply(answered) => reply(answered.status, answered.body),
            Answer::Silence => Err(TransportError::TimedOut),
        }
    }
}
