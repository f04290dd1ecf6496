//! What machines do: messages, webhooks, the schedule, and the time between them.

use std::sync::PoisonError;

use axum::body::Body;
use http::{Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use shared::ports::queue::QueueName;
use shared::ports::table::{Attributes, Index, Key, Query, Table as _, decode};
use shared::store::keys;
use simulators::{column, plaid};
use tower::ServiceExt as _;

use super::delivery::event_of;
use super::providers::Moment;
use super::standing::Standing;
use super::{Simulation, VISIBILITY};
use crate::error::{Played, ScenarioError};

/// More rounds than any scenario takes: messages that make messages without end.
const ROUNDS_MAX: u32 = 2_000;
/// Longer than any scenario: 180 days until a check is void, and what follows.
const DAYS_MAX: i64 = 260;
/// The schedule comes every minute.
const SCHEDULE: SignedDuration = SignedDuration::from_secs(60);

impl Simulation {
    /// Does what can be done now: messages, webhooks, and what is due.
    pub async fn settle(&self) -> Played<()> {
        self.work().await?;
        // A run that fails is repeated by the next.
        let _ = scheduler::handle(&self.systems.scheduler).await;
        self.work().await
    }

    /// Handles messages and webhooks until none is left.
    async fn work(&self) -> Played<()> {
        for _ in 0..ROUNDS_MAX {
            let mut busy = self.handle_messages(QueueName::Other).await;
            busy |= self.handle_messages(QueueName::Bulk).await;
            busy |= self.deliver_of_column().await;
            busy |= self.deliver_of_plaid().await;
            if !busy {
                return Ok(());
            }
        }
        Err(ScenarioError::wrong("messages make messages without end"))
    }

    /// Takes one receive of a queue through the worker. Answers whether there was anything.
    async fn handle_messages(&self, queue: QueueName) -> bool {
        let received = self.queue.receive(queue, 10);
        let answer = payment_worker::handle(&self.systems.payment_worker, event_of(&received), self.deadline()).await;
        let failed = |id: &str| answer.batch_item_failures.iter().any(|failure| failure.item_identifier == id);
        for message in received.iter().filter(|message| !failed(&message.message_id)) {
            self.queue.delete(queue, &message.receipt);
        }
        !received.is_empty()
    }

    async fn deliver_of_column(&self) -> bool {
        let mut due = self.providers.column.due_deliveries(100);
        let any = !due.is_empty();
        self.arrival.arrange(&mut due);
        for webhook in due {
            let status = self.post("/webhooks/column", &webhook.headers(), &webhook.body).await;
            self.note_of_column(&webhook.body, status);
            let result = match status.is_success() {
                true => column::DeliveryResult::Accepted,
                false => column::DeliveryResult::NotAccepted,
            };
            self.providers.column.report(vec![(webhook.delivery, result)]);
        }
        any
    }

    async fn deliver_of_plaid(&self) -> bool {
        let mut due = self.providers.plaid.due_deliveries(100);
        let any = !due.is_empty();
        self.arrival.arrange(&mut due);
        for webhook in due {
            let status = self.post("/webhooks/plaid", &webhook.headers(), &webhook.body).await;
            self.note_of_plaid(&webhook.body, status);
            if status.is_success() {
                *self.last_webhook.lock().unwrap_or_else(PoisonError::into_inner) = Some(webhook.clone());
            }
            let result = plaid::DeliveryResult::of_status(status.as_u16(), None);
            self.providers.plaid.report(vec![(webhook.delivery, result)]);
        }
        any
    }

    /// Takes the webhooks that are due, and nothing else; answers how many were refused.
    pub(crate) async fn take_forged(&self) -> Played<usize> {
        let is_refused = |moment: &&Moment| moment.what.starts_with("webhook refused");
        let refused = || self.providers.journal().iter().filter(is_refused).count();
        let before = refused();
        self.deliver_of_plaid().await;
        Ok(refused() - before)
    }

    /// The last webhook of Plaid's that was taken comes once more, byte for byte.
    pub(crate) async fn replay_last_webhook(&self) -> Played<()> {
        let last = self.last_webhook.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(webhook) = last else { return Err(ScenarioError::wrong("no webhook was taken yet")) };
        self.post("/webhooks/plaid", &webhook.headers(), &webhook.body).await;
        Ok(())
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> StatusCode {
        let request = headers.iter().fold(Request::post(path), |request, (name, value)| request.header(*name, *value));
        let Ok(request) = request.body(Body::from(body.to_owned())) else { return StatusCode::BAD_REQUEST };
        match self.receivers.clone().oneshot(request).await {
            Ok(response) => response.status(),
            Err(never) => match never {},
        }
    }

    /// The letter's way, which changes no state of ours.
    fn note_of_column(&self, body: &str, status: StatusCode) {
        let event: Value = serde_json::from_str(body).unwrap_or_default();
        let (kind, id) = (event["type"].as_str().unwrap_or_default(), event["data"]["id"].as_str().unwrap_or_default());
        if let Some(place) = kind.strip_prefix("check.incoming_debit.delivery.").filter(|_| status.is_success()) {
            self.providers.note(format!("check {}", place.replace('_', " ")), id);
        }
    }

    fn note_of_plaid(&self, body: &str, status: StatusCode) {
        let webhook: Value = serde_json::from_str(body).unwrap_or_default();
        let word = |name: &str| webhook[name].as_str().unwrap_or_default().to_owned();
        let what = if status.is_success() { "webhook verified" } else { "webhook refused" };
        let kind = format!("{what}: {} {}", word("webhook_type"), word("webhook_code"));
        self.providers.note(kind, word("item_id"));
    }

    /// Goes on, moment by moment, until the wish is met.
    pub async fn until(&self, wish: &str, is_met: impl Fn(&Standing) -> bool) -> Played<Standing> {
        let end = later(self.now(), SignedDuration::from_hours(24 * DAYS_MAX));
        loop {
            self.settle().await?;
            let standing = self.standing()?;
            if is_met(&standing) {
                return Ok(standing);
            }
            let next = self.next_moment().await?.filter(|next| *next < end);
            let Some(next) = next else { return Err(ScenarioError::Stuck(format!("{wish}; {standing}"))) };
            self.go_to(next);
        }
    }

    /// Lets so many days pass, with everything that falls due in them.
    pub async fn let_days_pass(&self, days: i64) -> Played<()> {
        self.let_pass(SignedDuration::from_hours(24 * days)).await
    }

    /// Lets so much time pass, with everything that falls due in it.
    pub async fn let_pass(&self, time: SignedDuration) -> Played<()> {
        let end = later(self.now(), time);
        loop {
            self.settle().await?;
            match self.next_moment().await?.filter(|next| *next < end) {
                Some(next) => self.go_to(next),
                None => break,
            }
        }
        self.go_to(end);
        self.settle().await
    }

    /// Beyond the very moment, since the index counts in whole seconds.
    fn go_to(&self, moment: Timestamp) {
        let by = moment.duration_since(self.now()).max(SignedDuration::ZERO) + SignedDuration::from_secs(1);
        self.clock.advance(by.unsigned_abs());
        self.providers.column.advance();
        self.providers.plaid.advance();
    }

    /// The next moment at which we, a provider or a message that failed has something to do. Rounds do not count: they come for ever, and
    /// are done when something else is.
    async fn next_moment(&self) -> Played<Option<Timestamp>> {
        let now = self.now();
        let in_flight = [QueueName::Bulk, QueueName::Other].map(|queue| self.queue.counters(queue).in_flight);
        let hidden =
            (in_flight != [0, 0]).then(|| later(now, SignedDuration::try_from(VISIBILITY).unwrap_or_default()));
        let mut ours: Vec<Timestamp> = hidden.into_iter().collect();
        for shard in 0..keys::DUE_SHARDS {
            let query = Query { index: Index::Due, ..Query::primary(keys::due_shard(shard)) };
            let page = self.table.query(&query).await?;
            let is_round = |item: &&Attributes| decode::<Key>((*item).clone()).is_ok_and(|key| keys::is_round(&key));
            let once = page.items.iter().filter(|item| !is_round(item));
            let dues = once.filter_map(|item| item.get("due_sk")?.as_str()?.parse::<Timestamp>().ok());
            // What is due already and was not done waits for the next run of the schedule.
            ours.extend(dues.map(|due| if due <= now { later(now, SCHEDULE) } else { due }));
        }
        let theirs = [self.providers.column.next_due(), self.providers.plaid.next_due()];
        Ok(ours.into_iter().chain(theirs.into_iter().flatten()).min())
    }
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.saturating_add(by).unwrap_or(time)
}
