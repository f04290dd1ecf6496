//! Mappings of a table's columns: stored, listed, deleted. Batches that were made with one keep it as it was.

use std::collections::BTreeMap;

use super::{OperationError, System, audit};
use crate::domain::file_mapping::{FileMapping, FileMappingRefusal, is_name};
use crate::ports::table::{Change, Condition, Cursor, Query, decode};
use crate::store::keys;
use crate::store::stored::{create, read, replace};

/// Stores a mapping, or puts it in the place of the one that is called so. The same columns again change nothing.
pub async fn put(
    system: &System,
    name: &str,
    columns: &BTreeMap<String, String>,
    caller: &str,
) -> Result<FileMapping, OperationError> {
    let mut mapping = FileMapping::new(name, columns, caller, system.clock.business_now())?;
    let entry = audit::entry(system, caller, "store_file_mapping", name, Some(&told(&mapping)))?;
    let put = match find(system, name).await? {
        None => create(&mapping)?,
        Some(known) if known.columns == mapping.columns => return Ok(known),
        Some(known) => {
            mapping.version = known.version;
            replace(&mut mapping)?
        }
    };
    system.table.write(vec![put, entry]).await?;
    Ok(mapping)
}

/// For the audit: which columns a file's names stand for.
fn told(mapping: &FileMapping) -> String {
    let pairs: Vec<_> = mapping.columns.iter().map(|(column, name)| format!("{column}={name}")).collect();
    pairs.join(", ")
}

/// Every mapping, by name.
pub async fn list(
    system: &System,
    after: Option<Cursor>,
    most: u32,
) -> Result<(Vec<FileMapping>, Option<Cursor>), OperationError> {
    let query = Query { page_items: Some(most), start_after: after, ..Query::primary(keys::FILE_MAPPINGS) };
    let page = system.table.query(&query).await?;
    let items = page.items.into_iter().map(decode).collect::<Result<_, _>>()?;
    Ok((items, page.next))
}

pub async fn load(system: &System, name: &str) -> Result<FileMapping, OperationError> {
    find(system, name).await?.ok_or_else(|| OperationError::not_found("file mapping", name))
}

/// Takes a mapping away: no new batch is made with it.
pub async fn delete(system: &System, name: &str, caller: &str) -> Result<FileMapping, OperationError> {
    let mapping = load(system, name).await?;
    let entry = audit::entry(system, caller, "delete_file_mapping", name, None)?;
    let condition = Condition::VersionIs(mapping.version);
    system.table.write(vec![Change::Delete { key: keys::file_mapping(name), condition }, entry]).await?;
    Ok(mapping)
}

/// The mapping that a new batch is to be read by.
pub(super) async fn chosen(system: &System, name: &str) -> Result<FileMapping, OperationError> {
    find(system, name).await?.ok_or_else(|| FileMappingRefusal::Unknown(name.to_owned()).into())
}

async fn find(system: &System, name: &str) -> Result<Option<FileMapping>, OperationError> {
    if !is_name(name) {
        return Ok(None);
    }
    Ok(read(&*system.table, &keys::file_mapping(name)).await?)
}
