//! The three reports of a batch, computed from its payments: read consistently, in parallel over the shards, never from counters.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{OperationError, System};
use crate::domain::batch::Batch;
use crate::domain::ids::BatchId;
use crate::domain::leg::State;
use crate::domain::money::{Cents, MoneyOverflow};
use crate::domain::payment::Payment;
use crate::domain::task::{ReportFormat, ReportKind, Task};
use crate::ports::objects::{ObjectError, ObjectLink};
use crate::ports::table::TableError;
use crate::store::payments::fold_batch;

/// A link to a written report is good for this long.
const LINK_LIFE: Duration = Duration::from_secs(15 * 60);

/// A report is written at most once in this time.
const PERIOD_SECONDS: i64 = 600;

/// Counts and sums by state of the payments of a batch, source or branch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Tally {
    pub payments: u64,
    #[schema(value_type = String)]
    pub total: Cents,
    pub completed: u64,
    #[schema(value_type = String)]
    pub completed_total: Cents,
    pub failed: u64,
    #[schema(value_type = String)]
    pub failed_total: Cents,
    /// Stopped by a person before the bank took them.
    pub canceled: u64,
    #[schema(value_type = String)]
    pub canceled_total: Cents,
    pub returned: u64,
    #[schema(value_type = String)]
    pub returned_total: Cents,
    pub open: u64,
    #[schema(value_type = String)]
    pub open_total: Cents,
}

/// Payments by state, as a batch shows them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StateCounts {
    pub unprocessed: u64,
    pub submitting: u64,
    pub processing: u64,
    pub completed: u64,
    pub failed: u64,
    pub returned: u64,
    pub canceled: u64,
}

/// Everything that can be counted in one reading of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tallies {
    pub states: StateCounts,
    pub total: Tally,
    pub by_source: BTreeMap<String, Tally>,
    pub by_branch: BTreeMap<String, Tally>,
}

impl Tally {
    fn add(&mut self, state: State, amount: Cents) -> Result<(), MoneyOverflow> {
        self.payments += 1;
        self.total = self.total.plus(amount)?;
        let (count, total) = match state {
            State::Completed | State::Available => (&mut self.completed, &mut self.completed_total),
            State::Failed => (&mut self.failed, &mut self.failed_total),
            State::Canceled => fault!(
                CanceledCountedAsFailed,
                (&mut self.failed, &mut self.failed_total),
                (&mut self.canceled, &mut self.canceled_total)
            ),
            State::Returned => (&mut self.returned, &mut self.returned_total),
            State::Unprocessed | State::Submitting | State::Processing => (&mut self.open, &mut self.open_total),
        };
        *count += 1;
        *total = total.plus(amount)?;
        Ok(())
    }

    fn merge(&mut self, other: &Tally) -> Result<(), MoneyOverflow> {
        let pairs = [
            (&mut self.payments, other.payments),
            (&mut self.completed, other.completed),
            (&mut self.failed, other.failed),
            (&mut self.canceled, other.canceled),
            (&mut self.returned, other.returned),
            (&mut self.open, other.open),
        ];
        for (ours, theirs) in pairs {
            *ours += theirs;
        }
        let pairs = [
            (&mut self.total, other.total),
            (&mut self.completed_total, other.completed_total),
            (&mut self.failed_total, other.failed_total),
            (&mut self.canceled_total, other.canceled_total),
            (&mut self.returned_total, other.returned_total),
            (&mut self.open_total, other.open_total),
        ];
        for (ours, theirs) in pairs {
            *ours = ours.plus(theirs)?;
        }
        Ok(())
    }
}

impl StateCounts {
    fn add(&mut self, state: State) {
        let count = match state {
            State::Unprocessed => &mut self.unprocessed,
            State::Submitting => &mut self.submitting,
            State::Processing => &mut self.processing,
            State::Completed | State::Available => &mut self.completed,
            State::Failed => &mut self.failed,
            State::Returned => &mut self.returned,
            State::Canceled => &mut self.canceled,
        };
        *count += 1;
    }

    fn merge(&mut self, other: &StateCounts) {
        self.unprocessed += other.unprocessed;
        self.submitting += other.submitting;
        self.processing += other.processing;
        self.completed += other.completed;
        self.failed += other.failed;
        self.returned += other.returned;
        self.canceled += other.canceled;
    }
}

impl Tallies {
    fn add(&mut self, payment: &Counted) -> Result<(), MoneyOverflow> {
        let state = payment.leg.state;
        self.states.add(state);
        self.total.add(state, payment.amount)?;
        self.by_source.entry(payment.payer_id.clone()).or_default().add(state, payment.amount)?;
        let branch_id = payment.row.as_ref().map(|row| row.branch_id.clone()).unwrap_or_default();
        self.by_branch.entry(branch_id).or_default().add(state, payment.amount)
    }

    fn merge(&mut self, other: &Tallies) -> Result<(), MoneyOverflow> {
        self.states.merge(&other.states);
        self.total.merge(&other.total)?;
        for (id, tally) in &other.by_source {
            self.by_source.entry(id.clone()).or_default().merge(tally)?;
        }
        for (id, tally) in &other.by_branch {
            self.by_branch.entry(id.clone()).or_default().merge(tally)?;
        }
        Ok(())
    }
}

