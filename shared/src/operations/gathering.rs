//! One page of a list of which only some items are shown: read on until the page is full, or enough was looked at.
//!
//! Guarantees: what is shown does not depend on how the pages are cut; a page is short only where the list ends, or where so much was
//! looked at that the next page goes on from there.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::lists::Listed;
use super::{OperationError, System};
use crate::ports::table::{Attributes, Cursor, Index, Key, Order, Query, Range, TableError, decode};
use crate::store::stored::{Stored, read};

/// Items that one page looks at.
const LOOKED_AT_MAX: usize = 2_000;

/// Items that are read in one go.
const RUN_ITEMS: u32 = 250;

/// Items of a run read at once.
const READS_AT_ONCE: usize = 16;

/// After every text that sorts.
pub(super) const LAST: &str = "\u{10ffff}";

/// The longest sort value of the table.
const PLACE_BYTES_MAX: usize = 1_024;

/// A place in a list: which part of it, and after which item of that part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub part: String,
    pub after: String,
}

impl Place {
    /// The place that a page of this list answered.
    pub(super) fn read(cursor: &Cursor, list: &str) -> Result<Self, TableError> {
        let bytes = URL_SAFE_NO_PAD.decode(&cursor.0).unwrap_or_default();
        let read: Option<[String; 3]> = serde_json::from_slice(&bytes).ok();
        let [of, part, after] = read.ok_or(TableError::CursorInvalid)?;
        let is_place = of == list && (1..=PLACE_BYTES_MAX).contains(&after.len()) && after.as_str() <= LAST;
        is_place.then_some(Self { part, after }).ok_or(TableError::CursorInvalid)
    }

    fn to_cursor(&self, list: &str) -> Cursor {
        Cursor(URL_SAFE_NO_PAD.encode(serde_json::json!([list, self.part, self.after]).to_string()))
    }
}

/// What of a list is on a page so far.
#[derive(Debug)]
pub(super) struct Gathering<T> {
    items: Vec<T>,
    most: usize,
    looked_at: usize,
    last: Option<Place>,
}

impl<T> Gathering<T> {
    pub(super) fn new(most: u32) -> Self {
        Self { items: Vec::new(), most: usize::try_from(most).unwrap_or(usize::MAX), looked_at: 0, last: None }
    }

    /// Looks at the next item of the list; nothing is there where it is not shown.
    pub(super) fn look(&mut self, place: Place, shown: Option<T>) {
        self.looked_at += 1;
        self.items.extend(shown);
        self.last = Some(place);
    }

    pub(super) fn is_over(&self) -> bool {
        self.items.len() >= self.most || self.looked_at >= LOOKED_AT_MAX
    }

    /// The page of a list that goes on.
    pub(super) fn cut(self, list: &str) -> Listed<T> {
        let next = self.last.map(|place| place.to_cursor(list));
        Listed { items: self.items, next }
    }

    /// The page with which the list ends.
    pub(super) fn end(self) -> Listed<T> {
        Listed { items: self.items, next: None }
    }
}

/// A list of the index, of which `shows` says what is shown. `order` is that of its places.
pub(super) struct Shown<'a, T> {
    pub list: &'a str,
    pub order: Order,
    pub shows: &'a (dyn Fn(&T) -> bool + Sync),
}

/// One page of a list of the index.
pub(super) async fn page<T: Stored + Send>(
    system: &System,
    shown: Shown<'_, T>,
    after: Option<Cursor>,
    most: u32,
) -> Result<Listed<T>, OperationError> {
    let after = after.map(|cursor| Place::read(&cursor, shown.list)).transpose()?;
    let mut gathering = Gathering::new(most);
    let mut query = Query {
        index: Index::Lists,
        range: after.as_ref().map_or(Range::All, |place| beyond(place, shown.order)),
        order: shown.order,
        page_items: Some(RUN_ITEMS.min(most.saturating_add(1))),
        ..Query::primary(shown.list)
    };
    loop {
        let run = system.table.query(&query).await?;
        for (sort, item) in read_run::<T>(system, run.items).await? {
            if after.as_ref().is_some_and(|place| place.after == sort) {
                continue;
            }
            if gathering.is_over() {
                return Ok(gathering.cut(shown.list));
            }
            let place = Place { part: String::new(), after: sort };
            gathering.look(place, item.filter(|item| (shown.shows)(item)));
        }
        match run.next {
            Some(_) if gathering.is_over() => return Ok(gathering.cut(shown.list)),
            Some(next) => query.start_after = Some(next),
            None => return Ok(gathering.end()),
        }
    }
}

/// What a place leaves to be read, with the item at the place itself.
fn beyond(place: &Place, order: Order) -> Range {
    match order {
        Order::Ascending => Range::Between(place.after.clone(), LAST.to_owned()),
        Order::Descending => Range::AtMost(place.after.clone()),
    }
}

/// The items of a run of the index, each with its sort value there. One that is gone since is named without an item.
pub(super) async fn read_run<T: Stored + Send>(
    system: &System,
    run: Vec<Attributes>,
) -> Result<Vec<(String, Option<T>)>, OperationError> {
    let entries = run.into_iter().map(|item| entry(item, "lists_sk")).collect::<Result<Vec<_>, _>>()?;
    let reads = entries.into_iter().map(|(sort, key)| async move {
        let item = read::<T>(&*system.table, &key).await?;
        Ok::<_, OperationError>((sort, item))
    });
    stream::iter(reads.collect::<Vec<_>>()).buffered(READS_AT_ONCE).try_collect().await
}

/// An entry of the index: its sort value there, and the key of its item.
pub(super) fn entry(attributes: Attributes, sort_name: &str) -> Result<(String, Key), TableError> {
    let sort = attributes.get(sort_name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    Ok((sort, decode(attributes)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(after: &str) -> Place {
        Place { part: "3".to_owned(), after: after.to_owned() }
    }

    #[test]
    fn a_cursor_leads_back_to_its_place_in_its_list_alone() {
        let cursor = place("2026-03-02#bat_1").to_cursor("BATCHES");
        assert_eq!(Place::read(&cursor, "BATCHES").unwrap(), place("2026-03-02#bat_1"));
        assert!(matches!(Place::read(&cursor, "BILLERS"), Err(TableError::CursorInvalid)));
    }

    #[test]
    fn a_page_is_over_when_it_is_full_or_enough_was_looked_at() {
        let mut full = Gathering::new(2);
        for number in 0..3 {
            assert_eq!(full.is_over(), number > 2);
            full.look(place(&number.to_string()), (number > 0).then_some(number));
        }
        let page = full.cut("list");
        assert_eq!((page.items, page.next), (vec![1, 2], Some(place("2").to_cursor("list"))));

        let mut barren: Gathering<u8> = Gathering::new(2);
        while !barren.is_over() {
            barren.look(place("x"), None);
        }
        assert_eq!((barren.looked_at, barren.end()), (LOOKED_AT_MAX, Listed { items: Vec::new(), next: None }));
    }
}
