//! Looking for a transfer or check in the bank's list, where it is not to be sent again.
//!
//! Guarantees: a run reads some pages and keeps its place with the item, the next goes on from there; only a list that was seen all
//! through says that the bank does not have it.

use jiff::Timestamp;

use super::bank_object::BankObject;
use super::leg_hooks::LegHooks;
use super::save_step::HasLeg;
use super::send::{Sent, accepted, ask_again, give_up, postpone, save_refusal};
use super::{OperationError, System};
use crate::adapters::column::{Found, PageCursor, TransferQuery};
use crate::domain::deadline::Deadline;
use crate::domain::ids::TransferKey;
use crate::domain::leg::{AttentionReason, Kind, Look, Looked, State};

/// What is looked through of the bank's list.
pub(super) struct Search {
    pub since: Timestamp,
    pub until: Timestamp,
    pub from: Option<Look>,
    /// Whether it would still be sent: what nobody wants any more, and the bank does not have, was never sent.
    pub is_wanted: bool,
}

/// Not to be sent again: what the bank holds of it is looked for in the bank's list, some pages a run.
pub(super) async fn look_up<T: LegHooks>(
    system: &System,
    mut item: T,
    search: Search,
    deadline: Deadline,
) -> Result<Sent, OperationError> {
    let attempt = item.leg().attempt;
    let kind = item.expected().kind;
    let is_wanted = search.is_wanted;
    let looked = match find(system, &item, search, deadline).await? {
        Found::It(object) => return accepted(system, item, *object, attempt).await,
        Found::Further(PageCursor(older_than)) => Looked::Further(Look { older_than }),
        Found::Nothing => Looked::Through,
    };
    let is_through = looked == Looked::Through;
    let now = system.clock.business_now();
    let moved = if is_wanted {
        item.leg_mut().looked(kind, looked, now)?
    } else {
        item.leg_mut().looked_unwanted(kind, looked, now)?
    };
    if !is_through {
        ask_again(system, item.item_id()).await;
        return postpone(system, item).await;
    }
    match moved.to {
        State::Submitting => give_up(system, item, AttentionReason::OutcomeUnknown).await,
        State::Unprocessed
        | State::Processing
        | State::Completed
        | State::Available
        | State::Failed
        | State::Returned
        | State::Canceled => save_refusal(system, item, moved, Sent::Refused).await,
    }
}

async fn find<T: HasLeg>(
    system: &System,
    item: &T,
    search: Search,
    deadline: Deadline,
) -> Result<Found<BankObject>, OperationError> {
    let key = TransferKey { item: item.item_id(), attempt: item.leg().attempt }.to_string();
    let query = TransferQuery {
        bank_account_id: item.leg().bank_account_id.clone().unwrap_or_default(),
        created_from: search.since,
        created_until: Some(search.until),
        older_than: search.from.map(|look| PageCursor(look.older_than)),
    };
    let column = system.column().await?;
    Ok(match item.expected().kind {
        Kind::Payout | Kind::Funding => column.find_ach_transfer(query, &key, deadline).await?.map(BankObject::from),
        Kind::Check => column.find_check(query, &key, deadline).await?.map(BankObject::from),
    })
}
