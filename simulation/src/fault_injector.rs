//! The faults of one run: how likely each fault is, who draws, and what struck.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use shared::ports::clock::Clock;
use shared::ports::random::{Random, random_u64};
use shared::ports::table::Page;
use shared::ports::transport::ProviderRequest;

use crate::faults::{Fault, Struck};

/// Shared by everything that can fail. Every draw comes from one generator, so that a seed repeats itself.
#[derive(Debug)]
pub(crate) struct FaultInjector {
    random: Arc<dyn Random>,
    /// Needed for what takes time: slow answers, calls that arrive later.
    pub(crate) clock: Option<Arc<dyn Clock>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// One draw in so many strikes; what is not named never does.
    one_in: BTreeMap<Fault, u64>,
    struck: Struck,
    strays: Vec<Stray>,
    /// The bank refuses everything, or every send, in this way until then.
    standing: Option<(Timestamp, Refusal)>,
    /// Until then Plaid's receiver is flooded with forgeries.
    flooded_until: Option<Timestamp>,
    /// Until then Plaid answers nothing.
    plaid_down_until: Option<Timestamp>,
    notices_down_until: Option<Timestamp>,
    bank_silent_until: Option<Timestamp>,
    /// The processes that receive webhooks are replaced by fresh ones.
    wants_fresh_receivers: bool,
    /// Keys under which the bank acted in silence, and how often it refuses them from now on.
    refused_next: BTreeMap<String, u64>,
    /// What the index `due` last answered, by partition.
    due_pages: BTreeMap<String, Page>,
}

/// How the bank refuses for hours.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal {
    /// Every call, with this status and no word.
    Status(u16),
    /// Every send, with this code.
    Code(&'static str),
}

/// A request to a provider that is still on its way when its sender has given up on it.
#[derive(Clone, Debug)]
pub(crate) struct Stray {
    pub arrives_at: Timestamp,
    /// When it was sent, among everything that was seen.
    pub sent_order: u64,
    pub request: ProviderRequest,
}

impl Stray {
    pub(crate) fn key(&self) -> Option<&str> {
        key_of(&self.request)
    }
}

/// The idempotency key of a call.
pub(crate) fn key_of(request: &ProviderRequest) -> Option<&str> {
    let is_key = |name: &str| name.eq_ignore_ascii_case("idempotency-key");
    request.headers.iter().find(|(name, _)| is_key(name)).map(|(_, value)| value.as_str())
}

impl FaultInjector {
    /// Nothing goes wrong yet.
    pub(crate) fn calm(random: Arc<dyn Random>) -> Self {
        Self { random, clock: None, state: Mutex::default() }
    }

