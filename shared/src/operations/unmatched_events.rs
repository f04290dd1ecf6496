//! Events of the bank that could not be applied: about something that is not here, or signed and unreadable. They are looked at again, and
//! what stays so ends with an operator.
//!
//! Guarantees: an event is kept before its webhook is answered; it goes away only by being applied, or by an operator who says why. What
//! cannot be read is kept as it came, sealed, so that a version that can read it applies it.

use sha2::{Digest, Sha256};

use super::autopay::notices;
use super::bank_events::{self, Applied};
use super::submit::replace_or_leave;
use super::{OperationError, System, audit, lists, payers};
use crate::domain::autopay::notice::{NoticeKind, Recipient};
use crate::domain::bank::error::BankError;
use crate::domain::bank::event::{BankEvent, MalformedBankData, id_of_unreadable};
use crate::domain::bank::unmatched::{UnmatchedEvent, Why};
use crate::domain::batch::Idempotent;
use crate::domain::deadline::Deadline;
use crate::ports::table::{Change, Condition, TableError};
use crate::store::bank_words::key_of_event;
use crate::store::stored::{Stored, create, read, replace};

/// A larger body is not kept: no event of the bank comes near it, and an item of the table has little more room.
const KEPT_BODY_BYTES_MAX: usize = 128 * 1024;

/// Names an event that has no id that can be read. The bank's ids have no colon.
const OF_OURS: &str = "body:";

/// Names what the bank says of a transfer without a key of ours, however many events it sends of it.
const OF_KEYLESS: &str = "transfer:";

/// How many of those that want an operator are looked at again in one round.
const PER_ROUND: u32 = 50;

/// What an event without a key of ours is kept under.
pub(crate) fn name_of_keyless(transfer_id: &str) -> String {
    format!("{OF_KEYLESS}{transfer_id}")
}

