//! Claim, call, record: one send of one leg.
//!
//! Guarantees: the exact request and its key are stored before the bank is called; a re-send repeats the stored bytes under the same
//! key; an answer is applied to the attempt it was asked for, and one that cannot be written is found again by the next send or the
//! bank's event; what may have reached the bank is settled by the bank's word about it alone. Limits: one call per claim; retries inside
//! the client use the same key and end before the deadline.

use std::future::Future;

use super::autopay::notices;
use super::bank_events::{BankUpdate, changes_of};
use super::bank_object::BankObject;
use super::leg_hooks::{LegHooks, Permission};
use super::look_up::{Search, look_up};
use super::save_step::{self, HasLeg};
use super::{OperationError, System, stops};
use crate::adapters::sealing::SealedText;
#[cfg(feature = "deliberate-faults")]
use crate::deliberate_faults::unconditional;
use crate::domain::bank::body::{RequestProblem, TransferBody};
use crate::domain::bank::error::BankError;
use crate::domain::bank::refusal::is_forgotten_counterparty;
use crate::domain::deadline::Deadline;
use crate::domain::ids::{ItemId, PaymentId, TransferKey};
use crate::domain::leg::{
    AttentionReason, EarlierTries, Kind, Lease, NextSend, Outcome, PreparedRequest, Reason, Refusal, ReportOutcome,
    Silence, State, Transition,
};
use crate::domain::task::Task;
use crate::ports::random::random_u64;
use crate::ports::table::{Change, TableError};
use crate::store::history::HistoryEntry;
use crate::store::stored::{read, replace};

/// Writes of one answer before giving up to the next send.
const SAVES_MAX: usize = 8;

/// A request as it goes out, and our account that it concerns.
pub(crate) struct Prepared {
    pub body: TransferBody,
    pub bank_account_id: String,
}

/// What became of a send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// The bank has it.
    Accepted(BankObject),
    Refused,
    /// The bank has forgotten the counterparty that the request named.
    Forgotten {
        counterparty_id: String,
    },
    /// A reason of ours: the payer is to pause.
    Deferred(String),
    /// The bank could not be reached, or its answer not read.
    Silent,
    /// Nothing reached the bank: there was no time left for an answer, or it wants fewer calls.
    NotReached,
    /// Somebody else has it, or it has moved on.
    NotOurs,
    /// Nothing leaves this payer now: it stays due.
    Stopped,
}

/// One send as it was claimed.
struct Call {
    kind: Kind,
    body: TransferBody,
    /// What the answer is about, whatever becomes of the item meanwhile.
    key: TransferKey,
}

/// Takes the item for a send, and calls the bank. `prepare` makes the request where this attempt has none stored.
pub(crate) async fn send<T, F>(
    system: &System,
    mut item: T,
    prepare: F,
    deadline: Deadline,
) -> Result<Sent, OperationError>
where
    T: LegHooks,
    F: Future<Output = Result<Prepared, OperationError>> + Send,
{
    let business_now = system.clock.business_now();
    match item.leg().next_send(business_now, system.clock.elapsed_now()) {
        NextSend::Send => {}
        NextSend::LookUp { since, until, from } => {
            let is_wanted = matches!(item.permission(system).await?, Permission::Given(_));
            return look_up(system, item, Search { since, until, from, is_wanted }, deadline).await;
        }
        NextSend::Rest { until: _ } => return postpone(system, item).await,
        NextSend::GiveUp(reason) => return give_up(system, item, reason).await,
        NextSend::NotNow => return Ok(Sent::NotOurs),
    }
    let permission = match item.permission(system).await? {
        Permission::Given(checks) => checks,
        Permission::NotNow if !item.leg().may_be_out() => return postpone(system, item).await,
        Permission::NotNow | Permission::Gone => return unwanted(system, item, deadline).await,
    };
    if !system.column().await?.has_time(deadline) {
        ask_again(system, item.item_id()).await;
        return Ok(Sent::NotReached);
    }
    let (prepared, body) = match request_of(system, &item, prepare).await {
        Err(OperationError::Unsendable(problem)) => {
            fault!(UnsendableStaysOpen, return Err(OperationError::Unsendable(problem)));
            return if problem.is_unexpected() {
                cannot_be_sent(system, item, &problem).await
            } else {
                not_to_be_sent(system, item, &problem).await
            };
        }
        made => made?,
    };
    if !stops::may_claim(system, item.payer_id()).await? {
        // A stop may last for weeks: it is looked at again in some minutes, and not whenever the schedule comes. A row is its batch's.
        if !matches!(item.item_id(), ItemId::Payment(PaymentId::Row { .. })) {
            postpone(system, item).await?;
        }
        return Ok(Sent::Stopped);
    }
    let elapsed_now = system.clock.elapsed_now();
    let lease = Lease {
        owner: format!("{:016x}", random_u64(&*system.random)),
        until: elapsed_now.checked_add(system.settings.lease).unwrap_or(elapsed_now),
        business_now,
    };
    let kind = item.expected().kind;
    // What may be out is sent again whatever became of everything around it.
    let checks = if item.leg().may_be_out() { Vec::new() } else { item.claim_checks() };
    item.leg_mut().claim(kind, prepared, lease)?;
    item.touch(business_now);
    let attempt = fault!(KeyPerRetry, item.leg().claim.as_ref().map_or(1, |claim| claim.sends), item.leg().attempt);
    let call = Call { kind, body, key: TransferKey { item: item.item_id(), attempt } };
    fault!(CalledBeforeRecorded, drop(call.make(system, deadline).await?));
    let claim = replace(&mut item)?;
    let mut changes = vec![fault!(ClaimUnconditional, unconditional(claim), claim)];
    changes.extend(checks);
    changes.extend(fault!(PermissionNotInClaim, permission.into_iter().take(0).collect::<Vec<_>>(), permission));
    match system.table.write(changes).await {
        Ok(()) => {}
        Err(TableError::ConditionFailed { .. }) => return Ok(Sent::NotOurs),
        Err(other) => return Err(other.into()),
    }
    let answer = call.make(system, deadline).await?;
    record(system, item, &call, answer).await
}

