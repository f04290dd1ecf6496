//! Whether the money of a round is there, by its source's fundings, and by what its payments hold where one of those is not whole.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{OperationError, System, debts, refund, retry};
use crate::domain::autopay::notice::{NoticeKind, Outlook, Recipient};
use crate::domain::batch::Batch;
use crate::domain::funding::{Cover, Held};
use crate::domain::ids::{BatchId, FundingId, ItemId, SourceTag};
use crate::domain::leg::{Attention, AttentionReason, State};
use crate::domain::money::Cents;
use crate::ports::table::TableError;
use crate::store::keys;
use crate::store::payments::fold_batch;
use crate::store::stored::{read, replace};

/// What the payments of a round may do. A retry that needed no new money has no funding of its round: then the money left of the earlier
/// rounds pays.
pub(super) async fn of_round(system: &System, id: FundingId) -> Result<Cover, OperationError> {
    let FundingId::Round { batch, source, round } = id else { return Ok(Cover::Awaited) };
    let behind = debts::behind(system, batch, source, round).await?;
    let is_pulled = behind.own.is_some() || round == 1 || retry::needs_funding(system, id).await?;
    fault!(
        LeftoversNeverGone,
        if !is_pulled {
            return Ok(Cover::Available);
        }
    );
    if let Some(cover) = behind.cover(is_pulled)? {
        return Ok(cover);
    }
    // Every payment of the batch is read for this: only where something was lost, used up, or less than was asked for.
    Ok(behind.cover_by(held(system, batch, source, round).await?)?)
}

/// What the payments of one source in a batch hold.
async fn held(system: &System, batch_id: BatchId, source: SourceTag, round: u32) -> Result<Held, OperationError> {
    #[derive(Deserialize)]
    struct Seen {
        leg: SeenLeg,
        amount: Cents,
        payer_id: String,
        round: u32,
    }
    #[derive(Deserialize)]
    struct SeenLeg {
        state: State,
    }
    let shards = fold_batch(&*system.table, batch_id, |held: &mut BTreeMap<(String, u32), Cents>, seen: Seen| {
        if seen.leg.state.holds_money() {
            let sum = held.entry((seen.payer_id, seen.round)).or_default();
            *sum = sum.plus(seen.amount).map_err(|cause| TableError::Defect(cause.to_string()))?;
        }
        Ok(())
    })
    .await?;
    let mut sum = Held::default();
    for ((_, of_round), cents) in shards.into_iter().flatten().filter(|((payer, _), _)| SourceTag::of(payer) == source)
    {
        sum.by_all = sum.by_all.plus(cents)?;
        if of_round == round {
            sum.by_round = sum.by_round.plus(cents)?;
        }
    }
    let batch = super::upload::load(system, batch_id).await?;
    for refund in refund::all(system, &batch).await? {
        if refund.leg.state.holds_money() && SourceTag::of(&refund.payer_id) == source {
            sum.by_all = sum.by_all.plus(refund.amount)?;
        }
    }
    Ok(sum)
}

/// Payments of a batch wait, since less is there than they cost: a person decides.
pub(super) async fn tell_short(system: &System, id: FundingId) -> Result<(), OperationError> {
    let FundingId::Round { batch: batch_id, .. } = id else { return Ok(()) };
    let Some(mut batch) = read::<Batch>(&*system.table, &keys::batch(batch_id)).await? else { return Ok(()) };
    if batch.attention.is_some() {
        return Ok(());
    }
    tracing::error!(batch = %batch_id, funding = %id, "attention: less money is there than the payments of a batch cost");
    let (reason, since) = (AttentionReason::FundingShort, system.clock.business_now());
    batch.attention = Some(Attention { reason, since });
    let kind = NoticeKind::AttentionRaised {
        item_id: ItemId::Funding(id),
        reason: reason.as_str().to_owned(),
        since,
        is_held: true,
        outlook: Outlook::GoesOn,
    };
    let mut changes = super::autopay::notices::puts(system, Recipient::PayrollAdmins, [kind]).await?;
    changes.push(replace(&mut batch)?);
    match system.table.write(changes).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}
