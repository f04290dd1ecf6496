//! What can happen to a row, one atomic step at a time.

use jiff::{SignedDuration, Timestamp};
use shared::domain::batch::retry::may_retry;
use shared::domain::leg::{
    EarlierTries, Kind, Lease, Leg, Looked, NextSend, PreparedRequest, Refusal, ReportOutcome, Silence, State,
};
use shared::domain::payment::release::ReleaseAction;

use super::bank::{Status, now};
use super::payment::{ACCOUNT, report};
use super::{ATTEMPTS_MAX, Answer, DAYS_PLAYED, Row, RowWorld, STRAY_CALLS_MAX, Worker};

/// Elapsed time stands still: a lease ends by an action.
pub(super) const ELAPSED_NOW: Timestamp = Timestamp::UNIX_EPOCH;

const KIND: Kind = Kind::Payout;

/// One of the two workers.
pub type Actor = usize;

/// One atomic step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A worker reads the payment and does what is next: claims it, looks through the bank's list, cancels or fails it.
    Look(Actor),
    /// The bank does what it is called for, and its answer arrives.
    BankActsAndAnswers(Actor),
    /// The bank does it, and the answer is lost; the client ends, or tries again under the same key.
    BankActsInSilence(Actor, Client),
    /// The call gets lost on the way, and may still arrive.
    CallIsLate(Actor, Client),
    BankRefuses(Actor, No),
    /// The connection was refused: the bank never got it.
    NeverSent(Actor),
    /// A worker writes down what it knows.
    Record(Actor),
    /// A worker's process ends; a call that it made may still arrive.
    ProcessEnds(Actor),
    /// A worker stands still for longer than its lease.
    LeaseEnds,
    /// A call that nobody waits for arrives.
    StrayCallArrives(u32),
    TransferMoves(usize, Status),
    /// An event about a transfer is delivered, late or again.
    Event(usize, Status),
    CancelBatch,
    FundingComesBack,
    Retry,
    ClearAttention,
    /// The file's claim is released, and the row is paid from another file.
    AnotherFilePays,
    TimePasses,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    PaymentAccounts,
    TriesAgain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum No {
    ForGood,
    ToUs,
    CounterpartyForgotten,
}

pub(super) fn possible(world: &RowWorld, row: &Row) -> Vec<Action> {
    let mut actions = Vec::new();
    for actor in 0..row.workers.len() {
        // Two idle workers are the same worker.
        let is_second_idle = actor == 1 && row.workers[0] == Worker::Idle && row.workers[1] == Worker::Idle;
        if !is_second_idle {
            actions.extend(of_worker(row, actor));
        }
    }
    if row.leg.is_leased(ELAPSED_NOW) {
        actions.push(Action::LeaseEnds);
    }
    for attempt in (1..=ATTEMPTS_MAX).filter(|attempt| row.strays(*attempt) > 0) {
        actions.push(Action::StrayCallArrives(attempt));
    }
    for (position, transfer) in row.transfers.iter().enumerate() {
        actions.extend(transfer.status.next().iter().map(|status| Action::TransferMoves(position, *status)));
        actions.extend(transfer.status.said().iter().map(|status| Action::Event(position, *status)));
    }
    if !row.is_batch_canceled {
        actions.push(Action::CancelBatch);
    }
    if !row.is_funding_gone {
        actions.push(Action::FundingComesBack);
    }
    if row.leg.attempt < ATTEMPTS_MAX && may_retry(&world.payment_of(row), true) && !row.is_batch_canceled {
        actions.push(Action::Retry);
    }
    if row.leg.attention.is_some() {
        actions.push(Action::ClearAttention);
    }
    if is_claim_released(row) {
        actions.push(Action::AnotherFilePays);
    }
    if row.day + 1 < DAYS_PLAYED {
        actions.push(Action::TimePasses);
    }
    actions
}

fn of_worker(row: &Row, actor: Actor) -> Vec<Action> {
    match &row.workers[actor] {
        Worker::Idle => vec![Action::Look(actor)],
        Worker::Calling { attempt, one_silent, .. } => {
            let mut actions = vec![
                Action::BankActsAndAnswers(actor),
                Action::BankActsInSilence(actor, Client::PaymentAccounts),
                Action::CallIsLate(actor, Client::PaymentAccounts),
                Action::BankRefuses(actor, No::ToUs),
                Action::ProcessEnds(actor),
            ];
            // What the bank remembers it answers with, and does not look at again.
            if row.remembered(*attempt).is_none() {
                actions.push(Action::BankRefuses(actor, No::ForGood));
                actions.push(Action::BankRefuses(actor, No::CounterpartyForgotten));
            }
            if !one_silent {
                actions.push(Action::BankActsInSilence(actor, Client::TriesAgain));
                actions.push(Action::CallIsLate(actor, Client::TriesAgain));
                actions.push(Action::NeverSent(actor));
            }
            actions
        }
        Worker::Answered { .. } | Worker::Looked { .. } => {
            vec![Action::Record(actor), Action::ProcessEnds(actor)]
        }
    }
}

