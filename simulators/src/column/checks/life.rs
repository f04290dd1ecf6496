//! How a check moves: by the clock, by control calls, by a stop.

use serde::Deserialize;

use super::mail::MailStatus;
use super::{CheckChange, CheckDue, CheckStatus, CheckStep, Money};
use crate::column::Column;
use crate::column::ach::life::Due;
use crate::column::calendar::opening_after;
use crate::column::error::ApiError;
use crate::column::events::{EventKind, Subject};
use crate::column::input::{Whole, present, read};
use crate::column::objects::Cents;
use crate::http::Request;

/// Banking days until a stop is done: the most that is documented.
const STOP_BANKING_DAYS: usize = 10;
/// Banking days until the depositor's bank tries again; not documented.
const REPRESENT_BANKING_DAYS: usize = 2;
/// Why a check presented for another amount is returned; which letter the bank uses is not documented.
const ALTERED: &str = "N";
const STOP_IN_PLACE: &str = "C";

#[derive(Deserialize)]
struct DepositInput {
    check_transfer_id: Option<String>,
    account_number_id: Option<String>,
    check_number: Option<Whole>,
    deposited_amount: Option<Whole>,
}

impl Column {
    /// Does what is due. A check that went another way meanwhile is left alone.
    pub(crate) fn check_falls_due(&mut self, position: usize, due: CheckDue) {
        use CheckStatus as S;
        match (due, self.checks.at(position).status) {
            (CheckDue::Issue, S::Initiated) => self.make_good(position),
            (CheckDue::Void, S::Issued | S::ManualReview) => self.begin_stop(position),
            (CheckDue::Stop, S::PendingStop) => self.change_check(position, S::Stopped),
            (CheckDue::Decide, S::PendingDeposit | S::PendingReclear) => self.decide(position),
            (CheckDue::Return, S::PendingFirstReturn) => {
                self.record_return(position);
                self.change_check(position, S::FirstReturn);
                self.schedule_check(position, REPRESENT_BANKING_DAYS, CheckDue::Represent);
            }
            (CheckDue::Return, S::PendingSecondReturn) => {
                self.record_return(position);
                self.change_check(position, S::SecondReturn);
            }
            (CheckDue::Represent, S::FirstReturn) => self.represent(position),
            (CheckDue::SubmitUserReturn, S::PendingUserInitiatedReturn) => self.submit_user_return(position),
            (CheckDue::FinishUserReturn, S::UserInitiatedReturnSubmitted) => {
                self.change_check(position, S::UserInitiatedReturned);
            }
            (CheckDue::Mail(to), _) => self.carry_letter(position, to),
            (
                CheckDue::Issue
                | CheckDue::Void
                | CheckDue::Stop
                | CheckDue::Decide
                | CheckDue::Return
                | CheckDue::Represent
                | CheckDue::SubmitUserReturn
                | CheckDue::FinishUserReturn,
                _,
            ) => {}
        }
    }

    /// Good for payment from now on; the letter, if one was asked for, is made.
    fn make_good(&mut self, position: usize) {
        self.change_check(position, CheckStatus::Issued);
        if self.checks.at(position).terms.letter.is_some() {
            self.make_letter(position);
        }
    }

    pub(crate) fn approve_check(&mut self, id: &str) -> Result<usize, ApiError> {
        let position = self.check_in(id, &[CheckStatus::ManualReview])?;
        self.make_good(position);
        Ok(position)
    }

    pub(crate) fn reject_check(&mut self, id: &str) -> Result<usize, ApiError> {
        let position = self.check_in(id, &[CheckStatus::ManualReview])?;
        self.change_check(position, CheckStatus::Rejected);
        Ok(position)
    }

    /// Column takes a stop of an issued check, or one in review, alone; with which code it refuses others is not documented.
    pub(crate) fn stop_check(&mut self, id: &str) -> Result<usize, ApiError> {
        let position = self.check_position(id)?;
        match self.checks.at(position).status {
            CheckStatus::Issued | CheckStatus::ManualReview => {
                self.begin_stop(position);
                Ok(position)
            }
            CheckStatus::Initiated
            | CheckStatus::Rejected
            | CheckStatus::PendingStop
            | CheckStatus::Stopped
            | CheckStatus::PendingDeposit
            | CheckStatus::PendingFirstReturn
            | CheckStatus::FirstReturn
            | CheckStatus::PendingReclear
            | CheckStatus::PendingSecondReturn
            | CheckStatus::SecondReturn
            | CheckStatus::Settled
            | CheckStatus::PendingUserInitiatedReturn
            | CheckStatus::UserInitiatedReturnSubmitted
            | CheckStatus::UserInitiatedReturned
            | CheckStatus::UserInitiatedReturnDishonored => {
                Err(ApiError::transfer("cancellation_not_allowed", "this check cannot be stopped in its status"))
            }
        }
    }

    /// How a void after 180 days ends is not documented; here as any other stop does.
    fn begin_stop(&mut self, position: usize) {
        self.change_check(position, CheckStatus::PendingStop);
        self.schedule_check(position, STOP_BANKING_DAYS, CheckDue::Stop);
    }

