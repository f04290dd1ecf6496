//! The one table, as a port: get, query and write.
//!
//! Guarantees: a write of one item is one conditional request; a write of several is one transaction, all or nothing. Every put
//! replaces the whole item under a typed condition. A condition that fails because our own retried request had already won is
//! recognized by the item's `writer` and answered as success. Limits: 100 items and 4 MB in one write, 400 KB in one item, and each
//! key once per write. A write of no changes does nothing.

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Attributes of an item by name, its keys included (`pk`, `sk`, and where indexed `due_pk`, `due_sk`, `lists_pk`, `lists_sk`,
/// `attention_pk`, `attention_sk`).
/// Every item has a whole-number `version`. Numbers are integers; money is text with two decimals.
pub type Attributes = Map<String, Value>;

/// The primary key of an item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    pub pk: String,
    pub sk: String,
}

impl Key {
    pub fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }
}

/// Where a put may be indexed, and when it may be cleaned away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Indexing {
    /// Partition and sort value in the index `due`.
    pub due: Option<(String, String)>,
    /// Partition and sort value in the index `lists`.
    pub lists: Option<(String, String)>,
    /// Partition and sort value in the index `attention`: while it waits for a person.
    pub attention: Option<(String, String)>,
    /// Seconds since 1970 after which the service may delete the item. Only cleaning: expiry is always compared in the condition.
    pub expires_at: Option<i64>,
}

/// What must hold for a put or delete to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// No item has this key.
    Absent,
    /// No item has this key, or its `expires_at` is at or before the given second.
    AbsentOrExpired { now_seconds: i64 },
    /// The item exists with this `version`.
    VersionIs(u64),
    /// The item exists and its `state` is one of these.
    StateIn(Vec<String>),
    /// None. Only for what may be overwritten at any time: caches and marks.
    Always,
}

/// One change of a write.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    Put {
        key: Key,
        attributes: Attributes,
        indexing: Indexing,
        condition: Condition,
    },
    Delete {
        key: Key,
        condition: Condition,
    },
    /// Holds the whole write back unless the condition holds; changes nothing.
    Check {
        key: Key,
        condition: Condition,
    },
}

impl Change {
    pub fn key(&self) -> &Key {
        match self {
            Change::Put { key, .. } | Change::Delete { key, .. } | Change::Check { key, .. } => key,
        }
    }
}

/// Which partition to read, how far, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    pub index: Index,
    pub pk: String,
    pub range: Range,
    pub order: Order,
    /// Items per page at most; the service may answer fewer (1 MB a page).
    /// A page that is cut by this number has a `next` even where nothing follows.
    pub page_items: Option<u32>,
    /// Continue after this place, as a page answered it.
    pub start_after: Option<Cursor>,
}

/// The primary index reads consistently and answers whole items. The others are for showing and finding, never for deciding:
/// they lag, and answer keys only (`pk`, `sk` and the index's own two); read each item by its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    Primary,
    Due,
    Lists,
    Attention,
}

impl Index {
    /// Those beside the primary one.
    pub const SECONDARY: [Index; 3] = [Index::Due, Index::Lists, Index::Attention];
}

/// A part of a partition by its sort value (`sk`, `due_sk`, `lists_sk` or `attention_sk`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Range {
    All,
    BeginsWith(String),
    /// Both ends included.
    Between(String, String),
    AtMost(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Ascending,
    Descending,
}

/// A place in a query, opaque to everyone but the table that answered it. Safe to hand to a caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor(pub String);

/// One page of a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    pub items: Vec<Attributes>,
    pub next: Option<Cursor>,
}

/// Why a read or write did not happen.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The condition of the named change did not hold. Final for this write: read again and decide again.
    #[error("the condition on {} {} did not hold", key.pk, key.sk)]
    ConditionFailed { key: Key, existing: Option<Box<Attributes>> },
    /// Throttled, in conflict with another write, or out of reach; the write may or may not have happened. Retry.
    #[error("the table cannot be reached or is busy: {0}")]
    Unavailable(String),
    /// The place to go on from is not one that this query answers: whoever handed it in made it up, or took it from another list.
    #[error("the cursor is not one that this query answers: start from the first page")]
    CursorInvalid,
    /// The request itself is wrong, or an item cannot be read. A defect: retrying does not help.
    #[error("the table refused: {0}")]
    Defect(String),
}

/// The table. One small port: everything the system keeps goes through it.
#[async_trait]
pub trait Table: Send + Sync + std::fmt::Debug {
    /// One item, read consistently.
    async fn get(&self, key: &Key) -> Result<Option<Attributes>, TableError>;

    /// One page. The primary index is read consistently.
    async fn query(&self, query: &Query) -> Result<Page, TableError>;

    /// One change is one conditional request; several are one transaction.
    async fn write(&self, changes: Vec<Change>) -> Result<(), TableError>;
}

impl Query {
    pub fn primary(pk: impl Into<String>) -> Self {
        Self {
            index: Index::Primary,
            pk: pk.into(),
            range: Range::All,
            order: Order::Ascending,
            page_items: None,
            start_after: None,
        }
    }
}

/// Reads a stored item as its type. A failure names the key: the item was written by another version or by hand.
pub fn decode<T: DeserializeOwned>(attributes: Attributes) -> Result<T, TableError> {
    let name = |field: &str| attributes.get(field).and_then(Value::as_str).unwrap_or("?").to_owned();
    let place = format!("{} {}", name("pk"), name("sk"));
    serde_json::from_value(Value::Object(attributes))
        .map_err(|cause| TableError::Defect(format!("item {place} cannot be read: {cause}")))
}

/// A type as stored attributes. Fails only for a type that is not a map with text keys.
pub fn encode<T: Serialize>(value: &T) -> Result<Attributes, TableError> {
    match serde_json::to_value(value) {
        Ok(Value::Object(attributes)) => Ok(attributes),
        Ok(_) => Err(TableError::Defect("only a structure can be stored as an item".to_owned())),
        Err(cause) => Err(TableError::Defect(format!("an item cannot be written: {cause}"))),
    }
}
