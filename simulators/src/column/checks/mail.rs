//! The letter around a check (Column documentation, check printing). How long it travels is not documented; here it is four days after the next opening.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{CheckDue, CheckStatus};
use crate::column::Column;
use crate::column::ach::life::Due;
use crate::column::calendar::next_opening;
use crate::column::error::ApiError;

/// Where the letter is, in the order of its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailStatus {
    Created,
    RenderedPdf,
    Mailed,
    InTransit,
    InLocalArea,
    Rerouted,
    ProcessedForDelivery,
    Delivered,
    ReturnedToSender,
    Failed,
}

const RENDERING: SignedDuration = SignedDuration::from_mins(10);
/// What happens so long after the letter left.
const WAY: [(MailStatus, SignedDuration); 5] = [
    (MailStatus::Mailed, SignedDuration::ZERO),
    (MailStatus::InTransit, SignedDuration::from_hours(12)),
    (MailStatus::InLocalArea, SignedDuration::from_hours(60)),
    (MailStatus::ProcessedForDelivery, SignedDuration::from_hours(90)),
    (MailStatus::Delivered, SignedDuration::from_hours(96)),
];

impl MailStatus {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::RenderedPdf => "rendered_pdf",
            Self::Mailed => "mailed",
            Self::InTransit => "in_transit",
            Self::InLocalArea => "in_local_area",
            Self::Rerouted => "rerouted",
            Self::ProcessedForDelivery => "processed_for_delivery",
            Self::Delivered => "delivered",
            Self::ReturnedToSender => "returned_to_sender",
            Self::Failed => "failed",
        }
    }

    fn event_name(self) -> &'static str {
        match self {
            Self::Created => "check.incoming_debit.delivery.created",
            Self::RenderedPdf => "check.incoming_debit.delivery.rendered_pdf",
            Self::Mailed => "check.incoming_debit.delivery.mailed",
            Self::InTransit => "check.incoming_debit.delivery.in_transit",
            Self::InLocalArea => "check.incoming_debit.delivery.in_local_area",
            Self::Rerouted => "check.incoming_debit.delivery.rerouted",
            Self::ProcessedForDelivery => "check.incoming_debit.delivery.processed_for_delivery",
            Self::Delivered => "check.incoming_debit.delivery.delivered",
            Self::ReturnedToSender => "check.incoming_debit.delivery.returned_to_sender",
            Self::Failed => "check.incoming_debit.delivery.failed",
        }
    }
}

impl Column {
    pub(crate) fn make_letter(&mut self, position: usize) {
        self.carry(position, MailStatus::Created);
        let due = |to| Due::Check { check: position, due: CheckDue::Mail(to) };
        self.schedule_after(RENDERING, due(MailStatus::RenderedPdf));
        let leaves_at = next_opening(self.now);
        for (to, later) in WAY {
            self.schedule(leaves_at.saturating_add(later).unwrap_or(leaves_at), due(to));
        }
    }

    /// By the clock: a letter that ended, or is further already, stays where it is.
    pub(crate) fn carry_letter(&mut self, position: usize, to: MailStatus) {
        if self.is_on_its_way(position) && self.checks.at(position).mail < Some(to) {
            self.carry(position, to);
        }
    }

    /// By a control call.
    pub(crate) fn move_letter_to(&mut self, id: &str, to: MailStatus) -> Result<usize, ApiError> {
        let position = self.check_position(id)?;
        let mail = self.checks.at(position).mail;
        let may_come_back = to != MailStatus::ReturnedToSender || mail >= Some(MailStatus::Mailed);
        let is_ended = mail >= Some(MailStatus::ReturnedToSender);
        if mail.is_none() || is_ended || mail >= Some(to) || !may_come_back || !self.is_on_its_way(position) {
            return Err(ApiError::transfer("invalid_field_value", "the letter cannot get there from where it is"));
        }
        self.carry(position, to);
        Ok(position)
    }

    /// A letter that ended moves no more, nor does one that was still here when its check was stopped.
    fn is_on_its_way(&self, position: usize) -> bool {
        let check = self.checks.at(position);
        match check.mail {
            None | Some(MailStatus::ReturnedToSender | MailStatus::Failed) => false,
            Some(MailStatus::Created | MailStatus::RenderedPdf) => !is_stopped(check.status),
            Some(
                MailStatus::Mailed
                | MailStatus::InTransit
                | MailStatus::InLocalArea
                | MailStatus::Rerouted
                | MailStatus::ProcessedForDelivery
                | MailStatus::Delivered,
            ) => true,
        }
    }

    /// Once a check is stopped its letter goes on without events.
    fn carry(&mut self, position: usize, to: MailStatus) {
        self.move_letter(position, to);
        if !is_stopped(self.checks.at(position).status) {
            self.emit_check(position, to.event_name());
        }
    }
}

fn is_stopped(status: CheckStatus) -> bool {
    matches!(status, CheckStatus::PendingStop | CheckStatus::Stopped)
}
