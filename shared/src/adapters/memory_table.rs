//! The table in memory, for the deterministic simulation and fast tests. It passes the same contract suite as DynamoDB.
//!
//! One mutex makes every write atomic and every read consistent, the indexes included (the service's lag behind). Nothing expires
//! by itself: on the service cleaning is late by up to days, so nobody may count on it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde_json::Value;

use crate::adapters::table_item::{
    PAGE_BYTES_MAX, PK, Place, SK, add_size, holds, item_bytes, key_names, refuse_empty, refuse_unreadable,
    refuse_unwritable, stored_item,
};
use crate::ports::table::{Attributes, Change, Condition, Index, Key, Order, Page, Query, Range, Table, TableError};

/// A whole table in memory.
#[derive(Debug, Default)]
pub struct MemoryTable {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    partitions: HashMap<String, BTreeMap<String, Arc<Stored>>>,
    due: SparseIndex,
    lists: SparseIndex,
}

/// Index partition to the sort values and keys of its items.
type SparseIndex = HashMap<String, BTreeSet<(String, Key)>>;

#[derive(Debug)]
struct Stored {
    attributes: Attributes,
    bytes: usize,
}

/// What a change does once all conditions hold.
enum Effect {
    Put(Key, Stored),
    Delete(Key),
}

impl MemoryTable {
    pub fn new() -> Self {
        Self::default()
    }

    /// Every item, ordered by key: for auditors that recompute the world, and for comparing two runs.
    pub fn dump(&self) -> Vec<Attributes> {
        let state = self.locked();
        let mut partitions: Vec<_> = state.partitions.iter().collect();
        partitions.sort_by_key(|(pk, _)| pk.as_str());
        partitions.into_iter().flat_map(|(_, items)| items.values().map(|item| item.attributes.clone())).collect()
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        // A panic while the lock was held can only have happened between whole writes: the effects below cannot fail.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Table for MemoryTable {
    async fn get(&self, key: &Key) -> Result<Option<Attributes>, TableError> {
        refuse_empty(key)?;
        Ok(self.locked().item(key).map(|item| item.attributes.clone()))
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        refuse_unreadable(query)?;
        let start = query.start_after.as_ref().map(|cursor| Place::from_cursor(cursor, query)).transpose()?;
        let state = self.locked();
        Ok(match query.index {
            Index::Primary => state.primary_page(query, start),
            Index::Due => index_page(&state.due, query, start),
            Index::Lists => index_page(&state.lists, query, start),
        })
    }

    async fn write(&self, changes: Vec<Change>) -> Result<(), TableError> {
        refuse_unwritable(&changes)?;
        let mut conditions = Vec::with_capacity(changes.len());
        let mut effects = Vec::with_capacity(changes.len());
        let mut write_bytes = 0;
        for change in changes {
            conditions.push(match change {
                Change::Put { key, attributes, indexing, condition } => {
                    let attributes = stored_item(&key, attributes, &indexing)?;
                    write_bytes = add_size(&key, &attributes, write_bytes)?;
                    let bytes = item_bytes(&attributes);
                    effects.push(Effect::Put(key.clone(), Stored { attributes, bytes }));
                    (key, condition)
                }
                Change::Delete { key, condition } => {
                    effects.push(Effect::Delete(key.clone()));
                    (key, condition)
                }
                Change::Check { key, condition } => (key, condition),
            });
        }
        let mut state = self.locked();
        state.refuse_unmet(conditions)?;
        for effect in effects {
            state.apply(effect);
        }
        Ok(())
    }
}

impl State {
    fn item(&self, key: &Key) -> Option<&Arc<Stored>> {
        self.partitions.get(&key.pk)?.get(&key.sk)
    }

    fn refuse_unmet(&self, conditions: Vec<(Key, Condition)>) -> Result<(), TableError> {
        for (key, condition) in conditions {
            let existing = self.item(&key).map(|item| &item.attributes);
            if !holds(&condition, existing) {
                let existing = existing.cloned().map(Box::new);
                return Err(TableError::ConditionFailed { key, existing });
            }
        }
        Ok(())
    }

    fn apply(&mut self, effect: Effect) {
        match effect {
            Effect::Put(key, stored) => {
                self.unindex(&key);
                for (index, places) in [(Index::Due, &mut self.due), (Index::Lists, &mut self.lists)] {
                    if let Some((pk, sort)) = index_key(index, &stored.attributes) {
                        places.entry(pk.to_owned()).or_default().insert((sort.to_owned(), key.clone()));
                    }
                }
                self.partitions.entry(key.pk).or_default().insert(key.sk, Arc::new(stored));
            }
            Effect::Delete(key) => {
                self.unindex(&key);
                if let Some(items) = self.partitions.get_mut(&key.pk) {
                    items.remove(&key.sk);
                    if items.is_empty() {
                        self.partitions.remove(&key.pk);
                    }
                }
            }
        }
    }

    fn unindex(&mut self, key: &Key) {
        let Some(old) = self.item(key).cloned() else { return };
        for (index, places) in [(Index::Due, &mut self.due), (Index::Lists, &mut self.lists)] {
            let Some((pk, sort)) = index_key(index, &old.attributes) else { continue };
            if let Some(entries) = places.get_mut(pk) {
                entries.remove(&(sort.to_owned(), key.clone()));
                if entries.is_empty() {
                    places.remove(pk);
                }
            }
        }
    }