    /// The same, with time that slow answers take.
    pub(crate) fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock: Some(clock), ..self }
    }

    /// From now on one draw in so many strikes; 0 ends it.
    pub(crate) fn set(&self, fault: Fault, one_in: u64) {
        match one_in {
            0 => drop(self.locked().one_in.remove(&fault)),
            one_in => drop(self.locked().one_in.insert(fault, one_in)),
        }
    }

    /// From now on nothing goes wrong any more.
    pub(crate) fn stop_faults(&self) {
        let mut state = self.locked();
        state.one_in.clear();
        state.standing = None;
        state.flooded_until = None;
        state.plaid_down_until = None;
        state.notices_down_until = None;
        state.bank_silent_until = None;
        state.refused_next.clear();
    }

    /// Every fault becomes so many times as rare.
    pub(crate) fn slow_down(&self, times: u64) {
        for one_in in self.locked().one_in.values_mut() {
            *one_in = one_in.saturating_mul(times);
        }
    }

    /// Draws whether a fault strikes now, and counts it.
    pub(crate) fn strikes(&self, fault: Fault) -> bool {
        let Some(one_in) = self.locked().one_in.get(&fault).copied() else { return false };
        let strikes = self.below(one_in) == 0;
        if strikes {
            self.count(fault);
        }
        strikes
    }

    pub(crate) fn count(&self, fault: Fault) {
        self.locked().struck.add(fault);
    }

    pub(crate) fn struck(&self) -> Struck {
        self.locked().struck.clone()
    }

    /// A number from 0 to `end`, which is not one of them.
    pub(crate) fn below(&self, end: u64) -> u64 {
        random_u64(&*self.random) % end.max(1)
    }

    /// A number of a range, both ends included.
    pub(crate) fn between(&self, least: u64, most: u64) -> u64 {
        least + self.below(most.saturating_sub(least) + 1)
    }

    pub(crate) fn is_one_in(&self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of these; none where there are none.
    pub(crate) fn pick<'a, T>(&self, of: &'a [T]) -> Option<&'a T> {
        let place = self.below(of.len().try_into().unwrap_or(u64::MAX));
        of.get(usize::try_from(place).unwrap_or_default())
    }

    pub(crate) fn shuffle<T>(&self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = usize::try_from(self.below(last as u64 + 1)).unwrap_or(last);
            items.swap(last, other);
        }
    }

    pub(crate) fn send_astray(&self, stray: Stray) {
        self.locked().strays.push(stray);
    }

    pub(crate) fn flood_until(&self, until: Timestamp) {
        self.locked().flooded_until = Some(until);
    }

    pub(crate) fn plaid_is_down_until(&self, until: Timestamp) {
        self.locked().plaid_down_until = Some(until);
    }

    pub(crate) fn notices_are_down_until(&self, until: Timestamp) {
        self.locked().notices_down_until = Some(until);
    }

    pub(crate) fn bank_is_silent_until(&self, until: Timestamp) {
        self.locked().bank_silent_until = Some(until);
    }

    pub(crate) fn is_bank_silent(&self) -> bool {
        self.is_before(self.locked().bank_silent_until)
    }

    pub(crate) fn are_notices_down(&self) -> bool {
        self.is_before(self.locked().notices_down_until)
    }

    pub(crate) fn is_flooded(&self) -> bool {
        self.is_before(self.locked().flooded_until)
    }

    pub(crate) fn is_plaid_down(&self) -> bool {
        self.is_before(self.locked().plaid_down_until)
    }

    fn is_before(&self, until: Option<Timestamp>) -> bool {
        let now = self.clock.as_ref().map(|clock| clock.business_now());
        now.zip(until).is_some_and(|(now, until)| now < until)
    }

    pub(crate) fn replace_receivers(&self) {
        self.locked().wants_fresh_receivers = true;
    }

    /// Whether they are to be replaced now; asked once.
    pub(crate) fn takes_fresh_receivers(&self) -> bool {
        std::mem::take(&mut self.locked().wants_fresh_receivers)
    }

    /// Whether a call with this key is still on its way.
    pub(crate) fn is_astray(&self, key: &str) -> bool {
        self.locked().strays.iter().any(|stray| stray.key() == Some(key))
    }

    pub(crate) fn refuse_until(&self, until: Timestamp, refusal: Refusal) {
        self.locked().standing = Some((until, refusal));
    }

    /// How the bank refuses everything at the moment.
    pub(crate) fn standing_refusal(&self) -> Option<Refusal> {
        let now = self.clock.as_ref()?.business_now();
        self.locked().standing.filter(|(until, _)| now < *until).map(|(_, refusal)| refusal)
    }

    /// The bank has acted under this key, and refuses it so many times.
    pub(crate) fn refuse_next(&self, key: &str, times: u64) {
        self.locked().refused_next.insert(key.to_owned(), times);
    }

    /// Whether the bank refuses this key once more.
    pub(crate) fn is_refused_next(&self, key: &str) -> bool {
        let mut state = self.locked();
        let Some(left) = state.refused_next.get_mut(key).filter(|left| **left > 0) else { return false };
        *left -= 1;
        true
    }

    /// Takes the calls that have arrived by now.
    pub(crate) fn arrived_strays(&self, now: Timestamp) -> Vec<Stray> {
        let mut state = self.locked();
        let (arrived, waiting) = std::mem::take(&mut state.strays).into_iter().partition(|s| s.arrives_at <= now);
        state.strays = waiting;
        arrived
    }

    pub(crate) fn next_stray(&self) -> Option<Timestamp> {
        self.locked().strays.iter().map(|stray| stray.arrives_at).min()
    }

    /// A page of the index `due` as somebody sees it who is late: what the last one saw, where the index lags.
    pub(crate) fn perhaps_stale(&self, partition: &str, fresh: Page) -> Page {
        if self.strikes(Fault::DueIndexStale) {
            return self.locked().due_pages.get(partition).cloned().unwrap_or_default();
        }
        self.locked().due_pages.insert(partition.to_owned(), fresh.clone());
        fresh
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
