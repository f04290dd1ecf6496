//! Fault switches: what the simulated bank does wrong, or lets happen, on request. All are part of the core's state and act the same on every replay.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ach::Direction;
use super::calendar::next_opening;
use crate::http::Request;
use crate::outbox::Transit;

/// What happens to a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CallFaultKind {
    /// 429, no effect.
    RateLimited,
    /// 500, no effect.
    ErrorBefore,
    /// The effect, then 500.
    ErrorAfter,
    /// No effect and no answer.
    SilenceBefore,
    /// The effect, but no answer.
    SilenceAfter,
    /// No answer, and the request takes effect only later.
    LateSend { delay_s: i64 },
    /// 400 with this code, no effect.
    Refuse { code: String },
    /// 401 without a body, no effect.
    Unauthorized,
}

/// A fault for the next `count` calls with this method (any when absent) and path prefix (any when empty).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallFault {
    pub fault: CallFaultKind,
    pub count: u64,
    #[serde(default)]
    pub method: Option<String>,
    #[serde(default)]
    pub path_prefix: String,
}

/// What happens to webhooks; replaces the earlier setting as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WebhookFaults {
    /// Every webhook is sent twice.
    pub duplicate: bool,
    /// The next so many events are never sent.
    pub drop_next: u64,
    /// The next so many events carry a wrong signature on their first attempt.
    pub wrong_signature_next: u64,
    /// Every webhook is sent so much later.
    pub delay_s: i64,
    /// Every webhook is sent later by something between nothing and this, so that they overtake each other; those due at the same time are shuffled.
    pub reorder_window_s: i64,
}

impl WebhookFaults {
    /// How one event is sent, and whether its signature is wrong; none where it is not sent.
    pub(crate) fn fate(&mut self, scatter: u64) -> Option<(Transit, bool)> {
        let transit = Transit::new(self.duplicate, self.delay_s, self.reorder_window_s, scatter);
        (!take(&mut self.drop_next)).then(|| (transit, take(&mut self.wrong_signature_next)))
    }
}

/// Why receiving banks send payroll credits back, for a plan that wants a mix (money-rules.md section 1.2).
pub const MIXED_RETURN_CODES: [&str; 6] = ["R02", "R03", "R04", "R20", "R16", "R23"];

/// When a planned return is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnMoment {
    /// At settlement: for a debit that is before its money is available.
    Settled,
    /// When a debit's money has become available.
    Available,
}

/// The receiving banks return the next `count` transfers of a direction, with the codes in turn.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnPlan {
    pub direction: Direction,
    pub moment: ReturnMoment,
    pub count: u64,
    /// At least one.
    pub return_codes: Vec<String>,
    /// After the moment; without it a settled transfer returns at the next banking day's opening, an available one at once.
    #[serde(default)]
    pub delay_s: Option<i64>,
    /// Only transfers from or to this account; without it any.
    #[serde(default)]
    pub account_number: Option<String>,
    #[serde(default)]
    pub(crate) taken: usize,
}

impl std::fmt::Debug for ReturnPlan {
    /// The account is not printed.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ReturnPlan")
            .field("direction", &self.direction)
            .field("count", &self.count)
            .field("return_codes", &self.return_codes)
            .finish_non_exhaustive()
    }
}

impl ReturnPlan {
    #[must_use]
    pub fn new(direction: Direction, moment: ReturnMoment, count: u64, return_codes: &[&str]) -> Self {
        let return_codes = return_codes.iter().map(|code| (*code).to_owned()).collect();
        Self { direction, moment, count, return_codes, delay_s: None, account_number: None, taken: 0 }
    }
}

/// One return that will happen.
pub(crate) struct PlannedReturn {
    pub(crate) return_code: String,
    moment: ReturnMoment,
    delay_s: Option<i64>,
}

impl PlannedReturn {
    pub(crate) fn due_at(&self, now: Timestamp) -> Timestamp {
        match (self.delay_s, self.moment) {
            (Some(delay_s), _) => now.saturating_add(SignedDuration::from_secs(delay_s)).unwrap_or(now),
            (None, ReturnMoment::Settled) => next_opening(now),
            (None, ReturnMoment::Available) => now,
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Faults {
    pub(crate) calls: Vec<CallFault>,
    pub(crate) outage_until: Option<Timestamp>,
    pub(crate) webhooks: WebhookFaults,
    pub(crate) holds_webhooks: bool,
    pub(crate) review_next: u64,
    pub(crate) returns: Vec<ReturnPlan>,
}

impl Faults {
    /// The fault of this call, used up by it.
    pub(crate) fn takes_call(&mut self, request: &Request) -> Option<CallFaultKind> {
        let position = self.calls.iter().position(|fault| {
            fault.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&request.method))
                && request.path.starts_with(&fault.path_prefix)
        })?;
        let fault = &mut self.calls[position];
        let kind = fault.fault.clone();
        fault.count = fault.count.saturating_sub(1);
        if fault.count == 0 {
            self.calls.remove(position);
        }
        Some(kind)
    }

    /// Whether the next transfer is stopped for manual review.
    pub(crate) fn takes_review(&mut self) -> bool {
        take(&mut self.review_next)
    }

    /// The return planned for a transfer of this direction that has just settled, or become available.
    pub(crate) fn takes_return(
        &mut self,
        direction: Direction,
        is_available: bool,
        account_number: &str,
    ) -> Option<PlannedReturn> {
        let moment = if is_available { ReturnMoment::Available } else { ReturnMoment::Settled };
        let position = self.returns.iter().position(|plan| {
            plan.direction == direction
                && plan.moment == moment
                && plan.account_number.as_ref().is_none_or(|planned| planned == account_number)
        })?;
        let plan = &mut self.returns[position];
        let return_code = plan.return_codes.get(plan.taken % plan.return_codes.len().max(1)).cloned();
        plan.taken += 1;
        plan.count = plan.count.saturating_sub(1);
        let delay_s = plan.delay_s;
        if plan.count == 0 {
            self.returns.remove(position);
        }
        return_code.map(|return_code| PlannedReturn { return_code, moment, delay_s })
    }
}

fn take(count: &mut u64) -> bool {
    let is_left = *count > 0;
    *count = count.saturating_sub(1);
    is_left
}
