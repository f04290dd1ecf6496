//! A source's debit comes back after its payouts have left, and the source repays it by wire. What a payout brings back then is its
//! batch's money, as if the debit had stayed.

use journeys::audit::Audit;
use journeys::bank::Transfer;
use journeys::file::{PayrollFile, one_source};
use journeys::journey::{Journey, OPERATOR};
use serde_json::json;
use shared::domain::batch::BatchState;
use shared::domain::ids::{BatchId, CorrectionId};
use shared::domain::ledger::AccountKind;
use shared::domain::ledger::correction::{Correction, CorrectionRefusal, CorrectionTerms};
use shared::domain::leg::State;
use shared::domain::money::Cents;
use shared::operations::{OperationError, corrections, refund, retry, sources};
use uuid::Uuid;

const SECOND_OPERATOR: &str = "second@journey.test";

struct Story {
    journey: Journey,
    batch_id: BatchId,
    file: PayrollFile,
    /// The whole debit, repaid by wire, as it is booked.
    repaid: CorrectionTerms,
}

impl Story {
    /// Everybody is paid, the debit comes back, and the source wires what it owes.
    async fn lost_and_wired() -> Self {
        let file = PayrollFile::generated(&one_source(4));
        let journey = Journey::start(&file);
        let batch_id = journey.begin(&file).await;
        assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
        let debit = journey.bank.debits().remove(0);
        journey.bank.return_now(&debit.id, "R01");
        journey.settle_now().await;
        let source = sources::all(&journey.system).await.unwrap().remove(0);
        assert!(source.receivable_open);

        let account = journey.bank.get(&format!("/bank-accounts/{}", debit.bank_account_id));
        let wire = json!({"destination_account_number_id": account["default_account_number_id"],
            "amount": debit.cents, "currency_code": "USD"});
        journey.bank.post("/simulate/receive-wire", &wire);
        let repaid = CorrectionTerms {
            payer_id: source.id,
            debit: AccountKind::Cash,
            credit: AccountKind::Receivable,
            amount: Cents::new(debit.cents),
            reason: "repaid by wire".to_owned(),
            about: Some(debit.item().parse().unwrap()),
            uses: None,
        };
        Self { journey, batch_id, file, repaid }
    }

    /// Two operators have booked the wire too.
    async fn repaid() -> Self {
        let story = Self::lost_and_wired().await;
        story.book(1, &story.repaid).await;
        let source = sources::load(&story.journey.system, &story.repaid.payer_id).await.unwrap();
        assert!(!source.receivable_open, "it is free again");
        story
    }

    async fn propose(&self, number: u128, terms: &CorrectionTerms) -> Result<Correction, OperationError> {
        corrections::propose(&self.journey.system, Uuid::from_u128(number), terms.clone(), OPERATOR).await
    }

    async fn book(&self, number: u128, terms: &CorrectionTerms) {
        self.propose(number, terms).await.unwrap();
        let id = CorrectionId::new(Uuid::from_u128(number));
        corrections::confirm(&self.journey.system, id, terms, SECOND_OPERATOR).await.unwrap();
    }

    async fn payout_comes_back(&self) -> Transfer {
        let payout = self.journey.bank.payouts().remove(0);
        self.journey.bank.return_now(&payout.id, "R18");
        self.journey.settle_now().await;
        payout
    }

    async fn refund(&self) -> refund::Refunded {
        refund::refund(&self.journey.system, self.batch_id, OPERATOR).await.unwrap()
    }

    /// All agrees, and nothing is left with us nor owed.
    async fn audit(&self) -> Audit {
        let audit = Audit::of(&self.journey, &[(self.batch_id, &self.file)]).await.is_clean(&self.journey);
        for kind in AccountKind::ALL {
            assert_eq!(audit.balance_of_all(kind), 0, "{kind:?}");
        }
        audit
    }
}

