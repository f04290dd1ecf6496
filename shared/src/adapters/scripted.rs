//! A network and a clock for tests of the clients: answers as scripted, time that moves only when somebody pauses.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

use crate::domain::deadline::Deadline;
use crate::ports::clock::Clock;
use crate::ports::random::Random;
use crate::ports::transport::{ProviderRequest, ProviderResponse, Transport, TransportError};

type Script = VecDeque<Result<ProviderResponse, TransportError>>;

/// Answers in the order of the script and remembers what was asked.
#[derive(Debug, Default)]
pub(crate) struct ScriptedTransport {
    script: Mutex<Script>,
    sent: Mutex<Vec<ProviderRequest>>,
}

impl ScriptedTransport {
    pub(crate) fn new(script: impl IntoIterator<Item = Result<ProviderResponse, TransportError>>) -> Arc<Self> {
        Arc::new(Self { script: Mutex::new(script.into_iter().collect()), sent: Mutex::default() })
    }

    pub(crate) fn sent(&self) -> Vec<ProviderRequest> {
        self.sent.lock().unwrap().clone()
    }
}

#[async_trait]
impl Transport for ScriptedTransport {
    async fn exchange(&self, request: ProviderRequest) -> Result<ProviderResponse, TransportError> {
        self.sent.lock().unwrap().push(request);
        self.script.lock().unwrap().pop_front().expect("the script has an answer for every request")
    }
}

pub(crate) fn answer(status: u16, body: impl Into<Bytes>) -> Result<ProviderResponse, TransportError> {
    Ok(ProviderResponse { status, headers: Vec::new(), body: body.into() })
}

/// Time that a pause moves at once, and nothing else.
#[derive(Debug)]
pub(crate) struct PausedClock {
    now: Mutex<Timestamp>,
}

impl PausedClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { now: Mutex::new(Timestamp::UNIX_EPOCH) })
    }

    pub(crate) fn deadline_in(&self, seconds: u64) -> Deadline {
        Deadline::new(self.elapsed_now() + Duration::from_secs(seconds), Duration::ZERO)
    }
}

#[async_trait]
impl Clock for PausedClock {
    fn business_now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn elapsed_now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    async fn pause(&self, duration: Duration) {
        *self.now.lock().unwrap() += duration;
    }
}

/// Randomness that always gives the same byte.
#[derive(Debug)]
pub(crate) struct SameByte(pub(crate) u8);

impl Random for SameByte {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }
}
