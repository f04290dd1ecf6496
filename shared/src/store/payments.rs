//! Reading the payments of a batch: consistently, in parallel over the shards, a page at a time.

use futures::stream::{self, StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;

use super::keys;
use crate::domain::ids::BatchId;
use crate::ports::table::{Query, Table, TableError, decode};

/// Calls `fold` with every item of one shard in row order.
pub async fn fold_shard<T, A>(
    table: &dyn Table,
    batch_id: BatchId,
    shard: u8,
    mut state: A,
    mut fold: impl FnMut(&mut A, T) -> Result<(), TableError>,
) -> Result<A, TableError>
where
    T: DeserializeOwned,
{
    let mut query = Query::primary(keys::payment_shard(batch_id, shard));
    loop {
        let page = table.query(&query).await?;
        for attributes in page.items {
            fold(&mut state, decode(attributes)?)?;
        }
        match page.next {
            Some(next) => query.start_after = Some(next),
            None => return Ok(state),
        }
    }
}

/// Folds every shard on its own, at once, and answers the shards' results in order.
pub async fn fold_batch<T, A>(
    table: &dyn Table,
    batch_id: BatchId,
    fold: impl Fn(&mut A, T) -> Result<(), TableError> + Sync,
) -> Result<Vec<A>, TableError>
where
    T: DeserializeOwned,
    A: Default,
{
    let fold = &fold;
    stream::iter(keys::payment_shards().map(|shard| fold_shard(table, batch_id, shard, A::default(), fold)))
        .buffered(usize::from(crate::domain::ids::PAYMENT_SHARDS))
        .try_collect()
        .await
}
