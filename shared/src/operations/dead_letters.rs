//! Dead letters: recorded when a queue gives a message up, and dealt with by operators.
//!
//! Guarantees: a letter is written before its message is deleted, so that none is lost between the two. Sending again is recorded with
//! its audit entry before anything is sent; a run that stops in between leaves the letter open, and asking again ends it. It may reach
//! the queue twice, as every task may.

use futures::stream::{self, StreamExt, TryStreamExt};

use super::{OperationError, System, audit, lists};
use crate::domain::batch::Idempotent;
use crate::domain::dead_letter::{Contents, DeadLetter, DeadLetterId, DeadLetterState, Failure, FailureKind, GivenUp};
use crate::domain::deadline::Deadline;
use crate::domain::task::TaskFormat;
use crate::ports::table::{Index, Order, Query, Range, TableError};
use crate::store::stored::{create, read, replace};
use crate::store::{dead_letters as stored, keys};

/// Writes tried before others are asked to be quicker.
const TRIES_MAX: usize = 5;

/// Characters kept of what went wrong.
const ERROR_CHARACTERS_MAX: usize = 500;

/// Letters sent again at once, and by one request.
const SENT_AT_ONCE: usize = 8;
const SENT_PER_REQUEST_MAX: usize = 500;
const PAGE_LETTERS: u32 = 100;

/// What one page of letters takes to be sent again, on the dear side.
const PAGE_TIME: std::time::Duration = std::time::Duration::from_secs(5);

/// Why a try failed, as it is kept for whoever looks at the dead letter.
pub fn failure_of(system: &System, error: &OperationError, tries: Option<u32>) -> Failure {
    let kind = if error.is_retryable() { FailureKind::MayPass } else { FailureKind::Final };
    failure(system, kind, &error.to_string(), tries)
}

/// Why a message was not even tried. Nothing of what it holds is kept.
pub fn unreadable(system: &System, reason: &TaskFormat, tries: Option<u32>) -> Failure {
    match reason {
        TaskFormat::Unreadable(_) => failure(system, FailureKind::NotATask, "the message is not a task", tries),
        TaskFormat::OtherVersion(_) => failure(system, FailureKind::NotATask, &reason.to_string(), tries),
    }
}

pub fn panicked(system: &System, tries: Option<u32>) -> Failure {
    failure(system, FailureKind::Panicked, "the task panicked: a defect, which the worker's log shows", tries)
}

fn failure(system: &System, kind: FailureKind, error: &str, tries: Option<u32>) -> Failure {
    let error = error.chars().take(ERROR_CHARACTERS_MAX).collect();
    Failure { kind, error, tries, at: system.clock.business_now() }
}

/// Keeps why the last try of a message failed. Losing it costs an operator a look at the log.
pub async fn note_failure(system: &System, body: &str, failure: &Failure) {
    let noted = async {
        let put = stored::put_failure(DeadLetterId::of_body(body), failure)?;
        system.table.write(vec![put]).await
    };
    if let Err(error) = noted.await {
        tracing::warn!(%error, "why a task failed is in this log alone");
    }
}

