//! How one process crashes: at any effect on the world outside, and then nothing of the process runs on. It can also be unsteady: then
//! single calls fail as its fault injector says, before or after they happened, and the process has to live with not knowing.
//!
//! An effect is what outlives the process: a write, a message, an object, a call to a provider. Failing between two reads is the same as
//! failing before the effect that follows them, so cutting before every effect once covers every moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use shared::ports::random::Random;
use tokio::sync::Notify;

use crate::fault_injector::FaultInjector;
use crate::faults::Fault;
use crate::recorder::Recorder;
use crate::trace::Trace;

/// Counts a process's effects, and cuts it off before one of them.
#[derive(Debug, Default)]
pub struct CrashControl {
    effects: AtomicU64,
    /// 0 is never.
    cut_before: AtomicU64,
    cut: Notify,
    /// Where there is one, calls give way to each other in a random, repeatable order, and may fail.
    pub(crate) fault_injector: Option<Arc<FaultInjector>>,
    trace: Option<Arc<Trace>>,
    pub(crate) recorder: Option<Arc<Recorder>>,
}

impl CrashControl {
    /// Lasts for ever.
    pub fn unlimited() -> Arc<Self> {
        Arc::default()
    }

    /// Lasts for ever; the calls that run at once overtake each other as `random` says.
    pub fn scattered(random: Arc<dyn Random>) -> Arc<Self> {
        Arc::new(Self { fault_injector: Some(Arc::new(FaultInjector::calm(random))), ..Self::default() })
    }

    /// Never crashes, under this fault injector; tells its calls to the trace and its effects to the recorder.
    pub(crate) fn told(fault_injector: Arc<FaultInjector>, trace: Arc<Trace>, recorder: Arc<Recorder>) -> Arc<Self> {
        Arc::new(Self {
            fault_injector: Some(fault_injector),
            trace: Some(trace),
            recorder: Some(recorder),
            ..Self::default()
        })
    }

    /// Fails before the effect with this number from now; the first is 1.
    pub fn cut_before(&self, effect: u64) {
        self.cut_before.store(self.effects() + effect, Ordering::SeqCst);
    }

    /// From now on one effect in so many fails, half of them after they happened. 0 ends it. Needs [`Self::scattered`].
    pub fn fail_one_in(&self, effects: u64) {
        let Some(fault_injector) = &self.fault_injector else { return };
        let halves = [
            Fault::StoreThrottled,
            Fault::WriteTimedOutDone,
            Fault::BankSilentBefore,
            Fault::BankSilentAfter,
            Fault::PlaidFailed,
        ];
        for fault in halves {
            fault_injector.set(fault, 2 * effects);
        }
        fault_injector.set(Fault::QueueUnreachable, effects);
    }

    /// Effects so far.
    pub fn effects(&self) -> u64 {
        self.effects.load(Ordering::SeqCst)
    }

    /// Returns when it crashes.
    pub async fn until_cut(&self) {
        self.cut.notified().await;
    }

    /// Before a read, and after a call: others may come first.
    pub(crate) async fn give_way(&self) {
        if let Some(fault_injector) = &self.fault_injector {
            for _ in 0..fault_injector.below(4) {
                tokio::task::yield_now().await;
            }
        }
    }

    pub(crate) async fn effect(&self) {
        self.give_way().await;
        let number = self.effects.fetch_add(1, Ordering::SeqCst) + 1;
        let cut_before = self.cut_before.load(Ordering::SeqCst);
        if cut_before != 0 && number >= cut_before {
            self.cut.notify_one();
            std::future::pending::<()>().await;
        }
    }

    /// Whether this goes wrong now.
    pub(crate) fn strikes(&self, fault: Fault) -> bool {
        self.fault_injector.as_ref().is_some_and(|fault_injector| fault_injector.strikes(fault))
    }

    pub(crate) fn tell(&self, what: std::fmt::Arguments<'_>) {
        if let Some(trace) = &self.trace {
            trace.tell(what);
        }
    }
}