/// Looks for an item that may be out and is not to be sent any more.
pub(crate) async fn look<T: LegHooks>(system: &System, item: T, deadline: Deadline) -> Result<(), OperationError> {
    unwanted(system, item, deadline).await.map(|_| ())
}

/// Nobody allows it any more. An earlier send may have reached the bank: its list says so.
async fn unwanted<T: LegHooks>(system: &System, item: T, deadline: Deadline) -> Result<Sent, OperationError> {
    match item.leg().next_unwanted(system.clock.business_now()) {
        NextSend::LookUp { since, until, from } => {
            look_up(system, item, Search { since, until, from, is_wanted: false }, deadline).await
        }
        NextSend::Rest { until: _ } => postpone(system, item).await,
        NextSend::Send | NextSend::GiveUp(_) | NextSend::NotNow => Ok(Sent::NotOurs),
    }
}

/// What is to be stored and sent: what an earlier claim of this attempt stored, or else what is made now.
async fn request_of<T, F>(
    system: &System,
    item: &T,
    prepare: F,
) -> Result<(PreparedRequest, TransferBody), OperationError>
where
    T: LegHooks,
    F: Future<Output = Result<Prepared, OperationError>> + Send,
{
    let bound_to = item.key().pk;
    let vault = system.vault().await?;
    let prepared = match &item.leg().request {
        Some(stored) => PreparedRequest {
            sealed_body: stored.clone(),
            bank_account_id: item.leg().bank_account_id.clone().unwrap_or_default(),
        },
        None => {
            let Prepared { body, bank_account_id } = prepare.await?;
            let text = String::from_utf8_lossy(body.bytes()).into_owned();
            let sealed = vault.sealing.seal(&text, &bound_to, &*system.random)?;
            PreparedRequest { sealed_body: sealed.as_str().to_owned(), bank_account_id }
        }
    };
    let sealed = SealedText::from(prepared.sealed_body.clone());
    let body = TransferBody::from_stored(vault.sealing.open(&sealed, &bound_to)?.expose().to_owned().into_bytes());
    Ok((prepared, body))
}

/// No request can be made of what is stored: the item fails without being sent, its money goes back, and a person is told.
async fn cannot_be_sent<T: LegHooks>(
    system: &System,
    mut item: T,
    problem: &RequestProblem,
) -> Result<Sent, OperationError> {
    let now = system.clock.business_now();
    let kind = item.expected().kind;
    let moved = item.leg_mut().cannot_be_sent(kind, problem.code(), now)?;
    tracing::error!(item = %item.item_id(), code = problem.code(), "attention: no request can be made of an item");
    let entry = HistoryEntry::new("cannot_be_sent", item.leg(), now).moved(&moved);
    let mut changes = save_step::changes(system, &mut item, &entry, &moved.effects, now).await?;
    changes.extend(notices::of_attention(system, item.item_id(), item.leg()).await?);
    write_end(system, item, changes).await
}

/// It is not sent as it stands, and fails so that its money can go back: nothing went wrong.
async fn not_to_be_sent<T: LegHooks>(
    system: &System,
    mut item: T,
    problem: &RequestProblem,
) -> Result<Sent, OperationError> {
    let now = system.clock.business_now();
    let kind = item.expected().kind;
    let moved = item.leg_mut().fail_by_rule(kind, Reason::Refused(problem.code().to_owned()))?;
    tracing::warn!(item = %item.item_id(), code = problem.code(), "an item is not sent");
    let entry = HistoryEntry::new(problem.code(), item.leg(), now).moved(&moved);
    let changes = save_step::changes(system, &mut item, &entry, &moved.effects, now).await?;
    write_end(system, item, changes).await
}

