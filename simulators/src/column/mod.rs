//! The simulated Column: a deterministic bank that follows column.md.
//!
//! Guarantees: the same calls at the same times give the same answers, ids, events and webhooks, byte for byte; a refused call leaves nothing behind; bank time never goes
//! back; each call costs at most the logarithm of what the bank holds, and each due transition happens at its own time however far the clock jumps.
//! Limits: no overdraft, no transfers between two accounts of this bank, no incoming ACH, no checks, book, realtime or outgoing wires. Which money a dishonored return
//! moves is not documented: those steps change the status only.

mod accounts;
mod ach;
mod calendar;
mod control;
mod counterparties;
mod error;
mod events;
mod faults;
mod idempotency;
mod input;
mod list;
mod objects;
mod transfers;
mod webhooks;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::http::{Answer, Request};
use crate::ids::Ids;
use ach::life::Due;
use ach::{AchStatus, AchTransfer};
use idempotency::{Idempotency, Made};
use objects::{AccountNumber, BankAccount, BusinessDetails, Collection, Counterparty, Entity};
use transfers::IncomingWire;
use webhooks::{Delivery, Endpoint, Queued};

pub use ach::{Direction, NotificationOfChange};
pub use control::Control;
pub use error::ApiError;
pub use faults::{CallFault, CallFaultKind, ReturnMoment, ReturnPlan, WebhookFaults};
pub use objects::Balances;
pub use webhooks::{DeliveryResult, OutgoingWebhook};

const LONGEST_IDEMPOTENCY_KEY: usize = 255;

/// What a simulated bank starts from. The root entity exists from the beginning.
#[derive(Clone, PartialEq, Eq)]
pub struct Config {
    pub api_key: String,
    /// Another seed gives other ids.
    pub seed: u64,
    pub root_entity_name: String,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Config").field("seed", &self.seed).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TransferRef {
    Ach(usize),
    Wire(usize),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct DeliveryCounts {
    pub pending: u64,
    pub succeeded: u64,
    pub failed: u64,
}

/// What the bank holds, in numbers; amounts in cents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Transfers of all kinds.
    pub transfers: usize,
    pub ach_by_status: BTreeMap<String, u64>,
    pub idempotent_replays: u64,
    /// Replays whose request differed from the first: must be zero.
    pub duplicate_keys_with_other_content: u64,
    pub balances: Balances,
    pub events: usize,
    pub deliveries: DeliveryCounts,
}

/// The simulated bank.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    config: Config,
    /// Bank time: the caller's time plus the offset, and never earlier than before.
    now: Timestamp,
    offset: SignedDuration,
    ids: Ids,
    entities: Collection<Entity>,
    accounts: Collection<BankAccount>,
    numbers: Collection<AccountNumber>,
    counterparties: Collection<Counterparty>,
    transfers: Collection<AchTransfer>,
    wires: Collection<IncomingWire>,
    order: Vec<TransferRef>,
    by_status: BTreeMap<AchStatus, u64>,
    idempotency: Idempotency,
    events: Collection<events::Event>,
    endpoints: Collection<Endpoint>,
    deliveries: Vec<Delivery>,
    queue: BTreeSet<Queued>,
    delivery_counts: DeliveryCounts,
    due: BTreeMap<(Timestamp, u64), Due>,
    faults: faults::Faults,
}

