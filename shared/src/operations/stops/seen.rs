//! What a process has read of the switches, for a second.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::domain::stop::READ_AGE_MAX;

/// Switches remembered at once: as many payers as one process may claim for in a second, and more.
const KEPT_MAX: usize = 1_000;

/// By scope: whether it was on, and when the reading began, in elapsed time.
#[derive(Debug, Default)]
pub(crate) struct SeenStops(Mutex<HashMap<String, (bool, Timestamp)>>);

impl SeenStops {
    /// The reading of a switch, unless it is too old, or from a clock that was put back.
    pub(super) fn recent(&self, scope: &str, now: Timestamp) -> Option<bool> {
        let (stopped, read_at) = self.locked().get(scope).copied()?;
        let over = read_at.checked_add(READ_AGE_MAX).ok()?;
        let is_recent = fault!(StopReadOnce, true, read_at <= now && now < over);
        is_recent.then_some(stopped)
    }

    pub(super) fn note(&self, scope: &str, stopped: bool, read_at: Timestamp) {
        let mut seen = self.locked();
        if seen.len() >= KEPT_MAX {
            seen.clear();
        }
        seen.insert(scope.to_owned(), (stopped, read_at));
    }

    /// What this process has changed itself it reads anew.
    pub(super) fn forget(&self) {
        self.locked().clear();
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<String, (bool, Timestamp)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
