//! Whatever has happened, the row comes to an end that the bank agrees with, or a person is asked.

use shared::domain::leg::State;

use super::actions::{Action, perform};
use super::{DAYS, Row, RowWorld, Worker};
use crate::search::World as _;

/// Steps from any state to its end when nothing goes wrong any more.
const STEPS_MAX: usize = 60;

/// From now on processes live, the bank answers, events arrive and time passes: where does that end?
pub(super) fn violation(world: &RowWorld, row: &Row) -> Option<String> {
    let mut end = row.clone();
    for _ in 0..STEPS_MAX {
        let moved = calm_step(world, &mut end);
        if !moved {
            return judged(&end);
        }
    }
    Some(format!("never comes to its end: still {}", end.leg.state.as_str()))
}

/// The next thing that happens where nothing goes wrong. Answers whether there was any.
fn calm_step(world: &RowWorld, row: &mut Row) -> bool {
    let mut calm: Vec<Action> = world.actions(row).into_iter().filter(|action| is_calm(row, *action)).collect();
    let is_quiet =
        row.workers.iter().all(|worker| *worker == Worker::Idle) && row.stray_calls.iter().all(|calls| *calls == 0);
    if is_quiet && row.day + 1 < DAYS.len() {
        calm.push(Action::TimePasses);
    }
    let before = world.identity(row);
    for action in calm {
        let mut after = row.clone();
        if perform(world, &mut after, action) && world.identity(&after) != before {
            *row = after;
            return true;
        }
    }
    false
}

fn is_calm(row: &Row, action: Action) -> bool {
    match action {
        Action::Look(_)
        | Action::BankActsAndAnswers(_)
        | Action::Record(_)
        | Action::StrayCallArrives(_)
        | Action::LeaseEnds => true,
        // Only the last word: the earlier ones add nothing to it.
        Action::Event(position, status) => row.transfers[position].status == status,
        Action::BankActsInSilence(..)
        | Action::CallIsLate(..)
        | Action::BankRefuses(..)
        | Action::NeverSent(_)
        | Action::ProcessEnds(_)
        | Action::TransferMoves(..)
        | Action::CancelBatch
        | Action::FundingComesBack
        | Action::Retry
        | Action::ClearAttention
        | Action::AnotherFilePays
        | Action::TimePasses => false,
    }
}

/// The row's word for itself is the bank's, where nobody is asked.
fn judged(row: &Row) -> Option<String> {
    if row.leg.attention.is_some() {
        return None;
    }
    let live = row.live_transfers();
    let fits = match row.leg.state {
        State::Processing | State::Completed => live == 1,
        State::Returned | State::Failed | State::Canceled => live == 0,
        // Nobody funds it any more, or nothing was left to do: neither can be, since a worker looks.
        State::Unprocessed | State::Submitting | State::Available => false,
    };
    (!fits).then(|| format!("ends {} while {live} transfers move money, and nobody is asked", row.leg.state.as_str()))
}
