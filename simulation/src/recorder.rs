//! Notes while a run goes on what an audit will ask about: which calls reached the bank, which webhooks were answered, what people asked
//! for, and every write that moved something. It decides nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use auditor::evidence::{
    BalanceAsked, BankCall, Command, Delivery, GivenUp, Move, Order, Pause, Received, SendAnswer, ToldNotice,
};
use jiff::Timestamp;
use serde_json::Value;
use shared::domain::dead_letter::DeadLetterId;
use shared::ports::clock::Clock;
use shared::ports::notices::{Notice, Recipient};
use shared::ports::table::{Attributes, Change};
use shared::ports::transport::ProviderRequest;
use shared::ports::webhook_sender::WebhookCall;

use crate::fault_injector::key_of;

#[derive(Debug)]
pub(crate) struct Recorder {
    clock: Arc<dyn Clock>,
    seen: Mutex<Seen>,
}

/// Everything noted so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub last_order: Order,
    pub calls: Vec<BankCall>,
    pub answers: Vec<SendAnswer>,
    pub deliveries: Vec<Delivery>,
    pub commands: Vec<Command>,
    pub moves: Vec<Move>,
    pub dead_letter_queues: Vec<GivenUp>,
    pub pauses: Vec<Pause>,
    pub notices: Vec<ToldNotice>,
    pub received: Vec<Received>,
    pub balances_asked: Vec<BalanceAsked>,
    /// The links that were asked about, by what names them to Plaid.
    links: Vec<String>,
    /// Events that were taken and fit nothing, by their ids.
    pub unfit: BTreeSet<String>,
    /// Where each thing stands.
    standing: BTreeMap<String, (String, u32)>,
    /// The partitions of the reconciliations that have begun and not ended.
    reconciling: BTreeSet<String>,
}

impl Seen {
    fn next_order(&mut self) -> Order {
        self.last_order += 1;
        self.last_order
    }
}

