//! Sources: known from their first approved batch on; paused and resumed by operators.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt, TryStreamExt};

use super::corrected_ends::{self, Numbers};
use super::fund::SOURCE_ACCOUNT_TYPE;
use super::{OperationError, System, audit, lists, payers, recurring, stops};
use crate::domain::ach::account_correction::AccountCorrection;
use crate::domain::batch::DecidedBy;
use crate::domain::batch::manifest::{Manifest, ManifestSource};
use crate::domain::deadline::Deadline;
use crate::domain::external_account::{account_key, numbers_of};
use crate::domain::source::{ExternalAccount, Pause, PauseReason, PauseWord, Source, SourceRefusal};
use crate::ports::table::{Change, TableError};
use crate::store::stored::{create, read, replace};
use crate::store::{account_holder, keys};

/// Sources looked at at once.
const READS_AT_ONCE: usize = 16;

/// A reason has at most this many characters.
const REASON_SIZE: usize = 500;

pub async fn load(system: &System, id: &str) -> Result<Source, OperationError> {
    read(&*system.table, &keys::source(id)).await?.ok_or_else(|| OperationError::not_found("source", id))
}

/// The accounts that debits of a source's account would pull from: it, and the one that the bank's corrections lead to from it.
async fn debited(
    system: &System,
    source_id: &str,
    account: &ExternalAccount,
) -> Result<BTreeSet<String>, OperationError> {
    let under = [keys::source(source_id).pk];
    let ExternalAccount { routing_number, sealed_account, fingerprint, .. } = account;
    let named = Numbers::open(system, routing_number, SOURCE_ACCOUNT_TYPE, sealed_account, &under).await?;
    let instead = corrected_ends::instead_of(system, &named, fingerprint).await?;
    let vault = system.vault().await?;
    let instead =
        fault!(LedToAnotherSource, None, instead).map(|instead| instead.fingerprint(&vault).as_str().to_owned());
    Ok(instead.into_iter().chain([fingerprint.clone()]).collect())
}

/// Whose account a source's account is, or the one that corrections lead to from it, where that is another source.
pub(crate) async fn other_holder(
    system: &System,
    source_id: &str,
    account: &ExternalAccount,
) -> Result<Option<String>, OperationError> {
    for fingerprint in debited(system, source_id, account).await? {
        let holder = account_holder::find(&*system.table, &fingerprint).await?;
        if let Some(other) = holder.filter(|holder| holder.source_id != source_id) {
            return Ok(Some(other.source_id));
        }
    }
    Ok(None)
}

/// The source whose account it is, by what the account is known by. `None` where it is nobody's.
pub(crate) async fn holder(system: &System, account: &str) -> Result<Option<String>, OperationError> {
    let holder = account_holder::find(&*system.table, numbers_of(account)).await?;
    Ok(holder.map(|holder| holder.source_id))
}

/// What has an account be a source's. `None` where it is another source's.
pub(crate) async fn claim(
    system: &System,
    fingerprint: &str,
    source_id: &str,
) -> Result<Option<Vec<Change>>, OperationError> {
    match account_holder::find(&*system.table, fingerprint).await? {
        Some(holder) if fault!(AccountOfTwoSources, false, holder.source_id != source_id) => Ok(None),
        Some(_) => Ok(Some(Vec::new())),
        None => Ok(Some(vec![account_holder::claim(fingerprint, source_id)?])),
    }
}

/// What gives up accounts of a source's, of those that are its own.
async fn release(
    system: &System,
    source_id: &str,
    fingerprints: BTreeSet<String>,
) -> Result<Vec<Change>, OperationError> {
    let mut changes = Vec::new();
    for fingerprint in fingerprints {
        let holder = account_holder::find(&*system.table, &fingerprint).await?;
        changes.extend(
            holder.filter(|holder| holder.source_id == source_id).map(|_| account_holder::release(&fingerprint)),
        );
    }
    Ok(changes)
}

/// What gives up the accounts that a correction had claimed for a source, but for the one that the source has now.
pub(crate) async fn release_corrected(
    system: &System,
    source_id: &str,
    mut led_to: BTreeSet<String>,
) -> Result<Vec<Change>, OperationError> {
    if led_to.is_empty() {
        return Ok(Vec::new());
    }
    let source: Option<Source> = read(&*system.table, &keys::source(source_id)).await?;
    if let Some(source) = source {
        led_to.remove(&source.account.fingerprint);
    }
    release(system, source_id, led_to).await
}

