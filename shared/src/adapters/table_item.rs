//! What both tables must agree on: the stored form of an item, when a condition holds, the limits of a write, and the cursor.
//!
//! Refusing here, before either table is asked, is what keeps the in-memory table as strict as the service.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::ports::table::{Attributes, Change, Condition, Cursor, Index, Indexing, Key, Query, Range, TableError};

/// The longest keys of DynamoDB.
const PARTITION_KEY_BYTES_MAX: usize = 2_048;
const SORT_KEY_BYTES_MAX: usize = 1_024;

pub(crate) const PK: &str = "pk";
pub(crate) const SK: &str = "sk";
pub(crate) const EXPIRES_AT: &str = "expires_at";
pub(crate) const VERSION: &str = "version";
pub(crate) const STATE: &str = "state";
/// Token of the write call that put the item. The tables keep it to themselves: reads do not answer it.
pub(crate) const WRITER: &str = "writer";

/// The service's limits: items in one transaction, bytes in one transaction, bytes in one item, bytes in one page.
pub(crate) const CHANGES_MAX: usize = 100;
pub(crate) const WRITE_BYTES_MAX: usize = 4 * 1024 * 1024;
pub(crate) const ITEM_BYTES_MAX: usize = 400 * 1024;
pub(crate) const PAGE_BYTES_MAX: usize = 1024 * 1024;
/// Operands of one `IN`.
const STATES_MAX: usize = 100;

/// Names of the partition and sort attribute of an index.
pub(crate) fn key_names(index: Index) -> (&'static str, &'static str) {
    match index {
        Index::Primary => (PK, SK),
        Index::Due => ("due_pk", "due_sk"),
        Index::Lists => ("lists_pk", "lists_sk"),
        Index::Attention => ("attention_pk", "attention_sk"),
    }
}

/// The item as it is stored: the caller's attributes, with keys, index keys and expiry as the put names them.
pub(crate) fn stored_item(key: &Key, mut item: Attributes, indexing: &Indexing) -> Result<Attributes, TableError> {
    let expiry = indexing.expires_at.map(Value::from);
    if item.get(EXPIRES_AT).is_some_and(|given| Some(given) != expiry.as_ref()) {
        return Err(defect(
            key,
            "carries its own expires_at: name it in the indexing, in seconds, or rename the field",
        ));
    }
    if item.contains_key(WRITER) {
        return Err(defect(key, "carries an attribute `writer`, which the table keeps for itself: rename the field"));
    }
    item.insert(PK.to_owned(), Value::from(key.pk.as_str()));
    item.insert(SK.to_owned(), Value::from(key.sk.as_str()));
    let Indexing { due, lists, attention, expires_at: _ } = indexing;
    for (index, place) in [(Index::Due, due), (Index::Lists, lists), (Index::Attention, attention)] {
        let (pk_name, sk_name) = key_names(index);
        item.remove(pk_name);
        item.remove(sk_name);
        if let Some((pk, sk)) = place {
            if pk.is_empty() || sk.is_empty() {
                return Err(defect(key, "has an empty index key"));
            }
            item.insert(pk_name.to_owned(), Value::from(pk.as_str()));
            item.insert(sk_name.to_owned(), Value::from(sk.as_str()));
        }
    }
    if let Some(seconds) = expiry {
        item.insert(EXPIRES_AT.to_owned(), seconds);
    }
    for value in item.values() {
        refuse_fractions(key, value)?;
    }
    Ok(item)
}

/// Whether the condition holds for the item as it is stored now.
pub(crate) fn holds(condition: &Condition, existing: Option<&Attributes>) -> bool {
    match condition {
        Condition::Absent => existing.is_none(),
        Condition::AbsentOrExpired { now_seconds } => existing.is_none_or(|item| {
            item.get(EXPIRES_AT).and_then(Value::as_i64).is_some_and(|expires_at| expires_at <= *now_seconds)
        }),
        Condition::VersionIs(version) => {
            existing.is_some_and(|item| item.get(VERSION).and_then(Value::as_u64) == Some(*version))
        }
        Condition::StateIn(states) => existing
            .and_then(|item| item.get(STATE).and_then(Value::as_str))
            .is_some_and(|state| states.iter().any(|wanted| wanted == state)),
        Condition::Always => true,
    }
}

/// Refuses a key that is left empty, which is a defect.
pub(crate) fn refuse_empty(key: &Key) -> Result<(), TableError> {
    if key.pk.is_empty() || key.sk.is_empty() { Err(defect(key, "has an empty key")) } else { Ok(()) }
}

/// Whether an item can have this key. One that is too long is an id that somebody made up: the service would refuse to look for it.
pub(crate) fn may_exist(key: &Key) -> bool {
    may_be_partition(&key.pk) && (1..=SORT_KEY_BYTES_MAX).contains(&key.sk.len())
}

pub(crate) fn may_be_partition(pk: &str) -> bool {
    (1..=PARTITION_KEY_BYTES_MAX).contains(&pk.len())
}

/// Refuses what the service would refuse whatever the table holds.
pub(crate) fn refuse_unwritable(changes: &[Change]) -> Result<(), TableError> {
    if changes.len() > CHANGES_MAX {
        let count = changes.len();
        return Err(TableError::Defect(format!("one write takes {CHANGES_MAX} changes at most, not {count}: cut it")));
    }
    let mut keys = std::collections::HashSet::with_capacity(changes.len());
    for change in changes {
        let key = change.key();
        refuse_empty(key)?;
        if !may_exist(key) {
            return Err(defect(key, "has a key that is too long"));
        }
        if !keys.insert(key) {
            return Err(defect(key, "is changed twice in one write"));
        }
        match change {
            Change::Check { condition: Condition::Always, .. } => return Err(defect(key, "is checked for nothing")),
            Change::Put { condition, .. } | Change::Delete { condition, .. } | Change::Check { condition, .. } => {
                refuse_unusable_condition(key, condition)?;
            }
        }
    }
    Ok(())
}