impl Recorder {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, seen: Mutex::default() }
    }

    pub(crate) fn seen(&self) -> Seen {
        self.locked().clone()
    }

    /// How often something has moved.
    pub(crate) fn moves(&self) -> usize {
        self.locked().moves.len()
    }

    /// Whether a reconciliation is under way.
    pub(crate) fn is_reconciling(&self) -> bool {
        !self.locked().reconciling.is_empty()
    }

    /// A call reached the bank, which answered so. Answers the call's place, for [`Self::heard`]; none for a call that changes nothing.
    pub(crate) fn called(&self, request: &ProviderRequest, sent_order: Order, status: Option<u16>) -> Option<usize> {
        if request.method == http::Method::GET || !request.url.contains("column") {
            return None;
        }
        let path = request.url.split('?').next().unwrap_or_default();
        let path = path.split_once("://").map_or(path, |(_, rest)| rest);
        let path = path.split_once('/').map_or_else(String::new, |(_, path)| format!("/{path}"));
        let mut seen = self.locked();
        let order = seen.next_order();
        seen.calls.push(BankCall {
            order,
            at: self.clock.business_now(),
            elapsed_at: self.clock.elapsed_now(),
            method: request.method.to_string(),
            path,
            idempotency_key: key_of(request).map(str::to_owned),
            sent_order,
            status,
            client_heard_at: None,
        });
        Some(seen.calls.len() - 1)
    }

    /// Our client has an answer to the call, or has given up on it.
    pub(crate) fn heard(&self, call: Option<usize>) {
        let now = self.clock.elapsed_now();
        let mut seen = self.locked();
        if let Some(call) = call.and_then(|place| seen.calls.get_mut(place)) {
            call.client_heard_at = Some(now);
        }
    }

    /// What our client was answered for a call with a key.
    pub(crate) fn answered(&self, key: Option<&str>, status: Option<u16>) {
        if let Some(key) = key {
            let at = self.clock.business_now();
            self.locked().answers.push(SendAnswer { at, idempotency_key: key.to_owned(), status });
        }
    }

    /// The bank signed an event that fits nothing, and our receiver took it.
    pub(crate) fn took_unfit(&self, event_id: &str) {
        self.locked().unfit.insert(event_id.to_owned());
    }

    pub(crate) fn delivered(&self, body: &str, status: Option<u16>) {
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let event_id = body["id"].as_str().unwrap_or_default().to_owned();
        let mut seen = self.locked();
        let order = seen.next_order();
        seen.deliveries.push(Delivery { order, at: self.clock.business_now(), event_id, body, status });
    }

    pub(crate) fn next_order(&self) -> Order {
        self.locked().next_order()
    }

    pub(crate) fn commanded(&self, command: Command) {
        self.locked().commands.push(command);
    }

    /// A person's bank is asked for a balance.
    pub(crate) fn asked_balance(&self, request: &ProviderRequest) {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let token = body["access_token"].as_str().unwrap_or_default().to_owned();
        let at = self.clock.business_now();
        let mut seen = self.locked();
        let link = seen.links.iter().position(|known| *known == token).unwrap_or(seen.links.len());
        if link == seen.links.len() {
            seen.links.push(token);
        }
        seen.balances_asked.push(BalanceAsked { at, link });
    }

    /// A notice reached whom it is for. Handed over again, it says nothing new.
    pub(crate) fn notified(&self, notice: &Notice) {
        let at = self.clock.business_now();
        let recipient = match &notice.recipient {
            Recipient::Person { person_id } => person_id.clone(),
            Recipient::Admins | Recipient::Operators => notice.recipient.kind().to_owned(),
        };
        let Notice { id, kind, text, .. } = notice.clone();
        let mut seen = self.locked();
        if seen.notices.iter().all(|known| known.id != id || known.recipient != recipient) {
            seen.notices.push(ToldNotice { at, id, recipient, kind, text });
        }
    }

    /// A receiver of webhooks kept a call.
    pub(crate) fn received(&self, call: &WebhookCall) {
        let header = |wanted: &str| {
            let found = call.headers.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let received = Received {
            order: self.next_order(),
            at: self.clock.business_now(),
            elapsed_at: self.clock.elapsed_now(),
            url: call.url.clone(),
            event_id: header("webhook-id"),
            signed_at: header("webhook-timestamp").parse().unwrap_or_default(),
            signature: header("webhook-signature"),
            body: String::from_utf8_lossy(&call.body).into_owned(),
            signed_under: Vec::new(),
        };
        self.locked().received.push(received);
    }

    /// A queue gave a message up.
    pub(crate) fn gave_up(&self, body: &str) {
        let dead_letter_id = DeadLetterId::of_body(body).to_string();
        self.locked().dead_letter_queues.push(GivenUp { at: self.clock.business_now(), dead_letter_id });
    }

    /// A write happened.
    pub(crate) fn wrote(&self, changes: &[Change]) {
        let at = self.clock.business_now();
        let mut seen = self.locked();
        for change in changes {
            let Change::Put { key, attributes, .. } = change else { continue };
            if key.sk == "RECONCILIATION" {
                match attributes.get("state").and_then(Value::as_str) {
                    Some("completed") => seen.reconciling.remove(&key.pk),
                    _ => seen.reconciling.insert(key.pk.clone()),
                };
            }
            seen.pauses.extend(pause(&key.pk, attributes, at));
            let Some((id, state, attempt)) = standing(&key.pk, &key.sk, attributes) else { continue };
            let stands = (state.clone(), attempt);
            if seen.standing.insert(id.clone(), stands.clone()) == Some(stands) {
                continue;
            }
            let order = seen.next_order();
            seen.moves.push(Move { order, at, id, state, attempt });
        }
    }

    fn locked(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A payer that rests from now on, since the bank said so or said nothing.
fn pause(pk: &str, item: &Attributes, now: Timestamp) -> Option<Pause> {
    let is_payer = pk.starts_with("SOURCE#") || pk.starts_with("PERSON#");
    let pause = item.get("pause").filter(|_| is_payer)?;
    let reason = pause.get("reason")?.get("bank")?.as_str()?.to_owned();
    let is_new = pause.get("since")?.as_str()?.parse::<Timestamp>().is_ok_and(|since| since == now);
    is_new.then(|| Some(Pause { at: now, payer: item.get("id")?.as_str()?.to_owned(), reason }))?
}

/// Id, state and attempt of a payment, funding or batch; nothing for other items.
fn standing(pk: &str, sk: &str, item: &Attributes) -> Option<(String, String, u32)> {
    let word = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let id = word(item.get("id"))?;
    if pk.starts_with("BATCH#") && sk == "BATCH" {
        return Some((id, word(item.get("state"))?, 0));
    }
    let leg = item
        .get("leg")
        .filter(|_| pk.starts_with("PAYMENT#") || pk.starts_with("FUNDING#") || pk.starts_with("BATCH#"))?;
    let attempt = leg.get("attempt").and_then(Value::as_u64).and_then(|attempt| u32::try_from(attempt).ok());
    Some((id, word(leg.get("state"))?, attempt.unwrap_or_default()))
}
