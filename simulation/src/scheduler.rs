//! What can begin now, and when something can next.

use auditor::evidence::Command;
use axum::Router;
use axum::body::Body;
use futures::FutureExt as _;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use jiff::{SignedDuration, Timestamp};
use scenarios::simulation::VISIBILITY;
use scenarios::simulation::delivery::event_of;
use scenarios::simulation::people::Sent;
use shared::ports::clock::Clock as _;
use shared::ports::queue::{Queue as _, QueueName};
use shared::ports::table::{Attributes, Index, Key, Query, Table as _, decode};
use shared::ports::transport::Transport as _;
use shared::store::keys;
use tower::ServiceExt as _;

use crate::actor::{Answer, Wish};
use crate::engine::{Engine, Posted};
use crate::faults::Fault;
use crate::processes::{Ended, Origin};

/// The schedule comes every minute.
const SCHEDULE: SignedDuration = SignedDuration::from_secs(60);

/// The schedule comes at least this often, however little is due.
const ROUNDS: SignedDuration = SignedDuration::from_hours(24);

/// What somebody else leaves on a queue of ours, or an older version did: two that are no tasks, and one about nothing that there is.
const FOREIGN: [&str; 3] = [
    "hello",
    r#"{"version":99,"task":{"kind":"unheard_of"}}"#,
    r#"{"version":1,"task":{"kind":"sweep","batch_id":"bat_00000000000070008000000000000000"}}"#,
];

/// What may begin.
#[derive(Clone, Copy, Debug)]
enum Start {
    Worker(QueueName),
    Webhook,
    Scheduler,
    DeadLetters,
}

impl Engine {
    /// Begins one of the things that can begin. False where there is none.
    pub(crate) fn start_something(&mut self) -> bool {
        self.trace.turn_of(0);
        self.let_arrive();
        let wishes = self.hub.take_wishes();
        if !wishes.is_empty() {
            for wish in wishes {
                self.request(wish);
            }
            return true;
        }
        let now = self.simulation.now();
        let mut startable = Vec::new();
        for queue in [QueueName::Other, QueueName::Bulk] {
            let counters = self.simulation.queue.counters(queue);
            // What is in flight may be visible again.
            if counters.waiting > 0 {
                startable.push(Start::Worker(queue));
            }
        }
        if self.webhook_network.iter().any(|flight| flight.arrives_at <= now) {
            startable.push(Start::Webhook);
        }
        if self.is_schedule_due && self.simulation.clock.elapsed_now().duration_since(self.scheduled_at) >= SCHEDULE {
            startable.push(Start::Scheduler);
        }
        if self.has_given_up(now) {
            startable.push(Start::DeadLetters);
        }
        let Some(start) = self.fault_injector.pick(&startable).copied() else { return false };
        match start {
            Start::Worker(queue) => self.work(queue),
            Start::Webhook => {
                if let Some(flight) = self.arrived_flight() {
                    self.receive(flight);
                }
            }
            Start::Scheduler => self.schedule(),
            Start::DeadLetters => self.hand_over_given_up(),
        }
        true
    }

    /// Everything whose time has come comes in: webhooks, messages that were delayed, calls that went astray.
    fn let_arrive(&mut self) {
        self.collect_webhooks();
        self.collect_given_up();
        let now = self.simulation.now();
        let (come, stay): (Vec<Posted>, Vec<Posted>) =
            std::mem::take(&mut self.posted).into_iter().partition(|posted| posted.at <= now);
        self.posted = stay;
        for Posted { queue, body, .. } in come {
            // The queue in memory is always there.
            let _ = self.simulation.queue.send(queue, vec![body]).now_or_never();
        }
        for stray in self.fault_injector.arrived_strays(now) {
            self.trace.tell(format_args!("a call that went astray arrives: {}", stray.key().unwrap_or_default()));
            let answer = self.simulation.providers.exchange(stray.request.clone()).now_or_never();
            let status = answer.and_then(Result::ok).map(|answered| answered.status);
            let call = self.recorder.called(&stray.request, stray.sent_order, status);
            // Nobody waits for it any more.
            self.recorder.heard(call);
        }
    }