    fn primary_page(&self, query: &Query, start: Option<Place>) -> Page {
        let Some(items) = self.partitions.get(&query.pk) else { return Page::default() };
        let bounds = bounds(query, start.map(|place| place.sort), |sort| sort);
        if is_empty(&bounds) {
            return Page::default();
        }
        let found = items
            .range::<String, _>(bounds)
            .map(|(sort, item)| (Place { sort: sort.clone(), key: Key::new(query.pk.as_str(), sort.as_str()) }, item));
        match query.order {
            Order::Ascending => page(query, found, |_, item| (item.attributes.clone(), item.bytes)),
            Order::Descending => page(query, found.rev(), |_, item| (item.attributes.clone(), item.bytes)),
        }
    }
}

fn index_page(index: &SparseIndex, query: &Query, start: Option<Place>) -> Page {
    let Some(entries) = index.get(&query.pk) else { return Page::default() };
    // Between two entries of one sort value there is no key to name: the end of a range is cut by the sort value below.
    let bounds = bounds(query, start.map(|place| (place.sort, place.key)), |sort| (sort, Key::new("", "")));
    if is_empty(&bounds) {
        return Page::default();
    }
    let found = entries.range(bounds).map(|(sort, key)| (Place { sort: sort.clone(), key: key.clone() }, ()));
    let keys_only = |place: &Place, (): ()| {
        let item = keys_of(query, place);
        let bytes = item_bytes(&item);
        (item, bytes)
    };
    match query.order {
        Order::Ascending => page(query, found, keys_only),
        Order::Descending => page(query, found.rev(), keys_only),
    }
}

/// The indexes project keys only: an item's own and those of the index.
fn keys_of(query: &Query, place: &Place) -> Attributes {
    let (pk_name, sk_name) = key_names(query.index);
    [(PK, &place.key.pk), (SK, &place.key.sk), (pk_name, &query.pk), (sk_name, &place.sort)]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::from(value.as_str())))
        .collect()
}

/// Bounds of the map range that holds the query's range after its starting place.
fn bounds<T: Ord>(query: &Query, start: Option<T>, at: impl Fn(String) -> T) -> (Bound<T>, Bound<T>) {
    let (low, high) = match &query.range {
        Range::All => (Bound::Unbounded, Bound::Unbounded),
        Range::BeginsWith(text) => (
            Bound::Included(at(text.clone())),
            after_prefix(text).map_or(Bound::Unbounded, |end| Bound::Excluded(at(end))),
        ),
        Range::Between(from, to) => (Bound::Included(at(from.clone())), Bound::Excluded(at(successor(to)))),
        Range::AtMost(to) => (Bound::Unbounded, Bound::Excluded(at(successor(to)))),
    };
    match (start, query.order) {
        (None, _) => (low, high),
        (Some(start), Order::Ascending) => (later(low, start), high),
        (Some(start), Order::Descending) => (low, earlier(high, start)),
    }
}

fn later<T: Ord>(low: Bound<T>, start: T) -> Bound<T> {
    match low {
        Bound::Included(low) if low > start => Bound::Included(low),
        Bound::Included(_) | Bound::Excluded(_) | Bound::Unbounded => Bound::Excluded(start),
    }
}

fn earlier<T: Ord>(high: Bound<T>, start: T) -> Bound<T> {
    match high {
        Bound::Excluded(high) if high < start => Bound::Excluded(high),
        Bound::Included(_) | Bound::Excluded(_) | Bound::Unbounded => Bound::Excluded(start),
    }
}

/// The least text above `text`: there is nothing between a text and itself with a NUL.
fn successor(text: &str) -> String {
    format!("{text}\0")
}

/// The least text above everything that begins with `prefix`; none where the prefix is made of the last character alone.
fn after_prefix(prefix: &str) -> Option<String> {
    let (position, last) = prefix.char_indices().next_back()?;
    let before = prefix.get(..position)?;
    // Between U+D7FF and U+E000 there are no characters.
    let next = if last == '\u{D7FF}' { Some('\u{E000}') } else { char::from_u32(u32::from(last).saturating_add(1)) };
    match next {
        Some(next) => Some(format!("{before}{next}")),
        None => after_prefix(before),
    }
}

/// A map range that ends before it begins would panic.
fn is_empty<T: Ord>(bounds: &(Bound<T>, Bound<T>)) -> bool {
    match bounds {
        (Bound::Included(low) | Bound::Excluded(low), Bound::Excluded(high) | Bound::Included(high)) => low >= high,
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
    }
}

/// Fills one page as the service does: it stops at the item limit without looking whether anything follows, and at 1 MB.
fn page<I>(
    query: &Query,
    found: impl Iterator<Item = (Place, I)>,
    project: impl Fn(&Place, I) -> (Attributes, usize),
) -> Page {
    let items_max = query.page_items.and_then(|items| usize::try_from(items).ok()).unwrap_or(usize::MAX);
    let mut page = Page::default();
    let mut page_bytes = 0_usize;
    let mut last: Option<Place> = None;
    for (place, item) in found {
        let (attributes, bytes) = project(&place, item);
        page_bytes = page_bytes.saturating_add(bytes);
        if page_bytes > PAGE_BYTES_MAX && last.is_some() {
            page.next = last.map(|place| place.to_cursor(query.index));
            return page;
        }
        page.items.push(attributes);
        last = Some(place);
        if page.items.len() >= items_max {
            page.next = last.map(|place| place.to_cursor(query.index));
            return page;
        }
    }
    page
}

fn index_key(index: Index, item: &Attributes) -> Option<(&str, &str)> {
    let (pk_name, sk_name) = key_names(index);
    Some((item.get(pk_name)?.as_str()?, item.get(sk_name)?.as_str()?))
}
