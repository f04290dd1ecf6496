//! `clearway payroll`: a file from upload to reports, through the same HTTP API and tasks as in a deployment.
//!
//! With `--data DIR` the command may be killed at any moment and given again: it takes the batch up where it was.

mod api;
mod file;
pub mod outcome;
mod print;
mod progress;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::civil::Date;
use shared::domain::batch::{Batch, BatchState};
use shared::domain::ids::BatchId;
use shared::domain::payroll_file::Mapping;
use shared::operations::{OperationError, reports, upload};
use shared::ports::table::{Index, Key, Order, Query, Range, decode};
use shared::store::{keys, stored};
use simulators::column::{Control, Direction, MIXED_RETURN_CODES, ReturnMoment, ReturnPlan};

use crate::error::LocalError;
use crate::stack::time::Moved;
use crate::stack::{Stack, StackOptions, Store};
use api::{Api, SummaryAnswer};
use outcome::{Outcome, Timings};

#[derive(Clone, Debug, Args)]
pub struct PayrollOptions {
    /// The payroll file, XML or CSV, plain or gzip; without one the standard file of 50,000 rows is generated.
    pub file: Option<PathBuf>,
    /// Columns of a CSV file that go by other names than docs/file.md lists, such as `source=Company,amount=Net`.
    #[arg(long, value_name = "COLUMN=NAME,...", value_parser = Mapping::parse, requires = "file")]
    pub map: Option<Mapping>,
    /// One JSON object on standard output; progress on standard error.
    #[arg(long)]
    pub json: bool,
    /// Where the three CSV reports go.
    #[arg(long)]
    pub reports: Option<PathBuf>,
    /// An institution that the simulated Plaid does not know. Repeatable.
    #[arg(long, value_name = "ins_N")]
    pub unpayable: Vec<String>,
    /// The simulated bank returns so many payouts after they settled.
    #[arg(long, default_value_t = 0)]
    pub returns: u64,
    /// Keeps table, files and the simulated bank, so that the command may be killed and given again.
    #[arg(long)]
    pub data: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t)]
    pub store: Store,
    /// The day that stands for the period the file pays for; by default the day of its summary.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub pay_period: Option<Date>,
    /// Rows of the generated file.
    #[arg(long, default_value_t = 50_000, conflicts_with = "file")]
    pub rows: u64,
}

/// How a command ended, where no error stopped it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Completed,
    FileRefused,
    /// A simulated seed saw what must never happen.
    Violated,
}

pub async fn run(options: PayrollOptions) -> Result<Ended, LocalError> {
    if options.data.is_some() && options.store == Store::Memory {
        return Err(LocalError::Start(
            "--data keeps a table, which --store memory is not: leave one of them out".to_owned(),
        ));
    }
    let payroll = file::prepare(&options)?;
    if payroll.bytes == 0 {
        // No upload link is given for nothing.
        print::refusal(&file::empty(), options.json)?;
        return Ok(Ended::FileRefused);
    }
    let unknown = payroll.dead_servicers.iter().cloned().chain(options.unpayable.iter().cloned()).collect();
    let stack = Stack::start(StackOptions {
        data: options.data.clone(),
        store: options.store,
        unknown_institutions: unknown,
        port: 0,
        address: None,
    })
    .await?;
    plan_returns(&stack, options.returns)?;
    let api = Api::new(&stack)?;
    let mut timings = Timings::start(&stack.system.clock);

    let found = find_unfinished(&stack, &payroll.sha256, options.pay_period).await.map_err(LocalError::from)?;
    let batch_id = match found.as_ref().map(|batch| batch.id) {
        Some(id) => id,
        None => {
            let created = api.create(payroll.bytes, options.pay_period).await?;
            api.upload(&created.upload, &payroll.path).await?;
            created.batch_id
        }
    };
    let is_approved = found.as_ref().is_some_and(|batch| batch.approval.is_some());
    if !is_approved {
        let summary = match api.summary(batch_id, &stack).await? {
            SummaryAnswer::Ready(summary) => summary,
            SummaryAnswer::Refused(refusal) => {
                print::refusal(&refusal, options.json)?;
                return Ok(Ended::FileRefused);
            }
        };
        timings.summarized();
        print::summary(&summary);
        refuse_unready(&summary)?;
        api.approve(batch_id, &summary).await?;
    }
    pay(&stack, batch_id, options.returns, &mut timings).await?;
    timings.ended();

    let written = api.write_reports(batch_id, options.reports.as_deref(), options.data.as_deref()).await?;
    let outcome = Outcome::gather(&stack, batch_id, &timings, written).await?;
    print::outcome(&outcome, options.json)?;
    match outcome.state.as_str() {
        "completed" => Ok(Ended::Completed),
        other => Err(LocalError::NotCompleted(other.to_owned())),
    }
}