/// What a tally reads of a payment.
#[derive(Deserialize)]
struct Counted {
    leg: CountedLeg,
    amount: Cents,
    payer_id: String,
    #[serde(default)]
    row: Option<CountedRow>,
}

#[derive(Deserialize)]
struct CountedLeg {
    state: State,
}

#[derive(Deserialize)]
struct CountedRow {
    branch_id: String,
}

/// Counts a batch's payments as they stand now.
pub async fn tallies(system: &System, batch_id: BatchId) -> Result<Tallies, OperationError> {
    let shards = fold_batch(&*system.table, batch_id, |tallies: &mut Tallies, payment: Counted| {
        tallies.add(&payment).map_err(|cause| TableError::Defect(cause.to_string()))
    })
    .await?;
    let mut sum = Tallies::default();
    for shard in &shards {
        sum.merge(shard)?;
    }
    Ok(sum)
}

/// A batch's payments in the order of its file's rows.
pub async fn payments_by_row(system: &System, batch_id: BatchId) -> Result<Vec<Payment>, OperationError> {
    let shards = fold_batch(&*system.table, batch_id, |payments: &mut Vec<Payment>, payment: Payment| {
        payments.push(payment);
        Ok(())
    })
    .await?;
    let mut payments: Vec<Payment> = shards.into_iter().flatten().collect();
    payments.sort_unstable_by_key(|payment| payment.id);
    Ok(payments)
}

/// A batch's refunds, in the order in which they were made. Loaded for its header, so that a batch without any reads nothing.
pub async fn refunds(system: &System, batch: &Batch) -> Result<Vec<Payment>, OperationError> {
    if batch.refunds == 0 {
        return Ok(Vec::new());
    }
    let mut refunds = super::refund::all(system, batch).await?;
    refunds.sort_unstable_by_key(|refund| refund.id);
    Ok(refunds)
}

/// A report that is too large for an answer.
#[derive(Clone, Debug)]
pub enum LargeReport {
    /// A worker has it.
    Preparing,
    Ready(ObjectLink),
}

/// The report as a link, once a worker has written it. What is older than twenty minutes is written anew: payments change.
pub async fn large(
    system: &System,
    batch_id: BatchId,
    report: ReportKind,
    format: ReportFormat,
) -> Result<LargeReport, OperationError> {
    let period = period(system);
    for period in [period, period - 1] {
        let key = report_object(batch_id, report, format, period);
        if exists(system, &key).await? {
            return Ok(LargeReport::Ready(system.objects.download_link(&key, LINK_LIFE).await?));
        }
    }
    let asked = [period, period - 1].map(|period| asked_object(batch_id, report, format, period));
    for key in &asked {
        if exists(system, key).await? {
            return Ok(LargeReport::Preparing);
        }
    }
    system.enqueue([Task::Report { batch_id, report, format }]).await?;
    // Only so that polling does not queue the same again: written after the task, it can cost a second writing, never the report.
    let [mark, _] = asked;
    system.objects.put(&mark, "text/plain", Bytes::new()).await?;
    Ok(LargeReport::Preparing)
}

async fn exists(system: &System, key: &str) -> Result<bool, OperationError> {
    match system.objects.size(key).await {
        Ok(_) => Ok(true),
        Err(ObjectError::Missing(_)) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

/// Ten minutes of elapsed time, counted since 1970.
fn period(system: &System) -> i64 {
    system.clock.elapsed_now().as_second() / PERIOD_SECONDS
}

/// A mark that a report was asked of a worker.
fn asked_object(batch_id: BatchId, report: ReportKind, format: ReportFormat, period: i64) -> String {
    format!("{}.asked", report_object(batch_id, report, format, period))
}

/// The name of a report as a file.
pub fn file_name(batch_id: BatchId, report: ReportKind, format: ReportFormat) -> String {
    let name = match report {
        ReportKind::Payments => "payments",
        ReportKind::Sources => "sources",
        ReportKind::Branches => "branches",
    };
    let extension = match format {
        ReportFormat::Csv | ReportFormat::CsvBom => "csv",
        ReportFormat::Json => "json",
    };
    format!("{name}-{batch_id}.{extension}")
}

/// Where a report that is too large for an answer is written. A browser names what it loads by the end of this.
fn report_object(batch_id: BatchId, report: ReportKind, format: ReportFormat, period: i64) -> String {
    let folder = match format {
        ReportFormat::Csv | ReportFormat::Json => period.to_string(),
        ReportFormat::CsvBom => format!("{period}-bom"),
    };
    format!("batches/{batch_id}/reports/{folder}/{}", file_name(batch_id, report, format))
}

/// Writes a report as an object, unless it was written a moment ago.
pub async fn write(
    system: &System,
    batch_id: BatchId,
    report: ReportKind,
    format: ReportFormat,
) -> Result<(), OperationError> {
    let key = report_object(batch_id, report, format, period(system));
    if exists(system, &key).await? {
        return Ok(());
    }
    let (content_type, body) = super::report_text::render(system, batch_id, report, format).await?;
    Ok(system.objects.put(&key, content_type, body.into()).await?)
}
