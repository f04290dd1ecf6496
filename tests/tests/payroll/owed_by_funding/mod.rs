//! Proofs by an adversary about what a source owes: a debt is that of the funding that was lost. Nothing else is taken off it, no more than it
//! is taken off or repaid, and what is used up of a batch's money is not spent again.

mod booked;

use std::time::Duration;

use jiff::SignedDuration;
use journeys::audit::Audit;
use journeys::file::{PayrollFile, one_source};
use journeys::journey::{Journey, OPERATOR};
use serde_json::json;
use shared::domain::batch::BatchState;
use shared::domain::funding::Funding;
use shared::domain::ids::{BatchId, CorrectionId, ItemId};
use shared::domain::ledger::correction::{CorrectionRefusal, CorrectionTerms};
use shared::domain::ledger::{Account, AccountKind};
use shared::domain::leg::{AttentionReason, Reason, State};
use shared::domain::money::Cents;
use shared::domain::payment::Payment;
use shared::operations::attention::{self, Clearing};
use shared::operations::{OperationError, corrections, fund, ledger, refund, retry, stops};
use shared::store::stored;
use uuid::Uuid;

const SECOND_OPERATOR: &str = "second@journey.test";

/// Moments at which something is due, after which nothing new is to be expected.
const STEPS_MAX: u32 = 2_000;

pub(crate) const UNFUNDED: (State, Option<Reason>) = (State::Failed, Some(Reason::Unfunded));

/// One source, whose files each hold some of its rows.
pub(crate) struct Company {
    pub(super) journey: Journey,
    rows: PayrollFile,
    pub(super) source_id: String,
}

impl Company {
    pub(super) fn start() -> Self {
        let rows = PayrollFile::generated(&one_source(4));
        let journey = Journey::start(&rows);
        let source_id = rows.rows[0].source.source_id.clone();
        Self { journey, rows, source_id }
    }

    /// A file of the rows from this one on, with these amounts in cents.
    pub(super) fn file(&self, from: usize, cents: &[i64]) -> PayrollFile {
        self.rows.changed(|rows| {
            *rows = rows[from..from + cents.len()].to_vec();
            rows.iter_mut().zip(cents).for_each(|(row, cents)| row.amount_cents = *cents);
        })
    }

    pub(super) async fn paid(&self, file: &PayrollFile) -> BatchId {
        let batch_id = self.journey.begin(file).await;
        assert_eq!(self.journey.finish(batch_id).await.state, BatchState::Completed);
        batch_id
    }

    /// A batch whose money is there, and whose payments do not leave.
    pub(super) async fn held(&self, file: &PayrollFile) -> BatchId {
        let debits = self.journey.bank.debits().len();
        let batch_id = self.journey.begin(file).await;
        self.until_pulled_after(debits).await;
        self.throw(true).await;
        self.journey.let_days_pass(6).await;
        assert_eq!(self.funding(batch_id, 1).await.leg.state, State::Available);
        batch_id
    }

    async fn until_pulled_after(&self, debits: usize) {
        while self.journey.bank.debits().len() == debits {
            assert!(self.journey.step().await, "nothing more is ever pulled");
        }
    }

    pub(super) async fn throw(&self, stopped: bool) {
        stops::throw(&self.journey.system, &self.source_id, stopped, OPERATOR, "somebody looks").await.unwrap();
        // Every process has seen what the switch says.
        self.journey.clock.advance(Duration::from_secs(1));
    }

    pub(super) async fn let_hours_pass(&self, hours: i64) {
        self.journey.go_on_to(self.journey.now() + SignedDuration::from_hours(hours)).await;
    }

    pub(super) async fn comes_back(&self, batch_id: BatchId, row: usize, code: &str) {
        let transfer_id = self.journey.payments(batch_id).await[row].leg.transfer_id.clone().unwrap();
        self.journey.bank.return_now(&transfer_id, code);
        self.journey.settle_now().await;
    }

