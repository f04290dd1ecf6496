//! A run from its seed to the auditor's findings.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use auditor::evidence::Evidence;
use jiff::{SignedDuration, Timestamp};
use scenarios::ScenarioError;
use serde_json::Value;
use shared::ports::queue::QueueName;
use simulators::column::Control;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;

use crate::engine::Engine;
use crate::evidence;
use crate::faults::Struck;
use crate::setup::Setup;
use crate::tried::Tried;
use crate::workload;

/// Once people are done, faults cease, and time goes on in steps of so many days until one of them moves nothing.
const REST_DAYS: u64 = 10;
const RESTS_MAX: u32 = 24;

/// In so many of those steps operators look after everything that waits for them, where the seed has such operators.
const LAST_LOOKS: u32 = 6;

/// So often everything comes to rest and is reconciled, until nothing moves any more meanwhile.
const LAST_ROUNDS_MAX: u32 = 4;

/// What came of a seed.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub seed: u64,
    /// What must never happen and did, in plain words.
    pub violations: Vec<String>,
    pub struck: Struck,
    pub tried: Tried,
    /// What was reached, as `payment processing -> returned`, and how often.
    pub reached: BTreeMap<String, u64>,
    /// The whole trace, where it was asked for.
    pub trace: Vec<String>,
    /// The same for two runs only where every step was the same.
    pub trace_hash: u64,
}

/// Plays a seed to its end. `keeps_trace` keeps its lines for reading.
pub fn run(seed: u64, keeps_trace: bool) -> Outcome {
    let (outcome, _) = run_for_evidence(seed, keeps_trace);
    outcome
}

/// The same, with what the auditor was given; none where the run could not begin.
pub fn run_for_evidence(seed: u64, keeps_trace: bool) -> (Outcome, Option<Evidence>) {
    let log = Log::default();
    let subscriber = wiring::subscriber(Targets::new().with_default(LevelFilter::INFO), log.clone());
    // A handler may ask for a time-out of the runtime's; time only moves where the run moves it, so that it never comes.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    tracing::subscriber::with_default(subscriber, || {
        let _inside = runtime.as_ref().ok().map(|runtime| runtime.enter());
        let setup = Setup::of_seed(seed);
        match play(setup, keeps_trace, &log) {
            Ok((outcome, evidence)) => (outcome, Some(evidence)),
            Err(problem) => (Outcome::cut_short(seed, &problem), None),
        }
    })
}

fn play(setup: Setup, keeps_trace: bool, log: &Log) -> Result<(Outcome, Evidence), ScenarioError> {
    let seed = setup.simulation.seed;
    let (mut engine, api) = Engine::start(setup, keeps_trace)?;
    engine.setup.configure(&engine.fault_injector);
    engine.scripts = workload::scripts(&engine.setup, &engine.actor());
    let start = engine.simulation.now();
    engine.go_on(in_days(start, engine.setup.bad_days), |_| false);
    engine.fault_injector.slow_down(10);
    engine.setup.crash_one_in *= 10;
    engine.go_on(in_days(start, 3 * engine.setup.days), |engine| engine.scripts.is_empty());
    engine.trace.tell(format_args!("people are done, and faults cease"));
    engine.fault_injector.stop_faults();
    engine.setup.crash_one_in = 0;
    let mut is_at_rest = false;
    // Time may bring something new even then, such as a card's next bill: it too is played to its end.
    for _ in 0..LAST_ROUNDS_MAX {
        is_at_rest = come_to_rest(&mut engine);
        let moves = engine.recorder.moves();
        is_at_rest &= reconcile(&mut engine, start);
        if engine.recorder.moves() == moves {
            break;
        }
    }
    let evidence = evidence::gather(&engine, &api, log.lines(), is_at_rest);
    let mut violations = std::mem::take(&mut engine.wrong);
    violations.extend(engine.hub.complaints());
    violations.extend(auditor::audit(&evidence).iter().map(ToString::to_string));
    if !is_at_rest {
        violations.push("it never came to rest".to_owned());
    }
    let outcome = Outcome {
        seed,
        violations,
        struck: engine.fault_injector.struck(),
        tried: Tried::of(&evidence),
        reached: reached(&evidence),
        trace: engine.trace.take_lines(),
        trace_hash: engine.trace.hash(),
    };
    Ok((outcome, evidence))
}

