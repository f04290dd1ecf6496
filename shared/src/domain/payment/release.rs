//! What to do with a payment of a batch now: the one decision behind releasing, submitting, sweeping and canceling.

use jiff::{SignedDuration, Timestamp};

use super::Payment;
use crate::domain::batch::BatchState;
use crate::domain::funding::FundingStatus;
use crate::domain::leg::{NextSend, State};
use crate::domain::source::Source;

/// A transfer whose events stay away this long after they were last heard of is asked about at the bank.
const SILENCE_DAYS: i64 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseAction {
    /// Nothing can or must be done now.
    Leave,
    Submit,
    /// Nothing of it is sent any more: what may be out is looked for in the bank's list.
    LookUp,
    Cancel,
    FailUnfunded {
        after_available: bool,
    },
    /// Ask the bank how its transfer stands.
    FollowUp,
}

/// Everything the decision looks at.
#[derive(Clone, Copy, Debug)]
pub struct ReleaseContext<'a> {
    pub batch: BatchState,
    pub cover: FundingStatus,
    pub source: &'a Source,
    /// The stop switch is on, for all or for the source.
    pub stopped: bool,
    pub business_now: Timestamp,
    pub elapsed_now: Timestamp,
}

impl Payment {
    pub fn push(&self, around: ReleaseContext<'_>) -> ReleaseAction {
        if self.leg.attention.is_some() {
            return ReleaseAction::Leave;
        }
        match self.leg.state {
            State::Unprocessed => push_unsent(around),
            State::Submitting if self.leg.is_leased(around.elapsed_now) => ReleaseAction::Leave,
            State::Submitting if is_unwanted(around) => push_unwanted(self.leg.next_unwanted(around.business_now)),
            // Its outcome is unknown: it goes out again under its key, whatever became of its source in between.
            State::Submitting if self.leg.rests_until(around.business_now).is_some() => ReleaseAction::Leave,
            State::Submitting if around.stopped || around.source.is_paused(around.business_now) => ReleaseAction::Leave,
            State::Submitting => ReleaseAction::Submit,
            State::Processing if self.is_silent(around.business_now) => ReleaseAction::FollowUp,
            State::Processing
            | State::Completed
            | State::Available
            | State::Failed
            | State::Returned
            | State::Canceled => ReleaseAction::Leave,
        }
    }

    fn is_silent(&self, business_now: Timestamp) -> bool {
        let silence = SignedDuration::from_hours(24 * SILENCE_DAYS);
        self.updated_at.checked_add(silence).is_ok_and(|until| until < business_now)
    }
}

/// Nothing of it is to leave any more: it was stopped with its batch, or would be paid with somebody else's money, or perhaps so.
fn is_unwanted(around: ReleaseContext<'_>) -> bool {
    let is_lost = match around.cover {
        FundingStatus::Undecided | FundingStatus::Gone { .. } => true,
        FundingStatus::Awaited | FundingStatus::Available | FundingStatus::Short => false,
    };
    fault!(CanceledSentAgain, false, is_given_up(around.batch)) || fault!(SentOnLostFunding, false, is_lost)
}

/// Nothing more is to leave for such a batch.
const fn is_given_up(batch: BatchState) -> bool {
    match batch {
        BatchState::Canceling | BatchState::Canceled | BatchState::Failed => true,
        BatchState::Draft
        | BatchState::Summarizing
        | BatchState::Ready
        | BatchState::Rejected
        | BatchState::Importing
        | BatchState::Paying
        | BatchState::Completed
        | BatchState::Declined
        | BatchState::Expired => false,
    }
}

fn push_unwanted(next: NextSend) -> ReleaseAction {
    match next {
        NextSend::LookUp { .. } => ReleaseAction::LookUp,
        NextSend::Send | NextSend::Rest { .. } | NextSend::GiveUp(_) | NextSend::NotNow => ReleaseAction::Leave,
    }
}

fn push_unsent(around: ReleaseContext<'_>) -> ReleaseAction {
    let is_paused = fault!(PauseIgnored, false, around.source.is_paused(around.business_now));
    let is_held = around.source.receivable_open || around.stopped || is_paused;
    let batch = fault!(CancelIgnored, BatchState::Paying, around.batch);
    let cover = fault!(CoverUnchecked, FundingStatus::Available, around.cover);
    match (batch, cover) {
        // First, whatever became of the batch: what is not paid comes off the payer's receivable.
        (
            BatchState::Paying | BatchState::Canceling | BatchState::Canceled,
            FundingStatus::Gone { after_available },
        ) => ReleaseAction::FailUnfunded { after_available },
        (
            BatchState::Canceling | BatchState::Canceled,
            FundingStatus::Awaited | FundingStatus::Available | FundingStatus::Undecided | FundingStatus::Short,
        ) => ReleaseAction::Cancel,
        // What was recorded of a file that turned out to be another one.
        (
            BatchState::Failed,
            FundingStatus::Awaited
            | FundingStatus::Available
            | FundingStatus::Undecided
            | FundingStatus::Short
            | FundingStatus::Gone { .. },
        ) => ReleaseAction::Cancel,
        (BatchState::Paying, FundingStatus::Available) if !is_held => ReleaseAction::Submit,
        (
            BatchState::Paying,
            FundingStatus::Available | FundingStatus::Awaited | FundingStatus::Undecided | FundingStatus::Short,
        ) => ReleaseAction::Leave,
        (
            BatchState::Draft
            | BatchState::Summarizing
            | BatchState::Ready
            | BatchState::Rejected
            | BatchState::Importing
            | BatchState::Completed
            | BatchState::Declined
            | BatchState::Expired,
            FundingStatus::Awaited
            | FundingStatus::Available
            | FundingStatus::Undecided
            | FundingStatus::Short
            | FundingStatus::Gone { .. },
        ) => ReleaseAction::Leave,
    }
}
