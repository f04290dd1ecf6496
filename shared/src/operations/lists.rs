//! Lists for showing: found in the index, which lags a moment, then each item read by its key.

use futures::stream::{self, StreamExt, TryStreamExt};

use super::gathering::{self, Shown};
use super::{OperationError, System};
use crate::domain::autopay::ids::CardId;
use crate::domain::bank::unmatched::UnmatchedEvent;
use crate::domain::batch::{Batch, BatchState};
use crate::domain::biller::Biller;
use crate::domain::dead_letter::DeadLetter;
use crate::domain::payment::Payment;
use crate::domain::reconciliation::Reconciliation;
use crate::ports::table::{Cursor, Index, Key, Order, Query, Range, decode};
use crate::store::keys;
use crate::store::stored::{Stored, read};

/// Items of a page read at once.
const READS_AT_ONCE: usize = 16;

/// One page of a list. It may hold fewer items than asked for and not be the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed<T> {
    pub items: Vec<T>,
    pub next: Option<Cursor>,
}

/// Batches, newest first: those in a state, where one is named.
pub async fn batches(
    system: &System,
    state: Option<BatchState>,
    after: Option<Cursor>,
    most: u32,
) -> Result<Listed<Batch>, OperationError> {
    let shows = |batch: &Batch| state.is_none_or(|state| batch.state == state);
    let shown = Shown { list: keys::LIST_BATCHES, order: Order::Descending, shows: &shows };
    gathering::page(system, shown, after, most).await
}

/// What operators entered of institutions, by id: only where something waits for a second person, if that is asked for.
pub async fn billers(
    system: &System,
    is_waiting: bool,
    after: Option<Cursor>,
    most: u32,
) -> Result<Listed<Biller>, OperationError> {
    let shows = |biller: &Biller| !is_waiting || biller.is_waiting();
    let shown = Shown { list: keys::LIST_BILLERS, order: Order::Ascending, shows: &shows };
    gathering::page(system, shown, after, most).await
}

/// Payments for an employee. A payment's id begins with its batch's, which is ordered by time: the newest batch first.
pub async fn payments_of_employee(
    system: &System,
    employee_id: &str,
    after: Option<Cursor>,
    most: u32,
) -> Result<Listed<Payment>, OperationError> {
    page(system, keys::list_of_employee(employee_id), after, most).await
}

/// Payments of a card, newest first.
pub async fn payments_of_card(
    system: &System,
    card_id: CardId,
    after: Option<Cursor>,
    most: u32,
) -> Result<Listed<Payment>, OperationError> {
    page(system, keys::list_of_card_payments(card_id), after, most).await
}

/// Dead letters that wait for an operator, newest first.
pub async fn dead_letters(
    system: &System,
    after: Option<Cursor>,
    most: u32,
) -> Result<Listed<DeadLetter>, OperationError> {
    page(system, keys::LIST_DEAD_LETTERS.to_owned(), after, most).await
}

/// Events of the bank that fit nothing and that nobody has closed, newest first.
pub async fn unmatched_events(
    system: &System,
    after: Option<Cursor>,
    most: u32,
) -> Result<Listed<UnmatchedEvent>, OperationError> {
    page(system, keys::LIST_UNMATCHED_EVENTS.to_owned(), after, most).await
}

/// Reconciliations, newest first.
pub async fn reconciliations(
    system: &System,
    after: Option<Cursor>,
    most: u32,
) -> Result<Listed<Reconciliation>, OperationError> {
    page(system, keys::LIST_RECONCILIATIONS.to_owned(), after, most).await
}

/// A whole list, in the order of its keys.
pub(crate) async fn all<T: Stored>(system: &System, list: &str) -> Result<Vec<T>, OperationError> {
    let mut items = Vec::new();
    for key in keys_in(system, Index::Lists, list.to_owned(), Range::All).await? {
        items.extend(read::<T>(&*system.table, &key).await?);
    }
    Ok(items)
}

/// The keys of everything in a part of an index, in its order.
pub(crate) async fn keys_in(
    system: &System,
    index: Index,
    pk: String,
    range: Range,
) -> Result<Vec<Key>, OperationError> {
    let mut keys = Vec::new();
    let mut query = Query { index, range, ..Query::primary(pk) };
    loop {
        let page = system.table.query(&query).await?;
        for item in page.items {
            keys.push(decode(item)?);
        }
        match page.next {
            Some(next) => query.start_after = Some(next),
            None => return Ok(keys),
        }
    }
}

async fn page<T: Stored>(
    system: &System,
    list: String,
    after: Option<Cursor>,
    most: u32,
) -> Result<Listed<T>, OperationError> {
    let query = Query {
        index: Index::Lists,
        pk: list,
        range: Range::All,
        order: Order::Descending,
        page_items: Some(most),
        start_after: after,
    };
    let found = system.table.query(&query).await?;
    let keys = found.items.into_iter().map(decode::<Key>).collect::<Result<Vec<_>, _>>()?;
    let reads: Vec<_> = keys.iter().map(|key| read::<T>(&*system.table, key)).collect();
    let items: Vec<Option<T>> = stream::iter(reads).buffered(READS_AT_ONCE).try_collect().await?;
    Ok(Listed { items: items.into_iter().flatten().collect(), next: found.next })
}