    pub(super) async fn funding(&self, batch_id: BatchId, round: u32) -> Funding {
        let batch = self.journey.batch(batch_id).await;
        let fundings = fund::all_fundings(&self.journey.system, &batch).await.unwrap();
        fundings.into_iter().find(|funding| funding.id.round() == Some(round)).unwrap()
    }

    /// It comes back, long after its money was available.
    pub(super) async fn is_lost(&self, batch_id: BatchId, round: u32) -> ItemId {
        let funding = self.funding(batch_id, round).await;
        assert_eq!(funding.leg.state, State::Available);
        self.journey.bank.return_now(funding.leg.transfer_id.as_deref().unwrap(), "R01");
        self.journey.settle_now().await;
        ItemId::Funding(funding.id)
    }

    pub(super) fn wire(&self, cents: i64) {
        let account_id = self.journey.bank.debits().remove(0).bank_account_id;
        let account = self.journey.bank.get(&format!("/bank-accounts/{account_id}"));
        let wire = json!({"destination_account_number_id": account["default_account_number_id"], "amount": cents,
            "currency_code": "USD"});
        self.journey.bank.post("/simulate/receive-wire", &wire);
    }

    pub(super) fn terms(&self, debit: AccountKind, credit: AccountKind, cents: i64) -> CorrectionTerms {
        CorrectionTerms {
            payer_id: self.source_id.clone(),
            debit,
            credit,
            amount: Cents::new(cents),
            reason: "as the bank says".to_owned(),
            about: None,
            uses: None,
        }
    }

    pub(super) fn repaid(&self, cents: i64, about: ItemId) -> CorrectionTerms {
        CorrectionTerms { about: Some(about), ..self.terms(AccountKind::Cash, AccountKind::Receivable, cents) }
    }

    pub(super) async fn propose(&self, terms: &CorrectionTerms) -> Result<CorrectionId, OperationError> {
        let id: Uuid = self.journey.system.new_uuid();
        corrections::propose(&self.journey.system, id, terms.clone(), OPERATOR).await.map(|proposed| proposed.id)
    }

    pub(super) async fn confirm(&self, id: CorrectionId, terms: &CorrectionTerms) -> Result<(), OperationError> {
        corrections::confirm(&self.journey.system, id, terms, SECOND_OPERATOR).await.map(|_| ())
    }

    pub(super) async fn book(&self, terms: &CorrectionTerms) -> Result<(), OperationError> {
        let id = self.propose(terms).await?;
        self.confirm(id, terms).await
    }

    /// What the source owes by the books, in cents.
    pub(super) async fn owed(&self) -> i64 {
        self.balance(AccountKind::Receivable).await
    }

    pub(super) async fn balance(&self, kind: AccountKind) -> i64 {
        let books = ledger::trial_balance(&self.journey.system).await.unwrap();
        let account = Account { kind, payer_id: self.source_id.clone() };
        books.accounts.get(&account.to_string()).map_or(0, |totals| totals.balance().unwrap().get())
    }

    pub(super) async fn row(&self, batch_id: BatchId, row: usize) -> (State, Option<Reason>) {
        let leg = self.journey.payments(batch_id).await[row].leg.clone();
        (leg.state, leg.reason)
    }

    /// Somebody has to look at the row, so that nothing automatic happens to it.
    pub(super) async fn flag(&self, batch_id: BatchId, row: usize) -> ItemId {
        let mut payment: Payment = self.journey.payments(batch_id).await.remove(row);
        payment.leg.raise(AttentionReason::BankDisagrees, self.journey.now());
        self.journey.system.table.write(vec![stored::replace(&mut payment).unwrap()]).await.unwrap();
        ItemId::Payment(payment.id)
    }

    pub(super) async fn clear(&self, item: ItemId) {
        let clearing = Clearing { by: OPERATOR, note: "nothing of the kind at the bank", apply: None };
        attention::clear(&self.journey.system, item, clearing).await.unwrap();
    }

