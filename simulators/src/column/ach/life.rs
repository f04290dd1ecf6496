//! How an outgoing transfer moves: by the clock, by control calls, by cancel.

use jiff::{SignedDuration, Timestamp};

use super::{AchStatus, Change, Direction, Funds, NotificationOfChange, ReturnReason};
use crate::column::Column;
use crate::column::calendar::{Clearing, debit_available_at, pacific_date};
use crate::column::checks::CheckDue;
use crate::column::error::ApiError;
use crate::column::events::{EventKind, Subject};
use crate::http::Request;

/// From the deadline until the file is with the Fed.
const FILE_BUILDING: SignedDuration = SignedDuration::from_mins(1);
/// After settlement; then unauthorized returns are over (column.md 4.1).
const RETURN_WINDOW: SignedDuration = SignedDuration::from_hours(60 * 24);

/// Something that will happen at a time; positions are those of ACH transfers, but for checks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Due {
    Submission(usize),
    Submitted(usize),
    Settlement(usize),
    Availability(usize),
    Completion(usize),
    Return {
        transfer: usize,
        return_code: String,
    },
    Check {
        check: usize,
        due: CheckDue,
    },
    /// A request whose sender got no answer reaches the bank only now.
    /// Boxed: there is a due entry for every transfer, and hardly one is this.
    LateSend(Box<Request>),
}

impl Column {
    /// Does what is due. A transfer that went another way meanwhile (canceled, returned, settled by force) is left alone.
    pub(crate) fn fall_due(&mut self, due: Due) {
        match due {
            Due::Submission(position) => {
                if matches!(self.status(position), AchStatus::Initiated | AchStatus::ManualReviewApproved) {
                    self.change_status(position, AchStatus::PendingSubmission);
                    self.schedule_after(FILE_BUILDING, Due::Submitted(position));
                }
            }
            Due::Submitted(position) => {
                if self.status(position) == AchStatus::PendingSubmission {
                    self.submit(position);
                }
            }
            Due::Settlement(position) => {
                if self.status(position) == AchStatus::Submitted {
                    self.settle(position);
                }
            }
            Due::Availability(position) => self.make_available(position),
            Due::Completion(position) => {
                if self.status(position) == AchStatus::Settled {
                    self.change_status(position, AchStatus::Completed);
                }
            }
            Due::Return { transfer, return_code } => {
                if self.return_refusal(transfer).is_none() {
                    self.return_now(transfer, return_code, String::new());
                }
            }
            Due::Check { check, due } => self.check_falls_due(check, due),
            Due::LateSend(request) => {
                self.answer(&request);
            }
        }
    }

    fn submit(&mut self, position: usize) {
        self.change_status(position, AchStatus::Submitted);
        let settles_at = self.transfers.at(position).settles_at;
        self.schedule(settles_at, Due::Settlement(position));
    }

    fn settle(&mut self, position: usize) {
        self.change_status(position, AchStatus::Settled);
        let transfer = self.transfers.at(position);
        let direction = transfer.terms.direction;
        // A review can make an entry later than the effective date it was accepted with.
        let effective_on = transfer.clearing.effective_on.max(pacific_date(transfer.settles_at));
        match direction {
            Direction::Credit => {}
            Direction::Debit => self.schedule(debit_available_at(effective_on), Due::Availability(position)),
        }
        self.plan_return(position, direction, false);
        self.schedule_after(RETURN_WINDOW, Due::Completion(position));
    }

    fn make_available(&mut self, position: usize) {
        let transfer = self.transfers.at_mut(position);
        if transfer.funds != Funds::Pending {
            return;
        }
        transfer.funds = Funds::Available;
        let (amount, direction) = (transfer.terms.amount, transfer.terms.direction);
        let balances = &mut self.accounts.at_mut(transfer.terms.account).balances;
        balances.pending_amount -= amount;
        balances.available_amount += amount;
        self.plan_return(position, direction, true);
    }

    fn plan_return(&mut self, position: usize, direction: Direction, is_available: bool) {
        let counterparty = self.counterparties.at(self.transfers.at(position).terms.counterparty);
        if let Some(planned) = self.faults.takes_return(direction, is_available, &counterparty.account_number) {
            let at = planned.due_at(self.now);
            self.schedule(at, Due::Return { transfer: position, return_code: planned.return_code });
        }
    }

    /// Takes the transfer's effect on the balances back; an already spent debit makes available negative.
    fn undo_funds(&mut self, position: usize) {
        let transfer = self.transfers.at_mut(position);
        let balances = &mut self.accounts.at_mut(transfer.terms.account).balances;
        match transfer.funds {
            Funds::Taken => balances.available_amount += transfer.terms.amount,
            Funds::Pending => balances.pending_amount -= transfer.terms.amount,
            Funds::Available => balances.available_amount -= transfer.terms.amount,
            Funds::Undone => {}
        }
        transfer.funds = Funds::Undone;
    }

    pub(crate) fn cancel_ach(&mut self, id: &str) -> Result<usize, ApiError> {
        let position = self.ach_position(id)?;
        if self.status(position) != AchStatus::Initiated {
            return Err(ApiError::transfer("cancellation_not_allowed", "only an INITIATED transfer can be canceled"));
        }
        self.undo_funds(position);
        self.change_status(position, AchStatus::Canceled);
        Ok(position)
    }