/// Says why no approval of the summary would be taken, where none would be.
fn refuse_unready(summary: &serde_json::Value) -> Result<(), LocalError> {
    let reasons = summary["not_ready_because"].as_array().into_iter().flatten();
    let reasons: Vec<&str> = reasons.filter_map(|reason| reason["detail"].as_str()).collect();
    if reasons.is_empty() { Ok(()) } else { Err(LocalError::NotReady(reasons.join(" "))) }
}

fn plan_returns(stack: &Stack, count: u64) -> Result<(), LocalError> {
    if count == 0 {
        return Ok(());
    }
    let plan = ReturnPlan::new(Direction::Credit, ReturnMoment::Settled, count, &MIXED_RETURN_CODES);
    stack.column.control(Control::PlanReturns(plan)).map(|_| ()).map_err(|error| LocalError::Bank(format!("{error:?}")))
}

/// The batch of this very file, and of this pay period where one is named, if an earlier run began one that may go on or is done.
async fn find_unfinished(
    stack: &Stack,
    file_sha256: &str,
    pay_period: Option<Date>,
) -> Result<Option<Batch>, OperationError> {
    let query = Query {
        index: Index::Lists,
        pk: keys::LIST_BATCHES.to_owned(),
        range: Range::All,
        order: Order::Descending,
        page_items: None,
        start_after: None,
    };
    for item in stack.system.table.query(&query).await?.items {
        let key: Key = decode(item)?;
        let batch = stored::read::<Batch>(&*stack.system.table, &key).await?;
        let same_file = |batch: &Batch| batch.manifest.as_ref().is_some_and(|head| head.file_sha256 == file_sha256);
        let goes_on = |state: BatchState| {
            matches!(state, BatchState::Ready | BatchState::Importing | BatchState::Paying | BatchState::Completed)
        };
        let same_period = |batch: &Batch| pay_period.is_none_or(|day| batch.pay_period() == Some(day));
        if let Some(batch) = batch.filter(|batch| same_file(batch) && same_period(batch) && goes_on(batch.state)) {
            return Ok(Some(batch));
        }
    }
    Ok(None)
}

/// Lets time pass until the batch has ended and the planned returns have come.
async fn pay(stack: &Stack, batch_id: BatchId, returns: u64, timings: &mut Timings) -> Result<(), LocalError> {
    let bars = progress::Bars::new();
    let watch = progress::watch(stack, batch_id, &bars, timings);
    let drive = drive(stack, batch_id, returns);
    let ended = tokio::select! {
        ended = drive => ended,
        failed = watch => failed,
    };
    bars.finish();
    ended
}

async fn drive(stack: &Stack, batch_id: BatchId, returns: u64) -> Result<(), LocalError> {
    loop {
        let moved = stack.step().await?;
        let batch = upload::load(&stack.system, batch_id).await?;
        match batch.state {
            BatchState::Completed => break,
            BatchState::Canceled | BatchState::Failed | BatchState::Declined | BatchState::Expired => {
                let why = batch.failure.map(|failure| format!(" ({})", failure.text)).unwrap_or_default();
                return Err(LocalError::NotCompleted(format!("{}{why}", batch.state.as_str())));
            }
            BatchState::Draft
            | BatchState::Summarizing
            | BatchState::Ready
            | BatchState::Rejected
            | BatchState::Importing
            | BatchState::Paying
            | BatchState::Canceling => {}
        }
        if moved == Moved::Nothing {
            return Err(LocalError::Stuck(batch.state.as_str().to_owned()));
        }
    }
    let expected = returns.min(payable(stack, batch_id).await?);
    while expected > 0 && reports::tallies(&stack.system, batch_id).await?.states.returned < expected {
        if stack.step_bank().await? == Moved::Nothing {
            return Err(LocalError::Stuck("completed, but not every planned return came".to_owned()));
        }
    }
    Ok(())
}

async fn payable(stack: &Stack, batch_id: BatchId) -> Result<u64, LocalError> {
    let batch = upload::load(&stack.system, batch_id).await?;
    Ok(batch.manifest.map_or(0, |head| head.payable_rows))
}

/// How often the bars look.
const WATCH_EVERY: Duration = Duration::from_millis(30);
