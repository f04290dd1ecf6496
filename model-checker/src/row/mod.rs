//! The life of one row of a batch: two workers, a bank that acts or not and answers or not, calls that arrive late, events that come late
//! and repeatedly, somebody who cancels, somebody who retries, and a second file with the same row.
//!
//! What the row's payment does is the domain's word: `Payment::push` says what is next, `Leg` what a claim, an answer, an event, a look
//! through the bank's list, a cancel or a retry does. The world only keeps what each actor has read, and lets a write hold where the item
//! is still as it was read.

mod actions;
mod bank;
mod end;
mod payment;

use shared::domain::leg::{Leg, State};
use shared::domain::payment::Payment;
use shared::domain::source::Source;

pub use actions::{Action, Actor};
use bank::Transfer;

use crate::search::World;

/// Attempts that a retry may reach.
const ATTEMPTS_MAX: u32 = 2;
/// Calls of one attempt that are on their way without anybody waiting for them.
const STRAY_CALLS_MAX: u8 = 1;
/// Business days at which time stands. What was on its way has arrived by the next one, or never will.
const DAYS: [i64; 6] = [0, 2, 31, 33, 36, 39];
/// On so many of them anything may happen; the others leave time for what has begun to come to its end.
const DAYS_PLAYED: usize = 4;

/// What everybody holds.
#[derive(Clone, Debug)]
pub struct Row {
    leg: Leg,
    workers: [Worker; 2],
    transfers: Vec<Transfer>,
    /// By attempt: calls that may still arrive.
    stray_calls: [u8; ATTEMPTS_MAX as usize],
    /// An index of [`DAYS`].
    day: usize,
    is_batch_canceled: bool,
    is_funding_gone: bool,
    /// The file's claim was released, and another file paid the same row.
    is_paid_by_another_file: bool,
}

/// What a worker is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Worker {
    Idle,
    /// Has claimed the attempt and waits for the bank.
    Calling {
        attempt: u32,
        /// An earlier try of the same call was not answered.
        one_silent: bool,
        is_current: bool,
    },
    /// Has the bank's answer, and has not written it down.
    Answered {
        attempt: u32,
        answer: Answer,
        one_silent: bool,
        is_current: bool,
    },
    /// Has looked through the bank's list for the attempt, and has not written it down.
    Looked {
        attempt: u32,
        /// The transfer and its status when it was read.
        found: Option<(usize, bank::Status)>,
        /// Its batch goes on: it would be sent if it could be.
        is_wanted: bool,
        is_current: bool,
    },
}

/// What the bank said to a call, as the client understands it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// The transfer, by its place among all, and its status at that moment.
    Accepted(usize, bank::Status),
    RefusedForGood,
    RefusedUs,
    ForgottenCounterparty,
    Silence,
    NeverSent,
}

impl Row {
    fn write(&mut self, change: impl FnOnce(&mut Leg)) {
        let before = self.leg.clone();
        change(&mut self.leg);
        if self.leg != before {
            for worker in &mut self.workers {
                worker.is_overtaken();
            }
        }
    }

    /// A call of the attempt may still make a transfer, or one that it made moves money. What the bank remembers it does not do again.
    fn may_be_out(&self, attempt: u32) -> bool {
        let is_called =
            self.workers.iter().any(|worker| matches!(worker, Worker::Calling { attempt: of, .. } if *of == attempt));
        let may_arrive = is_called || self.strays(attempt) > 0;
        let is_live = self.transfers.iter().any(|one| one.attempt == attempt && one.is_live());
        is_live || (may_arrive && self.remembered(attempt).is_none())
    }

    fn strays(&self, attempt: u32) -> u8 {
        let position = usize::try_from(attempt).unwrap_or_default().saturating_sub(1);
        self.stray_calls.get(position).copied().unwrap_or_default()
    }

    fn live_transfers(&self) -> usize {
        self.transfers.iter().filter(|transfer| transfer.is_live()).count()
    }
}

impl Worker {
    fn is_overtaken(&mut self) {
        match self {
            Worker::Idle => {}
            Worker::Calling { is_current, .. }
            | Worker::Answered { is_current, .. }
            | Worker::Looked { is_current, .. } => *is_current = false,
        }
    }
}

/// The world of one row.
#[derive(Clone, Debug)]
pub struct RowWorld {
    /// The row's payment as it is stored, but for its leg.
    payment: Payment,
    source: Source,
}

impl World for RowWorld {
    type State = Row;
    type Action = Action;

    fn initial(&self) -> Row {
        Row {
            leg: Leg::new(),
            workers: [Worker::Idle, Worker::Idle],
            transfers: Vec::new(),
            stray_calls: [0; ATTEMPTS_MAX as usize],
            day: 0,
            is_batch_canceled: false,
            is_funding_gone: false,
            is_paid_by_another_file: false,
        }
    }

    fn actions(&self, row: &Row) -> Vec<Action> {
        actions::possible(self, row)
    }

    fn after(&self, row: &Row, action: &Action) -> Option<Row> {
        let mut after = row.clone();
        actions::perform(self, &mut after, *action).then_some(after)
    }

    fn identity(&self, row: &Row) -> String {
        let mut workers = [format!("{:?}", row.workers[0]), format!("{:?}", row.workers[1])];
        // Neither worker is anything but one of two.
        workers.sort();
        format!(
            "{:?} {workers:?} {:?} {:?} {} {} {} {}",
            row.leg,
            row.transfers,
            row.stray_calls,
            row.day,
            row.is_batch_canceled,
            row.is_funding_gone,
            row.is_paid_by_another_file
        )
    }

    fn violation(&self, row: &Row) -> Option<String> {
        let credits = row.live_transfers() + usize::from(row.is_paid_by_another_file);
        if credits > 1 {
            return Some(format!("the row is paid {credits} times"));
        }
        if let Some(given_up) = given_up_too_early(row) {
            return Some(given_up);
        }
        end::violation(self, row)
    }
}

/// Nothing is canceled, failed, released or tried again under another key while a send may have reached the bank.
fn given_up_too_early(row: &Row) -> Option<String> {
    let attempt = row.leg.attempt;
    let is_given_up = match row.leg.state {
        State::Failed | State::Canceled => row.leg.transfer_id.is_none(),
        State::Unprocessed => true,
        State::Submitting | State::Processing | State::Completed | State::Available | State::Returned => false,
    };
    if is_given_up && row.may_be_out(attempt) {
        return Some(format!(
            "is {} while a send of attempt {attempt} may have reached the bank",
            row.leg.state.as_str()
        ));
    }
    let earlier = (1..attempt).find(|earlier| row.may_be_out(*earlier));
    earlier.map(|earlier| format!("attempt {attempt} is on while attempt {earlier} may still move money"))
}