    /// Why a transfer cannot be returned, if so.
    fn return_refusal(&self, position: usize) -> Option<ApiError> {
        match self.status(position) {
            AchStatus::Submitted | AchStatus::Settled | AchStatus::Completed => None,
            AchStatus::Initiated
            | AchStatus::ManualReview
            | AchStatus::ManualReviewApproved
            | AchStatus::PendingSubmission
            | AchStatus::Canceled
            | AchStatus::Returned
            | AchStatus::ReturnDishonored
            | AchStatus::ReturnContested => Some(ApiError::transfer(
                "transfer_invalid_return_request",
                "this transfer cannot be returned in its status",
            )),
        }
    }

    /// The receiving bank returns the transfer, at whatever age.
    pub(crate) fn return_ach(&mut self, id: &str, return_code: String, addenda: String) -> Result<usize, ApiError> {
        let position = self.ach_position(id)?;
        match self.return_refusal(position) {
            Some(refusal) => Err(refusal),
            None => {
                self.return_now(position, return_code, addenda);
                Ok(position)
            }
        }
    }

    fn return_now(&mut self, position: usize, return_code: String, addenda: String) {
        self.undo_funds(position);
        self.count_status(position, AchStatus::Returned);
        self.record_step(position, Change::Returned(Box::new(ReturnReason { return_code, addenda })));
        self.emit_ach(position, EventKind::AchReturned);
    }

    /// Status only: which money a dishonor moves is not documented.
    pub(crate) fn dishonor_return(&mut self, id: &str) -> Result<usize, ApiError> {
        self.move_by_hand(id, AchStatus::Returned, AchStatus::ReturnDishonored)
    }

    pub(crate) fn contest_dishonor(&mut self, id: &str) -> Result<usize, ApiError> {
        self.move_by_hand(id, AchStatus::ReturnDishonored, AchStatus::ReturnContested)
    }

    pub(crate) fn approve_review(&mut self, id: &str) -> Result<usize, ApiError> {
        let position = self.move_by_hand(id, AchStatus::ManualReview, AchStatus::ManualReviewApproved)?;
        let accepted = self.transfers.at(position).clearing;
        let clearing = Clearing::plan(self.now, accepted.same_day, Some(accepted.effective_on));
        self.transfers.at_mut(position).settles_at = clearing.settles_at;
        self.schedule(clearing.deadline, Due::Submission(position));
        Ok(position)
    }

    /// ACH has no rejected status: the transfer is canceled and the money comes back.
    pub(crate) fn reject_review(&mut self, id: &str) -> Result<usize, ApiError> {
        let position = self.move_by_hand(id, AchStatus::ManualReview, AchStatus::Canceled)?;
        self.undo_funds(position);
        Ok(position)
    }

    pub(crate) fn notify_of_change(&mut self, id: &str, change: NotificationOfChange) -> Result<usize, ApiError> {
        let position = self.ach_position(id)?;
        self.record_step(position, Change::Corrected(Box::new(change)));
        self.emit_ach(position, EventKind::AchNotificationOfChange);
        Ok(position)
    }

    /// The sandbox's forced settlement: whatever lies before settlement happens now.
    pub(crate) fn settle_by_force(&mut self, id: &str) -> Result<(), ApiError> {
        let position = self.ach_position(id)?;
        match self.status(position) {
            AchStatus::Initiated | AchStatus::ManualReviewApproved | AchStatus::PendingSubmission => {
                self.change_status(position, AchStatus::Submitted);
                self.settle(position);
                Ok(())
            }
            AchStatus::Submitted => {
                self.settle(position);
                Ok(())
            }
            AchStatus::ManualReview
            | AchStatus::Settled
            | AchStatus::Completed
            | AchStatus::Canceled
            | AchStatus::Returned
            | AchStatus::ReturnDishonored
            | AchStatus::ReturnContested => {
                Err(ApiError::transfer("force_settle_not_allowed", "this transfer cannot be settled in its status"))
            }
        }
    }

    pub(crate) fn ach_position(&self, id: &str) -> Result<usize, ApiError> {
        self.transfers.position(id).ok_or_else(|| ApiError::not_found("ACH transfer"))
    }

    fn status(&self, position: usize) -> AchStatus {
        self.transfers.at(position).status
    }

    fn move_by_hand(&mut self, id: &str, from: AchStatus, to: AchStatus) -> Result<usize, ApiError> {
        let position = self.ach_position(id)?;
        if self.status(position) != from {
            return Err(ApiError::transfer("invalid_field_value", "the transfer is not in the status that this needs"));
        }
        self.change_status(position, to);
        Ok(position)
    }

    pub(crate) fn change_status(&mut self, position: usize, status: AchStatus) {
        self.count_status(position, status);
        self.record_step(position, Change::Status(status));
        self.emit_ach(position, EventKind::of_status(status));
    }

    fn count_status(&mut self, position: usize, status: AchStatus) {
        let transfer = self.transfers.at_mut(position);
        if !transfer.steps.is_empty() {
            *self.by_status.entry(transfer.status).or_default() -= 1;
        }
        transfer.status = status;
        *self.by_status.entry(status).or_default() += 1;
    }

    pub(crate) fn record_step(&mut self, position: usize, change: Change) {
        let at = self.now;
        self.transfers.at_mut(position).steps.push(super::Step { at, change });
    }

    fn emit_ach(&mut self, position: usize, kind: EventKind) {
        let steps = self.transfers.at(position).steps.len();
        let event = self.emit(kind, Subject::Ach { transfer: position, steps });
        self.transfers.at_mut(position).events.push(event);
    }

    pub(crate) fn schedule(&mut self, at: Timestamp, due: Due) {
        let number = self.ids.number();
        self.due.insert((at.max(self.now), number), due);
    }

    pub(crate) fn schedule_after(&mut self, pause: SignedDuration, due: Due) {
        let at = self.now.saturating_add(pause).unwrap_or(Timestamp::MAX);
        self.schedule(at, due);
    }
}
