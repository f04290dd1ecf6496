//! Applying the bank's events: to the payment or funding that the echoed key names, in any order, any number of times.
//!
//! Guarantees: state, history and postings of an event are one write, and the event's id in the history is put if absent: an event is
//! never recorded without being applied, nor applied twice. Anything that cannot be written is an error: the bank delivers again.

use jiff::Timestamp;

use super::account_corrections::{self, Word};
use super::autopay::notices;
use super::bank_object::{BankObject, ObjectEvent};
use super::leg_hooks::LegHooks;
use super::{OperationError, System, payers, save_step, unmatched_events};
use crate::domain::ach::account_correction::WordAge;
use crate::domain::bank::disputed::DisputedWord;
use crate::domain::bank::unmatched::UnmatchedEvent;
use crate::domain::funding::Funding;
use crate::domain::ids::{ItemId, TransferKey};
use crate::domain::leg::{AttentionReason, ReportOutcome};
use crate::domain::payment::Payment;
use crate::ports::table::{Change, Condition, TableError, encode};
use crate::store::history::{AccountChanged, HistoryEntry};
use crate::store::keys;
use crate::store::stored::{Stored as _, read};

/// Writes of one event before the bank is asked to deliver it again.
const TRIES_MAX: usize = 8;

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The item changed.
    Transition,
    /// Kept in the history; nothing moved.
    Recorded,
    /// It was applied before.
    Replayed,
    /// It matches no item yet, and is looked at again later.
    Waiting,
    /// Of a kind that moves none of our payments.
    NotOurs,
}

/// Applies one event.
pub async fn apply(system: &System, event: &ObjectEvent) -> Result<Applied, OperationError> {
    let key = event.object.idempotency_key().unwrap_or_default();
    let Ok(key) = key.parse::<TransferKey>() else {
        fault!(KeylessEventDropped, return Ok(Applied::NotOurs));
        return keyless(system, event).await;
    };
    let applied = match key.item {
        ItemId::Payment(id) => match read::<Payment>(&*system.table, &keys::payment(id)).await? {
            Some(payment) => apply_to(system, payment, key, event).await?,
            None => None,
        },
        ItemId::Funding(id) => match read::<Funding>(&*system.table, &keys::funding(id)).await? {
            Some(funding) => apply_to(system, funding, key, event).await?,
            None => None,
        },
    };
    match applied {
        Some(applied) => Ok(applied),
        None => {
            let now = system.clock.business_now();
            let (id, what) = (event.event_id.clone(), event.event_type.clone());
            unmatched_events::keep(system, UnmatchedEvent::unmatched(id, what, key.to_string(), now)).await?;
            Ok(Applied::Waiting)
        }
    }
}

/// Something at the bank that we did not make. Where it is about an account of a payer of ours, an operator has to know.
async fn keyless(system: &System, event: &ObjectEvent) -> Result<Applied, OperationError> {
    let now = system.clock.business_now();
    let (what, transfer_id) = (event.event_type.clone(), event.object.id().to_owned());
    let account = event.object.bank_account_id().to_owned();
    let event_id = unmatched_events::name_of_keyless(&transfer_id);
    unmatched_events::keep(system, UnmatchedEvent::keyless(event_id, what, transfer_id, account, now)).await?;
    Ok(Applied::Waiting)
}

/// `None` where the item went away, which only a batch that never was can do.
async fn apply_to<T: LegHooks>(
    system: &System,
    mut item: T,
    key: TransferKey,
    event: &ObjectEvent,
) -> Result<Option<Applied>, OperationError> {
    let history_key = keys::history_event(key.item, &event.event_id);
    for _ in 0..TRIES_MAX {
        let now = system.clock.business_now();
        let heard = BankUpdate {
            what: &event.event_type,
            at: event.created_at,
            event_id: Some(&event.event_id),
            attempt: key.attempt,
            object: &event.object,
            by: None,
        };
        let (changes, verdict) = changes_of(system, &mut item, heard, now).await?;
        match system.table.write(changes).await {
            Ok(()) => {
                item.afterwards(system).await?;
                let has_moved = matches!(verdict, ReportOutcome::Applied(_));
                return Ok(Some(if has_moved { Applied::Transition } else { Applied::Recorded }));
            }
            Err(TableError::ConditionFailed { key: failed, .. }) if failed == history_key => {
                return Ok(Some(Applied::Replayed));
            }
            Err(TableError::ConditionFailed { .. }) => match read(&*system.table, &item.key()).await? {
                Some(fresh) => item = fresh,
                None => return Ok(None),
            },
            Err(other) => return Err(other.into()),
        }
    }
    Err(OperationError::Contended(key.item.to_string()))
}

/// How the account at the other end was corrected when an attempt of the item was sent, where it was.
async fn sent_corrected<T: LegHooks>(
    system: &System,
    item: &T,
    attempt: u32,
) -> Result<Option<AccountChanged>, OperationError> {
    let destination = item.leg().destination(attempt);
    let Some(sent) = destination.corrected().cloned() else { return Ok(None) };
    let named = item.named_account(system, destination).await?;
    Ok(Some(AccountChanged {
        change_code: sent.change_code,
        account_last4: named.map(|named| named.last4).unwrap_or_default(),
        corrected_last4: Some(sent.account_last4),
    }))
}