#[tokio::test]
async fn what_a_payout_brings_back_after_its_debit_was_repaid_is_given_back_once() {
    let story = Story::repaid().await;
    assert!(story.refund().await.made.is_empty(), "all of it is paid out");
    let payout = story.payout_comes_back().await;
    let made = story.refund().await.made;
    assert_eq!(made.iter().map(|refund| refund.amount.get()).collect::<Vec<_>>(), [payout.cents]);
    assert!(story.refund().await.made.is_empty());
    while story.journey.step().await {}

    let audit = story.audit().await;
    let refunds = &audit.batch(story.batch_id).refunds;
    assert_eq!(refunds.iter().map(|refund| refund.leg.state).collect::<Vec<_>>(), [State::Completed]);
}

#[tokio::test]
async fn a_retry_after_a_repayment_pays_with_what_came_back_and_pulls_nothing() {
    let story = Story::repaid().await;
    story.payout_comes_back().await;
    retry::retry(&story.journey.system, story.batch_id, OPERATOR, &Default::default()).await.unwrap();
    assert_eq!(story.journey.finish(story.batch_id).await.state, BatchState::Completed);

    let audit = story.audit().await;
    let batch = audit.batch(story.batch_id);
    assert_eq!(batch.cents(State::Completed), story.file.contents.total_cents, "{batch}");
    assert_eq!((batch.fundings.len(), story.journey.bank.debits().len()), (1, 1), "the money is there already");
}

/// Without the funding's name the money would be no batch's.
#[tokio::test]
async fn a_repayment_names_the_funding_that_was_lost_and_is_no_more_than_it() {
    let story = Story::lost_and_wired().await;
    let payment = story.journey.bank.payouts().remove(0).item().parse().unwrap();
    for about in [None, Some(payment)] {
        let refused = story.propose(1, &CorrectionTerms { about, ..story.repaid.clone() }).await;
        assert!(matches!(refused, Err(OperationError::Correction(CorrectionRefusal::AboutMissing))), "{refused:?}");
    }
    let more = CorrectionTerms { amount: Cents::new(story.repaid.amount.get() + 1), ..story.repaid.clone() };
    let refused = story.propose(1, &more).await;
    assert!(matches!(refused, Err(OperationError::Correction(CorrectionRefusal::MoreThanLost))), "{refused:?}");

    // Proposed twice, it is booked once.
    let second = story.propose(2, &story.repaid).await.unwrap();
    story.book(1, &story.repaid).await;
    let refused = corrections::confirm(&story.journey.system, second.id, &story.repaid, SECOND_OPERATOR).await;
    assert!(matches!(refused, Err(OperationError::Correction(CorrectionRefusal::MoreThanLost))), "{refused:?}");
    let again = story.propose(1, &story.repaid).await.unwrap();
    assert!(again.booked.is_some(), "the same proposal again tells how it stands");
    story.audit().await;
}

#[tokio::test]
async fn a_funding_that_is_there_cannot_be_repaid() {
    let file = PayrollFile::generated(&one_source(2));
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    journey.finish(batch_id).await;
    let debit = journey.bank.debits().remove(0);
    let terms = CorrectionTerms {
        payer_id: sources::all(&journey.system).await.unwrap().remove(0).id,
        debit: AccountKind::Cash,
        credit: AccountKind::Receivable,
        amount: Cents::new(1),
        reason: "repaid by wire".to_owned(),
        about: Some(debit.item().parse().unwrap()),
        uses: None,
    };
    let refused = corrections::propose(&journey.system, Uuid::from_u128(1), terms, OPERATOR).await;
    assert!(matches!(refused, Err(OperationError::Correction(CorrectionRefusal::NothingLost))), "{refused:?}");
}

/// The wire was another's: it is taken back, and what a payout brings back covers what its source owes.
#[tokio::test]
async fn a_repayment_that_was_taken_back_is_no_money_of_the_batch() {
    let story = Story::repaid().await;
    let taken_back =
        CorrectionTerms { debit: AccountKind::Receivable, credit: AccountKind::Cash, ..story.repaid.clone() };
    story.book(2, &taken_back).await;
    story.payout_comes_back().await;
    let refunded = story.refund().await;
    assert!(refunded.made.is_empty() && refunded.withheld.is_empty(), "{refunded:?}");
}
