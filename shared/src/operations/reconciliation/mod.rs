//! Reconciliation: the header finds the payers, each payer is compared by runs of its own, what is found are items.
//!
//! Guarantees: every run is bounded and goes on where the last one stopped; repeated, it finds the same and writes it once; a dry run
//! writes findings and nothing else. Limits: of one payer and range 1,000,000 transfers ([`payer::PAGES_MAX`]).

mod balances;
mod begin;
mod books;
mod external_account;
mod held;
mod outcome;
mod payer;
mod strangers;

use jiff::Timestamp;

pub use begin::{daily, request};

use super::{OperationError, System};
use crate::domain::deadline::Deadline;
use crate::domain::funding::Funding;
use crate::domain::ids::{ItemId, ReconciliationId, TransferKey};
use crate::domain::leg::{Effect, Expected, Leg};
use crate::domain::money::Cents;
use crate::domain::payment::{Payee, Payment};
use crate::domain::reconciliation::health::{self, Health};
use crate::domain::reconciliation::run::{PayerRun, Stage};
use crate::domain::reconciliation::{DailySchedule, Finding, Reconciliation, Verdict, shown};
use crate::ports::table::{Change, Condition, Cursor, Indexing, Query, Range, TableError, decode, encode};
use crate::store::keys;
use crate::store::stored::{read, replace};

pub async fn load(system: &System, id: ReconciliationId) -> Result<Reconciliation, OperationError> {
    read(&*system.table, &keys::reconciliation(id))
        .await?
        .ok_or_else(|| OperationError::not_found("reconciliation", id))
}

/// Whether the books can be relied on, and the daily reconciliation that says so.
pub async fn health(system: &System) -> Result<(Health, Option<Reconciliation>), OperationError> {
    let round = read::<DailySchedule>(&*system.table, &keys::daily_round()).await?;
    let latest = match round.as_ref().and_then(|round| round.latest) {
        Some(id) => read::<Reconciliation>(&*system.table, &keys::reconciliation(id)).await?,
        None => None,
    };
    Ok((health::health(round.as_ref(), latest.as_ref(), system.clock.business_now()), latest))
}

/// What one has found, payer by payer.
pub async fn findings(
    system: &System,
    id: ReconciliationId,
    after: Option<Cursor>,
    most: u32,
) -> Result<(Vec<Finding>, Option<Cursor>), OperationError> {
    load(system, id).await?;
    let query = Query {
        range: Range::BeginsWith(keys::FINDING_PREFIX.to_owned()),
        page_items: Some(most),
        start_after: after,
        ..Query::primary(keys::reconciliation(id).pk)
    };
    let page = system.table.query(&query).await?;
    let found = page.items.into_iter().map(decode).collect::<Result<_, _>>()?;
    Ok((found, page.next))
}

/// Does the next part of a reconciliation, or of one payer's run of it.
pub async fn go_on(
    system: &System,
    id: ReconciliationId,
    payer_id: Option<&str>,
    deadline: Deadline,
) -> Result<(), OperationError> {
    let Some(reconciliation) = read::<Reconciliation>(&*system.table, &keys::reconciliation(id)).await? else {
        return Ok(());
    };
    match payer_id {
        None => begin::go_on(system, reconciliation, deadline).await,
        Some(payer_id) => go_on_with_payer(system, &reconciliation, payer_id, deadline).await,
    }
}

async fn go_on_with_payer(
    system: &System,
    reconciliation: &Reconciliation,
    payer_id: &str,
    deadline: Deadline,
) -> Result<(), OperationError> {
    let key = keys::payer_run(reconciliation.id, payer_id);
    let Some(mut run) = read::<PayerRun>(&*system.table, &key).await? else { return Ok(()) };
    let now = system.clock.business_now();
    if !run.is_due(now) {
        return Ok(());
    }
    run.at_work(now);
    if !save(system, &mut run, Vec::new()).await? {
        return Ok(());
    }
    let work = Work { system, reconciliation, deadline };
    match work.go_on(&mut run).await {
        Ok(()) => Ok(()),
        Err(error @ OperationError::Bank(_)) => {
            run.wait(system.clock.business_now());
            save(system, &mut run, Vec::new()).await?;
            Err(error)
        }
        Err(error) => Err(error),
    }
}

/// What every part of a payer's run works with.
#[derive(Clone, Copy)]
struct Work<'a> {
    system: &'a System,
    reconciliation: &'a Reconciliation,
    deadline: Deadline,
}

