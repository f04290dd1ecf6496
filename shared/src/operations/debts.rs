//! Ending payments and refunds of a batch whose money came back: each takes off what its source owes for the fundings that stand behind it.
//!
//! Guarantees: a payment is ended only as it was read, never one that was claimed in between; what it takes off is at most what is still owed
//! for its own fundings, and those are written in the same write, at the versions that were read.

use std::collections::BTreeMap;

use super::save_step;
use super::{OperationError, System, payers};
use crate::domain::funding::{Behind, Funding, take_off};
use crate::domain::ids::{BatchId, FundingId, SourceTag};
use crate::domain::money::Cents;
use crate::domain::payment::Payment;
use crate::ports::table::{Change, TableError};
use crate::store::history::HistoryEntry;
use crate::store::keys;
use crate::store::stored::{read, replace};

/// Payments ended in one write: with their histories and postings, and the fundings behind them, they fit in one.
pub(super) const ENDED_AT_ONCE: usize = 16;

/// Writes against others who take off the same debt, before it is left to a later run.
const TRIES_MAX: u32 = 12;

/// The fundings of a source in a batch up to a round.
pub(super) async fn behind(
    system: &System,
    batch: BatchId,
    source: SourceTag,
    round: u32,
) -> Result<Behind, OperationError> {
    let mut behind = Behind::default();
    for earlier in 1..round {
        let id = FundingId::Round { batch, source, round: earlier };
        behind.earlier.extend(read::<Funding>(&*system.table, &keys::funding(id)).await?);
    }
    let id = FundingId::Round { batch, source, round };
    behind.own = read::<Funding>(&*system.table, &keys::funding(id)).await?;
    Ok(behind)
}

/// Ends payments of one source in a batch that were never sent, all of one round or refunds. `rounds` are those whose fundings stand behind
/// them. What was claimed in between stays as it is.
pub(super) async fn fail_unfunded(
    system: &System,
    batch: BatchId,
    mut payments: Vec<Payment>,
    rounds: u32,
) -> Result<(), OperationError> {
    for _ in 0..TRIES_MAX {
        let Some(source_id) = payments.first().map(|payment| payment.payer_id.clone()) else { return Ok(()) };
        let mut fundings = behind(system, batch, SourceTag::of(&source_id), rounds).await?.latest_first();
        // Of what was taken off before fundings said so, the books tell.
        let owed = payers::owed_by(system, &source_id).await?;
        let changes = ends(system, &payments, &mut fundings, owed).await?;
        match system.table.write(changes).await {
            Ok(()) => return Ok(()),
            // A payment of these was claimed, or somebody else took off the same debt: then once more, as it stands.
            Err(TableError::ConditionFailed { key, .. }) => {
                payments.retain(|payment| keys::payment(payment.id) != key);
            }
            Err(other) => return Err(other.into()),
        }
    }
    Err(OperationError::Contended(format!("what is owed for {batch}")))
}

/// The write that ends these payments.
async fn ends(
    system: &System,
    payments: &[Payment],
    fundings: &mut [Funding],
    mut owed: Cents,
) -> Result<Vec<Change>, OperationError> {
    let now = system.clock.business_now();
    let known: BTreeMap<FundingId, Option<Cents>> =
        fundings.iter().map(|funding| (funding.id, funding.taken_off)).collect();
    let mut changes = Vec::new();
    for payment in payments {
        let mut payment = payment.clone();
        let most = payment.amount.min(owed).max(Cents::ZERO);
        let part = fault!(MoreTakenOffThanOwed, payment.amount, take_off(fundings, most)?);
        owed = owed.minus(part)?;
        let moved = payment.leg.fail_unfunded_for(payment.kind(), part)?;
        let entry = HistoryEntry::new("unfunded", &payment.leg, now).moved(&moved);
        changes.extend(save_step::changes(system, &mut payment, &entry, &moved.effects, now).await?);
    }
    for funding in fundings {
        let is_changed = known.get(&funding.id).is_none_or(|known| *known != funding.taken_off);
        if fault!(TakenOffNotKept, false, is_changed) {
            funding.updated_at = now;
            changes.push(replace(funding)?);
        }
    }
    Ok(changes)
}
