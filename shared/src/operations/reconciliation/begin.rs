//! Beginning a reconciliation, finding its payers, and ending it when all are compared.

use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use uuid::Uuid;

use super::super::audit;
use super::strangers;
use crate::domain::autopay::person::Person;
use crate::domain::deadline::Deadline;
use crate::domain::ids::ReconciliationId;
use crate::domain::reconciliation::run::PayerRun;
use crate::domain::reconciliation::{Counts, DailySchedule, Range, Reconciliation, ReconciliationState};
use crate::domain::source::Source;
use crate::domain::task::Task;
use crate::operations::closings::LISTS;
use crate::operations::payers::Payer;
use crate::operations::submit::replace_or_leave;
use crate::operations::{OperationError, System, recurring};
use crate::ports::table::{Cursor, Index, Key, Order, Query, Range as SortRange, TableError, decode};
use crate::store::keys;
use crate::store::stored::{create, read, replace};

const PAYERS_PER_PAGE: u32 = 25;
const PAYERS_AT_ONCE: usize = 8;
const PAGE_TIME: Duration = Duration::from_secs(20);

/// Between two looks at whether all payers are done.
const SWEEP_MINUTES: i64 = 10;

/// Whose the daily one is.
const SCHEDULE: &str = "schedule";

/// Begins a reconciliation that a person asks for. Asked for again under the same id, it answers how that one stands.
pub async fn request(
    system: &System,
    id: Uuid,
    range: Range,
    payer_id: Option<String>,
    dry_run: bool,
    caller: &str,
) -> Result<Reconciliation, OperationError> {
    if let Some(payer_id) = &payer_id {
        super::super::payers::since(system, payer_id).await?;
    }
    let now = system.clock.business_now();
    let reconciliation = Reconciliation::new(ReconciliationId::new(id), range, payer_id, dry_run, caller, now);
    let detail = format!("{} to {}{}", range.from, range.to, if dry_run { ", dry run" } else { "" });
    let entry = audit::entry(system, caller, "reconcile", &reconciliation.id.to_string(), Some(&detail))?;
    match system.table.write(vec![create(&reconciliation)?, entry]).await {
        Ok(()) => {
            system.hint([header(reconciliation.id)]).await;
            Ok(reconciliation)
        }
        Err(TableError::ConditionFailed { .. }) => super::load(system, reconciliation.id).await,
        Err(other) => Err(other.into()),
    }
}

