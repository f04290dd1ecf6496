//! Whoever does something from outside: people with tokens, and the world. Each is a script of its own that waits for answers and times.
//!
//! A caller behaves as a client should: what was not answered, or answered as a passing trouble, is asked again with the same key.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use auditor::evidence::{Card, CommandKind, Endpoint, LargeLink, Order, PayrollFile, Person, Sighting};
use http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use scenarios::simulation::Simulation;
use scenarios::simulation::people::{Caller, Sent};
use serde_json::Value;

use crate::fault_injector::FaultInjector;
use crate::receiver::Receiver;
use crate::recorder::Recorder;
use crate::trace::Trace;
use crate::world::World;

/// Tries of one request before its caller gives up.
const TRIES_MAX: u32 = 20;

/// What an HTTP request came to.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

/// A request that somebody makes.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub number: u64,
    pub caller: Caller,
    pub method: Method,
    pub path: String,
    pub sent: Sent,
    pub key: String,
    /// What it asks for, and of what; nothing for reading.
    pub command: Option<(CommandKind, String)>,
    /// When it was asked, among everything that was seen.
    pub order: Order,
}

/// Where actors leave their requests, and find the answers.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    state: RefCell<HubState>,
    /// What persons' institutions know.
    pub(crate) world: World,
}

#[derive(Debug, Default)]
struct HubState {
    last_number: u64,
    wishes: Vec<Wish>,
    /// `None` where the process died before it answered.
    answers: BTreeMap<u64, Option<Answer>>,
    alarms: BTreeSet<Timestamp>,
    files: Vec<PayrollFile>,
    persons: Vec<Person>,
    sightings: Vec<Sighting>,
    large_links: Vec<LargeLink>,
    endpoints: Vec<Endpoint>,
    /// Counterparties that the bank has forgotten, as they were.
    forgotten: Vec<Value>,
    /// Payers whose debt somebody is about to settle.
    settling: BTreeSet<String>,
    /// What the bank says of its own accord.
    said: Vec<Value>,
    /// What must never happen, as callers see it.
    complaints: Vec<String>,
}

impl Hub {
    pub(crate) fn files(&self) -> Vec<PayrollFile> {
        self.state.borrow().files.clone()
    }

    pub(crate) fn persons(&self) -> Vec<Person> {
        self.state.borrow().persons.clone()
    }

    pub(crate) fn large_links(&self) -> Vec<LargeLink> {
        self.state.borrow().large_links.clone()
    }

    pub(crate) fn endpoints(&self) -> Vec<Endpoint> {
        self.state.borrow().endpoints.clone()
    }

    pub(crate) fn sightings(&self) -> Vec<Sighting> {
        self.state.borrow().sightings.clone()
    }

    pub(crate) fn forgotten(&self) -> Vec<Value> {
        self.state.borrow().forgotten.clone()
    }

    pub(crate) fn complaints(&self) -> Vec<String> {
        self.state.borrow().complaints.clone()
    }

    pub(crate) fn take_wishes(&self) -> Vec<Wish> {
        std::mem::take(&mut self.state.borrow_mut().wishes)
    }

    pub(crate) fn answer(&self, number: u64, answer: Option<Answer>) {
        self.state.borrow_mut().answers.insert(number, answer);
    }

    pub(crate) fn take_said(&self) -> Vec<Value> {
        std::mem::take(&mut self.state.borrow_mut().said)
    }

    /// When the next actor wakes up.
    pub(crate) fn next_alarm(&self, now: Timestamp) -> Option<Timestamp> {
        let mut state = self.state.borrow_mut();
        state.alarms = state.alarms.split_off(&now);
        state.alarms.first().copied()
    }
}

/// One actor's hands.
#[derive(Clone)]
pub(crate) struct Actor {
    pub(crate) simulation: Rc<Simulation>,
    pub(crate) fault_injector: Arc<FaultInjector>,
    pub(crate) trace: Arc<Trace>,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) hub: Rc<Hub>,
    pub(crate) receiver: Arc<Receiver>,
}

/// A request as somebody means it, before it is made.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub caller: Caller,
    pub method: Method,
    pub path: String,
    pub sent: Sent,
    pub command: Option<(CommandKind, String)>,
}

impl Request {
    pub(crate) fn get(caller: Caller, path: impl Into<String>) -> Self {
        Self { caller, method: Method::GET, path: path.into(), sent: Sent::Nothing, command: None }
    }

    pub(crate) fn post(caller: Caller, path: impl Into<String>, sent: Sent) -> Self {
        Self { caller, method: Method::POST, path: path.into(), sent, command: None }
    }

    /// It is a command of this kind about this thing.
    pub(crate) fn commands(self, kind: CommandKind, about: impl Into<String>) -> Self {
        Self { command: Some((kind, about.into())), ..self }
    }
}

impl std::fmt::Debug for Actor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Actor").finish_non_exhaustive()
    }
}

impl Actor {
    pub(crate) fn now(&self) -> Timestamp {
        self.simulation.now()
    }