/// Keeps an event whose item is not here, or not yet.
pub(crate) async fn keep(system: &System, event: UnmatchedEvent) -> Result<(), OperationError> {
    let mut changes = vec![create(&event)?];
    if event.attention_since.is_some() {
        changes.extend(told(system, &event).await?);
    }
    match system.table.write(changes).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

/// Keeps an event of the bank's list that cannot be read: the bank gives it again under its id.
pub(crate) async fn keep_unreadable(system: &System, event_id: &str) -> Result<(), OperationError> {
    let now = system.clock.business_now();
    keep(system, UnmatchedEvent::unreadable(event_id.to_owned(), None, now)).await
}

/// Keeps the body of a signed webhook that cannot be read. Answers under which id.
pub async fn keep_body(system: &System, body: &[u8], why: MalformedBankData) -> Result<String, OperationError> {
    let hash = || format!("{OF_OURS}{}", hex::encode(Sha256::digest(body)));
    let event_id = id_of_unreadable(body).unwrap_or_else(hash);
    // What is no text is JSON in no version.
    let text = std::str::from_utf8(body).ok().filter(|text| text.len() <= KEPT_BODY_BYTES_MAX);
    let sealed = match text {
        Some(text) => {
            let bound_to = key_of_event(&event_id).pk;
            Some(system.vault().await?.sealing.seal(text, &bound_to, &*system.random)?.as_str().to_owned())
        }
        None => None,
    };
    tracing::error!(
        metric = "webhook_malformed",
        event = event_id,
        %why,
        is_kept = sealed.is_some(),
        "attention: a signed event of the bank cannot be read"
    );
    let event = UnmatchedEvent::unreadable(event_id.clone(), sealed, system.clock.business_now());
    fault!(UnreadableForgotten, return Ok(event_id));
    keep(system, event).await?;
    Ok(event_id)
}

async fn told(system: &System, event: &UnmatchedEvent) -> Result<Vec<Change>, OperationError> {
    let kind = NoticeKind::EventUnmatched {
        event_id: event.event_id.clone(),
        is_readable: event.why != Why::Unreadable,
        since: event.since,
    };
    notices::puts(system, Recipient::Operators, [kind]).await
}

/// Reads what was kept, or asks the bank for it, and applies it where that is possible now.
async fn apply_again(system: &System, event: &UnmatchedEvent, deadline: Deadline) -> Result<Applied, OperationError> {
    let read = match &event.sealed_body {
        Some(sealed) => {
            let opened = system.vault().await?.sealing.open(&sealed.clone().into(), &event.key().pk)?;
            BankEvent::from_body(opened.expose().as_bytes()).ok()
        }
        None => None,
    };
    let read = match read {
        Some(read) => read,
        None if event.event_id.starts_with(OF_OURS) => return Ok(Applied::Waiting),
        None => system.column().await?.event(&event.event_id, deadline).await?,
    };
    match read {
        BankEvent::Transfer(event) => bank_events::apply(system, &event.into()).await,
        BankEvent::Check(event) => bank_events::apply(system, &event.into()).await,
        BankEvent::Other { .. } => Ok(Applied::NotOurs),
    }
}

/// Neither a later try nor anything but another version, or the bank, can help.
const fn stays_so(error: &OperationError) -> bool {
    let OperationError::Bank(error) = error else { return false };
    match error {
        BankError::AboutUs { status, .. } => matches!(*status, 400 | 404),
        BankError::Unreadable { .. } | BankError::Refused { .. } => true,
        BankError::Unavailable { .. } => false,
    }
}

/// Looks again whether the event can be applied now.
pub async fn retry(system: &System, event_id: &str, deadline: Deadline) -> Result<(), OperationError> {
    let key = key_of_event(event_id);
    let Some(mut event) = read::<UnmatchedEvent>(&*system.table, &key).await?.filter(UnmatchedEvent::is_open) else {
        return Ok(());
    };
    if event.why == Why::Keyless {
        return whose(system, event, deadline).await;
    }
    let outcome = match apply_again(system, &event, deadline).await {
        Ok(outcome) => outcome,
        Err(error) if error.is_retryable() && !stays_so(&error) => return Err(error),
        Err(error) => {
            tracing::error!(event = event_id, %error, "an event of the bank still cannot be applied");
            Applied::Waiting
        }
    };
    let changes = if outcome == Applied::Waiting {
        let (before, now) = (event.clone(), system.clock.business_now());
        let is_given_up = event.still_waits(now);
        if event == before {
            return Ok(());
        }
        let mut changes = vec![replace(&mut event)?];
        if is_given_up {
            tracing::error!(event = event_id, "attention: an event of the bank fits no payment or funding");
            changes.extend(told(system, &event).await?);
            fault!(
                UnmatchedDropped,
                changes = vec![Change::Delete { key, condition: Condition::VersionIs(before.version) }]
            );
        }
        changes
    } else {
        vec![Change::Delete { key, condition: Condition::VersionIs(event.version) }]
    };
    match system.table.write(changes).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

/// Whose account a transfer is about that bears no key of ours. One of our payers' wants an operator; any other is none of our business.
async fn whose(system: &System, mut event: UnmatchedEvent, deadline: Deadline) -> Result<(), OperationError> {
    if event.attention_since.is_some() {
        return Ok(());
    }
    let account_id = event.bank_account_id.clone().unwrap_or_default();
    let payer = match system.column().await?.bank_account(&account_id, deadline).await {
        Ok(account) => payers::payer_of_account(&account.description),
        Err(error) => match OperationError::from(error) {
            error if stays_so(&error) => None,
            error => {
                event.look_later(system.clock.business_now());
                replace_or_leave(system, &mut event).await?;
                return Err(error);
            }
        },
    };
    let condition = Condition::VersionIs(event.version);
    let changes = match payer {
        Some(payer) => {
            tracing::error!(
                event = event.event_id,
                payer,
                "attention: the bank moves money of a payer's account, and we did not ask for it"
            );
            event.wants_operator(system.clock.business_now());
            let mut changes = vec![replace(&mut event)?];
            changes.extend(told(system, &event).await?);
            changes
        }
        None => vec![Change::Delete { key: event.key(), condition }],
    };
    match system.table.write(changes).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

/// Looks again at those that want an operator: their item may be here now, or this version reads them.
pub(crate) async fn look_again(system: &System, deadline: Deadline) -> Result<(), OperationError> {
    let open = lists::unmatched_events(system, None, PER_ROUND).await?.items;
    for event in open.into_iter().filter(|event| event.attention_since.is_some()) {
        if let Err(error) = retry(system, &event.event_id, deadline).await {
            tracing::warn!(event = event.event_id, %error, "an event that fits nothing could not be looked at again");
        }
    }
    Ok(())
}

/// An operator gives an event up, and says why. Closed again, nothing changes.
pub async fn close(
    system: &System,
    event_id: &str,
    caller: &str,
    reason: &str,
) -> Result<UnmatchedEvent, OperationError> {
    let found = read::<UnmatchedEvent>(&*system.table, &key_of_event(event_id)).await?;
    let mut event = found.ok_or_else(|| OperationError::not_found("unmatched event", event_id))?;
    if event.close(caller, reason, system.clock.business_now()) == Idempotent::Executed {
        let entry = audit::entry(system, caller, "close_unmatched_event", event_id, Some(reason))?;
        system.table.write(vec![replace(&mut event)?, entry]).await?;
    }
    Ok(event)
}