/// The bank's word about an item, from an event or from an answer to a call of ours.
#[derive(Clone, Copy)]
pub(crate) struct BankUpdate<'a> {
    pub what: &'a str,
    pub at: Timestamp,
    /// Of an event: its history entry is put if absent under it.
    pub event_id: Option<&'a str>,
    pub attempt: u32,
    pub object: &'a BankObject,
    /// Who took the bank's word, where a person did.
    pub by: Option<&'a str>,
}

impl BankUpdate<'_> {
    /// When the bank said what it says: an answer is about the object as it was last changed.
    fn said_at(&self) -> Timestamp {
        if self.event_id.is_some() { self.at } else { self.object.updated_at() }
    }
}

/// One write for everything that the bank's word does: the item, its history, its postings, and what else follows.
pub(crate) async fn changes_of<T: LegHooks>(
    system: &System,
    item: &mut T,
    heard: BankUpdate<'_>,
    now: Timestamp,
) -> Result<(Vec<Change>, ReportOutcome), OperationError> {
    let (expected, object) = (item.expected(), heard.object);
    let attention = item.leg().attention.clone();
    if item.leg().bank_account_id.is_none() {
        // Nothing of this attempt was claimed here: the bank can only speak of the payer's own account.
        item.leg_mut().bank_account_id = payers::bank_account_of(system, item.payer_id()).await?;
    }
    let mut verdict = item.leg_mut().report(expected, &object.report(heard.attempt), now);
    let mut more = Vec::new();
    let is_current = heard.attempt == item.leg().attempt;
    let brings_facts = match &mut verdict {
        ReportOutcome::Applied(moved) => {
            item.record_bank_details(system, object, heard.at).await?;
            more = item.consequences(system, Some(moved), heard.at).await?;
            true
        }
        ReportOutcome::Recorded => {
            let has_news = is_current && item.record_bank_details(system, object, heard.at).await?;
            if has_news {
                more = item.consequences(system, None, heard.at).await?;
            }
            has_news
        }
        ReportOutcome::Disputed(reason) => {
            tracing::error!(item = %item.item_id(), event = heard.event_id, ?reason, "attention: the bank's word is not as expected");
            more.push(kept_word(system, item.item_id(), heard, *reason).await?);
            true
        }
    };
    // What a word that does not fit corrects may be another transfer's account.
    let is_heard = fault!(MixedUpCorrectionHeard, true, !matches!(verdict, ReportOutcome::Disputed(_)));
    let corrected = match object.notification_of_change().filter(|_| is_heard) {
        Some(notice) => {
            let age = WordAge { made_at: object.created_at(), said_at: heard.said_at() };
            let word = Word { system, notice, attempt: heard.attempt, age, now };
            account_corrections::note(item, word).await?
        }
        None => account_corrections::NotedCorrection::default(),
    };
    if item.leg().attention != attention {
        more.extend(notices::of_attention(system, item.item_id(), item.leg()).await?);
    }
    let mut entry = HistoryEntry::new(heard.what, item.leg(), heard.at);
    entry.event_id = heard.event_id.map(str::to_owned);
    entry.attempt = heard.attempt;
    entry.bank_status = Some(object.standing());
    entry.transfer_id = Some(object.id().to_owned());
    entry.by = heard.by.map(str::to_owned);
    entry.correction = match &corrected.correction {
        Some(correction) => Some(AccountChanged::said(correction)),
        None if heard.event_id.is_none() => sent_corrected(system, item, heard.attempt).await?,
        None => None,
    };
    let mut effects = Vec::new();
    if let ReportOutcome::Applied(moved) = &verdict {
        entry = entry.moved(moved);
        effects.clone_from(&moved.effects);
    }
    let mut changes = if brings_facts || corrected.is_unusable {
        save_step::changes(system, item, &entry, &effects, now).await?
    } else {
        vec![entry.put(item.item_id(), 0)?]
    };
    changes.extend(more);
    changes.extend(corrected.changes);
    if let Some(correction) = &corrected.correction {
        changes.extend(item.corrected(system, correction).await?);
    }
    if let Some(said) = &corrected.said {
        item.renumbered(system, said, &mut changes).await?;
    }
    Ok((changes, verdict))
}

/// Keeps a word that is not applied, so that it can be, if an operator decides so. An event is one word; what the bank answered to us is one
/// for each thing that it says.
async fn kept_word(
    system: &System,
    item_id: ItemId,
    heard: BankUpdate<'_>,
    reason: AttentionReason,
) -> Result<Change, OperationError> {
    let report = heard.object.report(heard.attempt);
    let answered = || format!("answered:{}:{}:{}", heard.attempt, report.transfer_id, report.status);
    let id = heard.event_id.map_or_else(answered, str::to_owned);
    let bound_to = keys::disputed_word(item_id, &id).pk;
    let word = heard.object.to_json().to_string();
    let sealed_word = system.vault().await?.sealing.seal(&word, &bound_to, &*system.random)?.as_str().to_owned();
    let word = DisputedWord {
        item_id,
        id,
        version: 1,
        attempt: heard.attempt,
        reason,
        transfer_id: report.transfer_id,
        rail: report.rail,
        status: report.status,
        at: heard.at,
        sealed_word,
        due_at: None,
        decision: None,
    };
    let condition = if heard.event_id.is_some() { Condition::Absent } else { Condition::Always };
    Ok(Change::Put { key: word.key(), attributes: encode(&word)?, indexing: word.indexing(), condition })
}
