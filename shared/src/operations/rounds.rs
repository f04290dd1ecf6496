//! What comes round whether there is work or not: the poll of the bank's events, the closing of the books, the daily reconciliation.
//! Each is an item that is always due some time; they are set before anything of ours is at the bank.

use super::{OperationError, System};
use crate::domain::bank::watermark::Watermark;
use crate::domain::ledger::closing::ClosingRound;
use crate::domain::reconciliation::DailyRound;
use crate::ports::table::{Change, TableError};
use crate::store::stored::create;

/// Sets every round that is not there yet. Again, it changes nothing.
pub(crate) async fn begin(system: &System) -> Result<(), OperationError> {
    let now = system.clock.business_now();
    for round in [create(&Watermark::new(now))?, create(&ClosingRound::new(now))?, create(&DailyRound::new(now))?] {
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
