//! A write about an item and its accounts, which may be more than one write of the table holds.
//!
//! Guarantees: in one write where one can hold it. Of a larger one the accounts come first, each part as long as nobody has changed the item,
//! and the item last: what ends half way is done again from the beginning, to the same end.

use super::super::System;
use crate::ports::table::{Change, TableError};

/// What one write of the table holds, with room for what others add.
const CHANGES_MAX: usize = 90;

/// Writes the changes of the accounts, then those of the item, which was read as `as_read` says.
pub(super) async fn write(
    system: &System,
    mut of_accounts: Vec<Change>,
    as_read: &Change,
    of_item: Vec<Change>,
) -> Result<(), TableError> {
    while of_accounts.len() + of_item.len() > CHANGES_MAX {
        let rest = of_accounts.split_off(of_accounts.len().min(CHANGES_MAX - 1));
        system.table.write(of_accounts.into_iter().chain([as_read.clone()]).collect()).await?;
        of_accounts = rest;
    }
    system.table.write(of_accounts.into_iter().chain(of_item).collect()).await
}
