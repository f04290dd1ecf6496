//! The independent auditor: after a story, file, manifest, payments, reports, ledger and bank must say the same, to the cent.
//!
//! It asks the bank through its own API, reads the reports as text, and adds up for itself. It names every difference, not only the first.

use std::collections::BTreeMap;

use shared::domain::batch::Batch;
use shared::domain::funding::Funding;
use shared::domain::ids::{BatchId, PaymentId, SourceTag};
use shared::domain::ledger::{Account, AccountKind};
use shared::domain::leg::{Leg, State};
use shared::domain::money::Cents;
use shared::domain::payment::Payment;
use shared::domain::source::Source;
use shared::domain::task::{QueueName, ReportFormat, ReportKind};
use shared::operations::ledger::TrialBalance;
use shared::operations::{fund, ledger, report_text, reports, sources, upload};
use shared::store::{keys, stored};

use crate::bank::Transfer;
use crate::file::PayrollFile;
use crate::journey::Journey;

/// What an audit found, for a story's own questions.
#[derive(Debug)]
pub struct Audit {
    pub batches: BTreeMap<BatchId, AuditedBatch>,
    pub books: TrialBalance,
    pub sources: Vec<Source>,
    problems: Vec<String>,
}

/// One batch as its items stand.
#[derive(Debug)]
pub struct AuditedBatch {
    pub batch: Batch,
    /// In the order of the file's rows.
    pub payments: Vec<Payment>,
    pub fundings: Vec<Funding>,
    pub refunds: Vec<Payment>,
}

impl AuditedBatch {
    /// How many payments are in this state.
    pub fn count(&self, state: State) -> usize {
        self.payments.iter().filter(|payment| payment.leg.state == state).count()
    }

    /// The sum of the payments in this state, in cents.
    pub fn cents(&self, state: State) -> i64 {
        cents(self.payments.iter().filter(|payment| payment.leg.state == state))
    }

    /// The payments with this reason, as reports show it.
    pub fn with_reason(&self, reason: &str) -> Vec<&Payment> {
        let has = |leg: &Leg| leg.reason.as_ref().is_some_and(|known| known.to_string() == reason);
        self.payments.iter().filter(|payment| has(&payment.leg)).collect()
    }
}

fn cents<'a>(payments: impl Iterator<Item = &'a Payment>) -> i64 {
    payments.map(|payment| payment.amount.get()).sum()
}

impl Audit {
    /// Compares everything there is for these batches, which must be all that were approved.
    pub async fn of(journey: &Journey, approved: &[(BatchId, &PayrollFile)]) -> Self {
        let mut audit = Self {
            batches: BTreeMap::new(),
            books: ledger::trial_balance(&journey.system).await.unwrap(),
            sources: sources::all(&journey.system).await.unwrap(),
            problems: Vec::new(),
        };
        for (batch_id, file) in approved {
            let audited = read_batch(journey, *batch_id).await;
            audit.compare_sums(journey, &audited, file).await;
            audit.compare_reports(journey, &audited).await;
            audit.batches.insert(*batch_id, audited);
        }
        audit.compare_with_transfers(&journey.bank.transfers());
        audit.compare_books_with_balances(journey);
        let counters = journey.bank.column.counters();
        audit.check(counters.duplicate_keys_with_other_content == 0, || {
            "a key was sent twice with different content".to_owned()
        });
        audit
    }

    /// Fails the story where anything differs, needs an operator, or was given up.
    pub fn is_clean(self, journey: &Journey) -> Self {
        let mut audit = self.agrees();
        for queue in [QueueName::Bulk, QueueName::Other] {
            for letter in journey.queue.dead_letters(queue) {
                audit.problems.push(format!("dead letter: {}", letter.body));
            }
        }
        let legs = |batch: &AuditedBatch| {
            let payments = batch.payments.iter().map(|payment| (payment.id.to_string(), payment.leg.clone()));
            let fundings = batch.fundings.iter().map(|funding| (funding.id.to_string(), funding.leg.clone()));
            payments.chain(fundings).collect::<Vec<_>>()
        };
        for (id, leg) in audit.batches.values().flat_map(legs).collect::<Vec<_>>() {
            audit.check(leg.attention.is_none(), || format!("{id} needs attention: {:?}", leg.attention));
        }
        audit.agrees()
    }

    /// Fails the story where anything differs.
    pub fn agrees(self) -> Self {
        assert!(self.problems.is_empty(), "the audit found:\n{}", self.problems.join("\n"));
        self
    }

    pub fn batch(&self, batch_id: BatchId) -> &AuditedBatch {
        &self.batches[&batch_id]
    }

    /// Debits less credits of a source's account, in cents.
    pub fn balance(&self, kind: AccountKind, source_id: &str) -> i64 {
        let account = Account { kind, payer_id: source_id.to_owned() };
        self.books.accounts.get(&account.to_string()).map_or(0, |totals| totals.balance().unwrap().get())
    }

    /// The same over all sources.
    pub fn balance_of_all(&self, kind: AccountKind) -> i64 {
        self.sources.iter().map(|source| self.balance(kind, &source.id)).sum()
    }

