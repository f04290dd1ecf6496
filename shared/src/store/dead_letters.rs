//! Dead letters, and the last failures from which they learn why.

use jiff::{SignedDuration, Timestamp};

use super::stored::Stored;
use super::{attention, keys};
use crate::domain::attention::Subject;
use crate::domain::dead_letter::{DeadLetter, DeadLetterId, Failure};
use crate::ports::table::{Change, Condition, Indexing, Key, Table, TableError, decode, encode};

/// A failure is kept longer than any queue keeps its message.
const FAILURE_KEPT_HOURS: i64 = 24 * 15;

/// A letter that was sent again or discarded can still be looked at for so long; the audit keeps what was done.
const DECIDED_KEPT_HOURS: i64 = 24 * 90;

fn hours_after(at: Timestamp, hours: i64) -> Option<i64> {
    at.checked_add(SignedDuration::from_hours(hours)).ok().map(Timestamp::as_second)
}

impl Stored for DeadLetter {
    fn key(&self) -> Key {
        keys::dead_letter(self.id)
    }

    /// Only what waits for an operator is listed.
    fn indexing(&self) -> Indexing {
        if self.state.is_open() {
            let place = format!("{}#{}", keys::sortable(self.since), self.id);
            return Indexing {
                lists: Some((keys::LIST_DEAD_LETTERS.to_owned(), place)),
                attention: attention::place(Subject::DeadLetter(self), &self.key()),
                ..Indexing::default()
            };
        }
        let decided_at = self.decision.as_ref().map_or(self.last_at, |decision| decision.at);
        Indexing { expires_at: hours_after(decided_at, DECIDED_KEPT_HOURS), ..Indexing::default() }
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

/// The put of how a try ended, over that of the try before.
pub fn put_failure(id: DeadLetterId, failure: &Failure) -> Result<Change, TableError> {
    let mut attributes = encode(failure)?;
    attributes.insert("version".to_owned(), 1.into());
    Ok(Change::Put {
        key: keys::failure(id),
        attributes,
        indexing: Indexing { expires_at: hours_after(failure.at, FAILURE_KEPT_HOURS), ..Indexing::default() },
        condition: Condition::Always,
    })
}

/// How the last try of what a letter says ended.
pub async fn failure(table: &dyn Table, id: DeadLetterId) -> Result<Option<Failure>, TableError> {
    table.get(&keys::failure(id)).await?.map(decode).transpose()
}
