//! Proofs by an adversary about money of which the bank has said something that nobody has decided on yet: it is neither paid out, given
//! back, set against a debt, nor pulled anew.

use journeys::delivery::{came_back, post_signed};
use journeys::file::PayrollFile;
use journeys::journey::OPERATOR;
use serde_json::{Value, json};
use shared::domain::batch::{BatchRefusal, BatchState};
use shared::domain::funding::Funding;
use shared::domain::ids::{BatchId, ItemId, PaymentId, SourceTag};
use shared::domain::ledger::AccountKind;
use shared::domain::ledger::correction::{CorrectionRefusal, CorrectionTerms};
use shared::domain::leg::{AttentionReason, State};
use shared::domain::money::Cents;
use shared::domain::payment::Payment;
use shared::operations::attention::{self, Clearing};
use shared::operations::{OperationError, refund, retry};
use shared::store::{keys, stored};
use simulators::column::Control;

use crate::owed_by_funding::{Company, is};

const UNSENT: State = State::Unprocessed;

impl Company {
    /// The first refund of a batch.
    async fn refund_of(&self, batch_id: BatchId) -> Payment {
        let id = PaymentId::Refund { batch: batch_id, source: SourceTag::of(&self.source_id), number: 1 };
        stored::read(&*self.journey.system.table, &keys::payment(id)).await.unwrap().unwrap()
    }

    /// What is refunded by one more request, in cents.
    async fn refunds_now(&self, batch_id: BatchId) -> Vec<i64> {
        let made = refund::refund(&self.journey.system, batch_id, OPERATOR).await.unwrap().made;
        made.iter().map(|refund| refund.amount.get()).collect()
    }

    async fn is_dishonored(&self, transfer_id: String) {
        self.journey.bank.control(Control::DishonorReturn { transfer_id });
        self.journey.settle_now().await;
    }

    /// A paid batch whose first row came back, and was refunded. The refund came back too, and its bank disputes that return.
    async fn refund_is_disputed(&self, file: &PayrollFile) -> (BatchId, ItemId) {
        let batch_id = self.paid(file).await;
        self.comes_back(batch_id, 0, "R18").await;
        assert_eq!(self.refunded(batch_id).await, [10_000]);
        let transfer_id = self.refund_of(batch_id).await.leg.transfer_id.unwrap();
        self.journey.bank.return_now(&transfer_id, "R02");
        self.journey.settle_now().await;
        self.is_dishonored(transfer_id).await;
        let refund = self.refund_of(batch_id).await;
        let reason = refund.leg.attention.map(|attention| attention.reason);
        assert_eq!((refund.leg.state, reason), (State::Returned, Some(AttentionReason::ReturnDisputed)));
        (batch_id, ItemId::Payment(refund.id))
    }

    async fn hears(&self, event: &Value) {
        assert!(post_signed(&self.journey.system, &self.journey.receiver(), event).await.is_success());
        self.journey.settle_now().await;
    }

    /// The bank's word that the first debit of a batch came back, one cent off: nobody has decided on it.
    async fn debit_is_undecided(&self, batch_id: BatchId) -> ItemId {
        self.hears(&one_cent_off(&self.funding(batch_id, 1).await)).await;
        let funding = self.funding(batch_id, 1).await;
        let reason = funding.leg.attention.map(|attention| attention.reason);
        assert_eq!((funding.leg.state, reason), (State::Available, Some(AttentionReason::BankDisagrees)));
        ItemId::Funding(funding.id)
    }

    /// Somebody decided that the word is not applied.
    async fn decide(&self, item: ItemId) {
        let clearing = Clearing { by: OPERATOR, note: "it is not so, says the bank", apply: Some(false) };
        attention::clear(&self.journey.system, item, clearing).await.unwrap();
    }

    /// A batch whose debit came back before its money was available, and whose source's bank disputes that return.
    async fn debit_is_disputed(&self, batch_id: BatchId) -> ItemId {
        let funding = self.funding(batch_id, 1).await;
        assert_eq!(funding.leg.state, State::Returned);
        self.is_dishonored(funding.leg.transfer_id.unwrap()).await;
        let funding = self.funding(batch_id, 1).await;
        assert_eq!(funding.leg.attention.map(|attention| attention.reason), Some(AttentionReason::ReturnDisputed));
        ItemId::Funding(funding.id)
    }

