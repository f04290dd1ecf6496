//! Sources: known from their first approved batch on; paused and resumed by operators, and by the bank's refusals.

use super::upload::{audit_entry, nonce};
use super::{OperationError, System, system::minutes_from};
use crate::domain::batch::manifest::ManifestSource;
use crate::domain::deadline::Deadline;
use crate::domain::ledger::{Account, AccountKind};
use crate::domain::source::{Pause, PauseReason, Source};
use crate::ports::table::{Index, Key, Order, Query, Range, TableError, decode};
use crate::store::stored::{create, read, replace};
use crate::store::{audit, keys, ledger};

/// After a refusal for a reason of ours, nothing leaves the source for this long.
const BANK_PAUSE_MINUTES: i64 = 5;

pub async fn load(system: &System, id: &str) -> Result<Source, OperationError> {
    read(&*system.table, &keys::source(id)).await?.ok_or_else(|| OperationError::not_found("source", id))
}

/// The source as the manifest describes it. `None` where its account is another one now and the approver accepted no change.
pub(crate) async fn ensure(
    system: &System,
    described: &ManifestSource,
    account_accepted: bool,
) -> Result<Option<Source>, OperationError> {
    let now = system.clock.business_now();
    let known: Option<Source> = read(&*system.table, &keys::source(&described.id)).await?;
    let Some(mut source) = known else {
        let source = Source {
            id: described.id.clone(),
            version: 1,
            name: described.name.clone(),
            account: described.account.clone(),
            bank_account_id: None,
            pause: None,
            receivable_open: false,
            created_at: now,
            updated_at: now,
        };
        return match system.table.write(vec![create(&source)?]).await {
            Ok(()) => Ok(Some(source)),
            Err(TableError::ConditionFailed { .. }) => {
                Err(OperationError::Contended(format!("source {}", described.id)))
            }
            Err(other) => Err(other.into()),
        };
    };
    if source.account.fingerprint == described.account.fingerprint {
        return Ok(Some(source));
    }
    if !account_accepted {
        return Ok(None);
    }
    tracing::warn!(source = source.id, "the account of a source changed, as its approver accepted");
    source.account = described.account.clone();
    source.updated_at = now;
    system.table.write(vec![replace(&mut source)?]).await?;
    Ok(Some(source))
}

/// Opens the source's own account at the bank, once: its id is the key.
pub(crate) async fn ensure_bank_account(
    system: &System,
    mut source: Source,
    deadline: Deadline,
) -> Result<Source, OperationError> {
    if source.bank_account_id.is_some() {
        return Ok(source);
    }
    let key = format!("account:{}", source.id);
    let column = system.column().await?;
    let opened = column
        .create_bank_account(&system.settings.column_entity_id, &format!("Payroll of {}", source.id), &key, deadline)
        .await?;
    source.bank_account_id = Some(opened.id);
    source.updated_at = system.clock.business_now();
    match system.table.write(vec![replace(&mut source)?]).await {
        Ok(()) => Ok(source),
        Err(TableError::ConditionFailed { .. }) => load(system, &source.id).await,
        Err(other) => Err(other.into()),
    }
}

/// The bank refused for a reason of ours, or is out of reach: the source rests a while, by itself.
pub(crate) async fn pause_for_bank(system: &System, id: &str, code: &str) -> Result<(), OperationError> {
    let now = system.clock.business_now();
    let mut source = load(system, id).await?;
    if source.pause.as_ref().is_some_and(|pause| pause.until.is_none()) || source.is_paused(now) {
        return Ok(());
    }
    tracing::error!(source = id, code, "alarm: a source is paused, because the bank refused us or is out of reach");
    source.pause = Some(Pause {
        reason: PauseReason::Bank(code.to_owned()),
        since: now,
        until: Some(minutes_from(now, BANK_PAUSE_MINUTES)),
    });
    source.updated_at = now;
    match system.table.write(vec![replace(&mut source)?]).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

/// An operator's pause has no end but an operator's resume.
pub async fn pause(system: &System, id: &str, caller: &str) -> Result<Source, OperationError> {
    let now = system.clock.business_now();
    let pause = Some(Pause { reason: PauseReason::Operator, since: now, until: None });
    set_pause(system, id, caller, "pause_source", pause).await
}

pub async fn resume(system: &System, id: &str, caller: &str) -> Result<Source, OperationError> {
    set_pause(system, id, caller, "resume_source", None).await
}

async fn set_pause(
    system: &System,
    id: &str,
    caller: &str,
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
    source.pause = pause;
    source.updated_at = system.clock.business_now();
    let entry = audit_entry(system, caller, action, id, None);
    system.table.write(vec![replace(&mut source)?, audit::put(&entry, nonce(system))?]).await?;
    Ok(source)
}

/// Every source, by id.
pub async fn all(system: &System) -> Result<Vec<Source>, OperationError> {
    let mut sources = Vec::new();
    let mut query = Query {
        index: Index::Lists,
        pk: keys::LIST_SOURCES.to_owned(),
        range: Range::All,
        order: Order::Ascending,
        page_items: None,
        start_after: None,
    };
    loop {
        let page = system.table.query(&query).await?;
        for item in page.items {
            let key: Key = decode(item)?;
            sources.extend(read::<Source>(&*system.table, &key).await?);
        }
        match page.next {
            Some(next) => query.start_after = Some(next),
            None => return Ok(sources),
        }
    }
}

/// Lifts the block of a source whose receivable is settled in the books. Answers whether it was lifted.
pub(crate) async fn settle_receivable(system: &System, id: &str) -> Result<bool, OperationError> {
    let mut source = load(system, id).await?;
    if !source.receivable_open {
        return Ok(false);
    }
    let account = Account { kind: AccountKind::Receivable, source_id: id.to_owned() };
    let now = system.clock.business_now();
    let balance = ledger::totals(&*system.table, &account, source.created_at, now).await?.balance()?;
    if !balance.is_zero() {
        return Ok(false);
    }
    source.receivable_open = false;
    source.updated_at = now;
    match system.table.write(vec![replace(&mut source)?]).await {
        Ok(()) => Ok(true),
        Err(TableError::ConditionFailed { .. }) => Ok(false),
        Err(other) => Err(other.into()),
    }
}
