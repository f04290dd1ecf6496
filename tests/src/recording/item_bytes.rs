//! How large an item is, by DynamoDB's own rules: names and texts in UTF-8, a byte per two digits of a number and one more, one for a
//! flag, three for a list or map and one for each of its elements.

use serde_json::Value;
use shared::ports::table::{Attributes, Change, Condition};

use super::{Written, WrittenItem};

/// The `writer` that the adapter adds to every put: its name and 32 digits.
const WRITER_BYTES: u64 = 38;

/// An item as it was read.
pub(super) fn stored(item: &Attributes) -> u64 {
    WRITER_BYTES + of(item)
}

fn of(item: &Attributes) -> u64 {
    item.iter().map(|(name, value)| name.len() as u64 + of_value(value)).sum()
}

fn of_value(value: &Value) -> u64 {
    match value {
        Value::Null | Value::Bool(_) => 1,
        Value::Number(number) => number.to_string().len().div_ceil(2) as u64 + 1,
        Value::String(text) => text.len() as u64,
        Value::Array(values) => 3 + values.iter().map(|value| 1 + of_value(value)).sum::<u64>(),
        Value::Object(entries) => 3 + entries.len() as u64 + of(entries),
    }
}

/// An entry of an index: partition and sort value.
type Entry = Option<(String, String)>;

/// What a change costs over what is there now.
pub(super) fn written(change: &Change, existing: Option<&Attributes>) -> WrittenItem {
    let before = existing.map_or(0, stored);
    let (what, after, entries) = match change {
        Change::Put { attributes, indexing, .. } => {
            let entry_bytes =
                |entry: &Entry| entry.as_ref().map_or(0, |(pk, sk)| pk.len() as u64 + sk.len() as u64 + 18);
            let key_bytes = change.key().pk.len() as u64 + change.key().sk.len() as u64 + 4;
            let entries = [&indexing.due, &indexing.lists, &indexing.attention];
            let bytes = stored(attributes) + key_bytes + entries.into_iter().map(entry_bytes).sum::<u64>();
            (Written::Put, bytes, Some([indexing.due.clone(), indexing.lists.clone(), indexing.attention.clone()]))
        }
        Change::Delete { .. } => (Written::Deleted, 0, Some([None, None, None])),
        Change::Check { .. } => (Written::Checked, 0, None),
    };
    let index_writes = entries.map_or(0, |entries| {
        let changed = ["due", "lists", "attention"].into_iter().zip(entries);
        changed.map(|(index, entry)| entry_writes(entry_of(existing, index), entry)).sum()
    });
    let only_if_absent = matches!(change, Change::Put { condition: Condition::Absent, .. });
    WrittenItem { key: change.key().clone(), what, only_if_absent, bytes: before.max(after), index_writes }
}

fn entry_of(existing: Option<&Attributes>, index: &str) -> Entry {
    let text = |name: String| existing?.get(&name)?.as_str().map(str::to_owned);
    Some((text(format!("{index}_pk"))?, text(format!("{index}_sk"))?))
}

/// The indexes hold keys only: an entry is written where it comes or goes, twice where it moves, and not where it stays.
fn entry_writes(old: Entry, new: Entry) -> u64 {
    match (old, new) {
        (None, None) => 0,
        (Some(_), None) | (None, Some(_)) => 1,
        (Some(old), Some(new)) => 2 * u64::from(old != new),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn attributes(value: Value) -> Attributes {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn an_item_is_counted_as_the_service_says() {
        let item = attributes(json!({"pk": "A#1", "amount": 12_345, "gone": null, "list": ["ab"], "map": {"k": true}}));
        assert_eq!(of(&item), 5 + (6 + 4) + (4 + 1) + (4 + 3 + 1 + 2) + (3 + 3 + 1 + 1 + 1));
    }

    #[test]
    fn an_index_entry_is_paid_for_when_it_comes_moves_or_goes() {
        let entry = |sk: &str| Some(("DUE#1".to_owned(), sk.to_owned()));
        for (old, new, writes) in [
            (None, None, 0),
            (None, entry("a"), 1),
            (entry("a"), None, 1),
            (entry("a"), entry("a"), 0),
            (entry("a"), entry("b"), 2),
        ] {
            assert_eq!(entry_writes(old.clone(), new.clone()), writes, "{old:?} {new:?}");
        }
    }
}