    async fn never_funded(&self, file: &PayrollFile) -> BatchId {
        self.journey.bank.return_funding_pending("R01");
        let batch_id = self.journey.begin(file).await;
        assert_eq!(self.journey.finish(batch_id).await.state, BatchState::Completed);
        assert_eq!(self.row(batch_id, 0).await.0, State::Failed);
        batch_id
    }

    /// The money of one batch, set against what the source owes for another one.
    async fn set_off(&self, cents: i64, uses: BatchId, about: ItemId) -> CorrectionTerms {
        let uses = Some(ItemId::Funding(self.funding(uses, 1).await.id));
        CorrectionTerms { about: Some(about), uses, ..self.terms(AccountKind::Funds, AccountKind::Receivable, cents) }
    }
}

fn one_cent_off(funding: &Funding) -> Value {
    json!({
        "id": "evnt_one_cent_off", "created_at": "2026-03-09T13:30:02Z", "type": "ach.outgoing_transfer.returned",
        "data": {
            "id": funding.leg.transfer_id, "type": "DEBIT", "status": "RETURNED", "amount": funding.amount.get() - 1,
            "currency_code": "USD", "bank_account_id": funding.leg.bank_account_id, "is_incoming": false,
            "idempotency_key": format!("{}:{}", funding.id, funding.leg.attempt), "created_at": "2026-03-02T18:04:05Z",
            "settled_at": "", "returned_at": "2026-03-09", "return_details": [{"return_code": "R10", "created_at": ""}]
        }
    })
}

fn nothing_to_retry<T: std::fmt::Debug>(outcome: &Result<T, OperationError>) -> bool {
    matches!(outcome, Err(OperationError::Batch(BatchRefusal::NothingToRetry)))
}

/// The source's bank may have kept it: given once more, the source would have it twice.
#[tokio::test]
async fn a_refund_whose_return_is_disputed_is_not_given_once_more() {
    let company = Company::start();
    let file = company.file(0, &[10_000]);
    let (batch_id, disputed) = company.refund_is_disputed(&file).await;
    assert!(company.refunds_now(batch_id).await.is_empty());
    company.clear(disputed).await;
    assert_eq!(company.refunds_now(batch_id).await, [10_000]);
}

#[tokio::test]
async fn a_retry_does_not_spend_a_refund_whose_return_is_disputed() {
    let company = Company::start();
    let file = company.file(0, &[10_000]);
    let (batch_id, _) = company.refund_is_disputed(&file).await;
    company.retry(batch_id).await;
    company.journey.finish(batch_id).await;
    assert_eq!(company.funding(batch_id, 2).await.amount, Cents::new(10_000), "all of it is pulled anew");
}

/// The bank refused it, and then speaks of a transfer that it made of it, for another amount.
#[tokio::test]
async fn a_refund_that_failed_and_may_have_moved_is_not_given_once_more() {
    let company = Company::start();
    let file = company.file(0, &[10_000]);
    let batch_id = company.paid(&file).await;
    company.comes_back(batch_id, 0, "R02").await;
    company.journey.bank.refuse_transfers("invalid_beneficiary_account", 1);
    let made = refund::refund(&company.journey.system, batch_id, OPERATOR).await.unwrap().made.remove(0);
    company.journey.settle_now().await;
    let read = async || stored::read::<Payment>(&*company.journey.system.table, &keys::payment(made.id)).await;
    let mut failed = read().await.unwrap().unwrap();
    assert_eq!(failed.leg.state, State::Failed);
    failed.leg.transfer_id = Some("acht_of_a_refusal".to_owned());
    let mut event = came_back(&failed, "evnt_of_a_refusal");
    event["data"]["amount"] = json!(9_999);
    event["data"]["bank_account_id"] = json!(company.journey.bank.debits()[0].bank_account_id);
    company.hears(&event).await;

    assert!(company.refunds_now(batch_id).await.is_empty());
    company.decide(ItemId::Payment(made.id)).await;
    assert_eq!(company.refunds_now(batch_id).await, [10_000]);
}