    pub(super) async fn refunded(&self, batch_id: BatchId) -> Vec<i64> {
        self.journey.finish(batch_id).await;
        let made = refund::refund(&self.journey.system, batch_id, OPERATOR).await.unwrap().made;
        for _ in 0..STEPS_MAX {
            if !self.journey.step().await {
                break;
            }
        }
        made.iter().map(|refund| refund.amount.get()).collect()
    }

    pub(super) async fn retry(&self, batch_id: BatchId) {
        let accepted = self.journey.batches().await.iter().map(|batch| batch.id).collect();
        retry::retry(&self.journey.system, batch_id, OPERATOR, &accepted).await.unwrap();
    }

    /// 100.00 were refunded, and 40.00 are left; the row of 100.00 is tried again, for which 60.00 are pulled.
    pub(super) async fn funded_in_part(&self, file: &PayrollFile) -> BatchId {
        let batch_id = self.paid(file).await;
        self.comes_back(batch_id, 0, "R18").await;
        assert_eq!(self.refunded(batch_id).await, [10_000]);
        self.comes_back(batch_id, 1, "R02").await;
        batch_id
    }

    pub(super) async fn pulled_again(&self, batch_id: BatchId) {
        let debits = self.journey.bank.debits().len();
        self.retry(batch_id).await;
        self.until_pulled_after(debits).await;
        assert_eq!(self.journey.bank.debits()[debits].cents, 6_000, "40.00 were left");
        self.throw(true).await;
        self.journey.let_days_pass(6).await;
    }

    /// Whatever is left is given back, and nothing is owed nor with us.
    pub(super) async fn ends_even(&self, batches: &[(BatchId, &PayrollFile)]) {
        let audit = Audit::of(&self.journey, batches).await.is_clean(&self.journey);
        for kind in AccountKind::ALL {
            assert_eq!(audit.balance(kind, &self.source_id), 0, "{kind:?}");
        }
        assert!(!audit.sources[0].receivable_open);
    }
}

pub(crate) fn is<T: std::fmt::Debug>(refused: &Result<T, OperationError>, wanted: CorrectionRefusal) -> bool {
    matches!(refused, Err(OperationError::Correction(refusal)) if *refusal == wanted)
}

/// It bore attention while its debit came back and was repaid. Taken off all the same, it would settle another batch's debt.
#[tokio::test]
async fn a_row_whose_debit_is_repaid_takes_nothing_off_what_is_owed_for_another_batch() {
    let company = Company::start();
    let (other, file) = (company.file(1, &[10_000]), company.file(0, &[10_000]));
    let second = company.paid(&other).await;
    let first = company.held(&file).await;
    let flagged = company.flag(first, 0).await;
    let lost = company.is_lost(first, 1).await;
    let others = company.is_lost(second, 1).await;
    company.let_hours_pass(1).await;
    assert_eq!(company.owed().await, 20_000);
    company.wire(10_000);
    company.book(&company.repaid(10_000, lost)).await.unwrap();

    company.clear(flagged).await;
    company.throw(false).await;
    company.journey.finish(first).await;
    assert_eq!(company.row(first, 0).await, UNFUNDED);
    assert_eq!(company.owed().await, 10_000, "what was lost for the other batch");
    let refunded = refund::refund(&company.journey.system, first, OPERATOR).await.unwrap();
    assert!(refunded.made.is_empty(), "{refunded:?}");

    company.wire(10_000);
    company.book(&company.repaid(10_000, others)).await.unwrap();
    assert_eq!(company.refunded(first).await, [10_000], "what was repaid for it");
    company.ends_even(&[(second, &other), (first, &file)]).await;
}