    fn check(&mut self, holds: bool, problem: impl FnOnce() -> String) {
        if !holds {
            self.problems.push(problem());
        }
    }

    fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, left: T, right: T) {
        self.check(left == right, || format!("{what}: {left:?} is not {right:?}"));
    }

    /// File = manifest = payments, in all and by source.
    async fn compare_sums(&mut self, journey: &Journey, audited: &AuditedBatch, file: &PayrollFile) {
        let manifest = journey.manifest(&audited.batch).await;
        let contents = &file.contents;
        self.same("manifest rows and file rows", manifest.rows, contents.rows);
        self.same("manifest total and file total", manifest.total.get(), contents.total_cents);
        self.same("payable total and file", manifest.payable_total.get(), contents.payable.total_cents);
        self.same("payments and file rows", audited.payments.len() as u64, contents.rows);
        self.same("sum of payments and file total", cents(audited.payments.iter()), contents.total_cents);
        for source in &manifest.sources {
            let of_source = audited.payments.iter().filter(|payment| payment.payer_id == source.id);
            self.same("a source's payments and the file", cents(of_source), contents.by_source[&source.id].total_cents);
            let payable = contents.payable_by_source.get(&source.id).map_or(0, |totals| totals.total_cents);
            self.same("a source's payable sum and the file", source.payable_total.get(), payable);
            let first =
                audited.fundings.iter().find(|known| known.payer_id == source.id && known.id.round() == Some(1));
            if let Some(funding) = first {
                self.same("a source's first funding and the file", funding.amount.get(), payable);
            }
        }
        for branch in &manifest.branches {
            self.same("a branch's total and the file", branch.total.get(), contents.by_branch[&branch.id].total_cents);
        }
    }

    /// The three reports, read as the text that people get, against the payments and each other.
    async fn compare_reports(&mut self, journey: &Journey, audited: &AuditedBatch) {
        let payments = report(journey, audited, ReportKind::Payments).await;
        let count = audited.payments.len() + audited.refunds.len();
        self.same("lines of the payments report", payments.len(), count);
        let mut by_source: BTreeMap<(String, &str), i64> = BTreeMap::new();
        let mut by_branch: BTreeMap<(String, &str), i64> = BTreeMap::new();
        for (line, payment) in payments.iter().zip(&audited.payments) {
            self.same("a reported amount", dollars(&line["amount"]), payment.amount.get());
            self.same("a reported state", line["status"].as_str(), payment.leg.state.as_str());
            let column = column_of(payment.leg.state);
            *by_source.entry((line["source_id"].clone(), column)).or_default() += dollars(&line["amount"]);
            *by_branch.entry((line["branch_id"].clone(), column)).or_default() += dollars(&line["amount"]);
        }
        for (kind, id_column, sums) in
            [(ReportKind::Sources, "source_id", by_source), (ReportKind::Branches, "branch_id", by_branch)]
        {
            for line in report(journey, audited, kind).await {
                let mut total = 0;
                for column in ["completed_total", "failed_total", "canceled_total", "returned_total", "open_total"] {
                    let expected = sums.get(&(line[id_column].clone(), column)).copied().unwrap_or_default();
                    self.same(&format!("{column} of the report by {id_column}"), dollars(&line[column]), expected);
                    total += expected;
                }
                self.same(&format!("total of the report by {id_column}"), dollars(&line["total"]), total);
            }
        }
    }

    /// Each payment and funding against what the bank has under its key; and nothing at the bank that is nobody's.
    fn compare_with_transfers(&mut self, transfers: &[Transfer]) {
        let mut by_item: BTreeMap<String, Vec<&Transfer>> = BTreeMap::new();
        for transfer in transfers {
            by_item.entry(transfer.item().to_owned()).or_default().push(transfer);
        }
        let batches = std::mem::take(&mut self.batches);
        for batch in batches.values() {
            for payment in batch.payments.iter().chain(&batch.refunds) {
                let found = by_item.remove(&payment.id.to_string()).unwrap_or_default();
                self.compare_leg(&payment.id.to_string(), &payment.leg, payment.amount, &payment.payer_id, &found);
                self.paid_only_when_funded(payment, batch, &found);
                self.check(found.iter().all(|transfer| !transfer.is_debit), || format!("{} pulls", payment.id));
            }
            for funding in &batch.fundings {
                let found = by_item.remove(&funding.id.to_string()).unwrap_or_default();
                self.compare_leg(&funding.id.to_string(), &funding.leg, funding.amount, &funding.payer_id, &found);
                self.check(found.iter().all(|transfer| transfer.is_debit), || format!("{} pays", funding.id));
            }
        }
        self.batches = batches;
        for (item, transfers) in by_item {
            self.problems
                .push(format!("the bank has {} transfers of {item}, which is nothing of ours", transfers.len()));
        }
    }

    fn compare_leg(&mut self, id: &str, leg: &Leg, amount: Cents, source_id: &str, found: &[&Transfer]) {
        let live: Vec<_> = found.iter().filter(|transfer| transfer.is_live()).collect();
        let account = self.sources.iter().find(|source| source.id == source_id).and_then(|s| s.bank_account_id.clone());
        for transfer in found {
            self.same(&format!("amount of {id} at the bank"), transfer.cents, amount.get());
            self.same(&format!("account of {id} at the bank"), Some(&transfer.bank_account_id), account.as_ref());
        }
        let expected_live = match leg.state {
            State::Processing | State::Completed | State::Available => Some(1),
            State::Unprocessed | State::Failed | State::Returned | State::Canceled => Some(0),
            // Its outcome is unknown, which is what the state says.
            State::Submitting => None,
        };
        if let Some(expected) = expected_live {
            self.same(&format!("live transfers of {id}, which is {}", leg.state.as_str()), live.len(), expected);
        }
        self.check(live.len() <= 1, || format!("{id} moved money {} times", live.len()));
        if let Some(transfer) = live.first() {
            self.same(&format!("transfer id of {id}"), leg.transfer_id.as_deref(), Some(transfer.id.as_str()));
        }
        if leg.state == State::Returned {
            self.check(!found.is_empty(), || format!("{id} came back, but the bank never had it"));
        }
    }

    fn paid_only_when_funded(&mut self, payment: &Payment, batch: &AuditedBatch, found: &[&Transfer]) {
        let own = batch.fundings.iter().filter(|funding| funding.payer_id == payment.payer_id);
        let available_at = own.filter_map(|funding| funding.available_at).min();
        for transfer in found {
            let in_time = available_at.is_some_and(|available_at| available_at <= transfer.created_at);
            self.check(in_time, || format!("{} was paid before its funding was available", payment.id));
        }
    }

    /// Each source's books balance, its cash is the bank's available balance, and what it has pulled the bank's pending.
    fn compare_books_with_balances(&mut self, journey: &Journey) {
        self.same("debits and credits of the books", self.books.total.debits, self.books.total.credits);
        for source in self.sources.clone() {
            let sum: i64 = AccountKind::ALL.iter().map(|kind| self.balance(*kind, &source.id)).sum();
            self.same(&format!("debits less credits of {}", source.id), sum, 0);
            let held = source.bank_account_id.as_ref().map(|id| journey.bank.balances(id)).unwrap_or_default();
            let booked =
                (self.balance(AccountKind::Cash, &source.id), self.balance(AccountKind::DebitsInTransit, &source.id));
            self.same(&format!("cash and pulled of {} and the bank's balances", source.id), booked, held);
        }
    }
}

