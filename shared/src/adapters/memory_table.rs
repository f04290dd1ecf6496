//! The table in memory, for the deterministic simulation and fast tests. It passes the same contract suite as DynamoDB.
//!
//! One mutex makes every write atomic and every read consistent, the indexes included (the service's lag behind). Nothing expires
//! by itself: on the service cleaning is late by up to days, so nobody may count on it.
//!
//! Items are kept as JSON text: the tree that callers see takes several times the memory, and a batch of a million payments is
//! millions of items. A get or query writes the tree anew, outside of the mutex.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde_json::Value;

use crate::adapters::table_item::{
    PAGE_BYTES_MAX, PK, Place, SK, VERSION, add_size, holds, item_bytes, key_names, may_be_partition, may_exist,
    refuse_empty, refuse_unreadable, refuse_unwritable, stored_item,
};
use crate::ports::table::{
    Attributes, Change, Condition, Cursor, Index, Key, Order, Page, Query, Range, Table, TableError, decode,
};

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
    attention: SparseIndex,
}

/// Index partition to the sort values and keys of its items.
type SparseIndex = HashMap<String, BTreeSet<(String, Key)>>;

/// One item.
#[derive(Debug)]
struct Stored {
    /// The attributes without `pk` and `sk`, which the maps hold.
    json: Box<str>,
    /// As the service counts them, `pk` and `sk` included.
    bytes: usize,
    /// Most conditions ask for it: they need no tree.
    version: Option<u64>,
    /// Where the item stands in the indexes; of most items nowhere.
    places: Option<Box<IndexPlaces>>,
}

/// Partition and sort value in each index.
#[derive(Debug)]
struct IndexPlaces {
    due: Option<(String, String)>,
    lists: Option<(String, String)>,
    attention: Option<(String, String)>,
}

impl IndexPlaces {
    /// In the order of `Index::SECONDARY`.
    fn all(&self) -> [Option<&(String, String)>; 3] {
        [self.due.as_ref(), self.lists.as_ref(), self.attention.as_ref()]
    }
}

/// What a change does once all conditions hold.
enum Effect {
    Put(Key, Stored),
    Delete(Key),
}

impl Stored {
    fn new(key: &Key, mut attributes: Attributes) -> Result<Self, TableError> {
        let bytes = item_bytes(&attributes);
        let version = attributes.get(VERSION).and_then(Value::as_u64);
        let places = Index::SECONDARY.map(|index| index_key(index, &attributes));
        let [due, lists, attention] = places.map(|place| place.map(|(pk, sort)| (pk.to_owned(), sort.to_owned())));
        let is_indexed = due.is_some() || lists.is_some() || attention.is_some();
        attributes.remove(PK);
        attributes.remove(SK);
        let json = serde_json::to_string(&attributes).map_err(|cause| unkept(key, &cause))?;
        let places = is_indexed.then(|| Box::new(IndexPlaces { due, lists, attention }));
        Ok(Self { json: json.into(), bytes, version, places })
    }

    /// The item's places, each with its index, of those given in the order of `Index::SECONDARY`.
    fn places_in<I>(&self, indexes: [I; 3]) -> impl Iterator<Item = (&(String, String), I)> {
        let places = self.places.as_deref().map_or([None; 3], IndexPlaces::all);
        places.into_iter().zip(indexes).filter_map(|(place, index)| Some((place?, index)))
    }

    /// The item as it was put under this key.
    fn attributes(&self, key: &Key) -> Result<Attributes, TableError> {
        let mut attributes: Attributes = serde_json::from_str(&self.json).map_err(|cause| unkept(key, &cause))?;
        attributes.insert(PK.to_owned(), Value::from(key.pk.as_str()));
        attributes.insert(SK.to_owned(), Value::from(key.sk.as_str()));
        Ok(attributes)
    }
}