/// Part of the money was sent back by hand, part of it went back to the payee's bank, perhaps: the row that waits costs more than is left.
#[tokio::test]
async fn a_row_does_not_leave_on_money_whose_return_is_disputed() {
    let company = Company::start();
    let batch_id = company.paid(&company.file(0, &[10_000, 4_000])).await;
    company.comes_back(batch_id, 0, "R18").await;
    company.comes_back(batch_id, 1, "R02").await;
    let about = Some(ItemId::Funding(company.funding(batch_id, 1).await.id));
    let by_hand = company.terms(AccountKind::Funds, AccountKind::Cash, 4_000);
    company.book(&CorrectionTerms { about, ..by_hand }).await.unwrap();
    company.throw(true).await;
    company.retry(batch_id).await;
    company.journey.settle_now().await;
    company.is_dishonored(company.journey.payments(batch_id).await[1].leg.transfer_id.clone().unwrap()).await;
    company.throw(false).await;
    company.let_hours_pass(6).await;
    assert_eq!(company.row(batch_id, 0).await.0, UNSENT);
    let reason = company.journey.batch(batch_id).await.attention.map(|attention| attention.reason);
    assert_eq!(reason, Some(AttentionReason::FundingShort));
}

/// The debit may have come back: what it brought may be gone.
#[tokio::test]
async fn the_money_of_a_debit_that_is_undecided_is_not_given_back() {
    let company = Company::start();
    let file = company.file(0, &[10_000]);
    let batch_id = company.paid(&file).await;
    company.comes_back(batch_id, 0, "R02").await;
    let undecided = company.debit_is_undecided(batch_id).await;
    assert!(company.refunds_now(batch_id).await.is_empty());
    company.decide(undecided).await;
    assert_eq!(company.refunded(batch_id).await, [10_000]);
    company.ends_even(&[(batch_id, &file)]).await;
}

#[tokio::test]
async fn rows_wait_while_their_debit_is_undecided() {
    let company = Company::start();
    let file = company.file(0, &[10_000, 4_000]);
    let batch_id = company.held(&file).await;
    let undecided = company.debit_is_undecided(batch_id).await;
    company.throw(false).await;
    company.let_hours_pass(6).await;
    assert_eq!(company.journey.bank.payouts().len(), 0);
    assert_eq!(company.row(batch_id, 0).await.0, UNSENT);

    company.decide(undecided).await;
    assert_eq!(company.journey.finish(batch_id).await.state, BatchState::Completed);
    assert_eq!(company.row(batch_id, 0).await.0, State::Completed);
    company.ends_even(&[(batch_id, &file)]).await;
}

/// It was made before the bank spoke, and had not left.
#[tokio::test]
async fn a_refund_waits_while_its_debit_is_undecided() {
    let company = Company::start();
    let file = company.file(0, &[10_000]);
    let batch_id = company.paid(&file).await;
    company.comes_back(batch_id, 0, "R02").await;
    company.throw(true).await;
    assert_eq!(company.refunds_now(batch_id).await, [10_000]);
    let undecided = company.debit_is_undecided(batch_id).await;
    company.throw(false).await;
    company.let_hours_pass(6).await;
    assert_eq!(company.journey.bank.payouts().len(), 1, "that of the row");

    company.decide(undecided).await;
    company.journey.let_days_pass(3).await;
    assert_eq!(company.journey.bank.payouts().len(), 2);
    company.ends_even(&[(batch_id, &file)]).await;
}

/// The first debit's money may be ours again.
#[tokio::test]
async fn a_source_whose_debit_is_disputed_is_not_debited_again() {
    let company = Company::start();
    let file = company.file(0, &[10_000]);
    let batch_id = company.never_funded(&file).await;
    let disputed = company.debit_is_disputed(batch_id).await;
    let refused = retry::retry(&company.journey.system, batch_id, OPERATOR, &Default::default()).await;
    assert!(nothing_to_retry(&refused), "{refused:?}");

    company.clear(disputed).await;
    company.retry(batch_id).await;
    company.journey.finish(batch_id).await;
    assert_eq!(company.row(batch_id, 0).await.0, State::Completed);
    assert_eq!(company.journey.bank.debits().len(), 2);
}