/// Nothing but its own batch: its debt would go below zero.
#[tokio::test]
async fn a_row_whose_debit_is_repaid_leaves_no_debt_below_zero() {
    let company = Company::start();
    let file = company.file(0, &[10_000]);
    let first = company.held(&file).await;
    let flagged = company.flag(first, 0).await;
    let lost = company.is_lost(first, 1).await;
    company.wire(10_000);
    company.book(&company.repaid(10_000, lost)).await.unwrap();
    company.clear(flagged).await;
    company.throw(false).await;
    company.journey.finish(first).await;
    assert_eq!((company.row(first, 0).await, company.owed().await), (UNFUNDED, 0));
    assert_eq!(company.refunded(first).await, [10_000]);
    company.ends_even(&[(first, &file)]).await;
}

/// Of a row of 100.00 the round pulled 60.00: no more than those is its debt.
#[tokio::test]
async fn a_row_funded_in_part_takes_off_what_its_own_funding_lost() {
    let company = Company::start();
    let (file, other) = (company.file(0, &[10_000, 4_000]), company.file(2, &[10_000]));
    let first = company.funded_in_part(&file).await;
    let second = company.paid(&other).await;
    company.pulled_again(first).await;
    let others = company.is_lost(second, 1).await;
    company.is_lost(first, 2).await;
    company.let_hours_pass(1).await;
    assert_eq!(company.row(first, 0).await, UNFUNDED);
    assert_eq!(company.owed().await, 10_000, "what was lost for the other batch");
    assert_eq!(company.funding(first, 2).await.taken_off, Some(Cents::new(6_000)));

    company.throw(false).await;
    company.wire(10_000);
    company.book(&company.repaid(10_000, others)).await.unwrap();
    assert_eq!(company.refunded(first).await, [4_000], "what was left before");
    company.ends_even(&[(first, &file), (second, &other)]).await;
}

#[tokio::test]
async fn a_refund_on_two_fundings_takes_off_what_the_lost_one_was() {
    let company = Company::start();
    let (file, other) = (company.file(0, &[10_000, 4_000]), company.file(2, &[10_000]));
    let first = company.funded_in_part(&file).await;
    company.retry(first).await;
    company.journey.finish(first).await;
    let second = company.paid(&other).await;
    company.comes_back(first, 0, "R02").await;
    company.throw(true).await;
    let made = refund::refund(&company.journey.system, first, OPERATOR).await.unwrap().made;
    assert_eq!(made.iter().map(|refund| refund.amount.get()).collect::<Vec<_>>(), [10_000], "made, and not sent");
    let others = company.is_lost(second, 1).await;
    company.is_lost(first, 2).await;
    company.let_hours_pass(1).await;
    assert_eq!(company.owed().await, 10_000, "what was lost for the other batch");

    company.throw(false).await;
    company.wire(10_000);
    company.book(&company.repaid(10_000, others)).await.unwrap();
    assert_eq!(company.refunded(first).await, [4_000], "what was left before");
    company.ends_even(&[(first, &file), (second, &other)]).await;
}

/// Part of its money was left of a debit that came back since: with what is there it would be paid out of another batch's.
#[tokio::test]
async fn a_row_that_lived_on_what_was_left_of_a_lost_funding_too_does_not_leave() {
    let company = Company::start();
    let (file, other) = (company.file(0, &[10_000, 4_000]), company.file(2, &[4_000]));
    let first = company.funded_in_part(&file).await;
    company.pulled_again(first).await;
    let lost = company.is_lost(first, 1).await;
    company.let_hours_pass(1).await;
    assert_eq!(company.row(first, 0).await, UNFUNDED);
    assert_eq!(company.owed().await, 4_000, "what was refunded, less what is there of the second debit");
    let more = company.book(&company.repaid(4_001, lost)).await;
    assert!(is(&more, CorrectionRefusal::MoreThanLost), "{more:?}");
    company.wire(4_000);
    company.book(&company.repaid(4_000, lost)).await.unwrap();
    company.throw(false).await;
    assert_eq!(company.journey.finish(first).await.state, BatchState::Completed);
    assert!(company.refunded(first).await.is_empty());
    let second = company.paid(&other).await;
    company.ends_even(&[(first, &file), (second, &other)]).await;
}