/// Writes that an item ended without being sent.
async fn write_end<T: LegHooks>(system: &System, item: T, changes: Vec<Change>) -> Result<Sent, OperationError> {
    match system.table.write(changes).await {
        Ok(()) => {
            item.afterwards(system).await?;
            Ok(Sent::Refused)
        }
        Err(TableError::ConditionFailed { .. }) => Ok(Sent::NotOurs),
        Err(other) => Err(other.into()),
    }
}

impl Call {
    async fn make(&self, system: &System, deadline: Deadline) -> Result<Result<BankObject, BankError>, OperationError> {
        let column = system.column().await?;
        let key = self.key.to_string();
        Ok(match self.kind {
            Kind::Payout | Kind::Funding => {
                column.create_ach_transfer(&self.body, &key, deadline).await.map(BankObject::from)
            }
            Kind::Check => column.issue_check(&self.body, &key, deadline).await.map(BankObject::from),
        })
    }
}

/// The bank's no, and what it says of the tries before it in the same call.
struct No {
    refusal: Refusal,
    tries: EarlierTries,
    sent: Sent,
}

async fn record<T: LegHooks>(
    system: &System,
    mut item: T,
    call: &Call,
    answer: Result<BankObject, BankError>,
) -> Result<Sent, OperationError> {
    let id = item.item_id();
    let no = match answer {
        Ok(object) => return accepted(system, item, object, call.key.attempt).await,
        Err(BankError::Refused { code, outcome_unknown, .. }) => {
            let tries = if outcome_unknown { EarlierTries::OneSilent } else { EarlierTries::Answered };
            refusal_of(call, code, tries)
        }
        Err(BankError::AboutUs { status, code }) => {
            let code = code.unwrap_or_else(|| format!("http_{status}"));
            tracing::error!(item = %id, code, "the bank refused for a reason of ours");
            No { refusal: Refusal::Ours(code.clone()), tries: EarlierTries::Answered, sent: Sent::Deferred(code) }
        }
        Err(BankError::Unavailable { outcome_unknown: false, cause }) => {
            tracing::warn!(item = %id, cause, "a send did not reach the bank");
            let moved = item.leg_mut().not_sent(call.kind)?;
            return not_sent(system, item, moved).await;
        }
        Err(unknown @ (BankError::Unavailable { .. } | BankError::Unreadable { .. })) => {
            tracing::warn!(item = %id, cause = %unknown, "the outcome of a send is unknown");
            let was_answered = matches!(unknown, BankError::Unreadable { .. });
            let silence = if was_answered { Silence::Unreadable } else { Silence::OutOfReach };
            fault!(
                SilenceIsRefusal,
                No {
                    refusal: Refusal::Final("silence".to_owned()),
                    tries: EarlierTries::Answered,
                    sent: Sent::Refused
                },
                return unanswered(system, item, silence).await
            )
        }
    };
    let moved = item.leg_mut().refused(call.kind, no.refusal, no.tries)?;
    save_refusal(system, item, moved, no.sent).await
}

/// A counterparty that the bank has forgotten is ours to send anew; where the request names none, the refusal is not understood.
fn refusal_of(call: &Call, code: String, tries: EarlierTries) -> No {
    tracing::warn!(key = %call.key, code, "the bank refused a payee or amount");
    if !fault!(ForgottenCounterpartyIsFinal, false, is_forgotten_counterparty(&code)) {
        return No { refusal: Refusal::Final(code), tries, sent: Sent::Refused };
    }
    match call.body.counterparty_id() {
        Some(counterparty_id) => No { refusal: Refusal::Stale(code), tries, sent: Sent::Forgotten { counterparty_id } },
        None => No { refusal: Refusal::Ours(code.clone()), tries, sent: Sent::Deferred(code) },
    }
}

/// What a refusal settles is a step of the history; what it does not settle waits for the bank's word about the sends before.
pub(super) async fn save_refusal<T: LegHooks>(
    system: &System,
    mut item: T,
    moved: Transition,
    sent: Sent,
) -> Result<Sent, OperationError> {
    let now = system.clock.business_now();
    let what = match item.leg().state {
        State::Failed => "refused",
        State::Unprocessed if item.leg().is_not_at_bank() => "not_at_bank",
        State::Unprocessed => "deferred",
        State::Submitting
        | State::Processing
        | State::Completed
        | State::Available
        | State::Returned
        | State::Canceled => "refused_with_unknown_outcome",
    };
    let is_asked = item.leg_mut().note_lack(now);
    let told = if moved.to == State::Failed { item.refused(system).await? } else { Vec::new() };
    let entry = HistoryEntry::new(what, item.leg(), now).moved(&moved);
    let mut changes = save_step::changes(system, &mut item, &entry, &moved.effects, now).await?;
    changes.extend(told);
    if is_asked {
        tracing::error!(item = %item.item_id(), "attention: the money of a payment has been lacking for days");
        changes.extend(notices::of_attention(system, item.item_id(), item.leg()).await?);
    }
    match system.table.write(changes).await {
        Ok(()) => Ok(sent),
        // The bank's own event came first: it knows better than a refusal of a second send.
        Err(TableError::ConditionFailed { .. }) => Ok(Sent::NotOurs),
        Err(other) => Err(other.into()),
    }
}

