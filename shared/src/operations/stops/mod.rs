//! The stop switch: read before every claim of money, thrown by operators, for all payers or for one.
//!
//! Guarantees: a claim rests on a reading at most a second old, and no claim writes to the switch; it holds payers that do not exist yet.
//! A copy beside the table, in the bucket, tells of a stop that a restored table has forgotten: where the two disagree, stopped wins.
//! A switch or copy that cannot be read lets nothing leave. A word that is refused because others were faster has changed nothing.

mod count;
mod seen;

use bytes::Bytes;
use futures::future::try_join;
use sha2::{Digest as _, Sha256};

pub use count::confirm;
pub(crate) use seen::SeenStops;

use super::autopay::own;
use super::{OperationError, System, audit, lists};
use crate::domain::stop::{ALL, Stop, Word};
use crate::ports::objects::ObjectError;
use crate::ports::table::TableError;
use crate::store::keys;
use crate::store::stored::{create, read, replace};

/// Writes of others that may come first before the caller is asked to come again.
const TRIES_MAX: u32 = 8;

/// Whether money of this payer may be claimed now. Asked right before each claim.
pub(crate) async fn may_claim(system: &System, payer_id: &str) -> Result<bool, OperationError> {
    let is_on_for_all = fault!(StopMissesSome, false, is_on(system, ALL).await?);
    Ok(!is_on_for_all && !is_on(system, payer_id).await?)
}

/// Whether a switch is on, as this process read it within the last second.
async fn is_on(system: &System, scope: &str) -> Result<bool, OperationError> {
    // The age counts from before the reading.
    let now = system.clock.elapsed_now();
    if let Some(stopped) = system.clients.stops.recent(scope, now) {
        return Ok(stopped);
    }
    let (stored, copied) = try_join(stored(system, scope), copied(system, scope)).await?;
    let stopped = says_stopped(&stored) || says_stopped(&copied);
    system.clients.stops.note(scope, stopped, now);
    Ok(stopped)
}

async fn stored(system: &System, scope: &str) -> Result<Option<Stop>, OperationError> {
    Ok(read(&*system.table, &keys::stop(scope)).await?)
}

/// The copy in the bucket. S3 reads consistently, survives a restore of the table, and needs no client that we do not have.
async fn copied(system: &System, scope: &str) -> Result<Option<Stop>, OperationError> {
    match system.objects.get(&copy_of(scope)).await {
        Ok(body) => serde_json::from_slice(&body)
            .map(Some)
            .map_err(|cause| OperationError::Inconsistent(format!("the copy of the stop of {scope}: {cause}"))),
        Err(ObjectError::Missing(_)) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

/// A payer's id may hold characters that no object's name may.
fn copy_of(scope: &str) -> String {
    if scope == ALL {
        "stops/all.json".to_owned()
    } else {
        format!("stops/{}.json", hex::encode(Sha256::digest(scope)))
    }
}

async fn copy(system: &System, stop: &Stop) -> Result<(), OperationError> {
    let body = serde_json::to_vec(stop).map_err(|cause| OperationError::Inconsistent(cause.to_string()))?;
    Ok(system.objects.put(&copy_of(&stop.scope), "application/json", Bytes::from(body)).await?)
}

/// How a switch stands; nothing where it was never thrown. A stop that only the copy knows is shown as not confirmed.
pub async fn load(system: &System, scope: &str) -> Result<Option<Stop>, OperationError> {
    let (stored, copied) = try_join(stored(system, scope), copied(system, scope)).await?;
    Ok(match (stored, copied) {
        (Some(stored), _) if stored.stopped => Some(stored),
        (_, Some(copied)) if copied.stopped => Some(copied),
        (stored, _) => stored,
    })
}

/// Every switch that the table knows as on, and that of all.
pub async fn on(system: &System) -> Result<Vec<Stop>, OperationError> {
    let mut stops: Vec<Stop> = load(system, ALL).await?.into_iter().collect();
    let listed = lists::all::<Stop>(system, keys::LIST_STOPS).await?;
    stops.extend(listed.into_iter().filter(|stop| stop.scope != ALL));
    stops.retain(|stop| stop.stopped);
    Ok(stops)
}

/// Throws a switch; nobody ends the stop of their own money. Thrown the same way again it stays as it is, and what a run that stopped
/// half-way left undone is done. The write is tried again where somebody else was faster.
pub async fn throw(
    system: &System,
    scope: &str,
    stopped: bool,
    caller: &str,
    reason: &str,
) -> Result<Option<Stop>, OperationError> {
    // Whoever needs money stopped may stop it, their own too.
    if !stopped {
        own::refuse(system, caller, scope).await?;
    }
    for _ in 0..TRIES_MAX {
        let (business_now, elapsed_now) = (system.clock.business_now(), system.clock.elapsed_now());
        let word = Word { by: caller, reason, business_now, elapsed_now };
        word.check()?;
        let (known, copied) = try_join(stored(system, scope), copied(system, scope)).await?;
        let thrown = match (says_stopped(&known), says_stopped(&copied), stopped) {
            (true, true, true) | (false, false, false) => return Ok(known),
            (true, false, true) => known,
            (false, _, true) | (true, _, false) | (false, true, false) => {
                let mut stop = Stop::thrown(scope, known.as_ref(), stopped, word, system.settings.lease);
                fault!(RefusedStopStops, copy(system, &stop).await?);
                if !save(system, &mut stop, known.is_some(), caller).await? {
                    continue;
                }
                Some(stop)
            }
        };
        // The table says so first, and the copy before it is answered. What fails half-way leaves it stopped.
        mirror(system, scope).await?;
        system.clients.stops.forget();
        return Ok(thrown);
    }
    Err(OperationError::Contended(format!("the stop of {scope}")))
}

/// Makes the copy say what the table says. Whoever throws the switch meanwhile does the same after it, so that the copy ends as the table.
async fn mirror(system: &System, scope: &str) -> Result<(), OperationError> {
    for _ in 0..TRIES_MAX {
        let Some(stop) = stored(system, scope).await? else { return Ok(()) };
        copy(system, &stop).await?;
        if says_stopped(&stored(system, scope).await?) == stop.stopped {
            break;
        }
    }
    Ok(())
}

/// Writes a switch over the one that was read, with the audit. Answers whether nobody else was faster.
async fn save(system: &System, stop: &mut Stop, is_known: bool, caller: &str) -> Result<bool, OperationError> {
    let action = if stop.stopped { "stop" } else { "start" };
    let put = if is_known { replace(stop)? } else { create(stop)? };
    let entry = audit::entry(system, caller, action, &stop.scope, Some(&stop.reason))?;
    match system.table.write(vec![put, entry]).await {
        Ok(()) => {
            tracing::warn!(scope = stop.scope, action, "the stop switch was thrown");
            Ok(true)
        }
        Err(TableError::ConditionFailed { .. }) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

fn says_stopped(stop: &Option<Stop>) -> bool {
    stop.as_ref().is_some_and(|stop| stop.stopped)
}
