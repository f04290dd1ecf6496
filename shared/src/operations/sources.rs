//! Sources: known from their first approved batch on; paused and resumed by operators.

use super::{OperationError, System, audit, lists, rounds};
use crate::domain::batch::manifest::ManifestSource;
use crate::domain::deadline::Deadline;
use crate::domain::source::{Pause, PauseReason, Source};
use crate::ports::table::TableError;
use crate::store::keys;
use crate::store::stored::{create, read, replace};

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
    let key = format!("account:{}", fault!(AccountShared, "all", &source.id));
    rounds::begin(system).await?;
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
    let entry = audit::entry(system, caller, action, id, None)?;
    system.table.write(vec![replace(&mut source)?, entry]).await?;
    Ok(source)
}

/// Every source, by id.
pub async fn all(system: &System) -> Result<Vec<Source>, OperationError> {
    lists::all(system, keys::LIST_SOURCES).await
}