/// The retry was asked for before, and its debit had not left.
#[tokio::test]
async fn the_debit_of_a_retry_waits_while_the_first_one_is_disputed() {
    let company = Company::start();
    let file = company.file(0, &[10_000]);
    let batch_id = company.never_funded(&file).await;
    company.throw(true).await;
    company.retry(batch_id).await;
    company.let_hours_pass(1).await;
    assert_eq!(company.funding(batch_id, 2).await.leg.state, UNSENT);
    let disputed = company.debit_is_disputed(batch_id).await;
    company.throw(false).await;
    company.let_hours_pass(6).await;
    assert_eq!(company.journey.bank.debits().len(), 1);

    company.clear(disputed).await;
    company.journey.finish(batch_id).await;
    assert_eq!(company.row(batch_id, 0).await.0, State::Completed);
}

/// The debt would be gone, and a third batch's money would pay for it.
#[tokio::test]
async fn what_a_batch_has_paid_out_is_not_set_against_a_debt() {
    let company = Company::start();
    let (paid, file) = (company.file(0, &[10_000]), company.file(1, &[10_000]));
    let (first, second) = (company.paid(&paid).await, company.paid(&file).await);
    let lost = company.is_lost(second, 1).await;
    let refused = company.book(&company.set_off(10_000, first, lost).await).await;
    assert!(is(&refused, CorrectionRefusal::NotLeft), "{refused:?}");
    assert_eq!(company.owed().await, 10_000);

    company.comes_back(first, 0, "R18").await;
    let refused = company.book(&company.set_off(10_001, first, lost).await).await;
    assert!(is(&refused, CorrectionRefusal::NotLeft), "{refused:?}");
    company.book(&company.set_off(10_000, first, lost).await).await.unwrap();
    assert_eq!(company.owed().await, 0);
    company.ends_even(&[(first, &paid), (second, &file)]).await;
}

/// What was left when it was proposed is held by a retried row when it is confirmed.
#[tokio::test]
async fn what_is_no_longer_left_when_a_set_off_is_confirmed_is_not_set_against_a_debt() {
    let company = Company::start();
    let (first, second) =
        (company.paid(&company.file(0, &[10_000])).await, company.paid(&company.file(1, &[10_000])).await);
    company.comes_back(first, 0, "R18").await;
    let lost = company.is_lost(second, 1).await;
    let terms = company.set_off(10_000, first, lost).await;
    let proposed = company.propose(&terms).await.unwrap();
    company.retry(first).await;
    company.let_hours_pass(1).await;
    assert_eq!(company.row(first, 0).await.0, UNSENT);
    let refused = company.confirm(proposed, &terms).await;
    assert!(is(&refused, CorrectionRefusal::NotLeft), "{refused:?}");
    assert_eq!(company.owed().await, 10_000);
}

#[tokio::test]
async fn the_money_of_a_debit_that_is_undecided_is_not_set_against_a_debt() {
    let company = Company::start();
    let (first, second) =
        (company.paid(&company.file(0, &[10_000])).await, company.paid(&company.file(1, &[10_000])).await);
    company.comes_back(first, 0, "R18").await;
    let lost = company.is_lost(second, 1).await;
    let undecided = company.debit_is_undecided(first).await;
    let terms = company.set_off(10_000, first, lost).await;
    let refused = company.book(&terms).await;
    assert!(is(&refused, CorrectionRefusal::Undecided), "{refused:?}");
    company.decide(undecided).await;
    company.book(&terms).await.unwrap();
    assert_eq!(company.owed().await, 0);
}

/// More would be owed for a debit than it ever was.
#[tokio::test]
async fn a_repayment_that_never_was_is_not_taken_back() {
    let company = Company::start();
    let batch_id = company.paid(&company.file(0, &[10_000])).await;
    let lost = company.is_lost(batch_id, 1).await;
    let taken_back = |cents| CorrectionTerms {
        about: Some(lost),
        ..company.terms(AccountKind::Receivable, AccountKind::Cash, cents)
    };
    let refused = company.book(&taken_back(90_000)).await;
    assert!(is(&refused, CorrectionRefusal::NotRepaid), "{refused:?}");
    company.wire(4_000);
    company.book(&company.repaid(4_000, lost)).await.unwrap();
    let refused = company.book(&taken_back(4_001)).await;
    assert!(is(&refused, CorrectionRefusal::NotRepaid), "{refused:?}");
    company.book(&taken_back(4_000)).await.unwrap();
    assert_eq!(company.owed().await, 10_000);
}