/// A canceled batch gives its file's claim back where nothing of it was ever sent.
fn is_claim_released(row: &Row) -> bool {
    let is_unsent = row.leg.transfer_id.is_none() && !row.leg.may_be_out() && row.leg.attempt == 1;
    row.is_batch_canceled && row.leg.state == State::Canceled && is_unsent && !row.is_paid_by_another_file
}

/// Answers whether anything happened.
pub(super) fn perform(world: &RowWorld, row: &mut Row, action: Action) -> bool {
    match action {
        Action::Look(actor) => look(world, row, actor),
        Action::BankActsAndAnswers(actor) => {
            let Worker::Calling { attempt, .. } = row.workers[actor] else { return false };
            let position = row.act(attempt);
            let status = row.transfers[position].status;
            answered(row, actor, Answer::Accepted(position, status))
        }
        Action::BankActsInSilence(actor, client) => {
            let Worker::Calling { attempt, .. } = row.workers[actor] else { return false };
            row.act(attempt);
            silence(row, actor, client)
        }
        Action::CallIsLate(actor, client) => {
            let Worker::Calling { attempt, .. } = row.workers[actor] else { return false };
            is_on_its_way(row, attempt) && silence(row, actor, client)
        }
        Action::BankRefuses(actor, no) => {
            let answer = match no {
                No::ForGood => Answer::RefusedForGood,
                No::ToUs => Answer::RefusedUs,
                No::CounterpartyForgotten => Answer::ForgottenCounterparty,
            };
            answered(row, actor, answer)
        }
        Action::NeverSent(actor) => answered(row, actor, Answer::NeverSent),
        Action::Record(actor) => record(world, row, actor),
        Action::ProcessEnds(actor) => {
            if let Worker::Calling { attempt, .. } = row.workers[actor]
                && !is_on_its_way(row, attempt)
            {
                return false;
            }
            row.workers[actor] = Worker::Idle;
            true
        }
        Action::LeaseEnds => end_lease(&mut row.leg),
        Action::StrayCallArrives(attempt) => {
            arrive(row, attempt);
            row.act(attempt);
            true
        }
        Action::TransferMoves(position, status) => {
            row.transfers[position].status = status;
            true
        }
        Action::Event(position, status) => {
            let attempt = row.transfers[position].attempt;
            hear(world, row, position, attempt, status);
            true
        }
        Action::CancelBatch => {
            row.is_batch_canceled = true;
            true
        }
        Action::FundingComesBack => {
            row.is_funding_gone = true;
            true
        }
        Action::Retry => {
            // A retry's round has a funding of its own.
            row.is_funding_gone = false;
            write_if(row, |leg| leg.retry(KIND).is_ok())
        }
        Action::ClearAttention => write_if(row, |leg| leg.clear_attention().is_some()),
        Action::AnotherFilePays => {
            row.is_paid_by_another_file = true;
            true
        }
        Action::TimePasses => {
            pass_time(row);
            true
        }
    }
}

/// What was on its way has arrived before, or never will; no process lives that long.
fn pass_time(row: &mut Row) {
    row.day += 1;
    row.stray_calls = [0; ATTEMPTS_MAX as usize];
    row.workers = [Worker::Idle, Worker::Idle];
    end_lease(&mut row.leg);
}

/// Does what is next, as a worker that has just read the payment.
fn look(world: &RowWorld, row: &mut Row, actor: Actor) -> bool {
    match world.push(row) {
        ReleaseAction::Submit => send(world, row, actor),
        ReleaseAction::LookUp => {
            look_up(row, actor, false);
            true
        }
        ReleaseAction::Cancel => write_if(row, |leg| leg.cancel(KIND).is_ok()),
        ReleaseAction::FailUnfunded { after_available } => {
            write_if(row, |leg| leg.fail_unfunded(KIND, after_available).is_ok())
        }
        ReleaseAction::FollowUp => {
            let Some(position) = row.transfers.iter().position(|one| Some(one.attempt) == Some(row.leg.attempt)) else {
                return false;
            };
            let (attempt, status) = (row.transfers[position].attempt, row.transfers[position].status);
            hear(world, row, position, attempt, status);
            true
        }
        ReleaseAction::Leave => false,
    }
}

fn send(_: &RowWorld, row: &mut Row, actor: Actor) -> bool {
    let attempt = row.leg.attempt;
    match row.leg.next_send(now(row.day), ELAPSED_NOW) {
        NextSend::Send => {
            let request = PreparedRequest { sealed_body: "request".to_owned(), bank_account_id: ACCOUNT.to_owned() };
            let lease = Lease { owner: "worker".to_owned(), until: lease_end(), business_now: now(row.day) };
            if !write_if(row, |leg| leg.claim(KIND, request, lease).is_ok()) {
                return false;
            }
            row.workers[actor] = Worker::Calling { attempt, one_silent: false, is_current: true };
            true
        }
        NextSend::LookUp { .. } => {
            look_up(row, actor, true);
            true
        }
        NextSend::GiveUp(reason) => {
            let since = now(row.day);
            write_if(row, |leg| {
                leg.raise(reason, since);
                true
            })
        }
        NextSend::Rest { .. } | NextSend::NotNow => false,
    }
}

