//! What a payroll run came to, gathered from the batch, its payments, the ledger and the simulated bank.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use shared::domain::batch::manifest::InstitutionDecision;
use shared::domain::ids::BatchId;
use shared::domain::leg::State;
use shared::domain::money::Cents;
use shared::operations::fund::all_fundings;
use shared::operations::reports::{StateCounts, Tally, tallies};
use shared::operations::{OperationError, ledger, upload};
use shared::ports::clock::Clock;
use shared::store::ledger::Totals;

use crate::error::LocalError;
use crate::stack::Stack;

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

    fn in_ms(&self) -> TimingsMs {
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
    pub batch_id: String,
    pub file_sha256: String,
    pub rows: u64,
    pub total: Cents,
    pub state: String,
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

impl Outcome {
    pub async fn gather(
        stack: &Stack,
        batch_id: BatchId,
        timings: &Timings,
        reports: Reports,
    ) -> Result<Self, LocalError> {
        let system = &stack.system;
        let batch = upload::load(system, batch_id).await?;
        let head = batch.manifest.clone().ok_or_else(|| OperationError::not_found("manifest of batch", batch_id))?;
        let manifest = system.manifest(batch_id, &head.hash).await?;
        let mut unpayable = Unpayable::default();
        for institution in &manifest.institutions {
            if let InstitutionDecision::Unpayable { .. } = institution.decision {
                unpayable.rows += institution.rows;
                unpayable.total = unpayable.total.plus(institution.total).map_err(OperationError::from)?;
                let share = RowsAndTotal { rows: institution.rows, total: institution.total };
                unpayable.by_institution.insert(institution.id.clone(), share);
            }
        }
        let mut warnings = BTreeMap::new();
        for warning in &manifest.warnings {
            let code = serde_json::to_value(warning.code)?;
            warnings.insert(code.as_str().unwrap_or_default().to_owned(), warning.count);
        }
        let tallies = tallies(system, batch_id).await?;
        let fundings = all_fundings(system, &batch).await?;
        let available = fundings.iter().filter(|funding| funding.leg.state == State::Available).count() as u64;
        let books = ledger::trial_balance(system).await?;
        let bank = stack.column.counters();
        let lines =
            |by: &BTreeMap<String, Tally>| by.iter().map(|(id, tally)| (id.clone(), Line::from(tally))).collect();
        Ok(Self {
            batch_id: batch_id.to_string(),
            file_sha256: head.file_sha256,
            rows: head.rows,
            total: head.total,
            state: batch.state.as_str().to_owned(),
            unpayable,
            warnings,
            by_source: lines(&tallies.by_source),
            by_branch: lines(&tallies.by_branch),
            payments: tallies.states,
            fundings: Fundings { count: fundings.len() as u64, available },
            ledger: books.total,
            bank: Bank {
                transfers: bank.transfers as u64,
                duplicate_keys_with_other_content: bank.duplicate_keys_with_other_content,
                balance: Cents::new(i64::try_from(bank.balances.available_amount).map_err(LocalError::start)?),
            },
            timings_ms: timings.in_ms(),
            reports,
            trial_balance: books.accounts,
        })
    }
}
