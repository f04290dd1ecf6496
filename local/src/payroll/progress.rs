//! Progress on standard error: bars on a terminal, elsewhere a line for each twentieth that a step gets on.

use std::cell::Cell;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use shared::domain::batch::{Batch, BatchState};
use shared::domain::ids::BatchId;
use shared::operations::{OperationError, upload};
use shared::ports::clock::Clock as _;
use shared::ports::table::{Query, Range};
use shared::store::keys;

use super::WATCH_EVERY;
use super::bank_side::BankSide;
use super::outcome::Timings;
use crate::error::LocalError;
use crate::stack::Stack;
use crate::terminal::say;
use crate::terminal::text::count;

/// How much of a batch there is to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) rows: u64,
    pub(super) payable: u64,
    pub(super) fundings: u64,
}

/// What the bank has done for other batches, and for this one when it was looked at first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Others {
    transfers: u64,
    settled: u64,
    returned: u64,
}

/// How far the bank has come with this batch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Done {
    pub(super) fundings: u64,
    pub(super) sent: u64,
    pub(super) settled: u64,
    pub(super) returned: u64,
}

impl Size {
    pub(super) async fn of(stack: &Stack, batch: &Batch) -> Result<Self, LocalError> {
        let head = batch.manifest.as_ref().ok_or_else(|| OperationError::not_found("manifest of batch", batch.id))?;
        let manifest = stack.system.manifest(batch.id, &head.hash).await?;
        let to_fund = manifest.sources.iter().filter(|source| source.payable_total.is_positive());
        Ok(Self { rows: head.rows, payable: head.payable_rows, fundings: to_fund.map(|_| 1).sum() })
    }
}

impl Others {
    /// Everything at the bank that is not of this batch. An empty bank is not asked.
    pub(super) fn than(stack: &Stack, batch_id: BatchId) -> Result<Self, LocalError> {
        let all = Self::all(stack);
        if all.transfers == 0 {
            return Ok(all);
        }
        let ours = BankSide::read(stack, batch_id)?;
        Ok(Self {
            transfers: all.transfers.saturating_sub(ours.payouts + ours.fundings),
            settled: all.settled.saturating_sub(ours.settled + ours.settled_fundings),
            returned: all.returned.saturating_sub(ours.returned()?.count),
        })
    }

    fn all(stack: &Stack) -> Self {
        let bank = stack.column.counters();
        let with = |status: &str| bank.ach_by_status.get(status).copied().unwrap_or(0);
        let returned = with("RETURNED");
        let settled = with("SETTLED") + with("COMPLETED") + returned;
        Self { transfers: u64::try_from(bank.transfers).unwrap_or(u64::MAX), settled, returned }
    }

    /// What the bank has done beyond that. Fundings go first: nothing is sent before they are available.
    pub(super) fn since(&self, stack: &Stack, size: Size) -> Done {
        let now = Self::all(stack);
        let transfers = now.transfers.saturating_sub(self.transfers);
        let settled = now.settled.saturating_sub(self.settled);
        Done {
            fundings: transfers.min(size.fundings),
            sent: transfers.saturating_sub(size.fundings),
            settled: if transfers > size.fundings { settled.saturating_sub(size.fundings) } else { 0 },
            returned: now.returned.saturating_sub(self.returned),
        }
    }
}

pub(super) struct Bars {
    all: MultiProgress,
    import: ProgressBar,
    funding: ProgressBar,
    submitted: ProgressBar,
    settled: ProgressBar,
    /// Twentieths of each that were told in lines.
    told: [Cell<u64>; 4],
}

impl Bars {
    pub(super) fn new(size: Size) -> Self {
        let all = MultiProgress::new();
        let bar = |name: &'static str, length: u64| {
            let style = ProgressStyle::with_template("{prefix:>9} [{bar:30}] {human_pos}/{human_len} {elapsed}");
            let bar = ProgressBar::new(length).with_prefix(name);
            all.add(match style {
                Ok(style) => bar.with_style(style.progress_chars("=> ")),
                Err(_) => bar,
            })
        };
        Self {
            import: bar("import", size.rows),
            funding: bar("funding", size.fundings),
            submitted: bar("sent", size.payable),
            settled: bar("settled", size.payable),
            told: Default::default(),
            all,
        }
    }

    /// Writes a line above the bars.
    pub(super) fn say(&self, line: &str) {
        if !self.all.is_hidden() {
            // A terminal that is gone is noticed by whoever reads the keyboard.
            let _ = self.all.println(line);
        } else {
            say(line);
        }
    }

    /// The lines for whoever has no terminal, or one that draws nothing.
    fn tell(&self) {
        if !self.all.is_hidden() {
            return;
        }
        for (bar, told) in [&self.import, &self.funding, &self.submitted, &self.settled].into_iter().zip(&self.told) {
            let (position, length) = (bar.position(), bar.length().unwrap_or(0));
            let twentieths = position.saturating_mul(20).checked_div(length).unwrap_or(0);
            if twentieths > told.get() {
                told.set(twentieths);
                say(&format!("{} {} of {}", bar.prefix(), count(position), count(length)));
            }
        }
    }

    pub(super) fn finish(&self) {
        for bar in [&self.import, &self.funding, &self.submitted, &self.settled] {
            bar.abandon();
        }
    }
}

impl Drop for Bars {
    /// Leaves what stands there: drawn once more, the bars would cover what was said since, such as where a stopped run is kept.
    fn drop(&mut self) {
        self.all.set_draw_target(ProgressDrawTarget::hidden());
    }
}

/// Looks at the batch until it is dropped; notes when each step is done.
pub(super) async fn watch(
    stack: &Stack,
    batch_id: BatchId,
    bars: &Bars,
    (size, others): (Size, Others),
    timings: &mut Timings,
) -> Result<(), LocalError> {
    loop {
        let batch = upload::load(&stack.system, batch_id).await?;
        if batch.state == BatchState::Importing {
            bars.import.set_position(imported(stack, &batch).await?);
        } else {
            bars.import.set_position(size.rows);
            timings.imported();
        }
        let done = others.since(stack, size);
        bars.funding.set_position(done.fundings);
        bars.submitted.set_position(done.sent);
        bars.settled.set_position(done.settled);
        if done.sent > 0 {
            timings.funded();
        }
        bars.tell();
        stack.clock.pause(WATCH_EVERY).await;
    }
}

async fn imported(stack: &Stack, batch: &Batch) -> Result<u64, LocalError> {
    let prefix = Range::BeginsWith(keys::CHUNK_PREFIX.to_owned());
    let query = Query { range: prefix, ..Query::primary(keys::batch(batch.id).pk) };
    let page = stack.system.table.query(&query).await.map_err(OperationError::from)?;
    Ok(page.items.iter().filter_map(|item| item.get("rows")?.as_u64()).sum())
}
