//! One run: whose turn it is, until nothing is left to do.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use futures::FutureExt as _;
use futures::future::LocalBoxFuture;
use jiff::{SignedDuration, Timestamp};
use scenarios::ScenarioError;
use scenarios::simulation::{FUNCTION_TIMEOUT, Simulation, Systems};
use shared::http::conventions;
use shared::operations::System;
use shared::operations::system::Clients;
use shared::ports::clock::Clock as _;
use shared::ports::notices::Notices;
use shared::ports::objects::Objects;
use shared::ports::queue::{Queue, QueueName};
use shared::ports::table::Table;
use shared::ports::transport::Transport;

use crate::actor::{Actor, Hub};
use crate::crash::CrashControl;
use crate::dead_letter_queues::GivenUp;
use crate::fault_injector::FaultInjector;
use crate::faults::Fault;
use crate::faulty_ports::FaultyPort;
use crate::processes::{Ended, Origin, Process};
use crate::receiver::Receiver;
use crate::recorder::Recorder;
use crate::setup::Setup;
use crate::trace::Trace;
pub(crate) use crate::webhook_network::Flight;

/// More turns than any run takes: processes that make processes without end.
const TURNS_MAX: u64 = 1_500_000;
/// The longest that a process runs before it is gone, in turns.
const LIFE_MAX: u64 = 60;

/// A message that comes later, or once more.
pub(crate) struct Posted {
    pub at: Timestamp,
    pub queue: QueueName,
    pub body: String,
}

pub(crate) struct Engine {
    pub simulation: Rc<Simulation>,
    pub fault_injector: Arc<FaultInjector>,
    pub trace: Arc<Trace>,
    pub recorder: Arc<Recorder>,
    pub hub: Rc<Hub>,
    /// Who is told of what happens.
    pub receiver: Arc<Receiver>,
    pub setup: Setup,
    pub processes: Vec<Process>,
    pub scripts: Vec<LocalBoxFuture<'static, ()>>,
    /// Webhooks on their way to us.
    pub webhook_network: Vec<Flight>,
    pub posted: Vec<Posted>,
    pub dead_letter_queues: Vec<GivenUp>,
    /// Elapsed time of the scheduler's last run.
    pub scheduled_at: Timestamp,
    pub is_schedule_due: bool,
    /// Our receivers of webhooks, in the processes of now.
    pub receivers: Router,
    /// How often in a row each genuine webhook of Plaid was told to come again, since so many failures of Plaid.
    pub kept_out: BTreeMap<usize, (u32, u64)>,
    /// What must never happen, seen by the run itself.
    pub wrong: Vec<String>,
    last_number: u32,
}

impl Engine {
    /// An empty system with an empty bank, under this fault injector; nobody does anything yet.
    /// Beside it, our API as it answers when nothing disturbs it.
    pub(crate) fn start(setup: Setup, keeps_lines: bool) -> Result<(Self, Router), ScenarioError> {
        let mut simulation = Simulation::with(setup.simulation.clone())?;
        let clock = simulation.clock.clone();
        let fault_injector = Arc::new(FaultInjector::calm(setup.random.clone()).with_clock(clock.clone()));
        let trace = Arc::new(Trace::new(clock.clone(), keeps_lines));
        let recorder = Arc::new(Recorder::new(clock));
        let crash = CrashControl::told(fault_injector.clone(), trace.clone(), recorder.clone());
        let undisturbed = simulation.api.clone();
        let receiver = Arc::new(Receiver::reached_by(crash.clone()));
        let system = System { webhooks: receiver.clone(), ..faulty_ports(&simulation.system, &crash) };
        simulation.run_on(Systems::shared(&system));
        let now = simulation.now();
        let receivers = simulation.receivers.clone();
        let engine = Self {
            simulation: Rc::new(simulation),
            fault_injector,
            trace,
            recorder,
            hub: Rc::default(),
            receiver,
            setup,
            processes: Vec::new(),
            scripts: Vec::new(),
            webhook_network: Vec::new(),
            posted: Vec::new(),
            dead_letter_queues: Vec::new(),
            scheduled_at: now,
            is_schedule_due: true,
            receivers,
            kept_out: BTreeMap::new(),
            wrong: Vec::new(),
            last_number: 0,
        };
        Ok((engine, undisturbed))
    }

    /// Processes that remember nothing take the place of those that receive webhooks.
    pub(crate) fn replace_receivers(&mut self) {
        let fresh = |system: &System| System { clients: Arc::new(Clients::default()), ..system.clone() };
        let systems = &self.simulation.systems;
        let column = column_webhook::routes(fresh(&systems.column_webhook));
        let plaid = plaid_webhook::routes(fresh(&systems.plaid_webhook));
        self.receivers = conventions(column.merge(plaid));
        self.trace.tell(format_args!("fresh processes receive webhooks"));
    }

    pub(crate) fn actor(&self) -> Actor {
        Actor {
            simulation: self.simulation.clone(),
            fault_injector: self.fault_injector.clone(),
            trace: self.trace.clone(),
            recorder: self.recorder.clone(),
            hub: self.hub.clone(),
            receiver: self.receiver.clone(),
        }
    }

    /// Goes on until `end`, or until nothing is left to do.
    pub(crate) fn go_on(&mut self, end: Timestamp, is_done: impl Fn(&Self) -> bool) {
        for _ in 0..TURNS_MAX {
            self.listen_to_actors();
            if self.processes.is_empty() && is_done(self) {
                return;
            }
            let takes_turn = !self.processes.is_empty()
                && (self.processes.len() >= self.setup.processes_max || !self.fault_injector.is_one_in(6));
            if takes_turn || !self.start_something() {
                if self.processes.is_empty() {
                    match self.next_moment().filter(|next| *next <= end) {
                        Some(next) => self.go_to(next),
                        None => return,
                    }
                } else {
                    self.take_turn();
                }
            }
        }
        self.wrong.push("processes make processes without end".to_owned());
    }

