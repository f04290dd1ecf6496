//! What operators book about a source's fundings, and what the bank moved of them otherwise than was asked for.

use journeys::file::PayrollFile;
use journeys::journey::OPERATOR;
use serde_json::json;
use shared::domain::batch::BatchState;
use shared::domain::ids::{BatchId, FundingId, ItemId, SourceTag};
use shared::domain::ledger::AccountKind;
use shared::domain::ledger::correction::{CorrectionRefusal, CorrectionTerms};
use shared::domain::leg::{AttentionReason, State};
use shared::domain::money::Cents;
use shared::operations::attention::{self, Clearing};
use shared::operations::{approve, fund, refund, sources};

use super::{Company, UNFUNDED, is};

/// The bank has another transfer under the key of a debit, of 60.00 instead of 100.00, and an operator takes its word.
async fn pulled_less(company: &Company, file: &PayrollFile) -> (BatchId, FundingId) {
    let journey = &company.journey;
    let debit = journey.bank.debits().remove(0);
    let batch_id = journey.upload(file).await;
    let batch = journey.summarize(batch_id).await;
    let id = FundingId::Round { batch: batch_id, source: SourceTag::of(&company.source_id), round: 1 };
    let transfer = json!({"type": "DEBIT", "amount": 6_000, "currency_code": "USD", "bank_account_id": debit.bank_account_id,
        "counterparty_id": debit.counterparty_id, "entry_class_code": "CCD", "same_day": false, "description": id.to_string(),
        "company_entry_description": "PAYFUNDING", "receiver_name": "COMPANY"});
    journey.bank.post_under(&format!("{id}:1"), "/transfers/ach", &transfer);
    let consent = journey.consent(&batch).await;
    journey.approve(&consent, batch_id).await.unwrap();
    while company.journey.step().await {
        let fundings = fund::all_fundings(&journey.system, &journey.batch(batch_id).await).await.unwrap();
        if fundings.iter().any(|funding| funding.leg.attention.is_some()) {
            break;
        }
    }
    let clearing = Clearing { by: OPERATOR, note: "the bank pulled 60.00", apply: Some(true) };
    attention::clear(&journey.system, ItemId::Funding(id), clearing).await.unwrap();
    (batch_id, id)
}

#[tokio::test]
async fn rows_that_cost_more_than_the_bank_pulled_wait_for_a_person() {
    let company = Company::start();
    let journey = &company.journey;
    let (earlier, file) = (company.file(3, &[100]), company.file(0, &[6_000, 4_000]));
    let zeroth = company.paid(&earlier).await;
    let (batch_id, funding) = pulled_less(&company, &file).await;
    journey.let_days_pass(6).await;
    assert_eq!(company.funding(batch_id, 1).await.leg.state, State::Available);
    let difference = company.terms(AccountKind::Funds, AccountKind::Cash, 4_000);
    let unnamed = company.book(&difference).await;
    assert!(is(&unnamed, CorrectionRefusal::AboutMissing), "{unnamed:?}");
    company.book(&CorrectionTerms { about: Some(ItemId::Funding(funding)), ..difference }).await.unwrap();
    sources::resume(&journey.system, &company.source_id, OPERATOR, Some("the books say so too")).await.unwrap();
    company.let_hours_pass(6).await;

    assert_eq!(journey.bank.payouts().len(), 1, "that of the batch before");
    let reason = journey.batch(batch_id).await.attention.map(|attention| attention.reason);
    assert_eq!(reason, Some(AttentionReason::FundingShort));
    for row in 0..2 {
        assert_eq!(company.row(batch_id, row).await, (State::Unprocessed, None));
    }
    approve::cancel(&journey.system, batch_id, OPERATOR).await.unwrap();
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Canceled);
    assert_eq!(company.refunded(batch_id).await, [6_000]);
    assert_eq!((company.balance(AccountKind::Funds).await, company.balance(AccountKind::Cash).await), (0, 0));
    assert_eq!(company.row(zeroth, 0).await, (State::Completed, None));
}