/// What gives up the account that a source has, and those that its corrections had claimed, for others.
async fn release_replaced(
    system: &System,
    source: &Source,
    wanted: &BTreeSet<String>,
) -> Result<Vec<Change>, OperationError> {
    let replaced = &source.account.fingerprint;
    let key = keys::account_correction(&account_key(replaced, SOURCE_ACCOUNT_TYPE));
    let correction: Option<AccountCorrection> = read(&*system.table, &key).await?;
    let mut given_up = correction.map(|correction| correction.led_to).unwrap_or_default();
    given_up.insert(replaced.clone());
    given_up.retain(|fingerprint| !wanted.contains(fingerprint));
    release(system, &source.id, given_up).await
}

/// The source as it is. `None` where corrections lead from its account to another source's.
pub(crate) async fn present(system: &System, id: &str) -> Result<Option<Source>, OperationError> {
    let source = load(system, id).await?;
    let other = other_holder(system, id, &source.account).await?;
    if let Some(holder) = &other {
        tracing::error!(source = id, holder, "the account of a source is another source's");
    }
    Ok(other.is_none().then_some(source))
}

/// A source that a batch names, as it stands.
pub(crate) enum Described {
    /// With the account that the batch names.
    Known(Source),
    /// Its account is another one now: the approver accepted none in place of the one that it has now, or it is the account of another
    /// source, as is one that corrections lead to.
    OtherAccount,
    /// It is stopped, paused or barred, or owes something. It keeps the account that this is about until a person has seen to that: given
    /// up, the account could be debited under another source's id.
    Held,
}

/// The source as the manifest describes it.
pub(crate) async fn ensure(
    system: &System,
    described: &ManifestSource,
    account_accepted: bool,
) -> Result<Described, OperationError> {
    let now = system.clock.business_now();
    let wanted = debited(system, &described.id, &described.account).await?;
    let mut claims = Vec::new();
    for fingerprint in &wanted {
        let Some(claim) = claim(system, fingerprint, &described.id).await? else {
            tracing::error!(source = described.id, "the account of a source is another source's");
            return Ok(Described::OtherAccount);
        };
        claims.extend(claim);
    }
    let known: Option<Source> = read(&*system.table, &keys::source(&described.id)).await?;
    let (source, put) = match known {
        None => {
            let source = Source {
                id: described.id.clone(),
                version: 1,
                name: described.name.clone(),
                account: described.account.clone(),
                account_version: 1,
                bank_account_id: None,
                pause: None,
                pause_word: None,
                barred: None,
                receivable_open: false,
                beside_batches: None,
                created_at: now,
                updated_at: now,
            };
            let put = create(&source)?;
            (source, vec![put])
        }
        Some(source) if source.account.fingerprint == described.account.fingerprint => (source, Vec::new()),
        // An acceptance counts in place of the account that the approver was shown, and of no later one.
        Some(mut source) => {
            let replaces =
                fault!(AcceptanceOutlivesAccount, true, described.replaces_version == Some(source.account_version));
            if !account_accepted || !replaces {
                return Ok(Described::OtherAccount);
            }
            if fault!(HeldAccountGivenUp, false, is_held(system, &source).await?) {
                return Ok(Described::Held);
            }
            tracing::warn!(source = source.id, "the account of a source changed, as its approver accepted");
            let mut changes = release_replaced(system, &source, &wanted).await?;
            source.replace_account(described.account.clone(), now);
            changes.push(replace(&mut source)?);
            (source, changes)
        }
    };
    let changes: Vec<_> = put.into_iter().chain(claims).collect();
    if changes.is_empty() {
        return Ok(Described::Known(source));
    }
    match system.table.write(changes).await {
        Ok(()) => Ok(Described::Known(source)),
        Err(TableError::ConditionFailed { .. }) => Err(OperationError::Contended(format!("source {}", described.id))),
        Err(other) => Err(other.into()),
    }
}

