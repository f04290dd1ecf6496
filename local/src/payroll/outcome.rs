//! What a payroll run came to, as `--json` prints it, and how long its steps took.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use shared::domain::money::Cents;
use shared::operations::reports::{StateCounts, Tally};
use shared::ports::clock::Clock;
use shared::store::ledger::Totals;

use super::verdict::Verdict;

/// Elapsed time at which each step was done.
#[derive(Debug)]
pub struct Timings {
    clock: Arc<dyn Clock>,
    started: Timestamp,
    summarized: Option<Timestamp>,
    imported: Option<Timestamp>,
    funded: Option<Timestamp>,
    ended: Option<Timestamp>,
}

impl Timings {
    pub fn start(clock: &Arc<dyn Clock>) -> Self {
        let started = clock.elapsed_now();
        Self { clock: clock.clone(), started, summarized: None, imported: None, funded: None, ended: None }
    }

    pub fn summarized(&mut self) {
        self.summarized = Some(self.clock.elapsed_now());
    }

    pub fn imported(&mut self) {
        let now = self.clock.elapsed_now();
        self.imported.get_or_insert(now);
    }

    pub fn funded(&mut self) {
        let now = self.clock.elapsed_now();
        self.funded.get_or_insert(now);
    }

    pub fn ended(&mut self) {
        self.ended = Some(self.clock.elapsed_now());
    }

    pub(super) fn in_ms(&self) -> TimingsMs {
        let between = |from: Timestamp, to: Timestamp| u64::try_from(to.duration_since(from).as_millis()).unwrap_or(0);
        let summarized = self.summarized.unwrap_or(self.started);
        let imported = self.imported.unwrap_or(summarized);
        let ended = self.ended.unwrap_or(imported);
        let funded = self.funded.unwrap_or(ended);
        TimingsMs {
            summary: between(self.started, summarized),
            import: between(summarized, imported),
            funding: between(imported, funded),
            payout: between(funded, ended),
            total: between(self.started, ended),
        }
    }
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct TimingsMs {
    pub summary: u64,
    pub import: u64,
    pub funding: u64,
    pub payout: u64,
    pub total: u64,
}

/// The object that `--json` prints.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// `done` or `verdict_failed`.
    pub outcome: &'static str,
    /// Whether this run began the batch, took it up, or found it done.
    pub began: Began,
    pub batch_id: String,
    pub file_sha256: String,
    pub rows: u64,
    pub total: Cents,
    pub state: String,
    /// Why nothing more will happen by itself, where the batch is not at its end.
    pub stuck: Option<String>,
    pub verdict: Verdict,
    pub unpayable: Unpayable,
    pub warnings: BTreeMap<String, u64>,
    pub by_source: BTreeMap<String, Line>,
    pub by_branch: BTreeMap<String, Line>,
    pub payments: StateCounts,
    pub fundings: Fundings,
    pub ledger: Totals,
    pub bank: Bank,
    pub timings_ms: TimingsMs,
    pub reports: Reports,
    #[serde(skip)]
    pub trial_balance: BTreeMap<String, Totals>,
}

/// How a run found the batch of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Began {
    New,
    Resumed,
    Finished,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Unpayable {
    pub rows: u64,
    pub total: Cents,
    pub by_institution: BTreeMap<String, RowsAndTotal>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct RowsAndTotal {
    pub rows: u64,
    pub total: Cents,
}

/// One source or branch.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Line {
    pub rows: u64,
    pub total: Cents,
    pub completed: u64,
    pub completed_total: Cents,
    pub failed: u64,
    pub failed_total: Cents,
    pub returned: u64,
    pub returned_total: Cents,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Fundings {
    pub count: u64,
    pub available: u64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Bank {
    pub transfers: u64,
    pub duplicate_keys_with_other_content: u64,
    pub balance: Cents,
}

/// Where the reports were written.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Reports {
    pub payments: String,
    pub sources: String,
    pub branches: String,
}

impl From<&Tally> for Line {
    fn from(tally: &Tally) -> Self {
        Self {
            rows: tally.payments,
            total: tally.total,
            completed: tally.completed,
            completed_total: tally.completed_total,
            failed: tally.failed,
            failed_total: tally.failed_total,
            returned: tally.returned,
            returned_total: tally.returned_total,
        }
    }
}