    /// Waits so long in business time.
    pub(crate) async fn wait(&self, time: SignedDuration) {
        let until = self.now().saturating_add(time).unwrap_or(Timestamp::MAX);
        self.hub.state.borrow_mut().alarms.insert(until);
        std::future::poll_fn(|_| if self.now() < until { Poll::Pending } else { Poll::Ready(()) }).await;
    }

    /// Waits between these two times, in minutes.
    pub(crate) async fn wait_minutes(&self, least: u64, most: u64) {
        let minutes = i64::try_from(self.fault_injector.between(least, most)).unwrap_or(i64::MAX);
        self.wait(SignedDuration::from_mins(minutes)).await;
    }

    /// Makes a request once. `None` where nobody answered.
    pub(crate) async fn ask_once(&self, key: &str, request: Request) -> Option<Answer> {
        let Request { caller, method, path, sent, command } = request;
        let order = self.recorder.next_order();
        let number = {
            let mut state = self.hub.state.borrow_mut();
            state.last_number += 1;
            let number = state.last_number;
            state.wishes.push(Wish { number, caller, method, path, sent, key: key.to_owned(), command, order });
            number
        };
        std::future::poll_fn(|_| match self.hub.state.borrow_mut().answers.remove(&number) {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        })
        .await
    }

    /// Asks until there is an answer that will not change; the last one where there never is.
    pub(crate) async fn ask(&self, request: Request) -> Option<Answer> {
        let key = format!("{:016x}", self.fault_injector.below(u64::MAX));
        let mut last = None;
        let mut overtaken = 0;
        for _ in 0..TRIES_MAX {
            let answer = self.ask_once(&key, request.clone()).await;
            if answer.as_ref().is_some_and(|answer| !is_passing(answer)) {
                return answer;
            }
            let is_overtaken = |answer: &Answer| answer.body["code"] == "changed_meanwhile";
            overtaken = if answer.as_ref().is_some_and(is_overtaken) { overtaken + 1 } else { 0 };
            last = answer.or(last);
            self.wait(SignedDuration::from_secs(i64::try_from(self.fault_injector.between(1, 240)).unwrap_or(60)))
                .await;
        }
        if overtaken == TRIES_MAX {
            let complaint = format!("{} {} was told for ever that others were faster", request.method, request.path);
            self.hub.state.borrow_mut().complaints.push(complaint);
        }
        last
    }

    /// The body of an answer of success.
    pub(crate) async fn get(&self, caller: Caller, path: &str) -> Option<Value> {
        let answer = self.ask(Request::get(caller, path)).await?;
        answer.status.is_success().then_some(answer.body)
    }

    pub(crate) fn has_uploaded(&self, file: PayrollFile) {
        self.hub.state.borrow_mut().files.push(file);
    }

    pub(crate) fn is_forgotten(&self, counterparty: Value) {
        self.hub.state.borrow_mut().forgotten.push(counterparty);
    }

    /// Whether nobody else is settling what this payer owes; from now on somebody is.
    pub(crate) fn begins_to_settle(&self, payer: &str) -> bool {
        self.hub.state.borrow_mut().settling.insert(payer.to_owned())
    }

    pub(crate) fn has_settled(&self, payer: &str) {
        self.hub.state.borrow_mut().settling.remove(payer);
    }

    /// The bank signs and sends this event, which it lists nowhere.
    pub(crate) fn bank_says(&self, event: Value) {
        self.hub.state.borrow_mut().said.push(event);
    }

    pub(crate) fn with_endpoints(&self, change: impl FnOnce(&mut Vec<Endpoint>)) {
        change(&mut self.hub.state.borrow_mut().endpoints);
    }

    pub(crate) fn has_large_link(&self, link: LargeLink) {
        self.hub.state.borrow_mut().large_links.push(link);
    }

    pub(crate) fn has_seen(&self, seen: impl Iterator<Item = Sighting>) {
        self.hub.state.borrow_mut().sightings.extend(seen);
    }

    pub(crate) fn is_person(&self, person: Person) {
        self.hub.state.borrow_mut().persons.push(person);
    }

    pub(crate) fn change_card(&self, card_id: &str, change: impl FnOnce(&mut Card)) {
        let mut state = self.hub.state.borrow_mut();
        let mut cards = state.persons.iter_mut().flat_map(|person| &mut person.cards);
        if let Some(card) = cards.find(|card| card.card_id == card_id) {
            change(card);
        }
    }

    pub(crate) fn change_person(&self, subject: &str, change: impl FnOnce(&mut Person)) {
        let mut state = self.hub.state.borrow_mut();
        if let Some(person) = state.persons.iter_mut().find(|person| person.subject == subject) {
            change(person);
        }
    }

    pub(crate) fn tell(&self, what: std::fmt::Arguments<'_>) {
        self.trace.tell(what);
    }
}

/// Whether the same request may be answered otherwise a little later.
fn is_passing(answer: &Answer) -> bool {
    let code = answer.body["code"].as_str().unwrap_or_default();
    answer.status.is_server_error()
        || answer.status == StatusCode::TOO_MANY_REQUESTS
        || (answer.status == StatusCode::CONFLICT && matches!(code, "request_running" | "changed_meanwhile"))
}