    fn work(&mut self, queue: QueueName) {
        let most = usize::try_from(self.fault_injector.between(1, 10)).unwrap_or(10);
        let received = self.simulation.queue.receive(queue, most);
        let mut messages = Vec::new();
        for message in received {
            // A copy is no new message with tries of its own. What comes again is therefore neither copied nor put off once more: otherwise
            // messages that nobody can do anything with would multiply without end.
            let is_new = message.receive_count == 1;
            if self.fault_injector.strikes(Fault::MessageLost) {
                self.trace.tell(format_args!("lost: {}", message.body));
                self.simulation.queue.delete(queue, &message.receipt);
                continue;
            }
            if is_new && self.fault_injector.strikes(Fault::MessageDelayed) {
                self.simulation.queue.delete(queue, &message.receipt);
                let at = self.minutes_from_now(1, 120);
                self.posted.push(Posted { at, queue, body: message.body });
                continue;
            }
            if is_new && self.fault_injector.strikes(Fault::MessageDuplicated) {
                let at =
                    if self.fault_injector.is_one_in(2) { self.simulation.now() } else { self.minutes_from_now(1, 60) };
                self.posted.push(Posted { at, queue, body: message.body.clone() });
            }
            messages.push(message);
        }
        if self.fault_injector.strikes(Fault::MessageForeign) {
            let body = self.fault_injector.pick(&FOREIGN).copied().unwrap_or_default().to_owned();
            let at = self.minutes_from_now(0, 60);
            self.posted.push(Posted { at, queue, body });
        }
        if messages.len() > 1 && self.fault_injector.strikes(Fault::MessageReordered) {
            self.fault_injector.shuffle(&mut messages);
        }
        if messages.is_empty() {
            return;
        }
        let bodies: Vec<&str> = messages.iter().map(|message| message.body.as_str()).collect();
        let what = format!("worker of {queue:?}: {}", bodies.join(" "));
        let (event, deadline) = (event_of(&messages), self.simulation.deadline());
        let system = self.simulation.systems.payment_worker.clone();
        let run = async move { Ended::Worked(payment_worker::handle(&system, event, deadline).await) };
        self.begin(&what, Origin::Worker { queue, messages }, Box::pin(run));
    }

    fn minutes_from_now(&self, least: u64, most: u64) -> Timestamp {
        later(
            self.simulation.now(),
            SignedDuration::from_mins(i64::try_from(self.fault_injector.between(least, most)).unwrap_or(1)),
        )
    }

    fn schedule(&mut self) {
        self.scheduled_at = self.simulation.clock.elapsed_now();
        self.is_schedule_due = false;
        let system = self.simulation.systems.scheduler.clone();
        let run = async move {
            // A run that fails is repeated by the next.
            let _ = scheduler::handle(&system).await;
            Ended::Scheduled
        };
        self.begin("scheduler", Origin::Scheduler, Box::pin(run));
    }

    fn request(&mut self, wish: Wish) {
        let made = self.simulation.request(&wish.key, wish.caller, wish.method.clone(), &wish.path, wish.sent.clone());
        let request = match made {
            Ok(request) => request,
            Err(problem) => {
                self.wrong.push(problem.to_string());
                return;
            }
        };
        let what = format!("{} {}", wish.method, wish.path);
        let (router, now) = (self.simulation.api.clone(), self.simulation.now());
        self.begin(&what, Origin::Request(Box::new(wish), now), Box::pin(ask(router, request)));
    }

    /// A request was answered, or whoever was to answer it died.
    pub(crate) fn answer(&mut self, wish: &Wish, asked_at: Timestamp, answer: Option<Answer>) {
        match &answer {
            Some(answered) if answered.status.is_success() => self.trace.tell(format_args!("-> {}", answered.status)),
            Some(answered) => {
                let code = answered.body["code"].as_str().unwrap_or_default().to_owned();
                self.trace.tell(format_args!("-> {} {code}", answered.status));
            }
            None => self.trace.tell(format_args!("-> no answer")),
        }
        if answer.as_ref().is_some_and(|answer| answer.status == StatusCode::INTERNAL_SERVER_ERROR) {
            self.wrong.push(format!("{} {} was answered 500", wish.method, wish.path));
        }
        if let Some((kind, about)) = wish.command.clone() {
            let order = if answer.is_some() { self.recorder.next_order() } else { wish.order };
            self.recorder.commanded(Command {
                order,
                at: asked_at,
                answered_at: answer.as_ref().map(|_| self.simulation.now()),
                by: wish.caller.subject().to_owned(),
                kind,
                about,
                sent: match &wish.sent {
                    Sent::Json(body) => body.clone(),
                    Sent::Nothing | Sent::Xml(_) | Sent::Csv(_) => serde_json::Value::Null,
                },
                status: answer.as_ref().map(|answer| answer.status.as_u16()),
                answer: answer.as_ref().map(|answer| answer.body.clone()).unwrap_or_default(),
            });
        }
        self.hub.answer(wish.number, answer);
    }

