//! The simulated Plaid: a deterministic core that follows plaid.md, for API version 2020-09-14.
//!
//! It knows every institution id of the form `ins_` and digits, except those it is told not to know, and derives one routing number from each. Persons, their accounts and
//! what they do are made by control calls ([`Control`]): `POST /__control/NAME`. An institution's books and what Plaid has seen of them are kept apart, so that Plaid can
//! be behind; only `/accounts/balance/get` asks the institution.
//!
//! Guarantees: the same calls at the same times give the same answers, ids, keys, signatures and webhooks, byte for byte; a refused call leaves nothing behind; time never
//! goes back, and what falls due happens at its own time however far the clock jumps.
//! Limits: institutions of the US; cards are the only liabilities; `auth`, `identity`, `liabilities` and `transactions` can be asked for, `/identity/get` does not exist;
//! no micro-deposits, no processor tokens, no `/transactions/refresh`; no call is slow, it is answered or never; the first reading of transactions shows all of them at
//! once; the log is replayed to a new cursor as it happened.

mod accounts;
mod call;
mod control;
mod control_routes;
mod deliveries;
mod error;
mod faults;
mod institutions;
mod items;
mod keys;
mod liabilities;
mod link;
mod money;
mod persons;
mod route;
mod sandbox;
mod settings;
mod sync;
mod time;
mod transactions;
mod webhooks;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;

use crate::http::{Answer, Request};
use crate::ids::Ids;
use crate::outbox::Outbox;
use call::Call;
use deliveries::{Attempts, Webhook};
use faults::{Limiter, Subject, Switches};
use items::Item;
use keys::Keys;
use link::{LinkToken, PublicToken};
use persons::Login;
use route::Endpoint;
use transactions::{Movement, Readiness};

pub use crate::outbox::DeliveryCounts;
pub use accounts::{Account, AccountBalances, Apr, Credit, Numbers};
pub use control::Control;
pub use deliveries::{DeliveryResult, OutgoingWebhook};
pub use error::Failure;
pub use faults::{CallFault, CallFaultKind, Faults, Forgery, Limit, WebhookFaults};
pub use institutions::routing_number;
pub use money::Dollars;
pub use route::production_limits;
pub use settings::{Config, Environment, Settings};

const REQUEST_ID_LENGTH: usize = 15;
/// How long before its consent ends a person's application is told.
const NOTICE_OF_DISCONNECT: SignedDuration = SignedDuration::from_hours(7 * 24);
const GATEWAY_PAGE: &str = "<html><head><title>Bad Gateway</title></head><body></body></html>";

/// Something that happens by itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Due {
    /// Plaid looks at a person's accounts at one institution.
    See(usize),
    /// Plaid looks at one item, as it does every so often.
    Look(usize),
    Book {
        login: usize,
        movement: Movement,
    },
    /// A part of the first reading of transactions is done.
    Read {
        item: usize,
        readiness: Readiness,
    },
    /// The consent ends at this time, unless it was renewed meanwhile.
    ConsentNotice {
        item: usize,
        ends_at: Timestamp,
    },
    ConsentEnd {
        item: usize,
        ends_at: Timestamp,
    },
}

/// What happened so far, in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counters {
    pub calls: u64,
    pub calls_by_path: BTreeMap<String, u64>,
    pub items: usize,
    pub deliveries: DeliveryCounts,
}

/// The simulated Plaid.
#[derive(Clone, PartialEq)]
pub struct Plaid {
    config: Config,
    settings: Settings,
    /// The caller's time plus the offset, and never earlier than before.
    now: Timestamp,
    offset: SignedDuration,
    ids: Ids,
    /// Apart from the others, so that calls which change nothing give no ids away.
    request_ids: Ids,
    calls_by_path: BTreeMap<String, u64>,
    calls: u64,
    keys: Keys,
    logins: Vec<Login>,
    link_tokens: BTreeMap<String, LinkToken>,
    public_tokens: BTreeMap<String, PublicToken>,
    access_tokens: BTreeMap<String, usize>,
    items: Vec<Item>,
    outbox: Outbox<Webhook>,
    attempts: BTreeMap<String, Attempts>,
    due: BTreeMap<(Timestamp, u64), Due>,
    faults: Switches,
    limits: Vec<Limit>,
    limiter: Limiter,
}

impl std::fmt::Debug for Plaid {
    /// Accounts, tokens and keys are not printed.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Plaid").field("now", &self.now).field("calls", &self.calls).finish_non_exhaustive()
    }
}