/// What a batch has left is set against what its source owes for another one: it is that one's money from then on.
#[tokio::test]
async fn what_was_set_off_is_not_given_back_or_spent_again() {
    let company = Company::start();
    let (left, file, next) = (company.file(0, &[10_000]), company.file(1, &[10_000]), company.file(2, &[5_000]));
    let first = company.paid(&left).await;
    let second = company.paid(&file).await;
    company.comes_back(first, 0, "R18").await;
    let lost = company.is_lost(second, 1).await;
    let leftover = ItemId::Funding(company.funding(first, 1).await.id);
    let terms = company.terms(AccountKind::Funds, AccountKind::Receivable, 10_000);
    for unnamed in [terms.clone(), CorrectionTerms { about: Some(lost), ..terms.clone() }] {
        let refused = company.book(&unnamed).await;
        assert!(is(&refused, CorrectionRefusal::AboutMissing), "{refused:?}");
    }
    company.book(&CorrectionTerms { about: Some(lost), uses: Some(leftover), ..terms }).await.unwrap();
    assert_eq!(company.owed().await, 0);

    let refunded = refund::refund(&company.journey.system, first, OPERATOR).await.unwrap();
    assert!(refunded.made.is_empty() && refunded.withheld.is_empty(), "{refunded:?}");
    let by_hand = company.terms(AccountKind::Funds, AccountKind::Cash, 1);
    let refused = company.book(&CorrectionTerms { about: Some(leftover), ..by_hand }).await;
    assert!(is(&refused, CorrectionRefusal::NotItsMoney), "{refused:?}");
    company.retry(first).await;
    company.journey.finish(first).await;
    assert_eq!(company.row(first, 0).await, (State::Completed, None));
    assert_eq!(company.funding(first, 2).await.amount, Cents::new(10_000), "all of it is pulled anew");
    let third = company.paid(&next).await;
    company.ends_even(&[(first, &left), (second, &file), (third, &next)]).await;
}

/// Money beside the batches is counted for itself: it can be sent back by hand, once.
#[tokio::test]
async fn what_a_source_paid_in_beside_its_batches_is_sent_back_once() {
    let company = Company::start();
    let file = company.file(0, &[10_000]);
    company.paid(&file).await;
    let (cash, funds) = (AccountKind::Cash, AccountKind::Funds);
    company.book(&company.terms(cash, funds, 500)).await.unwrap();
    company.book(&company.terms(funds, cash, 400)).await.unwrap();
    let more = company.book(&company.terms(funds, cash, 101)).await;
    assert!(is(&more, CorrectionRefusal::AboutMissing), "{more:?}");
    company.book(&company.terms(funds, cash, 100)).await.unwrap();
    assert_eq!(company.balance(funds).await, 0);
}

#[tokio::test]
async fn no_more_is_repaid_of_a_funding_than_is_owed_for_it() {
    let company = Company::start();
    let (other, file) = (company.file(1, &[10_000]), company.file(0, &[10_000]));
    let second = company.paid(&other).await;
    let first = company.held(&file).await;
    let lost = company.is_lost(first, 1).await;
    let others = company.is_lost(second, 1).await;
    company.let_hours_pass(1).await;
    assert_eq!((company.row(first, 0).await, company.owed().await), (UNFUNDED, 10_000));
    company.wire(10_000);
    let refused = company.propose(&company.repaid(10_000, lost)).await;
    assert!(is(&refused, CorrectionRefusal::MoreThanLost), "{refused:?}");
    company.book(&company.repaid(10_000, others)).await.unwrap();
    company.throw(false).await;
    assert!(company.refunded(first).await.is_empty(), "nothing is left of it");
    company.ends_even(&[(second, &other), (first, &file)]).await;
}

#[tokio::test]
async fn a_repayment_that_is_no_longer_owed_when_it_is_confirmed_is_refused() {
    let company = Company::start();
    let (other, file) = (company.file(1, &[10_000]), company.file(0, &[10_000]));
    let second = company.paid(&other).await;
    let first = company.held(&file).await;
    let flagged = company.flag(first, 0).await;
    let lost = company.is_lost(first, 1).await;
    company.is_lost(second, 1).await;
    let terms = company.repaid(10_000, lost);
    let proposed = company.propose(&terms).await.unwrap();
    company.clear(flagged).await;
    company.throw(false).await;
    company.journey.finish(first).await;
    assert_eq!((company.row(first, 0).await, company.owed().await), (UNFUNDED, 10_000));
    let refused = company.confirm(proposed, &terms).await;
    assert!(is(&refused, CorrectionRefusal::MoreThanLost), "{refused:?}");
    assert_eq!(company.owed().await, 10_000);
}
