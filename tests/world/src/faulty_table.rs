//! The table in memory, with faults on single items.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use shared::adapters::memory_table::MemoryTable;
use shared::ports::table::{Attributes, Change, Key, Page, Query, Table, TableError};

/// What happens when an item is next read, and for one that is out of reach, written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A defect of ours: every read panics.
    Panic,
    /// Out of reach, every time: neither read nor written.
    Unavailable,
    /// Cannot be read, every time.
    Defect,
    /// Changed meanwhile by somebody else, once.
    ConflictOnce,
}

/// A table that fails where it is told to.
#[derive(Debug)]
pub struct FaultyTable {
    inner: MemoryTable,
    faults: Mutex<HashMap<Key, Fault>>,
}

impl FaultyTable {
    pub fn new(inner: MemoryTable) -> Self {
        Self { inner, faults: Mutex::default() }
    }

    /// Reads of `key` fail from now on.
    pub fn fail(&self, key: Key, fault: Fault) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).insert(key, fault);
    }

    /// All reads succeed again.
    pub fn heal(&self) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Every item, ordered by key.
    pub fn dump(&self) -> Vec<Attributes> {
        self.inner.dump()
    }

    fn fault(&self, key: &Key) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        match faults.get(key) {
            Some(Fault::ConflictOnce) => faults.remove(key),
            other => other.copied(),
        }
    }

    fn is_out_of_reach(&self, key: &Key) -> bool {
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.get(key) == Some(&Fault::Unavailable)
    }
}

#[async_trait]
impl Table for FaultyTable {
    #[expect(clippy::panic, reason = "the fault that a story asks for")]
    async fn get(&self, key: &Key) -> Result<Option<Attributes>, TableError> {
        match self.fault(key) {
            None => self.inner.get(key).await,
            Some(Fault::Panic) => panic!("a defect, as the story asks for"),
            Some(Fault::Unavailable) => Err(TableError::Unavailable("as the story asks for".to_owned())),
            Some(Fault::Defect) => Err(TableError::Defect("as the story asks for".to_owned())),
            Some(Fault::ConflictOnce) => Err(TableError::ConditionFailed { key: key.clone(), existing: None }),
        }
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        self.inner.query(query).await
    }

    async fn write(&self, changes: Vec<Change>) -> Result<(), TableError> {
        if changes.iter().any(|change| self.is_out_of_reach(change.key())) {
            return Err(TableError::Unavailable("as the story asks for".to_owned()));
        }
        self.inner.write(changes).await
    }
}