impl Plaid {
    /// Nobody has linked anything yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self::with_settings(config, Settings::default())
    }

    #[must_use]
    pub fn with_settings(config: Config, settings: Settings) -> Self {
        Self {
            ids: Ids::new(settings.seed),
            request_ids: Ids::new(settings.seed.rotate_left(32) ^ 1),
            keys: Keys::new(settings.seed, Timestamp::UNIX_EPOCH),
            config,
            settings,
            now: Timestamp::UNIX_EPOCH,
            offset: SignedDuration::ZERO,
            calls_by_path: BTreeMap::new(),
            calls: 0,
            logins: Vec::new(),
            link_tokens: BTreeMap::new(),
            public_tokens: BTreeMap::new(),
            access_tokens: BTreeMap::new(),
            items: Vec::new(),
            outbox: Outbox::default(),
            attempts: BTreeMap::new(),
            due: BTreeMap::new(),
            faults: Switches::default(),
            limits: Vec::new(),
            limiter: Limiter::default(),
        }
    }

    pub fn set_faults(&mut self, faults: Faults) {
        self.faults.set(&faults);
    }

    /// Answers one HTTP request at the caller's time `now`, after everything that fell due before it.
    pub fn handle(&mut self, now: Timestamp, request: &Request) -> Answer {
        self.handle_as(now, request, false)
    }

    /// As [`Plaid::handle`], for a request whose credentials were checked when it was first made.
    pub(crate) fn handle_authorized(&mut self, now: Timestamp, request: &Request) -> Answer {
        self.handle_as(now, request, true)
    }

    fn handle_as(&mut self, now: Timestamp, request: &Request, is_authorized: bool) -> Answer {
        self.advance(now);
        if let Some(name) = request.path.strip_prefix(control_routes::PREFIX) {
            return self.handle_control(name, request);
        }
        self.calls += 1;
        *self.calls_by_path.entry(request.path.clone()).or_default() += 1;
        let request_id = self.request_ids.opaque(self.calls, REQUEST_ID_LENGTH);
        if self.faults.outage_until.is_some_and(|until| self.now < until) {
            return Failure::from(error::PLANNED_MAINTENANCE).into_answer(&request_id);
        }
        self.admit(request, is_authorized, &request_id).unwrap_or_else(|failure| failure.into_answer(&request_id))
    }

    /// Whether the request may change Plaid, so that a journal must keep it.
    #[must_use]
    pub fn changes_state(&self, request: &Request) -> bool {
        let is_read = || Endpoint::find(&request.path).is_some_and(|endpoint| endpoint.is_read);
        if request.path.starts_with(control_routes::PREFIX) {
            return request.method != "GET";
        }
        let is_authorized = Call::read(request).is_ok_and(|call| self.authorize(&call).is_ok());
        is_authorized && (!is_read() || !self.faults.calls.is_empty())
    }

    /// Everything that stands before the endpoint, then the endpoint itself, as the fault switches have it.
    fn admit(&mut self, request: &Request, is_authorized: bool, request_id: &str) -> Result<Answer, Failure> {
        let call = Call::read(request)?;
        let endpoint = Endpoint::find(&request.path).ok_or(error::NOT_FOUND)?;
        if !is_authorized {
            self.authorize(&call)?;
        }
        let item = call.value("access_token").and_then(Value::as_str).and_then(|token| self.access_tokens.get(token));
        let item = item.map(|position| &self.items[*position]);
        let institution_of = |item: &Item| self.logins[item.login].institution_id.as_str();
        let subject = Subject {
            path: &request.path,
            item_id: item.map(|item| item.item_id.as_str()),
            institution_id: item.map(institution_of).or_else(|| call.value("institution_id").and_then(Value::as_str)),
        };
        let fault = self.faults.takes_call(self.now, &subject);
        if let Some(limit) = self.limiter.takes(self.now, &self.limits, &subject) {
            return Err(endpoint.too_often(limit.is_per_item));
        }
        self.answer(endpoint, &call, fault, request_id)
    }

    fn answer(
        &mut self,
        endpoint: &Endpoint,
        call: &Call,
        fault: Option<CallFaultKind>,
        request_id: &str,
    ) -> Result<Answer, Failure> {
        match fault {
            None => {
                let mut body = endpoint.answer(self, call)?;
                body["request_id"] = Value::String(request_id.to_owned());
                Ok(Answer::reply(200, body.to_string()))
            }
            Some(CallFaultKind::RateLimited) => Err(endpoint.too_often(false)),
            Some(CallFaultKind::ErrorBefore) => Err(Failure::internal()),
            Some(CallFaultKind::ErrorAfter) => endpoint.answer(self, call).and_then(|_| Err(Failure::internal())),
            Some(CallFaultKind::SilenceBefore) => Ok(Answer::Silence),
            Some(CallFaultKind::SilenceAfter) => endpoint.answer(self, call).map(|_| Answer::Silence),
            Some(CallFaultKind::Refuse { code }) => Err(Failure::injected(&code)),
            Some(CallFaultKind::Gateway { status }) => Ok(Answer::reply(status, GATEWAY_PAGE.to_owned())),
        }
    }

    /// Credentials come in the body or in headers.
    fn authorize(&self, call: &Call) -> Result<(), Failure> {
        match (&call.client_id, &call.secret) {
            (Some(client_id), Some(secret)) if *client_id == self.config.client_id && *secret == self.config.secret => {
                Ok(())
            }
            (Some(_), Some(_)) => Err(error::INVALID_API_KEYS.into()),
            (_, _) => Err(Failure::new(error::MISSING_FIELDS, "client_id and secret must be set")),
        }
    }
}

#[cfg(test)]
mod tests;
