//! Words of the bank that were not applied: events that fit nothing, words that do not fit their item, and what operators were told.

use jiff::{SignedDuration, Timestamp};

use super::stored::Stored;
use super::{attention, keys};
use crate::domain::attention::Subject;
use crate::domain::bank::disputed::DisputedWord;
use crate::domain::bank::unmatched::{UnmatchedEvent, Why};
use crate::domain::ids::ItemId;
use crate::domain::leg::Settlement;
use crate::ports::table::{Indexing, Key, Query, Table, TableError, decode};

const PROVIDER: &str = "column";

/// One that was closed can still be found for so long, so that the bank's next delivery of it opens nothing; the audit keeps what was done.
const CLOSED_KEPT_HOURS: i64 = 24 * 90;

pub fn key_of_event(event_id: &str) -> Key {
    keys::inbox(PROVIDER, event_id)
}

impl Stored for UnmatchedEvent {
    fn key(&self) -> Key {
        key_of_event(&self.event_id)
    }

    /// What is open is listed; of what bears no key of ours, what an operator is to look at.
    fn indexing(&self) -> Indexing {
        match &self.closing {
            None => {
                let place = format!("{}#{}", keys::sortable(self.since), self.event_id);
                let is_listed = self.why != Why::Keyless || self.attention_since.is_some();
                Indexing {
                    due: self.due_at.map(|at| keys::due(&self.key(), at)),
                    lists: is_listed.then(|| (keys::LIST_UNMATCHED_EVENTS.to_owned(), place)),
                    attention: attention::place(Subject::UnmatchedEvent(self), &self.key()),
                    expires_at: None,
                }
            }
            Some(closing) => {
                let until = closing.at.checked_add(SignedDuration::from_hours(CLOSED_KEPT_HOURS));
                Indexing { expires_at: until.ok().map(Timestamp::as_second), ..Indexing::default() }
            }
        }
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for DisputedWord {
    fn key(&self) -> Key {
        keys::disputed_word(self.item_id, &self.id)
    }

    fn indexing(&self) -> Indexing {
        Indexing { due: self.due_at.map(|at| keys::due(&self.key(), at)), ..Indexing::default() }
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for Settlement {
    fn key(&self) -> Key {
        keys::settlement(self.item_id)
    }

    fn indexing(&self) -> Indexing {
        Indexing { due: self.due_at.map(|at| keys::due(&self.key(), at)), ..Indexing::default() }
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

/// The words about an item that nobody has decided about.
pub async fn undecided(table: &dyn Table, item: ItemId) -> Result<Vec<DisputedWord>, TableError> {
    let mut words: Vec<DisputedWord> = Vec::new();
    let mut query = Query::primary(keys::disputed_words_of(item));
    loop {
        let page = table.query(&query).await?;
        for attributes in page.items {
            words.push(decode(attributes)?);
        }
        match page.next {
            Some(next) => query.start_after = Some(next),
            None => break,
        }
    }
    words.retain(|word| word.decision.is_none());
    Ok(words)
}