fn look_up(row: &mut Row, actor: Actor, is_wanted: bool) {
    let attempt = row.leg.attempt;
    let found = row.transfers.iter().position(|one| one.attempt == attempt);
    let found = found.map(|position| (position, row.transfers[position].status));
    row.workers[actor] = Worker::Looked { attempt, found, is_wanted, is_current: true };
}

fn lease_end() -> Timestamp {
    ELAPSED_NOW.saturating_add(SignedDuration::from_mins(5)).unwrap_or(Timestamp::MAX)
}

/// Elapsed time goes on beyond the lease. Nobody writes that.
fn end_lease(leg: &mut Leg) -> bool {
    match &mut leg.claim {
        Some(claim) if claim.lease_until > ELAPSED_NOW => {
            claim.lease_until = Timestamp::UNIX_EPOCH;
            true
        }
        Some(_) | None => false,
    }
}

fn answered(row: &mut Row, actor: Actor, answer: Answer) -> bool {
    let Worker::Calling { attempt, one_silent, is_current } = row.workers[actor] else { return false };
    row.workers[actor] = Worker::Answered { attempt, answer, one_silent, is_current };
    true
}

fn silence(row: &mut Row, actor: Actor, client: Client) -> bool {
    match client {
        Client::PaymentAccounts => answered(row, actor, Answer::Silence),
        Client::TriesAgain => {
            let Worker::Calling { one_silent, .. } = &mut row.workers[actor] else { return false };
            *one_silent = true;
            true
        }
    }
}

fn is_on_its_way(row: &mut Row, attempt: u32) -> bool {
    let Some(stray) = stray_mut(row, attempt) else { return false };
    if *stray == STRAY_CALLS_MAX {
        return false;
    }
    *stray += 1;
    true
}

fn arrive(row: &mut Row, attempt: u32) {
    if let Some(stray) = stray_mut(row, attempt) {
        *stray = stray.saturating_sub(1);
    }
}

fn stray_mut(row: &mut Row, attempt: u32) -> Option<&mut u8> {
    let position = usize::try_from(attempt).ok()?.checked_sub(1)?;
    row.stray_calls.get_mut(position)
}

/// Writes down what a worker knows, where the payment is as it was read; the bank's yes whatever has become of it.
fn record(world: &RowWorld, row: &mut Row, actor: Actor) -> bool {
    let known = std::mem::replace(&mut row.workers[actor], Worker::Idle);
    match known {
        Worker::Idle | Worker::Calling { .. } => false,
        Worker::Answered { attempt, answer, one_silent, is_current } => {
            if let Answer::Accepted(position, status) = answer {
                hear(world, row, position, attempt, status);
                return true;
            }
            if is_current {
                let tries = if one_silent { EarlierTries::OneSilent } else { EarlierTries::Answered };
                row.write(|leg| take_in_no(leg, answer, tries));
            }
            true
        }
        Worker::Looked { attempt, found: Some((position, status)), .. } => {
            hear(world, row, position, attempt, status);
            true
        }
        Worker::Looked { found: None, is_wanted, is_current, .. } => {
            let now = now(row.day);
            if is_current {
                // A leg that the domain will not move is left as it is.
                row.write(|leg| {
                    let moved = if is_wanted {
                        leg.looked(KIND, Looked::Through, now)
                    } else {
                        leg.looked_unwanted(KIND, Looked::Through, now)
                    };
                    drop(moved);
                });
            }
            true
        }
    }
}

fn take_in_no(leg: &mut Leg, answer: Answer, tries: EarlierTries) {
    // What the domain refuses leaves the leg as it is; the write of the worker fails.
    let outcome = match answer {
        Answer::Accepted(..) => return,
        Answer::RefusedForGood => leg.refused(KIND, Refusal::Final("account_closed".to_owned()), tries),
        Answer::RefusedUs => leg.refused(KIND, Refusal::Ours("unauthorized".to_owned()), tries),
        Answer::ForgottenCounterparty => leg.refused(KIND, Refusal::Stale("counterparty_not_found".to_owned()), tries),
        Answer::Silence => return leg.silent(Silence::OutOfReach),
        Answer::NeverSent => leg.not_sent(KIND),
    };
    drop(outcome);
}

/// The bank's word is applied to what the table holds now, about the attempt that it is about.
fn hear(world: &RowWorld, row: &mut Row, position: usize, attempt: u32, status: Status) {
    let (expected, now) = (world.expected(), now(row.day));
    let word = report(position, attempt, status);
    row.write(|leg| match leg.report(expected, &word, now) {
        ReportOutcome::Applied(_) | ReportOutcome::Recorded | ReportOutcome::Disputed(_) => {}
    });
}

fn write_if(row: &mut Row, change: impl FnOnce(&mut Leg) -> bool) -> bool {
    let before = row.leg.clone();
    let mut has_happened = false;
    row.write(|leg| has_happened = change(leg));
    if !has_happened {
        row.leg = before;
    }
    has_happened
}
