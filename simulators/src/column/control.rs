//! Control calls: what a test or an operator of the laptop stack tells the simulated bank. Not a Column API: they live under a path that Column does not have.
//!
//! `POST /__control/NAME` with the fields of [`Control`]'s variant NAME as JSON; `GET /__control/counters`; `GET /__control/clock`.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Column;
use super::ach::NotificationOfChange;
use super::checks::mail::MailStatus;
use super::error::ApiError;
use super::faults::{CallFault, Faults, ReturnPlan, WebhookFaults};
use crate::http::{Answer, Request};

pub(crate) const PREFIX: &str = "/__control/";

/// One control call. Those about a transfer answer the transfer, the others `{}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "control", rename_all = "snake_case")]
pub enum Control {
    /// The receiving bank returns a SUBMITTED, SETTLED or COMPLETED transfer now, however old it is.
    Return {
        transfer_id: String,
        return_code: String,
        #[serde(default)]
        addenda: String,
    },
    /// The next transfers of a direction return by themselves.
    PlanReturns(ReturnPlan),
    NotificationOfChange {
        transfer_id: String,
        change: NotificationOfChange,
    },
    /// The next `count` transfers or checks stop in manual review.
    ReviewNext {
        count: u64,
    },
    ApproveReview {
        transfer_id: String,
    },
    /// Cancels the transfer, rejects the check.
    RejectReview {
        transfer_id: String,
    },
    DishonorReturn {
        transfer_id: String,
    },
    ContestDishonor {
        transfer_id: String,
    },
    /// The payee cashes a check, for another amount than it is good for where one is given. A check whose stop is pending is paid only if it beats the stop.
    CashCheck {
        transfer_id: String,
        #[serde(default)]
        amount: Option<i64>,
        #[serde(default)]
        beats_stop: bool,
    },
    /// The bank does not pay a presented check: the first time it may be presented again, the second is final.
    ReturnCheck {
        transfer_id: String,
        reason: String,
    },
    /// A check that was returned once is presented again now.
    ReclearCheck {
        transfer_id: String,
    },
    /// Moves a check's letter on, ahead of its time or off its way.
    MoveMail {
        transfer_id: String,
        to: MailStatus,
    },
    /// Moves the bank's clock ahead of the caller's.
    Advance {
        seconds: u32,
    },
    /// Moves the bank's clock ahead to a time; an earlier time has no effect.
    SetClock {
        to: Timestamp,
    },
    FaultCalls(CallFault),
    FaultWebhooks(WebhookFaults),
    /// No webhook is sent while they are held. Answers how many are `under_way` all the same: sent before, and not answered yet.
    HoldWebhooks {
        is_held: bool,
    },
    /// All calls answer 503 until then.
    Outage {
        until: Timestamp,
    },
    /// Takes back all switches, plans and outages; the clock stays.
    ClearFaults,
}

/// What whoever moves the clock has to know, in bank time.
#[derive(Debug, Serialize)]
struct ClockView {
    now: Timestamp,
    /// See [`Column::next_due`].
    next_due: Option<Timestamp>,
    /// See [`Column::is_quiet`].
    is_quiet: bool,
}

