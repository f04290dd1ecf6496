//! Fundings whose money is pulled and not yet available, found by the lines of the books.
//!
//! Guarantees: a funding is found however long the bank reviewed it before it settled. Lines are read month by month, the latest first, until
//! they explain all that is pulled, so that as a rule no more than a month or two is read. Limit: where they never explain it, the lines of
//! the last [`MONTHS`] months.

use std::collections::BTreeMap;

use crate::domain::ids::{FundingId, ItemId};
use crate::domain::ledger::{Account, AccountKind, CauseId, Side};
use crate::domain::money::{Cents, MoneyOverflow};
use crate::domain::reconciliation::run::PayerRun;
use crate::operations::{OperationError, System};
use crate::ports::table::{Query, decode};
use crate::store::keys;
use crate::store::ledger::{self, Posting};

/// How far back an acceptance is looked for.
const MONTHS: usize = 24;

/// What lines of the account of pulled money add up to, in all and funding by funding.
#[derive(Debug, Default)]
pub(super) struct Lines {
    sum: Cents,
    of_fundings: BTreeMap<FundingId, Cents>,
}

impl Lines {
    pub(super) async fn read(system: &System, run: &PayerRun, pulled: Cents) -> Result<Self, OperationError> {
        let account = Account { kind: AccountKind::DebitsInTransit, payer_id: run.payer_id.clone() };
        let now = system.clock.business_now();
        let partitions = ledger::partitions(&account, run.since, now);
        let mut lines = Self::default();
        for month in partitions.rchunks(usize::from(keys::LEDGER_SHARDS)).take(MONTHS) {
            for partition in month {
                lines.take_partition(system, partition.clone()).await?;
            }
            if lines.explain(pulled) {
                break;
            }
        }
        Ok(lines)
    }

    async fn take_partition(&mut self, system: &System, partition: String) -> Result<(), OperationError> {
        let mut query = Query::primary(partition);
        loop {
            let page = system.table.query(&query).await?;
            for item in page.items {
                let line: Posting = decode(item)?;
                fault!(
                    HeldByAcceptance,
                    if is_weeks_old(system, &line) {
                        continue;
                    }
                );
                self.take(&line)?;
            }
            match page.next {
                Some(next) => query.start_after = Some(next),
                None => return Ok(()),
            }
        }
    }

    fn take(&mut self, line: &Posting) -> Result<(), MoneyOverflow> {
        let amount = match line.side {
            Side::Debit => line.amount,
            Side::Credit => Cents::ZERO.minus(line.amount)?,
        };
        self.sum = self.sum.plus(amount)?;
        if let CauseId::Item(ItemId::Funding(id)) = line.cause {
            let open = self.of_fundings.entry(id).or_default();
            *open = open.plus(amount)?;
        }
        Ok(())
    }

    /// Whether these lines are all that is pulled: what lies before them has come and gone.
    fn explain(&self, pulled: Cents) -> bool {
        self.sum == pulled && self.of_fundings.values().all(|open| *open >= Cents::ZERO)
    }

    /// The fundings that are not available yet, and have not come back.
    pub(super) fn open(&self) -> impl Iterator<Item = FundingId> {
        self.of_fundings.iter().filter(|(_, open)| **open > Cents::ZERO).map(|(id, _)| *id)
    }
}

#[cfg(feature = "deliberate-faults")]
fn is_weeks_old(system: &System, line: &Posting) -> bool {
    line.at < system.clock.business_now() - jiff::SignedDuration::from_hours(24 * 21)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::ledger::EntryKind;
    use crate::domain::leg::Effect;

    fn line(number: u128, side: Side, amount: i64) -> Posting {
        let effect = if side == Side::Debit { Effect::FundingAccepted } else { Effect::FundingAvailable };
        Posting {
            account: "debits_in_transit:CORP-1".to_owned(),
            side,
            amount: Cents::new(amount),
            effect: EntryKind::Of(effect),
            cause: CauseId::Item(ItemId::Funding(FundingId::Single(Uuid::from_u128(number)))),
            attempt: 1,
            at: "2026-03-02T18:00:00Z".parse().unwrap(),
            booked_at: None,
            row: None,
            reason: None,
            about: None,
        }
    }

    #[test]
    fn lines_explain_what_is_pulled_once_no_acceptance_of_before_is_missing() {
        let mut lines = Lines::default();
        lines.take(&line(1, Side::Debit, 500)).unwrap();
        assert!(!lines.explain(Cents::new(800)));
        lines.take(&line(2, Side::Debit, 300)).unwrap();
        assert!(lines.explain(Cents::new(800)));
        // Came back or became available: its acceptance lies before, and so may another's.
        lines.take(&line(3, Side::Credit, 100)).unwrap();
        assert!(!lines.explain(Cents::new(700)));
        lines.take(&line(3, Side::Debit, 100)).unwrap();
        lines.take(&line(2, Side::Credit, 300)).unwrap();
        assert!(lines.explain(Cents::new(500)));
        assert_eq!(lines.open().collect::<Vec<_>>(), [FundingId::Single(Uuid::from_u128(1))]);
    }
}