/// Begins the daily one, and says when the next begins, in one write. Where there is no round yet, all of them are set instead.
pub async fn daily(system: &System) -> Result<(), OperationError> {
    let Some(mut round) = read::<DailySchedule>(&*system.table, &keys::daily_round()).await? else {
        return recurring::begin(system).await;
    };
    let now = system.clock.business_now();
    if !round.is_due(now) {
        return Ok(());
    }
    let id = ReconciliationId::new(system.new_uuid());
    let reconciliation = Reconciliation::new(id, Range::daily(now), None, false, SCHEDULE, now);
    round.go_on(id, now);
    match system.table.write(vec![replace(&mut round)?, create(&reconciliation)?]).await {
        Ok(()) => {
            system.hint([header(id)]).await;
            Ok(())
        }
        Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

fn header(reconciliation_id: ReconciliationId) -> Task {
    Task::Reconcile { reconciliation_id, payer_id: None }
}

/// Finds payers page by page, then accounts at the bank that are no payer's; then looks whether all are compared.
pub(super) async fn go_on(
    system: &System,
    mut reconciliation: Reconciliation,
    deadline: Deadline,
) -> Result<(), OperationError> {
    while reconciliation.state == ReconciliationState::Starting {
        if !deadline.allows(system.clock.elapsed_now(), PAGE_TIME) {
            system.hint([header(reconciliation.id)]).await;
            return Ok(());
        }
        let now = system.clock.business_now();
        let is_one = reconciliation.payer_id.is_some();
        let (found, next) = if !is_one && reconciliation.list >= LISTS.len() {
            match strangers::page(system, &reconciliation, deadline).await {
                // The bank is out of reach: it goes on there later.
                Err(error @ OperationError::Bank(_)) => {
                    reconciliation.wait(SWEEP_MINUTES, now);
                    replace_or_leave(system, &mut reconciliation).await?;
                    return Err(error);
                }
                page => page?,
            }
        } else {
            let (runs, next) = page_of_payers(system, &reconciliation, now).await?;
            start(system, &runs).await?;
            (u64::try_from(runs.len()).unwrap_or(u64::MAX), next)
        };
        // After the lists of payers comes the bank's of accounts.
        reconciliation.payers_found(found, next, if is_one { 1 } else { LISTS.len().saturating_add(1) }, now);
        match system.table.write(vec![replace(&mut reconciliation)?]).await {
            Ok(()) => {}
            Err(TableError::ConditionFailed { .. }) => return Ok(()),
            Err(other) => return Err(other.into()),
        }
    }
    if reconciliation.state == ReconciliationState::Running {
        complete(system, reconciliation).await?;
    }
    Ok(())
}

/// Puts the runs of payers that are not there yet, and queues them.
async fn start(system: &System, runs: &[PayerRun]) -> Result<(), OperationError> {
    for run in runs {
        match system.table.write(vec![create(run)?]).await {
            Ok(()) | Err(TableError::ConditionFailed { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    system.hint(runs.iter().map(super::task)).await;
    Ok(())
}

/// Runs for payers that have an account at the bank: the others have nothing to compare.
async fn page_of_payers(
    system: &System,
    reconciliation: &Reconciliation,
    now: Timestamp,
) -> Result<(Vec<PayerRun>, Option<String>), OperationError> {
    let id = reconciliation.id;
    if let Some(payer_id) = &reconciliation.payer_id {
        let key = super::super::payers::key_of(payer_id);
        return Ok((payer_run(system, id, &key, now).await?.into_iter().collect(), None));
    }
    let Some(list) = LISTS.get(reconciliation.list) else { return Ok((Vec::new(), None)) };
    let query = Query {
        index: Index::Lists,
        pk: (*list).to_owned(),
        range: SortRange::All,
        order: Order::Ascending,
        page_items: Some(PAYERS_PER_PAGE),
        start_after: reconciliation.after.clone().map(Cursor),
    };
    let page = system.table.query(&query).await?;
    let keys = page.items.into_iter().map(decode::<Key>).collect::<Result<Vec<_>, _>>()?;
    let reads: Vec<_> = keys.iter().map(|key| payer_run(system, id, key, now)).collect();
    let runs: Vec<Option<PayerRun>> = stream::iter(reads).buffered(PAYERS_AT_ONCE).try_collect().await?;
    Ok((runs.into_iter().flatten().collect(), page.next.map(|cursor| cursor.0)))
}

async fn payer_run(
    system: &System,
    id: ReconciliationId,
    key: &Key,
    now: Timestamp,
) -> Result<Option<PayerRun>, OperationError> {
    fn of(payer: &impl Payer, id: ReconciliationId, now: Timestamp) -> Option<PayerRun> {
        let account = payer.bank_account_id()?.to_owned();
        Some(PayerRun::new(id, payer.payer_id(), account, payer.created_at(), now))
    }
    if key.pk.starts_with("SOURCE#") {
        return Ok(read::<Source>(&*system.table, key).await?.and_then(|source| of(&source, id, now)));
    }
    Ok(read::<Person>(&*system.table, key).await?.and_then(|person| of(&person, id, now)))
}

/// Adds up what the payers' runs found, once all are done.
async fn complete(system: &System, mut reconciliation: Reconciliation) -> Result<(), OperationError> {
    let now = system.clock.business_now();
    let mut query = Query {
        range: SortRange::BeginsWith(keys::PAYER_RUN_PREFIX.to_owned()),
        ..Query::primary(keys::reconciliation(reconciliation.id).pk)
    };
    let mut counts = Counts::default();
    loop {
        let page = system.table.query(&query).await?;
        for item in page.items {
            let run: PayerRun = decode(item)?;
            if !run.is_done() {
                reconciliation.wait(SWEEP_MINUTES, now);
                return replace_or_leave(system, &mut reconciliation).await;
            }
            counts = counts.plus(run.counts);
        }
        match page.next {
            Some(next) => query.start_after = Some(next),
            None => break,
        }
    }
    reconciliation.complete(counts, now);
    let (id, dry_run) = (reconciliation.id, reconciliation.dry_run);
    replace_or_leave(system, &mut reconciliation).await?;
    tracing::info!(%id, dry_run, ?counts, "a reconciliation is completed");
    Ok(())
}
