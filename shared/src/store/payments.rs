//! Reading the payments of a batch: consistently, in parallel over the shards, a page at a time.

use futures::FutureExt as _;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;

use super::keys;
use crate::domain::ids::{BatchId, PAYMENT_SHARDS};
use crate::ports::table::{Query, Table, TableError, decode};

/// Takes one item into what has been gathered so far.
pub type Fold<T, A> = fn(&mut A, T) -> Result<(), TableError>;

/// Calls `fold` with every item of one shard in row order.
pub async fn fold_shard<T, A>(
    table: &dyn Table,
    batch_id: BatchId,
    shard: u8,
    fold: Fold<T, A>,
) -> Result<A, TableError>
where
    T: DeserializeOwned,
    A: Default + Send,
{
    let mut gathered = A::default();
    let mut query = Query::primary(keys::payment_shard(batch_id, shard));
    loop {
        let page = table.query(&query).await?;
        for attributes in page.items {
            fold(&mut gathered, decode(attributes)?)?;
        }
        match page.next {
            Some(next) => query.start_after = Some(next),
            None => return Ok(gathered),
        }
    }
}

/// Folds every shard on its own, at once, and answers the shards' results in order.
pub async fn fold_batch<T, A>(table: &dyn Table, batch_id: BatchId, fold: Fold<T, A>) -> Result<Vec<A>, TableError>
where
    T: DeserializeOwned + Send,
    A: Default + Send,
{
    let shards = keys::payment_shards().map(|shard| fold_shard(table, batch_id, shard, fold).boxed());
    stream::iter(shards).buffered(usize::from(PAYMENT_SHARDS)).try_collect().await
}
