//! Pulling a source's money: its account at the bank, the funding, the hold.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::ach;
use super::autopay::notices;
use super::corrected_ends::ExternalAccountDetails;
use super::save_step;
use super::upload::load;
use super::{OperationError, System, follow_up, retry, send, sources, sources::Described, stops};
use crate::domain::ach::transliteration::transliterated;
use crate::domain::autopay::notice::{NoticeKind, Outlook, Recipient};
use crate::domain::bank::request::{AccountType, EntryClass};
use crate::domain::batch::manifest::ManifestSource;
use crate::domain::batch::{Batch, BatchState};
use crate::domain::deadline::Deadline;
use crate::domain::funding::{Funding, PulledAccount};
use crate::domain::ids::{BatchId, FundingId, ItemId, SourceTag};
use crate::domain::leg::{AttentionReason, Kind, State};
use crate::domain::money::Cents;
use crate::domain::source::{ExternalAccount, Source};
use crate::domain::task::Task;
use crate::ports::table::{Change, Condition, TableError};
use crate::store::history::HistoryEntry;
use crate::store::keys;
use crate::store::stored::{Stored as _, create, read, replace};

/// What the source's bank shows for the debit (NACHA company entry description, 10 characters).
const ENTRY_DESCRIPTION: &str = "PAYFUNDING";

/// A file does not say what kind of account a source has: a company pays from a checking account.
pub(crate) const SOURCE_ACCOUNT_TYPE: AccountType = AccountType::Checking;

/// What each source has to pay in for a round: for the first the manifest says, for a retry its plan.
pub(crate) async fn needs(
    system: &System,
    batch: &Batch,
    round: u32,
) -> Result<BTreeMap<String, Cents>, OperationError> {
    if round > 1 {
        let plan = retry::plan(system, batch).await?;
        let shortfalls = plan.map(|plan| plan.sources.clone()).unwrap_or_default();
        return Ok(shortfalls
            .into_iter()
            .map(|(id, need)| (id, need.shortfall))
            .filter(|(_, sum)| sum.is_positive())
            .collect());
    }
    let Some(head) = &batch.manifest else { return Ok(BTreeMap::new()) };
    let manifest = system.manifest(batch.id, &head.hash).await?;
    let payable = manifest.sources.iter().filter(|source| source.payable_total.is_positive());
    Ok(payable.map(|source| (source.id.clone(), source.payable_total)).collect())
}

/// Queues the fundings of the batch's current round.
pub(crate) async fn start_round(system: &System, batch: &Batch) -> Result<(), OperationError> {
    let round = u32::try_from(batch.rounds).unwrap_or(u32::MAX);
    let needs = needs(system, batch, round).await?;
    if needs.is_empty() {
        system.hint([Task::Sweep { batch_id: batch.id }]).await;
    }
    let batch_id = batch.id;
    system.hint(needs.into_keys().map(|source_id| Task::Fund { batch_id, source_id, round })).await;
    Ok(())
}

/// Makes the funding of one source and round, if it is not there, and sends it.
pub async fn fund(
    system: &System,
    batch_id: BatchId,
    source_id: &str,
    round: u32,
    deadline: Deadline,
) -> Result<(), OperationError> {
    let mut batch = load(system, batch_id).await?;
    if batch.state != BatchState::Paying {
        return Ok(());
    }
    let id = FundingId::Round { batch: batch_id, source: SourceTag::of(source_id), round };
    if read::<Funding>(&*system.table, &keys::funding(id)).await?.is_some() {
        let source = sources::load(system, source_id).await?;
        return send_funding(system, id, &source, deadline).await;
    }
    let Some(amount) = needs(system, &batch, round).await?.get(source_id).copied() else { return Ok(()) };
    let head = batch.manifest.as_ref().ok_or_else(|| OperationError::not_found("manifest of batch", batch_id))?;
    let manifest = system.manifest(batch_id, &head.hash).await?;
    let described = manifest
        .source(source_id)
        .ok_or_else(|| OperationError::Inconsistent(format!("{batch_id} has no source {source_id}")))?;
    let accepted =
        batch.approval.as_ref().is_some_and(|approval| approval.accounts.contains(&described.account.fingerprint));
    // A retry pulls from the account that is accepted now: what its batch was approved with may have been replaced since.
    let source = if fault!(AcceptanceOutlivesAccount, false, round > 1) {
        sources::present(system, source_id).await?.map_or(Described::OtherAccount, Described::Known)
    } else {
        sources::ensure(system, described, accepted).await?
    };
    let source = match source {
        Described::Known(source) => source,
        Described::OtherAccount => return source_changed(system, &mut batch, described, round).await,
        Described::Held => return Ok(()),
    };
    // It rests because the bank refused us there a moment ago: the sweep asks for its funding again.
    let rests = source.pause.as_ref().is_some_and(|pause| pause.until.is_some());
    if rests && source.bank_account_id.is_none() && source.is_paused(system.clock.business_now()) {
        return Ok(());
    }
    let mut source = sources::ensure_bank_account(system, source, deadline).await?;
    let funding = Funding {
        account: Some(pinned(system, &source, id).await?),
        ..Funding::new(id, amount, source_id.to_owned(), system.clock.business_now())
    };
    // Another account may have been accepted in between: then it is looked at again.
    let same_source =
        Change::Check { key: keys::source(source_id), condition: Condition::VersionIs(*source.version_mut()) };
    // Not for a batch that was canceled in between: its payer's money must not be pulled any more.
    match system.table.write(vec![create(&funding)?, still_paying(batch_id), same_source]).await {
        Err(TableError::ConditionFailed { key, .. }) if key == keys::source(source_id) => {
            return Err(OperationError::Contended(format!("source {source_id}")));
        }
        Ok(()) | Err(TableError::ConditionFailed { .. }) => {}
        Err(other) => return Err(other.into()),
    }
    send_funding(system, id, &source, deadline).await
}

