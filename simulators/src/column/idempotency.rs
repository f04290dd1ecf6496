//! Stored successes per endpoint and `Idempotency-Key`, kept 30 days (column.md section 1.5).
//!
//! A repeat with other content gets the stored answer as well; how the real bank treats it is not documented, so it is counted for tests to assert that none happens.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::http::Request;

const LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What a successful request made; the answer is written from it, the same bytes each time.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Made {
    /// An ACH transfer as it was after so many steps.
    Ach {
        transfer: usize,
        steps: usize,
    },
    /// A check as it was after so many steps.
    Check {
        check: usize,
        steps: usize,
    },
    Body(String),
}

#[derive(Clone, PartialEq)]
struct Stored {
    content: [u8; 32],
    made: Made,
}

type Key = (String, String);

#[derive(Clone, Default, PartialEq)]
pub(crate) struct Idempotency {
    stored: HashMap<Arc<Key>, Stored>,
    by_age: VecDeque<(Timestamp, Arc<Key>)>,
    pub(crate) replays: u64,
    pub(crate) replays_with_other_content: u64,
}

impl Idempotency {
    /// What this key made before, if it is not forgotten.
    pub(crate) fn replay(&mut self, now: Timestamp, request: &Request, key: &str) -> Option<Made> {
        self.forget(now);
        let stored = self.stored.get(&(request.path.clone(), key.to_owned()))?;
        self.replays += 1;
        if stored.content != fingerprint(request) {
            self.replays_with_other_content += 1;
        }
        Some(stored.made.clone())
    }

    pub(crate) fn store(&mut self, now: Timestamp, request: &Request, key: &str, made: Made) {
        let key = Arc::new((request.path.clone(), key.to_owned()));
        self.by_age.push_back((now, key.clone()));
        self.stored.insert(key, Stored { content: fingerprint(request), made });
    }

    fn forget(&mut self, now: Timestamp) {
        while self.by_age.front().is_some_and(|(stored_at, _)| now.duration_since(*stored_at) >= LIFE) {
            if let Some((_, key)) = self.by_age.pop_front() {
                self.stored.remove(&key);
            }
        }
    }
}

fn fingerprint(request: &Request) -> [u8; 32] {
    Sha256::digest(request.body.as_bytes()).into()
}