    fn listen_to_actors(&mut self) {
        let mut context = Context::from_waker(futures::task::noop_waker_ref());
        self.trace.turn_of(0);
        self.scripts.retain_mut(|script| matches!(script.poll_unpin(&mut context), Poll::Pending));
    }

    /// One of the running processes goes on, or is gone.
    fn take_turn(&mut self) {
        let Ok(running) = u64::try_from(self.processes.len()) else { return };
        let place = usize::try_from(self.fault_injector.below(running)).unwrap_or_default();
        if self.fault_injector.strikes(Fault::LeaseOutlived) {
            self.let_leases_run_out();
        }
        let Some(process) = self.processes.get_mut(place) else { return };
        self.trace.turn_of(process.number);
        if let Some(left) = &mut process.dies_after {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.fault_injector.count(Fault::ProcessCrashed);
                return self.bury(place, "gone");
            }
        }
        if let Some(ended) = process.go_on() {
            let process = self.processes.swap_remove(place);
            self.trace.tell(format_args!("ends"));
            self.trace.turn_of(0);
            self.conclude(process, ended);
        }
    }

    /// The machine stands still for longer than a lease. What the platform notices is stopped; what it does not goes on as if nothing was.
    fn let_leases_run_out(&mut self) {
        let seconds = self.fault_injector.between(160, 900);
        self.trace.turn_of(0);
        self.trace.tell(format_args!("everything stands still for {seconds} s"));
        self.simulation.clock.advance(std::time::Duration::from_secs(seconds));
        self.advance_providers();
        let now = self.simulation.clock.elapsed_now();
        for place in (0..self.processes.len()).rev() {
            let is_late = self.processes.get(place).is_some_and(|process| {
                now.duration_since(process.began_at) > SignedDuration::try_from(FUNCTION_TIMEOUT).unwrap_or_default()
            });
            if is_late && self.fault_injector.is_one_in(2) {
                self.fault_injector.count(Fault::ProcessTimedOut);
                self.bury(place, "stopped by its timeout");
            }
        }
    }

    /// The process is gone; whoever waits for it learns nothing.
    fn bury(&mut self, place: usize, how: &str) {
        if place >= self.processes.len() {
            return;
        }
        let process = self.processes.swap_remove(place);
        self.trace.turn_of(process.number);
        self.trace.tell(format_args!("is {how}"));
        self.trace.turn_of(0);
        match process.origin {
            // Its messages come back when their visibility ends.
            Origin::Worker { .. } | Origin::Scheduler => {}
            Origin::DeadLetters(messages) => self.come_again(messages, |_| false),
            Origin::Webhook(flight) => self.arrive(*flight, None),
            Origin::Request(wish, asked_at) => self.answer(&wish, asked_at, None),
        }
    }

    fn conclude(&mut self, process: Process, ended: Ended) {
        match (process.origin, ended) {
            (_, Ended::Panicked) => self.wrong.push(format!("process {} panicked", process.number)),
            (Origin::Worker { queue, messages }, Ended::Worked(response)) => {
                let failed =
                    |id: &str| response.batch_item_failures.iter().any(|failure| failure.item_identifier == id);
                for message in messages.iter().filter(|message| !failed(&message.message_id)) {
                    self.simulation.queue.delete(queue, &message.receipt);
                }
            }
            (Origin::DeadLetters(messages), Ended::Worked(response)) => {
                self.come_again(messages, |id| {
                    response.batch_item_failures.iter().all(|failure| failure.item_identifier != id)
                });
            }
            (Origin::Webhook(flight), Ended::Answered(answer)) => self.arrive(*flight, Some(answer.status.as_u16())),
            (Origin::Request(wish, asked_at), Ended::Answered(answer)) => self.answer(&wish, asked_at, Some(answer)),
            (Origin::Scheduler, _)
            | (Origin::Worker { .. } | Origin::DeadLetters(_) | Origin::Webhook(_) | Origin::Request(..), _) => {}
        }
    }

    /// A process begins.
    pub(crate) fn begin(&mut self, what: &str, origin: Origin, run: LocalBoxFuture<'static, Ended>) {
        self.last_number += 1;
        let number = self.last_number;
        self.trace.tell(format_args!("#{number} begins: {what}"));
        let dies = self.setup.crash_one_in != 0 && self.fault_injector.is_one_in(self.setup.crash_one_in);
        let dies_after = dies.then(|| self.fault_injector.between(1, LIFE_MAX));
        let began_at = self.simulation.clock.elapsed_now();
        self.processes.push(Process { number, origin, began_at, dies_after, run });
    }
}

/// The system with its ports under the fault injector.
fn faulty_ports(system: &System, crash: &Arc<CrashControl>) -> System {
    let (table, queue): (Arc<dyn Table>, Arc<dyn Queue>) = (system.table.clone(), system.queue.clone());
    let (objects, transport): (Arc<dyn Objects>, Arc<dyn Transport>) =
        (system.objects.clone(), system.transport.clone());
    let notices: Arc<dyn Notices> = system.notices.clone();
    System {
        table: Arc::new(FaultyPort { port: table, crash: crash.clone() }),
        queue: Arc::new(FaultyPort { port: queue, crash: crash.clone() }),
        objects: Arc::new(FaultyPort { port: objects, crash: crash.clone() }),
        transport: Arc::new(FaultyPort { port: transport, crash: crash.clone() }),
        notices: Arc::new(FaultyPort { port: notices, crash: crash.clone() }),
        ..system.clone()
    }
}
