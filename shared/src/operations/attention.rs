//! Attention: an operator has looked at it, and says that the automatic may go on, and whether a word of the bank that was not applied is to
//! be.

use jiff::Timestamp;

use super::autopay::{notices, own};
use super::bank_events::{BankUpdate, changes_of};
use super::bank_object::BankObject;
use super::leg_hooks::LegHooks;
use super::save_step::{self, HasLeg};
use super::{OperationError, System, audit, webhooks};
use crate::domain::bank::disputed::{AttentionRefusal, DisputedWord, WordDecision, word_to_apply};
use crate::domain::bank::error::BankError;
use crate::domain::deadline::Deadline;
use crate::domain::funding::Funding;
use crate::domain::ids::{BatchId, ItemId, TransferKey};
use crate::domain::leg::{AttentionReason, Kind, ReportOutcome};
use crate::domain::payment::Payment;
use crate::domain::payment::redirect::waits_here;
use crate::domain::payment::single::rests_with_us;
use crate::domain::task::Task;
use crate::ports::table::{Change, TableError};
use crate::store::bank_words::undecided;
use crate::store::history::HistoryEntry;
use crate::store::keys;
use crate::store::stored::{Stored as _, read, replace};

/// What an operator says.
#[derive(Clone, Copy, Debug)]
pub struct Clearing<'a> {
    pub by: &'a str,
    /// What was found.
    pub note: &'a str,
    /// Whether the bank's word is applied. It has to be said where there is one that was not.
    pub apply: Option<bool>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cleared {
    Now,
    /// The bank's word is applied by the worker; the flag goes with that.
    WithTheWord,
}

/// Clears the flag of a payment or funding; nobody does so of their own. Said again by the same operator, that changes nothing; where there is
/// no flag that they cleared, nothing is taken as done.
pub async fn clear(system: &System, item_id: ItemId, clearing: Clearing<'_>) -> Result<Cleared, OperationError> {
    match item_id {
        ItemId::Payment(id) => {
            let payment = read::<Payment>(&*system.table, &keys::payment(id)).await?;
            let payment = payment.ok_or_else(|| OperationError::not_found("payment", id))?;
            own::refuse(system, clearing.by, &payment.payer_id).await?;
            let flag_after = flag_after(system, &payment).await?;
            clear_item(system, payment, clearing, flag_after).await
        }
        ItemId::Funding(id) => {
            let funding = read::<Funding>(&*system.table, &keys::funding(id)).await?;
            let funding = funding.ok_or_else(|| OperationError::not_found("funding", id))?;
            own::refuse(system, clearing.by, &funding.payer_id).await?;
            clear_item(system, funding, clearing, None).await
        }
    }
}

/// What a refund bears once its present flag is gone: that it came back, where its money rests with us and the flag was about something else.
/// Refused where nothing would tell of that money any more, and nothing would move it.
async fn flag_after(system: &System, payment: &Payment) -> Result<Option<AttentionReason>, OperationError> {
    if payment.refund_of().is_none() || payment.leg.attention.is_none() {
        return Ok(None);
    }
    let funding: Option<Funding> = read(&*system.table, &keys::funding(payment.funding_id())).await?;
    let Some(funding) = funding else { return Ok(None) };
    if waits_here(payment, &funding) {
        return Err(AttentionRefusal::RefundWaits.into());
    }
    let mut cleared = payment.clone();
    cleared.leg.clear_attention();
    let is_left = rests_with_us(&cleared, &funding) && funding.unused() >= payment.amount;
    let was_that = payment.leg.attention_reason() == Some(AttentionReason::RefundReturned);
    Ok((fault!(RefundLosesItsFlag, false, is_left) && !was_that).then_some(AttentionReason::RefundReturned))
}

async fn clear_item<T: HasLeg>(
    system: &System,
    item: T,
    clearing: Clearing<'_>,
    flag_after: Option<AttentionReason>,
) -> Result<Cleared, OperationError> {
    let words = undecided(&*system.table, item.item_id()).await?;
    match clearing.apply {
        Some(true) => {
            let word = word_to_apply(&words, item.leg().attempt)?.clone();
            ask_for_word(system, &item, word, clearing).await
        }
        None if !words.is_empty() => Err(AttentionRefusal::WordUndecided.into()),
        None | Some(false) => clear_flag(system, item, words, clearing, flag_after).await,
    }
}