/// Whether a person has to see to it first. A rest that the bank's refusals make ends by itself.
async fn is_held(system: &System, source: &Source) -> Result<bool, OperationError> {
    let is_paused = source.pause.as_ref().is_some_and(|pause| pause.until.is_none());
    let waits_for_a_word = is_paused || source.barred.is_some() || source.receivable_open;
    Ok(waits_for_a_word || !stops::may_claim(system, &source.id).await?)
}

/// Opens the source's own account at the bank, once: its id is the key. A refusal for a reason of ours lets the source rest.
pub(crate) async fn ensure_bank_account(
    system: &System,
    mut source: Source,
    deadline: Deadline,
) -> Result<Source, OperationError> {
    if source.bank_account_id.is_some() {
        return Ok(source);
    }
    let key = format!("account:{}", fault!(AccountShared, "all", &source.id));
    recurring::begin(system).await?;
    let opened = payers::open_bank_account(system, &source, &key, deadline).await?;
    source.bank_account_id = Some(opened.id);
    source.updated_at = system.clock.business_now();
    match system.table.write(vec![replace(&mut source)?]).await {
        Ok(()) => Ok(source),
        Err(TableError::ConditionFailed { .. }) => load(system, &source.id).await,
        Err(other) => Err(other.into()),
    }
}

/// An operator's pause has no end but an operator's resume.
pub async fn pause<'a>(system: &System, id: &str, decided: impl Into<DecidedBy<'a>>) -> Result<Source, OperationError> {
    let now = system.clock.business_now();
    let pause = Some(Pause { reason: PauseReason::Operator, since: now, until: None });
    set_pause(system, id, decided.into(), "pause_source", pause).await
}

/// Ends a pause. What the return code of a debit bars is resumed with a reason.
pub async fn resume(system: &System, id: &str, caller: &str, reason: Option<&str>) -> Result<Source, OperationError> {
    let mut source = load(system, id).await?;
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty() && reason.chars().count() <= REASON_SIZE);
    if source.barred.is_none() {
        return set_pause(system, id, DecidedBy { by: caller, reason }, "resume_source", None).await;
    }
    let reason = reason.ok_or(SourceRefusal::ReasonWanted)?;
    source.barred = None;
    source.pause = None;
    source.updated_at = system.clock.business_now();
    let entry = audit::entry(system, caller, "resume_source", id, Some(reason))?;
    system.table.write(vec![replace(&mut source)?, entry]).await?;
    Ok(source)
}

async fn set_pause(
    system: &System,
    id: &str,
    decided: DecidedBy<'_>,
    action: &str,
    pause: Option<Pause>,
) -> Result<Source, OperationError> {
    let mut source = load(system, id).await?;
    let same = |a: &Pause, b: &Pause| a.reason == b.reason;
    let unchanged = match (&source.pause, &pause) {
        (Some(known), Some(asked)) => same(known, asked),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    if unchanged {
        return Ok(source);
    }
    let DecidedBy { by, reason } = decided;
    source.pause_word = pause.is_some().then(|| PauseWord { by: by.to_owned(), reason: reason.map(str::to_owned) });
    source.pause = pause;
    source.updated_at = system.clock.business_now();
    let entry = audit::entry(system, by, action, id, reason)?;
    system.table.write(vec![replace(&mut source)?, entry]).await?;
    Ok(source)
}

/// Why nothing leaves the sources of a file now, by source: of those that it says so of.
pub async fn pauses(system: &System, manifest: &Manifest) -> Result<BTreeMap<String, Pause>, OperationError> {
    let now = system.clock.business_now();
    let ids: Vec<String> = manifest.sources.iter().map(|source| source.id.clone()).collect();
    let read_one = |id: String| async move {
        let source: Option<Source> = read(&*system.table, &keys::source(&id)).await?;
        Ok::<_, OperationError>(source.and_then(|source| Some((id, source.standing_pause(now)?.clone()))))
    };
    let reads = stream::iter(ids.into_iter().map(read_one)).buffer_unordered(READS_AT_ONCE);
    let found: Vec<Option<(String, Pause)>> = reads.try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// Every source, by id.
pub async fn all(system: &System) -> Result<Vec<Source>, OperationError> {
    lists::all(system, keys::LIST_SOURCES).await
}