impl Column {
    /// Carries out a control call at the caller's time `now`; answers what the HTTP call would.
    pub fn control(&mut self, now: Timestamp, control: Control) -> Result<String, ApiError> {
        self.advance(now);
        let about = match control {
            Control::Return { transfer_id, return_code, addenda } => {
                self.return_ach(&transfer_id, return_code, addenda)?
            }
            Control::NotificationOfChange { transfer_id, change } => self.notify_of_change(&transfer_id, change)?,
            Control::ApproveReview { transfer_id } if self.checks.is_visible(&transfer_id) => {
                return self.about_check(|bank| bank.approve_check(&transfer_id));
            }
            Control::RejectReview { transfer_id } if self.checks.is_visible(&transfer_id) => {
                return self.about_check(|bank| bank.reject_check(&transfer_id));
            }
            Control::DishonorReturn { transfer_id } if self.checks.is_visible(&transfer_id) => {
                return self.about_check(|bank| bank.dishonor_check_return(&transfer_id));
            }
            Control::ApproveReview { transfer_id } => self.approve_review(&transfer_id)?,
            Control::RejectReview { transfer_id } => self.reject_review(&transfer_id)?,
            Control::DishonorReturn { transfer_id } => self.dishonor_return(&transfer_id)?,
            Control::ContestDishonor { transfer_id } => self.contest_dishonor(&transfer_id)?,
            Control::CashCheck { transfer_id, amount, beats_stop } => {
                return self.about_check(|bank| bank.cash_check(&transfer_id, amount.map(i128::from), beats_stop));
            }
            Control::ReturnCheck { transfer_id, reason } => {
                return self.about_check(|bank| bank.return_check(&transfer_id, reason));
            }
            Control::ReclearCheck { transfer_id } => {
                return self.about_check(|bank| bank.reclear_check(&transfer_id));
            }
            Control::MoveMail { transfer_id, to } => {
                return self.about_check(|bank| bank.move_letter_to(&transfer_id, to));
            }
            Control::PlanReturns(plan) => {
                if plan.return_codes.is_empty() {
                    return Err(ApiError::missing("return_codes"));
                }
                if plan.count > 0 {
                    self.faults.returns.push(plan);
                }
                return Ok("{}".to_owned());
            }
            Control::FaultCalls(fault) => {
                if fault.count > 0 {
                    self.faults.calls.push(fault);
                }
                return Ok("{}".to_owned());
            }
            Control::ReviewNext { count } => return self.switch(|faults| faults.review_next = count),
            Control::HoldWebhooks { is_held } => {
                self.faults.holds_webhooks = is_held;
                return Ok(format!(r#"{{"under_way":{}}}"#, self.outbox.under_way()));
            }
            Control::FaultWebhooks(webhooks) => return self.switch(|faults| faults.webhooks = webhooks),
            Control::Outage { until } => return self.switch(|faults| faults.outage_until = Some(until)),
            Control::ClearFaults => return self.switch(|faults| *faults = Faults::default()),
            Control::Advance { seconds } => return self.move_clock(now, SignedDuration::from_secs(i64::from(seconds))),
            Control::SetClock { to } => {
                let ahead = to.duration_since(self.now).max(SignedDuration::ZERO);
                return self.move_clock(now, ahead);
            }
        };
        Ok(self.ach_json_now(about))
    }

    fn about_check(&mut self, change: impl FnOnce(&mut Self) -> Result<usize, ApiError>) -> Result<String, ApiError> {
        change(self).map(|position| self.check_json_now(position))
    }

    fn switch(&mut self, change: impl FnOnce(&mut Faults)) -> Result<String, ApiError> {
        change(&mut self.faults);
        Ok("{}".to_owned())
    }

    fn move_clock(&mut self, now: Timestamp, ahead: SignedDuration) -> Result<String, ApiError> {
        self.offset = self.offset.saturating_add(ahead);
        self.advance(now);
        Ok("{}".to_owned())
    }

    fn clock_view(&self) -> ClockView {
        let now = self.caller_time(self.now);
        let bank_time = |at: Timestamp| at.saturating_add(self.offset).unwrap_or(Timestamp::MAX);
        ClockView { now: self.now, next_due: self.next_due().map(bank_time), is_quiet: self.is_quiet(now) }
    }

    pub(crate) fn handle_control(&mut self, name: &str, request: &Request) -> Answer {
        let outcome = match (request.method.as_str(), name) {
            ("GET", "counters") => serde_json::to_string(&self.counters()).map_err(|_| ApiError::server(500)),
            ("GET", "clock") => serde_json::to_string(&self.clock_view()).map_err(|_| ApiError::server(500)),
            ("POST", name) => read_control(name, &request.body).and_then(|control| {
                // The caller's time: `control` adds the offset again.
                let now = self.caller_time(self.now);
                self.control(now, control)
            }),
            _ => Err(ApiError::not_found("control call")),
        };
        match outcome {
            Ok(body) => Answer::reply(200, body),
            Err(refusal) => refusal.into_answer(),
        }
    }
}

fn read_control(name: &str, body: &str) -> Result<Control, ApiError> {
    let mut fields: Map<String, Value> = if body.trim().is_empty() {
        Map::new()
    } else {
        serde_json::from_str(body).map_err(|_| ApiError::unreadable())?
    };
    fields.insert("control".to_owned(), Value::String(name.replace('-', "_")));
    serde_json::from_value(Value::Object(fields)).map_err(|_| ApiError::unreadable())
}
