//! Bank events that matched nothing yet. Only their ids are kept: the event itself is read again from the bank.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::bank_events::{self, Applied};
use super::{OperationError, System};
use crate::domain::bank::error::BankError;
use crate::domain::bank::event::BankEvent;
use crate::domain::deadline::Deadline;
use crate::ports::table::{Change, Condition, Indexing, TableError, encode};
use crate::store::keys;
use crate::store::stored::read;

const PROVIDER: &str = "column";
const RETRY_MINUTES: i64 = 10;

/// As long as the bank itself goes on delivering, and a day more; then it was not meant for us.
const KEEP_DAYS: i64 = 4;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Waiting {
    event_id: String,
    version: u64,
    due_at: Timestamp,
    since: Timestamp,
}

pub(crate) async fn keep(system: &System, event_id: &str) -> Result<(), OperationError> {
    let now = system.clock.business_now();
    let waiting = Waiting {
        event_id: event_id.to_owned(),
        version: 1,
        due_at: super::system::minutes_from(now, RETRY_MINUTES),
        since: now,
    };
    match system.table.write(vec![put(&waiting, Condition::Absent)?]).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

fn put(waiting: &Waiting, condition: Condition) -> Result<Change, TableError> {
    let key = keys::inbox(PROVIDER, &waiting.event_id);
    let expires = waiting.since.checked_add(SignedDuration::from_hours(24 * 2 * KEEP_DAYS));
    Ok(Change::Put {
        indexing: Indexing {
            due: Some(keys::due(&key, waiting.due_at)),
            lists: None,
            expires_at: expires.ok().map(Timestamp::as_second),
        },
        key,
        attributes: encode(waiting)?,
        condition,
    })
}

async fn apply_again(system: &System, event_id: &str, deadline: Deadline) -> Result<Applied, OperationError> {
    match system.column().await?.event(event_id, deadline).await? {
        BankEvent::Transfer(event) => bank_events::apply(system, &event.into()).await,
        BankEvent::Check(event) => bank_events::apply(system, &event.into()).await,
        BankEvent::Other { .. } => Ok(Applied::NotOurs),
    }
}

/// A version that can read it may come within the days that it waits.
const fn is_unreadable(error: &OperationError) -> bool {
    matches!(error, OperationError::Bank(BankError::Unreadable { .. }))
}

/// Looks again whether the event's item is there now.
pub async fn retry(system: &System, event_id: &str, deadline: Deadline) -> Result<(), OperationError> {
    let key = keys::inbox(PROVIDER, event_id);
    let Some(mut waiting) = read::<Waiting>(&*system.table, &key).await? else { return Ok(()) };
    let now = system.clock.business_now();
    let outcome = match apply_again(system, event_id, deadline).await {
        Ok(outcome) => outcome,
        Err(error) if error.is_retryable() && !is_unreadable(&error) => return Err(error),
        Err(error) => {
            tracing::error!(event = event_id, %error, "attention: an event of the bank waits for a repair");
            Applied::Waiting
        }
    };
    let is_old = waiting.since.checked_add(SignedDuration::from_hours(24 * KEEP_DAYS)).is_ok_and(|until| until < now);
    let change = if outcome == Applied::Waiting && !is_old {
        let read_at = waiting.version;
        waiting.version = read_at.saturating_add(1);
        waiting.due_at = super::system::minutes_from(now, RETRY_MINUTES);
        put(&waiting, Condition::VersionIs(read_at))?
    } else {
        if outcome == Applied::Waiting {
            tracing::error!(event = event_id, "attention: an event of the bank never matched a payment or funding");
        }
        Change::Delete { key, condition: Condition::VersionIs(waiting.version) }
    };
    match system.table.write(vec![change]).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}