impl Work<'_> {
    /// As far as time allows.
    async fn go_on(&self, run: &mut PayerRun) -> Result<(), OperationError> {
        loop {
            let saved = match run.stage.clone() {
                Stage::Transfers { older_than } | Stage::Checks { older_than } => self.page(run, older_than).await?,
                Stage::Books => self.books(run).await?,
                Stage::Balances { .. } => self.balances(run).await?,
                Stage::Outcome => self.outcome(run).await?,
                Stage::Done => return Ok(()),
            };
            let now = self.system.clock.business_now();
            // Whoever was faster goes on; or nothing is to be done before a later look.
            if !saved || run.is_done() || !self.is_at_work(run, now) {
                return Ok(());
            }
            if !self.deadline.allows(self.system.clock.elapsed_now(), payer::PART_TIME) {
                run.go_on_at_once(now);
                if save(self.system, run, Vec::new()).await? {
                    self.system.hint([task(run)]).await;
                }
                return Ok(());
            }
        }
    }

    fn is_at_work(&self, run: &PayerRun, now: Timestamp) -> bool {
        let mut working = run.clone();
        working.at_work(now);
        run.due_at <= working.due_at
    }

    /// Writes a finding, if no run has before.
    async fn put(&self, found: Finding) -> Result<(), OperationError> {
        let key = keys::finding(self.reconciliation.id, &found.payer_id, &found.name());
        let change = Change::Put {
            key,
            attributes: encode(&found)?,
            indexing: Indexing::default(),
            condition: Condition::Absent,
        };
        match self.system.table.write(vec![change]).await {
            Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    /// A finding, which says whether an earlier reconciliation raised the alarm about the same.
    async fn finding(&self, run: &PayerRun, draft: Draft) -> Result<Finding, OperationError> {
        let mut finding = Finding {
            payer_id: run.payer_id.clone(),
            subject: draft.subject,
            verdict: draft.verdict,
            transfer_id: draft.transfer_id,
            here: draft.here,
            there: draft.there,
            remedied: draft.remedied,
            known: false,
            found_at: self.system.clock.business_now(),
        };
        let key = keys::difference(&finding.payer_id, &finding.name());
        finding.known = self.system.table.get(&key).await?.is_some();
        Ok(finding)
    }
}

/// What of a finding the comparison knows.
struct Draft {
    subject: String,
    verdict: Verdict,
    transfer_id: Option<String>,
    here: Option<String>,
    there: Option<String>,
    remedied: bool,
}

/// Answers whether the write happened.
async fn save(system: &System, run: &mut PayerRun, mut more: Vec<Change>) -> Result<bool, OperationError> {
    more.insert(0, replace(run)?);
    match system.table.write(more).await {
        Ok(()) => Ok(true),
        Err(TableError::ConditionFailed { .. }) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

fn task(run: &PayerRun) -> crate::domain::task::Task {
    crate::domain::task::Task::Reconcile {
        reconciliation_id: run.reconciliation_id,
        payer_id: Some(run.payer_id.clone()),
    }
}

/// A payment or funding as it is compared.
struct OurItem {
    /// What the account at the other end is known by, and its last four; of a check, and of a source's debit of before, there is none.
    external_account: Option<(String, String)>,
    expected: Expected,
    amount: Cents,
    payer_id: String,
    leg: Leg,
}

impl OurItem {
    fn shown(&self) -> String {
        shown(self.amount, self.leg.state.as_str())
    }

    /// Each effect of the present attempt, named so that the line of the books has the same name.
    fn effects(&self, item: ItemId) -> Vec<String> {
        let attempt = self.leg.attempt;
        let name = |effect: &Effect| posted(item, attempt, effect.as_str(), self.leg.posts(*effect, self.amount));
        self.leg.effects.iter().map(name).collect()
    }
}

/// The name of what an effect posts.
fn posted(item: ItemId, attempt: u32, effect: &str, amount: Cents) -> String {
    format!("{} {effect} {amount}", TransferKey { item, attempt })
}

async fn our_item(system: &System, id: ItemId) -> Result<Option<OurItem>, OperationError> {
    Ok(match id {
        ItemId::Payment(id) => read::<Payment>(&*system.table, &keys::payment(id)).await?.map(|payment| OurItem {
            external_account: match &payment.payee {
                Payee::Account(payee) => Some((payee.key(), payee.account_last4.clone())),
                Payee::Check(_) => None,
            },
            expected: payment.expected(),
            amount: payment.amount,
            payer_id: payment.payer_id,
            leg: payment.leg,
        }),
        ItemId::Funding(id) => read::<Funding>(&*system.table, &keys::funding(id)).await?.map(|funding| OurItem {
            external_account: funding
                .account
                .as_ref()
                .map(|pulled| (pulled.key(), pulled.account.account_last4.clone())),
            expected: funding.expected(),
            amount: funding.amount,
            payer_id: funding.payer_id,
            leg: funding.leg,
        }),
    })
}
