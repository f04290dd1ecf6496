//! Returns of checks: those of the bank, and a paid check that its issuer sends back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CheckChange, CheckDue, CheckStatus};
use crate::column::Column;
use crate::column::error::ApiError;
use crate::column::input::{read, required};
use crate::column::objects::json;
use crate::http::Request;

/// Banking days that the money is held for a dishonor (Column documentation, check returns).
const HOLD_BANKING_DAYS: usize = 2;
/// Not authorized, counterfeit; insufficient funds is taken too.
const USER_REASONS: [&str; 3] = ["Q", "N", "A"];

#[derive(Deserialize)]
struct ReturnInput {
    return_reason: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct ReturnView<'a> {
    id: &'a str,
    check_transfer_id: &'a str,
    return_reason: &'a str,
    status: &'static str,
    created_at: Timestamp,
    updated_at: Timestamp,
    pending_review_at: Option<Timestamp>,
    processed_at: Option<Timestamp>,
    cancelled_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct ReturnList<'a> {
    returns: Vec<ReturnView<'a>>,
    has_more: bool,
}

impl Column {
    /// Writes the return down with the reason that the check waits with.
    pub(crate) fn record_return(&mut self, position: usize) {
        let id = self.ids.next("chkr", self.now);
        let reason = self.checks.at(position).return_reason.clone();
        self.record_check_step(position, CheckChange::Returned { id, reason });
    }

    /// The issuer returns a check that was paid; answers the return.
    pub(crate) fn return_paid_check(&mut self, id: &str, request: &Request) -> Result<String, ApiError> {
        let input: ReturnInput = read(request)?;
        let reason = required(input.return_reason, "return_reason")?;
        if !USER_REASONS.contains(&reason.as_str()) {
            return Err(ApiError::field("return_reason", "must be Q, N or A"));
        }
        let position = self
            .check_in(id, &[CheckStatus::Settled])
            .map_err(|_| ApiError::transfer("transfer_invalid_return_request", "only a paid check can be returned"))?;
        self.checks.at_mut(position).return_reason = reason;
        self.record_return(position);
        self.change_check(position, CheckStatus::PendingUserInitiatedReturn);
        self.schedule_check(position, 1, CheckDue::SubmitUserReturn);
        let steps = self.checks.at(position).steps.len();
        self.returns_view(position, steps).last().map(json).ok_or_else(|| ApiError::not_found("return"))
    }

    pub(crate) fn submit_user_return(&mut self, position: usize) {
        self.change_check(position, CheckStatus::UserInitiatedReturnSubmitted);
        self.schedule_check(position, HOLD_BANKING_DAYS, CheckDue::FinishUserReturn);
    }

    /// The depositor's bank does not accept the return: the check stays paid.
    pub(crate) fn dishonor_check_return(&mut self, id: &str) -> Result<usize, ApiError> {
        let position = self.check_in(id, &[CheckStatus::UserInitiatedReturnSubmitted])?;
        self.change_check(position, CheckStatus::UserInitiatedReturnDishonored);
        Ok(position)
    }

    /// The returns among the check's first `steps` steps, earliest first.
    pub(crate) fn returns_view(&self, position: usize, steps: usize) -> Vec<ReturnView<'_>> {
        let check = self.checks.at(position);
        let returns = check.steps.iter().take(steps).filter_map(|step| match &step.change {
            CheckChange::Returned { id, reason } => Some((step.at, id, reason)),
            CheckChange::Status(_) | CheckChange::Mail(_) | CheckChange::Presented(_) => None,
        });
        returns
            .map(|(at, id, return_reason)| ReturnView {
                id,
                check_transfer_id: &check.id,
                return_reason,
                status: "processed",
                created_at: at,
                updated_at: at,
                pending_review_at: None,
                processed_at: Some(at),
                cancelled_at: None,
            })
            .collect()
    }

    pub(crate) fn list_check_returns(&self, id: &str) -> Result<String, ApiError> {
        let position = self.check_position(id)?;
        let mut returns = self.returns_view(position, usize::MAX);
        returns.reverse();
        Ok(json(&ReturnList { returns, has_more: false }))
    }
}