    /// The payee cashes the check, for the amount on it or another. With a stop in place the bank returns it to the depositor, unless the presentment beats the stop.
    pub(crate) fn cash_check(&mut self, id: &str, amount: Option<Cents>, beats_stop: bool) -> Result<usize, ApiError> {
        let position = self.check_in(id, &[CheckStatus::Issued, CheckStatus::PendingStop])?;
        let check = self.checks.at_mut(position);
        let amount = amount.unwrap_or(check.terms.amount);
        if amount <= 0 {
            return Err(ApiError::transfer("transfer_invalid_amount", "the amount must be positive"));
        }
        if check.status == CheckStatus::PendingStop && !beats_stop {
            check.return_reason = STOP_IN_PLACE.to_owned();
            self.record_return(position);
            return Ok(position);
        }
        check.deposited_amount = Some(amount);
        self.record_check_step(position, CheckChange::Presented(amount));
        self.change_check(position, CheckStatus::PendingDeposit);
        self.schedule_check(position, 1, CheckDue::Decide);
        Ok(position)
    }

    /// The sandbox's way to cash a check; answers the check.
    pub(crate) fn deposit_issued_check(&mut self, request: &Request) -> Result<String, ApiError> {
        let input: DepositInput = read(request)?;
        let id = match (present(input.check_transfer_id), present(input.account_number_id), input.check_number) {
            (Some(id), _, _) => id,
            (None, Some(number_id), Some(Whole(number))) => self
                .checks
                .iter()
                .find(|check| check.terms.account_number_id == number_id && check.terms.check_number == number)
                .map(|check| check.id.clone())
                .ok_or_else(|| ApiError::not_found("check transfer"))?,
            (None, _, _) => return Err(ApiError::missing("check_transfer_id")),
        };
        let amount = input.deposited_amount.map(|Whole(amount)| Cents::from(amount));
        self.cash_check(&id, amount, false).map(|position| self.check_json_now(position))
    }

    /// Positive pay: the bank pays the announced amount and no other.
    fn decide(&mut self, position: usize) {
        let check = self.checks.at(position);
        if check.deposited_amount == Some(check.terms.amount) {
            self.change_check(position, CheckStatus::Settled);
        } else {
            self.begin_return(position, ALTERED.to_owned());
        }
    }

    /// The bank does not pay a presented check, the first or the second time.
    pub(crate) fn return_check(&mut self, id: &str, reason: String) -> Result<usize, ApiError> {
        let position = self.check_in(id, &[CheckStatus::PendingDeposit, CheckStatus::PendingReclear])?;
        self.begin_return(position, reason);
        Ok(position)
    }

    fn begin_return(&mut self, position: usize, reason: String) {
        let check = self.checks.at_mut(position);
        check.return_reason = reason;
        let is_second = check.status == CheckStatus::PendingReclear;
        let pending = if is_second { CheckStatus::PendingSecondReturn } else { CheckStatus::PendingFirstReturn };
        self.change_check(position, pending);
        self.schedule_check(position, 1, CheckDue::Return);
    }

    /// The depositor's bank presents a returned check again, now.
    pub(crate) fn reclear_check(&mut self, id: &str) -> Result<usize, ApiError> {
        let position = self.check_in(id, &[CheckStatus::FirstReturn])?;
        self.represent(position);
        Ok(position)
    }

    fn represent(&mut self, position: usize) {
        self.change_check(position, CheckStatus::PendingReclear);
        self.schedule_check(position, 1, CheckDue::Decide);
    }

    pub(crate) fn check_position(&self, id: &str) -> Result<usize, ApiError> {
        self.checks.position(id).ok_or_else(|| ApiError::not_found("check transfer"))
    }

    /// The check, if it is in one of these statuses.
    pub(crate) fn check_in(&self, id: &str, statuses: &[CheckStatus]) -> Result<usize, ApiError> {
        let position = self.check_position(id)?;
        if statuses.contains(&self.checks.at(position).status) {
            return Ok(position);
        }
        Err(ApiError::transfer("invalid_field_value", "the check is not in the status that this needs"))
    }

    /// The status, the money that goes with it, and the event.
    pub(crate) fn change_check(&mut self, position: usize, status: CheckStatus) {
        let check = self.checks.at_mut(position);
        let (from, account, amount) = (check.status.money(), check.terms.account, check.terms.amount);
        check.status = status;
        self.move_money(account, amount, from, status.money());
        self.record_check_step(position, CheckChange::Status(status));
        if let Some(name) = status.event_name() {
            self.emit_check(position, name);
        }
    }

    pub(crate) fn move_money(&mut self, account: usize, amount: Cents, from: Money, to: Money) {
        let balances = &mut self.accounts.at_mut(account).balances;
        match from {
            Money::Available => balances.available_amount -= amount,
            Money::Locked => balances.locked_amount -= amount,
            Money::Outside => {}
        }
        match to {
            Money::Available => balances.available_amount += amount,
            Money::Locked => balances.locked_amount += amount,
            Money::Outside => {}
        }
    }

    pub(crate) fn move_letter(&mut self, position: usize, to: MailStatus) {
        self.checks.at_mut(position).mail = Some(to);
        self.record_check_step(position, CheckChange::Mail(to));
    }

    pub(crate) fn record_check_step(&mut self, position: usize, change: CheckChange) {
        let at = self.now;
        self.checks.at_mut(position).steps.push(CheckStep { at, change });
    }

    pub(crate) fn emit_check(&mut self, position: usize, name: &'static str) {
        let steps = self.checks.at(position).steps.len();
        let event = self.emit(EventKind::Check(name), Subject::Check { check: position, steps });
        self.checks.at_mut(position).events.push(event);
    }

    /// At the opening so many banking days later.
    pub(crate) fn schedule_check(&mut self, position: usize, banking_days: usize, due: CheckDue) {
        let at = opening_after(self.now, banking_days);
        self.schedule(at, Due::Check { check: position, due });
    }
}
