//! The simulated Column: a deterministic bank that follows column.md.
//!
//! Guarantees: the same calls at the same times give the same answers, ids, events and webhooks, byte for byte; a refused call leaves nothing behind; bank time never goes
//! back; each call costs at most the logarithm of what the bank holds, and each due transition happens at its own time however far the clock jumps.
//! Limits: no overdraft, no transfers between two accounts of this bank, no incoming ACH, no deposited checks, book, realtime or outgoing wires. Which money a dishonored return
//! moves is not documented: those steps change the status only.

mod accounts;
mod ach;
mod calendar;
mod checks;
mod control;
mod counterparties;
mod deliveries;
mod endpoints;
mod error;
mod events;
mod faults;
mod idempotency;
mod input;
mod list;
mod objects;
mod route;
mod transfers;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::http::{Answer, Request};
use crate::ids::Ids;
use crate::outbox::Outbox;
use ach::life::Due;
use ach::{AchStatus, AchTransfer};
use checks::Check;
use deliveries::Webhook;
use endpoints::Endpoint;
use idempotency::Idempotency;
use objects::{AccountNumber, BankAccount, BusinessDetails, Collection, Counterparty, Entity};
use transfers::IncomingWire;

pub use crate::outbox::DeliveryCounts;
pub use ach::{Direction, NotificationOfChange};
pub use checks::mail::MailStatus;
pub use control::Control;
pub use deliveries::{DeliveryResult, OutgoingWebhook};
pub use error::ApiError;
pub use faults::{CallFault, CallFaultKind, MIXED_RETURN_CODES, ReturnMoment, ReturnPlan, WebhookFaults};
pub use objects::Balances;

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
    Check(usize),
    Wire(usize),
}

/// What the bank holds, in numbers; amounts in cents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Transfers of all kinds.
    pub transfers: usize,
    pub ach_by_status: BTreeMap<&'static str, u64>,
    pub checks_by_status: BTreeMap<&'static str, u64>,
    pub idempotent_replays: u64,
    /// Replays whose request differed from the first: must be zero.
    pub duplicate_keys_with_other_content: u64,
    pub balances: Balances,
    pub events: usize,
    pub deliveries: DeliveryCounts,
}

/// The simulated bank.
#[derive(Clone, PartialEq)]
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
    checks: Collection<Check>,
    order: Vec<TransferRef>,
    by_status: BTreeMap<AchStatus, u64>,
    idempotency: Idempotency,
    events: Collection<events::Event>,
    endpoints: Collection<Endpoint>,
    outbox: Outbox<Webhook>,
    due: BTreeMap<(Timestamp, u64), Due>,
    faults: faults::Faults,
}

impl std::fmt::Debug for Column {
    /// Accounts, names and secrets are not printed.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Column")
            .field("now", &self.now)
            .field("counters", &self.counters())
            .finish_non_exhaustive()
    }
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
            checks: Collection::default(),
            order: Vec::new(),
            by_status: BTreeMap::new(),
            idempotency: Idempotency::default(),
            events: Collection::default(),
            endpoints: Collection::default(),
            outbox: Outbox::default(),
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

    /// Whether nothing is due at the caller's time `now` and no webhook that was taken is still without a report.
    #[must_use]
    pub fn is_quiet(&self, now: Timestamp) -> bool {
        self.outbox.under_way() == 0 && self.next_due().is_none_or(|due| due > now)
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
        Counters {
            transfers: self.order.len(),
            ach_by_status: self
                .by_status
                .iter()
                .filter(|(_, count)| **count > 0)
                .map(|(status, count)| (status.name(), *count))
                .collect(),
            checks_by_status: self.checks.iter().fold(BTreeMap::new(), |mut counts, check| {
                *counts.entry(check.status.name()).or_default() += 1;
                counts
            }),
            idempotent_replays: self.idempotency.replays,
            duplicate_keys_with_other_content: self.idempotency.replays_with_other_content,
            balances: self.total_balances(),
            events: self.events.len(),
            deliveries: self.outbox.counts(),
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
                self.schedule_after(SignedDuration::from_secs(delay_s), Due::LateSend(Box::new(request.clone())));
                Answer::Silence
            }
            CallFaultKind::Refuse { code } => ApiError::injected(&code).into_answer(),
            CallFaultKind::Unauthorized => Answer::reply(401, String::new()),
        }
    }
}

#[cfg(test)]
mod tests;