fn refuse_unusable_condition(key: &Key, condition: &Condition) -> Result<(), TableError> {
    match condition {
        Condition::StateIn(states) if states.is_empty() || states.len() > STATES_MAX => {
            Err(defect(key, &format!("needs between 1 and {STATES_MAX} states in its condition")))
        }
        Condition::StateIn(_)
        | Condition::Absent
        | Condition::AbsentOrExpired { .. }
        | Condition::VersionIs(_)
        | Condition::Always => Ok(()),
    }
}

/// Refuses key values that the service cannot compare with.
pub(crate) fn refuse_unreadable(query: &Query) -> Result<(), TableError> {
    let wrong = match &query.range {
        _ if query.pk.is_empty() => Some("the partition is empty"),
        _ if query.page_items == Some(0) => Some("a page of no items"),
        Range::BeginsWith(text) | Range::AtMost(text) if text.is_empty() => Some("an empty sort value"),
        Range::Between(from, to) if from.is_empty() || to < from => Some("the range ends before it begins"),
        Range::All | Range::BeginsWith(_) | Range::AtMost(_) | Range::Between(..) => None,
    };
    match wrong {
        Some(reason) => {
            Err(TableError::Defect(format!("the query on {:?} {} cannot be asked: {reason}", query.index, query.pk)))
        }
        None => Ok(()),
    }
}

/// Refuses an item or a write that is too large. Answers the write's size in bytes so far.
pub(crate) fn add_size(key: &Key, item: &Attributes, write_bytes: usize) -> Result<usize, TableError> {
    let bytes = item_bytes(item);
    if bytes > ITEM_BYTES_MAX {
        return Err(defect(key, &format!("is {bytes} bytes, more than the {ITEM_BYTES_MAX} an item may have")));
    }
    let total = write_bytes.saturating_add(bytes);
    if total > WRITE_BYTES_MAX {
        return Err(defect(key, &format!("brings the write over {WRITE_BYTES_MAX} bytes: cut it")));
    }
    Ok(total)
}

/// Size of an item as the service counts it, within a few bytes: names, texts, about a byte per two digits, 3 per container.
pub(crate) fn item_bytes(item: &Attributes) -> usize {
    item.iter().map(|(name, value)| name.len() + value_bytes(value)).sum()
}

fn value_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 1,
        Value::Number(_) => 11,
        Value::String(text) => text.len(),
        Value::Array(values) => 3 + values.iter().map(|value| 1 + value_bytes(value)).sum::<usize>(),
        Value::Object(entries) => 3 + entries.len() + item_bytes(entries),
    }
}

fn refuse_fractions(key: &Key, value: &Value) -> Result<(), TableError> {
    match value {
        Value::Number(number) if number.as_i64().is_none() && number.as_u64().is_none() => {
            Err(defect(key, "has a number that is not whole: money is stored as cents, rates as text"))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        Value::Array(values) => values.iter().try_for_each(|value| refuse_fractions(key, value)),
        Value::Object(entries) => entries.values().try_for_each(|value| refuse_fractions(key, value)),
    }
}

/// The place after which a query goes on. It holds no partition: a forged one cannot leave the partition that the query names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Sort value in the queried index.
    pub(crate) sort: String,
    pub(crate) key: Key,
}

impl Place {
    pub(crate) fn to_cursor(&self, index: Index) -> Cursor {
        let parts = match index {
            Index::Primary => vec![self.sort.as_str()],
            Index::Due | Index::Lists | Index::Attention => {
                vec![self.sort.as_str(), self.key.pk.as_str(), self.key.sk.as_str()]
            }
        };
        Cursor(URL_SAFE_NO_PAD.encode(Value::from(parts).to_string()))
    }

    /// Only a place that this query may have answered: the service refuses one outside the range, or with keys that no item can have.
    pub(crate) fn from_cursor(cursor: &Cursor, query: &Query) -> Result<Self, TableError> {
        let parts = parts_of(cursor).unwrap_or_default();
        let place = match (query.index, parts.as_slice()) {
            (Index::Primary, [sort]) => Self { sort: sort.clone(), key: Key::new(query.pk.as_str(), sort.as_str()) },
            (Index::Due | Index::Lists | Index::Attention, [sort, pk, sk]) => {
                Self { sort: sort.clone(), key: Key::new(pk.as_str(), sk.as_str()) }
            }
            (Index::Primary | Index::Due | Index::Lists | Index::Attention, _) => {
                return Err(TableError::CursorInvalid);
            }
        };
        let is_sort_value = (1..=SORT_KEY_BYTES_MAX).contains(&place.sort.len());
        if is_sort_value && may_exist(&place.key) && is_within(&query.range, &place.sort) {
            Ok(place)
        } else {
            Err(TableError::CursorInvalid)
        }
    }
}

fn parts_of(cursor: &Cursor) -> Option<Vec<String>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(&cursor.0).ok()?).ok()
}

fn is_within(range: &Range, sort: &str) -> bool {
    match range {
        Range::All => true,
        Range::BeginsWith(text) => sort.starts_with(text),
        Range::Between(from, to) => from.as_str() <= sort && sort <= to.as_str(),
        Range::AtMost(to) => sort <= to.as_str(),
    }
}

fn defect(key: &Key, reason: &str) -> TableError {
    TableError::Defect(format!("item {} {} {reason}", key.pk, key.sk))
}