impl Column {
    /// An empty bank: no account, no money.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let mut bank = Self {
            ids: Ids::new(config.seed),
            config,
            now: Timestamp::UNIX_EPOCH,
            offset: SignedDuration::ZERO,
            entities: Collection::default(),
            accounts: Collection::default(),
            numbers: Collection::default(),
            counterparties: Collection::default(),
            transfers: Collection::default(),
            wires: Collection::default(),
            order: Vec::new(),
            by_status: BTreeMap::new(),
            idempotency: Idempotency::default(),
            events: Collection::default(),
            endpoints: Collection::default(),
            deliveries: Vec::new(),
            queue: BTreeSet::new(),
            delivery_counts: DeliveryCounts::default(),
            due: BTreeMap::new(),
            faults: faults::Faults::default(),
        };
        let details = BusinessDetails {
            business_name: bank.config.root_entity_name.clone(),
            ein: String::new(),
            website: String::new(),
            industry: String::new(),
            legal_type: String::new(),
            address: None,
        };
        bank.add_entity(details, true);
        bank
    }

    /// Answers one HTTP request at the caller's time `now`, after everything that fell due before it.
    pub fn handle(&mut self, now: Timestamp, request: &Request) -> Answer {
        if !self.is_authorized(request) {
            return Answer::reply(401, String::new());
        }
        self.handle_authorized(now, request)
    }

    /// As [`Column::handle`], for a request whose credentials were checked when it was first made.
    pub(crate) fn handle_authorized(&mut self, now: Timestamp, request: &Request) -> Answer {
        self.advance(now);
        if let Some(name) = request.path.strip_prefix(control::PREFIX) {
            return self.handle_control(name, request);
        }
        if self.faults.outage_until.is_some_and(|until| self.now < until) {
            return ApiError::server(503).into_answer();
        }
        match self.faults.takes_call(request) {
            None => self.answer(request),
            Some(kind) => self.answer_faulty(kind, request),
        }
    }

    /// Whether the request may change the bank, so that a journal must keep it.
    #[must_use]
    pub fn changes_state(&self, request: &Request) -> bool {
        self.is_authorized(request) && (request.method != "GET" || !self.faults.calls.is_empty())
    }

    /// Column wants an empty user name and the key as password; control calls need no key.
    fn is_authorized(&self, request: &Request) -> bool {
        request.path.starts_with(control::PREFIX)
            || request
                .basic_credentials()
                .is_some_and(|(user, password)| user.is_empty() && password == self.config.api_key)
    }

    /// Does everything that falls due up to the caller's time `now`, each at its own time.
    pub fn advance(&mut self, now: Timestamp) {
        let until = now.saturating_add(self.offset).unwrap_or(now).max(self.now);
        while let Some((&(at, _), _)) = self.due.first_key_value()
            && at <= until
        {
            let Some((_, due)) = self.due.pop_first() else { break };
            self.now = self.now.max(at);
            self.fall_due(due);
        }
        self.now = until;
    }

    /// When something happens next (a transfer moves or a webhook is due), on the caller's clock.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.next_transition().into_iter().chain(self.next_delivery()).min()
    }

    /// When a transfer moves next, on the caller's clock. A transfer that went another way meanwhile may leave a time behind at which nothing happens.
    #[must_use]
    pub fn next_transition(&self) -> Option<Timestamp> {
        self.due.first_key_value().map(|(&(at, _), _)| self.caller_time(at))
    }

    /// The latest time that the bank has seen, on the caller's clock.
    #[must_use]
    pub fn latest_time(&self) -> Timestamp {
        self.caller_time(self.now)
    }

    fn caller_time(&self, at: Timestamp) -> Timestamp {
        at.saturating_sub(self.offset).unwrap_or(at)
    }

    #[must_use]
    pub fn counters(&self) -> Counters {
        let name =
            |status: &AchStatus| serde_json::to_value(status).ok().and_then(|value| value.as_str().map(str::to_owned));
        Counters {
            transfers: self.order.len(),
            ach_by_status: self
                .by_status
                .iter()
                .filter(|(_, count)| **count > 0)
                .map(|(status, count)| (name(status).unwrap_or_default(), *count))
                .collect(),
            idempotent_replays: self.idempotency.replays,
            duplicate_keys_with_other_content: self.idempotency.replays_with_other_content,
            balances: self.total_balances(),
            events: self.events.len(),
            deliveries: self.delivery_counts,
        }
    }

    /// The effect and the answer, without faults.
    fn answer(&mut self, request: &Request) -> Answer {
        match self.route(request) {
            Ok(body) => Answer::reply(200, body),
            Err(refusal) => refusal.into_answer(),
        }
    }

    fn answer_faulty(&mut self, kind: CallFaultKind, request: &Request) -> Answer {
        match kind {
            CallFaultKind::RateLimited => ApiError::rate_limited().into_answer(),
            CallFaultKind::ErrorBefore => ApiError::server(500).into_answer(),
            CallFaultKind::ErrorAfter => {
                self.answer(request);
                ApiError::server(500).into_answer()
            }
            CallFaultKind::SilenceBefore => Answer::Silence,
            CallFaultKind::SilenceAfter => {
                self.answer(request);
                Answer::Silence
            }
            CallFaultKind::LateSend { delay_s } => {
                self.schedule_after(SignedDuration::from_secs(delay_s), Due::LateSend(request.clone()));
                Answer::Silence
            }
            CallFaultKind::Refuse { code } => ApiError::injected(&code).into_answer(),
            CallFaultKind::Unauthorized => Answer::reply(401, String::new()),
        }
    }

    fn route(&mut self, request: &Request) -> Result<String, ApiError> {
        let segments: Vec<&str> = request.path.split('/').filter(|segment| !segment.is_empty()).collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("POST", ["transfers", "ach"]) => self.once(request, |bank, key| bank.create_ach(request, key)),
            ("GET", ["transfers", "ach"]) => self.list_ach(request),
            ("GET", ["transfers", "ach", id]) => self.ach_position(id).map(|position| self.ach_json_now(position)),
            ("POST", ["transfers", "ach", id, "cancel"]) => {
                self.cancel_ach(id).map(|position| self.ach_json_now(position))
            }
            ("POST", ["transfers", "ach", id, "reverse"]) => {
                self.once(request, |bank, key| bank.reverse_ach(id, request, key))
            }
            ("GET", ["transfers"]) => self.list_transfers(request),
            ("POST", ["bank-accounts"]) => self.once(request, |bank, _| bank.create_bank_account(request)),
            ("GET", ["bank-accounts"]) => self.list_bank_accounts(request),
            ("GET", ["bank-accounts", id]) => self.get_bank_account(id),
            ("POST", ["bank-accounts", id, "account-numbers"]) => {
                self.once(request, |bank, _| bank.create_account_number(id, request))
            }
            ("GET", ["bank-accounts", id, "account-numbers"]) => self.list_account_numbers(id, request),
            ("GET", ["account-numbers", id]) => self.get_account_number(id),
            ("POST", ["entities", "business"]) => self.once(request, |bank, _| bank.create_business(request)),
            ("GET", ["entities"]) => self.list_entities(request),
            ("GET", ["entities", id]) => self.get_entity(id),
            ("POST", ["counterparties"]) => self.create_counterparty(request),
            ("GET", ["counterparties"]) => self.list_counterparties(request),
            ("GET", ["counterparties", id]) => self.get_counterparty(id),
            ("DELETE", ["counterparties", id]) => self.delete_counterparty(id),
            ("GET", ["institutions", routing_number]) => counterparties::get_institution(routing_number),
            ("POST", ["simulate", "receive-wire"]) => self.receive_wire(request),
            ("POST", ["simulate", "transfers", "ach", "settle"]) => self.simulate_ach_settlement(request),
            (method, path) => self.route_events(method, path, request),
        }
    }

    fn route_events(&mut self, method: &str, path: &[&str], request: &Request) -> Result<String, ApiError> {
        match (method, path) {
            ("GET", ["events"]) => self.list_events(request, false),
            ("GET", ["events", "webhook"]) => self.list_events(request, true),
            ("GET", ["events", id]) => self.get_event(id),
            ("POST", ["webhook-endpoints" | "webhook_endpoints"]) => self.create_endpoint(request),
            ("GET", ["webhook-endpoints" | "webhook_endpoints"]) => Ok(self.list_endpoints()),
            ("GET", ["webhook-endpoints" | "webhook_endpoints", id]) => self.get_endpoint(id),
            ("PATCH", ["webhook-endpoints" | "webhook_endpoints", id]) => self.change_endpoint(id, request),
            ("DELETE", ["webhook-endpoints" | "webhook_endpoints", id]) => self.delete_endpoint(id),
            ("POST", ["webhook-endpoints" | "webhook_endpoints", id, "verify"]) => self.verify_endpoint(id, request),
            ("GET", ["webhook-deliveries" | "webhook_deliveries", "event", id]) => self.deliveries_of_event(id),
            _ => Err(ApiError::not_found("route")),
        }
    }

    /// Runs a creating request at most once per endpoint and idempotency key; only a success is remembered.
    fn once(
        &mut self,
        request: &Request,
        create: impl FnOnce(&mut Self, &str) -> Result<Made, ApiError>,
    ) -> Result<String, ApiError> {
        let Some(key) = request.header("idempotency-key").filter(|key| !key.is_empty()) else {
            let made = create(self, "")?;
            return Ok(self.write(made));
        };
        if key.len() > LONGEST_IDEMPOTENCY_KEY {
            return Err(ApiError::field("Idempotency-Key", "must have at most 255 characters"));
        }
        let made = match self.idempotency.replay(self.now, request, key) {
            Some(made) => made,
            None => {
                let made = create(self, key)?;
                self.idempotency.store(self.now, request, key, made.clone());
                made
            }
        };
        Ok(self.write(made))
    }

    fn write(&self, made: Made) -> String {
        match made {
            Made::Ach { transfer, steps } => self.ach_json(transfer, steps),
            Made::Body(body) => body,
        }
    }
}

#[cfg(test)]
mod tests;