/// The word becomes due, so that it is applied whatever happens to the task.
async fn ask_for_word<T: HasLeg>(
    system: &System,
    item: &T,
    mut word: DisputedWord,
    clearing: Clearing<'_>,
) -> Result<Cleared, OperationError> {
    let (item_id, word_id) = (item.item_id(), word.id.clone());
    let entry = audit_entry(system, item_id, "apply_bank_word", clearing)?;
    word.decision = Some(decision(system, clearing));
    word.due_at = Some(system.clock.business_now());
    system.table.write(vec![replace(&mut word)?, entry]).await?;
    system.hint([Task::TakeWord { item_id, word_id }]).await;
    Ok(Cleared::WithTheWord)
}

async fn clear_flag<T: HasLeg>(
    system: &System,
    mut item: T,
    words: Vec<DisputedWord>,
    clearing: Clearing<'_>,
    flag_after: Option<AttentionReason>,
) -> Result<Cleared, OperationError> {
    let flag = item.leg_mut().clear_attention();
    if flag.is_none() && words.is_empty() {
        return repeated(item.leg().cleared_by.as_deref(), clearing.by).map(|()| Cleared::Now);
    }
    item.leg_mut().cleared_by = Some(clearing.by.to_owned());
    let now = system.clock.business_now();
    let mut entry = HistoryEntry::new("attention_cleared", item.leg(), now);
    entry.by = Some(clearing.by.to_owned());
    let item_id = item.item_id();
    if let Some(reason) = flag_after {
        item.leg_mut().raise(reason, now);
    }
    let mut changes = save_step::changes(system, &mut item, &entry, &[], now).await?;
    if flag_after.is_some() {
        changes.extend(notices::of_attention(system, item_id, item.leg()).await?);
    }
    changes.push(audit_entry(system, item_id, "clear_attention", clearing)?);
    changes.extend(webhooks::of_cleared(system, &mut item, flag).await?);
    for mut word in words {
        word.decision = Some(decision(system, clearing));
        changes.push(replace(&mut word)?);
    }
    system.table.write(changes).await?;
    Ok(Cleared::Now)
}

/// Where there is no flag: fine only for the operator who had cleared it.
fn repeated(cleared_by: Option<&str>, caller: &str) -> Result<(), OperationError> {
    if cleared_by == Some(caller) { Ok(()) } else { Err(AttentionRefusal::NothingFlagged.into()) }
}

fn audit_entry(system: &System, item_id: ItemId, action: &str, clearing: Clearing<'_>) -> Result<Change, TableError> {
    audit::entry(system, clearing.by, action, &item_id.to_string(), Some(clearing.note))
}

fn decision(system: &System, clearing: Clearing<'_>) -> WordDecision {
    let (at, apply) = (system.clock.business_now(), clearing.apply == Some(true));
    WordDecision { by: clearing.by.to_owned(), at, apply }
}

/// Applies the word that an operator took, as the bank has it now, and clears the flag with it. A word that the bank does not repeat when
/// it is asked is not applied, and the flag stays.
pub async fn take_word(
    system: &System,
    item_id: ItemId,
    word_id: &str,
    deadline: Deadline,
) -> Result<(), OperationError> {
    let key = keys::disputed_word(item_id, word_id);
    let Some(word) = read::<DisputedWord>(&*system.table, &key).await?.filter(|word| word.due_at.is_some()) else {
        return Ok(());
    };
    match item_id {
        ItemId::Payment(id) => match read::<Payment>(&*system.table, &keys::payment(id)).await? {
            Some(payment) => take(system, payment, word, deadline).await,
            None => Ok(()),
        },
        ItemId::Funding(id) => match read::<Funding>(&*system.table, &keys::funding(id)).await? {
            Some(funding) => take(system, funding, word, deadline).await,
            None => Ok(()),
        },
    }
}

async fn take<T: LegHooks>(
    system: &System,
    mut item: T,
    word: DisputedWord,
    deadline: Deadline,
) -> Result<(), OperationError> {
    let now = system.clock.business_now();
    let by = word.decision.as_ref().map(|decision| decision.by.clone()).unwrap_or_default();
    // An attempt that began since is none that this word is about: it stays as it is.
    let is_current = fault!(DisputedNeverApplied, false, word.attempt == item.leg().attempt);
    let flag = item.leg().attention.clone();
    let (mut changes, mut what) = (Vec::new(), "bank_word_outdated");
    if is_current {
        let said = opened(system, &word).await?;
        match confirmed(system, &item, said, word.attempt, deadline).await? {
            Some(object) => changes = applied(system, &mut item, &word, &object, &by, now).await?,
            None => return refute(system, item, word, &by, now).await,
        }
        what = "bank_word_known";
    }
    if changes.is_empty() {
        item.leg_mut().clear_attention();
        changes = noted(system, &mut item, what, &by, now).await?;
    }
    changes.extend(webhooks::of_cleared(system, &mut item, flag).await?);
    for mut other in undecided(&*system.table, word.item_id).await? {
        other.decision = word.decision.clone();
        changes.push(replace(&mut other)?);
    }
    changes.push(done_with(word)?);
    // Where somebody was faster, the word is still due, and taken again.
    system.table.write(changes).await?;
    item.afterwards(system).await
}