    /// The next moment at which somebody has something to do.
    pub(crate) fn next_moment(&self) -> Option<Timestamp> {
        let now = self.simulation.now();
        let in_flight =
            [QueueName::Bulk, QueueName::Other].map(|queue| self.simulation.queue.counters(queue).in_flight);
        let hidden =
            (in_flight != [0, 0]).then(|| later(now, SignedDuration::try_from(VISIBILITY).unwrap_or_default()));
        // What is due already and was not done waits for the next run of the schedule.
        let ours = self.next_due().map(|due| if due <= now { later(now, SCHEDULE) } else { due });
        let providers = &self.simulation.providers;
        let theirs = [providers.column.next_due(), providers.plaid.next_due()].into_iter().flatten();
        let in_the_air = self.webhook_network.iter().map(|flight| flight.arrives_at);
        let posted = self.posted.iter().map(|posted| posted.at);
        let dead_letter_queues = self.dead_letter_queues.iter().map(|message| message.at);
        let alarm = self.hub.next_alarm(now);
        hidden
            .into_iter()
            .chain(ours)
            .chain(theirs)
            .chain(in_the_air)
            .chain(posted)
            .chain(dead_letter_queues)
            .chain(alarm)
            .chain(self.fault_injector.next_stray())
            .min()
    }

    /// The earliest entry of the index `due`, as it is. Rounds do not count: they come for ever.
    fn next_due(&self) -> Option<Timestamp> {
        let first = |shard| {
            let query = Query { index: Index::Due, page_items: Some(8), ..Query::primary(keys::due_shard(shard)) };
            let page = self.simulation.table.query(&query).now_or_never()?.ok()?;
            let is_round = |item: &&Attributes| decode::<Key>((*item).clone()).is_ok_and(|key| keys::is_round(&key));
            let once = page.items.iter().find(|item| !is_round(item));
            once?.get("due_sk")?.as_str()?.parse::<Timestamp>().ok()
        };
        (0..keys::DUE_SHARDS).filter_map(first).min()
    }

    /// Beyond the very moment, since the index counts in whole seconds.
    pub(crate) fn go_to(&mut self, moment: Timestamp) {
        let by = moment.duration_since(self.simulation.now()).max(SignedDuration::ZERO) + SignedDuration::from_secs(1);
        if self.fault_injector.strikes(Fault::BusinessTimeMoved) {
            // As on a laptop: business time runs ahead, and no lease, token or link notices.
            self.simulation.clock.move_business(by.unsigned_abs());
        } else {
            self.simulation.clock.advance(by.unsigned_abs());
        }
        self.advance_providers();
        // Messages that were in the hands of a process that is gone are visible again.
        for queue in [QueueName::Bulk, QueueName::Other] {
            self.simulation.queue.return_overdue(queue);
        }
        // Rounds are done when something else is, and at least once a day.
        let since = self.simulation.clock.elapsed_now().duration_since(self.scheduled_at);
        self.is_schedule_due = since >= ROUNDS || self.next_due().is_some_and(|due| due <= self.simulation.now());
    }

    pub(crate) fn advance_providers(&self) {
        self.simulation.providers.column.advance();
        self.simulation.providers.plaid.advance();
    }
}

/// One request through a router.
pub(crate) async fn ask(router: Router, request: Request<Body>) -> Ended {
    let response = match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let status = response.status();
    let bytes = match response.into_body().collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Ended::Answered(Answer { status: StatusCode::BAD_GATEWAY, body: serde_json::Value::Null }),
    };
    let text = || serde_json::Value::from(String::from_utf8_lossy(&bytes).into_owned());
    Ended::Answered(Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_else(|_| text()) })
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.saturating_add(by).unwrap_or(time)
}
