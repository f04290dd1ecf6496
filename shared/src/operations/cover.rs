//! Whether the money of a round is there, by its source's fundings, and by what its payments hold where one of those is not whole.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{OperationError, System, debts, refund, retry};
use crate::domain::autopay::notice::{NoticeKind, Outlook, Recipient};
use crate::domain::batch::Batch;
use crate::domain::batch::retry::is_spent;
use crate::domain::funding::{FundingStatus, Held};
use crate::domain::ids::{BatchId, FundingId, ItemId, SourceTag};
use crate::domain::leg::{Attention, AttentionReason, State};
use crate::domain::money::Cents;
use crate::ports::table::TableError;
use crate::store::keys;
use crate::store::payments::fold_batch;
use crate::store::stored::{read, replace};

/// What the payments of a round may do. A retry that needed no new money has no funding of its round: then the money left of the earlier
/// rounds pays.
pub(super) async fn of_round(system: &System, id: FundingId) -> Result<FundingStatus, OperationError> {
    let FundingId::Round { batch, source, round } = id else { return Ok(FundingStatus::Awaited) };
    let behind = debts::behind(system, batch, source, round).await?;
    let is_pulled = behind.own.is_some() || round == 1 || retry::needs_funding(system, id).await?;
    fault!(
        LeftoversNeverGone,
        if !is_pulled {
            return Ok(FundingStatus::Available);
        }
    );
    if let Some(cover) = behind.cover(is_pulled)? {
        return Ok(cover);
    }
    // Every payment of the batch is read for this: only where something was lost, used up, undecided, or less than was asked for.
    Ok(behind.cover_by(held(system, batch, source, round).await?)?)
}

/// What a refund of the batch may do: it stands on all fundings of its source, of so many rounds.
pub(super) async fn of_refund(
    system: &System,
    batch: BatchId,
    source: SourceTag,
    rounds: u32,
) -> Result<FundingStatus, OperationError> {
    let behind = debts::behind(system, batch, source, rounds).await?;
    // Every payment of the batch is read for this: only where something was lost, used up, or is undecided.
    if behind.is_whole()? {
        return Ok(FundingStatus::Available);
    }
    let by_all = held(system, batch, source, rounds).await?.by_all;
    Ok(behind.cover_by(Held { by_round: by_all, by_all })?)
}

/// What is left of the money of a source in a batch, which nothing holds and nothing was paid with.
pub(super) async fn left(system: &System, batch: &Batch, source: SourceTag) -> Result<Cents, OperationError> {
    let rounds = refund::rounds(batch);
    let behind = debts::behind(system, batch.id, source, rounds).await?;
    Ok(behind.left(held(system, batch.id, source, rounds).await?)?)
}

/// What lies with us of all that a source ever paid in for a batch, also where that came back: its payouts did so too.
pub(super) async fn unspent(system: &System, batch: &Batch, source: SourceTag) -> Result<Cents, OperationError> {
    let rounds = refund::rounds(batch);
    let behind = debts::behind(system, batch.id, source, rounds).await?;
    Ok(behind.unspent(held(system, batch.id, source, rounds).await?)?)
}

/// What the payments of one source in a batch hold, and its refunds, or have been paid with, or may have been.
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
        #[serde(default)]
        attention: Option<Attention>,
    }
    let shards = fold_batch(&*system.table, batch_id, |held: &mut BTreeMap<(String, u32), Cents>, seen: Seen| {
        if is_spent(seen.leg.state, seen.leg.attention.map(|attention| attention.reason)) {
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
    for refund in refund::of_source(system, &batch, source).await? {
        if is_spent(refund.leg.state, refund.leg.attention_reason()) {
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