async fn read_batch(journey: &Journey, batch_id: BatchId) -> AuditedBatch {
    let system = &journey.system;
    let batch = upload::load(system, batch_id).await.unwrap();
    let manifest = journey.manifest(&batch).await;
    let mut refunds = Vec::new();
    for number in 1..=u32::try_from(batch.refunds).unwrap() {
        for source in &manifest.sources {
            let id = PaymentId::Refund { batch: batch_id, source: SourceTag::of(&source.id), number };
            refunds.extend(stored::read::<Payment>(&*system.table, &keys::payment(id)).await.unwrap());
        }
    }
    AuditedBatch {
        payments: reports::payments_by_row(system, batch_id).await.unwrap(),
        fundings: fund::all_fundings(system, &batch).await.unwrap(),
        refunds,
        batch,
    }
}

type Line = BTreeMap<String, String>;

async fn report(journey: &Journey, audited: &AuditedBatch, kind: ReportKind) -> Vec<Line> {
    let rendered = report_text::render(&journey.system, audited.batch.id, kind, ReportFormat::Csv).await;
    let (_, body) = rendered.unwrap();
    csv::Reader::from_reader(body.as_slice()).deserialize().map(|line| line.unwrap()).collect()
}

/// Where the reports by source and branch count a payment in this state.
const fn column_of(state: State) -> &'static str {
    match state {
        State::Completed | State::Available => "completed_total",
        State::Failed => "failed_total",
        State::Canceled => "canceled_total",
        State::Returned => "returned_total",
        State::Unprocessed | State::Submitting | State::Processing => "open_total",
    }
}

/// Dollars with two decimals as whole cents.
fn dollars(text: &str) -> i64 {
    let (whole, cents) = text.split_once('.').unwrap();
    assert_eq!(cents.len(), 2, "{text} has not two decimals");
    format!("{whole}{cents}").parse().unwrap()
}

/// Payments by state and reason, for a story's failure message.
impl std::fmt::Display for AuditedBatch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut counts: BTreeMap<(&str, String), usize> = BTreeMap::new();
        for payment in &self.payments {
            let reason = payment.leg.reason.as_ref().map(ToString::to_string).unwrap_or_default();
            *counts.entry((payment.leg.state.as_str(), reason)).or_default() += 1;
        }
        write!(formatter, "{} {}: {counts:?}", self.batch.id, self.batch.state.as_str())?;
        for funding in &self.fundings {
            let reason = funding.leg.reason.as_ref().map(ToString::to_string).unwrap_or_default();
            write!(formatter, "; funding of {} {} {reason}", funding.amount, funding.leg.state.as_str())?;
        }
        Ok(())
    }
}
