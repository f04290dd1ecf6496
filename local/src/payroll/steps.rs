//! The steps of a run: prepare, upload, summarize, approve, pay, report.

use std::collections::BTreeSet;

use serde_json::Value;
use shared::domain::batch::Batch;
use shared::domain::batch::manifest::Overlap;
use shared::domain::ids::BatchId;
use shared::operations::upload;
use simulators::column::{Control, Direction, MIXED_RETURN_CODES, ReturnMoment, ReturnPlan};

use super::api::{Api, SummaryAnswer};
use super::file::Payroll;
use super::gather::Run;
use super::outcome::{Outcome, Timings};
use super::pass::pass;
use super::print::Ids;
use super::report_files::{Fetched, Place};
use super::{PayrollOptions, earlier, file, print, summary};
use crate::ended::Ended;
use crate::error::LocalError;
use crate::folder::Folder;
use crate::stack::{Stack, StackOptions, Store};
use crate::terminal::say;
use crate::terminal::text::counted;

/// Institutions named to whoever named none of them.
const NAMED: usize = 5;

pub(super) async fn run(options: &PayrollOptions) -> Result<Ended, LocalError> {
    if options.data.is_some() && options.store == Store::Memory {
        let text = "--data keeps a table, which --store memory is not: leave one of them out";
        return Err(LocalError::Options(text.to_owned()));
    }
    let folder = Folder::open(options.data.as_deref())?;
    let place = Place::checked(options.reports.as_deref(), &folder)?;
    let payroll = prepared(options, &folder).await?;
    if payroll.bytes == 0 {
        // No upload link is given for nothing.
        print::refusal(&file::empty(), options.json)?;
        return Ok(Ended::FileRefused);
    }
    let in_folder = folder.path().to_owned();
    let unknown_institutions = payroll.dead_servicers.iter().chain(&options.unpayable).cloned().collect();
    let stack_options = StackOptions { store: options.store, unknown_institutions, ..StackOptions::default() };
    let stack = Stack::start_in(folder, stack_options).await?;
    let (api, mut timings) = (Api::new(&stack)?, Timings::start(&stack.system.clock));

    let found = earlier::find(&stack, &payroll.sha256, options.map.as_ref(), options.pay_period).await?;
    let began = earlier::say_found(&stack, found.as_ref()).await?;
    let Some(batch_id) = approved(&stack, &api, found, &payroll, options, &mut timings).await? else {
        return Ok(Ended::FileRefused);
    };
    let end = pass(&stack, batch_id, options.returns, &mut timings).await?;
    timings.ended();

    let fetched = Fetched::fetch(&api, batch_id, &in_folder).await?;
    let (reported, reports) = (fetched.read()?, place.of(batch_id));
    let run = Run { began, end, timings: &timings, reported, reports: reports.clone() };
    let outcome = Outcome::gather(&stack, batch_id, run).await?;
    let printed = print::outcome(&outcome, ids(options), options.json);
    match printed {
        Ok(()) | Err(LocalError::Unread) => {}
        Err(other) => return Err(other),
    }
    if let Err(error) = fetched.put(&reports) {
        // The object is printed, and everything is paid: this is no other outcome of it.
        say(&format!("clearway: the reports are not written, the API has them: {error}"));
        return Ok(Ended::ReportsMissing);
    }
    for path in [&reports.payments, &reports.sources, &reports.branches] {
        say(&format!("Report: {path}"));
    }
    Ok(if outcome.verdict.holds { Ended::Done } else { Ended::VerdictFailed })
}

const fn ids(options: &PayrollOptions) -> Ids {
    if options.whole_ids { Ids::Whole } else { Ids::Short }
}

/// The file, made or read beside everything else: a large one takes a while.
async fn prepared(options: &PayrollOptions, folder: &Folder) -> Result<Payroll, LocalError> {
    let (options, folder) = (options.clone(), folder.path().to_owned());
    let prepared = tokio::task::spawn_blocking(move || file::prepare(&options, &folder));
    prepared.await.map_err(LocalError::start)?
}

