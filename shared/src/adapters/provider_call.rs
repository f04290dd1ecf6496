//! One call to a provider: rate limit, tries with jittered pauses, and the handler's deadline.
//!
//! Guarantees: every try sends the same bytes and headers, so the same idempotency key; nothing is sent that could outlast the
//! deadline; whether the provider may have acted is known of every failure. Bodies, headers and keys are never logged.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::domain::deadline::Deadline;
use crate::ports::clock::Clock;
use crate::ports::random::{Random, random_u64};
use crate::ports::transport::{ProviderRequest, ProviderResponse, Transport};

/// How hard one call is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// Calls that one process sends in a second at most, evenly spaced; 0 sets no limit. The fleet's rate is this times the number of
    /// processes.
    pub max_calls_per_second: u32,
    /// Sends of one call at most; at least one is made if there is time.
    pub tries_max: u32,
    /// How long one send may take, unless its request says otherwise.
    pub call_timeout: Duration,
    /// The longest possible first pause; each next one may be twice as long.
    pub first_pause: Duration,
    /// No pause is longer.
    pub longest_pause: Duration,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            max_calls_per_second: 0,
            tries_max: 3,
            call_timeout: Duration::from_secs(10),
            first_pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(4),
        }
    }
}

/// An answer that is worth no further try, and whether an earlier try's outcome is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) response: ProviderResponse,
    pub(crate) earlier_outcome_unknown: bool,
}

/// No answer worth reading in the time and tries there were.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub(crate) struct CallFailure {
    /// Whether the provider may have acted.
    pub(crate) outcome_unknown: bool,
    pub(crate) cause: String,
    /// What the last try was answered, if anything: a provider may say there that no repeat will help.
    pub(crate) last_response: Option<ProviderResponse>,
}

/// Sends the calls of one client.
#[derive(Debug)]
pub(crate) struct ProviderCaller {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    limits: CallLimits,
    rate: RateLimit,
}

/// What a try came to.
enum Outcome {
    Final(ProviderResponse),
    Again { outcome_unknown: bool, cause: String, response: Option<ProviderResponse> },
}

impl ProviderCaller {
    pub(crate) fn new(
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        limits: CallLimits,
    ) -> Self {
        let rate = RateLimit::new(limits.max_calls_per_second);
        Self { transport, clock, random, limits, rate }
    }

    /// The time allowed to one send, for the request's `timeout`.
    pub(crate) fn call_timeout(&self) -> Duration {
        self.limits.call_timeout
    }

    /// Whether a try that is begun now can still end before the deadline.
    pub(crate) fn has_time(&self, deadline: Deadline) -> bool {
        deadline.allows(self.clock.elapsed_now(), self.call_timeout())
    }

    /// Sends the request until an answer is final, the tries are used up, or the deadline leaves no room for another try.
    pub(crate) async fn call(&self, request: &ProviderRequest, deadline: Deadline) -> Result<Answer, CallFailure> {
        let mut failure = CallFailure {
            outcome_unknown: false,
            cause: "no time left before the deadline".to_owned(),
            last_response: None,
        };
        for tried in 0..self.limits.tries_max.max(1) {
            let backoff = if tried == 0 { Duration::ZERO } else { self.jittered_pause(tried) };
            if !self.wait_for_turn(backoff, request.timeout, deadline).await {
                break;
            }
            match self.send_once(request).await {
                Outcome::Final(response) => {
                    return Ok(Answer { response, earlier_outcome_unknown: failure.outcome_unknown });
                }
                Outcome::Again { outcome_unknown, cause, response } => {
                    tracing::warn!(method = %request.method, url = %request.url, tried = tried + 1, cause, "call failed");
                    let outcome_unknown = failure.outcome_unknown || outcome_unknown;
                    failure = CallFailure { outcome_unknown, cause, last_response: response };
                }
            }
        }
        Err(failure)
    }

    async fn send_once(&self, request: &ProviderRequest) -> Outcome {
        match self.transport.exchange(request.clone()).await {
            Ok(response) => {
                let outcome_unknown = match response.status {
                    // Refused before it was looked at: it has not happened.
                    429 => false,
                    408 | 500.. => true,
                    _ => return Outcome::Final(response),
                };
                Outcome::Again {
                    outcome_unknown,
                    cause: format!("status {}", response.status),
                    response: Some(response),
                }
            }
            Err(cause) => Outcome::Again { outcome_unknown: true, cause: cause.to_string(), response: None },
        }
    }

    /// Pauses for the backoff, then for the rate limit. False, without waiting on, when a send could then outlast the deadline.
    async fn wait_for_turn(&self, backoff: Duration, timeout: Duration, deadline: Deadline) -> bool {
        let fits = |now, wait: Duration| deadline.allows(now, wait.saturating_add(timeout));
        if !fits(self.clock.elapsed_now(), backoff) {
            return false;
        }
        self.pause(backoff).await;
        // A turn is taken only after the backoff: one taken for a later moment would hold up everybody else's calls until then.
        let now = self.clock.elapsed_now();
        let Some(wait) = self.rate.take_turn(now, |wait| fits(now, wait)) else { return false };
        self.pause(wait).await;
        // A pause may have taken longer than asked for.
        fits(self.clock.elapsed_now(), Duration::ZERO)
    }

    async fn pause(&self, duration: Duration) {
        if !duration.is_zero() {
            self.clock.pause(duration).await;
        }
    }

    /// Anything from zero to a limit that doubles with each try, so that many processes do not come back at the same moment.
    fn jittered_pause(&self, tried: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(tried.saturating_sub(1));
        let limit = self.limits.first_pause.saturating_mul(doubled).min(self.limits.longest_pause);
        let milliseconds = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(random_u64(self.random.as_ref()) % milliseconds.saturating_add(1))
    }
}

/// Sends spaced evenly: each takes the next free moment.
#[derive(Debug)]
struct RateLimit {
    /// `None` without a limit.
    spacing: Option<Duration>,
    next_free: Mutex<Timestamp>,
}

impl RateLimit {
    fn new(per_second: u32) -> Self {
        Self { spacing: Duration::from_secs(1).checked_div(per_second), next_free: Mutex::new(Timestamp::MIN) }
    }

    /// Takes the next free moment and answers how far away it is, if `acceptable` agrees to that wait; a refused moment stays free.
    fn take_turn(&self, now: Timestamp, acceptable: impl FnOnce(Duration) -> bool) -> Option<Duration> {
        let Some(spacing) = self.spacing else { return Some(Duration::ZERO) };
        // The value is one moment, whole after every step: a panic elsewhere cannot have left it half-written.
        let mut next_free = self.next_free.lock().unwrap_or_else(PoisonError::into_inner);
        let moment = now.max(*next_free);
        let wait = Duration::try_from(moment.duration_since(now)).unwrap_or_default();
        if !acceptable(wait) {
            return None;
        }
        *next_free = moment.checked_add(spacing).unwrap_or(Timestamp::MAX);
        Some(wait)
    }
}

#[cfg(test)]
#[path = "provider_call_tests.rs"]
mod tests;