/// The first silence is asked about at once, a second one later.
async fn unanswered<T: HasLeg>(system: &System, mut item: T, silence: Silence) -> Result<Sent, OperationError> {
    let id = item.item_id();
    let is_first = item.leg().claim.as_ref().is_some_and(|claim| claim.outcome == Outcome::Awaited);
    item.leg_mut().silent(silence);
    let sent = silent(system, item).await?;
    if is_first {
        ask_again(system, id).await;
    }
    Ok(sent)
}

/// Writes that nothing is running any more, so that the next send need not wait for the lease.
async fn silent<T: HasLeg>(system: &System, mut item: T) -> Result<Sent, OperationError> {
    item.touch(system.clock.business_now());
    match system.table.write(vec![replace(&mut item)?]).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(Sent::Silent),
        Err(other) => Err(other.into()),
    }
}

/// The same where the bank certainly has nothing of it.
async fn not_sent<T: HasLeg>(system: &System, mut item: T, moved: Transition) -> Result<Sent, OperationError> {
    if moved.from == moved.to {
        return silent(system, item).await.map(|_| Sent::NotReached);
    }
    let now = system.clock.business_now();
    let entry = HistoryEntry::new("not_sent", item.leg(), now).moved(&moved);
    match save_step::save(system, &mut item, &entry, &moved.effects, now).await? {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(Sent::NotReached),
        Err(other) => Err(other.into()),
    }
}

/// Nothing can be done for it now but wait.
pub(super) async fn postpone<T: HasLeg>(system: &System, item: T) -> Result<Sent, OperationError> {
    silent(system, item).await.map(|_| Sent::NotOurs)
}

/// A row has no time of its own at which it is due: it is asked for again at once. Everything else is due in some minutes.
pub(super) async fn ask_again(system: &System, item: ItemId) {
    if let ItemId::Payment(payment_id @ PaymentId::Row { .. }) = item {
        system.hint([Task::Submit { payment_id }]).await;
    }
}

/// Writes the bank's yes. Where an event was faster, the answer is applied to what it left.
pub(super) async fn accepted<T: LegHooks>(
    system: &System,
    mut item: T,
    object: BankObject,
    asked_for: u32,
) -> Result<Sent, OperationError> {
    for _ in 0..SAVES_MAX {
        let now = system.clock.business_now();
        let attempt = fault!(AnswerToTheAttemptOfNow, item.leg().attempt, asked_for);
        let heard = BankUpdate {
            what: "accepted",
            at: object.created_at(),
            event_id: None,
            attempt,
            object: &object,
            by: None,
        };
        let (changes, verdict) = changes_of(system, &mut item, heard, now).await?;
        if verdict == ReportOutcome::Recorded {
            return Ok(Sent::Accepted(object));
        }
        match system.table.write(changes).await {
            Ok(()) => {
                if matches!(verdict, ReportOutcome::Applied(_)) {
                    item.afterwards(system).await?;
                }
                return Ok(Sent::Accepted(object));
            }
            Err(TableError::ConditionFailed { .. }) => match read(&*system.table, &item.key()).await? {
                Some(fresh) => item = fresh,
                None => return Err(OperationError::Inconsistent(format!("{} disappeared", item.item_id()))),
            },
            Err(other) => return Err(other.into()),
        }
    }
    Err(OperationError::Contended(item.item_id().to_string()))
}

pub(super) async fn give_up<T: HasLeg>(
    system: &System,
    mut item: T,
    reason: AttentionReason,
) -> Result<Sent, OperationError> {
    let now = system.clock.business_now();
    item.leg_mut().raise(reason, now);
    tracing::error!(item = %item.item_id(), ?reason, "attention: a send was given up");
    let entry = HistoryEntry::new("attention_raised", item.leg(), now);
    let mut changes = save_step::changes(system, &mut item, &entry, &[], now).await?;
    changes.extend(notices::of_attention(system, item.item_id(), item.leg()).await?);
    match system.table.write(changes).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(Sent::NotOurs),
        Err(other) => Err(other.into()),
    }
}
