//! Claim, call, record: one send of one leg.
//!
//! Guarantees: the exact request and its key are stored before the bank is called; a re-send repeats the stored bytes under the same
//! key; an answer that cannot be written is found again by the next send or the bank's event. Limits: one call per claim; retries inside
//! the client use the same key and end before the deadline.

use std::future::Future;

use jiff::SignedDuration;

use super::autopay::notices;
use super::bank_events::{Heard, changes_of};
use super::bank_object::BankObject;
use super::listener::Listener;
use super::step::{self, Carrier};
use super::{OperationError, System};
use crate::adapters::sealing::SealedText;
#[cfg(feature = "deliberate-faults")]
use crate::deliberate_faults::unconditional;
use crate::domain::bank::body::TransferBody;
use crate::domain::bank::error::BankError;
use crate::domain::deadline::Deadline;
use crate::domain::ids::TransferKey;
use crate::domain::leg::{AttentionReason, Kind, Lease, PreparedRequest, Verdict};
use crate::ports::random::random_u64;
use crate::ports::table::TableError;
use crate::store::history::HistoryEntry;
use crate::store::stored::{read, replace};

/// Sends of one attempt that the bank answered with neither yes nor a final no, before a person is asked.
const SENDS_MAX: u32 = 50;

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
    /// A reason of ours: the payer is to pause.
    Deferred(String),
    /// The bank could not be reached, or its answer not read.
    Unknown,
    /// Somebody else has it, or it has moved on.
    NotOurs,
}

/// Takes the item for a send, and calls the bank. `prepare` makes the request where this attempt has none stored.
pub(crate) async fn send<T, F>(
    system: &System,
    mut item: T,
    prepare: F,
    deadline: Deadline,
) -> Result<Sent, OperationError>
where
    T: Listener,
    F: Future<Output = Result<Prepared, OperationError>> + Send,
{
    let business_now = system.clock.business_now();
    let elapsed_now = system.clock.elapsed_now();
    if item.leg().is_leased(elapsed_now) {
        return Ok(Sent::NotOurs);
    }
    if item.leg().is_too_old_to_resend(business_now) {
        return look_up(system, item, deadline).await;
    }
    if item.leg().claim.as_ref().is_some_and(|claim| claim.sends >= SENDS_MAX) {
        return give_up(system, item, AttentionReason::KeepsFailing).await;
    }
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
    let lease = Lease {
        owner: format!("{:016x}", random_u64(&*system.random)),
        until: elapsed_now.checked_add(system.settings.lease).unwrap_or(elapsed_now),
        business_now,
    };
    let kind = item.expected().kind;
    item.leg_mut().claim(kind, prepared, lease)?;
    item.touch(business_now);
    let attempt = fault!(KeyPerRetry, item.leg().claim.as_ref().map_or(1, |claim| claim.sends), item.leg().attempt);
    let key = TransferKey { item: item.item_id(), attempt }.to_string();
    fault!(CalledBeforeRecorded, drop(call(system, kind, &body, &key, deadline).await?));
    let claim = replace(&mut item)?;
    match system.table.write(vec![fault!(ClaimUnconditional, unconditional(claim), claim)]).await {
        Ok(()) => {}
        Err(TableError::ConditionFailed { .. }) => return Ok(Sent::NotOurs),
        Err(other) => return Err(other.into()),
    }
    let answer = call(system, kind, &body, &key, deadline).await?;
    record(system, item, answer).await
}

/// The call that makes a transfer or check of this kind.
async fn call(
    system: &System,
    kind: Kind,
    body: &TransferBody,
    key: &str,
    deadline: Deadline,
) -> Result<Result<BankObject, BankError>, OperationError> {
    let column = system.column().await?;
    Ok(match kind {
        Kind::Payout | Kind::Funding => column.create_ach_transfer(body, key, deadline).await.map(BankObject::from),
        Kind::Check => column.issue_check(body, key, deadline).await.map(BankObject::from),
    })
}

