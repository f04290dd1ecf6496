//! The power of one process: it can fail at any effect on the world outside, and then nothing of the process runs on. It can also be
//! unsteady: then single calls fail as its weather says, before or after they happened, and the process has to live with not knowing.
//!
//! An effect is what outlives the process: a write, a message, an object, a call to a provider. Failing between two reads is the same as
//! failing before the effect that follows them, so cutting before every effect once covers every moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use shared::ports::random::Random;
use tokio::sync::Notify;

use crate::faults::Fault;
use crate::story::Story;
use crate::weather::Weather;
use crate::witness::Witness;

/// Counts a process's effects, and cuts it off before one of them.
#[derive(Debug, Default)]
pub struct Power {
    effects: AtomicU64,
    /// 0 is never.
    cut_before: AtomicU64,
    cut: Notify,
    /// Where there is one, calls give way to each other in a random, repeatable order, and may fail.
    pub(crate) weather: Option<Arc<Weather>>,
    story: Option<Arc<Story>>,
    pub(crate) witness: Option<Arc<Witness>>,
}

impl Power {
    /// Lasts for ever.
    pub fn unlimited() -> Arc<Self> {
        Arc::default()
    }

    /// Lasts for ever; the calls that run at once overtake each other as `random` says.
    pub fn scattered(random: Arc<dyn Random>) -> Arc<Self> {
        Arc::new(Self { weather: Some(Arc::new(Weather::calm(random))), ..Self::default() })
    }

    /// Lasts for ever, in this weather; tells its calls to the story and its effects to the witness.
    pub(crate) fn told(weather: Arc<Weather>, story: Arc<Story>, witness: Arc<Witness>) -> Arc<Self> {
        Arc::new(Self { weather: Some(weather), story: Some(story), witness: Some(witness), ..Self::default() })
    }

    /// Fails before the effect with this number from now; the first is 1.
    pub fn cut_before(&self, effect: u64) {
        self.cut_before.store(self.effects() + effect, Ordering::SeqCst);
    }

    /// From now on one effect in so many fails, half of them after they happened. 0 ends it. Needs [`Self::scattered`].
    pub fn fail_one_in(&self, effects: u64) {
        let Some(weather) = &self.weather else { return };
        let halves = [
            Fault::StoreThrottled,
            Fault::WriteTimedOutDone,
            Fault::BankSilentBefore,
            Fault::BankSilentAfter,
            Fault::PlaidFailed,
        ];
        for fault in halves {
            weather.set(fault, 2 * effects);
        }
        weather.set(Fault::QueueUnreachable, effects);
    }

    /// Effects so far.
    pub fn effects(&self) -> u64 {
        self.effects.load(Ordering::SeqCst)
    }

    /// Returns when the power fails.
    pub async fn until_cut(&self) {
        self.cut.notified().await;
    }

    /// Before a read, and after a call: others may come first.
    pub(crate) async fn give_way(&self) {
        if let Some(weather) = &self.weather {
            for _ in 0..weather.below(4) {
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
        self.weather.as_ref().is_some_and(|weather| weather.strikes(fault))
    }

    pub(crate) fn tell(&self, what: std::fmt::Arguments<'_>) {
        if let Some(story) = &self.story {
            story.tell(what);
        }
    }
}
