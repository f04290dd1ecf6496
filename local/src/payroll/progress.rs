//! Progress on standard error: bars on a terminal, elsewhere a line for each twentieth that a step gets on.

use std::cell::Cell;
use std::io::IsTerminal as _;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use shared::domain::batch::{Batch, BatchState};
use shared::domain::ids::BatchId;
use shared::operations::upload;
use shared::ports::clock::Clock as _;
use shared::ports::table::{Query, Range};
use shared::store::keys;

use super::WATCH_EVERY;
use super::outcome::Timings;
use crate::error::LocalError;
use crate::stack::Stack;

pub(super) struct Bars {
    import: ProgressBar,
    funding: ProgressBar,
    submitted: ProgressBar,
    settled: ProgressBar,
    /// Twentieths of each that were told in lines.
    told: [Cell<u64>; 4],
}

impl Bars {
    pub(super) fn new() -> Self {
        let all = MultiProgress::new();
        let bar = |name: &'static str| {
            let style = ProgressStyle::with_template("{prefix:>9} [{bar:40}] {human_pos}/{human_len} {elapsed}");
            let bar = ProgressBar::new(0).with_prefix(name);
            all.add(match style {
                Ok(style) => bar.with_style(style.progress_chars("=> ")),
                Err(_) => bar,
            })
        };
        Self {
            import: bar("import"),
            funding: bar("funding"),
            submitted: bar("sent"),
            settled: bar("settled"),
            told: Default::default(),
        }
    }

    /// The lines for whoever has no terminal.
    fn tell(&self) {
        if std::io::stderr().is_terminal() {
            return;
        }
        for (bar, told) in [&self.import, &self.funding, &self.submitted, &self.settled].into_iter().zip(&self.told) {
            let (position, length) = (bar.position(), bar.length().unwrap_or(0));
            let twentieths = position.saturating_mul(20).checked_div(length).unwrap_or(0);
            if twentieths > told.get() {
                told.set(twentieths);
                eprintln!("{} {position} of {length}", bar.prefix());
            }
        }
    }

    pub(super) fn finish(&self) {
        for bar in [&self.import, &self.funding, &self.submitted, &self.settled] {
            if let Some(length) = bar.length() {
                bar.set_position(length.min(bar.position().max(length)));
            }
            bar.abandon();
        }
    }
}

/// Looks at the batch until it is dropped; notes when each step is done.
pub(super) async fn watch(
    stack: &Stack,
    batch_id: BatchId,
    bars: &Bars,
    timings: &mut Timings,
) -> Result<(), LocalError> {
    loop {
        let batch = upload::load(&stack.system, batch_id).await?;
        let head = batch.manifest.clone();
        let rows = head.as_ref().map_or(0, |head| head.rows);
        let payable = head.as_ref().map_or(0, |head| head.payable_rows);
        bars.import.set_length(rows);
        bars.import.set_position(if batch.state == BatchState::Importing {
            imported(stack, &batch).await?
        } else {
            rows
        });
        if batch.state != BatchState::Importing {
            timings.imported();
        }
        let bank = stack.column.counters();
        let fundings = sources_to_fund(stack, &batch).await?;
        bars.funding.set_length(fundings);
        bars.submitted.set_length(payable);
        bars.settled.set_length(payable);
        let transfers = bank.transfers as u64;
        bars.funding.set_position(transfers.min(fundings));
        if transfers > fundings {
            timings.funded();
            let settled = ["SETTLED", "COMPLETED", "RETURNED"]
                .iter()
                .filter_map(|name| bank.ach_by_status.get(name))
                .sum::<u64>();
            bars.submitted.set_position(transfers - fundings);
            bars.settled.set_position(settled.saturating_sub(fundings));
        }
        bars.tell();
        stack.clock.pause(WATCH_EVERY).await;
    }
}

async fn imported(stack: &Stack, batch: &Batch) -> Result<u64, LocalError> {
    let prefix = Range::BeginsWith(keys::CHUNK_PREFIX.to_owned());
    let query = Query { range: prefix, ..Query::primary(keys::batch(batch.id).pk) };
    let page = stack.system.table.query(&query).await.map_err(shared::operations::OperationError::from)?;
    Ok(page.items.iter().filter_map(|item| item.get("rows")?.as_u64()).sum())
}

async fn sources_to_fund(stack: &Stack, batch: &Batch) -> Result<u64, LocalError> {
    let Some(head) = &batch.manifest else { return Ok(0) };
    let manifest = stack.system.manifest(batch.id, &head.hash).await?;
    Ok(manifest.sources.iter().filter(|source| source.payable_total.is_positive()).count() as u64)
}