async fn opened(system: &System, word: &DisputedWord) -> Result<BankObject, OperationError> {
    let opened = system.vault().await?.sealing.open(&word.sealed_word.clone().into(), &word.key().pk)?;
    let value = serde_json::from_str(opened.expose())
        .map_err(|cause| OperationError::Inconsistent(format!("the bank's word {}: {cause}", word.id)))?;
    Ok(BankObject::from_json(&value)?)
}

/// The transfer of a word as the bank has it now, if it bears the item's key and is at least as far as the word says.
async fn confirmed<T: LegHooks>(
    system: &System,
    item: &T,
    said: BankObject,
    attempt: u32,
    deadline: Deadline,
) -> Result<Option<BankObject>, OperationError> {
    fault!(WordTakenUnasked, return Ok(Some(said)));
    if said.id().is_empty() {
        return Ok(None);
    }
    let column = system.column().await?;
    let asked: Result<BankObject, BankError> = match item.expected().kind {
        Kind::Payout | Kind::Funding => column.ach_transfer(said.id(), deadline).await.map(Into::into),
        Kind::Check => column.check(said.id(), deadline).await.map(Into::into),
    };
    let object = match asked {
        Ok(object) => object,
        Err(BankError::AboutUs { status: 404, .. }) => return Ok(None),
        Err(other) => return Err(other.into()),
    };
    let (said, has) = (said.report(attempt), object.report(attempt));
    let is_so = has.rank >= said.rank || has.status == said.status;
    let own = TransferKey { item: item.item_id(), attempt };
    let is_its = object.idempotency_key().is_some_and(|key| key.parse() == Ok(own));
    Ok((is_so && fault!(WordOfOtherTransfer, true, is_its)).then_some(object))
}

/// The changes that the word makes; none where the bank has said more since, which counts already.
async fn applied<T: LegHooks>(
    system: &System,
    item: &mut T,
    word: &DisputedWord,
    object: &BankObject,
    by: &str,
    now: Timestamp,
) -> Result<Vec<Change>, OperationError> {
    item.leg_mut().clear_attention();
    item.leg_mut().accept(&object.report(word.attempt));
    let (at, attempt) = (word.at, word.attempt);
    let heard = BankUpdate { what: "bank_word_taken", at, event_id: None, attempt, object, by: Some(by) };
    let (applied, verdict) = changes_of(system, item, heard, now).await?;
    match verdict {
        ReportOutcome::Applied(_) => Ok(applied),
        ReportOutcome::Recorded => Ok(Vec::new()),
        ReportOutcome::Disputed(reason) => {
            Err(OperationError::Inconsistent(format!("the bank's word {} is disputed again: {reason:?}", word.id)))
        }
    }
}

/// The bank does not say so when it is asked: nothing moves, and somebody goes on looking.
async fn refute<T: LegHooks>(
    system: &System,
    mut item: T,
    word: DisputedWord,
    by: &str,
    now: Timestamp,
) -> Result<(), OperationError> {
    tracing::error!(item = %word.item_id, word = word.id, "attention: the bank does not repeat a word that was to be applied");
    let mut changes = noted(system, &mut item, "bank_word_refuted", by, now).await?;
    changes.push(done_with(word)?);
    Ok(system.table.write(changes).await?)
}

async fn noted<T: HasLeg>(
    system: &System,
    item: &mut T,
    what: &'static str,
    by: &str,
    now: Timestamp,
) -> Result<Vec<Change>, OperationError> {
    let mut entry = HistoryEntry::new(what, item.leg(), now);
    entry.by = Some(by.to_owned());
    save_step::changes(system, item, &entry, &[], now).await
}

fn done_with(mut word: DisputedWord) -> Result<Change, TableError> {
    word.due_at = None;
    replace(&mut word)
}

/// Clears the flag of a batch, and takes a repeat as [`clear`] does.
pub async fn clear_batch(system: &System, batch_id: BatchId, caller: &str, note: &str) -> Result<(), OperationError> {
    let mut batch = super::upload::load(system, batch_id).await?;
    let Some(flag) = batch.attention.take() else { return repeated(batch.cleared_by.as_deref(), caller) };
    batch.cleared_by = Some(caller.to_owned());
    let entry = audit::entry(system, caller, "clear_attention", &batch_id.to_string(), Some(note))?;
    let mut changes = vec![replace(&mut batch)?, entry];
    changes.extend(webhooks::of_batch_cleared(system, &batch, &flag).await?);
    Ok(system.table.write(changes).await?)
}
