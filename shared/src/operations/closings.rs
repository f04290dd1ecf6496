//! Closing the books day by day, so that balances stay cheap as the books grow.
//!
//! Guarantees: a day is closed only when it is over, so that no line is left out; a closing is written once; a run that stops goes on
//! where it was, and closing an account again changes nothing.

use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use jiff::civil::Date;

use super::{OperationError, System};
use crate::domain::autopay::person::Person;
use crate::domain::deadline::Deadline;
use crate::domain::ledger::closing::ClosingSchedule;
use crate::domain::ledger::{Account, AccountKind};
use crate::domain::source::Source;
use crate::domain::task::Task;
use crate::ports::table::{Cursor, Index, Key, Order, Query, Range, TableError, decode};
use crate::store::stored::{read, replace};
use crate::store::{keys, ledger};

/// Whoever has books, list by list.
pub(crate) const LISTS: [&str; 2] = [keys::LIST_SOURCES, keys::LIST_PERSONS];

const PAYERS_PER_PAGE: u32 = 25;

/// Payers closed at once, each account after the other.
const PAYERS_AT_ONCE: usize = 4;

/// A page is begun only while there is this much time.
const PAGE_TIME: Duration = Duration::from_secs(40);

/// Closes day after day, as far as days are over and time allows.
pub async fn close_books(system: &System, deadline: Deadline) -> Result<(), OperationError> {
    let Some(mut round) = read::<ClosingSchedule>(&*system.table, &keys::closing_round()).await? else { return Ok(()) };
    let now = || system.clock.business_now();
    if !round.is_due(now()) {
        return Ok(());
    }
    round.taken(now());
    if !save(system, &mut round).await? {
        return Ok(());
    }
    loop {
        let next = close_page(system, &round).await?;
        round.page_closed(next, LISTS.len(), now());
        // Whoever was faster goes on.
        if !save(system, &mut round).await? || !round.is_due(now()) {
            return Ok(());
        }
        if !deadline.allows(system.clock.elapsed_now(), PAGE_TIME) {
            system.hint([Task::CloseBooks]).await;
            return Ok(());
        }
    }
}

async fn save(system: &System, round: &mut ClosingSchedule) -> Result<bool, OperationError> {
    match system.table.write(vec![replace(round)?]).await {
        Ok(()) => Ok(true),
        Err(TableError::ConditionFailed { .. }) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

/// Answers where the list goes on.
async fn close_page(system: &System, round: &ClosingSchedule) -> Result<Option<String>, OperationError> {
    let Some(list) = LISTS.get(round.list) else { return Ok(None) };
    let query = Query {
        index: Index::Lists,
        pk: (*list).to_owned(),
        range: Range::All,
        order: Order::Ascending,
        page_items: Some(PAYERS_PER_PAGE),
        start_after: round.after.clone().map(Cursor),
    };
    let page = system.table.query(&query).await?;
    let keys = page.items.into_iter().map(decode::<Key>).collect::<Result<Vec<_>, _>>()?;
    let day = round.day;
    let closings: Vec<_> = keys.iter().map(|key| close_payer(system, key, day)).collect();
    stream::iter(closings).buffer_unordered(PAYERS_AT_ONCE).try_collect::<()>().await?;
    Ok(page.next.map(|cursor| cursor.0))
}

async fn close_payer(system: &System, key: &Key, day: Date) -> Result<(), OperationError> {
    let (kinds, payer_id, since): (&[AccountKind], String, Timestamp) = if key.pk.starts_with("SOURCE#") {
        let Some(source) = read::<Source>(&*system.table, key).await? else { return Ok(()) };
        (&AccountKind::OF_SOURCES, source.id, source.created_at)
    } else {
        let Some(person) = read::<Person>(&*system.table, key).await? else { return Ok(()) };
        (&AccountKind::ALL, person.id.to_string(), person.created_at)
    };
    for kind in kinds {
        let account = Account { kind: *kind, payer_id: payer_id.clone() };
        ledger::close(&*system.table, &account, since, day).await?;
    }
    Ok(())
}