async fn record<T: Listener>(
    system: &System,
    mut item: T,
    answer: Result<BankObject, BankError>,
) -> Result<Sent, OperationError> {
    let now = system.clock.business_now();
    let kind = item.expected().kind;
    let (moved, what, sent) = match answer {
        Ok(object) => return accepted(system, item, object).await,
        Err(BankError::Refused { code, .. }) => {
            tracing::warn!(item = %item.item_id(), code, "the bank refused for good");
            (item.leg_mut().refuse(kind, &code)?, "refused", Sent::Refused)
        }
        Err(BankError::AboutUs { status, code }) => {
            let code = code.unwrap_or_else(|| format!("http_{status}"));
            tracing::error!(item = %item.item_id(), code, "the bank refused for a reason of ours");
            (item.leg_mut().defer(kind, &code)?, "deferred", Sent::Deferred(code))
        }
        Err(unknown @ (BankError::Unavailable { .. } | BankError::Unreadable { .. })) => {
            tracing::warn!(item = %item.item_id(), cause = %unknown, "the outcome of a send is unknown");
            let was_answered = matches!(unknown, BankError::Unreadable { .. });
            fault!(
                SilenceIsRefusal,
                (item.leg_mut().refuse(kind, "silence")?, "refused", Sent::Refused),
                return release_lease(system, item, was_answered).await
            )
        }
    };
    let entry = HistoryEntry::new(what, item.leg(), now).moved(&moved);
    match step::save(&*system.table, &mut item, &entry, &moved.effects, now).await {
        Ok(()) => Ok(sent),
        // The bank's own event came first: it knows better than a refusal of a second send.
        Err(TableError::ConditionFailed { .. }) => Ok(Sent::NotOurs),
        Err(other) => Err(other.into()),
    }
}

/// Nothing is running any more, so the next send need not wait for the lease. The outcome stays unknown.
async fn release_lease<T: Carrier>(system: &System, mut item: T, was_answered: bool) -> Result<Sent, OperationError> {
    if let Some(claim) = &mut item.leg_mut().claim {
        claim.lease_until = system.clock.elapsed_now();
        // An outage is not the item's failure: it is waited for, however long it lasts.
        claim.sends = claim.sends.saturating_sub(u32::from(!was_answered));
    }
    item.touch(system.clock.business_now());
    match system.table.write(vec![replace(&mut item)?]).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(Sent::Unknown),
        Err(other) => Err(other.into()),
    }
}

/// Writes the bank's yes. Where an event was faster, the answer is applied to what it left.
async fn accepted<T: Listener>(system: &System, mut item: T, object: BankObject) -> Result<Sent, OperationError> {
    for _ in 0..SAVES_MAX {
        let now = system.clock.business_now();
        let attempt = item.leg().attempt;
        let heard = Heard { what: "accepted", at: object.created_at(), event_id: None, attempt, object: &object };
        let (changes, verdict) = changes_of(system, &mut item, heard, now).await?;
        if verdict == Verdict::Recorded {
            return Ok(Sent::Accepted(object));
        }
        match system.table.write(changes).await {
            Ok(()) => {
                if matches!(verdict, Verdict::Applied(_)) {
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

/// Too old to send again: the bank may have forgotten the key. What it holds is looked for in its list.
async fn look_up<T: Listener>(system: &System, item: T, deadline: Deadline) -> Result<Sent, OperationError> {
    let key = TransferKey { item: item.item_id(), attempt: item.leg().attempt }.to_string();
    let account = item.leg().bank_account_id.clone().unwrap_or_default();
    let since = item.leg().claim.as_ref().map_or(system.clock.business_now(), |claim| claim.first_sent_at);
    let since = since.checked_sub(SignedDuration::from_hours(1)).unwrap_or(since);
    let column = system.column().await?;
    let found = match item.expected().kind {
        Kind::Payout | Kind::Funding => {
            column.find_ach_transfer(&account, &key, since, deadline).await?.map(BankObject::from)
        }
        Kind::Check => column.find_check(&account, &key, since, deadline).await?.map(BankObject::from),
    };
    match found {
        Some(object) => accepted(system, item, object).await,
        None => give_up(system, item, AttentionReason::OutcomeUnknown).await,
    }
}

async fn give_up<T: Carrier>(system: &System, mut item: T, reason: AttentionReason) -> Result<Sent, OperationError> {
    let now = system.clock.business_now();
    item.leg_mut().raise(reason, now);
    tracing::error!(item = %item.item_id(), ?reason, "attention: a send was given up");
    let entry = HistoryEntry::new("attention_raised", item.leg(), now);
    let mut changes = step::changes(&mut item, &entry, &[], now)?;
    changes.extend(notices::of_attention(system, item.item_id(), item.leg()).await?);
    match system.table.write(changes).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(Sent::NotOurs),
        Err(other) => Err(other.into()),
    }
}