/// Texts, whole numbers and their containers can all be written as JSON and read again.
fn unkept(key: &Key, cause: &serde_json::Error) -> TableError {
    TableError::Defect(format!("item {} {} cannot be kept as JSON: {cause}", key.pk, key.sk))
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
        let keyed = |(pk, items): (&String, &BTreeMap<String, Arc<Stored>>)| -> Vec<Attributes> {
            // What cannot be read, which no write leaves behind, shows as an item without its keys.
            items.iter().map(|(sk, item)| item.attributes(&Key::new(pk, sk)).unwrap_or_default()).collect()
        };
        partitions.into_iter().flat_map(keyed).collect()
    }

    /// Becomes what a dump holds, as a table that is restored from a backup.
    pub fn restore(&self, dump: Vec<Attributes>) -> Result<(), TableError> {
        let mut restored = State::default();
        for attributes in dump {
            let key: Key = decode(attributes.clone())?;
            let stored = Stored::new(&key, attributes)?;
            restored.apply(Effect::Put(key, stored));
        }
        *self.locked() = restored;
        Ok(())
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
        if !may_exist(key) {
            return Ok(None);
        }
        let stored = self.locked().item(key).cloned();
        stored.map(|item| item.attributes(key)).transpose()
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        refuse_unreadable(query)?;
        if !may_be_partition(&query.pk) {
            return Ok(Page::default());
        }
        let start = query.start_after.as_ref().map(|cursor| Place::from_cursor(cursor, query)).transpose()?;
        let found = match query.index {
            Index::Primary => self.locked().primary_page(query, start),
            Index::Due => return Ok(index_page(&self.locked().due, query, start)),
            Index::Lists => return Ok(index_page(&self.locked().lists, query, start)),
            Index::Attention => return Ok(index_page(&self.locked().attention, query, start)),
        };
        let items = found.items.iter().map(|(key, item)| item.attributes(key)).collect::<Result<_, _>>()?;
        Ok(Page { items, next: found.next })
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
                    effects.push(Effect::Put(key.clone(), Stored::new(&key, attributes)?));
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
            let existing = match (self.item(&key), &condition) {
                (Some(item), Condition::VersionIs(version)) if item.version == Some(*version) => continue,
                (None, _) | (Some(_), Condition::Always) => None,
                (Some(item), _) => Some(item.attributes(&key)?),
            };
            if !holds(&condition, existing.as_ref()) {
                return Err(TableError::ConditionFailed { key, existing: existing.map(Box::new) });
            }
        }
        Ok(())
    }

    fn apply(&mut self, effect: Effect) {
        match effect {
            Effect::Put(key, stored) => {
                self.unindex(&key);
                for ((pk, sort), index) in stored.places_in([&mut self.due, &mut self.lists, &mut self.attention]) {
                    index.entry(pk.clone()).or_default().insert((sort.clone(), key.clone()));
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
        for ((pk, sort), index) in old.places_in([&mut self.due, &mut self.lists, &mut self.attention]) {
            if let Some(entries) = index.get_mut(pk) {
                entries.remove(&(sort.clone(), key.clone()));
                if entries.is_empty() {
                    index.remove(pk);
                }
            }
        }
    }

    fn primary_page(&self, query: &Query, start: Option<Place>) -> Cut<(Key, Arc<Stored>)> {
        let Some(items) = self.partitions.get(&query.pk) else { return Cut::default() };
        let bounds = bounds(query, start.map(|place| place.sort), |sort| sort);
        if is_empty(&bounds) {
            return Cut::default();
        }
        let found = items
            .range::<String, _>(bounds)
            .map(|(sort, item)| (Place { sort: sort.clone(), key: Key::new(query.pk.as_str(), sort.as_str()) }, item));
        let keyed = |place: &Place, item: &Arc<Stored>| ((place.key.clone(), item.clone()), item.bytes);
        match query.order {
            Order::Ascending => cut(query, found, keyed),
            Order::Descending => cut(query, found.rev(), keyed),
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
    let Cut { items, next } = match query.order {
        Order::Ascending => cut(query, found, keys_only),
        Order::Descending => cut(query, found.rev(), keys_only),
    };
    Page { items, next }
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

/// What one page holds, and where the next one begins.
struct Cut<T> {
    items: Vec<T>,
    next: Option<Cursor>,
}

impl<T> Default for Cut<T> {
    fn default() -> Self {
        Self { items: Vec::new(), next: None }
    }
}

/// Fills one page as the service does: it stops at the item limit without looking whether anything follows, and at 1 MB.
fn cut<I, T>(
    query: &Query,
    found: impl Iterator<Item = (Place, I)>,
    project: impl Fn(&Place, I) -> (T, usize),
) -> Cut<T> {
    let items_max = query.page_items.and_then(|items| usize::try_from(items).ok()).unwrap_or(usize::MAX);
    let mut page = Cut::default();
    let mut page_bytes = 0_usize;
    let mut last: Option<Place> = None;
    for (place, item) in found {
        let (projected, bytes) = project(&place, item);
        page_bytes = page_bytes.saturating_add(bytes);
        if page_bytes > PAGE_BYTES_MAX && last.is_some() {
            page.next = last.map(|place| place.to_cursor(query.index));
            return page;
        }
        page.items.push(projected);
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