/// Holds a write that pulls money for a batch to the batch being paid: not one that was canceled in between.
pub(crate) fn still_paying(batch_id: BatchId) -> Change {
    let condition = Condition::StateIn(vec![BatchState::Paying.as_str().to_owned()]);
    Change::Check { key: keys::batch(batch_id), condition }
}

/// The account is not the one the approver looked at: a person decides.
async fn source_changed(
    system: &System,
    batch: &mut Batch,
    described: &ManifestSource,
    round: u32,
) -> Result<(), OperationError> {
    tracing::error!(batch = %batch.id, source = described.id, "attention: the source's account changed after the approval");
    if batch.attention.is_some() {
        return Ok(());
    }
    let since = system.clock.business_now();
    batch.attention = Some(crate::domain::leg::Attention { reason: AttentionReason::SourceChanged, since });
    let waits = FundingId::Round { batch: batch.id, source: SourceTag::of(&described.id), round };
    let kind = NoticeKind::AttentionRaised {
        item_id: ItemId::Funding(waits),
        reason: AttentionReason::SourceChanged.as_str().to_owned(),
        since,
        is_held: true,
        outlook: Outlook::GoesOn,
    };
    let mut changes = notices::puts(system, Recipient::PayrollAdmins, [kind]).await?;
    changes.push(replace(batch)?);
    match system.table.write(changes).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

/// The source's account as it is now, sealed anew for the funding, which keeps it whatever the source's is later.
async fn pinned(system: &System, source: &Source, id: FundingId) -> Result<PulledAccount, OperationError> {
    let vault = system.vault().await?;
    let number = vault.sealing.open(&source.account.sealed_account.clone().into(), &keys::source(&source.id).pk)?;
    let sealed = vault.sealing.seal(number.expose(), &keys::funding(id).pk, &*system.random)?;
    Ok(PulledAccount {
        account: ExternalAccount { sealed_account: sealed.as_str().to_owned(), ..source.account.clone() },
        account_type: SOURCE_ACCOUNT_TYPE,
        entry_description: ENTRY_DESCRIPTION.to_owned(),
        name: Some(source.name.clone()),
        account_version: Some(source.account_version),
        corrected: None,
    })
}

async fn send_funding(
    system: &System,
    id: FundingId,
    source: &Source,
    deadline: Deadline,
) -> Result<(), OperationError> {
    let Some(mut funding) = read::<Funding>(&*system.table, &keys::funding(id)).await? else { return Ok(()) };
    let may_send = match funding.leg.state {
        State::Unprocessed => !source.is_paused(system.clock.business_now()) && !source.receivable_open,
        State::Submitting => !source.is_paused(system.clock.business_now()),
        State::Processing | State::Completed | State::Available | State::Failed | State::Returned | State::Canceled => {
            false
        }
    };
    if !may_send || funding.leg.attention.is_some() {
        return Ok(());
    }
    // One of before pins what it pulls from with its first send; where a request is stored, that names the account.
    if funding.account.is_none() && funding.leg.request.is_none() {
        funding.account = Some(pinned(system, source, id).await?);
    }
    let external_account = external_account(&funding, source);
    ach::send(system, funding, source, external_account, deadline).await
}

fn external_account(funding: &Funding, source: &Source) -> ExternalAccountDetails {
    let pulled = fault!(FundedFromPresentAccount, None, funding.account.clone());
    let sealed_under = if pulled.is_some() { keys::funding(funding.id).pk } else { keys::source(&source.id).pk };
    let pulled = pulled.unwrap_or_else(|| PulledAccount {
        account: source.account.clone(),
        account_type: SOURCE_ACCOUNT_TYPE,
        entry_description: ENTRY_DESCRIPTION.to_owned(),
        name: None,
        account_version: None,
        corrected: None,
    });
    ExternalAccountDetails {
        account: pulled.key(),
        routing_number: pulled.account.routing_number,
        sealed_account: pulled.account.sealed_account,
        sealed_under: vec![sealed_under],
        account_type: pulled.account_type,
        name: transliterated(pulled.name.as_deref().unwrap_or(&source.name)).into_owned(),
        entry_class: EntryClass::Ccd,
        entry_description: pulled.entry_description,
        corrected: None,
    }
}

/// Looks at fundings that are due: sends again what was not sent, asks about what the bank is silent on, ends holds; then releases.
pub async fn review(
    system: &System,
    batch_id: BatchId,
    funding_ids: &[FundingId],
    deadline: Deadline,
) -> Result<(), OperationError> {
    let mut released = false;
    for id in funding_ids {
        let Some(funding) = read::<Funding>(&*system.table, &keys::funding(*id)).await? else { continue };
        released |= review_one(system, batch_id, funding, deadline).await?;
    }
    if released {
        release_all(system, batch_id).await?;
    }
    Ok(())
}

/// Answers whether its money became available.
async fn review_one(
    system: &System,
    batch_id: BatchId,
    funding: Funding,
    deadline: Deadline,
) -> Result<bool, OperationError> {
    match funding.leg.state {
        State::Unprocessed if is_given_up(system, batch_id).await? => stop(system, funding).await.map(|()| false),
        State::Submitting if fault!(CanceledSentAgain, false, is_given_up(system, batch_id).await?) => {
            send::look(system, funding, deadline).await.map(|()| false)
        }
        State::Unprocessed | State::Submitting => {
            let source = read::<Source>(&*system.table, &keys::source(&funding.payer_id)).await?;
            let Some(source) = source.filter(|source| source.bank_account_id.is_some()) else { return Ok(false) };
            let is_stopped = !stops::may_claim(system, &source.id).await?;
            let is_paused = is_stopped || source.is_paused(system.clock.business_now()) || source.receivable_open;
            if is_paused && funding.leg.state == State::Unprocessed {
                postpone(system, funding).await?;
                return Ok(false);
            }
            send_funding(system, funding.id, &source, deadline).await?;
            Ok(false)
        }
        State::Processing => follow_up::ask(system, funding, deadline).await.map(|()| false),
        State::Completed => end_hold(system, funding).await,
        State::Available | State::Failed | State::Returned | State::Canceled => Ok(false),
    }
}

async fn postpone(system: &System, mut funding: Funding) -> Result<(), OperationError> {
    let now = system.clock.business_now();
    funding.schedule(now);
    match system.table.write(vec![replace(&mut funding)?]).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

/// Whether nothing more may leave for a batch.
async fn is_given_up(system: &System, batch_id: BatchId) -> Result<bool, OperationError> {
    let batch = load(system, batch_id).await?;
    Ok(matches!(batch.state, BatchState::Canceling | BatchState::Canceled))
}

/// What it was for was canceled before the bank had it.
pub(crate) async fn stop(system: &System, mut funding: Funding) -> Result<(), OperationError> {
    let now = system.clock.business_now();
    let moved = funding.leg.cancel(Kind::Funding)?;
    let entry = HistoryEntry::new("canceled", &funding.leg, now).moved(&moved);
    match save_step::save(system, &mut funding, &entry, &moved.effects, now).await? {
        // Claimed in between: then it is on its way, and stays so.
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

async fn end_hold(system: &System, mut funding: Funding) -> Result<bool, OperationError> {
    let now = system.clock.business_now();
    if funding.available_at.is_none_or(|available_at| now < available_at) {
        return Ok(false);
    }
    let moved = funding.leg.end_hold()?;
    let entry = HistoryEntry::new("available", &funding.leg, now).moved(&moved);
    match save_step::save(system, &mut funding, &entry, &moved.effects, now).await? {
        Ok(()) => Ok(true),
        Err(TableError::ConditionFailed { .. }) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

/// Pushes every shard of a batch.
pub(crate) async fn release_all(system: &System, batch_id: BatchId) -> Result<(), OperationError> {
    system.enqueue(keys::payment_shards().map(|shard| Task::Release { batch_id, shard })).await
}

/// The ids that fundings of a batch have, of all rounds. Not each round pulls from each source.
pub(crate) async fn ids_of(system: &System, batch: &Batch) -> Result<Vec<FundingId>, OperationError> {
    let Some(head) = &batch.manifest else { return Ok(Vec::new()) };
    let manifest = system.manifest(batch.id, &head.hash).await?;
    let tags: BTreeSet<SourceTag> = manifest.sources.iter().map(|source| SourceTag::of(&source.id)).collect();
    let rounds = 1..=u32::try_from(batch.rounds).unwrap_or(u32::MAX);
    let batch_id = batch.id;
    Ok(rounds
        .flat_map(|round| tags.iter().map(move |tag| FundingId::Round { batch: batch_id, source: *tag, round }))
        .collect())
}

/// Every funding of a batch, all rounds.
pub async fn all_fundings(system: &System, batch: &Batch) -> Result<Vec<Funding>, OperationError> {
    let mut fundings = Vec::new();
    for id in ids_of(system, batch).await? {
        fundings.extend(read::<Funding>(&*system.table, &keys::funding(id)).await?);
    }
    Ok(fundings)
}

/// When the settlement of something sent now is certainly known, and a little later.
pub(crate) fn after_settlement(now: jiff::Timestamp) -> jiff::Timestamp {
    let expected = crate::domain::calendar::settlement_expected_at(now);
    expected.checked_add(SignedDuration::from_mins(10)).unwrap_or(expected)
}
