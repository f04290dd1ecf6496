//! Who did what to which thing when: append-only. By day in a few partitions, where each actor has one; by thing in the index `lists`.

use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::keys;
use crate::ports::table::{
    Attributes, Change, Condition, Cursor, Index, Indexing, Key, Order, Query, Range, Table, TableError, decode, encode,
};

/// Days that one page looks through; it may hold fewer entries than asked for and not be the last.
const DAYS_PER_PAGE: usize = 31;

/// Entries of a page read at once.
const READS_AT_ONCE: usize = 16;

/// Sorts after every key of the day or moment that it is put behind.
const AFTER_ALL: char = '~';

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuditEntry {
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The caller's subject; a person's id where they did it to what is theirs.
    pub actor: String,
    /// What was done: `approve_batch`, `pause_source`, `cancel_payment` …
    pub action: String,
    /// The id of the thing it was done to.
    pub subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The put of an entry, for the write of the action itself. `nonce` keeps two actions of one moment apart.
pub fn put(entry: &AuditEntry, nonce: u64) -> Result<Change, TableError> {
    let key = keys::audit(entry.at, &entry.actor, nonce);
    let listed = (keys::list_of_audited(&entry.subject), key.sk.clone());
    Ok(Change::Put {
        key,
        attributes: encode(entry)?,
        indexing: Indexing { lists: Some(listed), ..Indexing::default() },
        condition: Condition::Absent,
    })
}

/// Days in UTC, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    pub first: Date,
    pub last: Date,
}

/// A page of entries, oldest first, and where the next begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entries<P> {
    pub entries: Vec<AuditEntry>,
    pub next: Option<P>,
}

/// Where the next page goes on: a day, and the entry of it after which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    pub day: Date,
    pub after: Option<String>,
}

/// What was done in some days, by everybody or by one actor.
pub async fn of_days(
    table: &dyn Table,
    days: Days,
    actor: Option<&str>,
    from: Option<Resume>,
    most: usize,
) -> Result<Entries<Resume>, TableError> {
    let shards: Vec<u8> = match actor {
        Some(actor) => vec![keys::audit_shard(actor)],
        None => (0..keys::AUDIT_SHARDS).collect(),
    };
    let mut entries = Vec::new();
    let mut place = from.unwrap_or(Resume { day: days.first, after: None });
    for _ in 0..DAYS_PER_PAGE {
        if place.day > days.last {
            return Ok(Entries { entries, next: None });
        }
        let room = most.saturating_sub(entries.len());
        let reads: Vec<_> = shards
            .iter()
            .map(|shard| of_shard(table, keys::audit_day(place.day, *shard), place.after.as_deref(), actor, room))
            .collect();
        let found: Vec<Vec<(String, AuditEntry)>> = stream::iter(reads).buffered(shards.len()).try_collect().await?;
        // The first of all shards together are among the first of each.
        let mut found: Vec<(String, AuditEntry)> = found.into_iter().flatten().collect();
        found.sort_by(|(left, _), (right, _)| left.cmp(right));
        found.truncate(room);
        let last = found.last().filter(|_| found.len() == room).map(|(key, _)| key.clone());
        entries.extend(found.into_iter().map(|(_, entry)| entry));
        if last.is_some() {
            return Ok(Entries { entries, next: Some(Resume { after: last, ..place }) });
        }
        let Ok(day) = place.day.tomorrow() else { return Ok(Entries { entries, next: None }) };
        place = Resume { day, after: None };
    }
    Ok(Entries { entries, next: Some(place).filter(|place| place.day <= days.last) })
}

/// Up to `room` entries of one shard of a day, each with its sort key.
async fn of_shard(
    table: &dyn Table,
    partition: String,
    after: Option<&str>,
    actor: Option<&str>,
    room: usize,
) -> Result<Vec<(String, AuditEntry)>, TableError> {
    let range = after.map_or(Range::All, |after| Range::Between(after.to_owned(), AFTER_ALL.to_string()));
    // One more than wanted: the entry after which it goes on comes again.
    let page_items = actor.is_none().then(|| u32::try_from(room).unwrap_or(u32::MAX).saturating_add(1));
    let mut query = Query { range, page_items, ..Query::primary(partition) };
    let mut found = Vec::new();
    loop {
        let page = table.query(&query).await?;
        for item in page.items {
            let (key, entry) = read(item)?;
            let is_new = Some(key.sk.as_str()) != after;
            if is_new && found.len() < room && actor.is_none_or(|actor| actor == entry.actor) {
                found.push((key.sk, entry));
            }
        }
        match page.next {
            Some(next) if found.len() < room => query.start_after = Some(next),
            Some(_) | None => return Ok(found),
        }
    }
}

fn read(item: Attributes) -> Result<(Key, AuditEntry), TableError> {
    Ok((decode(item.clone())?, decode(item)?))
}

/// What was done to one thing, ever or in some days, by everybody or by one actor. From the index, which lags a moment.
pub async fn of_subject(
    table: &dyn Table,
    subject: &str,
    days: Option<Days>,
    actor: Option<&str>,
    after: Option<Cursor>,
    most: u32,
) -> Result<Entries<Cursor>, TableError> {
    let range =
        days.map_or(Range::All, |days| Range::Between(days.first.to_string(), format!("{}{AFTER_ALL}", days.last)));
    let query = Query {
        index: Index::Lists,
        pk: keys::list_of_audited(subject),
        range,
        order: Order::Ascending,
        page_items: Some(most),
        start_after: after,
    };
    let page = table.query(&query).await?;
    let keys = page.items.into_iter().map(decode::<Key>).collect::<Result<Vec<_>, _>>()?;
    let reads: Vec<_> = keys.iter().map(|key| table.get(key)).collect();
    let found: Vec<Option<Attributes>> = stream::iter(reads).buffered(READS_AT_ONCE).try_collect().await?;
    let entries = found.into_iter().flatten().map(decode).collect::<Result<Vec<AuditEntry>, _>>()?;
    let is_wanted = |entry: &AuditEntry| actor.is_none_or(|actor| actor == entry.actor);
    Ok(Entries { entries: entries.into_iter().filter(is_wanted).collect(), next: page.next })
}