/// Everything that the bank ever moved is reconciled. False where that does not end.
fn reconcile(engine: &mut Engine, since: Timestamp) -> bool {
    let looked_at = engine.actor();
    engine.scripts.push(Box::pin(workload::reconcile_everything(looked_at, since)));
    let end = in_days(engine.simulation.now(), REST_DAYS);
    // The daily one may have begun beside it.
    engine.go_on(end, |engine| engine.scripts.is_empty() && !engine.recorder.is_reconciling());
    engine.scripts.is_empty()
}

/// The world does what is left to do, and time goes on, until nothing moves any more.
fn come_to_rest(engine: &mut Engine) -> bool {
    let world = engine.actor();
    // The bank's switches are off as well; a refusal of this is none of ours.
    let _ = engine.simulation.providers.tell_bank(Control::ClearFaults);
    for rest in 0..RESTS_MAX {
        workload::look_at_reviews(&world);
        if rest < LAST_LOOKS && !engine.setup.leaves_what_waits {
            engine.scripts.push(Box::pin(workload::look_a_last_time(world.clone())));
        }
        workload::cash_the_rest(&world);
        let moves = engine.recorder.moves();
        let end = in_days(engine.simulation.now(), REST_DAYS);
        engine.go_on(end, |_| false);
        if engine.simulation.now() < end {
            engine.go_to(end);
            engine.go_on(end, |_| false);
        }
        let queues = [QueueName::Bulk, QueueName::Other];
        let is_empty = |queue| {
            let counters = engine.simulation.queue.counters(queue);
            counters.waiting == 0 && counters.in_flight == 0
        };
        let is_silent = engine.webhook_network.is_empty() && engine.dead_letter_queues.is_empty();
        let is_done = engine.scripts.is_empty() && engine.recorder.moves() == moves;
        if is_done && is_silent && queues.into_iter().all(is_empty) {
            return true;
        }
    }
    false
}

fn in_days(from: Timestamp, days: u64) -> Timestamp {
    let days = SignedDuration::from_hours(24 * i64::try_from(days).unwrap_or(i64::MAX / 24));
    from.saturating_add(days).unwrap_or(Timestamp::MAX)
}

/// Every step of payments and fundings, by the kind of its item and why.
fn reached(evidence: &Evidence) -> BTreeMap<String, u64> {
    let mut reached = BTreeMap::new();
    let kinds = [("payment", &evidence.told.payments), ("funding", &evidence.told.fundings)];
    for (kind, items) in kinds {
        for told in items {
            for entry in &told.history {
                let word = |name: &str| entry[name].as_str().unwrap_or("-");
                *reached.entry(format!("{kind} {} -> {}", word("from"), word("to"))).or_default() += 1;
            }
            let reason = told.item["reason"].as_str().unwrap_or_default();
            let flag = told.item["attention"]["reason"].as_str().unwrap_or_default();
            *reached
                .entry(format!("{kind} ends {} {reason} {flag}", told.item["state"].as_str().unwrap_or("-")))
                .or_default() += 1;
        }
    }
    for told in &evidence.told.batches {
        let state: &Value = &told.batch["state"];
        *reached.entry(format!("batch ends {}", state.as_str().unwrap_or("-"))).or_default() += 1;
    }
    for command in &evidence.asked.commands {
        let code = command.answer["code"].as_str().unwrap_or_default();
        let status = command.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        *reached.entry(format!("{:?}: {status} {code}", command.kind)).or_default() += 1;
    }
    reached
}

impl Outcome {
    /// Whether any payment arrived, also where it came back later.
    pub fn has_paid(&self) -> bool {
        self.reached.keys().any(|step| step.starts_with("payment ") && step.ends_with(" -> completed"))
    }

    fn cut_short(seed: u64, problem: &ScenarioError) -> Self {
        Self {
            seed,
            violations: vec![format!("the run could not go on: {problem}")],
            struck: Struck::default(),
            tried: Tried::default(),
            reached: BTreeMap::new(),
            trace: Vec::new(),
            trace_hash: 0,
        }
    }
}

/// Everything that was logged.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
