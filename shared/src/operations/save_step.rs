//! Saving one step of a payment or funding: the item, its history and its postings, in one write.

use jiff::Timestamp;

use super::{OperationError, System, webhooks};
use crate::domain::funding::Funding;
use crate::domain::ids::ItemId;
use crate::domain::leg::{Effect, Expected, Leg};
use crate::domain::money::Cents;
use crate::domain::payment::{Payment, RowFacts};
use crate::ports::table::{Change, TableError};
use crate::store::history::HistoryEntry;
use crate::store::ledger::{self, Cause};
use crate::store::stored::{Stored, replace};

/// A payment or funding: an item that carries a leg.
pub(crate) trait HasLeg: Stored + Send + Sync {
    fn item_id(&self) -> ItemId;
    fn leg(&self) -> &Leg;
    fn leg_mut(&mut self) -> &mut Leg;
    fn expected(&self) -> Expected;
    fn amount(&self) -> Cents;
    fn payer_id(&self) -> &str;
    fn row(&self) -> Option<&RowFacts>;
    /// Called after every step, before it is saved.
    fn touch(&mut self, now: Timestamp);
}

impl HasLeg for Payment {
    fn item_id(&self) -> ItemId {
        ItemId::Payment(self.id)
    }

    fn leg(&self) -> &Leg {
        &self.leg
    }

    fn leg_mut(&mut self) -> &mut Leg {
        &mut self.leg
    }

    fn expected(&self) -> Expected {
        Payment::expected(self)
    }

    fn amount(&self) -> Cents {
        self.amount
    }

    fn payer_id(&self) -> &str {
        &self.payer_id
    }

    fn row(&self) -> Option<&RowFacts> {
        self.row.as_ref()
    }

    fn touch(&mut self, now: Timestamp) {
        self.updated_at = now;
        self.schedule(now);
    }
}

impl HasLeg for Funding {
    fn item_id(&self) -> ItemId {
        ItemId::Funding(self.id)
    }

    fn leg(&self) -> &Leg {
        &self.leg
    }

    fn leg_mut(&mut self) -> &mut Leg {
        &mut self.leg
    }

    fn expected(&self) -> Expected {
        Funding::expected(self)
    }

    fn amount(&self) -> Cents {
        self.amount
    }

    fn payer_id(&self) -> &str {
        &self.payer_id
    }

    fn row(&self) -> Option<&RowFacts> {
        None
    }

    fn touch(&mut self, now: Timestamp) {
        self.updated_at = now;
        self.schedule(now);
    }
}

/// The write of a step whose history entry is given: replaces the item at the version it was read at. What the step tells goes with it.
pub(crate) async fn changes<T: HasLeg>(
    system: &System,
    item: &mut T,
    entry: &HistoryEntry,
    effects: &[Effect],
    now: Timestamp,
) -> Result<Vec<Change>, OperationError> {
    item.touch(now);
    let put = replace(item)?;
    let version = *item.version_mut();
    let mut changes = vec![put, entry.put(item.item_id(), version)?];
    let effects: Vec<_> = effects.iter().map(|effect| (*effect, item.leg().posts(*effect, item.amount()))).collect();
    changes.extend(ledger::puts(
        Cause {
            item: item.item_id(),
            version,
            attempt: item.leg().attempt,
            payer_id: item.payer_id(),
            row: item.row(),
            at: entry.at,
            now,
        },
        &effects,
    )?);
    changes.extend(webhooks::of_step(system, item, entry).await?);
    Ok(changes)
}

/// Writes a step. Whoever was faster is told apart from what could not be written at all.
pub(crate) async fn save<T: HasLeg>(
    system: &System,
    item: &mut T,
    entry: &HistoryEntry,
    effects: &[Effect],
    now: Timestamp,
) -> Result<Result<(), TableError>, OperationError> {
    let changes = changes(system, item, entry, effects, now).await?;
    Ok(system.table.write(changes).await)
}