/// Records what a queue gave up, with the last failure that is known of it.
pub async fn record(system: &System, message: GivenUp<'_>) -> Result<(), OperationError> {
    let id = DeadLetterId::of_body(message.body);
    for _ in 0..TRIES_MAX {
        let failure = stored::failure(&*system.table, id).await?;
        let now = system.clock.business_now();
        let put = match read::<DeadLetter>(&*system.table, &keys::dead_letter(id)).await? {
            None => create(&DeadLetter::new(&message, failure, now))?,
            Some(mut known) => match known.given_up_again(&message, failure, now) {
                Idempotent::AlreadyApplied => return Ok(()),
                Idempotent::Executed => replace(&mut known)?,
            },
        };
        match system.table.write(vec![put]).await {
            Ok(()) => {
                tracing::warn!(dead_letter = %id, queue = ?message.queue, "a queue gave a message up");
                return Ok(());
            }
            Err(TableError::ConditionFailed { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(OperationError::Contended(id.to_string()))
}

pub async fn load(system: &System, id: DeadLetterId) -> Result<DeadLetter, OperationError> {
    let letter = read(&*system.table, &keys::dead_letter(id)).await?;
    letter.ok_or_else(|| OperationError::not_found("dead letter", id))
}

/// How many wait for an operator; of very many at least that many.
pub async fn count_open(system: &System) -> Result<usize, OperationError> {
    let query = Query {
        index: Index::Lists,
        pk: keys::LIST_DEAD_LETTERS.to_owned(),
        range: Range::All,
        order: Order::Ascending,
        page_items: None,
        start_after: None,
    };
    Ok(system.table.query(&query).await?.items.len())
}

/// Puts a task on the queue again that gave it up. Asked for again, nothing is sent that was sent.
pub async fn send_again(
    system: &System,
    id: DeadLetterId,
    caller: &str,
    reason: &str,
) -> Result<DeadLetter, OperationError> {
    let mut letter = load(system, id).await?;
    if letter.send_again(caller, reason, system.clock.business_now())? == Idempotent::Executed {
        put_decision(system, &mut letter, "send_dead_letter_again", caller, reason).await?;
    }
    let Some(task) = letter.to_send() else { return Ok(letter) };
    system.queue.send(letter.queue, vec![task.to_body()]).await?;
    letter.sent();
    match system.table.write(vec![replace(&mut letter)?]).await {
        // Sent by another request as well, or given up once more already: that stands.
        Err(TableError::ConditionFailed { .. }) => load(system, id).await,
        other => Ok(other.map(|()| letter)?),
    }
}

/// What sending all again came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SentAgain {
    pub sent: usize,
    /// They are no tasks, and stay until they are discarded.
    pub not_tasks: usize,
    /// There may be more: ask again.
    pub has_more: bool,
}

/// Sends everything again that waits, as far as the time allows; each letter on its own, as if it had been asked for alone.
pub async fn send_all_again(
    system: &System,
    caller: &str,
    reason: &str,
    deadline: Deadline,
) -> Result<SentAgain, OperationError> {
    let (mut done, mut after) = (SentAgain::default(), None);
    loop {
        let page = lists::dead_letters(system, after, PAGE_LETTERS).await?;
        let is_task = |letter: &DeadLetter| matches!(letter.contents, Contents::Task { .. });
        let (tasks, others): (Vec<_>, Vec<_>) = page.items.into_iter().partition(is_task);
        done.not_tasks = done.not_tasks.saturating_add(others.len());
        let waiting = tasks.into_iter().filter(|letter| letter.state.is_open());
        let sent: Vec<DeadLetterState> = stream::iter(waiting)
            .map(|letter| async move { sent_of_many(system, letter.id, caller, reason).await })
            .buffer_unordered(SENT_AT_ONCE)
            .try_collect()
            .await?;
        done.sent = done.sent.saturating_add(sent.iter().filter(|state| **state == DeadLetterState::SentAgain).count());
        after = page.next;
        if after.is_none() {
            return Ok(done);
        }
        if done.sent >= SENT_PER_REQUEST_MAX || !deadline.allows(system.clock.elapsed_now(), PAGE_TIME) {
            return Ok(SentAgain { has_more: true, ..done });
        }
    }
}

/// Another operator's decision on the same letter stands.
async fn sent_of_many(
    system: &System,
    id: DeadLetterId,
    caller: &str,
    reason: &str,
) -> Result<DeadLetterState, OperationError> {
    match send_again(system, id, caller, reason).await {
        Ok(letter) => Ok(letter.state),
        Err(OperationError::DeadLetter(_) | OperationError::Table(TableError::ConditionFailed { .. })) => {
            Ok(load(system, id).await?.state)
        }
        Err(other) => Err(other),
    }
}

/// Gives a letter up for good. Asked for again, nothing changes.
pub async fn discard(
    system: &System,
    id: DeadLetterId,
    caller: &str,
    reason: &str,
) -> Result<DeadLetter, OperationError> {
    let mut letter = load(system, id).await?;
    if letter.discard(caller, reason, system.clock.business_now())? == Idempotent::Executed {
        put_decision(system, &mut letter, "discard_dead_letter", caller, reason).await?;
    }
    Ok(letter)
}

/// The decision and its entry in the audit, in one write.
async fn put_decision(
    system: &System,
    letter: &mut DeadLetter,
    action: &str,
    caller: &str,
    reason: &str,
) -> Result<(), OperationError> {
    let entry = audit::entry(system, caller, action, &letter.id.to_string(), Some(reason))?;
    Ok(system.table.write(vec![replace(letter)?, entry]).await?)
}
