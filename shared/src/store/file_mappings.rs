//! Stored mappings of a table's columns, all in one partition: there are few, and a list shows every one that is.

use super::keys;
use super::stored::Stored;
use crate::domain::file_mapping::FileMapping;
use crate::ports::table::{Indexing, Key};

impl Stored for FileMapping {
    fn key(&self) -> Key {
        keys::file_mapping(&self.name)
    }

    fn indexing(&self) -> Indexing {
        Indexing::default()
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}
