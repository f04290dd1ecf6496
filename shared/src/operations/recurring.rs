//! What comes round whether there is work or not: the poll of the bank's events, the closing of the books, the daily reconciliation.
//! Each is an item that is always due some time; they are set before anything of ours is at the bank, or, in a table whose payers were
//! there before them, by the next run of the scheduler.

use super::closings::LISTS;
use super::{OperationError, System};
use crate::domain::bank::watermark::Watermark;
use crate::domain::ledger::closing::ClosingSchedule;
use crate::domain::reconciliation::DailySchedule;
use crate::domain::task::Task;
use crate::ports::table::{Change, Index, Query, TableError};
use crate::store::keys;
use crate::store::stored::create;

/// Asks the worker for the rounds where there are payers and no rounds. Where there are rounds it costs a read.
pub async fn ask_for_missing(system: &System) -> Result<(), OperationError> {
    if system.table.get(&keys::daily_round()).await?.is_none() && has_payers(system).await? {
        system.enqueue([Task::BeginReconciliation]).await?;
    }
    Ok(())
}

async fn has_payers(system: &System) -> Result<bool, OperationError> {
    for list in LISTS {
        let query = Query { index: Index::Lists, page_items: Some(1), ..Query::primary(list) };
        if !system.table.query(&query).await?.items.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Sets every round that is not there yet. Again, it changes nothing. The daily reconciliation comes last: where it is, all are.
pub(crate) async fn begin(system: &System) -> Result<(), OperationError> {
    let now = system.clock.business_now();
    for round in [create(&Watermark::new(now))?, create(&ClosingSchedule::new(now))?, create(&DailySchedule::new(now))?]
    {
        put_if_absent(system, round).await?;
    }
    Ok(())
}

async fn put_if_absent(system: &System, round: Change) -> Result<(), OperationError> {
    match system.table.write(vec![round]).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}
