//! Claims of payments whose worker is gone. In a deployment nobody knows that before the lease is over; here one process does all the work,
//! and knows when nobody is at it.

use jiff::Timestamp;
use serde::Deserialize;
use shared::domain::batch::BatchState;
use shared::domain::funding::Funding;
use shared::domain::ids::{BatchId, PaymentId};
use shared::domain::leg::{Claim, Leg, State};
use shared::domain::payment::Payment;
use shared::operations::lists;
use shared::operations::{OperationError, System, fund};
use shared::ports::table::TableError;
use shared::store::keys;
use shared::store::payments::fold_batch;
use shared::store::stored::{self, Stored};

const BATCHES_AT_ONCE: u32 = 100;

/// What is read of a payment to know whether somebody claims to be sending it.
#[derive(Deserialize)]
struct Claimed {
    id: PaymentId,
    leg: ClaimedLeg,
}

#[derive(Deserialize)]
struct ClaimedLeg {
    state: State,
    #[serde(default)]
    claim: Option<Claim>,
}

/// Ends every claim in the batches that are paying. Answers how many there were. Nobody may be sending anything.
pub(super) async fn end_all(system: &System) -> Result<u64, OperationError> {
    let (mut ended, mut after) = (0, None);
    loop {
        let page = lists::batches(system, None, after, BATCHES_AT_ONCE).await?;
        for batch in page.items.iter().filter(|batch| is_sending(batch.state)) {
            ended += end_of_batch(system, batch.id).await?;
            for funding in fund::all_fundings(system, batch).await? {
                ended += end::<Funding>(system, funding, |funding| &mut funding.leg).await?;
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(ended),
        }
    }
}

/// The same for the payments of one batch.
pub(super) async fn end_of_batch(system: &System, batch_id: BatchId) -> Result<u64, OperationError> {
    let shards = fold_batch(&*system.table, batch_id, |claimed: &mut Vec<(PaymentId, Timestamp)>, seen: Claimed| {
        let claim = seen.leg.claim.filter(|_| seen.leg.state == State::Submitting);
        claimed.extend(claim.map(|claim| (seen.id, claim.lease_until)));
        Ok(())
    })
    .await?;
    let now = system.clock.elapsed_now();
    let mut ended = 0;
    for (payment_id, _) in shards.into_iter().flatten().filter(|(_, lease_until)| now < *lease_until) {
        if let Some(payment) = stored::read::<Payment>(&*system.table, &keys::payment(payment_id)).await? {
            ended += end(system, payment, |payment| &mut payment.leg).await?;
        }
    }
    Ok(ended)
}

const fn is_sending(state: BatchState) -> bool {
    match state {
        BatchState::Paying | BatchState::Canceling | BatchState::Failed => true,
        BatchState::Draft
        | BatchState::Summarizing
        | BatchState::Ready
        | BatchState::Rejected
        | BatchState::Importing
        | BatchState::Completed
        | BatchState::Canceled
        | BatchState::Declined
        | BatchState::Expired => false,
    }
}

/// Ends one claim under the version that was read: 1 where there was one.
async fn end<T: Stored>(system: &System, mut item: T, leg: fn(&mut T) -> &mut Leg) -> Result<u64, OperationError> {
    let now = system.clock.elapsed_now();
    if !leg(&mut item).is_leased(now) {
        return Ok(0);
    }
    if let Some(claim) = &mut leg(&mut item).claim {
        claim.lease_until = now;
    }
    match system.table.write(vec![stored::replace(&mut item)?]).await {
        Ok(()) => Ok(1),
        Err(TableError::ConditionFailed { .. }) => Ok(0),
        Err(other) => Err(other.into()),
    }
}
