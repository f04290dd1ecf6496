//! What a run came to, gathered from the batch, its payments, its reports, the ledger and the simulated bank.

use std::collections::BTreeMap;

use shared::domain::batch::manifest::{InstitutionDecision, Manifest};
use shared::domain::ids::BatchId;
use shared::domain::ledger::{Account, AccountKind};
use shared::domain::leg::State;
use shared::domain::money::Cents;
use shared::operations::fund::all_fundings;
use shared::operations::ledger::TrialBalance;
use shared::operations::reports::{Tally, tallies};
use shared::operations::{OperationError, ledger, upload};

use super::bank_side::BankSide;
use super::outcome::{Bank, Began, Fundings, Line, Outcome, Reports, RowsAndTotal, Timings, Unpayable};
use super::pass::End;
use super::verdict::{AtBank, Balances, Books, Facts, Reported, Sum, Verdict};
use crate::error::LocalError;
use crate::stack::Stack;

/// What a run knows of itself.
#[derive(Debug)]
pub(super) struct Run<'a> {
    pub(super) began: Began,
    pub(super) end: End,
    pub(super) timings: &'a Timings,
    /// What the reports say, and where they will be.
    pub(super) reported: Reported,
    pub(super) reports: Reports,
}

impl Outcome {
    pub(super) async fn gather(stack: &Stack, batch_id: BatchId, run: Run<'_>) -> Result<Self, LocalError> {
        let system = &stack.system;
        let batch = upload::load(system, batch_id).await?;
        let head = batch.manifest.clone().ok_or_else(|| OperationError::not_found("manifest of batch", batch_id))?;
        let manifest = system.manifest(batch_id, &head.hash).await?;
        let tallies = tallies(system, batch_id).await?;
        let fundings = all_fundings(system, &batch).await?;
        let available = fundings.iter().filter(|funding| funding.leg.state == State::Available).count();
        let books = ledger::trial_balance(system).await?;
        let bank = stack.column.counters();
        let facts = Facts {
            file: Sum { count: head.rows, total: head.total },
            reports: run.reported,
            bank: at_bank(stack, batch_id)?,
            books: in_books(&books)?,
        };
        let verdict = Verdict::of(&facts);
        let lines =
            |by: &BTreeMap<String, Tally>| by.iter().map(|(id, tally)| (id.clone(), Line::from(tally))).collect();
        Ok(Self {
            outcome: if verdict.holds { "done" } else { "verdict_failed" },
            began: run.began,
            batch_id: batch_id.to_string(),
            file_sha256: head.file_sha256,
            rows: head.rows,
            total: head.total,
            state: batch.state.as_str().to_owned(),
            stuck: match run.end {
                End::Completed => None,
                End::Stuck(why) => Some(why),
            },
            unpayable: unpayable(&manifest)?,
            warnings: warnings(&manifest)?,
            by_source: lines(&tallies.by_source),
            by_branch: lines(&tallies.by_branch),
            payments: tallies.states,
            fundings: Fundings { count: number(fundings.len()), available: number(available) },
            ledger: books.total,
            bank: Bank {
                transfers: number(bank.transfers),
                duplicate_keys_with_other_content: bank.duplicate_keys_with_other_content,
                balance: facts.bank.balances.available,
            },
            timings_ms: run.timings.in_ms(),
            reports: run.reports,
            trial_balance: books.accounts,
            verdict,
        })
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn unpayable(manifest: &Manifest) -> Result<Unpayable, OperationError> {
    let mut unpayable = Unpayable::default();
    for institution in &manifest.institutions {
        if let InstitutionDecision::Unpayable { .. } = institution.decision {
            unpayable.rows += institution.rows;
            unpayable.total = unpayable.total.plus(institution.total)?;
            let share = RowsAndTotal { rows: institution.rows, total: institution.total };
            unpayable.by_institution.insert(institution.id.clone(), share);
        }
    }
    Ok(unpayable)
}

fn warnings(manifest: &Manifest) -> Result<BTreeMap<String, u64>, LocalError> {
    let mut warnings = BTreeMap::new();
    for warning in &manifest.warnings {
        let code = serde_json::to_value(warning.code)?;
        warnings.insert(code.as_str().unwrap_or_default().to_owned(), warning.count);
    }
    Ok(warnings)
}

fn at_bank(stack: &Stack, batch_id: BatchId) -> Result<AtBank, LocalError> {
    let (counters, side) = (stack.column.counters(), BankSide::read(stack, batch_id)?);
    let cents = |amount| i64::try_from(amount).map(Cents::new).map_err(|cause| LocalError::Bank(format!("{cause}")));
    Ok(AtBank {
        paid: side.paid()?,
        returned: side.returned()?,
        paid_twice: side.paid_twice(),
        altered_keys: counters.duplicate_keys_with_other_content,
        balances: Balances {
            available: cents(counters.balances.available_amount)?,
            locked: cents(counters.balances.locked_amount)?,
            pending: cents(counters.balances.pending_amount)?,
        },
    })
}

fn in_books(books: &TrialBalance) -> Result<Books, OperationError> {
    let mut balances = Balances::default();
    for (name, totals) in &books.accounts {
        let Ok(account) = name.parse::<Account>() else { continue };
        let balance = match account.kind {
            AccountKind::Cash => &mut balances.available,
            AccountKind::CashLocked => &mut balances.locked,
            AccountKind::DebitsInTransit => &mut balances.pending,
            AccountKind::Receivable
            | AccountKind::Funds
            | AccountKind::FundsPending
            | AccountKind::ChecksOutstanding => continue,
        };
        *balance = balance.plus(totals.balance()?)?;
    }
    Ok(Books { debits: books.total.debits, credits: books.total.credits, balances })
}