/// The batch of the file once a second person has approved it. None where the file is refused, which was said.
async fn approved(
    stack: &Stack,
    api: &Api,
    found: Option<Batch>,
    payroll: &Payroll,
    options: &PayrollOptions,
    timings: &mut Timings,
) -> Result<Option<BatchId>, LocalError> {
    let batch_id = match &found {
        Some(batch) if batch.approval.is_some() => return Ok(Some(batch.id)),
        Some(batch) => batch.id,
        None => {
            let created = api.create(payroll.bytes, options.pay_period, options.map.as_ref()).await?;
            api.upload(&created.upload, &payroll.path).await?;
            created.batch_id
        }
    };
    let summary = match api.summary(batch_id, stack).await? {
        SummaryAnswer::Ready(summary) => summary,
        SummaryAnswer::Refused(refusal) => {
            print::refusal(&refusal, options.json)?;
            return Ok(None);
        }
    };
    timings.summarized();
    summary::show(&summary, payroll.is_generated, &|id| ids(options).of(id));
    fit_the_file(stack, batch_id, options, &summary).await?;
    refuse_unready(&summary)?;
    if !options.pay_again {
        refuse_paid(&summary)?;
    }
    plan_returns(stack, options.returns)?;
    api.approve(batch_id, &summary).await?;
    say("Approved by a second person. Business time passes by itself (New York's days):");
    Ok(Some(batch_id))
}

/// Refuses options that ask for what the file does not have. Nothing was paid by then.
async fn fit_the_file(
    stack: &Stack,
    batch_id: BatchId,
    options: &PayrollOptions,
    summary: &Value,
) -> Result<(), LocalError> {
    let payable = summary["payable_rows"].as_u64().unwrap_or_default();
    if options.returns > payable {
        let text = format!(
            "--returns {} is more than the {} that can be paid: nothing was paid",
            options.returns,
            counted(payable, "row")
        );
        return Err(LocalError::Options(text));
    }
    if options.map.is_some() && summary["columns"].is_null() {
        let text = "--map names columns of a table, and this file is XML: leave it out; nothing was paid";
        return Err(LocalError::Options(text.to_owned()));
    }
    if options.unpayable.is_empty() {
        return Ok(());
    }
    let batch = upload::load(&stack.system, batch_id).await?;
    let Some(head) = batch.manifest else { return Ok(()) };
    let manifest = stack.system.manifest(batch_id, &head.hash).await?;
    let paid: BTreeSet<&str> = manifest.institutions.iter().map(|institution| institution.id.as_str()).collect();
    match options.unpayable.iter().find(|id| !paid.contains(id.as_str())) {
        None => Ok(()),
        Some(id) => {
            let some: Vec<&str> = paid.into_iter().take(NAMED).collect();
            let text = format!(
                "--unpayable {id}: no row of the file pays this institution; some that it pays: {}; nothing was paid",
                some.join(", ")
            );
            Err(LocalError::Options(text))
        }
    }
}

/// Says why no approval of the summary would be taken, where none would be.
fn refuse_unready(summary: &Value) -> Result<(), LocalError> {
    let reasons = summary["not_ready_because"].as_array().into_iter().flatten();
    let reasons: Vec<&str> = reasons.filter_map(|reason| reason["detail"].as_str()).collect();
    if reasons.is_empty() { Ok(()) } else { Err(LocalError::NotReady(reasons.join(" "))) }
}

/// Refuses rows that an earlier batch has paid: a second person would look whether they are owed once more, and nobody does here.
fn refuse_paid(summary: &Value) -> Result<(), LocalError> {
    let overlaps: Vec<Overlap> = serde_json::from_value(summary["overlaps"].clone())?;
    let told: Vec<_> = overlaps.iter().filter_map(summary::paid_before).collect();
    if told.is_empty() { Ok(()) } else { Err(LocalError::PaidBefore(told.join(", "))) }
}

fn plan_returns(stack: &Stack, count: u64) -> Result<(), LocalError> {
    if count == 0 {
        return Ok(());
    }
    let plan = ReturnPlan::new(Direction::Credit, ReturnMoment::Settled, count, &MIXED_RETURN_CODES);
    stack.column.control(Control::PlanReturns(plan)).map(|_| ()).map_err(|error| LocalError::Bank(format!("{error:?}")))
}
