//! Proofs by an adversary about what operators hold and book: an account is not given up while nothing may be debited from it, and the books
//! take no entry that would make money or end a debt without saying of which funding.

use journeys::file::{PayrollFile, one_source};
use journeys::journey::{Journey, OPERATOR};
use shared::domain::ids::{CorrectionId, ItemId};
use shared::domain::ledger::AccountKind;
use shared::domain::ledger::correction::{CorrectionRefusal, CorrectionTerms};
use shared::domain::money::Cents;
use shared::operations::{OperationError, corrections, fund, sources};
use uuid::Uuid;

use crate::external_account::debited;
use crate::proofs_corrected_ends::{OTHER_OPERATOR, later, paid};
use crate::proofs_spelled_and_chained::{of_other_source, refused_for};

const NEW_ACCOUNT: &str = "00000055";

fn moved(file: &PayrollFile, day: i64) -> PayrollFile {
    later(file, day).changed(|rows| NEW_ACCOUNT.clone_into(&mut rows[0].source.account_number))
}

#[tokio::test]
async fn a_paused_source_does_not_give_its_account_up_for_another() {
    let file = PayrollFile::generated(&one_source(1));
    let (source_id, named) = (&file.rows[0].source.source_id, &file.rows[0].source.account_number);
    let journey = Journey::start(&file);
    paid(&journey, &file).await;
    sources::pause(&journey.system, source_id, OPERATOR).await.unwrap();
    let waits = journey.begin(&moved(&file, 1)).await;
    journey.let_days_pass(1).await;
    assert_eq!(refused_for(&journey, &of_other_source(&file, named, 3)).await, *source_id);

    sources::resume(&journey.system, source_id, OPERATOR, None).await.unwrap();
    journey.finish(waits).await;
    assert_eq!(debited(&journey, waits).await, [NEW_ACCOUNT]);
    let others = paid(&journey, &of_other_source(&file, named, 4)).await;
    assert_eq!(debited(&journey, others).await, std::slice::from_ref(named));
}

/// Its debit came back as not authorized: only a person's word has the account debited again, under whatever id.
#[tokio::test]
async fn a_barred_account_is_not_debited_under_another_sources_id() {
    let file = PayrollFile::generated(&one_source(1));
    let (source_id, named) = (&file.rows[0].source.source_id, &file.rows[0].source.account_number);
    let journey = Journey::start(&file);
    paid(&journey, &file).await;
    journey.bank.return_now(&journey.bank.debits()[0].id, "R10");
    journey.settle_now().await;
    assert!(sources::load(&journey.system, source_id).await.unwrap().barred.is_some());
    journey.begin(&moved(&file, 1)).await;
    journey.let_days_pass(1).await;
    assert_eq!(refused_for(&journey, &of_other_source(&file, named, 3)).await, *source_id);
}

async fn booked(journey: &Journey, number: u128, terms: CorrectionTerms) -> Result<(), OperationError> {
    let id = Uuid::from_u128(number);
    corrections::propose(&journey.system, id, terms.clone(), OPERATOR).await?;
    corrections::confirm(&journey.system, CorrectionId::new(id), &terms, OTHER_OPERATOR).await.map(|_| ())
}

#[tokio::test]
async fn the_books_take_no_entry_that_makes_money_or_ends_a_debt_of_no_funding() {
    let file = PayrollFile::generated(&one_source(1));
    let journey = Journey::start(&file);
    let batch_id = paid(&journey, &file).await;
    journey.bank.return_now(&journey.bank.debits()[0].id, "R01");
    journey.settle_now().await;
    let fundings = fund::all_fundings(&journey.system, &journey.batch(batch_id).await).await.unwrap();
    let terms = |debit, credit, cents, about| CorrectionTerms {
        payer_id: file.rows[0].source.source_id.clone(),
        debit,
        credit,
        amount: Cents::new(cents),
        reason: "a mistake".to_owned(),
        about,
        uses: None,
    };
    use AccountKind::{Cash, Funds, FundsPending, Receivable};
    let (owed, lost) = (fundings[0].amount.get(), Some(ItemId::Funding(fundings[0].id)));
    let refused = [
        (terms(FundsPending, Receivable, owed, None), CorrectionRefusal::ReceivableWithOther),
        (terms(FundsPending, Receivable, owed, lost), CorrectionRefusal::ReceivableWithOther),
        (terms(FundsPending, Funds, owed, None), CorrectionRefusal::AboutMissing),
        (terms(Receivable, Funds, 5_000, None), CorrectionRefusal::NotBelowNothing),
        (terms(Cash, Funds, i64::MAX, None), CorrectionRefusal::Amount),
    ];
    for (number, (terms, expected)) in (1..).zip(refused) {
        match booked(&journey, number, terms.clone()).await {
            Err(OperationError::Correction(refusal)) => assert_eq!(refusal, expected, "{terms:?}"),
            other => panic!("{terms:?}: {other:?}"),
        }
    }
    booked(&journey, 9, terms(Cash, Receivable, owed, lost)).await.unwrap();
    assert!(!sources::load(&journey.system, &file.rows[0].source.source_id).await.unwrap().receivable_open);
}
